"""What a browser, and GitHub, make of a review: the tree of its elements, and the text that is seen."""

from __future__ import annotations

import re
from typing import Any

from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser, LexborNode

from lambdas.personalize_provider.log import printable

# Tables, strikethrough and links as GitHub has them, and HTML, which GitHub lets through where it is harmless.
_GITHUB = MarkdownIt("gfm-like", {"html": True})
# How many there are follows from a text's line breaks, and from the words in which two texts differ.
_FOLLOWS_THE_TEXT = ("br", "mark")

Tree = tuple[str, tuple[tuple[str, Any], ...], tuple[Any, ...]]


def html_of(markdown: str) -> str:
    """A comment as GitHub renders it."""
    return str(_GITHUB.render(markdown))


def tree(html: str) -> Tree:
    """The elements with their attributes, and nothing of the text."""
    return _tree(_root(html))


def _root(html: str) -> LexborNode:
    root = LexborHTMLParser(html).root
    assert root is not None
    return root


def _tree(node: LexborNode) -> Tree:
    children = [each for each in node.iter() if each.tag not in _FOLLOWS_THE_TEXT]
    return str(node.tag), tuple(sorted(node.attributes.items())), tuple(_tree(each) for each in children)


def text(html: str) -> str:
    """What is seen of it, without white space."""
    return without_space(_root(html).text())


def without_space(text: str) -> str:
    """A text as it can be compared: what cannot be seen is written out, and white space is as wide as it happens."""
    return re.sub(r"[\s\u200b]", "", printable(text))


def harmless(text: str) -> str:
    """A text like it, that means nothing to anybody: another letter for each of its characters but line breaks."""
    letters = {each: chr(0x4E00 + number) for number, each in enumerate(sorted(set(text) - {"\n"}))}
    return "".join(letters.get(each, each) for each in text)
