"""Errors of the provider: every sentence that users can meet, and docs/errors.md explains each one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from . import log
from .resource_type import ResourceType, words
from .service_errors import ServiceError, message, operation, regions

# A response to CloudFormation has at most 4096 bytes (user guide, "Custom resource response objects"), and the
# framework adds its own to the reason.
_REASON_BYTES = 2000
# Names that a sentence lists.
_MOST_LISTED = 20


class ProviderError(Exception):
    """Ends the request as failed; the text becomes the reason in the CloudFormation event."""

    def __init__(self, text: str, at_once: bool = False) -> None:
        """Keep as much of the text as a response holds, without control characters.

        Args:
            text: what went wrong and what to do, in a sentence or two.
            at_once: whether to report it at once, where other refusals wait for HOLD_SECONDS: nothing else of the
                deployment can have been accepted, or nobody waits for the answer.
        """
        self.at_once = at_once
        text = log.printable(text)
        encoded = text.encode()
        if len(encoded) > _REASON_BYTES:
            text = encoded[:_REASON_BYTES].decode(errors="ignore") + " ... (the log has all of it)"
            log.write(error=encoded.decode())
        super().__init__(text)


# Developer guide, "Common error messages in Amazon Personalize": the same words whichever of them refuses.
_MAY_NOT_READ = re.compile(r"insufficient privileges for accessing data", re.IGNORECASE)
_LET_IT_READ = (
    " Let both the service role and Amazon Personalize read it: in the role's policy, in the bucket's policy and, if "
    "the data is encrypted with a KMS key, in the key's policy; name that key in data_encryption_key_arn. If all of "
    "them allow it, set bucket_policy_conditions to false, or leave the conditions out of a bucket policy of your own."
)


def called(row: ResourceType, name: str) -> str:
    """A resource as messages name it."""
    return f"{words(row.noun)} '{name}'"


def access_denied(error: ServiceError) -> ProviderError:
    """A permission is missing from the provider's role."""
    said = message(error)
    action = re.search(r"perform: (\S+)", said)
    resource = re.search(r"on resource: (\S+)", said)
    missing = action[1] if action else f"personalize:{operation(error)}"
    return ProviderError(
        f"Access denied: the provider's role may not perform {missing} "
        f"on {(resource[1] if resource else 'this resource').rstrip('.')}. "
        f"Add the action to the role's policy, or remove what denies it. The service said: {said}."
    )


def caller_unknown(error: ServiceError) -> ProviderError:
    """AWS does not know the caller, so no call can succeed."""
    return ProviderError(
        f"AWS does not accept the credentials of the provider's function: {message(error)}. Check that the account may "
        f"use this region and that nothing overrides the function's credentials, then try again.",
        at_once=True,
    )


def no_service(error: ServiceError) -> ProviderError:
    """Amazon Personalize does not exist in the region of the stack."""
    return ProviderError(
        f"Amazon Personalize is not available in this region: {message(error).rstrip('.')}. Deploy to one of "
        f"{', '.join(sorted(regions()))}.",
        at_once=True,
    )


def limit_exceeded(row: ResourceType, error: ServiceError) -> ProviderError:
    """A quota of the account is used up."""
    return ProviderError(
        f"Service quota reached: {row.quota}. Delete what you do not need, or request an increase of the quota in the "
        f"Service Quotas console (service Amazon Personalize). The service said: {message(error)}."
    )


def refused(row: ResourceType, name: str, error: ServiceError) -> ProviderError:
    """The service does not accept the request as it is."""
    return ProviderError(f"The service refused {operation(error)} for {called(row, name)}: {message(error)}.")


def not_begun(error: ServiceError) -> ProviderError:
    """on_event could not find out what to do."""
    return ProviderError(f"{operation(error)} failed before anything was changed: {message(error)}. Deploy again.")


def failed(row: ResourceType, name: str, status: str, reason: str | None, source: str = "") -> ProviderError:
    """The service accepted the request, but failed later; `source` is the location in S3 that it had to read."""
    why = (reason or "the service gave no reason").strip().rstrip(".")
    where = f" It reads {source}." if source else ""
    advice = _LET_IT_READ if _MAY_NOT_READ.search(why) else ""
    return ProviderError(f"The {called(row, name)} is {status}: {why}.{where}{advice}")


