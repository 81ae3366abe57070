"""Recommenders on a dataset group that exists already, with an alarm and a client that may ask them.

Nothing here changes, tags or deletes the group: `npx cdk deploy --app "python existing_group.py" -c dataset_group=ARN`.
"""

from aws_cdk import App, Aws, CfnOutput, Stack
from aws_cdk import aws_iam as iam
from cdk_personalize import DatasetGroup, Filter, PersonalizeProvider, Recommender, VideoOnDemand
from constructs import Construct

RECIPES = {"MoreLikeX": VideoOnDemand.MORE_LIKE_X, "TopPicks": VideoOnDemand.TOP_PICKS}


class RecommendersStack(Stack):
    """What serves recommendations from data that another app keeps."""

    def __init__(self, scope: Construct, id: str, *, dataset_group_arn: str) -> None:
        super().__init__(scope, id)
        provider = PersonalizeProvider(self, "Provider", name_prefix="films-web")
        group = DatasetGroup.from_dataset_group_arn(self, "Group", dataset_group_arn)
        unwatched = Filter(
            self,
            "Unwatched",
            provider=provider,
            dataset_group=group,
            filter_expression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")',
        )
        client = iam.Role(self, "Client", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        for name, recipe in RECIPES.items():
            recommender = Recommender(self, name, provider=provider, dataset_group=group, recipe=recipe)
            recommender.grant_get_recommendations(client, [unwatched])
            recommender.metric_get_recommendations_5xx_errors().create_alarm(
                self, f"{name}Fails", threshold=10, evaluation_periods=3
            )
            CfnOutput(self, f"{name}Arn", value=recommender.recommender_arn)


app = App()
given = app.node.try_get_context("dataset_group")
films = f"arn:{Aws.PARTITION}:personalize:{Aws.REGION}:{Aws.ACCOUNT_ID}:dataset-group/films"
RecommendersStack(app, "films-web", dataset_group_arn=given or films)
app.synth()
