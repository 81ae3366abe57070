"""A custom dataset group: any data, a recipe of your choice, and a campaign that follows automatic trainings.

Custom groups have no domain and so no recommenders: a solution is trained and a campaign serves it. The interactions
are those of `npx cdk deploy --app "python custom_group.py" -c bucket=NAME`, in purchases.csv.
"""

from aws_cdk import App, CfnOutput, Duration, Stack
from aws_cdk import aws_s3 as s3
from cdk_personalize import (
    Campaign,
    Dataset,
    DatasetGroup,
    DatasetImport,
    DatasetType,
    EventParameters,
    PersonalizeProvider,
    Schema,
    ServiceRole,
    Solution,
    SolutionVersion,
)
from constructs import Construct

SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
    ],
    "version": "1.0",
}


class ShopStack(Stack):
    """What customers of a shop may like, trained again every week."""

    def __init__(self, scope: Construct, id: str, *, bucket_name: str) -> None:
        super().__init__(scope, id)
        provider = PersonalizeProvider(self, "Provider", name_prefix="shop")
        role = ServiceRole(self, "Role")
        role.allow_read(s3.Bucket.from_bucket_name(self, "Bucket", bucket_name))
        group = DatasetGroup(self, "Group", provider=provider, domain=None)
        interactions = Dataset(
            self,
            "Interactions",
            provider=provider,
            dataset_group=group,
            dataset_type=DatasetType.INTERACTIONS,
            schema=Schema(
                self,
                "Schema",
                provider=provider,
                schema=SCHEMA,
                dataset_type=DatasetType.INTERACTIONS,
                domain=None,
            ),
        )
        DatasetImport(
            self,
            "Purchases",
            provider=provider,
            dataset=interactions,
            data_location=f"s3://{bucket_name}/purchases.csv",
            role=role,
            max_wait=Duration.hours(2),
        )
        solution = Solution(
            self,
            "Recommended",
            provider=provider,
            dataset_group=group,
            recipe="aws-user-personalization-v2",
            auto_training_days=7,
            events_config=[EventParameters("Purchase", weight=1.0), EventParameters("View", weight=0.2)],
        )
        campaign = Campaign(
            self,
            "Campaign",
            provider=provider,
            solution_version=SolutionVersion(self, "First", provider=provider, solution=solution),
            follow_latest=True,
        )
        CfnOutput(self, "CampaignArn", value=campaign.campaign_arn)


app = App()
ShopStack(app, "shop", bucket_name=app.node.try_get_context("bucket") or "shop-data")
app.synth()
