"""Dataset groups as people make them by hand: with the calls of a notebook, under names of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import RECIPE, Account
from tools.adopt.__main__ import adopt, options_of
from tools.adopt.report import Report
from tools.deployed import Account as Reached

UNWATCHED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'
GENRE = "INCLUDE ItemID\n  WHERE Items.GENRES IN ($GENRES)"
STACK = "arn:aws:cloudformation:eu-west-1:000000000000:stack/films/1"
RANKING = "aws-personalized-ranking"
ROWS = {"Interactions": records.interaction_rows(), "Items": records.item_rows(), "Users": records.user_rows()}


class Stacks:
    """CloudFormation, as far as it is asked: stacks by their ARN or name; others are not there.

    Attributes:
        statuses: of `stack/films/1` and so on, each by the name of its stack.
        held: physical ids in the stack `films`, each with the type.
    """

    def __init__(self, **statuses: str) -> None:
        """Know the statuses of stacks."""
        self.statuses = statuses
        self.held: dict[str, str] = {}

    def describe_stacks(self, StackName: str) -> Mapping[str, Any]:  # noqa: N803 (boto3's own)
        """Answer as boto3 does."""
        name = StackName.split("/")[1] if "/" in StackName else StackName
        if name not in self.statuses:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        created = datetime(2026, 1, 1, tzinfo=UTC)
        found = {"StackId": STACK, "StackStatus": self.statuses[name], "CreationTime": created}
        return {"Stacks": [found]}

    def describe_stack_resources(self, PhysicalResourceId: str) -> Mapping[str, Any]:  # noqa: N803 (boto3's own)
        """Answer as boto3 does."""
        if PhysicalResourceId not in self.held:
            message = f"Stack for {PhysicalResourceId} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStackResources")
        of_stack = {"StackId": STACK, "LogicalResourceId": "Any", "ResourceType": self.held[PhysicalResourceId]}
        of_stack |= {"PhysicalResourceId": PhysicalResourceId, "ResourceStatus": "CREATE_COMPLETE"}
        return {"StackResources": [of_stack]}


def group_by_hand(
    account: Account,
    name: str = "films",
    domain: str | None = "VIDEO_ON_DEMAND",
    kinds: Iterable[str] = tuple(ROWS),
    imported: Iterable[str] = tuple(ROWS),
    rows: Mapping[str, Any] = ROWS,
    **more: Any,
) -> str:
    """A dataset group with datasets, and data in those that are imported."""
    account.group = account.created("DatasetGroup", name=name, **({"domain": domain} if domain else {}), **more)
    for kind in kinds:
        schema = account.create(
            "Schema", name=f"{name}-{kind.lower()}-schema", schema=records.schema(kind), **_of(domain)
        )
        account.dataset(kind, name=f"{name}-{kind.lower()}", schemaArn=schema)
        if kind in imported:
            job = account.imported(kind, records.csv(kind, rows[kind]), jobName=f"{name}-{kind.lower()}-first")
            assert job["status"] == "ACTIVE"
    return account.group


def _of(domain: str | None) -> dict[str, str]:
    return {"domain": domain} if domain else {}


def everything_by_hand(account: Account) -> None:
    """A dataset group in which nothing is as the service has it by default."""
    group_by_hand(account)
    more = "INTERACTIONS-of-today"
    account.objects.put(f"s3://movies/{more}.csv", records.csv("Interactions", ROWS["Interactions"]))
    account.imported(
        "Interactions",
        jobName=more,
        dataSource={"dataLocation": f"s3://movies/{more}.csv"},
        importMode="INCREMENTAL",
    )
    account.recommender(
        "aws-vod-top-picks",
        name="films-TopPicks",
        recommenderConfig={
            "minRecommendationRequestsPerSecond": 2,
            "enableMetadataWithRecommendations": True,
            "itemExplorationConfig": {"explorationWeight": "0.5", "explorationItemAgeCutOff": "14"},
            "trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["PRICE"]}},
        },
        tags=[{"tagKey": "team", "tagValue": "films"}],
    )
    stopped = account.recommender("aws-vod-more-like-x", name="films-more-like")
    account.personalize.stop_recommender(recommenderArn=stopped)
    account.wait()
    config = {
        "algorithmHyperParameters": {"hidden_dimension": "64", "recency_mask": "true"},
        "trainingDataConfig": {"includedDatasetColumns": {"ITEMS": ["ITEM_ID", "GENRES", "CREATION_TIMESTAMP"]}},
    }
    ranking_by_hand(account, performAutoTraining=True, solutionConfig=config)
    account.filter(UNWATCHED, name="unwatched")
    account.filter(GENRE, name="2genres")
    account.created("EventTracker", name="films-tracker", datasetGroupArn=account.group)
    account.created("MetricAttribution", name="films-attribution", **records.attribution(account.group))


def ranking_by_hand(account: Account, name: str = "films-ranking", **params: Any) -> str:
    """A solution for re-ranking and a campaign that serves its first version, of two; answers its ARN."""
    solution = account.solution(RANKING, name=name, **params)
    version = account.version(solution)
    account.version(solution)
    config = {"enableMetadataWithRecommendations": "Items" in account.datasets}
    account.campaign(version, name=f"{name}-campaign", minProvisionedTPS=3, campaignConfig=config)
    return solution


def solution_for_users(account: Account) -> str:
    """A solution that the settings have no word for."""
    return account.created(
        "Solution",
        name="films-for-users",
        datasetGroupArn=account.group,
        recipeArn=f"{RECIPE}/aws-user-personalization-v2",
        performAutoTraining=False,
    )


def adopted(account: Account, folder: Path, *arguments: str, stacks: Stacks | None = None) -> Report:
    """Let `make adopt` read the account and write into a folder."""
    clients = {"personalize": account.personalize, "cloudformation": stacks or Stacks()}
    reached = Reached("a test", clients.__getitem__, is_local=True)
    wanted = ["--env", "films", "--config-dir", str(folder), *arguments]
    if "--dataset-group" not in arguments:
        wanted += ["--dataset-group", "films"]
    return adopt(reached, options_of(wanted))
