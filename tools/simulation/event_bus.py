"""The default event bus of EventBridge in virtual time.

Source: EventBridge user guide, "Creating EventBridge event patterns", "Comparison operators for use in event patterns".
Of the operators only those that our rules use are there; others raise NotImplementedError when a rule is made.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .time import VirtualTime

Event = dict[str, Any]
Pattern = Mapping[str, Any]
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "prefix": lambda value, wanted: str(value).startswith(wanted),
    "suffix": lambda value, wanted: str(value).endswith(wanted),
    "anything-but": lambda value, wanted: value not in (wanted if isinstance(wanted, list) else [wanted]),
}


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
        pattern: of the events that it is for.
        targets: as the template says them.
    """

    pattern: Pattern
    targets: Sequence[Mapping[str, Any]]


class EventBus:
    """Takes events, keeps them, and delivers them to the targets of rules."""

    def __init__(
        self, time: VirtualTime, deliver: Callable[[Mapping[str, Any], Event], None], *, account: str, region: str
    ) -> None:
        """Begin without rules.

        Args:
            time: the clock.
            deliver: gives an event to a target.
            account: AWS account.
            region: AWS region.
        """
        self.rules: dict[str, Rule] = {}
        self.events: list[Event] = []
        self._time, self._deliver = time, deliver
        self._about = {"version": "0", "account": account, "region": region}
        self._numbers = itertools.count(1)

    def put_rule(self, name: str, rule: Rule) -> None:
        """Make a rule, or change it."""
        _check(rule.pattern)
        self.rules[name] = rule

    def publish(self, source: str, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]) -> None:
        """Take an event, and deliver it."""
        event = {
            **self._about,
            "id": f"00000000-0000-0000-0000-{next(self._numbers):012d}",
            "source": source,
            "detail-type": detail_type,
            "time": datetime.fromtimestamp(self._time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resources": list(resources),
            "detail": dict(detail),
        }
        self.events.append(event)
        for rule in list(self.rules.values()):
            if matches(rule.pattern, event):
                for target in rule.targets:
                    self._time.spawn(lambda target=target: self._deliver(target, event))  # type: ignore[misc]


def matches(pattern: Pattern, event: Mapping[str, Any]) -> bool:
    """Whether a pattern is for an event."""
    return all(_is_wanted(wanted, event.get(key)) for key, wanted in pattern.items())


def _is_wanted(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and matches(wanted, value)
    values = value if isinstance(value, list) else [value]
    return any(_fits(one, each) for one in wanted for each in values)


def _fits(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return bool(wanted == value)
    return all(_OPERATORS[operator](value, operand) for operator, operand in wanted.items())


def _check(pattern: Any) -> None:
    """Raise for an operator that is not modelled."""
    for wanted in pattern.values():
        if isinstance(wanted, Mapping):
            _check(wanted)
            continue
        unknown = {key for one in wanted if isinstance(one, Mapping) for key in one} - _OPERATORS.keys()
        if unknown:
            raise NotImplementedError(f"operators of event patterns: {', '.join(sorted(unknown))}")
