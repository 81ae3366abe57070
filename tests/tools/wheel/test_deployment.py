"""An app of the installed wheel, deployed to the local cloud by the CDK CLI, used and destroyed."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import pytest

from tests.tools.wheel.support.installation import Installation
from tools.checkout import CHECKOUT, UNVALIDATED
from tools.data import synthetic
from tools.sandbox import cdk, inventory, shared
from tools.sandbox.cloud import LATE_LINES_SECONDS, Cloud, Endpoint, client

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("deploying 2")]

BUCKET = "shop-data"
EXAMPLE = CHECKOUT / "examples" / "custom_group.py"
# The example trains on these events alone.
IN_A_SHOP = {"Watch": "Purchase", "Click": "View"}
COLUMNS = ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE")
READ = {
    "Sid": "PersonalizeReads",
    "Effect": "Allow",
    "Principal": {"Service": "personalize.amazonaws.com"},
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
}


def put_data(endpoint: Endpoint, folder: Path) -> None:
    """A bucket that Personalize may read, with the file that the example imports."""
    synthetic.generate().write(folder)
    written = folder / "purchases.csv"
    with (folder / "interactions.csv").open() as interactions, written.open("w", newline="") as purchases:
        rows = csv.DictWriter(purchases, COLUMNS, extrasaction="ignore")
        rows.writeheader()
        for row in csv.DictReader(interactions):
            rows.writerow({**row, "EVENT_TYPE": IN_A_SHOP[row["EVENT_TYPE"]]})
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [READ]}))
    s3.upload_file(str(written), BUCKET, "purchases.csv")


def remove_data(endpoint: Endpoint) -> None:
    s3 = client(endpoint, "s3")
    s3.delete_object(Bucket=BUCKET, Key="purchases.csv")
    s3.delete_bucket(Bucket=BUCKET)


def test_an_app_of_a_stranger_is_deployed_and_destroyed(installation: Installation, tmp_path: Path) -> None:
    of_the_app = ("--app", f"{installation.python} -I {EXAMPLE}", "-c", f"bucket={BUCKET}")
    outputs = tmp_path / "outputs.json"
    deploy = ("deploy", "--all", *of_the_app, "--require-approval", "never", "--outputs-file", str(outputs))
    with Cloud() as endpoint:
        shared.prepare(endpoint)
        put_data(endpoint, tmp_path)
        result = cdk.captured(endpoint, deploy, variables=UNVALIDATED, directory=tmp_path)
        assert result.exit_status == 0, result.output
        campaign = json.loads(outputs.read_text())["shop"]["CampaignArn"]
        runtime = client(endpoint, "personalize-runtime")
        assert len(runtime.get_recommendations(campaignArn=campaign, userId="u1", numResults=5)["itemList"]) == 5
        destroy = ("destroy", "--all", *of_the_app, "--force")
        result = cdk.captured(endpoint, destroy, variables=UNVALIDATED, directory=tmp_path)
        assert result.exit_status == 0, result.output
        remove_data(endpoint)
        time.sleep(2 * LATE_LINES_SECONDS)
        assert inventory.leftovers(endpoint) == {}