def stopped(row: ResourceType, name: str, error: ServiceError) -> ProviderError:
    """Somebody has stopped the resource, and the service neither updates nor starts it."""
    return ProviderError(
        f"The {called(row, name)} is stopped, so it cannot be changed, and starting it failed: "
        f"{message(error)}. Start it ({row.resume}), then deploy again."
    )


def update_failed(row: ResourceType, name: str, reason: str | None) -> ProviderError:
    """The service accepted an update, but failed later."""
    why = (reason or "the service gave no reason").strip().rstrip(".")
    return ProviderError(
        f"The update of {called(row, name)} failed: {why}. It keeps working with the configuration it had."
    )


def exists_elsewhere(row: ResourceType, name: str, owner: str | None) -> ProviderError:
    """The name belongs to somebody else."""
    article = "An" if row.noun[0] in "AEIOU" else "A"
    belongs = f"It belongs to {owner}" if owner else "This stack did not create it"
    return ProviderError(
        f"{article} {called(row, name)} already exists. {belongs}, so it is neither adopted nor changed. "
        f"Choose another Name, or leave Name out to have one generated."
    )


def name_used_up(row: ResourceType, name: str, status: str) -> ProviderError:
    """A run with a fixed name has failed or was stopped, and the service deletes no runs."""
    return ProviderError(
        f"The {called(row, name)} has been {status} since an earlier deployment. It can neither be deleted nor "
        f"run again. Choose another Name, or leave Name out to have one generated."
    )


def place_taken(row: ResourceType, name: str, error: ServiceError) -> ProviderError:
    """The service allows one such resource, and one exists already."""
    return ProviderError(
        f"The {called(row, name)} cannot be created: {message(error)}. "
        f"Delete the existing one first if nobody needs it."
    )


def replacement_loses_data(row: ResourceType, name: str, changed: list[str]) -> ProviderError:
    """Data is never replaced silently (docs/decisions/0015)."""
    return ProviderError(
        f"Changing {', '.join(changed)} would replace the {called(row, name)} and lose the data in it. "
        f"Undo the change, or set allow_replacement to accept the loss."
    )


def cannot_change(row: ResourceType, name: str, prop: str, why: str) -> ProviderError:
    """The service can change a property in place, but not from the old value to the new one."""
    return ProviderError(f"The {prop} of {called(row, name)} cannot be changed like that: {why}")


def removal_loses_data(row: ResourceType, name: str, lost: list[str]) -> ProviderError:
    """What leaves the template is deleted, and data is never deleted silently (docs/decisions/0015)."""
    return ProviderError(
        f"Removing {', '.join(lost)} from the {called(row, name)} would delete it and lose the data in it. "
        f"Put it back, or set allow_replacement to accept the loss."
    )


def name_is_fixed(row: ResourceType, name: str, changed: list[str]) -> ProviderError:
    """A replacement cannot have the name of the resource that it replaces."""
    return ProviderError(
        f"Changing {', '.join(changed)} needs a new {words(row.noun)}, which cannot be named '{name}' while the old "
        f"one exists. Change Name as well, or leave Name out to have one generated."
    )


def one_at_a_time(row: ResourceType, name: str, changed: list[str]) -> ProviderError:
    """The service allows one such resource per parent, so the old one and a new one cannot both exist."""
    return ProviderError(
        f"Changing {', '.join(changed)} needs a new {words(row.noun)}, but the service allows only one for the same "
        f"{' and '.join(row.unique_within)}. Undo the change to '{name}', or remove the resource in one deployment and "
        f"add it again in the next."
    )


def out_of_reach(row: ResourceType, name: str, prefix: str) -> ProviderError:
    """The template gives the provider a role that no longer reaches the resource."""
    return ProviderError(
        f"The {called(row, name)} cannot be updated or replaced: its name does not begin with "
        f"'{prefix.partition('_')[0]}_', and the provider's role now reaches only names that do. Go back to the "
        f"name_prefix that it was created with, or destroy the stacks and deploy them again."
    )


