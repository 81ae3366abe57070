"""A hard life through the real CDK CLI: trainings of hours, a failed one, an early end."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from typing import Any

import pytest

from tests.tools.sandbox.conftest import ENV, App
from tools.checkout import CHECKOUT
from tools.sandbox import cdk, inventory

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("deploying 3")]

DATA, RECOMMENDERS, RANKING = "vod-dev-data", "vod-dev-recommenders", "vod-dev-ranking"
LINK_SECONDS = 10
HOUR = 3600.0


# Longer than what generated names have room for, so they are cut.
LONG = "because_you_watched_something_really_very_nice_in_the_evening"


def test_hard_life_of_the_app(app: App) -> None:
    app.edit("  more_like_x:", f"  {LONG}:")
    check_a_training_longer_than_max_wait_fails_and_says_so(app)
    check_a_failed_training_is_rolled_back(app)
    check_a_training_of_hours_is_waited_for_by_several_links(app)
    check_a_recommender_that_cannot_be_deleted_is_forgotten(app)
    check_destroying_in_the_middle_of_a_training_leaves_nothing(app)


def deploy_only(app: App, stack: str) -> cdk.Result:
    """Deploy one stack and what it comes after; the CLI deploys the others in an order of its own."""
    return app.run(["deploy", stack, "--require-approval", "never"], link_seconds=LINK_SECONDS)


def check_a_training_longer_than_max_wait_fails_and_says_so(app: App) -> None:
    """Five links of ten seconds are five seconds here, in which hours pass."""
    app.fault(kind="duration", operation="CreateRecommender", resource="*top-picks*", seconds=16 * HOUR)
    result = deploy_only(app, RECOMMENDERS)
    assert result.exit_status != 0
    assert "The recommender 'vod-dev_top-picks-" in result.output
    assert "is still CREATE IN_PROGRESS after 50 s of waiting for it to settle. Raise max_wait" in result.output
    assert app.status(DATA) == "CREATE_COMPLETE"
    assert recommenders(app) == []


def check_a_failed_training_is_rolled_back(app: App) -> None:
    app.fault(kind="fail", operation="CreateSolutionVersion", message="Not enough capacity for training.")
    result = deploy_only(app, RANKING)
    assert result.exit_status != 0
    assert "is CREATE FAILED: Not enough capacity for training." in result.output
    held = inventory.personalize(app.endpoint)
    assert [arn for arn in held if ":solution/" in arn or ":campaign/" in arn] == []


def check_a_training_of_hours_is_waited_for_by_several_links(app: App) -> None:
    app.fault(kind="duration", operation="CreateSolutionVersion", seconds=3 * HOUR)
    result = app.deploy(link_seconds=LINK_SECONDS)
    assert result.exit_status == 0, result.output
    statuses = [
        line["status"] for line in logged(app) if line["type"] == "Custom::PersonalizeWait" and line.get("done")
    ]
    assert "handed over" in statuses
    assert statuses[-1] == "ACTIVE"


def check_a_recommender_that_cannot_be_deleted_is_forgotten(app: App) -> None:
    """Case 25: it has left the settings, and CloudFormation gives up after three attempts; then only we know of it.

    The destruction that comes next has to find it.
    """
    before = recommenders(app)
    app.fault(kind="limit_exceeded", operation="DeleteRecommender", message="Not now.", count=None)
    app.edit_settings(lambda settings: settings["recommenders"].pop(LONG))
    result = app.deploy(link_seconds=LINK_SECONDS)
    app.without_faults()
    assert result.exit_status == 0, result.output
    assert app.status(RECOMMENDERS) == "UPDATE_COMPLETE"
    assert recommenders(app) == before
    known = app.client("cloudformation").describe_stack_resources(StackName=RECOMMENDERS)["StackResources"]
    assert len([each for each in known if each["ResourceType"] == "Custom::PersonalizeRecommender"]) == 1


def recommenders(app: App) -> list[str]:
    return [arn for arn in inventory.personalize(app.endpoint) if ":recommender/" in arn]


def check_destroying_in_the_middle_of_a_training_leaves_nothing(app: App) -> None:
    """A new training of three days begins, somebody presses Ctrl-C, and destroys everything."""
    app.edit_settings(lambda settings: settings["ranking"].update(training_trigger="2"))
    app.fault(kind="duration", operation="CreateSolutionVersion", seconds=72 * HOUR)
    command = cdk.deploy_arguments(ENV, "--app", str(app.synthesize(link_seconds=LINK_SECONDS)))
    with subprocess.Popen(
        [str(cdk.CLI), "--no-notices", *command],
        cwd=CHECKOUT,
        env=cdk.environment(app.endpoint),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as deployment:
        wait_for_training(app)
        deployment.send_signal(signal.SIGINT)
    result = app.destroy(link_seconds=LINK_SECONDS)
    assert result.exit_status == 0, result.output
    assert app.left() == {}


def wait_for_training(app: App) -> None:
    personalize = app.client("personalize")
    for _ in range(600):
        versions = personalize.list_solution_versions()["solutionVersions"]
        if any(version["status"] == "CREATE IN_PROGRESS" for version in versions):
            return
        time.sleep(0.1)
    raise AssertionError("No training has begun.")


def logged(app: App) -> list[dict[str, Any]]:
    """The provider's log lines."""
    logs = app.client("logs")
    groups = [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]
    group = next(name for name in groups if "ProviderLogs" in name)
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern='"request_id"')
    lines = [event["message"].strip() for page in pages for event in page["events"]]
    return [json.loads(line) for line in lines if line.startswith('{"request_id"')]
