"""What Personalize measures is in the CloudWatch of the local cloud."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tools.sandbox.cloud import Cloud, client

pytestmark = pytest.mark.xdist_group("sandbox")

RECIPE = "arn:aws:personalize:::recipe/aws-vod-top-picks"
SCHEMA = """{"type": "record", "name": "Items", "namespace": "com.amazonaws.personalize.schema", "version": "1.0",
 "fields": [{"name": "ITEM_ID", "type": "string"}, {"name": "GENRES", "type": "string", "categorical": true}]}"""


def test_metrics_are_found_by_the_documented_dimension() -> None:
    with Cloud() as endpoint:
        personalize, watch = client(endpoint, "personalize"), client(endpoint, "cloudwatch")
        group = personalize.create_dataset_group(name="films")["datasetGroupArn"]
        schema = personalize.create_schema(name="items", schema=SCHEMA)["schemaArn"]
        while personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]["status"] != "ACTIVE":
            pass
        wanted = {"name": "items", "datasetGroupArn": group, "datasetType": "Items", "schemaArn": schema}
        dataset = personalize.create_dataset(**wanted)["datasetArn"]
        for _ in range(2):
            with pytest.raises(ClientError):
                client(endpoint, "personalize-events").put_items(datasetArn=dataset, items=[{"itemId": "i1"}])
        now = datetime.now(UTC)
        query = {
            "Namespace": "AWS/Personalize",
            "MetricName": "PutItems4xxErrors",
            "StartTime": now - timedelta(hours=1),
            "EndTime": now + timedelta(hours=1),
            "Period": 3600,
            "Statistics": ["Sum"],
        }
        for name, arn in (("DatasetArn", dataset), ("DatasetGroupArn", group)):
            found = watch.get_metric_statistics(**query, Dimensions=[{"Name": name, "Value": arn}])["Datapoints"]
            assert sum(point["Sum"] for point in found) == 2
