"""What a refresh does, in which order, and what its role lets it do. Its functions have tests of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.stacks.operations.support.asking import without
from tests.stacks.operations.support.resolved import actions_of, of_type, statements_of
from tests.stacks.operations.support.scripted import (
    ACCOUNT,
    ARN,
    CAMPAIGN,
    REGION,
    ROLE,
    SOLUTION,
    Scripted,
    references_to,
    refusal,
)
from tests.support.iam import permits
from tests.support.synthesized import Templates

VERSION, OLDER = f"{SOLUTION}/new", f"{SOLUTION}/old"
DATASET = f"{ARN}:dataset/films/INTERACTIONS"
MINUTE = 60.0


def job(name: str) -> dict[str, str]:
    job_name = f"vod-prod_refresh-interactions-{name}"
    return {
        "job_name": job_name,
        "job_arn": f"{ARN}:dataset-import-job/{job_name}",
        "location": f"s3://vod-example-data/personalize/interactions/{name}.csv",
        "import_mode": "INCREMENTAL",
    }


def found(*names: str, training_due: bool = True, busy: bool = False) -> dict[str, Any]:
    imports = [{"type": "INTERACTIONS", "dataset_arn": DATASET, "jobs": [job(name) for name in names]}] if names else []
    return {"Payload": {"busy": busy, "imports": imports, "training_due": training_due, "why": "Because."}}


def judged(verdict: str, serving: str = OLDER, **metrics: float) -> dict[str, Any]:
    return {"Payload": {"verdict": verdict, "text": f"It is {verdict}.", "metrics": metrics, "serving": serving}}


def stack(status: str) -> dict[str, Any]:
    return {"Stacks": [{"StackStatus": status}]}


def version(status: str, **more: str) -> dict[str, Any]:
    return {"SolutionVersion": {"Status": status, **more}}


def campaign(serves: str, **update: str) -> dict[str, Any]:
    return {"Campaign": {"SolutionVersionArn": serves, "Status": "ACTIVE", "LatestCampaignUpdate": update}}


def answers(**others: Any) -> dict[str, Any]:
    """Everything goes well: a file to import, a version that passes."""
    return {
        "describeStacks": stack("UPDATE_COMPLETE"),
        "RefreshFindNewData": found("a"),
        "createDatasetImportJob": {},
        "describeDatasetImportJob": {"DatasetImportJob": {"Status": "ACTIVE"}},
        "createSolutionVersion": {"SolutionVersionArn": VERSION},
        "describeSolutionVersion": version("ACTIVE"),
        "RefreshJudge": judged("passed", coverage=0.2, precision_at_5=0.1),
        "putMetricData": {},
        "putEvents": {},
        "updateCampaign": {},
        "describeCampaign": campaign(VERSION, Status="ACTIVE"),
        "WatchingObserve": {"Payload": {}},
        **others,
    }


def refresh(prod: Templates, **others: Any) -> Scripted:
    return Scripted(prod["operations"], "refresh", answers(**others))


# -- what it does --------------------------------------------------------------------------------------------------


def test_a_refresh_imports_trains_judges_moves_and_tells(prod: Templates) -> None:
    machine = refresh(prod, RefreshFindNewData=found("a", "b"))
    execution = machine.run(reason="a test")
    assert (execution.status, execution.cause) == ("SUCCEEDED", None)
    assert json.loads(str(execution.output)) == {
        "imported": ["INTERACTIONS"],
        "solution_version_arn": VERSION,
        "verdict": "passed",
        "text": "It is passed.",
        "why": "Because.",
    }
    names = [name for name, _ in machine.calls if name not in ("putEvents", "describeStacks")]
    assert names == [
        # Of its own, and of the machine that forgets users.
        *["listExecutions"] * 2,
        "RefreshFindNewData",
        *["createDatasetImportJob", "describeDatasetImportJob"] * 2,
        "createSolutionVersion",
        "describeSolutionVersion",
        "RefreshJudge",
        "putMetricData",
        "updateCampaign",
        "describeCampaign",
        "WatchingObserve",
    ]
    assert machine.told.keys() == {
        "Refresh Started",
        "Data Imported",
        "Version Trained",
        "Version Deployed",
        "Refresh Finished",
    }
    of_all = {"app": "vod", "environment": "prod", "workflow": "vod-prod-refresh", "execution": execution.arn}
    assert all(of_all.items() <= detail.items() for detail in machine.told.values())
    assert machine.told["Refresh Started"]["reason"] == "a test"
    assert machine.told["Data Imported"]["job_arn"] == job("b")["job_arn"]
    assert machine.told["Refresh Finished"].items() >= {"imported": ["INTERACTIONS"], "trained": True}.items()


def test_what_it_asks_of_the_service(prod: Templates) -> None:
    machine = refresh(prod)
    machine.run()
    tags = [{"TagKey": "project", "TagValue": "vod"}, {"TagKey": "stage", "TagValue": "production"}]
    assert machine.of("createDatasetImportJob") == [
        {
            "JobName": job("a")["job_name"],
            "DatasetArn": DATASET,
            "DataSource": {"DataLocation": job("a")["location"]},
            "RoleArn": ROLE,
            "ImportMode": "INCREMENTAL",
            "Tags": tags,
        }
    ]
    (training,) = machine.of("createSolutionVersion")
    assert training.pop("Name").startswith("vod-prod_refresh-17")
    assert training == {"SolutionArn": SOLUTION, "TrainingMode": "FULL", "Tags": tags}
    # A deployment or a schedule owns throughput and configuration.
    assert machine.of("updateCampaign") == [{"CampaignArn": CAMPAIGN, "SolutionVersionArn": VERSION}]
    (metrics,) = machine.of("putMetricData")
    assert metrics["Namespace"] == "vod/prod"
    assert metrics["MetricData"] == [
        {"MetricName": name, "Value": value, "Dimensions": [{"Name": "Solution", "Value": "rerank"}]}
        for name, value in {"coverage": 0.2, "precision_at_5": 0.1}.items()
    ]


def test_a_version_with_a_single_metric_has_it_kept(prod: Templates) -> None:
    """JSONata makes a value of a list of one, unless it is told not to."""
    machine = refresh(prod, RefreshJudge=judged("passed", coverage=0.2))
    machine.run()
    assert [each["MetricName"] for each in machine.of("putMetricData")[0]["MetricData"]] == ["coverage"]


def test_a_version_without_metrics_goes_on(prod: Templates) -> None:
    machine = refresh(prod, RefreshJudge=judged("passed"))
    assert machine.run().status == "SUCCEEDED"
    assert machine.of("putMetricData") == []


def test_it_asks_the_gate_of_deployments(prod: Templates) -> None:
    machine = refresh(prod)
    machine.run()
    (gate,) = of_type(prod["ranking"], "Custom::PersonalizeQualityGate").values()
    (judging,) = machine.of("RefreshJudge")
    of_the_gate = {key: gate[key] for key in gate.keys() - {"ServiceToken", "SolutionArn", "SolutionVersionArn"}}
    as_cloudformation_hands_it_on = {
        key: str(value).lower() if isinstance(value, bool) else value for key, value in of_the_gate.items()
    }
    assert judging["Payload"]["gate"] == as_cloudformation_hands_it_on


def test_what_is_looked_for(prod: Templates) -> None:
    machine = refresh(prod)
    machine.run(datasets=["interactions"], train="never")
    (asked,) = machine.of("RefreshFindNewData")
    assert asked["Payload"] == {
        "datasets": [
            {
                "type": "INTERACTIONS",
                "dataset_arn": DATASET,
                "location": "s3://vod-example-data/personalize/interactions/",
                "import_mode": "INCREMENTAL",
            }
        ],
        "job_prefix": "vod-prod_refresh",
        "train": "never",
        "solution_arn": SOLUTION,
        "events_count": True,
    }


def test_nothing_new_is_a_success(prod: Templates) -> None:
    machine = refresh(prod, RefreshFindNewData=found(training_due=False))
    execution = machine.run()
    assert execution.status == "SUCCEEDED"
    assert json.loads(str(execution.output)) == {
        "imported": [],
        "solution_version_arn": "",
        "verdict": "none",
        "text": "No version was trained.",
        "why": "Because.",
    }
    assert machine.told.keys() == {"Refresh Started", "Refresh Finished"}
    assert machine.told["Refresh Finished"]["trained"] is False


@pytest.mark.parametrize("verdict", ["refused", "overtaken"])
def test_a_version_that_may_not_serve_is_no_failure(prod: Templates, verdict: str) -> None:
    machine = refresh(prod, RefreshJudge=judged(verdict, coverage=0.01))
    execution = machine.run()
    assert execution.status == "SUCCEEDED"
    assert json.loads(str(execution.output))["verdict"] == verdict
    assert machine.of("updateCampaign") == []
    assert len(machine.of("putMetricData")) == 1
    assert machine.told["Version Trained"]["verdict"] == verdict
    assert "Version Deployed" not in machine.told


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"datasets": ["films", "items", "users"]}, "datasets: FILMS, ITEMS, USERS cannot be refreshed. Use INTERACT"),
        ({"datasets": "films"}, "datasets: FILMS cannot be refreshed."),
        ({"train": "perhaps"}, "train: perhaps is not known. Use never, if-new or always."),
        ({"training_mode": "HALF"}, "training_mode: HALF is not known. Use FULL or UPDATE."),
    ],
)
def test_wrong_input_is_a_sentence_and_nothing_is_done(prod: Templates, given: dict[str, Any], sentence: str) -> None:
    machine = refresh(prod)
    execution = machine.run(**given)
    assert (execution.status, execution.error) == ("FAILED", "Refresh.WrongInput")
    assert str(execution.cause).startswith(sentence)
    assert machine.calls == []


# -- waiting for others ----------------------------------------------------------------------------------------------


def test_two_never_work_at_once_and_the_later_one_does_what_is_left(prod: Templates) -> None:
    machine = refresh(prod, RefreshFindNewData=[found("a"), found(training_due=False)])
    first, second = machine.start(), machine.start()
    machine.time.run()
    worked = {
        arn: [each["timestamp"] for each in machine.machines.executions[arn].history if "Find new data" in str(each)]
        for arn in (first, second)
    }
    ended = {arn: machine.machines.executions[arn].ended for arn in (first, second)}
    earlier, later = sorted((first, second), key=lambda arn: worked[arn])
    assert worked[later][0].timestamp() >= float(ended[earlier] or 0)
    assert {machine.machines.executions[arn].status for arn in (first, second)} == {"SUCCEEDED"}
    assert len(machine.of("createSolutionVersion")) == 1


def test_one_that_is_not_listed_yet_waits(prod: Templates) -> None:
    """ListExecutions is eventually consistent. Each look asks for two machines."""
    machine = refresh(prod)
    listed = machine._answer
    nothing: Iterator[dict[str, Any]] = iter([{"Executions": []}] * 4)

    def late(name: str, arguments: Mapping[str, Any]) -> Any:
        return next(nothing, None) or listed(name, arguments) if name == "listExecutions" else listed(name, arguments)

    machine._answer = late  # type: ignore[method-assign]
    assert machine.run().status == "SUCCEEDED"
    assert len(machine.of("listExecutions")) == 6


@pytest.mark.parametrize(
    "status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"]
)
def test_it_waits_for_a_deployment(prod: Templates, status: str) -> None:
    ready = stack("UPDATE_COMPLETE")
    machine = refresh(prod, describeStacks=[ready, ready, stack(status), ready, ready])
    execution = machine.run()
    assert execution.status == "SUCCEEDED"
    assert {each["StackName"] for each in machine.of("describeStacks")} == {
        f"vod-prod-{each}" for each in ("data", "recommenders", "ranking", "operations")
    }
    assert len(machine.of("describeStacks")) == 8
    assert "Wait for the deployment" in execution.states


def test_it_waits_for_an_import_of_somebody_else(prod: Templates) -> None:
    machine = refresh(prod, RefreshFindNewData=[found(busy=True, training_due=False), found("a")])
    assert machine.run().status == "SUCCEEDED"
    assert len(machine.of("RefreshFindNewData")) == 2


@pytest.mark.parametrize("action", ["createDatasetImportJob", "createSolutionVersion"])
@pytest.mark.parametrize("error", ["LimitExceeded", "ResourceInUse", "Personalize"])
def test_a_busy_service_is_tried_again(prod: Templates, action: str, error: str) -> None:
    answer = answers()[action]
    machine = refresh(prod, **{action: [refusal(error), refusal(error), answer]})
    assert machine.run().status == "SUCCEEDED"
    assert len(machine.of(action)) == 3


# -- what was there already, and what fails --------------------------------------------------------------------------


def test_a_job_that_an_earlier_try_has_begun_is_waited_for(prod: Templates) -> None:
    machine = refresh(prod, createDatasetImportJob=refusal("ResourceAlreadyExists"))
    assert machine.run().status == "SUCCEEDED"
    assert machine.of("describeDatasetImportJob") == [{"DatasetImportJobArn": job("a")["job_arn"]}]


def test_a_version_that_an_earlier_try_has_begun_is_found(prod: Templates) -> None:
    listed = [
        {"SolutionVersionArn": OLDER, "CreationDateTime": "2023-11-14T00:00:00Z"},
        {"SolutionVersionArn": VERSION, "CreationDateTime": "2023-11-14T22:13:30.5Z"},
    ]
    machine = refresh(
        prod,
        createSolutionVersion=refusal("ResourceAlreadyExists"),
        listSolutionVersions={"SolutionVersions": listed},
    )
    assert machine.run().status == "SUCCEEDED"
    assert machine.of("describeSolutionVersion") == [{"SolutionVersionArn": VERSION}]


@pytest.mark.parametrize(
    ("failing", "state", "cause"),
    [
        (
            {"describeDatasetImportJob": {"DatasetImportJob": {"Status": "CREATE FAILED", "FailureReason": "Line 3."}}},
            "The import failed",
            "Line 3.",
        ),
        (
            {"describeSolutionVersion": version("CREATE FAILED", FailureReason="Too little data.")},
            "The training failed",
            "Too little data.",
        ),
        ({"describeSolutionVersion": version("CREATE STOPPED")}, "The training failed", "The service gives no reason."),
        (
            {"describeCampaign": campaign(OLDER, Status="CREATE FAILED", FailureReason="No capacity.")},
            "The campaign failed",
            "No capacity.",
        ),
    ],
)
def test_a_failure_ends_where_it_happened_with_the_reason_of_the_service(
    prod: Templates, failing: dict[str, Any], state: str, cause: str
) -> None:
    execution = refresh(prod, **failing).run()
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "Personalize.Failed", cause)
    assert execution.states[-1] == state


def test_what_the_service_refuses_is_not_tried_again(prod: Templates) -> None:
    machine = refresh(prod, createDatasetImportJob=refusal("InvalidInput"))
    execution = machine.run()
    assert (execution.status, execution.error) == ("FAILED", "Personalize.InvalidInputException")
    assert len(machine.of("createDatasetImportJob")) == 1


def test_after_somebody_elses_update_of_the_campaign_the_version_is_judged_again(prod: Templates) -> None:
    """A deployment may have let it serve a newer one, which stays."""
    machine = refresh(
        prod,
        RefreshJudge=[judged("passed", coverage=0.2), judged("overtaken")],
        updateCampaign=refusal("ResourceInUse"),
    )
    execution = machine.run()
    assert execution.status == "SUCCEEDED"
    assert json.loads(str(execution.output))["verdict"] == "overtaken"
    assert len(machine.of("updateCampaign")) == 1
    assert len(machine.of("putMetricData")) == 1


def test_a_campaign_is_waited_for_until_it_serves_the_version(prod: Templates) -> None:
    waiting = [campaign(OLDER, Status="CREATE IN_PROGRESS"), campaign(OLDER, Status="ACTIVE")]
    machine = refresh(prod, describeCampaign=[*waiting, campaign(VERSION, Status="ACTIVE")])
    assert machine.run().status == "SUCCEEDED"
    assert len(machine.of("describeCampaign")) == 3


def test_a_campaign_that_serves_the_version_already_is_left_alone(prod: Templates) -> None:
    machine = refresh(prod, RefreshJudge=judged("passed", serving=VERSION))
    assert machine.run().status == "SUCCEEDED"
    assert machine.of("updateCampaign") == []


def test_a_service_that_hangs_ends_it_after_a_day_and_what_an_import_and_a_training_may_take(prod: Templates) -> None:
    machine = refresh(prod)
    assert machine.machines.machines[machine.arn].timeout == (24 + 2 + 9) * 3600


# -- what starts it --------------------------------------------------------------------------------------------------


def schedules_of(prod: Templates) -> dict[str, dict[str, Any]]:
    found = of_type(prod["operations"], "AWS::Scheduler::Schedule", references_to(prod["operations"])).values()
    return {each["Name"]: each for each in found if each["Target"]["Arn"].endswith(":stateMachine:vod-prod-refresh")}


def test_schedules_say_when_and_what(prod: Templates) -> None:
    found = schedules_of(prod)
    assert {name: each["ScheduleExpression"] for name, each in found.items()} == {
        "refresh-daily": "cron(0 4 * * ? *)",
        "refresh-weekly": "cron(0 5 ? * SUN *)",
    }
    assert {name: json.loads(each["Target"]["Input"]) for name, each in found.items()} == {
        "refresh-daily": {"reason": "schedule daily", "datasets": ["INTERACTIONS"], "train": "never"},
        "refresh-weekly": {"reason": "schedule weekly", "train": "if-new"},
    }
    for each in found.values():
        assert each["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
        assert each["ScheduleExpressionTimezone"] == "Europe/Berlin"


def test_the_refresh_takes_the_input_of_each_schedule(prod: Templates) -> None:
    for each in schedules_of(prod).values():
        assert refresh(prod).run(**json.loads(each["Target"]["Input"])).status == "SUCCEEDED"


@pytest.mark.parametrize(
    ("role", "started"), [("SchedulesRefreshRole", "refresh"), ("RefreshGatheringNewFiles0Role", "gather")]
)
def test_what_starts_a_machine_may_do_nothing_else(prod: Templates, role: str, started: str) -> None:
    statements = statements_of(prod["operations"], role, references_to(prod["operations"]))
    (statement,) = (each for each in statements if each["Action"] != "sqs:SendMessage")
    assert (statement["Action"], statement["Resource"]) == (
        "states:StartExecution",
        f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:vod-prod-{started}",
    )


# -- gathering -------------------------------------------------------------------------------------------------------


def gather(prod: Templates) -> Scripted:
    return Scripted(prod["operations"], "gather", {"startExecution": {}})


def test_ten_files_make_one_refresh(prod: Templates) -> None:
    machine = gather(prod)
    for number in range(10):
        machine.start_later(number * 30.0)
    machine.time.run()
    (started,) = machine.of("startExecution")
    assert started["StateMachineArn"].endswith(":stateMachine:vod-prod-refresh")
    assert json.loads(started["Input"]) == {"reason": "new files", "train": "never"}
    assert {each.status for each in machine.machines.executions.values()} == {"SUCCEEDED"}


def test_two_files_at_the_same_moment_make_one_refresh(prod: Templates) -> None:
    machine = gather(prod)
    machine.start()
    machine.start()
    machine.time.run()
    assert len(machine.of("startExecution")) == 1


def test_a_file_that_comes_after_the_refresh_has_begun_starts_another_one(prod: Templates) -> None:
    machine = gather(prod)
    machine.start()
    machine.start_later(11 * MINUTE)
    machine.time.run()
    assert len(machine.of("startExecution")) == 2


def test_files_are_heard_of_in_both_places(prod: Templates) -> None:
    rules = of_type(prod["operations"], "AWS::Events::Rule").values()
    (pattern,) = (each["EventPattern"] for each in rules if each["Targets"][0]["Arn"].endswith("-gather"))
    assert pattern["detail"] == {
        "bucket": {"name": ["vod-example-data"]},
        "object": {"key": [{"prefix": "personalize/interactions/"}]},
    }
    assert "NotificationConfiguration" in next(iter(of_type(prod["data"], "AWS::S3::Bucket").values()))


# -- what its role lets it do ----------------------------------------------------------------------------------------

# The delivery of logs, and X-Ray: Step Functions does that itself.
AROUND = ("logs:", "xray:")
_STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack"
_CHECKED: Mapping[str, tuple[str, str]] = {
    "createSolutionVersion": ("personalize:CreateSolutionVersion", "SolutionArn"),
    "describeCampaign": ("personalize:DescribeCampaign", "CampaignArn"),
    "describeDatasetImportJob": ("personalize:DescribeDatasetImportJob", "DatasetImportJobArn"),
    "describeSolutionVersion": ("personalize:DescribeSolutionVersion", "SolutionVersionArn"),
    "listExecutions": ("states:ListExecutions", "StateMachineArn"),
    "startExecution": ("states:StartExecution", "StateMachineArn"),
    "updateCampaign": ("personalize:UpdateCampaign", "CampaignArn"),
}
Asked = tuple[str, str, Mapping[str, str]]


def asked_of_iam(name: str, given: Mapping[str, Any]) -> Iterator[Asked]:
    """Actions, resources and context that IAM checks a call by (Service Authorization Reference)."""
    tagged = given.get("Tags", [])
    match name:
        case "createDatasetImportJob":
            made = f"{ARN}:dataset-import-job/{given['JobName']}"
            yield from (("personalize:CreateDatasetImportJob", arn, {}) for arn in (made, given["DatasetArn"]))
            yield "iam:PassRole", given["RoleArn"], {"iam:PassedToService": "personalize.amazonaws.com"}
            yield from (("personalize:TagResource", made, {}) for _ in tagged[:1])
        case "describeStacks":
            yield "cloudformation:DescribeStacks", f"{_STACK}/{given['StackName']}/1a2b", {}
        case "listSolutionVersions":
            yield "personalize:ListSolutionVersions", "*", {}
        case "putMetricData":
            yield "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": given["Namespace"]}
        case "putEvents":
            bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
            yield "events:PutEvents", bus, {"events:source": given["Entries"][0]["Source"]}
        case _ if "FunctionName" in given:
            yield "lambda:InvokeFunction", given["FunctionName"], {}
        case _:
            action, member = _CHECKED[name]
            yield action, given[member], {}
            yield from (("personalize:TagResource", given[member], {}) for _ in tagged[:1])


def everything_asked(machines: list[Scripted]) -> list[Asked]:
    return [each for machine in machines for name, given in machine.calls for each in asked_of_iam(name, given)]


def lives_of(prod: Templates, name: str) -> list[Scripted]:
    """Executions in which everything happens."""
    if name == "gather":
        machines = [gather(prod)]
    else:
        listed = {"SolutionVersions": [{"SolutionVersionArn": VERSION, "CreationDateTime": "2023-11-14T00:00:00Z"}]}
        again = {"createSolutionVersion": refusal("ResourceAlreadyExists"), "listSolutionVersions": listed}
        machines = [refresh(prod), refresh(prod, **again)]
    for machine in machines:
        assert machine.run().status == "SUCCEEDED"
    return machines


@pytest.mark.parametrize(
    ("name", "role", "fewest"), [("refresh", "RefreshMachineRole", 13), ("gather", "RefreshGatheringMachineRole", 2)]
)
def test_its_role_lets_it_do_what_it_does_and_nothing_else(prod: Templates, name: str, role: str, fewest: int) -> None:
    asked = everything_asked(lives_of(prod, name))
    statements = statements_of(prod["operations"], role, references_to(prod["operations"]))
    assert [each for each in asked if not permits(statements, *each)] == []
    actions = {each for each in actions_of(statements) if not each.startswith(AROUND)}
    assert len(actions) >= fewest
    for action in actions:
        fewer = without(statements, action)
        assert [each for each in asked if not permits(fewer, *each)], f"{action} is not needed."


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("personalize:CreateSolutionVersion", f"{ARN}:solution/vod-prod_rerank-2", {}),
        ("personalize:UpdateCampaign", f"{ARN}:campaign/vod-dev_rerank", {}),
        ("personalize:CreateDatasetImportJob", f"{ARN}:dataset-import-job/vod-dev_refresh-1", {}),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
        ("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "vod/dev"}),
        ("events:PutEvents", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default", {"events:source": "aws.s3"}),
        ("states:ListExecutions", f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:vod-dev-refresh", {}),
    ],
)
def test_what_is_somebody_elses_is_not_its_to_touch(
    prod: Templates, action: str, resource: str, context: dict[str, str]
) -> None:
    statements = statements_of(prod["operations"], "RefreshMachineRole", references_to(prod["operations"]))
    assert action in actions_of(statements)
    assert not permits(statements, action, resource, context)
