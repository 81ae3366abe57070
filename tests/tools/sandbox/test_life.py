"""The life of the app through the real CDK CLI: deploy, serve, update, fail and roll back, destroy."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.support.notebook import OUTPUTS, output_key
from tests.tools.sandbox.conftest import App, Outputs
from tests.tools.sandbox.support.arns import kind_of
from tests.tools.sandbox.support.handler_role import HandlerRole
from tools.repair import __main__ as repair
from tools.sandbox import inventory, shared
from tools.status import __main__ as status

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("deploying 1")]

DATA, RECOMMENDERS, RANKING = "vod-dev-data", "vod-dev-recommenders", "vod-dev-ranking"
USER = "u1"


def test_life_of_the_app(app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    result = app.deploy()
    assert result.exit_status == 0, result.output
    outputs = app.outputs
    check_outputs_are_complete(app, outputs)
    check_everything_serves(app, outputs)
    check_logs(app)
    HandlerRole(app).check_that_every_statement_is_needed()
    monkeypatch.setattr(shared, "find", lambda: shared.Running(app.endpoint, detached=False))
    check_what_people_change_by_hand_is_repaired(app, outputs, capsys)
    check_update_in_place(app, outputs)
    check_failed_update_is_rolled_back(app, outputs)
    check_a_section_that_is_taken_away_is_removed(app)
    check_recommenders_that_are_taken_away_are_removed(app)
    result = app.destroy()
    assert result.exit_status == 0, result.output
    assert app.left() == {}


def check_outputs_are_complete(app: App, outputs: Outputs) -> None:
    ssm, existing = app.client("ssm"), set(inventory.personalize(app.endpoint))
    for stack, variables in OUTPUTS.items():
        for variable in variables:
            value = outputs[f"vod-dev-{stack}"][output_key(variable)]
            assert ssm.get_parameter(Name=f"/vod/dev/{variable}")["Parameter"]["Value"] == value
            if value.startswith("arn:aws:personalize"):
                assert value in existing
            if "_metric_" in variable:
                assert 0 <= float(value) <= 1


def check_everything_serves(app: App, outputs: Outputs) -> None:
    runtime, events = app.client("personalize-runtime"), app.client("personalize-events")
    top_picks = outputs[RECOMMENDERS]["RecommenderTopPicksArn"]
    picks = recommended(runtime, recommenderArn=top_picks, userId=USER)
    assert len(picks) == 10
    more_like = outputs[RECOMMENDERS]["RecommenderMoreLikeXArn"]
    assert len(recommended(runtime, recommenderArn=more_like, userId=USER, itemId=picks[0])) == 10
    ranking = runtime.get_personalized_ranking(
        campaignArn=outputs[RANKING]["RerankCampaignArn"], inputList=["i9", "i1", "i5"], userId=USER
    )
    assert {item["itemId"] for item in ranking["personalizedRanking"]} == {"i9", "i1", "i5"}
    # What a user has watched is no longer recommended, as soon as the event is in.
    watched = {"eventType": "Watch", "itemId": picks[0], "sentAt": 1_700_000_000}
    events.put_events(
        trackingId=outputs[DATA]["EventTrackerTrackingId"], userId=USER, sessionId="s", eventList=[watched]
    )
    assert picks[0] not in recommended(runtime, recommenderArn=top_picks, userId=USER)


def check_logs(app: App) -> None:
    """One JSON line per request and poll, in a log group that does not keep them for ever; never a ResponseURL."""
    logs = app.client("logs")
    groups = logs.describe_log_groups()["logGroups"]
    group = next(each for each in groups if "ProviderLogs" in each["logGroupName"])
    assert group["retentionInDays"] == 30
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group["logGroupName"], filterPattern='"request_id"'
    )
    lines = [event["message"].strip() for page in pages for event in page["events"]]
    records = [json.loads(line) for line in lines if line.startswith('{"request_id"')]
    assert {record["type"] for record in records} >= {"Custom::PersonalizeDatasetGroup", "Custom::PersonalizeWait"}
    assert not [line for line in lines if "ResponseURL" in line]


def check_what_people_change_by_hand_is_repaired(
    app: App, outputs: Outputs, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make status` names each drift, `make repair` mends it, and a second one has nothing to do."""
    folders = ["--config-dir", str(app.folder / "config")]
    repairing = ["--yes", *folders, "--sample-dir", str(app.folder / "data")]
    assert status.main(folders) == 0
    held = set(inventory.personalize(app.endpoint))
    change_by_hand(app.client("personalize"), outputs)
    capsys.readouterr()
    assert status.main(["--json", *folders]) == 3
    states = {row["path"]: row["state"] for row in json.loads(capsys.readouterr().out)["resources"]}
    assert {path: state for path, state in states.items() if state != "in step"} == {
        "FilterUnwatched": "missing",
        "MoreLikeX": "stopped",
        "RerankCampaign": "changed by hand",
    }
    assert repair.main(repairing) == 0
    assert set(inventory.personalize(app.endpoint)) == held
    assert status.main(folders) == 0
    capsys.readouterr()
    assert repair.main(repairing) == 0
    assert "there is nothing to repair. Nothing is deployed." in capsys.readouterr().out


