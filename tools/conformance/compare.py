"""Where two recordings differ, and which rules of docs/personalize-rules.md that concerns.

What differs from run to run is left out: times, generated ids, what is recommended and measured, and statuses on the
way to another, unless their order is another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from .conduct import DONE, SKIPPED
from .placeholders import without_numbers
from .recording import Exchange, Header, Look, Recording, StepRecord
from .run import BUSY

NOTHING = "nothing"
_LONGEST = 300
# The rule that HTTP statuses and content types concern, whatever the step.
_PROTOCOL = "requests.answers"
# A status that one side saw may have been over between two looks of the other. It was not there if it took this share
# of the time here, and there was looked so often there.
_SHARE_THAT_TELLS, _LOOKS_THAT_TELL = 0.5, 5
# What a model decides.
_DECIDED = ("itemId", "userId", "actionId", "score", "reason", "promotionName", "metadata")
_UNSTEADY = frozenset({*_DECIDED, "metrics", "modelMetrics", "trainingHours"})
_REASON = "failureReason"


@dataclass(frozen=True)
class Difference:
    """Something that one recording has and the other has not.

    Attributes:
        kind: `error code`, `message`, `member`, `entry`, `name`, `value`, `statuses`, `page size`, `requests`,
            `outcome`, `note`, `HTTP status` or `content type`.
        where: the operation, and the path in its answer.
        a: what the first recording has.
        b: what the second one has.
        steps: names of the steps that show it.
        rules: ids of the rules that these steps touch; of the protocol, the rule that it has. There may be none.
        is_certain: whether it is a difference for sure, and not perhaps of timing.
    """

    kind: str
    where: str
    a: str
    b: str
    steps: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    is_certain: bool = True


@dataclass(frozen=True)
class Comparison:
    """Two recordings, compared.

    Attributes:
        a: what the first one is of.
        b: what the second one is of.
        compared: names of the steps that both performed.
        only_in_a: names of steps that only the first one performed.
        only_in_b: names of steps that only the second one performed.
        differences: where they differ.
    """

    a: Header
    b: Header
    compared: tuple[str, ...]
    only_in_a: tuple[str, ...]
    only_in_b: tuple[str, ...]
    differences: tuple[Difference, ...]

    @property
    def certain(self) -> list[Difference]:
        """The differences for sure."""
        return [each for each in self.differences if each.is_certain]

    @property
    def possible(self) -> list[Difference]:
        """What may be differences of timing."""
        return [each for each in self.differences if not each.is_certain]

    @property
    def rules(self) -> list[str]:
        """Ids of the rules that the certain differences concern."""
        return sorted({rule for each in self.certain for rule in each.rules})


def compare(a: Recording, b: Recording) -> Comparison:
    """Compare two recordings, step by step."""
    done = [[name for name, step in each.steps.items() if step.outcome != SKIPPED] for each in (a, b)]
    both = [name for name in done[0] if name in done[1]]
    found = [difference for name in both for difference in _of_step(a.steps[name], b.steps[name])]
    return Comparison(
        a.header,
        b.header,
        tuple(both),
        tuple(name for name in done[0] if name not in both),
        tuple(name for name in done[1] if name not in both),
        tuple(_merged(found)),
    )


def _merged(found: Iterable[Difference]) -> list[Difference]:
    """What several steps show the same is one difference."""
    merged: dict[Difference, Difference] = {}
    for each in found:
        key = replace(each, steps=(), rules=())
        before = merged.get(key, key)
        merged[key] = replace(each, steps=_union(before.steps, each.steps), rules=_union(before.rules, each.rules))
    return list(merged.values())


def _union(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*a, *b)))


# -- a step ------------------------------------------------------------------------------------------------


def _of_step(a: StepRecord, b: StepRecord) -> Iterator[Difference]:
    rules = _union(a.rules, b.rules)
    for each in (*_outcomes(a, b), *_exchanges(a, b), *_notes(a, b)):
        yield replace(
            each, steps=(a.step,), rules=(_PROTOCOL,) if each.kind in ("HTTP status", "content type") else rules
        )


def _outcomes(a: StepRecord, b: StepRecord) -> Iterator[Difference]:
    if a.outcome != b.outcome:
        told = [f"{each.outcome}: {each.why}" if each.why else each.outcome for each in (a, b)]
        yield _difference("outcome", "the step", *told)


def _notes(a: StepRecord, b: StepRecord) -> Iterator[Difference]:
    if a.outcome != b.outcome:
        return
    for name in _union(tuple(a.notes), tuple(b.notes)):
        values = [_steady(each.notes[name]) if name in each.notes else NOTHING for each in (a, b)]
        if values[0] != values[1]:
            yield _difference("note", name, *values)


def _exchanges(a: StepRecord, b: StepRecord) -> Iterator[Difference]:
    """Requests in pairs; a step that failed has made only some of them."""
    names = [[f"{each.api} {each.operation}" for each in step.exchanges] for step in (a, b)]
    for tag, from_a, to_a, from_b, to_b in SequenceMatcher(a=names[0], b=names[1], autojunk=False).get_opcodes():
        if tag == "equal":
            for pair in zip(a.exchanges[from_a:to_a], b.exchanges[from_b:to_b], strict=True):
                yield from _exchange(*pair)
        elif a.outcome == b.outcome == DONE:
            yield Difference(
                "requests", "the step", _listed(a.exchanges[from_a:to_a]), _listed(b.exchanges[from_b:to_b])
            )


def _listed(exchanges: Sequence[Exchange]) -> str:
    return ", ".join(each.operation for each in exchanges) or NOTHING


def _exchange(a: Exchange, b: Exchange) -> Iterator[Difference]:
    yield from _protocol(a, b)
    if a.looks or b.looks:
        yield from _statuses(a, b)
    if a.error or b.error:
        yield from _errors(a, b)
    else:
        yield from _pages(a, b)
        yield from _values(a.answer, b.answer, a.operation, "")


def _protocol(a: Exchange, b: Exchange) -> Iterator[Difference]:
    if a.content_type != b.content_type:
        yield _difference("content type", a.api, a.content_type or NOTHING, b.content_type or NOTHING)
    if a.http_status != b.http_status and _code(a) == _code(b):
        yield _difference("HTTP status", f"{a.api}, {_code(a)}", str(a.http_status), str(b.http_status))


def _code(exchange: Exchange) -> str:
    return exchange.error.code if exchange.error else "no error"


def _errors(a: Exchange, b: Exchange) -> Iterator[Difference]:
    if _code(a) != _code(b):
        yield _difference("error code", a.operation, _told(a), _told(b))
    elif a.error and b.error and _steady(a.error.message) != _steady(b.error.message):
        yield _difference("message", f"{a.operation}, {a.error.code}", a.error.message, b.error.message)


def _told(exchange: Exchange) -> str:
    return f"{exchange.error.code}: {exchange.error.message}" if exchange.error else "no error"


def _pages(a: Exchange, b: Exchange) -> Iterator[Difference]:
    """Sizes of pages; where others have entries too, only full pages tell."""
    if not (a.page and b.page) or (a.page == b.page):
        return
    are_full = a.page.more and b.page.more
    if are_full or (a.page.more != b.page.more and not (_has_others(a) or _has_others(b))):
        sizes = [f"{page.entries} entries{', and more' if page.more else ''}" for page in (a.page, b.page)]
        yield _difference("page size", a.operation, *sizes)


def _has_others(exchange: Exchange) -> bool:
    own = sum(len(value) for value in (exchange.answer or {}).values() if isinstance(value, list))
    return exchange.page is not None and exchange.page.entries > own


# -- statuses ----------------------------------------------------------------------------------------------


def _statuses(a: Exchange, b: Exchange) -> Iterator[Difference]:
    orders = [[look.status for look in each.looks] for each in (a, b)]
    if orders[0] == orders[1]:
        return
    is_certain = (
        orders[0][-1:] != orders[1][-1:]
        or _contradict(*orders)
        or any(_is_missed(status, a, b) for status in orders[0] if status not in orders[1])
        or any(_is_missed(status, b, a) for status in orders[1] if status not in orders[0])
    )
    difference = _difference("statuses", a.operation, _in_order(a.looks), _in_order(b.looks))
    yield replace(difference, is_certain=is_certain)


def _is_missed(status: str, seen: Exchange, unseen: Exchange) -> bool:
    """Whether a status that one has seen cannot have been over between two looks of the other."""
    if not status.endswith(BUSY):
        return True
    ends = [*(look.at for look in seen.looks[1:]), seen.seconds]
    took = sum(end - look.at for look, end in zip(seen.looks, ends, strict=True) if look.status == status)
    return took >= seen.seconds * _SHARE_THAT_TELLS and unseen.looked >= _LOOKS_THAT_TELL


def _contradict(a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether of two statuses one comes first here and the other one there."""
    common = [status for status in dict.fromkeys(a) if status in b]
    return common != [status for status in dict.fromkeys(b) if status in a]


