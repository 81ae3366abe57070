"""What differs from run to run, and whose account it was, becomes placeholders, so that recordings can be compared.

`<account>`, `<region>` and `<run>` (the prefix of all names) stand for one value each, `<caller>` for the name of a
user or role that is not the run's, `<time>` for any time. `<id 1>`, `<nextToken 1>` and the like stand for what the
service generates, numbered as it comes up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# Members whose whole value the service generates.
_GENERATED = ("nextToken", "trackingId", "recommendationId")
_TIMES = ("sentAt", "timestamp")
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# A generated part of an ARN or a name: recorded ones are eight hexadecimal digits.
_IDS = re.compile(rf"\b{_UUID}\b|(?<=/)[0-9a-f]{{8}}(?![\w-])")
# What may be such an id where it stands alone.
_WORDS = re.compile(rf"(?<![\w-])(?:{_UUID}|[0-9a-f]{{8}})(?![\w-])")
# Messages of denied requests say who made them.
_CALLERS = re.compile(r"(?P<sort>:<account>:(?:user|assumed-role|federated-user))/[\w+=,.@/<>-]*[\w>]")
_NUMBER = re.compile(r"<(\w+) \d+>")


class Placeholders:
    """The placeholders of one run."""

    def __init__(self, account: str, region: str, prefix: str) -> None:
        """Begin.

        Args:
            account: id of the account.
            region: name of the region.
            prefix: of all names of the run.
        """
        # Not within a longer number or word.
        self._fixed = [
            (re.compile(rf"(?<!\w){re.escape(text)}(?!\w)"), placeholder)
            for text, placeholder in ((prefix, "<run>"), (account, "<account>"), (region, "<region>"))
        ]
        self._generated: dict[tuple[str, str], str] = {}

    def replaced(self, value: Any) -> Any:
        """A value, as JSON has it, with placeholders."""
        written = json.dumps(self._members(value, ""), ensure_ascii=False)
        for text in _IDS.findall(written):
            self._of("id", text)
        # Ids before the account, which in the local cloud looks like the end of one.
        written = _WORDS.sub(lambda match: self._generated.get(("id", match[0]), match[0]), written)
        for pattern, placeholder in self._fixed:
            written = pattern.sub(placeholder, written)
        return json.loads(_CALLERS.sub(_without_name, written))

    def _members(self, value: Any, member: str) -> Any:
        if isinstance(value, Mapping):
            return {name: self._members(inner, name) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._members(each, member) for each in value]
        if member in _GENERATED and isinstance(value, str) and value:
            return self._of(member, value)
        is_time = member.endswith("DateTime") or member in _TIMES
        return "<time>" if is_time and isinstance(value, int | float) else value

    def _of(self, label: str, text: str) -> str:
        if (label, text) not in self._generated:
            number = sum(known == label for known, _ in self._generated) + 1
            self._generated[label, text] = f"<{label} {number}>"
        return self._generated[label, text]


def _without_name(caller: re.Match[str]) -> str:
    """Who made a request, unless it was one of the run's own roles."""
    return caller[0] if "<run>" in caller[0] else f"{caller['sort']}/<caller>"


def without_numbers(text: str) -> str:
    """A text in which all placeholders of a sort are equal."""
    return _NUMBER.sub(r"<\1>", text)