def change_by_hand(personalize: Any, outputs: Outputs) -> None:
    """Delete, stop and change, and wait until the service has done it."""
    unwatched, campaign = outputs[DATA]["FilterUnwatchedArn"], outputs[RANKING]["RerankCampaignArn"]
    personalize.delete_filter(filterArn=unwatched)
    personalize.stop_recommender(recommenderArn=outputs[RECOMMENDERS]["RecommenderMoreLikeXArn"])
    personalize.update_campaign(campaignArn=campaign, minProvisionedTPS=5)
    for _ in range(300):
        listed = personalize.list_filters(datasetGroupArn=outputs[DATA]["DatasetGroupArn"])["Filters"]
        update = personalize.describe_campaign(campaignArn=campaign)["campaign"]["latestCampaignUpdate"]
        if unwatched not in {each["filterArn"] for each in listed} and update["status"] == "ACTIVE":
            return
        time.sleep(0.2)
    raise AssertionError("It has not settled.")


def check_update_in_place(app: App, before: Outputs) -> None:
    app.edit("min_provisioned_tps: 1", "min_provisioned_tps: 3")
    app.edit("project: vod", "project: video")
    held = inventory.personalize(app.endpoint)
    result = app.deploy()
    assert result.exit_status == 0, result.output
    assert app.outputs == before
    assert inventory.personalize(app.endpoint) == held
    personalize = app.client("personalize")
    campaign = personalize.describe_campaign(campaignArn=before[RANKING]["RerankCampaignArn"])["campaign"]
    assert campaign["minProvisionedTPS"] == 3
    tags = personalize.list_tags_for_resource(resourceArn=before[DATA]["DatasetGroupArn"])["tags"]
    assert {"tagKey": "project", "tagValue": "video"} in tags


def check_failed_update_is_rolled_back(app: App, before: Outputs) -> None:
    """The service refuses a filter: its words reach the terminal, and all is as it was."""
    settings = app.settings.read_text()
    app.edit('IN ("Watch")', 'IN ("Watch", "Like")')
    app.fault(kind="limit_exceeded", operation="CreateFilter", message="No more filters.", count=None)
    held = inventory.personalize(app.endpoint)
    result = app.deploy()
    app.without_faults()
    app.settings.write_text(settings)
    assert result.exit_status != 0
    assert "Service quota reached: " in result.output
    assert "The service said: No more filters." in result.output
    assert app.status(DATA) == "UPDATE_ROLLBACK_COMPLETE"
    assert inventory.personalize(app.endpoint) == held
    runtime = app.client("personalize-runtime")
    assert recommended(
        runtime,
        recommenderArn=before[RECOMMENDERS]["RecommenderTopPicksArn"],
        userId=USER,
        filterArn=before[DATA]["FilterUnwatchedArn"],
    )


def check_a_section_that_is_taken_away_is_removed(app: App) -> None:
    """Case 1: `ranking` leaves the settings, and the next deployment takes the campaign and all of its stack away."""
    app.edit_settings(lambda settings: settings.pop("ranking"))
    result = app.deploy()
    assert result.exit_status == 0, result.output
    held = {kind_of(arn) for arn in inventory.personalize(app.endpoint)}
    assert not held & {"campaign", "solution", "solution-version"}
    assert "recommender" in held
    assert app.status(RANKING) == "UPDATE_COMPLETE"


def check_recommenders_that_are_taken_away_are_removed(app: App) -> None:
    """Cases 2 and 3: the last ones go too, and nothing that deployed stacks import leaves before its importers."""
    app.edit_settings(lambda settings: settings.update(recommenders={}))
    result = app.deploy()
    assert result.exit_status == 0, result.output
    assert "recommender" not in {kind_of(arn) for arn in inventory.personalize(app.endpoint)}
    assert app.status(RECOMMENDERS) == "UPDATE_COMPLETE"
    # Nothing has changed in it since the update that was rolled back.
    assert app.status(DATA) == "UPDATE_ROLLBACK_COMPLETE"


def recommended(runtime: Any, **request: Any) -> list[str]:
    answer = runtime.get_recommendations(numResults=10, **request)
    return [item["itemId"] for item in answer["itemList"]]