def _in_order(looks: Sequence[Look]) -> str:
    return " → ".join(look.status for look in looks) or NOTHING


# -- answers -----------------------------------------------------------------------------------------------


def _values(a: Any, b: Any, operation: str, path: str) -> Iterator[Difference]:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        yield from _members(a, b, operation, path)
    elif isinstance(a, list) and isinstance(b, list):
        yield from _entries(a, b, operation, path)
    else:
        yield from _leaves(a, b, operation, path)


def _members(a: Mapping[str, Any], b: Mapping[str, Any], operation: str, path: str) -> Iterator[Difference]:
    for name in _union(tuple(a), tuple(b)):
        inner = f"{path}.{name}" if path else name
        if name in a and name in b:
            yield from _values(a[name], b[name], operation, inner)
        elif name != "nextToken":
            shown = [each.get(name, NOTHING) for each in (a, b)]
            yield _difference("member", f"{operation}, {inner}", *shown)


def _entries(a: list[Any], b: list[Any], operation: str, path: str) -> Iterator[Difference]:
    """Entries of a list, paired by what identifies them: nobody speaks of an order of lists."""
    inner = f"{path}[]"
    groups = [_by_key(entries) for entries in (a, b)]
    for key in _union(tuple(groups[0]), tuple(groups[1])):
        of_a, of_b = (each.get(key, []) for each in groups)
        if len(of_a) != len(of_b):
            shown = [f"{len(each)} of {key or 'them'}" if each else NOTHING for each in (of_a, of_b)]
            yield _difference("entry", f"{operation}, {inner}", *shown)
        if key:
            for pair in zip(of_a, of_b, strict=False):
                yield from _values(*pair, operation, inner)
        elif of_a and of_b:
            yield from _values(_common_form(of_a), _common_form(of_b), operation, inner)


