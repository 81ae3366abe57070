"""What a reviewer reads, put together: verdict, reasons, changes, time, money, permissions, outputs, resources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tools.simulation.assembly import Assembly
from tools.simulation.template import Template

from .bill import money_of
from .changes import stacks_of
from .diff import Comparison, path_of
from .iam import permissions
from .money import Prices, load_prices
from .reasons import Found, reasons_of, sentence
from .rehearsal import CHAIN, Rehearsal
from .renames import renames_of
from .review import Header, Money, Outputs, Reason, Resources, Review, Time, Verdict
from .stored import PASSING_ON
from .times import time_of


def review_of(
    header: Header,
    base: Assembly,
    head: Assembly,
    comparison: Comparison,
    rehearsal: Rehearsal,
    errors: Sequence[str] = (),
    destroy: str = "",
    prices: Prices | None = None,
) -> Review:
    """The whole review of a change.

    Args:
        header: who, what and when.
        base: what is deployed.
        head: what would be.
        comparison: what differs.
        rehearsal: how deploying it went.
        errors: for which `cdk deploy` refuses what would be deployed.
        destroy: the command that destroys what is deployed.
        prices: prices and assumptions; by default those of the repository.
    """
    renames = renames_of(base, head, comparison)
    prices = prices or load_prices()
    time = time_of(head, comparison, rehearsal, prices.assumptions.interactions)
    money = money_of(base, head, comparison, prices, header.date.date())
    reasons = reasons_of(Found(base, head, comparison, rehearsal, renames, time, money, errors, destroy))
    return Review(
        verdict=Verdict.gravest([each.verdict for each in reasons]),
        sentence=sentence(comparison, reasons),
        reasons=reasons,
        header=header,
        stacks=stacks_of(base, head, comparison, rehearsal, renames),
        time=time,
        money=money,
        permissions=permissions(base, head),
        outputs=tuple(_outputs(comparison)),
        resources=tuple(each for stack in head.templates for each in _of_stack(stack, head.templates[stack])),
    )


def refused_review(header: Header, text: str, left_behind: Sequence[Reason] = ()) -> Review:
    """The review of settings that cannot be synthesized, so that there is nothing to compare.

    Args:
        header: who, what and when.
        text: why, a mistake on each line.
        left_behind: what is deployed and stays, if the settings have gone.
    """
    mistakes = tuple(Reason(Verdict.REFUSED, "refused at synth", line) for line in text.splitlines() if line.strip())
    return Review(
        verdict=Verdict.REFUSED,
        sentence=" ".join(each.text for each in mistakes),
        reasons=(*mistakes, *left_behind),
        header=header,
        stacks=(),
        time=Time("", (), (), ()),
        money=Money("", "", "", "", False, (), (), ()),
        permissions=(),
        outputs=(),
        resources=(),
    )


def _outputs(comparison: Comparison) -> Iterator[Outputs]:
    for stack, (added, removed) in comparison.outputs.items():
        if added or removed:
            yield Outputs(stack, tuple(added), tuple(removed))


def _of_stack(stack: str, template: Template) -> Iterator[Resources]:
    found: dict[tuple[str, str], list[str]] = {}
    for logical_id, each in template["Resources"].items():
        if each["Type"] != "AWS::CDK::Metadata":
            kind = (each["Type"], each.get("DeletionPolicy", "Delete"))
            found.setdefault(kind, []).append(path_of(each, logical_id))
    for (type_, policy), paths in sorted(found.items()):
        # The links of a chain follow from the resource that they wait for.
        names = sorted({path.partition(CHAIN)[0] for path in paths} if type_ in PASSING_ON else paths)
        leaving = "deleted" if policy == "Delete" else "kept"
        yield Resources(stack, type_, len(paths), leaving, tuple(names))
