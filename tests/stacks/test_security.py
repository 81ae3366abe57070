"""What organisations ask of everything that is created: tags, keys, logs, boundaries, a bootstrap of their own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from lambdas.personalize_provider.resources import RESOURCES
from tests.support.iam import permits
from tests.support.synthesized import Templates, read
from tools.checkout import EXAMPLE_SETTINGS
from tools.simulation.template import references
from tools.synth import synthesize

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
FOREIGN_KEY = "arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab"
CUSTOM = "Custom::Personalize"
KEPT = "RetainExceptOnCreate"


def of_type(template: dict[str, Any], type_: str) -> dict[str, dict[str, Any]]:
    return {key: each for key, each in template["Resources"].items() if each["Type"] == type_}


def synthesized(tmp: Path, sample: Path, env: str, more_settings: Mapping[str, object], **context: Any) -> Path:
    """The app with some settings of its own, and context as of a command line."""
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp / "config"))
    file = config / f"{env}.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | dict(more_settings)))
    return synthesize(env, tmp / "cdk.out", sample, config, context)


# -- tags ----------------------------------------------------------------------------------------------------------


def is_taggable(type_: str) -> bool:
    noun = type_.removeprefix(CUSTOM)
    if noun in RESOURCES:
        return RESOURCES[noun].taggable
    if type_.startswith(("Custom::", "AWS::CDK::", "AWS::CloudFormation::")):
        return False
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", type_).schema
    return "Tags" in schema["properties"]


def tags_of(resource: dict[str, Any]) -> dict[str, str]:
    """A list of pairs, or for SSM's parameters an object."""
    tags = resource.get("Properties", {}).get("Tags", {})
    return tags if isinstance(tags, dict) else {each["Key"]: each["Value"] for each in tags}


def test_every_resource_that_can_have_tags_has_those_of_the_settings(dev: Templates, prod: Templates) -> None:
    """Case 30: the CDK's own functions and roles included."""
    for templates, tags in ((dev, {"project": "vod"}), (prod, {"project": "vod", "stage": "production"})):
        taggable = [
            (logical_id, resource)
            for template in templates.values()
            for logical_id, resource in template["Resources"].items()
            if is_taggable(resource["Type"])
        ]
        assert {"AWS::IAM::Role", "AWS::SSM::Parameter", f"{CUSTOM}Dataset"} <= {each["Type"] for _, each in taggable}
        assert [logical_id for logical_id, each in taggable if not tags.items() <= tags_of(each).items()] == []


def test_the_stacks_have_the_tags_too(prod_assembly: Path) -> None:
    """Case 30: what CloudFormation makes or tags itself goes by the tags of its stack."""
    artifacts = json.loads((prod_assembly / "manifest.json").read_text())["artifacts"].values()
    stacks = [each["properties"]["tags"] for each in artifacts if each["type"] == "aws:cloudformation:stack"]
    assert stacks == [{"project": "vod", "stage": "production"}] * 4


# -- logs ----------------------------------------------------------------------------------------------------------


def roles_of_functions(template: dict[str, Any]) -> set[str]:
    return {
        role
        for function in of_type(template, "AWS::Lambda::Function").values()
        for role in references(function["Properties"]["Role"])
    }


def policies_of(template: dict[str, Any], role: str) -> Iterator[dict[str, Any]]:
    for policy in of_type(template, "AWS::IAM::Policy").values():
        if role in set(references(policy["Properties"]["Roles"])):
            yield policy["Properties"]["PolicyDocument"]


def test_no_function_can_make_a_log_group(dev: Templates, prod: Templates) -> None:
    """What is still running when its log group is deleted would make it again, and that stays."""
    for template in (*dev.values(), *prod.values()):
        for role in roles_of_functions(template):
            assert not template["Resources"][role]["Properties"].get("ManagedPolicyArns"), role
            statements = [each for policy in policies_of(template, role) for each in policy["Statement"]]
            actions = [action for each in statements for action in [*each["Action"], each["Action"]]]
            assert "logs:CreateLogGroup" not in actions
            # It can write to a group that the stack has made.
            assert any("logs:PutLogEvents" in each["Action"] for each in statements), role


# -- a key of the customer -----------------------------------------------------------------------------------------

SECURED = {
    # Lists of users to forget cannot be read from a bucket under a key of one's own.
    "operations": None,
    "encryption_key": KEY,
    "data_encryption_key_arn": FOREIGN_KEY,
    "bucket_policy_conditions": False,
    "tag_conditions": False,
    "log_retention_days": 365,
}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, sample_directory: Path) -> dict[str, Any]:
    """The data stack of prod with all settings of this page."""
    return read(synthesized(tmp_path_factory.mktemp("secured"), sample_directory, "prod", SECURED))["data"]


@pytest.fixture(scope="module")
def sample_under_key(tmp_path_factory: pytest.TempPathFactory, sample_directory: Path) -> dict[str, Any]:
    """The data stack of dev, with the sample data in a bucket under a key."""
    return read(synthesized(tmp_path_factory.mktemp("key"), sample_directory, "dev", {"encryption_key": KEY}))["data"]


