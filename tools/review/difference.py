"""Two texts side by side as lines: what left, what came, and which words of a line differ."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

# Words, runs of spaces, and every other character by itself.
_WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)
# Where less of two lines than this is the same, marking words makes them harder to read.
_LEAST_ALIKE = 0.3
# Lines shown around a change, as diff and git do.
_CONTEXT = 3


@dataclass(frozen=True)
class Line:
    """A line of a difference.

    Attributes:
        sign: "-" if it left, "+" if it came, " " if it stays, "…" if lines that stay are left out.
        pieces: its text in pieces, each with whether it differs from the other side.
    """

    sign: str
    pieces: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """The whole line."""
        return "".join(text for text, _ in self.pieces)


def lines(before: str | None, after: str | None) -> list[Line]:
    """What leads from one text to the other; None on a side where there is none."""
    old, new = _split(before), _split(after)
    if old == new:
        return []
    found: list[Line] = []
    blocks = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_grouped_opcodes(_CONTEXT)
    last = 0
    for group in blocks:
        found += _left_out(group[0][1] - last)
        for tag, i, j, k, m in group:
            found += _same(old[i:j]) if tag == "equal" else _changed(old[i:j], new[k:m])
        last = group[-1][2]
    return [*found, *_left_out(len(old) - last)]


def _split(text: str | None) -> list[str]:
    return [] if text is None else text.split("\n")


def _left_out(number: int) -> Iterator[Line]:
    if number:
        yield Line("…", ((f"{number} more line{'s' * (number > 1)}, not changed", False),))


def _same(texts: Sequence[str]) -> list[Line]:
    return [Line(" ", ((text, False),)) for text in texts]


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    pairs = [_marked(before, after) for before, after in zip_longest(old, new)]
    yield from (Line("-", gone) for gone, _ in pairs if gone is not None)
    yield from (Line("+", came) for _, came in pairs if came is not None)


_Pieces = tuple[tuple[str, bool], ...]


def _marked(before: str | None, after: str | None) -> tuple[_Pieces | None, _Pieces | None]:
    """The two sides of one line, the words marked that are on one side only."""
    if before is None or after is None:
        return _whole(before), _whole(after)
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    if matcher.ratio() < _LEAST_ALIKE:
        return _whole(before), _whole(after)
    codes = matcher.get_opcodes()
    gone = tuple(("".join(old[i:j]), tag != "equal") for tag, i, j, _, _ in codes if i < j)
    came = tuple(("".join(new[k:m]), tag != "equal") for tag, _, _, k, m in codes if k < m)
    return gone, came


def _whole(text: str | None) -> _Pieces | None:
    return None if text is None else ((text, False),)
