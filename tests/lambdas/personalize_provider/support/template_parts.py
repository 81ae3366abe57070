"""Template parts for the provider's tests: every resource type, with what it needs."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from lambdas.personalize_provider.resources import RESOURCES
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Stack

TOKEN = "arn:aws:lambda:eu-west-1:000000000000:function:provider"
ROLE = "arn:aws:iam::000000000000:role/personalize"
BUCKET = "s3://vod-data"
RECIPE = "arn:aws:personalize:::recipe"
VOD = "VIDEO_ON_DEMAND"

_WITHOUT_TAGS = (
    "Custom::PersonalizeWait",
    "Custom::PersonalizeDeletionWait",
    *(f"Custom::Personalize{noun}" for noun, row in RESOURCES.items() if not row.taggable),
)

Resource = dict[str, Any]
Resources = dict[str, Resource]


def custom(noun: str, **properties: Any) -> Resource:
    """A custom resource with a generated name."""
    return {
        "Type": f"Custom::Personalize{noun}",
        "Properties": {"ServiceToken": TOKEN, "NamePrefix": f"vod-test-{noun.lower()}", **properties},
    }


def handle() -> Resource:
    """A resource that costs nothing and does nothing, for a stack that holds nothing else."""
    return {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def named(resource: Resource, name: str) -> Resource:
    """The same with a name of the user's choice."""
    properties = {key: value for key, value in resource["Properties"].items() if key != "NamePrefix"}
    return {**resource, "Properties": {**properties, "Name": name}}


def arn(logical_id: str, noun: str) -> dict[str, list[str]]:
    """Fn::GetAtt of a resource's ARN."""
    return {"Fn::GetAtt": [logical_id, f"{noun}Arn"]}


def link(of: str, noun: str, number: int, links: int, seconds: int = 3000) -> Resource:
    """One link of a wait chain."""
    before = of if number == 1 else f"{of}Link{number - 1}"
    return {
        "Type": "Custom::PersonalizeWait",
        "Properties": {
            "ServiceToken": TOKEN,
            "ResourceType": noun,
            "ResourceArn": arn(before, noun),
            "Revision": {"Fn::GetAtt": [before, "Revision"]},
            "Link": number,
            "Links": links,
            "LinkSeconds": seconds,
        },
    }


def deletion_link(of: str, noun: str, number: int, seconds: int = 3000) -> Resource:
    """One link of the chain that holds a deletion back."""
    return {
        "Type": "Custom::PersonalizeDeletionWait",
        "Properties": {
            "ServiceToken": TOKEN,
            "ResourceType": noun,
            "ResourceArn": arn(of if number == 1 else f"{of}Deletion{number - 1}", noun),
            "LinkSeconds": seconds,
        },
    }


def chain(of: str, noun: str, links: int = 5, seconds: int = 3000) -> Resources:
    """A wait chain as the construct makes it; `<of>Settled` is its last link."""
    resources = {f"{of}Link{number}": link(of, noun, number, links, seconds) for number in range(1, links)}
    resources[f"{of}Settled"] = link(of, noun, links, links, seconds)
    # A training can be stopped.
    return resources if noun == "SolutionVersion" else with_deletion_links(resources, of, noun, links, seconds)


def with_deletion_links(chain: Resources, of: str, noun: str, links: int = 5, seconds: int = 3000) -> Resources:
    """The same with links that hold the deletion back."""
    result = {**chain, **{f"{of}Deletion{n}": deletion_link(of, noun, n, seconds) for n in range(1, links)}}
    if links > 1:
        result[f"{of}Link1"] = {**chain[f"{of}Link1"], "DependsOn": [f"{of}Deletion{links - 1}"]}
    return result


