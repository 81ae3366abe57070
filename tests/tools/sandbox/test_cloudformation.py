"""Where MiniStack is more lenient than CloudFormation, the local cloud is not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.sandbox.support.stacks import Stacks
from tools.sandbox.cloud import Endpoint

pytestmark = pytest.mark.xdist_group("cloudformation")

PARAMETER = "AWS::SSM::Parameter"
BUCKET = "AWS::S3::Bucket"
# Fills a bucket, refuses to be created, and notes under which id it is asked to be deleted. With Works it is created,
# and notes the status of its stack.
FAILING = """
import json, urllib.request
import boto3

def handler(event, context):
    physical_id = event.get("PhysicalResourceId", "half-made")
    if event["RequestType"] == "Create" and "Fill" in event["ResourceProperties"]:
        boto3.client("s3").put_object(Bucket=event["ResourceProperties"]["Fill"], Key="kept")
    works, note = "Works" in event["ResourceProperties"], "yes"
    if works:
        physical_id = "works"
        stacks = boto3.client("cloudformation").describe_stacks(StackName=event["StackId"])["Stacks"]
        note = stacks[0]["StackStatus"]
    if event["RequestType"] == "Delete":
        boto3.client("ssm").put_parameter(Name="/deleted/" + physical_id, Value=note, Type="String", Overwrite=True)
    answer = {
        "Status": "FAILED" if event["RequestType"] == "Create" and not works else "SUCCESS",
        "Reason": "It cannot be made.",
        "PhysicalResourceId": physical_id,
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request).read()
"""
LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
REFUSED = {"Fn::ImportValue": "what-nobody-exports"}


@pytest.fixture(scope="module")
def stacks(bare_cloud: Endpoint) -> Stacks:
    return Stacks(bare_cloud)


def parameter(name: str, value: Any = "1", **more: Any) -> dict[str, Any]:
    return {"Type": PARAMETER, "Properties": {"Name": name, "Type": "String", "Value": value}, **more}


def bucket(name: Any, **more: Any) -> dict[str, Any]:
    return {"Type": BUCKET, "Properties": {"BucketName": name}, **more}


def export(name: str, value: Any) -> dict[str, Any]:
    return {"Out": {"Value": value, "Export": {"Name": name}}}


def test_a_stack_has_at_least_one_resource(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match="At least one Resources member must be defined"):
        stacks.deploy("nothing", {})


# -- exports -------------------------------------------------------------------------------------------------------


@pytest.fixture
def used_export(stacks: Stacks) -> Iterator[str]:
    """An export of the stack `maker` that the stack `user` imports."""
    assert stacks.deploy("maker", {"A": parameter("/a")}, export("used", "old")) == "CREATE_COMPLETE"
    assert stacks.deploy("user", {"B": parameter("/b", {"Fn::ImportValue": "used"})}) == "CREATE_COMPLETE"
    yield "used"
    assert stacks.delete("user") == ""
    assert stacks.delete("maker") == ""


def test_an_export_in_use_cannot_be_removed(stacks: Stacks, used_export: str) -> None:
    """Case 3: CloudFormation refuses; what no stack imports any more can go."""
    assert stacks.deploy("maker", {"A": parameter("/a", "2")}) == "UPDATE_ROLLBACK_COMPLETE"
    assert f"UPDATE_FAILED Export {used_export} cannot be deleted as it is in use by user" in stacks.events(
        "maker", "maker"
    )
    assert stacks.parameter("/a") == "1"
    assert [each["Name"] for each in stacks.api.list_exports()["Exports"]] == [used_export]
    assert stacks.deploy("user", {"B": parameter("/b")}) == "UPDATE_COMPLETE"
    assert stacks.deploy("maker", {"A": parameter("/a", "2")}) == "UPDATE_COMPLETE"
    assert stacks.api.list_exports()["Exports"] == []


def test_an_export_in_use_cannot_be_changed(stacks: Stacks, used_export: str) -> None:
    """Case 3: not even by giving it another value; others of the stack can."""
    assert stacks.deploy("maker", {"A": parameter("/a")}, export(used_export, "new")) == "UPDATE_ROLLBACK_COMPLETE"
    assert f"UPDATE_FAILED Export {used_export} cannot be updated as it is in use by user" in stacks.events(
        "maker", "maker"
    )
    assert stacks.deploy("maker", {"A": parameter("/a", "2")}, export(used_export, "old")) == "UPDATE_COMPLETE"


def test_a_stack_whose_export_is_in_use_cannot_be_deleted(stacks: Stacks, used_export: str) -> None:
    """Case 3: the deletion is cancelled, and everything stays."""
    assert stacks.delete("maker") == "CREATE_COMPLETE"
    expected = f"CREATE_COMPLETE Delete canceled. Cannot delete export {used_export} as it is in use by user."
    assert stacks.events("maker", "maker")[-1] == expected
    assert stacks.parameter("/a") == "1"


def test_a_stack_that_could_not_be_deleted_still_imports(stacks: Stacks) -> None:
    assert stacks.deploy("maker", {"A": parameter("/a")}, export("used", "name-of-a-full-bucket")) == "CREATE_COMPLETE"
    assert stacks.deploy("user", {"B": bucket({"Fn::ImportValue": "used"})}) == "CREATE_COMPLETE"
    stacks.put_object("name-of-a-full-bucket")
    assert stacks.delete("user") == "DELETE_FAILED"
    assert stacks.delete("maker") == "CREATE_COMPLETE"
    stacks.empty("name-of-a-full-bucket")
    assert stacks.delete("user") == ""
    assert stacks.delete("maker") == ""


def test_two_stacks_cannot_export_the_same_name(stacks: Stacks) -> None:
    assert stacks.deploy("one", {"A": parameter("/a")}, export("same", "1")) == "CREATE_COMPLETE"
    assert stacks.deploy("other", {"B": parameter("/b")}, export("same", "2")) == "ROLLBACK_COMPLETE"
    assert "CREATE_FAILED Export with name same is already exported by stack one." in stacks.events("other", "other")
    assert stacks.delete("other") == stacks.delete("one") == ""


# -- what stays ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("policy", "stays"), [("Retain", True), ("RetainExceptOnCreate", False), ("Delete", False)])
def test_what_a_failed_first_creation_leaves(stacks: Stacks, policy: str, stays: bool) -> None:
    """Case 21: `Retain` keeps what never held anything, `RetainExceptOnCreate` does not."""
    resources = {
        "Kept": parameter("/kept", DeletionPolicy=policy),
        "Refused": parameter("/refused", REFUSED, DependsOn="Kept"),
    }
    assert stacks.deploy("first", resources) == "ROLLBACK_COMPLETE"
    assert (stacks.parameter("/kept") is not None) is stays
    assert stacks.delete("first") == ""
    if stays:
        stacks.ssm.delete_parameter(Name="/kept")


def test_after_a_success_both_policies_retain(stacks: Stacks) -> None:
    """Case 21: what has once been deployed is kept, when it leaves the template and when the stack goes."""
    assert stacks.deploy(
        "second",
        {
            "Left": parameter("/left", DeletionPolicy="RetainExceptOnCreate"),
            "Kept": parameter("/kept", DeletionPolicy="RetainExceptOnCreate"),
        },
    ) == ("CREATE_COMPLETE")
    kept = {"Kept": parameter("/kept", DeletionPolicy="RetainExceptOnCreate")}
    assert stacks.deploy("second", kept) == "UPDATE_COMPLETE"
    assert stacks.delete("second") == ""
    assert (stacks.parameter("/left"), stacks.parameter("/kept")) == ("1", "1")
    stacks.ssm.delete_parameters(Names=["/left", "/kept"])


@pytest.mark.parametrize(
    ("deletion", "replacement", "stays"), [("Retain", "Delete", False), ("Delete", "Retain", True)]
)
def test_a_replaced_resource_follows_its_update_replace_policy(
    stacks: Stacks, deletion: str, replacement: str, stays: bool
) -> None:
    """Template reference, UpdateReplacePolicy: DeletionPolicy is about what is deleted, not about what is replaced."""
    policies = {"DeletionPolicy": deletion, "UpdateReplacePolicy": replacement}
    assert stacks.deploy("replaced", {"A": bucket("first-bucket", **policies)}) == "CREATE_COMPLETE"
    assert stacks.deploy("replaced", {"A": bucket("second-bucket", **policies)}) == "UPDATE_COMPLETE"
    assert (stacks.has_bucket("first-bucket"), stacks.has_bucket("second-bucket")) == (stays, True)
    assert stacks.delete("replaced") == ""
    assert stacks.has_bucket("second-bucket") is (deletion == "Retain")
    for name in ("first-bucket", "second-bucket"):
        if stacks.has_bucket(name):
            stacks.s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize(("policy", "deleted"), [("Delete", "yes"), ("RetainExceptOnCreate", "yes"), ("Retain", None)])
def test_the_custom_resource_whose_creation_failed_is_deleted(stacks: Stacks, policy: str, deleted: str | None) -> None:
    """User guide, "Custom resource request types": the rollback asks for the deletion of what its answer names."""
    assert stacks.deploy("custom", failing_custom_resource(DeletionPolicy=policy)) == "ROLLBACK_COMPLETE"
    assert any(event.startswith("CREATE_FAILED It cannot be made.") for event in stacks.events("custom", "Custom"))
    assert stacks.parameter("/deleted/half-made") == deleted
    assert stacks.delete("custom") == ""
    if deleted:
        stacks.ssm.delete_parameter(Name="/deleted/half-made")


def failing_custom_resource(**policies: str) -> dict[str, Any]:
    actions = ["ssm:*", "s3:*", "logs:*", "cloudformation:DescribeStacks"]
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    role = {
        "AssumeRolePolicyDocument": {"Statement": [LAMBDA]},
        "Policies": [{"PolicyName": "all", "PolicyDocument": {"Statement": [allowed]}}],
    }
    function = {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Code": {"ZipFile": FAILING},
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
    }
    return {
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
        "Custom": {
            "Type": "Custom::Failing",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}},
            **policies,
        },
    }


# -- what cannot be deleted ----------------------------------------------------------------------------------------


def test_what_a_resource_depends_on_stays_while_its_own_deletion_fails(stacks: Stacks) -> None:
    resources = {
        "Below": parameter("/below"),
        "Middle": parameter("/middle", DependsOn="Below"),
        "Full": bucket("full-bucket", DependsOn="Middle"),
        "Beside": parameter("/beside"),
    }
    assert stacks.deploy("stuck", resources) == "CREATE_COMPLETE"
    stacks.put_object("full-bucket")
    assert stacks.delete("stuck") == "DELETE_FAILED"
    assert (stacks.parameter("/below"), stacks.parameter("/middle")) == ("1", "1")
    assert stacks.parameter("/beside") is None
    stacks.empty("full-bucket")
    assert stacks.delete("stuck") == ""
    assert stacks.parameter("/below") is None


def test_what_a_failed_rollback_could_not_delete_is_deleted_with_the_stack(stacks: Stacks) -> None:
    resources = failing_custom_resource()
    resources["Custom"]["Properties"]["Fill"] = {"Ref": "Full"}
    assert stacks.deploy("halfway", {**resources, "Full": bucket("full-bucket")}) == "ROLLBACK_FAILED"
    stacks.empty("full-bucket")
    assert stacks.delete("halfway") == ""
    assert not stacks.has_bucket("full-bucket")
    stacks.ssm.delete_parameter(Name="/deleted/half-made")


def test_what_an_update_cannot_clean_up_is_tried_three_times_and_forgotten(stacks: Stacks) -> None:
    """User guide, "Resource removed from stack but not deleted"."""
    assert stacks.deploy("cleaned", {"Full": bucket("full-bucket"), "A": parameter("/a")}) == "CREATE_COMPLETE"
    stacks.put_object("full-bucket")
    assert stacks.deploy("cleaned", {"A": parameter("/a")}) == "UPDATE_COMPLETE"
    held = stacks.api.describe_stack_resources(StackName="cleaned")["StackResources"]
    assert [each["LogicalResourceId"] for each in held] == ["A"]
    stacks.empty("full-bucket")
    assert stacks.delete("cleaned") == ""
    assert stacks.has_bucket("full-bucket")
    stacks.s3.delete_bucket(Bucket="full-bucket")


def test_what_leaves_the_template_is_deleted_once_the_update_has_succeeded(stacks: Stacks) -> None:
    """User guide, "Stack status codes", UPDATE_COMPLETE_CLEANUP_IN_PROGRESS."""
    resources = failing_custom_resource()
    resources["Custom"]["Properties"]["Works"] = "true"
    assert stacks.deploy("left", resources) == "CREATE_COMPLETE"
    del resources["Custom"]
    assert stacks.deploy("left", resources) == "UPDATE_COMPLETE"
    assert stacks.parameter("/deleted/works") == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    assert stacks.delete("left") == ""
    stacks.ssm.delete_parameter(Name="/deleted/works")


def test_the_end_of_an_update_is_not_that_of_a_deletion(stacks: Stacks) -> None:
    """Somebody interrupts `cdk deploy` and destroys everything: the update fails while the stack is being deleted."""
    stacks.deploy("hurried", {"P": parameter("/hurried/p")})
    (stack,) = stacks.api.describe_stacks(StackName="hurried")["Stacks"]
    never = {"Handle": {"Ref": "Handle"}, "Timeout": "1"}
    waiting = {
        "P": parameter("/hurried/p", "2"),
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Wait": {"Type": "AWS::CloudFormation::WaitCondition", "Properties": never},
    }
    stacks.api.update_stack(StackName="hurried", TemplateBody=json.dumps({"Resources": waiting}))
    stacks.api.delete_stack(StackName="hurried")
    for _ in range(400):
        if "UPDATE_ROLLBACK_COMPLETE" in stacks.events(stack["StackId"], "hurried"):
            break
        time.sleep(0.05)
    else:
        raise AssertionError("The update goes on.")
    (found,) = stacks.api.describe_stacks(StackName=stack["StackId"])["Stacks"]
    assert found["StackStatus"] == "DELETE_COMPLETE"
