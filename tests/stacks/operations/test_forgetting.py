"""A list of users starts the deletion of what they have done, while nothing else uses the datasets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.stacks.operations.support.jobs_asked import check_role
from tests.stacks.operations.support.resolved import of_type, statements_of
from tests.stacks.operations.support.running import JOBS, Running
from tests.stacks.operations.support.scripted import Scripted
from tests.support.synthesized import Templates
from tools.emulator import Fault

LIST = "s3://vod-data/deletions/users.csv"


@pytest.fixture
def running(prod: Templates) -> Running:
    account = Running({**blocks.group(), **blocks.data()})
    account.cloud.buckets.put(LIST, "USER_ID\nu1\nu2\n")
    account.deploy(
        prod["operations"],
        "forget-users",
        DatasetGroup=account.arn("Group", "DatasetGroup"),
        Jobs=f"{JOBS}:data-deletion-job/vod-prod_forget-",
    )
    return account


def event(key: str) -> dict[str, Any]:
    """What EventBridge hands on when a file has come."""
    return {"source": "aws.s3", "detail": {"bucket": {"name": "vod-data"}, "object": {"key": key}}}


def jobs(running: Running) -> list[dict[str, Any]]:
    return list(running.cloud.personalize.list_data_deletion_jobs()["dataDeletionJobs"])


def test_the_users_of_a_list_are_forgotten_and_everybody_hears_of_it(running: Running) -> None:
    arn = running.start("forget-users", event("deletions/users.csv"), name="0123abcd-x_y")
    running.run()
    execution = running.execution(arn)
    assert execution.status == "SUCCEEDED", execution.cause
    (job,) = jobs(running)
    assert (job["jobName"], job["status"]) == ("vod-prod_forget-0123abcdxy", "COMPLETED")
    # 60 interactions of each; the group has no dataset of users.
    output = {"location": LIST, "job_arn": job["dataDeletionJobArn"], "deleted": 120}
    assert json.loads(execution.output or "") == output
    (told,) = running.told("Users Forgotten")
    assert told == {
        **output,
        "trains": False,
        "app": "vod",
        "environment": "prod",
        "workflow": "vod-prod-forget-users",
        "execution": arn,
    }


def test_one_list_comes_after_the_other_and_after_what_used_the_datasets_before(running: Running) -> None:
    refresh = running.start("refresh", {})
    lists = [running.start("forget-users", {"location": LIST}) for _ in range(2)]
    later = running.start("batch", {})
    running.run()
    refreshed = running.execution(refresh).ended or 0
    first, second = sorted(running.execution(each).ended or 0 for each in lists)
    created = sorted(each["creationDateTime"].timestamp() for each in jobs(running))
    assert refreshed <= created[0] < first <= created[1] < second
    # What started later is not waited for: it waits itself.
    assert running.execution(later).status == "SUCCEEDED"


def test_a_deployment_is_waited_for(running: Running) -> None:
    stack = running.cloud.cloudformation.stacks["vod-prod-ranking"]
    stack.status = "UPDATE_IN_PROGRESS"
    running.start("forget-users", {"location": LIST})
    running.run(1)
    assert jobs(running) == []
    stack.status = "UPDATE_COMPLETE"
    running.run()
    assert len(jobs(running)) == 1


@pytest.mark.parametrize(
    ("key", "status", "sentence"),
    [
        ("deletions/", "SUCCEEDED", None),
        (
            "deletions/users.txt",
            "FAILED",
            "s3://vod-data/deletions/users.txt must end in .csv and have the one column USER_ID: upload it again so.",
        ),
    ],
)
def test_what_is_no_list_deletes_nothing(running: Running, key: str, status: str, sentence: str | None) -> None:
    execution = running.execution(running.start("forget-users", event(key)))
    running.run(1)
    assert (execution.status, execution.cause) == (status, sentence)
    assert jobs(running) == []


def test_a_list_that_the_service_cannot_read_fails_with_its_reason(running: Running) -> None:
    running.cloud.buckets.put(LIST, "NAME\nu1\n")
    execution = running.execution(running.start("forget-users", {"location": LIST}))
    running.run()
    assert (execution.status, execution.error) == ("FAILED", "Personalize.Failed")
    assert "must have the one column USER_ID" in str(execution.cause)
    assert execution.states[-1] == "The deletion failed"


def test_a_job_that_the_service_has_no_room_for_is_tried_again(running: Running) -> None:
    running.cloud.service.faults.add(Fault("limit_exceeded", "CreateDataDeletionJob", count=3))
    execution = running.execution(running.start("forget-users", {"location": LIST}))
    running.run()
    assert execution.status == "SUCCEEDED", execution.cause


def test_its_role_lets_it_do_what_it_does_and_nothing_else(prod: Templates) -> None:
    stack = {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]}
    done = {"DataDeletionJob": {"Status": "COMPLETED", "NumDeleted": 1}}
    answers = {"describeStacks": stack, "createDataDeletionJob": {}, "describeDataDeletionJob": done}
    machine = Scripted(prod["operations"], "forget-users", {**answers, "putEvents": {}})
    assert machine.run(location=LIST).status == "SUCCEEDED"
    check_role(prod["operations"], "ForgetUsersMachineRole", [machine], count=7)


def test_files_in_the_folder_of_lists_start_it(prod: Templates) -> None:
    rules = of_type(prod["operations"], "AWS::Events::Rule").values()
    (rule,) = (each for each in rules if each["Targets"][0]["Arn"].endswith("-forget-users"))
    assert rule["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "deletions/"}]}
    reads = [
        each
        for each in statements_of(prod["data"], "ServiceRole")
        if any("/deletions/*" in str(one) for one in [each["Resource"]])
    ]
    assert [each["Action"] for each in reads] == ["s3:GetObject"]
