"""What the service reads from and writes to Amazon S3, and for whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol


class ObjectAccessDeniedError(Exception):
    """The role, or a policy of the bucket or of a key, does not let the service do it."""


class ObjectNotFoundError(Exception):
    """There is no such bucket or object."""


class Source(Protocol):
    """Objects that the service reads when it assumes a role."""

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of the object at `s3://bucket/key`, or of all below `s3://bucket/folder`.

        Raises:
            ObjectAccessDeniedError: the role may not list or read it.
            ObjectNotFoundError: nothing is there.
        """
        ...


class Objects(Source, Protocol):
    """Objects as the service sees them when it assumes a role."""

    def find(self, role_arn: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of all objects whose location begins with `s3://bucket/prefix`.

        Raises:
            ObjectAccessDeniedError: the role may not list or read it.
            ObjectNotFoundError: nothing is there.
        """
        ...

    def write(
        self, role_arn: str, location: str, body: bytes, *, key_arn: str | None = None, lists: bool = False
    ) -> None:
        """Put an object at `s3://bucket/key`, in place of the one that is there.

        Args:
            role_arn: role to write with.
            location: where.
            body: its content.
            key_arn: KMS key to encrypt it with, instead of what the bucket says.
            lists: whether the service lists the bucket as well, and needs to be allowed to.

        Raises:
            ObjectAccessDeniedError: the role may not write, list, or use the key.
            ObjectNotFoundError: there is no such bucket.
        """
        ...


class NoOutput:
    """What a source of objects lacks to be `Objects`: it keeps nothing that is written."""

    def find(self, role_arn: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Find nothing.

        Raises:
            ObjectNotFoundError: always.
        """
        raise ObjectNotFoundError(f"Nothing is at {prefix}")

    def write(
        self, role_arn: str, location: str, body: bytes, *, key_arn: str | None = None, lists: bool = False
    ) -> None:
        """Forget it."""


class CountedObjects:
    """Objects of another source, and how many bytes of them have been read."""

    def __init__(self, objects: Source) -> None:
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
        self.denied_writers: set[str] = set()
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
        below = [key for key in self.objects if key.startswith(f"{location.rstrip('/')}/")]
        yield from self._read(role_arn, location, [location] if location in self.objects else below)

    def find(self, role_arn: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of all whose location begins with a prefix."""
        yield from self._read(role_arn, prefix, [key for key in self.objects if key.startswith(prefix)])

    def write(
        self, role_arn: str, location: str, body: bytes, *, key_arn: str | None = None, lists: bool = False
    ) -> None:
        """Put an object, unless the role is among `denied_writers` or may not use the key."""
        if role_arn in self.denied_writers or not self._may_use(role_arn, key_arn or self._key_of(location)):
            raise ObjectAccessDeniedError(f"{role_arn} may not write {location}")
        self.objects[location] = body

    def _read(self, role_arn: str, location: str, found: list[str]) -> Iterator[tuple[str, bytes]]:
        # The service names no key ("Giving Amazon Personalize permission to use your AWS KMS key").
        if role_arn in self.denied_roles or not self._may_use(role_arn, self._key_of(location)):
            raise ObjectAccessDeniedError(f"{role_arn} may not read {location}")
        if not found:
            raise ObjectNotFoundError(f"Nothing is at {location}")
        for key in sorted(found):
            yield key.removeprefix("s3://").partition("/")[2], self.objects[key]

    def _key_of(self, location: str) -> str | None:
        return next((key_arn for prefix, key_arn in self._keys.items() if location.startswith(prefix)), None)

    def _may_use(self, role_arn: str, key_arn: str | None) -> bool:
        return key_arn is None or role_arn in self._key_users.get(key_arn, ())
