"""What the service reads from Amazon S3, and for whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol


class ObjectAccessDeniedError(Exception):
    """The role, or the bucket's policy, does not let the service read."""


class ObjectNotFoundError(Exception):
    """There is no such bucket or object."""


class Objects(Protocol):
    """Objects as the service sees them when it assumes a role."""

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of the object at `s3://bucket/key`, or of all below `s3://bucket/folder`.

        Raises:
            ObjectAccessDeniedError: the role may not list or read it.
            ObjectNotFoundError: nothing is there.
        """
        ...


class CountedObjects:
    """Objects of another source, and how many bytes of them have been read."""

    def __init__(self, objects: Objects) -> None:
        """Read from `objects`; nothing yet."""
        self.size = 0
        self._objects = objects

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of what is at or below a location."""
        for key, body in self._objects.read(role_arn, location):
            self.size += len(body)
            yield key, body


class MemoryObjects:
    """Objects held in memory, for tests."""

    def __init__(self, objects: Mapping[str, bytes] | None = None) -> None:
        """Hold `objects` by their `s3://bucket/key`."""
        self.objects: dict[str, bytes] = dict(objects or {})
        self.denied_roles: set[str] = set()
        self._keys: dict[str, str] = {}
        self._key_users: dict[str, frozenset[str]] = {}

    def put(self, location: str, body: bytes | str) -> None:
        """Store an object at `s3://bucket/key`."""
        self.objects[location] = body.encode() if isinstance(body, str) else body

    def encrypt(self, prefix: str, key_arn: str, users: Iterable[str] = ()) -> None:
        """Encrypt what is below `s3://bucket/prefix` with a KMS key.

        Args:
            prefix: beginning of locations.
            key_arn: the key.
            users: roles that may use it, with the key's policy letting Personalize use it as well.
        """
        self._keys[prefix] = key_arn
        self._key_users[key_arn] = frozenset(users)

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of what is at or below a location."""
        # The service names no key ("Giving Amazon Personalize permission to use your AWS KMS key").
        if role_arn in self.denied_roles or not self._may_decrypt(role_arn, location):
            raise ObjectAccessDeniedError(f"{role_arn} may not read {location}")
        below = [key for key in self.objects if key.startswith(f"{location.rstrip('/')}/")]
        found = [location] if location in self.objects else sorted(below)
        if not found:
            raise ObjectNotFoundError(f"Nothing is at {location}")
        for key in found:
            yield key.removeprefix("s3://").partition("/")[2], self.objects[key]

    def _may_decrypt(self, role_arn: str, location: str) -> bool:
        keys = [key_arn for prefix, key_arn in self._keys.items() if location.startswith(prefix)]
        return all(role_arn in self._key_users[key_arn] for key_arn in keys)
