"""Taking over what exists already, and giving it up again: what `adopt` and `release` mean for every construct.

`adopt` says that a resource of the construct's name exists, and that this app takes it over instead of making one. The
provider compares it with the props, tags it as this app's own and changes in place what differs. If it would have to
be replaced for that, the deployment is refused, and nothing is touched. `release` gives it up again: it stays, without
the tags of this app.
"""

from __future__ import annotations

from aws_cdk import RemovalPolicy

from .errors import PropsError
from .imported import existing_name


def check_adoption(path: str, adopt: bool | str, release: bool, name: str | None) -> None:
    """Refuse what cannot be adopted or released.

    Args:
        path: of the construct, for the message.
        adopt: whether to adopt; of a job, which run.
        release: whether to give up what was adopted.
        name: a fixed name.

    Raises:
        PropsError: a resource without a name is to be adopted, a job with one, or one is released that is not adopted.
    """
    if adopt is True and name is None:
        raise PropsError(f"{path}: adopt needs the name of the resource that is taken over. Set name.")
    if isinstance(adopt, str) and name is not None:
        raise PropsError(f"{path}: adopt takes over a run that has a name already. Leave out name.")
    if release and not adopt:
        raise PropsError(f"{path}: release is for what was adopted. Set adopt too, or leave out release.")


def check_parent(id: str, adopt: object, parent_arn: str, parent: str) -> None:
    """Refuse to adopt what cannot exist yet, because this app makes the resource that it would be in.

    Args:
        id: construct id, for the message.
        adopt: whether to adopt.
        parent_arn: ARN of what it is in, as its construct answers it.
        parent: the type of that, as sentences name it.

    Raises:
        PropsError: this app makes what it is in.
    """
    if adopt:
        check_exists(id, "adopt", parent_arn, parent)


def check_exists(id: str, what: str, parent_arn: str, parent: str) -> None:
    """Refuse to use what cannot exist yet, because this app makes the resource that it would be in.

    Args:
        id: construct id, for the message.
        what: prop or method that uses it.
        parent_arn: ARN of what it is in, as its construct answers it.
        parent: the type of that, as sentences name it.

    Raises:
        PropsError: this app makes what it is in.
    """
    if existing_name(parent_arn) is None:
        raise PropsError(
            f"{id}: {what} is for what exists in a {parent} that exists, and this app makes its {parent}. Adopt the "
            f"{parent} too, or leave out {what}."
        )


def adoption_properties(adopt: bool | str, release: bool) -> dict[str, str]:
    """Properties of the custom resource; none of one that is made.

    Args:
        adopt: whether to adopt; of a job, which run.
        release: whether to give up what was adopted.
    """
    if not adopt:
        return {}
    return {"Adopt": adopt if isinstance(adopt, str) else "true", **({"Release": "true"} if release else {})}


def kept_if_adopted(adopt: bool, removal_policy: RemovalPolicy | None) -> RemovalPolicy | None:
    """What happens to a resource that holds data: what somebody else made stays, unless the app says otherwise.

    Args:
        adopt: whether it is adopted.
        removal_policy: what the app says.
    """
    if adopt and removal_policy is None:
        return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    return removal_policy