def schema(kind: str, extra: list[dict[str, Any]] | None = None) -> str:
    """Avro schema of a dataset type as JSON."""
    string = "string"
    fields: Mapping[str, list[dict[str, Any]]] = {
        "Interactions": [
            {"name": "USER_ID", "type": string},
            {"name": "ITEM_ID", "type": string},
            {"name": "EVENT_TYPE", "type": string},
            {"name": "TIMESTAMP", "type": "long"},
        ],
        "Items": [
            {"name": "ITEM_ID", "type": string},
            {"name": "GENRES", "type": string, "categorical": True},
            {"name": "CREATION_TIMESTAMP", "type": "long"},
        ],
    }
    return json.dumps(
        {
            "type": "record",
            "name": kind,
            "namespace": "com.amazonaws.personalize.schema",
            "fields": fields[kind] + (extra or []),
            "version": "1.0",
        }
    )


def group() -> Resources:
    """A dataset group with an interactions and an items dataset, without data."""
    resources: Resources = {"Group": custom("DatasetGroup", Domain=VOD)}
    for kind in ("Interactions", "Items"):
        resources[f"{kind}Schema"] = custom("Schema", Schema=schema(kind), Domain=VOD)
        resources[f"{kind}Dataset"] = custom(
            "Dataset",
            DatasetGroupArn=arn("Group", "DatasetGroup"),
            DatasetType=kind.upper(),
            SchemaArn=arn(f"{kind}Schema", "Schema"),
        )
    return resources


def data(version: str = "1") -> Resources:
    """Imports into the datasets of `group`."""
    resources: Resources = {}
    for kind in ("Interactions", "Items"):
        resources[f"{kind}Import"] = custom(
            "DatasetImportJob",
            DatasetArn=arn(f"{kind}Dataset", "Dataset"),
            DataSource={"DataLocation": f"{BUCKET}/{kind.lower()}.csv"},
            DataVersion=version,
            RoleArn=ROLE,
            ImportMode="FULL",
        )
        resources |= chain(f"{kind}Import", "DatasetImportJob", links=2)
    return resources


def after_data(resource: Resource) -> Resource:
    """A resource that trains on the data of `data`."""
    return {**resource, "DependsOn": ["InteractionsImportSettled", "ItemsImportSettled"]}


def recommender(**properties: Any) -> Resource:
    """A recommender of the group."""
    return after_data(
        custom(
            "Recommender",
            **{
                "DatasetGroupArn": arn("Group", "DatasetGroup"),
                "RecipeArn": f"{RECIPE}/aws-vod-top-picks",
                "RecommenderConfig": {"MinRecommendationRequestsPerSecond": 1},
                **properties,
            },
        )
    )


def solution(**properties: Any) -> Resource:
    """A ranking solution of the group."""
    return {
        **custom(
            "Solution",
            **{
                "DatasetGroupArn": arn("Group", "DatasetGroup"),
                "RecipeArn": f"{RECIPE}/aws-personalized-ranking",
                "PerformHPO": False,
                "PerformAutoTraining": False,
                "SolutionConfig": {"AlgorithmHyperParameters": {}},
                **properties,
            },
        ),
        "DependsOn": ["InteractionsDataset", "ItemsDataset"],
    }


def version(**properties: Any) -> Resource:
    """A version of the resource `Solution`."""
    return after_data(
        custom(
            "SolutionVersion",
            **{
                "SolutionArn": arn("Solution", "Solution"),
                "TrainingMode": "FULL",
                "Triggers": {"TrainingTrigger": "1"},
                **properties,
            },
        )
    )


def ranking() -> Resources:
    """Solution, version and campaign."""
    return {
        "Solution": solution(),
        "Version": version(),
        **chain("Version", "SolutionVersion", links=5),
        "Campaign": custom(
            "Campaign",
            SolutionVersionArn=arn("VersionSettled", "SolutionVersion"),
            MinProvisionedTPS=1,
            CampaignConfig={"EnableMetadataWithRecommendations": False},
        ),
    }


