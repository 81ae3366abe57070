"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something about the data that somebody should know.

    Attributes:
        where: what it is about, such as a file, or a setting.
        text: a sentence.
        refuses: whether the service would refuse the data, or a training with them; otherwise it is advice.
    """

    where: str
    text: str
    refuses: bool = True


@dataclass(frozen=True)
class Place:
    """Where the first of several mistakes is."""

    count: int
    line: int
    value: str

    def __str__(self) -> str:
        value = self.value.replace("\n", "\\n")
        shown = value if len(value) <= 60 else f"{value[:60]}..."
        first = "it is" if self.count == 1 else "the first is"
        return f"{first} '{shown}' in line {self.line}"


def counted(count: int, one: str, many: str) -> str:
    """`1 value`, `2,000 values`."""
    return f"{count:,} {one if count == 1 else many}"
