"""Video on demand in fifty lines: data, recommenders, ranking, filter and event tracker.

It imports interactions.csv and items.csv from a bucket that exists already, and that Personalize may read:
`npx cdk deploy --app "python video_on_demand.py" -c bucket=NAME`. It bills while it exists: a recommender and a
campaign, each with one request per second.
"""

from aws_cdk import App, CfnOutput, Stack
from aws_cdk import aws_s3 as s3
from cdk_personalize import (
    AttributedMetric,
    Campaign,
    Dataset,
    DatasetGroup,
    DatasetImport,
    DatasetType,
    EventTracker,
    Filter,
    MetricAttribution,
    PersonalizeProvider,
    QualityGate,
    Recommender,
    Schema,
    ServiceRole,
    Solution,
    SolutionVersion,
    VideoOnDemand,
)
from constructs import Construct

# The columns of the CSV files, in their order.
COLUMNS = {
    DatasetType.INTERACTIONS: {"USER_ID": "string", "ITEM_ID": "string", "EVENT_TYPE": "string", "TIMESTAMP": "long"},
    DatasetType.ITEMS: {"ITEM_ID": "string", "GENRES": "string", "CREATION_TIMESTAMP": "long"},
}


class FilmsStack(Stack):
    """Films that viewers are recommended."""

    def __init__(self, scope: Construct, id: str, *, bucket_name: str) -> None:
        super().__init__(scope, id)
        provider = PersonalizeProvider(self, "Provider", name_prefix="films")
        role = ServiceRole(self, "Role")
        role.allow_read(s3.Bucket.from_bucket_name(self, "Bucket", bucket_name))
        role.allow_metrics()
        group = DatasetGroup(self, "Group", provider=provider)
        for kind, columns in COLUMNS.items():
            name = kind.capitalize()
            schema = Schema(
                self, f"{name}Schema", provider=provider, dataset_type=kind, schema=avro_schema(name, columns)
            )
            dataset = Dataset(self, name, provider=provider, dataset_group=group, dataset_type=kind, schema=schema)
            location = f"s3://{bucket_name}/{kind.lower()}.csv"
            DatasetImport(self, f"{name}Import", provider=provider, dataset=dataset, data_location=location, role=role)
        common = {"provider": provider, "dataset_group": group}
        expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'
        unwatched = Filter(self, "Unwatched", filter_expression=expression, **common)
        watched = AttributedMetric(metric_name="watched", event_type="Watch", expression="SAMPLECOUNT()")
        MetricAttribution(self, "Attribution", metrics=[watched], role=role, **common)
        tracker = EventTracker(self, "Tracker", **common)
        top_picks = Recommender(self, "TopPicks", recipe=VideoOnDemand.TOP_PICKS, **common)
        ranking = Solution(self, "Ranking", recipe="aws-personalized-ranking-v2", **common)
        version = SolutionVersion(self, "Version", provider=provider, solution=ranking)
        gate = QualityGate(
            self, "Gate", provider=provider, solution=ranking, solution_version=version, minimums={"coverage": 0.01}
        )
        campaign = Campaign(self, "Campaign", provider=provider, solution_version=gate)
        outputs = {
            "UnwatchedArn": unwatched.filter_arn,
            "TrackingId": tracker.tracking_id,
            "TopPicksArn": top_picks.recommender_arn,
            "CampaignArn": campaign.campaign_arn,
        }
        for key, value in outputs.items():
            CfnOutput(self, key, value=value)


def avro_schema(name: str, columns: dict[str, str]) -> dict[str, object]:
    """The columns as an Avro record; genres are categories."""
    fields = [
        {"name": column, "type": type_, **({"categorical": True} if column == "GENRES" else {})}
        for column, type_ in columns.items()
    ]
    namespace = "com.amazonaws.personalize.schema"
    return {"type": "record", "name": name, "namespace": namespace, "fields": fields, "version": "1.0"}


app = App()
FilmsStack(app, "films", bucket_name=app.node.try_get_context("bucket") or "films-data")
app.synth()
