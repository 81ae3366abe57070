"""What the service takes as tags."""

from __future__ import annotations

import unicodedata

from .limits import OWNERSHIP_TAGS, TAG_CHARACTERS, TAG_RESERVED_PREFIX

# Unicode's letters, numbers and separators, which a tab and a line break are not.
_CATEGORIES = ("L", "N", "Z")


def tag_mistake(key: str, value: str) -> str | None:
    """What is wrong with a tag, as a sentence; None if nothing is.

    Source: API reference, Tag (the same patterns are in botocore's service model), and developer guide, "Tagging
    Amazon Personalize resources".

    Args:
        key: the tag's key.
        value: its value.
    """
    if key in OWNERSHIP_TAGS:
        return f"'{key}' is a tag that tells the provider who owns a resource. Rename it."
    for what, text in ((f"'{key}'", key), (f"the value of '{key}'", value)):
        if text.lower().startswith(TAG_RESERVED_PREFIX):
            return f"{what} begins with {TAG_RESERVED_PREFIX}, which AWS reserves. Rename it."
        wrong = next((each for each in text if not _is_allowed(each)), None)
        if wrong is not None:
            return (
                f"{what} has {wrong!r}, and tags consist of letters, digits, spaces and {TAG_CHARACTERS}. Leave it out."
            )
    return None


def _is_allowed(character: str) -> bool:
    return character in TAG_CHARACTERS or unicodedata.category(character)[0] in _CATEGORIES
