"""What the provider may do with each resource type: declared beside the type's construct, collected by the provider."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TAG_OPERATIONS = ("TagResource", "UntagResource", "ListTagsForResource")
_READING = ("Describe", "Get", "List")


@dataclass(frozen=True)
class TypePermissions:
    """The operations that the provider calls for one resource type, and the ARNs that IAM checks them on.

    Source: service authorization reference, "Actions, resources, and condition keys for Amazon Personalize".

    Attributes:
        noun: the type as the API names it.
        operations: checked on a resource of the type, besides those of tags.
        arn_type: the type as ARNs name it; "" for the noun in small letters, its words joined by hyphens.
        more_lists: List* operations besides the one of the type.
        created_in: type of what a resource is created in, as ARNs name it, if creating is a permission on that too.
        contains: type of the ARNs that begin with its own name, as `dataset/GROUP/TYPE` does.
        on_parent: what is checked on that where this app has not made it; "" for the creation alone.
        taggable: whether the service tags it, so that conditions can look at its tags.
        name_is_generated: whether the service generates the last part of its ARN.
    """

    noun: str
    operations: tuple[str, ...] = ()
    more_lists: tuple[str, ...] = ()
    arn_type: str = ""
    created_in: str = ""
    contains: str = ""
    on_parent: tuple[str, ...] = ()
    taggable: bool = True
    name_is_generated: bool = False

    @property
    def own_arn_type(self) -> str:
        """The type as its ARNs name it."""
        return self.arn_type or re.sub(r"(?<!^)(?=[A-Z])", "-", self.noun).lower()

    def path_of(self, name: str | None) -> str | None:
        """What follows the account in the ARN of a resource; None if that does not follow from a name.

        Args:
            name: of the resource; None of a job, whose name is not known.
        """
        return None if self.name_is_generated or name is None else f"{self.own_arn_type}/{name}"

    @property
    def words(self) -> str:
        """The type as sentences name it."""
        return self.own_arn_type.replace("-", " ")

    @property
    def can_be_ended(self) -> bool:
        """Whether the service deletes one, or stops what it does for one."""
        return any(each.startswith(("Delete", "Stop")) for each in self.operations)

    @property
    def list_operations(self) -> tuple[str, ...]:
        """The List* operations."""
        return (f"List{self.noun}s", *self.more_lists)

    @property
    def checked_on_parent(self) -> tuple[str, ...]:
        """What is checked on the resource that one is created in, where another app has made that."""
        return self.on_parent or (f"Create{self.noun}",)


# By noun. Importing the package imports every construct's module, so all types are in it before a provider is made.
_DECLARED: dict[str, TypePermissions] = {}


def declare(permissions: TypePermissions) -> TypePermissions:
    """Tell every provider what it may do with a type. Each construct's module does so once."""
    _DECLARED[permissions.noun] = permissions
    return permissions


def declared() -> Mapping[str, TypePermissions]:
    """The permissions of every type, by noun."""
    return _DECLARED


def is_reading(operation: str) -> bool:
    """Whether an operation changes nothing."""
    return operation.startswith(_READING)


def is_creation(operation: str) -> bool:
    """Whether an operation makes a resource."""
    return operation.startswith("Create")


def is_changing(operation: str) -> bool:
    """Whether an operation changes or ends what is there."""
    return not is_reading(operation) and not is_creation(operation)


def unique(operations: Iterable[str]) -> list[str]:
    """The same operations, each once."""
    return list(dict.fromkeys(operations))
