"""What a check finds."""

from __future__ import annotations

from collections.abc import Sequence
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
class Mistake:
    """A value that is wrong.

    Attributes:
        value: as it is in the file.
        line: where its record begins; None if the engine does not know lines.
    """

    value: str
    line: int | None

    def __str__(self) -> str:
        value = self.value.replace("\n", "\\n")
        shown = value if len(value) <= 60 else f"{value[:60]}..."
        return f"'{shown}'" if self.line is None else f"'{shown}' in line {self.line}"


def examples(count: int, first: Sequence[Mistake]) -> str:
    """Where the first of several mistakes are: `the first is 'x' in line 2, then 'y' in line 5`."""
    if count == 1:
        return f"it is {first[0]}"
    if first[0].line is None:
        return f"such as {', '.join(map(str, first))}"
    return f"the first is {', then '.join(map(str, first))}"


def counted(count: int, one: str, many: str) -> str:
    """`1 value`, `2,000 values`."""
    return f"{count:,} {one if count == 1 else many}"
