"""Errors of adopting and releasing; like those of errors.py, docs/errors.md explains each one."""

from __future__ import annotations

from collections.abc import Iterable

from .errors import ProviderError, called
from .resource_type import ResourceType, words


def adopts_no_name(row: ResourceType) -> ProviderError:
    """Adopt says that something is taken over, but not what."""
    return ProviderError(f"Adopt needs Name: say which {words(row.noun)} is adopted, or remove Adopt.")


def nothing_to_adopt(row: ResourceType, name: str) -> ProviderError:
    """Adopting never creates anything."""
    return ProviderError(
        f"There is no {called(row, name)} to adopt, and adopting creates nothing. Correct the name, or remove Adopt to "
        f"have a new {words(row.noun)} created."
    )


def no_run_to_adopt(row: ResourceType, parent: str) -> ProviderError:
    """No run of a job has succeeded or is under way."""
    return ProviderError(
        f"There is no {words(row.noun)} of {parent} to adopt: none has succeeded or is under way. Remove Adopt to have "
        f"a new one run."
    )


def unsound_to_adopt(row: ResourceType, name: str, status: str, reason: str | None) -> ProviderError:
    """What has failed, or is being deleted, serves nobody."""
    why = f": {reason.strip().rstrip('.')}" if reason else ""
    return ProviderError(
        f"The {called(row, name)} cannot be adopted, because it is {status}{why}. Delete it, and remove Adopt to have "
        f"a new {words(row.noun)} created."
    )


def unlike_template(row: ResourceType, name: str, differences: Iterable[str]) -> ProviderError:
    """What is adopted differs in something that only a new resource could change."""
    return ProviderError(
        f"The {called(row, name)} cannot be adopted, because nothing can make it what the template says: "
        f"{'; '.join(differences)}. Change the template to what there is, or remove Adopt and choose another Name."
    )


def owned_elsewhere(row: ResourceType, name: str, owner: str) -> ProviderError:
    """What is to be adopted is somebody's."""
    return ProviderError(
        f"The {called(row, name)} cannot be adopted, because it belongs to {owner}. Take it out of that stack "
        f"first, with Release or with DeletionPolicy Retain, or delete that stack and keep the resource."
    )


def too_many_tags(row: ResourceType, name: str, tags: int, maximum: int) -> ProviderError:
    """There is no room for the tags that say whose it is."""
    return ProviderError(
        f"The {called(row, name)} cannot be adopted: with the template's tags and those that say whose it is, it would "
        f"have {tags} tags, and the service allows {maximum}. Remove {tags - maximum} of its tags."
    )


def releases_nothing(row: ResourceType) -> ProviderError:
    """What does not exist cannot be given up."""
    return ProviderError(
        f"Release gives up a {words(row.noun)} that the stack has, but the template adds this one. Remove Release to "
        f"have it created, or set Adopt and Name to refer to one that exists."
    )


def adopted_out_of_reach(row: ResourceType, name: str) -> ProviderError:
    """The provider's role reaches an adopted name only while the template has it."""
    return ProviderError(
        f"The {called(row, name)} cannot be replaced: it was adopted under a name of its own, and without Adopt the "
        f"provider's role no longer reaches it. Keep Name and Adopt, or set Release in one deployment and remove all "
        f"three in the next."
    )


def not_served(stack_id: str) -> ProviderError:
    """A stack of another app names this provider."""
    return ProviderError(
        f"The provider does not work for the stack {stack_id.split('/')[1]}. Use a provider of that stack's own app."
    )
