"""One JSON line per request and poll."""

from __future__ import annotations

import json
from typing import Any


def printable(text: str) -> str:
    """The text with control characters escaped, so that what a service says cannot steer a terminal.

    CloudFormation's events and the CLI hand every reason on as it is. Line breaks and tabs stay.
    """
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in "\n\t" else ascii(character)[1:-1] for character in text
    )


def write(**fields: Any) -> None:
    """Log the fields as one line of JSON. Never pass a request whole: its ResponseURL is a credential."""
    print(
        json.dumps({key: value for key, value in fields.items() if value is not None}, default=str),
        flush=True,
    )
