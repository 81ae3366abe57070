"""One environment for all tests: as it was deployed, and after people have changed it."""

from __future__ import annotations

import pytest

from tests.stacks.operations.support.living import OPERATIONS, Apps, quiet
from tests.tools.explore.support.deployed import settings_with
from tests.tools.status.support.environment import Environment
from tools.status.rows import Found

SERVING_HOURS = {"start": "cron(0 7 * * ? *)", "stop": "cron(0 23 * * ? *)", "recommenders": ["top_picks"]}


@pytest.fixture(scope="package")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Dev with a refresh and serving hours."""
    apps = Apps(tmp_path_factory.mktemp)
    operations = {**OPERATIONS, "serving_hours": SERVING_HOURS, "alarms": {"idle_days": 2}}
    settings = settings_with(tmp_path_factory.mktemp("settings") / "config", operations=operations)
    return Environment(apps.deployed(operations=operations), settings)


@pytest.fixture(scope="package")
def deployed(environment: Environment) -> Found:
    """What is found right after the deployment."""
    return environment.look()


@pytest.fixture(scope="package")
def drifted(environment: Environment, deployed: Found) -> Found:
    """What is found after people have changed what can be changed by hand."""
    personalize = environment.app.cloud.personalize
    personalize.delete_filter(filterArn=environment.arn("filter_unwatched_arn"))
    personalize.stop_recommender(recommenderArn=environment.arn("recommender_more_like_x_arn"))
    personalize.update_campaign(
        campaignArn=environment.arn("rerank_campaign_arn"),
        minProvisionedTPS=5,
        campaignConfig={"enableMetadataWithRecommendations": True},
    )
    group = environment.arn("dataset_group_arn")
    personalize.create_filter(
        name="mine", datasetGroupArn=group, filterExpression='INCLUDE ItemID WHERE Items.GENRES IN ("Drama")'
    )
    environment.app.run(3600)
    return environment.look()


@pytest.fixture(scope="package")
def refreshed(environment: Environment, drifted: Found) -> Found:
    """What is found after a refresh, and after somebody has trained a version that nobody let serve."""
    app = environment.app
    app.bring()
    app.refresh(train="always")
    solution = environment.arn("rerank_solution_arn")
    app.cloud.personalize.create_solution_version(name="by-hand", solutionArn=solution)
    app.run(2 * 3600)
    return environment.look()


@pytest.fixture(scope="package")
def later(environment: Environment, refreshed: Found) -> Found:
    """What is found after two days in which nobody has asked for anything, at night."""
    environment.app.run(2 * 86_400)
    with quiet():
        environment.app.cloud.time.run(environment.now.replace(hour=23, minute=30).timestamp())
    return environment.look()
