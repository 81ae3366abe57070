"""What the stacks of the app hold, read from their templates as a reviewer would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import cfnlint.api
import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Match, Template
from aws_cdk.aws_s3 import Bucket
from cfnlint.config import ManualArgs

from app import build
from lambdas.personalize_provider.resource_type import CONTROL_PROPERTIES
from lambdas.personalize_provider.resources import RESOURCES
from tests.support.notebook import OUTPUTS, output_key
from tests.support.synthesized import Templates
from tools.checkout import CHECKOUT, EXAMPLE_SETTINGS, QUIET_JSII, isolated_environment
from tools.simulation.template import dependencies, everything_before, references

CUSTOM = "Custom::Personalize"


def of_type(template: dict[str, Any], type_: str) -> dict[str, dict[str, Any]]:
    return {key: each for key, each in template["Resources"].items() if each["Type"] == type_}


def comes_after(template: dict[str, Any], logical_id: str) -> set[str]:
    return everything_before(logical_id, {key: dependencies(template, key) for key in template["Resources"]})


def statements(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in of_type(template, "AWS::IAM::Policy").values():
        yield from policy["Properties"]["PolicyDocument"]["Statement"]


# -- what is there -------------------------------------------------------------------------------------------------


def test_data_stack(dev: Templates) -> None:
    template = Template.from_json(dev["data"])
    for noun, count in {"DatasetGroup": 1, "Schema": 3, "Dataset": 3, "DatasetImportJob": 3, "Filter": 2}.items():
        template.resource_count_is(f"{CUSTOM}{noun}", count)
    template.resource_count_is(f"{CUSTOM}EventTracker", 1)
    template.has_resource_properties(f"{CUSTOM}DatasetGroup", {"Domain": "VIDEO_ON_DEMAND", "AllowReplacement": False})
    for dataset_type in ("INTERACTIONS", "ITEMS", "USERS"):
        template.has_resource_properties(f"{CUSTOM}Dataset", {"DatasetType": dataset_type})


def test_recommender_stack(dev: Templates) -> None:
    template = Template.from_json(dev["recommenders"])
    template.resource_count_is(f"{CUSTOM}Recommender", 2)
    template.has_resource_properties(
        f"{CUSTOM}Recommender",
        {
            "RecipeArn": {
                "Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":personalize:::recipe/aws-vod-top-picks"]]
            },
            "RecommenderConfig": {
                "MinRecommendationRequestsPerSecond": 1,
                "EnableMetadataWithRecommendations": False,
                "ItemExplorationConfig": {"explorationWeight": "0.3", "explorationItemAgeCutOff": "30"},
                "TrainingDataConfig": {"ExcludedDatasetColumns": {}},
            },
        },
    )


def test_ranking_stack(dev: Templates) -> None:
    template = Template.from_json(dev["ranking"])
    template.has_resource_properties(f"{CUSTOM}Solution", {"PerformAutoTraining": False, "PerformHPO": False})
    template.has_resource_properties(f"{CUSTOM}SolutionVersion", {"TrainingMode": "FULL"})
    template.has_resource_properties(f"{CUSTOM}QualityGate", {"Minimums": {"coverage": "0.1"}})
    gate = next(iter(of_type(dev["ranking"], f"{CUSTOM}QualityGate")))
    template.has_resource_properties(
        f"{CUSTOM}Campaign",
        {"MinProvisionedTPS": 1, "SolutionVersionArn": {"Fn::GetAtt": [gate, "SolutionVersionArn"]}},
    )


def test_every_personalize_resource_is_one_the_provider_knows(dev: Templates, prod: Templates) -> None:
    for template in [*dev.values(), *prod.values()]:
        for resource in template["Resources"].values():
            noun = resource["Type"].removeprefix(CUSTOM)
            if not resource["Type"].startswith(CUSTOM) or noun in ("Wait", "DeletionWait", "QualityGate"):
                continue
            known = RESOURCES[noun].properties | CONTROL_PROPERTIES | {"ServiceToken", "ServiceTimeout"}
            assert resource["Properties"].keys() <= known


# -- outputs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stack", OUTPUTS)
def test_every_notebook_variable_is_an_output_and_a_parameter(dev: Templates, stack: str) -> None:
    outputs = dev[stack]["Outputs"]
    parameters = {
        each["Properties"]["Name"]: each["Properties"]["Value"]
        for each in of_type(dev[stack], "AWS::SSM::Parameter").values()
    }
    for variable in OUTPUTS[stack]:
        assert outputs[output_key(variable)]["Value"] == parameters.pop(f"/vod/dev/{variable}")
    assert parameters == {}


# -- order ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stack", ["recommenders", "ranking"])
def test_training_stacks_come_after_the_data_stack(dev_assembly: Path, stack: str) -> None:
    manifest = json.loads((dev_assembly / "manifest.json").read_text())
    assert "vod-dev-data" in manifest["artifacts"][f"vod-dev-{stack}"]["dependencies"]


def test_every_import_is_waited_for(dev: Templates) -> None:
    template = dev["data"]
    waited = {
        next(iter(references(each["Properties"]["ResourceArn"])))
        for each in of_type(template, f"{CUSTOM}Wait").values()
        if each["Properties"]["Link"] == 1
    }
    assert waited == set(of_type(template, f"{CUSTOM}DatasetImportJob"))


def test_imports_come_after_data_and_permissions(dev: Templates) -> None:
    template = dev["data"]
    for logical_id in of_type(template, f"{CUSTOM}DatasetImportJob"):
        before = {template["Resources"][each]["Type"] for each in comes_after(template, logical_id)}
        assert {"AWS::S3::BucketPolicy", "AWS::IAM::Policy", "Custom::CDKBucketDeployment"} <= before


def test_filters_come_after_all_datasets(dev: Templates) -> None:
    template = dev["data"]
    for logical_id in of_type(template, f"{CUSTOM}Filter"):
        assert set(of_type(template, f"{CUSTOM}Dataset")) <= comes_after(template, logical_id)


def test_max_wait_decides_the_number_of_links(dev: Templates, prod: Templates) -> None:
    """6 hours are 8 links of 50 minutes, 9 hours are 11."""
    assert len(of_type(dev["ranking"], f"{CUSTOM}Wait")) == 8
    assert len(of_type(prod["ranking"], f"{CUSTOM}Wait")) == 11


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_few_resources_wait(env: str, dev: Templates, prod: Templates) -> None:
    """Those that do nothing but wait must not bury the others."""
    templates = {"dev": dev, "prod": prod}[env]
    waits = [
        len(of_type(each, f"{CUSTOM}Wait")) + len(of_type(each, f"{CUSTOM}DeletionWait")) for each in templates.values()
    ]
    assert max(waits) <= 20
    assert sum(waits) <= 45


def test_training_is_triggered_by_text_that_names_the_data(dev: Templates) -> None:
    version = next(iter(of_type(dev["ranking"], f"{CUSTOM}SolutionVersion").values()))
    triggers = version["Properties"]["Triggers"]
    assert triggers["TrainingTrigger"] == "1"
    assert len(triggers) == 4
    assert all(isinstance(value, str) for value in triggers.values())


# -- the bucket and the roles --------------------------------------------------------------------------------------


def test_bucket_is_encrypted_versioned_and_private(dev: Templates, prod: Templates) -> None:
    for templates in (dev, prod):
        Template.from_json(templates["data"]).has_resource_properties(
            "AWS::S3::Bucket",
            {
                "BucketEncryption": Match.any_value(),
                "VersioningConfiguration": {"Status": "Enabled"},
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
            },
        )


def test_bucket_policy_refuses_plain_http_and_lets_personalize_read_for_this_account(dev: Templates) -> None:
    policy = next(iter(of_type(dev["data"], "AWS::S3::BucketPolicy").values()))
    by_effect = policy["Properties"]["PolicyDocument"]["Statement"]
    denied = next(each for each in by_effect if each["Effect"] == "Deny")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    reads = next(each for each in by_effect if each.get("Sid") == "PersonalizeReads")
    assert reads["Principal"] == {"Service": "personalize.amazonaws.com"}
    assert reads["Action"] == ["s3:GetObject", "s3:ListBucket"]
    assert reads["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


@pytest.mark.parametrize("type_", ["AWS::S3::Bucket", f"{CUSTOM}DatasetGroup", f"{CUSTOM}Dataset", f"{CUSTOM}Schema"])
def test_data_goes_with_dev_and_stays_with_prod(dev: Templates, prod: Templates, type_: str) -> None:
    """Case 21: what a failed first deployment has made is not data yet, so it goes (RetainExceptOnCreate)."""
    assert {each["DeletionPolicy"] for each in of_type(dev["data"], type_).values()} == {"Delete"}
    assert {each["DeletionPolicy"] for each in of_type(prod["data"], type_).values()} == {"RetainExceptOnCreate"}
    assert {each["UpdateReplacePolicy"] for each in of_type(prod["data"], type_).values()} == {"Retain"}


def test_only_dev_uploads_the_sample_and_empties_the_bucket(dev: Templates, prod: Templates) -> None:
    for type_ in ("Custom::CDKBucketDeployment", "Custom::S3AutoDeleteObjects"):
        assert len(of_type(dev["data"], type_)) == 1
        assert of_type(prod["data"], type_) == {}


def test_only_personalize_for_this_account_may_assume_the_service_role(dev: Templates) -> None:
    roles = [
        statement
        for role in of_type(dev["data"], "AWS::IAM::Role").values()
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "personalize.amazonaws.com"}
    ]
    assert len(roles) == 1
    assert roles[0]["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert "aws:SourceArn" in roles[0]["Condition"]["ArnLike"]


def test_prod_role_reads_the_bucket_of_the_settings_and_nothing_else(prod: Templates) -> None:
    """Of the app's own bucket only what forgetting users and batches are for."""
    (read,) = (each for each in statements(prod["data"]) if each["Action"] == "s3:GetObject")
    keys = {"".join(part for part in arn["Fn::Join"][1] if isinstance(part, str)) for arn in read["Resource"]}
    assert keys == {
        *(f"arn::s3:::vod-example-data/personalize/{name}.csv*" for name in ("interactions", "items", "users")),
        "arn::s3:::vod-example-data/personalize/interactions/*",
        "/deletions/*",
        "/batch/first_row/*",
        "/batch/weekly_mail/*",
    }