def _by_key(entries: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for each in entries:
        found.setdefault(_key(each), []).append(each)
    return found


def _key(entry: Any) -> str:
    """What identifies an entry, itself if it is a text; "" for what a model has chosen."""
    if not isinstance(entry, Mapping):
        return _steady(entry)
    for ending in ("name", "Name", "Key", "Arn"):
        for name in sorted(entry):
            if name.endswith(ending) and name not in _DECIDED:
                return _steady(entry[name])
    return ""


def _common_form(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """An entry with every member that one of several has."""
    return {name: value for each in entries for name, value in each.items()}


def _leaves(a: Any, b: Any, operation: str, path: str) -> Iterator[Difference]:
    names = path.replace("[]", "").split(".")
    where = f"{operation}, {path}"
    if _UNSTEADY.intersection(names):
        if _type(a) != _type(b):
            yield _difference("value", where, _type(a), _type(b))
        return
    if names[-1] == "status" and any(str(each).endswith(BUSY) for each in (a, b)):
        return
    texts = [_steady(each) for each in (a, b)]
    if texts[0] != texts[1]:
        yield _difference(_kind(names[-1]), where, *texts)


def _kind(name: str) -> str:
    if name == _REASON:
        return "message"
    return "name" if name.lower().endswith(("name", "arn")) else "value"


def _type(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "a number" if is_number else type(value).__name__


def _difference(kind: str, where: str, a: Any, b: Any) -> Difference:
    return Difference(kind, where, _shown(a), _shown(b))


def _steady(value: Any) -> str:
    """A value as a text that equal runs have the same."""
    return without_numbers(_text(value))


def _shown(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