def service_role(template: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    ((key, role),) = (each for each in of_type(template, "AWS::IAM::Role").items() if each[0].startswith("ServiceRole"))
    return key, role


def test_the_bucket_and_the_dataset_group_are_under_the_key(secured: dict[str, Any]) -> None:
    """Case 17."""
    (bucket,) = of_type(secured, "AWS::S3::Bucket").values()
    (rule,) = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"KMSMasterKeyID": KEY, "SSEAlgorithm": "aws:kms"}
    (group,) = of_type(secured, f"{CUSTOM}DatasetGroup").values()
    role, _ = service_role(secured)
    assert group["Properties"]["KmsKeyArn"] == KEY
    assert group["Properties"]["RoleArn"] == {"Fn::GetAtt": [role, "Arn"]}
    # The permission is there before the key is used.
    assert {key for key in group["DependsOn"] if key.startswith("ServiceRoleDefaultPolicy")}


@pytest.mark.parametrize("key", [KEY, FOREIGN_KEY])
def test_the_service_role_may_use_the_keys(secured: dict[str, Any], key: str) -> None:
    """Case 17."""
    role, _ = service_role(secured)
    (document,) = policies_of(secured, role)
    statements = [each for each in document["Statement"] if "kms:" in str(each["Action"])]
    for action in ("Decrypt", "GenerateDataKey", "DescribeKey", "ListGrants"):
        assert permits(statements, f"kms:{action}", key, {})
    assert not permits(statements, "kms:Decrypt", f"{KEY}9", {})


def test_the_service_role_has_a_name_that_is_known_before_it_exists(dev: Templates) -> None:
    """Case 17: a key's policy can let it in beforehand."""
    _, role = service_role(dev["data"])
    assert role["Properties"]["RoleName"] == {"Fn::Join": ["", ["vod-dev_personalize_", {"Ref": "AWS::Region"}]]}


def test_what_uses_the_key_of_retained_data_is_retained(secured: dict[str, Any], prod: Templates) -> None:
    """Case 28: data that stays encrypted without the role that may use the key is half a thing."""
    found = service_role(secured)[1]
    policy = next(each for key, each in of_type(secured, "AWS::IAM::Policy").items() if key.startswith("ServiceRole"))
    assert [each["DeletionPolicy"] for each in (found, policy)] == [KEPT, KEPT]
    assert "DeletionPolicy" not in service_role(prod["data"])[1]


def test_the_function_that_uploads_the_sample_may_use_the_key(sample_under_key: dict[str, Any]) -> None:
    (role,) = (key for key in of_type(sample_under_key, "AWS::IAM::Role") if key.startswith("SampleDataRole"))
    (document,) = policies_of(sample_under_key, role)
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        assert permits([each for each in document["Statement"] if KEY in str(each["Resource"])], action, KEY, {})


# -- the bucket's policy, and how long logs are kept ---------------------------------------------------------------


def test_a_bucket_that_stays_keeps_its_policy(dev: Templates, prod: Templates) -> None:
    """Case 28: without it a retained bucket would take requests without TLS."""
    for templates, policy in ((dev, "Delete"), (prod, KEPT)):
        (bucket,) = of_type(templates["data"], "AWS::S3::Bucket").values()
        (of_bucket,) = of_type(templates["data"], "AWS::S3::BucketPolicy").values()
        assert bucket["DeletionPolicy"] == policy
        assert of_bucket.get("DeletionPolicy", "Delete") == policy
        assert of_bucket.get("UpdateReplacePolicy", "Delete") == bucket["UpdateReplacePolicy"]


def test_the_conditions_of_the_bucket_policy_can_be_left_off(secured: dict[str, Any]) -> None:
    (policy,) = of_type(secured, "AWS::S3::BucketPolicy").values()
    (reads,) = (s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s.get("Sid") == "PersonalizeReads")
    assert "Condition" not in reads


def test_the_conditions_on_tags_can_be_left_off(secured: dict[str, Any], prod: Templates) -> None:
    assert "aws:ResourceTag" in json.dumps(prod["data"])
    assert "aws:ResourceTag" not in json.dumps(secured)


def test_logs_are_kept_as_long_as_the_settings_say(secured: dict[str, Any], dev: Templates) -> None:
    assert {each["Properties"]["RetentionInDays"] for each in of_type(secured, "AWS::Logs::LogGroup").values()} == {365}
    assert {each["Properties"]["RetentionInDays"] for each in of_type(dev["data"], "AWS::Logs::LogGroup").values()} == {
        30
    }


# -- a bootstrap of one's own --------------------------------------------------------------------------------------

QUALIFIER, BOUNDARY = "@aws-cdk/core:bootstrapQualifier", "@aws-cdk/core:permissionsBoundary"


@pytest.mark.parametrize("boundary", ["Limits", {"name": "Limits"}], ids=["command line", "cdk.json"])
def test_a_bootstrap_of_ones_own(boundary: Any, tmp_path: Path, sample_directory: Path) -> None:
    """Case 29: another qualifier than the CDK's default, and a permissions boundary on every role."""
    context = {QUALIFIER: "teamvod", BOUNDARY: boundary}
    assembly = synthesized(tmp_path, sample_directory, "dev", {}, **context)
    template = read(assembly)["data"]
    assert "cdk-teamvod-assets-" in json.dumps(template)
    assert "hnb659fds" not in "".join(path.read_text() for path in assembly.glob("*.json"))
    boundaries = {
        json.dumps(role["Properties"].get("PermissionsBoundary"))
        for role in of_type(template, "AWS::IAM::Role").values()
    }
    assert len(boundaries) == 1
    assert ":policy/Limits" in boundaries.pop()
