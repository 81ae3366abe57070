"""The generated pages of docs/ say what the code does now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.docs import __main__ as docs
from tools.docs.__main__ import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "Run `make docs`."


def test_all_pages_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "DOCS", tmp_path)
    monkeypatch.setattr(docs, "PAGES", {"one.md": lambda: "First.", "two.md": lambda: "Second."})
    assert docs.main() == 0
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"one.md": "First.", "two.md": "Second."}
