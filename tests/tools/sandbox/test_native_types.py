"""CloudFormation's own types of Personalize in the local cloud, and which stack it says that their resources are in."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.deployments import AwsCloudFormation, Holder
from lambdas.personalize_provider.resources import RESOURCES
from tests.tools.emulator.support import records
from tests.tools.sandbox.support.stacks import Stacks
from tools.sandbox.cloud import Endpoint, client

pytestmark = pytest.mark.xdist_group("cloudformation")

PREFIX = "AWS::Personalize::"
VOD = "VIDEO_ON_DEMAND"
GROUP = {"Fn::GetAtt": ["DatasetGroup", "DatasetGroupArn"]}
RETAINED = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def stacks(bare_cloud: Endpoint) -> Stacks:
    return Stacks(bare_cloud)


@pytest.fixture(scope="module")
def personalize(bare_cloud: Endpoint) -> Any:
    return client(bare_cloud, "personalize")


def films(**policies: str) -> Resources:
    """A dataset group with what costs nothing and trains nothing, each resource under the name of its type."""
    properties: dict[str, dict[str, Any]] = {
        "DatasetGroup": {"Domain": VOD, "Tags": [{"Key": "team", "Value": "films"}]},
        "Schema": {"Domain": VOD, "Schema": records.schema("Interactions")},
        "Dataset": {"DatasetGroupArn": GROUP, "DatasetType": "Interactions", "SchemaArn": {"Ref": "Schema"}},
        "Solution": {
            "DatasetGroupArn": GROUP,
            "RecipeArn": "arn:aws:personalize:::recipe/aws-personalized-ranking",
            "SolutionConfig": {"AlgorithmHyperParameters": {"hidden_dimension": "64"}},
        },
        "EventTracker": {"DatasetGroupArn": GROUP},
    }
    found: Resources = {
        noun: {"Type": PREFIX + noun, "Properties": {"Name": f"native-{noun.lower()}", **each}, **policies}
        for noun, each in properties.items()
    }
    found["EventTracker"]["DependsOn"] = "Dataset"
    return found


def listed(stacks: Stacks, physical_id: str) -> tuple[str, str]:
    """Type and status of the resource of a physical id."""
    (found,) = stacks.api.describe_stack_resources(PhysicalResourceId=physical_id)["StackResources"]
    assert found["PhysicalResourceId"] == physical_id
    return found["ResourceType"], found["ResourceStatus"]


def test_every_native_type_of_which_there_is_a_schema_is_known(stacks: Stacks) -> None:
    known = [name for name in PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1") if name.startswith(PREFIX)]
    assert len(known) == 8
    assert stacks.deploy("empty", {each.rpartition(":")[2]: {"Type": each} for each in known}) == "ROLLBACK_COMPLETE"
    assert stacks.delete("empty") == ""


def test_a_dataset_with_an_import_of_its_own_is_refused(stacks: Stacks) -> None:
    resources = films()
    resources["Dataset"]["Properties"]["DatasetImportJob"] = {"JobName": "first"}
    assert stacks.deploy("importing", resources) == "ROLLBACK_COMPLETE"
    assert any("has no DatasetImportJob: import by a call." in each for each in stacks.events("importing", "Dataset"))
    assert stacks.delete("importing") == ""


def test_what_a_stack_has_is_found_by_its_physical_id_until_the_stack_leaves_it_behind(
    stacks: Stacks, personalize: Any
) -> None:
    tracking = {"Out": {"Value": {"Fn::GetAtt": ["EventTracker", "TrackingId"]}}}
    assert stacks.deploy("native", films(), tracking) == "CREATE_COMPLETE"
    (stack,) = stacks.api.describe_stacks(StackName="native")["Stacks"]
    held = stacks.api.describe_stack_resources(StackName="native")["StackResources"]
    arns = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in held}
    tracker = personalize.describe_event_tracker(eventTrackerArn=arns["EventTracker"])["eventTracker"]
    assert stack["Outputs"][0]["OutputValue"] == tracker["trackingId"]
    system = {"stack-id": stack["StackId"], "stack-name": "native"}
    for noun in films():
        of_aws = {f"aws:cloudformation:{key}": value for key, value in {**system, "logical-id": noun}.items()}
        tags = {"DatasetGroup": {"team": "films", **of_aws}, "EventTracker": {}}.get(noun, of_aws)
        assert noun == "Schema" or tags_of(personalize, arns[noun]) == tags, noun
        holder = AwsCloudFormation(stacks.api).holder(arns[noun])
        assert holder == Holder(stack["StackId"], noun, PREFIX + noun)
        assert listed(stacks, arns[noun]) == (PREFIX + noun, "CREATE_COMPLETE")
    check_nothing_is_changed(stacks)
    assert stacks.deploy("native", films(**RETAINED)) == "UPDATE_COMPLETE"
    less = {"Schema": films(**RETAINED)["Schema"]}
    assert stacks.deploy("native", less) == "UPDATE_COMPLETE"
    assert listed(stacks, arns["EventTracker"]) == (PREFIX + "EventTracker", "DELETE_SKIPPED")
    assert stacks.delete("native") == ""
    assert {listed(stacks, arn)[1] for arn in arns.values()} == {"DELETE_SKIPPED"}
    assert [AwsCloudFormation(stacks.api).holder(arn) for arn in arns.values()] == [None] * len(arns)
    for noun in ("EventTracker", "Solution", "Dataset", "Schema", "DatasetGroup"):
        delete(personalize, noun, arns[noun])


def check_nothing_is_changed(stacks: Stacks) -> None:
    changed = films()
    changed["EventTracker"]["Properties"]["Name"] = "another"
    assert stacks.deploy("native", changed) == "UPDATE_ROLLBACK_COMPLETE"
    said = "The local cloud creates and deletes resources of AWS::Personalize::EventTracker, and changes none."
    assert f"UPDATE_FAILED {said}" in stacks.events("native", "EventTracker")


def tags_of(personalize: Any, arn: str) -> dict[str, str]:
    tags = personalize.list_tags_for_resource(resourceArn=arn)["tags"]
    return {each["tagKey"]: each["tagValue"] for each in tags}


def delete(personalize: Any, noun: str, arn: str) -> None:
    """Delete what is there, and wait until it is not."""
    row, api = RESOURCES[noun], Api(personalize)
    api.call(f"Delete{noun}", **{row.arn_member: arn})
    while api.describe(row, arn):
        time.sleep(0.05)


def test_what_no_stack_has_is_nobodys(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match="Stack for films does not exist"):
        stacks.api.describe_stack_resources(PhysicalResourceId="films")
    assert AwsCloudFormation(stacks.api).holder("films") is None
