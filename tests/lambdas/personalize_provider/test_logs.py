"""One JSON line per request and poll, with what was done, and without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.single_requests import Requests
from tests.lambdas.personalize_provider.support.template_parts import custom, template
from tools.emulator import Fault
from tools.simulation.cloud import VirtualCloud
from tools.simulation.framework import words

FIELDS = {"request_id", "request", "type", "logical_id", "physical_id", "step", "status", "seconds"}


def records(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Every line of the log."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_request_and_poll_has_a_line_with_everything_needed_to_follow_it(
    cloud: VirtualCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.cloudformation.deploy("app", template(blocks.whole()))
    cloud.cloudformation.delete("app")
    lines = records(capsys)
    assert all(line.keys() >= FIELDS for line in lines)
    # Most rounds of the waiter look at nothing and say nothing; every request has a line for each that does.
    begun = {line["request_id"] for line in lines if line["step"] == "on_event"}
    assert {line["request_id"] for line in lines if line["step"] == "is_complete"} == begun
    assert len(begun) == 2 * len(blocks.whole())
    assert {line["step"] for line in lines} == {"on_event", "is_complete"}
    assert {line["request"] for line in lines} == {"Create", "Delete"}
    assert all("done" in line for line in lines if line["step"] == "is_complete")


def test_what_was_done_is_in_the_line_of_the_poll_that_did_it(
    cloud: VirtualCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    resources = blocks.whole()
    cloud.cloudformation.deploy("app", template(resources))
    resources["Campaign"]["Properties"]["MinProvisionedTPS"] = 2
    cloud.cloudformation.deploy("app", template(resources, tags={"team": "films"}))
    cloud.cloudformation.delete("app")
    actions = [
        (line["logical_id"], line["actions"])
        for line in records(capsys)
        if line["step"] == "is_complete" and line["actions"]
    ]
    of_campaign = [done for logical_id, done in actions if logical_id == "Campaign"]
    assert of_campaign == [["CreateCampaign"], ["UpdateCampaign"], ["TagResource"], ["DeleteCampaign"]]
    assert ("Solution", ["TagResource"]) in actions


def test_a_training_that_is_stopped_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    cloud = VirtualCloud()
    blocks.put_data(cloud)
    cloud.service.faults.add(Fault("duration", "CreateSolutionVersion", seconds=9 * 3600))
    cloud.cloudformation.begin_deploy("app", template(blocks.whole()))
    cloud.time.run(until=cloud.time.time() + 2 * 3600)
    cloud.cloudformation.begin_delete("app")
    cloud.time.run()
    stopped = [line for line in records(capsys) if "StopSolutionVersionCreation" in line.get("actions", [])]
    assert [line["type"] for line in stopped] == ["Custom::PersonalizeSolutionVersion"]


def test_a_failure_is_logged_with_its_reason(cloud: VirtualCloud, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.service.faults.add(Fault("fail", "CreateFilter", message="No capacity."))
    cloud.cloudformation.deploy("app", template({**blocks.group(), "Filter": blocks.serving()["Filter"]}))
    failed = [line for line in records(capsys) if line["status"] == "failed"]
    assert [(line["logical_id"], line["step"]) for line in failed] == [("Filter", "is_complete")]
    assert "is CREATE FAILED: No capacity." in failed[0]["reason"]


def test_what_the_service_said_is_in_the_status_of_a_poll_that_tries_again(
    cloud: VirtualCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.service.faults.add(Fault("throttle", "CreateDatasetGroup"))
    Requests(cloud, "DatasetGroup").create(custom("DatasetGroup", Domain=blocks.VOD)["Properties"])
    assert "waiting (Rate exceeded)" in [line["status"] for line in records(capsys)]


def test_no_line_holds_the_url_that_answers_a_request(cloud: VirtualCloud, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.service.faults.add(Fault("access_denied", "CreateCampaign"))
    cloud.cloudformation.deploy("app", template(blocks.whole()))
    out = capsys.readouterr().out
    assert "cloudformation.invalid" not in out
    assert "ResponseURL" not in out


def test_a_reason_too_long_for_a_response_is_cut_and_logged_whole(
    cloud: VirtualCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "Zürich " * 1000
    cloud.service.faults.add(Fault("fail", "CreateDatasetGroup", message=said))
    response = Requests(cloud, "DatasetGroup").create(custom("DatasetGroup", Domain=blocks.VOD)["Properties"])
    assert not response.succeeded
    assert words(response.reason).endswith(" ... (the log has all of it)")
    assert len(words(response.reason).encode()) <= 2100
    assert any(said.strip() in line.get("error", "") for line in records(capsys))
