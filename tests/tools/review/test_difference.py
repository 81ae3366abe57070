"""Before and after as lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.review.difference import lines


def shown(before: str | None, after: str | None) -> list[str]:
    """Lines with their signs; what differs in brackets."""
    return [
        line.sign + "".join(f"[{text}]" if differs else text for text, differs in line.pieces)
        for line in lines(before, after)
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("IN (Watch)", "IN (Click)", ["-IN ([Watch])", "+IN ([Click])"]),
        ("1", "2", ["-1", "+2"]),
        (None, "one\ntwo", ["+one", "+two"]),
        ("one", None, ["-one"]),
        ("same", "same", []),
        ("a\nb\nc\nd\ne\nold", "a\nb\nc\nd\ne\nnew", ["…2 more lines, not changed", " c", " d", " e", "-old", "+new"]),
        ("old\na\nb\nc\nd", "new\na\nb\nc\nd", ["-old", "+new", " a", " b", " c", "…1 more line, not changed"]),
    ],
)
def test_what_left_and_what_came(before: str | None, after: str | None, expected: list[str]) -> None:
    assert shown(before, after) == expected


@given(st.text("ab \n", max_size=40), st.text("ab \n", max_size=40))
def test_nothing_is_lost(before: str, after: str) -> None:
    """Every line that only one side has is shown, as it is."""
    found = lines(before, after)
    gone = [line.text for line in found if line.sign in "- "]
    came = [line.text for line in found if line.sign in "+ "]
    assert set(before.split("\n")) - set(after.split("\n")) <= set(gone)
    assert set(after.split("\n")) - set(before.split("\n")) <= set(came)
    assert bool(found) == (before != after)
