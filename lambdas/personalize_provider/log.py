"""One JSON line per request and poll."""

from __future__ import annotations

import json
from typing import Any


def write(**fields: Any) -> None:
    """Log the fields as one line of JSON. Never pass a request whole: its ResponseURL is a credential."""
    print(
        json.dumps({key: value for key, value in fields.items() if value is not None}, default=str),
        flush=True,
    )
