"""One environment for all tests: as it was deployed, and after people have changed it."""

from __future__ import annotations

import pytest

from stacks.settings import load_settings
from tests.stacks.operations.support.living import OPERATIONS, Apps
from tests.tools.status.support.environment import Environment
from tools.checkout import EXAMPLE_SETTINGS
from tools.status.rows import Found

SERVING_HOURS = {"start": "cron(0 7 * * ? *)", "stop": "cron(0 23 * * ? *)", "recommenders": ["top_picks"]}


@pytest.fixture(scope="package")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Dev with a refresh and serving hours."""
    apps = Apps(tmp_path_factory.mktemp)
    return Environment(
        apps.deployed(operations={**OPERATIONS, "serving_hours": SERVING_HOURS}), load_settings("dev", EXAMPLE_SETTINGS)
    )


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
    environment.app.run(3600)
    return environment.look()
