"""Three-way merge of request members: what a template changed, applied to what exists.

An Update* operation replaces a structure as a whole, so its request has to keep what others have changed in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .names import LATEST


class _Gone:
    """Stands for a member that the template no longer has, and that has no default to go back to."""


GONE = _Gone()


def difference(before: Any, after: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What changes between two sets of members: new values, and for members that are gone their default or GONE.

    Structures are compared member by member, lists by their content. A structure that is gone becomes an empty one,
    because a request that leaves it out may mean that it stays.
    """
    before, after = before or {}, after or {}
    return {
        name: _change(before.get(name), after.get(name), defaults.get(name))
        for name in sorted(before.keys() | after.keys())
        if not _is_unchanged(before.get(name), after.get(name))
    }


def _change(old: Any, new: Any, default: Any) -> Any:
    if isinstance(old, Mapping) or isinstance(new, Mapping):
        return difference(old, new, default or {})
    if new is None:
        return GONE if default is None else default
    return new


def merged(actual: Any, change: Any) -> Any:
    """The actual value, changed."""
    if not isinstance(change, Mapping):
        return change
    result = dict(actual) if isinstance(actual, Mapping) else {}
    for name, value in change.items():
        if value is GONE:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def covers(actual: Any, wanted: Any) -> bool:
    """Whether the actual value is what is wanted.

    The service adds members of its own, so there may be more than what is wanted, but nothing that is GONE. It
    leaves out what is empty.
    """
    if wanted is GONE:
        return not actual
    if isinstance(wanted, Mapping):
        present = actual if isinstance(actual, Mapping) else {}
        return all(covers(present.get(key), value) for key, value in wanted.items())
    return _same(actual, wanted)


def contradicts(actual: Any, wanted: Any) -> bool:
    """Whether the actual value differs from what is wanted; what it leaves out is no difference."""
    if wanted is GONE or actual is None:
        return False
    if isinstance(wanted, Mapping):
        present = actual if isinstance(actual, Mapping) else {}
        return any(contradicts(present.get(key), value) for key, value in wanted.items())
    return not _same(actual, wanted)


def applied(change: Mapping[str, Any], actual: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Paths of the members that already have the value of a change."""
    found: list[tuple[str, ...]] = []
    for name, value in change.items():
        held = actual.get(name)
        if isinstance(value, Mapping):
            found += [(name, *path) for path in applied(value, held if isinstance(held, Mapping) else {})]
        elif covers(held, value):
            found.append((name,))
    return found


def only(change: Mapping[str, Any], paths: list[tuple[str, ...]]) -> dict[str, Any]:
    """The part of a change at some paths."""
    kept: dict[str, Any] = {}
    for name, value in change.items():
        below = [path[1:] for path in paths if path[0] == name]
        if isinstance(value, Mapping):
            inner = only(value, [path for path in below if path])
            if inner:
                kept[name] = inner
        elif below:
            kept[name] = value
    return kept


def _same(actual: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and wanted.endswith(LATEST):
        # The service answers with the version that is the latest at the time (CreateCampaign, solutionVersionArn).
        return str(actual).startswith(wanted.removesuffix(LATEST))
    if isinstance(wanted, list):
        return isinstance(actual, list) and _same_elements(actual, wanted)
    return bool(actual == wanted)


def _is_unchanged(old: Any, new: Any) -> bool:
    if isinstance(old, Mapping) or isinstance(new, Mapping):
        return not difference(old, new, {})
    if isinstance(old, list) and isinstance(new, list):
        return _same_elements(old, new) and _same_elements(new, old)
    return bool(old == new)


def _same_elements(actual: list[Any], wanted: list[Any]) -> bool:
    """Whether two lists have the same elements; lists of the API are sets: columns, events and their weights."""
    left = list(actual)
    for element in wanted:
        found = next((index for index, each in enumerate(left) if covers(each, element)), None)
        if found is None:
            return False
        del left[found]
    return not left
