"""Every operation of the three APIs is answered: a new one in botocore is missing in the table below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.tools.emulator import test_actions as actions
from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import Account, key, refusal
from tests.tools.emulator.test_lifecycles import params_of
from tools.emulator.kinds import KINDS
from tools.emulator.shapes import APIS, service_model

Params = dict[str, Any]
Ask = Callable[[Account], Params]

OPERATIONS = [(api, name) for api in APIS for name in service_model(api).operation_names]
EVENT = {"eventType": "Watch", "sentAt": 1_700_000_000, "itemId": "i1"}


def created(account: Account, noun: str) -> str:
    """ARN of a new resource that has settled."""
    if noun == "Schema":
        return account.schema("Items")
    return account.created(noun, **params_of(account, noun))


def creating(noun: str) -> Ask:
    """A request to create a resource."""

    def params(account: Account) -> Params:
        wanted = {"schema": records.schema("Items")} if noun == "Schema" else params_of(account, noun)
        return {**wanted, KINDS[noun].name_member: "new"}

    return params


def naming(noun: str, **others: Any) -> Ask:
    """A request that names a new resource, and has some other members."""
    return lambda account: {f"{key(noun)}Arn": created(account, noun), **others}


def stopped_recommender(account: Account) -> Params:
    arn = created(account, "Recommender")
    account.personalize.stop_recommender(recommenderArn=arn)
    account.wait()
    return {"recommenderArn": arn}


def training(account: Account) -> Params:
    return {"solutionVersionArn": account.create("SolutionVersion", solutionArn=account.solution())}


def new_schema(account: Account) -> Params:
    return {"datasetArn": account.datasets["Items"], "schemaArn": account.schema("Items")}


def tags_of(**members: Any) -> Ask:
    return lambda account: {"resourceArn": account.group, **members}


def with_actions(ask: Ask) -> Ask:
    """A request in a group that has actions, interactions with them, and a model of them."""

    def params(account: Account) -> Params:
        actions.open_group(account)
        actions.load(account, "Actions", actions.action_rows())
        return ask(account)

    return params


def next_action(account: Account) -> Params:
    actions.load(account, "ActionInteractions", actions.interaction_rows({"join": 0.25, "rate": 0.75}))
    return {"campaignArn": account.campaign(recipe="aws-next-best-action"), "userId": "u1"}


def new_actions(account: Account) -> Params:
    properties = '{"value": 1, "level": "Basic", "creationTimestamp": 1}'
    return {"datasetArn": account.datasets["Actions"], "actions": [{"actionId": "a", "properties": properties}]}


def action_event(account: Account) -> Params:
    event = {"actionId": "join", "eventType": "Taken", "sessionId": "s", "timestamp": 1_700_000_000}
    return {"trackingId": actions.tracking_id(account), "actionInteractions": [event]}


def new_items(account: Account) -> Params:
    properties = '{"genres": "War", "creationTimestamp": 1}'
    return {"datasetArn": account.datasets["Items"], "items": [{"itemId": "new", "properties": properties}]}


def new_users(account: Account) -> Params:
    return {"datasetArn": account.datasets["Users"], "users": [{"userId": "new", "properties": '{"age": 3}'}]}


def built_in(member: str) -> Ask:
    return lambda account: {f"{member}Arn": f"arn:aws:personalize:::{kebab(member)}/aws-similar-items"}


def kebab(member: str) -> str:
    return "feature-transformation" if member == "featureTransformation" else member


REQUESTS: dict[str, Ask] = {
    **{f"Create{noun}": creating(noun) for noun in KINDS},
    **{f"Describe{noun}": naming(noun) for noun in KINDS},
    **{f"Delete{noun}": naming(noun) for noun, kind in KINDS.items() if kind.can_be_deleted},
    **{f"List{noun}s": lambda account: {} for noun in [*KINDS, "Recipe", "MetricAttributionMetric"]},
    "DescribeAlgorithm": built_in("algorithm"),
    "DescribeFeatureTransformation": built_in("featureTransformation"),
    "DescribeRecipe": built_in("recipe"),
    "GetSolutionMetrics": naming("SolutionVersion"),
    "ListTagsForResource": tags_of(),
    "StartRecommender": stopped_recommender,
    "StopRecommender": naming("Recommender"),
    "StopSolutionVersionCreation": training,
    "TagResource": tags_of(tags=[{"tagKey": "team", "tagValue": "a"}]),
    "UntagResource": tags_of(tagKeys=["team"]),
    "UpdateCampaign": naming("Campaign", minProvisionedTPS=2),
    "UpdateDataset": new_schema,
    "UpdateMetricAttribution": naming("MetricAttribution", removeMetrics=["watches"]),
    "UpdateRecommender": naming("Recommender", recommenderConfig={"minRecommendationRequestsPerSecond": 2}),
    "UpdateSolution": naming("Solution", performAutoTraining=True),
    "GetActionRecommendations": with_actions(next_action),
    "GetPersonalizedRanking": lambda account: {"campaignArn": account.campaign(), "userId": "u1", "inputList": ["i1"]},
    "GetRecommendations": lambda account: {"recommenderArn": account.recommender(), "userId": "u1"},
    "PutActionInteractions": with_actions(action_event),
    "PutActions": with_actions(new_actions),
    "PutEvents": lambda account: {"trackingId": account.tracker(), "sessionId": "s", "eventList": [EVENT]},
    "PutItems": new_items,
    "PutUsers": new_users,
}


def test_the_table_has_all_operations() -> None:
    assert set(REQUESTS) == {name for _, name in OPERATIONS}
    assert len(REQUESTS) == len(OPERATIONS) == 79


@pytest.mark.parametrize(("api", "name"), OPERATIONS)
def test_every_operation_is_answered(movies: Account, api: str, name: str) -> None:
    params = REQUESTS[name](movies)
    client = {"personalize": movies.personalize, "personalize-runtime": movies.runtime}.get(api, movies.events)
    answer = client._make_api_call(name, params)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_an_update_that_names_nothing_is_refused(movies: Account) -> None:
    """The only one that the model lets be without an ARN."""
    code, message = refusal(movies.personalize.update_metric_attribution)
    assert (code, "metricAttributionArn" in message) == ("InvalidInput", True)
