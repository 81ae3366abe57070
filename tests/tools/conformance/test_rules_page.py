"""The page of rules is read as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.conformance import rules_page

ROW = "| `filters.grammar` | Any case | `Invalid` | API; the code is **inferred** | `filters.parse` | `filters.forms` |"


def page(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "rules.md"
    path.write_text("\n".join(["# Rules", "", "## Filters", "", "| Id | Rule |", "| --- | --- |", *rows]))
    return path


def test_a_row_is_a_rule(tmp_path: Path) -> None:
    (rule,) = rules_page.read(page(tmp_path, ROW)).values()
    assert (rule.id, rule.topic, rule.text, rule.settled_by) == (
        "filters.grammar",
        "Filters",
        "Any case",
        "`filters.forms`",
    )
    assert rule.is_inferred


def test_a_documented_rule_is_not_inferred(tmp_path: Path) -> None:
    (rule,) = rules_page.read(page(tmp_path, "| `a.b` | Any case | as described | API | `filters.parse` | |")).values()
    assert not rule.is_inferred
    assert rule.settled_by == ""


def test_a_row_with_other_cells_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"this row has 5 cells: \| `a.b` \| Any"):
        rules_page.read(page(tmp_path, "| `a.b` | Any case | as described | API | `filters.parse` |"))


def test_an_id_is_given_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Two rules have the id filters\.grammar"):
        rules_page.read(page(tmp_path, ROW, ROW))
