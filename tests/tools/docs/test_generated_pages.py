"""The generated pages of docs/ say what the code does now."""

from __future__ import annotations

import pytest

from tools.docs.__main__ import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "Run `make docs`."
