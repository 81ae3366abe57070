"""Lists whose elements an update adds and removes by name: the metrics of a metric attribution.

Such a list is compared as a mapping from names to elements, so that an update changes what the template changed and
leaves alone what people have added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .merge import GONE, merged
from .resource_type import Elements, Members, Update, member_name

# An element as its members in one order, to be compared as a whole.
Named = dict[str, tuple[tuple[str, Any], ...]]


def lists_of(update: Update) -> dict[str, Elements]:
    """The lists that no update of a type replaces as a whole, by member."""
    return {member_name(name): rule for name, rule in update.elements.items()}


def by_name(elements: Iterable[Members], rule: Elements) -> Named:
    """Elements of a list, each under its name."""
    return {str(element[rule.name]): tuple(sorted(element.items())) for element in elements}


def update_request(update: Update, actual: Members, change: Members) -> Members:
    """The members of an update request, besides the ARN.

    Args:
        update: how the type changes in place.
        actual: what is there, by members of the request, and its lists by name.
        change: what is to change.
    """
    lists, request = lists_of(update), Members()
    for name, value in change.items():
        if name in lists:
            request |= _parts(actual[name], value, lists[name])
        elif value is not GONE:
            request[name] = merged(actual.get(name), value)
    return update.completed(request, actual)


def _parts(actual: Named, change: Mapping[str, Any], rule: Elements) -> Members:
    """The members that remove and add elements.

    An element that changes is removed first and added by the next request: no page says in which order the service
    removes and adds.
    """
    removed = [name for name, wanted in change.items() if name in actual and actual[name] != wanted]
    added = [dict(wanted) for name, wanted in change.items() if wanted is not GONE and name not in actual]
    return {**({rule.remove: sorted(removed)} if removed else {}), **({rule.add: added} if added else {})}


def missing(update: Update, change: Members, actual: Members) -> list[tuple[str, ...]]:
    """Paths of what is to change and is not there: an update has removed it, to add it as it was to be."""
    return [(member, name) for member in lists_of(update) for name in change.get(member, {}).keys() - actual[member]]
