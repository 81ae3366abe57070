"""What roles of the run may do: refusals, and conditions on tags."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from tools.conformance.run import PATH_OF_ROLES, TAG, Run
from tools.conformance.step import Endpoint, Step, Tier

from .imports import CENTS

_OURS, _OTHERS = [{"tagKey": "stage", "tagValue": "ours"}], [{"tagKey": "stage", "tagValue": "others"}]
_UNSEEN = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'
_DENIED = "AccessDeniedException"
# A new role and its policy take effect within two minutes.
_TRIES, _BETWEEN_TRIES = 24, 5.0


def _deny(run: Run) -> None:
    client = _assumed(run, "nobody", [])
    run.note("describing", _came(client.describe_dataset_group, datasetGroupArn=run.recall("vod")), expected=_DENIED)
    run.note("listing", _came(client.list_dataset_groups), expected=_DENIED)


def _tag_while_creating(run: Run) -> None:
    """A role that may create filters, but not tag."""
    client = _assumed(run, "untagging", [_allow("personalize:CreateFilter")])
    run.note("with tags", _create_filter(run, client, "tagged", _OURS), expected=_DENIED)


def _request_tags(run: Run) -> None:
    statement = _allow("personalize:CreateFilter", "personalize:TagResource")
    condition = {"StringEquals": {"aws:RequestTag/stage": "ours"}}
    client = _assumed(run, "request-tags", [{**statement, "Condition": condition}])
    run.note("with our tag", _create_filter(run, client, "by-tag", _OURS), expected="")
    run.note("with another", _create_filter(run, client, "by-other-tag", _OTHERS), expected=_DENIED)


def _resource_tags(run: Run) -> None:
    """Of a dataset group and of an event tracker, which tags are documented for, but few programs use them."""
    resources = {"a group": run.recall("vod"), "an event tracker": run.recall("tracker")}
    asked = {"a group": "describe_dataset_group", "an event tracker": "describe_event_tracker"}
    members = {"a group": "datasetGroupArn", "an event tracker": "eventTrackerArn"}
    statement = _allow("personalize:DescribeDatasetGroup", "personalize:DescribeEventTracker")
    condition = {"StringEquals": {"aws:ResourceTag/stage": "ours"}}
    client = _assumed(run, "resource-tags", [{**statement, "Condition": condition}])
    for what, arn in resources.items():
        for tags, expected in ((_OURS, ""), (_OTHERS, _DENIED)):
            run.personalize.tag_resource(resourceArn=arn, tags=tags)
            came = _came(getattr(client, asked[what]), **{members[what]: arn})
            run.note(f"{what} of stage {tags[0]['tagValue']}", came, expected=expected)


def _pass_role(run: Run) -> None:
    client = _assumed(run, "passing-nothing", [_allow("personalize:CreateDatasetImportJob")])
    came = _came(
        client.create_dataset_import_job,
        jobName=run.name("passing-nothing"),
        datasetArn=run.recall("vod-Users"),
        dataSource={"dataLocation": f"s3://{run.recall('bucket')}/users.csv"},
        roleArn=run.recall("role"),
    )
    run.note("importing", came, expected=_DENIED)


def _create_filter(run: Run, client: Any, name: str, tags: Sequence[Mapping[str, str]]) -> str:
    return _came(
        client.create_filter,
        name=run.name(name),
        datasetGroupArn=run.recall("vod"),
        filterExpression=_UNSEEN,
        tags=list(tags),
    )


def _came(method: Callable[..., Any], **params: Any) -> str:
    """The error code, or "" if the request was taken."""
    try:
        method(**params)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def _allow(*actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


def _assumed(run: Run, suffix: str, statements: Sequence[Mapping[str, Any]]) -> Any:
    """A client of Personalize that may list recipes and do what statements say; waits until that has an effect."""
    name = run.name(suffix)
    trust = {"Effect": "Allow", "Principal": {"AWS": run.account}, "Action": "sts:AssumeRole"}
    made = run.iam.create_role(
        RoleName=name,
        Path=PATH_OF_ROLES,
        AssumeRolePolicyDocument=_policy([trust]),
        Tags=[{"Key": TAG, "Value": run.prefix}],
    )
    policy = _policy([_allow("personalize:ListRecipes"), *statements])
    run.iam.put_role_policy(RoleName=name, PolicyName="conformance", PolicyDocument=policy)
    sts = run.client("sts")
    assume = partial(sts.assume_role, RoleArn=made["Role"]["Arn"], RoleSessionName="conformance")
    _wait_until_taken(run, assume)
    given = assume()["Credentials"]
    client = run.client(
        "personalize",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    _wait_until_taken(run, client.list_recipes)
    return client


def _wait_until_taken(run: Run, request: Callable[[], Any]) -> None:
    for _ in range(_TRIES):
        if not _came(request):
            return
        run.pause(_BETWEEN_TRIES)


def _policy(statements: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _step(name: str, what: str, does: Callable[[Run], None], rule: str, *needs: str) -> Step:
    """Where no permissions are enforced, there is nothing to see."""
    enforced = frozenset({Endpoint.LOCAL, Endpoint.AWS})
    needed = needs or ("datasets.created",)
    return Step(
        name, what, does, rules=(rule,), tier=Tier.IMPORT, needs=needed, cost=CENTS, minutes=3, endpoints=enforced
    )


STEPS = (
    _step(
        "permissions.nothing_allowed",
        "Asks as a role that may list recipes only.",
        _deny,
        "permissions.resources",
    ),
    _step(
        "permissions.tags_on_creation",
        "Makes a filter with tags as a role that may create, but not tag.",
        _tag_while_creating,
        "permissions.tags_on_creation",
    ),
    _step(
        "permissions.request_tags",
        "Makes filters as a role that may do so with a certain tag only.",
        _request_tags,
        "permissions.tag_conditions",
    ),
    _step(
        "permissions.resource_tags",
        "Describes a dataset group and an event tracker as a role that may do so by their tags only.",
        _resource_tags,
        "permissions.tag_conditions",
        "trackers.created",
    ),
    _step(
        "permissions.pass_role",
        "Imports as a role that may do so, but may pass no role.",
        _pass_role,
        "permissions.pass_role",
        "imports.new_role",
    ),
)