def test_provider_reaches_only_names_of_this_app(dev: Templates) -> None:
    for statement in statements(dev["data"]):
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        if not any(action.startswith("personalize:") for action in actions):
            continue
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for resource in resources:
            if resource == "*":
                assert all(action.startswith("personalize:List") for action in actions)
                continue
            name = resource["Fn::Join"][1][-1]
            assert "/vod-dev_*" in name or name.endswith(":event-tracker/*")


def test_provider_passes_only_the_service_role_and_only_to_personalize(dev: Templates) -> None:
    passes = [each for each in statements(dev["data"]) if each["Action"] == "iam:PassRole"]
    assert len(passes) == 1
    role = next(key for key in of_type(dev["data"], "AWS::IAM::Role") if key.startswith("ServiceRole"))
    assert passes[0]["Resource"] == {"Fn::GetAtt": [role, "Arn"]}
    assert passes[0]["Condition"] == {"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}}


def test_one_provider_serves_all_stacks_and_cannot_be_deleted_before_them(dev: Templates) -> None:
    for stack in ("recommenders", "ranking"):
        assert of_type(dev[stack], "AWS::Lambda::Function") == {}
        tokens = {
            json.dumps(each["Properties"]["ServiceToken"])
            for each in dev[stack]["Resources"].values()
            if each["Type"].startswith(CUSTOM)
        }
        assert len(tokens) == 1
        assert "Fn::ImportValue" in tokens.pop()


def test_logs_are_kept_for_a_limited_time(dev: Templates) -> None:
    groups = of_type(dev["data"], "AWS::Logs::LogGroup").values()
    assert groups
    assert all(each["Properties"].get("RetentionInDays") for each in groups)


def test_no_log_stays_behind(dev: Templates) -> None:
    """Every function writes to a log group of the stack, and that goes with the stack."""
    groups = of_type(dev["data"], "AWS::Logs::LogGroup")
    assert {each["DeletionPolicy"] for each in groups.values()} == {"Delete"}
    named = {name for each in groups.values() for name in references(each["Properties"].get("LogGroupName", ""))}
    for logical_id, function in of_type(dev["data"], "AWS::Lambda::Function").items():
        configured = set(references(function["Properties"].get("LoggingConfig", {}))) & groups.keys()
        assert configured or logical_id in named, logical_id


def test_tags_of_the_settings_are_on_every_taggable_resource(dev: Templates) -> None:
    for template in dev.values():
        for resource in template["Resources"].values():
            noun = resource["Type"].removeprefix(CUSTOM)
            if noun in RESOURCES and RESOURCES[noun].taggable:
                assert {"Key": "project", "Value": "vod"} in resource["Properties"]["Tags"]


# -- linters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_cfn_lint_is_clean(env: str, request: pytest.FixtureRequest) -> None:
    assembly: Path = request.getfixturevalue(f"{env}_assembly")
    for path in assembly.glob("*.template.json"):
        found = cfnlint.api.lint(path.read_text(), config=ManualArgs(ignore_checks=["W3005"], regions=["eu-west-1"]))
        assert [str(each) for each in found] == []


# Both in one process, in which the CDK reads its rules once.
SYNTHESIZE = """
from pathlib import Path
from tools.checkout import EXAMPLE_SETTINGS
from tools.synth import synthesize
for env in ("dev", "prod"):
    synthesize(env, Path({!r}, env), Path({!r}), EXAMPLE_SETTINGS)
"""
MISTAKEN = """
import json; from aws_cdk import App, Stack; from aws_cdk.aws_s3 import CfnBucket
app = App(context=json.load(open("cdk.json"))["context"])
CfnBucket(Stack(app, "mistaken"), "Bucket", access_control="Nobody")
app.synth()
"""


def validated(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program that synthesizes, with the CDK's own validation of templates, as in CI."""
    environment = isolated_environment() | QUIET_JSII
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("variables", "validates"),
    [
        ({}, False),
        ({"CI": "true"}, True),
        ({"CDK_VALIDATION": "true"}, True),
        ({"CI": "true", "CDK_VALIDATION": "false"}, False),
    ],
)
def test_the_command_of_cdk_json_has_the_cdk_validate_in_ci_only(variables: dict[str, str], validates: bool) -> None:
    """aws-cdk-lib validates unless the variable says false (core/lib/private/synthesis-validation.js)."""
    command = json.loads((CHECKOUT / "cdk.json").read_text())["app"].replace(
        "python3 app.py", "printenv CDK_VALIDATION"
    )
    environment = {"PATH": os.environ["PATH"], **variables}
    answer = subprocess.run(command, shell=True, cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    assert (answer.stdout.strip() != "false") == validates
    assert answer.stdout.strip() in ("true", "false")


def test_the_cdk_finds_nothing_in_the_templates(sample_directory: Path, tmp_path: Path) -> None:
    result = validated(SYNTHESIZE.format(str(tmp_path), str(sample_directory)))
    assert result.returncode == 0, result.stderr
    for env in ("dev", "prod"):
        assert json.loads((tmp_path / env / "validation-report.json").read_text())["pluginReports"] == []


def test_the_cdk_ends_the_synthesis_where_it_finds_something() -> None:
    result = validated(MISTAKEN)
    assert result.returncode != 0
    assert "AccessControl" in result.stderr


def test_a_statement_on_every_resource_says_why(dev: Templates, prod: Templates) -> None:
    """In its Sid, since reasons that cdk-nag is given are not in the template."""
    found = [
        each
        for templates in (dev, prod)
        for template in templates.values()
        for each in statements(template)
        if each["Effect"] == "Allow" and each["Resource"] in ("*", ["*"])
    ]
    sids = {str(each.get("Sid")) for each in found}
    assert "ListActionsHaveNoResourceType" in sids
    assert {each for each in sids if not each.endswith("HaveNoResourceType")} == set()


def test_cdk_nag_ends_the_synthesis_where_it_finds_something(sample_directory: Path, tmp_path: Path) -> None:
    """The other tests synthesize dev and prod the same way, so both are clean."""
    context = {"env": "prod", "config_dir": str(EXAMPLE_SETTINGS), "sample_dir": str(sample_directory)}
    app = App(outdir=str(tmp_path), context=context, analytics_reporting=False)
    build(app)
    Bucket(cast(Stack, app.node.find_child("vod-prod-data")), "Unencrypted")
    with pytest.raises(RuntimeError) as caught:
        app.synth()
    for rule in ("AwsSolutions-S1", "NIST.800.53.R5-S3BucketVersioningEnabled"):
        assert rule in str(caught.value)
