"""What the templates of all pages and comments have in common: no text of theirs can break out or hide something."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lambdas.personalize_provider.log import printable

# What Markdown, GitHub's additions to it (mentions, references, formulas, links) or HTML would read as theirs.
_SPECIAL = {ord(character): f"&#{ord(character)};" for character in r"`*_~[]<>&|\#@!$^:"}
_LINK = re.compile(r"(?<=www)\.")
# What Markdown reads as a list, a heading, a line or a quotation at the beginning of a paragraph.
_BEGINNING = re.compile(r"^\d+(?=[.)])|^[-+=]")


def visible(value: Any) -> Any:
    """Texts with what cannot be seen written out: a control character could reverse or hide what follows it."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def environment(folder: Path, *more: Path, finalize: Callable[[Any], Any] = visible) -> Environment:
    """The templates in a folder.

    Args:
        folder: where they are.
        *more: where those of other pages are that they include.
        finalize: every value that a template writes goes through it, before Jinja escapes it for HTML.
    """
    return Environment(
        loader=FileSystemLoader([folder, *more]),
        autoescape=True,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def markdown_environment(folder: Path, characters: int) -> Environment:
    """The templates in a folder that make Markdown, with a filter `code`.

    Args:
        folder: where they are.
        characters: the most that is shown of each text.
    """
    templates = environment(folder, finalize=lambda value: _text(value, characters))
    filters: dict[str, Callable[..., Markup]] = {"code": lambda value: _code(value, characters)}
    templates.filters |= filters
    return templates


def _text(value: Any, most: int) -> Any:
    """A value as Markdown shows it; markup is only what a template itself says."""
    if isinstance(value, Markup):
        return value
    written = _written(str(value), most)
    # Nobody is told of a page because a text of it holds an @.
    return Markup(_BEGINNING.sub(lambda match: _entities(match[0]), written).replace("&#64;", "&#64;&#8203;"))


def _code(value: str, most: int) -> Markup:
    """A value as code. Backticks would not do: what ends them, or a cell of a table, cannot be escaped in them."""
    return Markup(f"<code>{_written(value, most)}</code>")


def _written(text: str, most: int) -> str:
    shown = text if len(text) <= most else f"{text[:most]} …"
    escaped = printable(shown).replace("\t", " ").strip().translate(_SPECIAL)
    return re.sub(r"\n+", "<br>", _LINK.sub("&#46;", escaped))


def _entities(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)