def deleted_outside(row: ResourceType, name: str) -> ProviderError:
    """Somebody deleted the resource by hand."""
    return ProviderError(
        f"The {called(row, name)} no longer exists: it was deleted outside CloudFormation. "
        f"Remove it from the app, deploy, then add it again."
    )


def blocked(row: ResourceType, name: str, blockers: list[str]) -> ProviderError:
    """Something that the deployment does not delete uses the resource."""
    return ProviderError(
        f"The {called(row, name)} cannot be deleted, because it is in use by {', '.join(blockers)}, which this "
        f"deployment does not delete. Delete that first if nobody needs it, then try again."
    )


def cancelled(row: ResourceType, name: str) -> ProviderError:
    """CloudFormation has given the request up; only the log has this sentence."""
    return ProviderError(
        f"CloudFormation has cancelled the deployment that asked for the {called(row, name)}, so nothing was changed.",
        at_once=True,
    )


def timed_out(
    row: ResourceType, name: str, doing: str, status: str, seconds: float, setting: str | None
) -> ProviderError:
    """The request used up its time."""
    raise_it = f" Raise {setting} if it may take longer." if setting else " Try again once it has settled."
    return ProviderError(
        f"The {called(row, name)} is still {status} after {duration(seconds)} of waiting for it to {doing}.{raise_it}"
    )


def unknown_property(noun: str, names: list[str]) -> ProviderError:
    """The template sets a property that the type does not have."""
    return ProviderError(f"Custom::Personalize{noun} has no property {', '.join(names)}. Remove it from the template.")


def unknown_member(path: str, names: list[str]) -> ProviderError:
    """The template sets a member that the API's structure does not have."""
    return ProviderError(f"{path} has no member {', '.join(names)}. Remove it from the template.")


def wrong_type(path: str, type_name: str, value: object) -> ProviderError:
    """A value in the template is not of the API's type."""
    return ProviderError(f"{path} must be of type {type_name}, but is '{value}'.")


def unknown_type(resource_type: str) -> ProviderError:
    """The template asks for a resource type that the provider does not know."""
    return ProviderError(f"{resource_type} is not a type of this provider.")


def not_found(row: ResourceType, name: str, where: str, others: list[str]) -> ProviderError:
    """What a lookup looks for does not exist."""
    kind, place = words(row.noun), f" in {where}" if where else ""
    listed = ", ".join([*others[:_MOST_LISTED], *(["..."] if len(others) > _MOST_LISTED else [])])
    there = f"There {'is' if len(others) == 1 else 'are'} {listed}" if others else "There is none"
    return ProviderError(
        f"There is no {kind}{f' {name}' if name else ''}{place}. {there}. Correct the name, or make it."
    )


def metrics_unreadable(reason: str) -> ProviderError:
    """The quality gate cannot read the metrics."""
    return ProviderError(f"The metrics of the solution version cannot be read: {reason.rstrip('.')}.")


def below_minimums(version_id: str, rows: Iterable[str]) -> ProviderError:
    """The metrics of the solution version are too low to serve."""
    consequence = "so the campaign stays on the version it has."
    header = f"Quality gate: solution version {version_id} is below its minimums, {consequence}"
    return ProviderError("\n".join([header, *(f"  {row}" for row in rows)]))


def repeated(text: str) -> Exception:
    """A refusal of on_event, which is_complete reports later."""
    return ProviderError(text)


def with_log_group(error: Exception) -> Exception:
    """The same error, with the log group that the function really writes to.

    The Provider framework ends each reason with `Logs: /aws/lambda/<function>`, which does not exist where a function
    has a log group of its own. Lambda names that in an environment variable.
    """
    group = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
    if not group:
        return error
    return RuntimeError(f"{error} (The log is in {group}, whatever is named below.)")


def duration(seconds: float) -> str:
    """Seconds as users read them: `5400` as `1 h 30 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(filter(None, parts)) or f"{rest} s"
