"""What the templates of all pages and comments have in common: no text of theirs can break out or hide something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lambdas.personalize_provider.log import printable


def visible(value: Any) -> Any:
    """Texts with what cannot be seen written out: a control character could reverse or hide what follows it."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def environment(folder: Path, finalize: Callable[[Any], Any] = visible) -> Environment:
    """The templates in a folder.

    Args:
        folder: where they are.
        finalize: every value that a template writes goes through it, before Jinja escapes it for HTML.
    """
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
