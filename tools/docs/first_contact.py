"""What first-contact.md and personalize-rules.md say of the conformance steps, from the steps and the rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tools.conformance import rules_page
from tools.conformance.rules_page import Rule
from tools.conformance.scenarios import STEPS
from tools.conformance.step import Tier

# The steps at the beginning of a cell; what somebody wrote comes after them.
_NAMED = re.compile(r"^(`[a-z_.]+`(, )?)*(; )?")
_TIERS = {
    Tier.FREE: "make conformance PROFILE=NAME REGION=REGION",
    Tier.IMPORT: "make conformance PROFILE=NAME REGION=REGION TIER=import",
    Tier.TRAIN: "make conformance PROFILE=NAME REGION=REGION TIER=train",
}


def with_steps(page: str) -> str:
    """The page of rules, each inferred rule with the steps that settle it; what is written after them stays."""
    rules, steps = rules_page.read(), _by_rule()
    return "".join(_with_steps(line, rules, steps) for line in page.splitlines(keepends=True))


def _with_steps(line: str, rules: Mapping[str, Rule], steps: Mapping[str, list[str]]) -> str:
    if not line.startswith("| `"):
        return line
    before, _, _ = line.rstrip().removesuffix("|").rpartition("|")
    cell = settled_by(rules[line.split("`")[1]], steps)
    return f"{before}| {cell} |\n" if cell else f"{before}| |\n"


def settled_by(rule: Rule, steps: Mapping[str, list[str]]) -> str:
    """What the last cell of a rule says."""
    if not rule.is_inferred:
        return ""
    named = ", ".join(f"`{name}`" for name in steps.get(rule.id, ()))
    return "; ".join(part for part in (named, _NAMED.sub("", rule.settled_by)) if part)


def _by_rule() -> dict[str, list[str]]:
    """Names of the steps that try each rule, in their order."""
    found: dict[str, list[str]] = {}
    for step in STEPS:
        for rule in step.rules:
            found.setdefault(rule, []).append(step.name)
    return found


def tiers() -> str:
    """A table of the runs: what each performs, how long that takes, and what it costs."""
    rows = []
    for tier in Tier:
        steps = [step for step in STEPS if step.tier in tier.holds]
        dollars = sum(step.cost.dollars or 0 for step in steps)
        hours = sum(step.minutes for step in steps) / 60
        rows.append(
            (
                f"`{_TIERS[tier]}` (needs AWS)",
                str(len(steps)),
                f"{hours:.1f} hours",
                f"${dollars:.2f}" if dollars else "nothing",
            )
        )
    return _table(("command", "steps", "takes about", "costs about"), rows)


def unproven() -> str:
    """A table of everything that no source says, with what will show it."""
    return _table(("rule", "what it says", "what is not known", "the steps that show it"), _unproven())


def _unproven() -> Iterator[tuple[str, ...]]:
    steps = _by_rule()
    for rule in rules_page.read().values():
        if rule.is_inferred:
            anchor = re.sub(r"[^a-z0-9 -]", "", rule.topic.lower()).replace(" ", "-")
            doubt = "; ".join(part for part in (rule.effect, rule.source) if rules_page.INFERRED in part) or rule.effect
            yield f"[`{rule.id}`](personalize-rules.md#{anchor})", rule.text, doubt, settled_by(rule, steps)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
