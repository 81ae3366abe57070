"""The emulator answers as AWS has answered, member by member: `support/recorded.py` has what is on record."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import RECIPE, ROLE, VOD, Account
from tests.tools.emulator.support.recorded import (
    METRICS,
    NEWER_RECIPES,
    OPENING,
    RECIPES,
    RECORDED,
    USE_CASES,
    Recorded,
)
from tools.emulator import wire
from tools.emulator.shapes import APIS, service_model

Params = Mapping[str, Any]
SIGNED = {"authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/personalize/aws4_request, Signature=0"}
ITEMS = [f"i{number}" for number in range(10)]


def ask(account: Account, operation: str, params: Params) -> tuple[Any, dict[str, str]]:
    """Body and headers of an answer, as they go over the wire; an empty body is None."""
    api = next(name for name in APIS if operation in service_model(name).operation_names)
    http = service_model(api).operation_model(operation).http
    target = {"x-amz-target": f"AmazonPersonalize.{operation}"} if api == "personalize" else {}
    answer = wire.answer(
        account.service,
        http["method"],
        http["requestUri"],
        {**SIGNED, **target},
        json.dumps(params).encode(),
        region="eu-west-1",
        caller="somebody",
    )
    assert answer.status == 200, answer.body
    return json.loads(answer.body) if answer.body else None, answer.headers


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and value of each member that holds no others."""
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from flat(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for member in value:
            yield from flat(member, f"{path}[]")
    elif path:
        yield path, value if isinstance(value, str) else json.dumps(value)


# -- the same calls ----------------------------------------------------------------------------------------
# Each takes an account with a dataset group of movies, and returns the request; what it needs it makes first.


def _import(kind: str) -> Callable[[Account], Params]:
    def params(account: Account) -> Params:
        account.objects.put("s3://movies/new.csv", records.csv(kind, []))
        return {
            "jobName": "import-1",
            "datasetArn": account.datasets[kind],
            "dataSource": {"dataLocation": "s3://movies/new.csv"},
            "roleArn": ROLE,
        }

    return params


def _nothing(account: Account) -> Params:
    return {}


def _new_recommender(account: Account) -> Params:
    return {
        "name": "more-like-x",
        "datasetGroupArn": account.group,
        "recipeArn": f"{RECIPE}/aws-vod-more-like-x",
        "recommenderConfig": {"enableMetadataWithRecommendations": True},
    }


def _new_solution(account: Account) -> Params:
    return {"name": "ranking", "datasetGroupArn": account.group, "recipeArn": f"{RECIPE}/aws-personalized-ranking"}


def _new_campaign(account: Account) -> Params:
    config = {"enableMetadataWithRecommendations": True}
    return {"name": "rank", "solutionVersionArn": account.version(), "minProvisionedTPS": 1, "campaignConfig": config}


def _recommendations(account: Account) -> Params:
    return {
        "recommenderArn": account.recommender(recommenderConfig={"enableMetadataWithRecommendations": True}),
        "userId": "u0",
        "numResults": 5,
        "metadataColumns": {"ITEMS": ["PRICE", "GENRES"]},
    }


def _event(account: Account) -> Params:
    event = {"eventId": "1", "eventType": "Watch", "itemId": "i1", "sentAt": 1_700_000_000, "properties": "{}"}
    return {"trackingId": account.tracker(), "userId": "u0", "sessionId": "s", "eventList": [event]}


def _new_dataset(account: Account) -> Params:
    account.open_group()
    return {
        "name": "interactions",
        "datasetType": "INTERACTIONS",
        "datasetGroupArn": account.group,
        "schemaArn": account.schema("Interactions"),
    }


def _new_schema(account: Account) -> Params:
    return {"name": "schema", "schema": records.schema("Interactions")}


def _ranking(account: Account) -> Params:
    return {"campaignArn": account.campaign(), "userId": "u0", "inputList": [*ITEMS, "unheard-of"]}


def _updated_dataset(account: Account) -> Params:
    fields = [*records.FIELDS["Items"], {"name": "STUDIO", "type": ["null", "string"]}]
    account.update(
        "Dataset", account.datasets["Items"], schemaArn=account.schema("Items", records.schema("Items", fields))
    )
    account.wait()
    return {"datasetArn": account.datasets["Items"]}


def _job(recipe: str, kind: str) -> Callable[[Account], Params]:
    def params(account: Account) -> Params:
        account.objects.put("s3://movies/input.json", '{"userId": "u0"}\n')
        return {
            "jobName": f"{kind}-1",
            "solutionVersionArn": account.version(recipe=recipe),
            "roleArn": ROLE,
            "jobInput": {"s3DataSource": {"path": "s3://movies/input.json"}},
            "jobOutput": {"s3DataDestination": {"path": "s3://movies/output/"}},
        }

    return params


CALLS: Mapping[str, Callable[[Account], Params]] = {
    "import of items": _import("Items"),
    "use cases of a domain": lambda account: {"domain": VOD},
    "recommender": _new_recommender,
    "recipes of both pages": _nothing,
    "solution": _new_solution,
    "solution version": lambda account: {"solutionArn": account.created("Solution", **_new_solution(account))},
    "campaign": _new_campaign,
    "event tracker": lambda account: {"name": "tracker", "datasetGroupArn": account.group},
    "recommendations with metadata": _recommendations,
    "event": _event,
    "dataset group": lambda account: {"name": "travel"},
    "batch segment job": _job("aws-item-affinity", "segments"),
    "schema": _new_schema,
    "dataset": _new_dataset,
    "import of interactions": _import("Interactions"),
    "recipes": _nothing,
    "solution version of a solution without a schedule": lambda account: {"solutionArn": account.solution()},
    "metrics": lambda account: {"solutionVersionArn": account.version()},
    "ranking": _ranking,
    "first page of recipes": _nothing,
    "deletion of a campaign": lambda account: {"campaignArn": account.campaign()},
    "dataset group of a domain": lambda account: {"name": "products", "domain": "ECOMMERCE"},
    "description of a version": lambda account: {
        "solutionVersionArn": account.version(recipe="aws-user-personalization")
    },
    "batch inference job": _job("aws-user-personalization", "inference"),
    "description of a schema": lambda account: {"schemaArn": account.schema("Items")},
    "description of a version that segments users": lambda account: {
        "solutionVersionArn": account.version(recipe="aws-item-attribute-affinity")
    },
    "description of an updated dataset": _updated_dataset,
    "description of a solution": lambda account: {"solutionArn": account.solution("aws-item-affinity")},
    "no dataset groups": _nothing,
}
# No dataset group at all.
EMPTY = {"no dataset groups"}


def test_every_recorded_answer_is_asked_for() -> None:
    assert list(CALLS) == list(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_the_emulator_answers_as_recorded(name: str) -> None:
    recorded = RECORDED[name]
    account = Account()
    if name not in EMPTY:
        account.fill()
    params = CALLS[name](account)
    body, headers = ask(account, recorded.operation, params)
    for _ in range(recorded.pages - 1):
        more, headers = ask(account, recorded.operation, {**params, "nextToken": body["nextToken"]})
        body["recipes"] += more["recipes"]
    assert recorded.content_type in (None, headers["content-type"])
    check_members(recorded, body)


def check_members(recorded: Recorded, body: Any) -> None:
    """Nothing is missing, nothing is more, and each value has its form."""
    if not recorded.members:
        assert body is None
        return
    found = defaultdict(list)
    for path, value in flat(body):
        found[path].append(value)
    expected = set(recorded.members)
    assert expected <= set(found) <= expected | recorded.newer, recorded.source
    for path, form in recorded.members.items():
        wrong = [value for value in found[path] if not re.fullmatch(form, value)]
        assert not wrong, (recorded.source, path, form)


# -- orders and digits -------------------------------------------------------------------------------------


def _listed(account: Account, **params: str) -> list[dict[str, Any]]:
    """Recipes on two pages: the first has a token, the second is the last."""
    first, _ = ask(account, "ListRecipes", params)
    second, _ = ask(account, "ListRecipes", {**params, "nextToken": first["nextToken"]})
    assert "nextToken" not in second
    return [*first["recipes"], *second["recipes"]]


def test_the_recipes_are_those_on_record_in_their_order(account: Account) -> None:
    assert tuple(one["name"] for one in _listed(account, domain=VOD)) == USE_CASES
    custom = [one["name"] for one in _listed(account) if "domain" not in one]
    assert [name for name in custom if name not in NEWER_RECIPES] == list(RECIPES)


def test_recipes_are_of_the_day_on_which_the_service_opened(account: Account) -> None:
    recipe = {one["name"]: one for one in _listed(account)}["aws-personalized-ranking"]
    assert recipe["creationDateTime"] == OPENING


def test_metrics_are_in_the_order_of_their_names(movies: Account) -> None:
    body, _ = ask(movies, "GetSolutionMetrics", {"solutionVersionArn": movies.version()})
    assert tuple(body["metrics"]) == METRICS


def test_what_was_not_trained_with_is_ranked_last_and_has_no_score(movies: Account) -> None:
    """25 items in a record of 2020: 20 with scores that sum to 1, then 5 without any."""
    body, _ = ask(movies, "GetPersonalizedRanking", _ranking(movies))
    *known, last = body["personalizedRanking"]
    scores = [item["score"] for item in known]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1, abs=1e-5)
    assert last == {"itemId": "unheard-of"}


def test_recommendation_ids_of_one_campaign_end_alike(movies: Account) -> None:
    asked = _recommendations(movies)
    ids = [ask(movies, "GetRecommendations", asked)[0]["recommendationId"] for _ in range(2)]
    assert ids[0] != ids[1]
    assert ids[0].partition("-CID-")[2] == ids[1].partition("-CID-")[2]


def test_times_are_of_milliseconds(account: Account) -> None:
    account.clock.advance(1 / 3)
    arn = account.create("DatasetGroup")
    body, _ = ask(account, "DescribeDatasetGroup", {"datasetGroupArn": arn})
    time = body["datasetGroup"]["creationDateTime"]
    assert time == round(time, 3)


def test_a_schema_is_as_it_was_given(account: Account) -> None:
    document = records.schema("Items").replace("{", "{  ")
    body, _ = ask(account, "DescribeSchema", {"schemaArn": account.schema("Items", document)})
    assert body["schema"]["schema"] == document
