"""Folds the CDK CLI's lines of progress: of a chain of waiting resources the beginning and the end are kept."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

EVENT = re.compile(
    r"^(?P<stack>\S+) \| +(?P<count>\d+/\d+|\d+) \| .+? \| (?P<status>[A-Z_]+) +\| (?P<type>\S+) +\| (?P<what>.+)$"
)
_SHOWN_TYPES = ("Custom::Personalize", "AWS::CloudFormation::Stack")
# A path with the logical id in parentheses, or the logical id alone.
_LOGICAL_ID = re.compile(r"(\w+)\)?\s*$")
_SHARE = re.compile(r"link (\d+) of (\d+)")
_WAIT = "Custom::PersonalizeWait"
# What each type waits in.
_WAITING = {
    _WAIT: ("CREATE", "UPDATE"),
    "Custom::PersonalizeDeletionWait": ("DELETE",),
}


@dataclass(frozen=True)
class _Link:
    """A waiting resource of a template."""

    waits_for: str
    number: int
    links: int

    def is_first(self, type_: str) -> bool:
        """Whether the chain begins with it; deletion goes from the last to the first."""
        return self.number == (1 if type_ == _WAIT else self.links)

    def is_last(self, type_: str) -> bool:
        """Whether the chain ends with it."""
        return self.number == (self.links if type_ == _WAIT else 1)


class Progress:
    """Remembers which chains have begun."""

    def __init__(self, assembly: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Fold the lines of a run of the CLI.

        Args:
            assembly: folder to which the run writes the templates.
            clock: in seconds.
        """
        self._assembly = assembly
        self._clock = clock
        self._links: dict[tuple[str, str], _Link] = {}
        self._begun: dict[tuple[str, str], float] = {}

    def fold(self, line: str) -> str | None:
        """The line; one that says what a chain waits for, where it begins or ends; None between."""
        event = EVENT.match(line)
        link = self._link(event) if event else None
        if event is None or link is None:
            return line
        chain = event["stack"], link.waits_for
        if event["status"].endswith("FAILED"):
            self._begun.pop(chain, None)
            return line
        action, _, status = event["status"].partition("_")
        if action not in _WAITING[event["type"]]:
            return None
        if chain not in self._begun:
            begins = status == "IN_PROGRESS" and link.is_first(event["type"])
            return self._begin(chain) if begins else None
        return self._end(chain) if status == "COMPLETE" and link.is_last(event["type"]) else None

    def brief(self, line: str) -> str | None:
        """The same in short; None for what only the whole output is for."""
        folded = self.fold(line)
        return folded if folded is None or folded != line else _brief(line)

    def _begin(self, chain: tuple[str, str]) -> str:
        self._begun[chain] = self._clock()
        return " | ".join(chain)

    def _end(self, chain: tuple[str, str]) -> str:
        return f"{' | '.join(chain)}, {_duration(self._clock() - self._begun.pop(chain))}"

    def _link(self, event: re.Match[str]) -> _Link | None:
        """The link that an event is of; None if it is of none, or of one that has left the templates."""
        found = _LOGICAL_ID.search(event["what"])
        if found is None or event["type"] not in _WAITING:
            return None
        if not self._links:
            self._links = dict(_links(self._assembly))
        return self._links.get((event["stack"], found[1]))


def _brief(line: str) -> str | None:
    event = EVENT.match(line)
    if event is None:
        return line if line.startswith(("❌", "✅", "✨")) or " failed" in line else None
    if not event["status"].endswith("FAILED") and not event["type"].startswith(_SHOWN_TYPES):
        return None
    kind, what = event["type"].removeprefix("Custom::Personalize"), event["what"].split("/")[0]
    return f"{event['stack']:<20} {event['count']:>6}  {event['status']:<18} {kind:<27} {what}"


def _links(assembly: Path) -> Iterator[tuple[tuple[str, str], _Link]]:
    for file in assembly.glob("*.template.json"):
        stack = file.name.removesuffix(".template.json")
        for logical_id, resource in json.loads(file.read_text())["Resources"].items():
            words = resource.get("Properties", {})
            if resource["Type"] in _WAITING and "WaitsFor" in words:
                share = _SHARE.match(words["UpTo"])
                number, links = (int(share[1]), int(share[2])) if share else (1, 1)
                yield (stack, logical_id), _Link(words["WaitsFor"], number, links)


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"


def assembly_of(arguments: Sequence[str], directory: Path) -> Path:
    """The folder to which a run of the CLI writes the templates."""
    given = arguments[arguments.index("--output") + 1] if "--output" in arguments else "cdk.out"
    return directory / given
