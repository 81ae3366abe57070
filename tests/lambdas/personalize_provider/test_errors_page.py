"""docs/errors.md lists every error the provider can produce."""

from __future__ import annotations

import re

from tests.lambdas.personalize_provider.support.sentences import worded
from tools.checkout import CHECKOUT

ROOT = CHECKOUT
PROVIDER = ROOT / "lambdas" / "personalize_provider"


def test_page_and_code_name_the_same_errors() -> None:
    listed = set(re.findall(r"^## (\w+)$", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE))
    assert listed == worded()


def test_sentences_are_made_nowhere_else() -> None:
    elsewhere = [
        path.name
        for path in PROVIDER.glob("*.py")
        if not path.name.startswith("errors") and "ProviderError(" in path.read_text()
    ]
    assert elsewhere == []
