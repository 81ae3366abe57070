"""Production through the real CDK CLI: a first deployment that fails, and refreshed data."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.tools.sandbox.conftest import App
from tools.data import synthetic
from tools.data.catalogue import Catalogue
from tools.sandbox.cloud import ACCOUNT

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("deploying 2")]

SOURCE = "vod-example-data"
# The gate compares with what the first deployment left, then with what an update did.
RETRAININGS = 2
# What docs/operations.md tells the owner of the data to put on the bucket.
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "personalize.amazonaws.com"},
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{SOURCE}", f"arn:aws:s3:::{SOURCE}/*"],
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
    ],
}


def test_production(app: App) -> None:
    prod = replace(app, env="prod")
    # An hour for each import and training, no recommenders and no operations: the fewer resources, the faster. What is
    # tested here does not depend on them.
    prod.edit("max_wait: {imports: 2h, recommenders: 4h, trainings: 9h}", "max_wait: 1h")
    prod.edit_settings(lambda settings: settings.update(recommenders={}, operations=None))
    s3 = prod.client("s3")
    s3.create_bucket(Bucket=SOURCE)
    upload(prod, synthetic.generate())
    check_a_first_deployment_that_fails_leaves_nothing(prod)
    s3.put_bucket_policy(Bucket=SOURCE, Policy=json.dumps(POLICY))
    result = prod.deploy()
    assert result.exit_status == 0, result.output
    check_refreshed_data_passes_the_gate(prod)


def check_a_first_deployment_that_fails_leaves_nothing(app: App) -> None:
    """Case 21: `removal_policy: retain` keeps what has held data, not what never had any."""
    result = app.deploy()
    assert result.exit_status != 0
    assert "Insufficient privileges for accessing data in Amazon S3" in result.output
    assert app.status("vod-prod-data") == "ROLLBACK_COMPLETE"
    assert app.left() == {"CloudFormation": ["vod-prod-data"], "S3": [SOURCE]}


def check_refreshed_data_passes_the_gate(app: App) -> None:
    """Other samples of the same interactions: each deployment trains, passes the gate and reaches the campaign.

    That the gate lets chance pass, tests/lambdas/personalize_provider/test_data_refresh.py sees with ten of them.
    """
    catalogue, seen = synthetic.generate(), {served(app)}
    for number in range(RETRAININGS):
        upload(app, resampled(catalogue, number))
        app.edit_settings(partial(refresh, number))
        result = app.deploy()
        assert result.exit_status == 0, result.output
        assert app.outputs["vod-prod-ranking"]["RerankQualityGate"].startswith("passed")
        seen.add(served(app))
    assert len(seen) == 1 + RETRAININGS


def refresh(number: int, settings: dict[str, Any]) -> None:
    """Say that there are new interactions where the old ones were."""
    settings["datasets"]["interactions"]["data_version"] = f"refresh {number}"


def served(app: App) -> str:
    """The solution version behind the campaign."""
    personalize = app.client("personalize")
    (campaign,) = personalize.list_campaigns()["campaigns"]
    return str(personalize.describe_campaign(campaignArn=campaign["campaignArn"])["campaign"]["solutionVersionArn"])


def resampled(catalogue: Catalogue, seed: int) -> Catalogue:
    """The interactions of a third of the users, other ones for each seed."""
    users = sorted({event.user_id for event in catalogue.interactions})
    kept = frozenset(random.Random(seed).sample(users, len(users) // 3))
    return replace(catalogue, interactions=[each for each in catalogue.interactions if each.user_id in kept])


def upload(app: App, catalogue: Catalogue) -> None:
    files = Path(app.folder / "upload")
    catalogue.write(files)
    for file in files.glob("*.csv"):
        app.client("s3").upload_file(str(file), SOURCE, f"personalize/{file.name}")
