"""Finds and removes what conformance runs made, and nothing else.

Everything of a run has a name that begins with its prefix, and a tag with the prefix where tags are possible; schemas
and metric attributions have no tags. What has such a name but not the tag is told, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from botocore.exceptions import ClientError

from .connections import Connection
from .run import PATH_OF_ROLES, PREFIX, TAG, snake

_NAME = re.compile(rf"{PREFIX}[0-9a-f]{{8}}(?=-)")
# In the order in which they can be deleted ("Requirements for deleting Amazon Personalize resources").
_NOUNS = (
    *("Campaign", "Recommender", "MetricAttribution", "EventTracker", "Filter"),
    *("Solution", "Dataset", "Schema", "DatasetGroup"),
)
_WITHOUT_TAGS = ("Schema", "MetricAttribution")
_TRAINING = ("CREATE PENDING", "CREATE IN_PROGRESS")
_DATABASE, _BUCKET, _ROLE, _KEY = "Database", "Bucket", "Role", "Key"
# The least that a KMS key waits before it goes (AWS KMS API reference, ScheduleKeyDeletion).
DAYS_OF_A_KEY = 7
_PASSES_BY_ITSELF = ("ResourceInUseException", "LimitExceededException", "ThrottlingException")
_UNTAGGED = f"It has no tag {TAG}, so it may be somebody else's. If it is not, remove it by hand."


@dataclass(frozen=True)
class Found:
    """Something that a run made.

    Attributes:
        noun: what it is: `Dataset`, `Bucket`, `Role`, ...
        name: its name.
        id: its ARN; of databases and buckets the name, of keys the id.
        is_tagged: whether it has the run's tag, or can have none.
    """

    noun: str
    name: str
    id: str
    is_tagged: bool

    @property
    def text(self) -> str:
        """How users read of it."""
        return f"{self.noun} {self.name}"

    @property
    def params(self) -> dict[str, str]:
        """What requests name it by."""
        return {f"{self.noun[0].lower()}{self.noun[1:]}Arn": self.id}


@dataclass(frozen=True)
class Outcome:
    """What came of removing something; `reason` is "" if it has gone."""

    found: Found
    reason: str = ""


def find(connection: Connection, prefix: str = "") -> list[Found]:
    """Everything that runs made and that still exists, in the order in which it can be removed; nothing is changed.

    Args:
        connection: where to look.
        prefix: of the run; "" for all runs.
    """
    return [each for each in _everything(connection) if not prefix or each.name.startswith(f"{prefix}-")]


def remove(connection: Connection, found: Sequence[Found], tell: Callable[[str], None]) -> list[Outcome]:
    """Remove what was found, as far as it is tagged; waits for what is in transition.

    Args:
        connection: where it is.
        found: in the order of `find`.
        tell: shows a line of progress.
    """
    outcomes = [Outcome(each, _UNTAGGED) for each in found if not each.is_tagged]
    for _, group in groupby((each for each in found if each.is_tagged), key=lambda each: each.noun):
        outcomes += _remove_group(connection, list(group), tell)
    return outcomes


def _everything(connection: Connection) -> Iterator[Found]:
    personalize = connection.client("personalize")
    for noun in _NOUNS:
        for name, arn in named(personalize, noun):
            if _NAME.match(name):
                is_tagged = noun in _WITHOUT_TAGS or _has_tag(_tags(personalize, arn), name)
                yield Found(noun, name, arn, is_tagged)
    # Who may not even list databases, buckets, roles or aliases of keys has made none.
    with suppress(ClientError):
        yield from _databases(connection.client("glue"))
    with suppress(ClientError):
        yield from _buckets(connection.client("s3"))
    with suppress(ClientError):
        yield from _roles(connection.client("iam"))
    with suppress(ClientError):
        yield from _keys(connection.client("kms"))


def named(personalize: Any, noun: str) -> Iterator[tuple[str, str]]:
    """Name and ARN of all of a type."""
    key = noun[0].lower() + noun[1:]
    for page in personalize.get_paginator(f"list_{snake(noun)}s").paginate():
        for entries in (value for value in page.values() if isinstance(value, list)):
            yield from ((each["name"], each[f"{key}Arn"]) for each in entries)


def _tags(personalize: Any, arn: str) -> dict[str, str]:
    try:
        listed = personalize.list_tags_for_resource(resourceArn=arn)["tags"]
    except ClientError:  # it has gone meanwhile
        return {}
    return {each["tagKey"]: each["tagValue"] for each in listed}


def _has_tag(tags: dict[str, str], name: str) -> bool:
    """Whether the tag has the prefix that the name begins with."""
    return TAG in tags and name.startswith(f"{tags[TAG]}-")


def _databases(glue: Any) -> Iterator[Found]:
    for page in glue.get_paginator("get_databases").paginate():
        for database in page["DatabaseList"]:
            # Names of databases have no hyphens.
            name = database["Name"].replace("_", "-")
            if _NAME.match(name):
                yield Found(_DATABASE, name, database["Name"], _has_tag(database.get("Parameters", {}), name))


def _buckets(s3: Any) -> Iterator[Found]:
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        if _NAME.match(name):
            yield Found(_BUCKET, name, name, _has_tag(_tags_of_bucket(s3, name), name))


def _tags_of_bucket(s3: Any, name: str) -> dict[str, str]:
    try:
        return {each["Key"]: each["Value"] for each in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
    except ClientError:  # it has none
        return {}


def _roles(iam: Any) -> Iterator[Found]:
    for page in iam.get_paginator("list_roles").paginate(PathPrefix=PATH_OF_ROLES):
        for role in page["Roles"]:
            if _NAME.match(role["RoleName"]):
                tags = {each["Key"]: each["Value"] for each in iam.list_role_tags(RoleName=role["RoleName"])["Tags"]}
                yield Found(_ROLE, role["RoleName"], role["Arn"], _has_tag(tags, role["RoleName"]))


def _keys(kms: Any) -> Iterator[Found]:
    for page in kms.get_paginator("list_aliases").paginate():
        for alias in page["Aliases"]:
            name = alias["AliasName"].removeprefix("alias/")
            if _NAME.match(name):
                listed = kms.list_resource_tags(KeyId=alias["TargetKeyId"])["Tags"]
                tags = {each["TagKey"]: each["TagValue"] for each in listed}
                yield Found(_KEY, name, alias["TargetKeyId"], _has_tag(tags, name))


# -- removing ----------------------------------------------------------------------------------------------


def _remove_group(connection: Connection, group: Sequence[Found], tell: Callable[[str], None]) -> list[Outcome]:
    """Request all deletions of a type, then wait for all of them."""
    for each in group:
        tell(f"Removing {each.text}")
    reasons = {each: _reason(_DELETIONS.get(each.noun, _delete_resource), connection, each) for each in group}
    return [Outcome(each, reason or _reason(_await_end, connection, each)) for each, reason in reasons.items()]


def _reason(work: Callable[[Connection, Found], None], connection: Connection, found: Found) -> str:
    """Do something; why it failed."""
    try:
        work(connection, found)
    except (ClientError, TimeoutError) as error:
        return str(error)
    return ""


def _delete_database(connection: Connection, found: Found) -> None:
    # Its tables go with it; their data is in buckets.
    connection.client("glue").delete_database(Name=found.id)


def _delete_bucket(connection: Connection, found: Found) -> None:
    s3 = connection.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=found.name):
        for each in page.get("Contents", []):
            s3.delete_object(Bucket=found.name, Key=each["Key"])
    s3.delete_bucket(Bucket=found.name)


def _delete_role(connection: Connection, found: Found) -> None:
    iam = connection.client("iam")
    for policy in iam.list_role_policies(RoleName=found.name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=found.name, PolicyName=policy)
    iam.delete_role(RoleName=found.name)


def _delete_key(connection: Connection, found: Found) -> None:
    kms = connection.client("kms")
    kms.schedule_key_deletion(KeyId=found.id, PendingWindowInDays=DAYS_OF_A_KEY)
    # The key is found by its alias, so that goes last.
    kms.delete_alias(AliasName=f"alias/{found.name}")


def _delete_resource(connection: Connection, found: Found) -> None:
    personalize, end = connection.client("personalize"), _end(connection)
    if found.noun == "Solution":
        _stop_trainings(personalize, found.id)
    delete = getattr(personalize, f"delete_{snake(found.noun)}")
    while _is_blocked(delete, found.params):
        _wait(connection, end)


def _await_end(connection: Connection, found: Found) -> None:
    if found.noun in _DELETIONS:
        return
    describe, end = getattr(connection.client("personalize"), f"describe_{snake(found.noun)}"), _end(connection)
    while _exists(describe, found.params):
        _wait(connection, end)


def _stop_trainings(personalize: Any, solution: str) -> None:
    for version in personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]:
        if version["status"] in _TRAINING:
            with suppress(ClientError):  # it has ended meanwhile
                personalize.stop_solution_version_creation(solutionVersionArn=version["solutionVersionArn"])


def _is_blocked(delete: Callable[..., Any], params: Mapping[str, str]) -> bool:
    try:
        delete(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] not in (*_PASSES_BY_ITSELF, "ResourceNotFoundException"):
            raise
        return error.response["Error"]["Code"] in _PASSES_BY_ITSELF
    return False


def _exists(describe: Callable[..., Any], params: Mapping[str, str]) -> bool:
    try:
        describe(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return False
    return True


def _end(connection: Connection) -> float:
    return connection.now() + connection.hours * 3600


def _wait(connection: Connection, end: float) -> None:
    if connection.now() >= end:
        raise TimeoutError(f"It was not deleted in {connection.hours:g} hours.")
    connection.pause(connection.every)


_DELETIONS: Mapping[str, Callable[[Connection, Found], None]] = {
    _DATABASE: _delete_database,
    _BUCKET: _delete_bucket,
    _ROLE: _delete_role,
    _KEY: _delete_key,
}