def gated(triggers: Mapping[str, str], data_version: str = "1", **properties: Any) -> Resources:
    """The campaign behind a quality gate with these properties, with the data that it is trained on."""
    resources = {**group(), **data(data_version), **ranking()}
    resources["Version"]["Properties"]["Triggers"] = dict(triggers)
    resources["Gate"] = {
        "Type": "Custom::PersonalizeQualityGate",
        "Properties": {
            "ServiceToken": TOKEN,
            "SolutionArn": arn("Solution", "Solution"),
            "SolutionVersionArn": arn("VersionSettled", "SolutionVersion"),
            **properties,
        },
    }
    resources["Campaign"]["Properties"]["SolutionVersionArn"] = arn("Gate", "SolutionVersion")
    return resources


def serving() -> Resources:
    """Recommender, filter, event tracker and metric attribution."""
    datasets = ["InteractionsDataset", "ItemsDataset"]
    return {
        "Recommender": recommender(),
        **chain("Recommender", "Recommender", links=5),
        "Filter": {
            **custom(
                "Filter",
                DatasetGroupArn=arn("Group", "DatasetGroup"),
                FilterExpression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")',
            ),
            "DependsOn": datasets,
        },
        "Tracker": {
            **custom("EventTracker", DatasetGroupArn=arn("Group", "DatasetGroup")),
            "DependsOn": datasets,
        },
        "Attribution": {
            **custom(
                "MetricAttribution",
                DatasetGroupArn=arn("Group", "DatasetGroup"),
                Metrics=[metric("watches")],
                MetricsOutputConfig={"RoleArn": ROLE, "S3DataDestination": {"Path": f"{BUCKET}/reports/"}},
            ),
            "DependsOn": datasets,
        },
    }


def metric(name: str, expression: str = "SAMPLECOUNT()", event_type: str = "Watch") -> dict[str, str]:
    """A metric of a metric attribution."""
    return {"EventType": event_type, "MetricName": name, "Expression": expression}


def whole() -> Resources:
    """All types, as the app puts them together."""
    return copy.deepcopy({**group(), **data(), **ranking(), **serving()})


def template(resources: Resources, tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A template of resources; tags go to everything that has them."""
    result = copy.deepcopy(resources)
    if tags:
        for resource in result.values():
            if resource["Type"] not in _WITHOUT_TAGS:
                resource["Properties"]["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"Resources": result}


def put_data(cloud: VirtualCloud) -> None:
    """CSV files that meet the service's minimums: 30 users, 40 items, 1800 interactions, 1200 of them watches."""
    rows = ["USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP"]
    for user in range(30):
        for step in range(60):
            # Neighbouring users like neighbouring items, so that there is something to learn.
            item = (user + step * (1 + user % 3)) % 40
            rows.append(f"u{user},i{item},{'Watch' if step % 3 else 'Click'},{1_600_000_000 + user * 1000 + step}")
    # At a second location too, for changes of the location.
    for folder in (BUCKET, f"{BUCKET}/again"):
        cloud.objects.put(f"{folder}/interactions.csv", "\n".join(rows) + "\n")
    items = [
        "ITEM_ID,GENRES,CREATION_TIMESTAMP",
        *(f"i{n},{'Drama|War' if n % 2 else 'Comedy'},{n}" for n in range(40)),
    ]
    cloud.objects.put(f"{BUCKET}/items.csv", "\n".join(items) + "\n")


def deployed(cloud: VirtualCloud, resources: Resources, tags: dict[str, str] | None = None) -> Stack:
    """The stack `app` with these resources, which must come to be."""
    stack = cloud.cloudformation.deploy("app", template(resources, tags))
    assert stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), stack.reasons
    return stack


def refuse(
    cloud: VirtualCloud, operation: str, message: str, count: int | None, code: str = "InvalidInputException"
) -> None:
    """Let the service refuse an operation as it refuses what it cannot see yet."""
    model = cloud.personalize.meta.service_model.operation_model(operation)
    left = [count]

    def answer(**_: Any) -> None:
        if left[0] == 0:
            return
        left[0] = left[0] - 1 if left[0] is not None else None
        error: Any = {"Error": {"Code": code, "Message": message}}
        raise ClientError(error, operation)

    cloud.personalize.meta.events.register(f"before-call.personalize.{model.name}", answer)
