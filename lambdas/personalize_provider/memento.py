"""What a resource was before it was adopted, remembered in tags of the resource itself.

CloudFormation carries nothing from one request to the next, and the rollback of the deployment that adopted a resource
has to give it back as it was.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from .resource_type import Members

_PREFIX = "cloudformation:before-"
# API, TagValue: at most 256 letters, digits and signs; those of base64url are among them. A multiple of 4, so that
# each part is base64 of its own.
_PART_LENGTH = 256


@dataclass(frozen=True)
class Memento:
    """What a resource was.

    Attributes:
        since: when the deployment began that adopted it, as CloudFormation says.
        members: of its Update* request, those that adopting changes, as they were; None for what was not there.
        tags: those that adopting overwrites, as they were.
        paused: whether somebody had stopped it.
    """

    since: str
    members: Members = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    paused: bool = False

    def as_tags(self) -> dict[str, str]:
        """As tags of the resource."""
        text = json.dumps(asdict(self), separators=(",", ":"), sort_keys=True)
        encoded = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()
        starts = range(0, len(encoded), _PART_LENGTH)
        return {f"{_PREFIX}{n}": encoded[at : at + _PART_LENGTH] for n, at in enumerate(starts, 1)}

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> Memento | None:
        """Read it from all tags of a resource; None if they hold none.

        The end of a longer one may follow it, which two claims at once can leave behind.
        """
        parts: list[str] = []
        while (key := f"{_PREFIX}{len(parts) + 1}") in tags:
            parts.append(tags[key])
        try:
            packed = b"".join(map(base64.urlsafe_b64decode, parts))
            return cls(**json.loads(zlib.decompressobj().decompress(packed)))
        except (ValueError, TypeError, zlib.error):
            return None


def is_memento(key: str) -> bool:
    """Whether a tag is part of a memento."""
    return key.startswith(_PREFIX)
