"""docs/errors.md lists every error the provider can produce."""

from __future__ import annotations

import inspect
import re

from lambdas.personalize_provider import errors
from tools.checkout import CHECKOUT

ROOT = CHECKOUT
PROVIDER = ROOT / "lambdas" / "personalize_provider"


def test_page_and_code_name_the_same_errors() -> None:
    made = {
        name
        for name, function in inspect.getmembers(errors, inspect.isfunction)
        if inspect.signature(function, eval_str=True).return_annotation is errors.ProviderError
    }
    listed = set(re.findall(r"^## (\w+)$", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE))
    assert listed == made


def test_sentences_are_made_nowhere_else() -> None:
    elsewhere = [
        path.name for path in PROVIDER.glob("*.py") if path.name != "errors.py" and "ProviderError(" in path.read_text()
    ]
    assert elsewhere == []
