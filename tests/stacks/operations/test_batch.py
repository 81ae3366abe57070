"""Batch jobs are answered by the version that serves, and written where the settings say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_cdk import App
from aws_cdk.assertions import Template

from stacks.data import DataStack
from stacks.operations import OperationsStack
from stacks.operations.jobs import unique
from stacks.settings import load_settings
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.stacks.operations.support.jobs_asked import check_role
from tests.stacks.operations.support.resolved import actions_of, of_type, statements_of
from tests.stacks.operations.support.running import JOBS, Running
from tests.stacks.operations.support.scripted import SOLUTION, Scripted
from tests.support.synthesized import Templates
from tools.checkout import EXAMPLE_SETTINGS

LINE = json.dumps({"userId": "u1", "itemList": ["i1", "i2", "i3"]})


@pytest.fixture
def running(prod: Templates) -> Running:
    account = Running({**blocks.gated({"TrainingTrigger": "1"}), "Filter": blocks.serving()["Filter"]})
    for name in ("weekly_mail", "first_row"):
        account.cloud.buckets.put(f"s3://vod-data/batch/{name}/input.json", LINE)
    account.deploy(
        prod["operations"],
        "batch",
        Bucket="vod-data",
        Campaign=account.arn("Campaign", "Campaign"),
        FilterUnwatched=account.arn("Filter", "Filter"),
        InferenceJobs=f"{JOBS}:batch-inference-job/vod-prod_batch-",
    )
    return account


def jobs(running: Running) -> list[dict[str, Any]]:
    personalize = running.cloud.personalize
    arns = [each["batchInferenceJobArn"] for each in personalize.list_batch_inference_jobs()["batchInferenceJobs"]]
    return [personalize.describe_batch_inference_job(batchInferenceJobArn=arn)["batchInferenceJob"] for arn in arns]


def test_a_job_is_answered_by_the_version_that_serves(running: Running) -> None:
    arn = running.start("batch", {"name": "weekly_mail"}, name="a.b-c")
    running.run()
    execution = running.execution(arn)
    assert execution.status == "SUCCEEDED", execution.cause
    (job,) = jobs(running)
    assert (job["jobName"], job["status"]) == ("vod-prod_batch-abc-0", "ACTIVE")
    assert job["solutionVersionArn"] == running.arn("VersionSettled", "SolutionVersion")
    assert job["filterArn"] == running.arn("Filter", "Filter")
    assert job["numResults"] == 10
    (told,) = running.told("Batch Finished")
    assert told == {
        "name": "weekly_mail",
        "job_arn": job["batchInferenceJobArn"],
        "output": "s3://vod-data/batch/weekly_mail/output/",
        "solution_version_arn": job["solutionVersionArn"],
        "app": "vod",
        "environment": "prod",
        "workflow": "vod-prod-batch",
        "execution": arn,
    }
    (answer,) = running.cloud.buckets.read(blocks.ROLE, "s3://vod-data/batch/weekly_mail/output/input.json.out")
    assert json.loads(answer[1])["error"] is None


def finished(**detail: Any) -> dict[str, Any]:
    """The event at the end of a refresh."""
    return {"source": "personalize.operations", "detail-type": "Refresh Finished", "detail": detail}


AFTER = [
    ({"imported": ["ITEMS"], "verdict": "none"}, ["first_row"]),
    ({"imported": [], "verdict": "passed"}, ["first_row"]),
    ({"imported": [], "verdict": "refused"}, []),
    ({"imported": [], "verdict": "none"}, []),
]


def test_after_a_refresh_that_changed_something_the_jobs_that_follow_it_are_run(running: Running) -> None:
    for number, (detail, names) in enumerate(AFTER):
        before = len(running.told("Batch Finished"))
        execution = running.execution(running.start("batch", finished(**detail)))
        running.run(10)
        assert execution.status == "SUCCEEDED", (number, execution.cause)
        assert [each["name"] for each in running.told("Batch Finished")[before:]] == names
    assert all("filterArn" not in each for each in jobs(running))


def test_it_waits_while_users_are_forgotten(running: Running) -> None:
    forgets = running.execution(running.start("forget-users", {}))
    running.run(0.1)
    running.start("batch", {"name": "first_row"})
    running.run()
    (job,) = jobs(running)
    assert job["creationDateTime"].timestamp() >= (forgets.ended or 0)


def test_an_unknown_name_is_a_sentence(running: Running) -> None:
    execution = running.execution(running.start("batch", {"name": "monthly"}))
    running.run(1)
    assert (execution.status, execution.error) == ("FAILED", "Batch.WrongInput")
    assert execution.cause == "name: monthly is not known. Use weekly_mail, first_row."


def test_an_input_that_is_not_there_fails_with_the_services_reason(running: Running) -> None:
    running.cloud.buckets.empty("vod-data")
    execution = running.execution(running.start("batch", {"name": "first_row"}))
    running.run()
    assert (execution.status, execution.error) == ("FAILED", "Personalize.Failed")
    assert execution.cause


def test_its_role_lets_it_do_what_it_does_and_nothing_else(prod: Templates) -> None:
    answers = {
        "describeCampaign": {"Campaign": {"SolutionVersionArn": f"{SOLUTION}/1"}},
        "createBatchInferenceJob": {},
        "describeBatchInferenceJob": {"BatchInferenceJob": {"Status": "ACTIVE"}},
        "putEvents": {},
    }
    machine = Scripted(prod["operations"], "batch", answers)
    assert machine.run(name="weekly_mail").status == "SUCCEEDED"
    check_role(prod["operations"], "BatchMachineRole", [machine], count=7)


def test_a_schedule_and_the_end_of_a_refresh_start_it(prod: Templates) -> None:
    schedules = of_type(prod["operations"], "AWS::Scheduler::Schedule").values()
    (schedule,) = (each for each in schedules if each["Name"].startswith("batch-"))
    assert json.loads(schedule["Target"]["Input"]) == {"name": "weekly_mail"}
    assert schedule["ScheduleExpression"] == "cron(0 6 ? * MON *)"
    rules = of_type(prod["operations"], "AWS::Events::Rule").values()
    (rule,) = (each for each in rules if each["Targets"][0]["Arn"].endswith("-batch"))
    assert rule["EventPattern"] == {
        "source": ["personalize.operations"],
        "detail-type": ["Refresh Finished"],
        "detail": {"app": ["vod"], "environment": ["prod"]},
    }


def test_personalize_may_read_the_input_and_write_the_output(prod: Templates) -> None:
    statements = statements_of(prod["data"], "ServiceRole")
    written = [str(each["Resource"]) for each in statements if each["Action"] == "s3:PutObject"]
    assert any("/batch/weekly_mail/output/*" in each for each in written)
    (policy,) = of_type(prod["data"], "AWS::S3::BucketPolicy").values()
    (writes,) = (
        each for each in policy["PolicyDocument"]["Statement"] if each.get("Sid") == "PersonalizeWritesBatches"
    )
    assert str(writes["Resource"]).endswith("/batch/*/*")
    assert writes["Condition"]["StringEquals"]


def test_segments_and_places_of_ones_own(tmp_path: Path) -> None:
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    settings = yaml.safe_load((config / "prod.yaml").read_text())
    version = "arn:aws:personalize:eu-west-1:123456789012:solution/fans/1"
    fans = {"input": "s3://theirs/in/", "output": "s3://theirs/out/", "segments": True, "solution_version_arn": version}
    settings["operations"] = {"batch": {"fans": fans}}
    (config / "prod.yaml").write_text(yaml.safe_dump(settings))
    app, loaded = App(), load_settings("prod", config)
    data = DataStack(app, "data", settings=loaded)
    operations = OperationsStack(app, "operations", settings=loaded, after=[data])
    templates = {stack.node.id: Template.from_stack(stack).to_json() for stack in (data, operations)}
    machines = of_type(templates["operations"], "AWS::StepFunctions::StateMachine").values()
    (machine,) = (each for each in machines if each["StateMachineName"] == "vod-prod-batch")
    states = machine["Definition"]["States"]["Run the jobs"]["ItemProcessor"]["States"]
    assert states["Start the segment job"]["Resource"].endswith(":aws-sdk:personalize:createBatchSegmentJob")
    assert "Look at the campaign" not in states
    assert "Campaign" not in machine["DefinitionSubstitutions"]
    actions = actions_of(statements_of(templates["operations"], "BatchMachineRole"))
    assert {each for each in actions if "Batch" in each} == {
        "personalize:CreateBatchSegmentJob",
        "personalize:DescribeBatchSegmentJob",
    }
    statements = statements_of(templates["data"], "ServiceRole")
    resources = {str(each["Resource"]) for each in statements}
    assert {"arn:aws:s3:::theirs/in/*", "arn:aws:s3:::theirs/out/*"} <= resources
    (policy,) = of_type(templates["data"], "AWS::S3::BucketPolicy").values()
    assert "PersonalizeWritesBatches" not in str(policy)


def test_names_of_jobs_keep_to_the_longest_that_the_service_takes() -> None:
    for prefix in ("v", "an-app-with-a-long-name-prod-eu1"[:31]):
        length = int(unique(prefix).rpartition(" ")[2].rstrip(")"))
        assert len(f"{prefix}_forget-") + length <= 63
        assert len(f"{prefix}_batch-") + length + len("-99") <= 63
        assert length >= 21
