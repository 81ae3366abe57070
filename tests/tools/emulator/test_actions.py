"""Actions: their datasets, imports, events, and recommendations of the next best one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import ROLE, Account, refusal

DAY = 86_400
START = 1_700_000_000
ACTIONS = ("join", "rate", "share", "skip")


def action_rows(names: Iterable[str] = ACTIONS, **columns: Any) -> list[tuple[Any, ...]]:
    """Actions whose values fall in their order; the other columns are empty unless given for one of them."""
    given = {"expires": {}, "repeats": {}, **columns}
    return [
        (name, 10 - place, "Basic", START, given["expires"].get(name, ""), given["repeats"].get(name, ""))
        for place, name in enumerate(names)
    ]


def interaction_rows(rates: dict[str, float], each: int = 200, at: int = START) -> list[tuple[Any, ...]]:
    """Interactions with actions, of which these shares were taken, evenly spread."""
    return [
        (
            f"u{n % 30}",
            action,
            "Taken" if int(n * rate) < int((n + 1) * rate) else ("Viewed" if n % 2 else "Not taken"),
            at + n,
        )
        for action, rate in rates.items()
        for n in range(each)
    ]


def open_group(account: Account) -> None:
    """A custom group with item interactions, actions, and an empty dataset of interactions with actions."""
    account.open_group(domain=None)
    for kind, type_ in (
        ("Interactions", "Interactions"),
        ("Actions", "Actions"),
        ("ActionInteractions", "Action_Interactions"),
    ):
        arn = account.dataset(kind, datasetType=type_, schemaArn=account.schema(kind, domain=None))
        assert account.status("Dataset", arn) == "ACTIVE"
    assert account.imported("Interactions", records.csv("Interactions", records.interaction_rows()))


def load(account: Account, kind: str, rows: list[tuple[Any, ...]], **params: Any) -> None:
    job = account.imported(kind, records.csv(kind, rows), **params)
    assert job["status"] == "ACTIVE", job


@pytest.fixture
def group(account: Account) -> Account:
    """A group with actions and interactions with them."""
    open_group(account)
    load(account, "Actions", action_rows())
    load(account, "ActionInteractions", interaction_rows({"join": 0.25, "rate": 0.75, "share": 0.5}))
    return account


def recommended(account: Account, campaign: str, user: str = "new", **params: Any) -> dict[str, float]:
    answer = account.runtime.get_action_recommendations(campaignArn=campaign, userId=user, **params)
    assert answer["recommendationId"].startswith("RID-")
    return {one["actionId"]: one["score"] for one in answer["actionList"]}


def campaign_of(account: Account) -> str:
    return account.campaign(recipe="aws-next-best-action")


def tracking_id(account: Account) -> str:
    return str(account.describe("Dataset", account.datasets["ActionInteractions"])["trackingId"])


def record(account: Account, *events: dict[str, Any], user: str | None = "new") -> None:
    named = {"userId": user} if user else {}
    common = {"sessionId": "s", "timestamp": START + DAY, "eventType": "Taken", **named}
    events_client = account.events
    events_client.put_action_interactions(
        trackingId=tracking_id(account), actionInteractions=[{**common, **event} for event in events]
    )


# -- schemas and datasets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["USER_ID", "ACTION_ID", "EVENT_TYPE", "TIMESTAMP"])
def test_interactions_with_actions_have_required_fields(account: Account, missing: str) -> None:
    """Developer guide, "Custom datasets and schemas"."""
    fields = [field for field in records.FIELDS["ActionInteractions"] if field["name"] != missing]
    document = records.schema("ActionInteractions", fields)
    code, message = refusal(account.personalize.create_schema, name="s", schema=document)
    assert (code, missing in message) == ("InvalidInput", True)


def test_actions_have_metadata(account: Account) -> None:
    document = records.schema("Actions", records.FIELDS["Actions"][:1])
    code, message = refusal(account.personalize.create_schema, name="s", schema=document)
    assert (code, "metadata field" in message) == ("InvalidInput", True)


@pytest.mark.parametrize(("kind", "type_"), [("Actions", "Actions"), ("ActionInteractions", "Action_Interactions")])
def test_a_domain_has_no_actions(account: Account, kind: str, type_: str) -> None:
    """Developer guide, "Preparing action metadata for training"."""
    given = {"name": "d", "datasetGroupArn": account.open_group(), "datasetType": type_}
    code, message = refusal(account.personalize.create_dataset, schemaArn=account.schema(kind), **given)
    assert (code, "Domain dataset group" in message) == ("InvalidInput", True)


def test_a_dataset_of_interactions_with_actions_has_a_tracker_of_its_own(account: Account) -> None:
    """Developer guide, "Finding the ID of your action interaction event tracker"."""
    open_group(account)
    assert tracking_id(account)
    assert "trackingId" not in account.describe("Dataset", account.datasets["Actions"])
    assert account.personalize.list_event_trackers(datasetGroupArn=account.group)["eventTrackers"] == []


# -- imports -----------------------------------------------------------------------------------------------


def test_few_interactions_with_actions_can_be_imported_but_not_added(account: Account) -> None:
    """Developer guide, "Preparing action interaction data for training", "Updating data in datasets after training"."""
    open_group(account)
    rows = interaction_rows({"join": 0.5}, each=10)
    load(account, "ActionInteractions", rows)
    job = account.imported("ActionInteractions", records.csv("ActionInteractions", rows), importMode="INCREMENTAL")
    assert (job["status"], "at least 1000" in job["failureReason"]) == ("CREATE FAILED", True)
    load(account, "ActionInteractions", interaction_rows({"join": 0.5}, each=1000), importMode="INCREMENTAL")


@pytest.mark.parametrize(
    ("event", "fits"), [("TAKEN", True), ("Not Taken", True), ("viewed", True), ("Clicked", False)]
)
def test_actions_are_taken_or_not_or_viewed(account: Account, event: str, fits: bool) -> None:
    open_group(account)
    job = account.imported("ActionInteractions", records.csv("ActionInteractions", [("u1", "join", event, START)]))
    assert job["status"] == ("ACTIVE" if fits else "CREATE FAILED")
    if not fits:
        assert "EVENT_TYPE must be one of NOT_TAKEN, TAKEN, VIEWED, not Clicked." in job["failureReason"]


@pytest.mark.parametrize(("length", "fits"), [(256, True), (257, False)])
def test_ids_of_actions_have_a_length(account: Account, length: int, fits: bool) -> None:
    open_group(account)
    job = account.imported("Actions", records.csv("Actions", action_rows(["x" * length])))
    assert job["status"] == ("ACTIVE" if fits else "CREATE FAILED")


# -- recommendations ---------------------------------------------------------------------------------------


def test_actions_are_recommended_by_how_likely_they_are(group: Account) -> None:
    """Developer guide, "Next-Best-Action recipe": an action without enough interactions has a score of 0."""
    found = recommended(group, campaign_of(group))
    assert list(found) == ["rate", "share", "join", "skip"]
    assert found == {"rate": 0.75, "share": 0.5, "join": 0.25, "skip": 0.0}


def test_without_interactions_the_most_valuable_actions_come_first(account: Account) -> None:
    open_group(account)
    load(account, "Actions", action_rows())
    assert recommended(account, campaign_of(account)) == dict.fromkeys(ACTIONS, 0.0)


def test_a_group_needs_no_dataset_of_interactions_with_actions(account: Account) -> None:
    open_group(account)
    load(account, "Actions", action_rows())
    account.delete("Dataset", account.datasets["ActionInteractions"])
    account.wait()
    assert list(recommended(account, campaign_of(account))) == list(ACTIONS)


@pytest.mark.parametrize(("taken", "others", "has_score"), [(50, 50, True), (49, 51, False), (51, 49, False)])
def test_a_score_needs_50_interactions_of_either_kind(
    account: Account, taken: int, others: int, has_score: bool
) -> None:
    open_group(account)
    load(account, "Actions", action_rows(["join"]))
    load(account, "ActionInteractions", interaction_rows({"join": taken / 100}, each=taken + others))
    assert (recommended(account, campaign_of(account))["join"] > 0) == has_score


def test_only_the_latest_six_weeks_count(account: Account) -> None:
    open_group(account)
    load(account, "Actions", action_rows(["join"]))
    rows = [*interaction_rows({"join": 0.5}), ("u1", "skip", "Viewed", START + 43 * DAY)]
    load(account, "ActionInteractions", rows)
    assert recommended(account, campaign_of(account)) == {"join": 0.0}


def test_what_a_user_did_counts_at_once(group: Account) -> None:
    """Developer guide, "How new data influences real-time recommendations"."""
    campaign = campaign_of(group)
    before = recommended(group, campaign)
    record(group, {"actionId": "join"}, {"actionId": "rate", "eventType": "Not Taken"})
    after = recommended(group, campaign)
    assert after["join"] > before["join"]
    assert after["rate"] < before["rate"]
    assert after["share"] == before["share"]
    assert recommended(group, campaign, "somebody else") == before


def test_the_session_stands_for_a_user_without_a_name(group: Account) -> None:
    campaign = campaign_of(group)
    record(group, {"actionId": "join"}, user=None)
    assert recommended(group, campaign, "s")["join"] > recommended(group, campaign)["join"]


def test_expired_actions_are_left_out(account: Account) -> None:
    open_group(account)
    now = int(account.clock.now())
    load(account, "Actions", action_rows(expires={"join": now + 100 * DAY, "rate": now - 1}))
    campaign = campaign_of(account)
    assert list(recommended(account, campaign)) == ["join", "share", "skip"]
    account.wait(100 * DAY)
    assert list(recommended(account, campaign)) == ["share", "skip"]


def test_an_action_comes_again_after_its_days(account: Account) -> None:
    open_group(account)
    load(account, "Actions", action_rows(repeats={"join": 7}))
    campaign, now = campaign_of(account), int(account.clock.now())
    record(account, {"actionId": "join", "timestamp": now}, {"actionId": "rate", "timestamp": now})
    assert list(recommended(account, campaign)) == ["rate", "share", "skip"]
    account.wait(7 * DAY)
    assert list(recommended(account, campaign)) == ["join", "rate", "share", "skip"]


@pytest.mark.parametrize(("given", "shown"), [({}, 5), ({"numResults": 100}, 100), ({"numResults": 2}, 2)])
def test_five_actions_are_recommended_unless_more_are_wanted(
    account: Account, given: dict[str, int], shown: int
) -> None:
    """API reference, GetActionRecommendations."""
    open_group(account)
    load(account, "Actions", action_rows([f"a{n}" for n in range(101)]))
    assert len(recommended(account, campaign_of(account), **given)) == shown


def test_requests_for_actions_are_checked(group: Account) -> None:
    campaign, call = campaign_of(group), group.runtime.get_action_recommendations
    for given, words in (
        ({"campaignArn": campaign, "userId": "u1", "numResults": 101}, "at most 100"),
        ({"campaignArn": campaign}, "userId"),
        ({"userId": "u1"}, "campaignArn"),
        ({"campaignArn": group.campaign(recipe="aws-sims"), "userId": "u1"}, "PERSONALIZED_ACTIONS"),
    ):
        code, message = refusal(call, **given)
        assert (code, words in message) == ("InvalidInput", True), message


def test_items_are_not_recommended_by_a_campaign_for_actions(group: Account) -> None:
    given = {"campaignArn": campaign_of(group), "userId": "u1"}
    code, message = refusal(group.runtime.get_recommendations, **given)
    assert (code, "GetActionRecommendations" in message) == ("InvalidInput", True)


def test_actions_are_filtered(group: Account) -> None:
    campaign = campaign_of(group)
    taken = group.filter('EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("TAKEN")')
    valuable = group.filter("INCLUDE ActionID WHERE Actions.VALUE >= $VALUE")
    record(group, {"actionId": "share"})
    assert "share" not in recommended(group, campaign, filterArn=taken)
    assert set(recommended(group, campaign, filterArn=valuable, filterValues={"VALUE": "9"})) == {"join", "rate"}
    items = group.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")')
    given = {"campaignArn": campaign, "userId": "u1", "filterArn": items}
    code, message = refusal(group.runtime.get_action_recommendations, **given)
    assert (code, "A filter of items" in message) == ("InvalidInput", True)


def test_without_its_dataset_a_campaign_recommends_nothing(group: Account) -> None:
    campaign = campaign_of(group)
    region = group.service._regions["eu-west-1"]
    region.remove(region.get(group.datasets["Actions"]))
    assert recommended(group, campaign) == {}


def test_metrics_of_actions(group: Account) -> None:
    """Developer guide, "Evaluating an Amazon Personalize solution version with metrics"."""
    version = group.version(recipe="aws-next-best-action")
    found = group.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    gains = {f"normalized_discounted_cumulative_gain_at_{k}" for k in (5, 10, 25)}
    assert found.keys() == {"coverage", "precision", "recall", *gains}
    assert all(0 <= value <= 1 for value in found.values())
    assert found["coverage"] == 0.75


def test_without_interactions_with_actions_metrics_are_0(account: Account) -> None:
    open_group(account)
    load(account, "Actions", action_rows())
    version = account.version(recipe="aws-next-best-action")
    found = account.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert set(found.values()) == {0.0}


def test_interactions_with_actions_are_reason_to_train_again(group: Account) -> None:
    """Developer guide, "Configuring automatic training"."""
    solution = group.solution("aws-next-best-action", performAutoTraining=True)

    def versions() -> int:
        return len(group.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"])

    group.wait(8 * DAY)
    assert versions() == 1
    record(group, {"actionId": "join"})
    group.wait(7 * DAY)
    assert versions() == 2


# -- one by one --------------------------------------------------------------------------------------------


def put(account: Account, *actions: dict[str, Any]) -> None:
    account.events.put_actions(datasetArn=account.datasets["Actions"], actions=list(actions))


def test_an_action_is_replaced_by_one_of_the_same_id(group: Account) -> None:
    """Developer guide, "Importing actions individually"."""
    campaign = campaign_of(group)
    put(group, {"actionId": "join", "properties": json.dumps({"expirationTimestamp": 1})})
    assert "join" not in recommended(group, campaign)


def test_actions_have_the_properties_of_their_schema(group: Account) -> None:
    given = {"datasetArn": group.datasets["Actions"], "actions": [{"actionId": "a", "properties": '{"color": "red"}'}]}
    assert refusal(group.events.put_actions, **given)[0] == "InvalidInput"
    given["datasetArn"] = group.datasets["Interactions"]
    assert refusal(group.events.put_actions, **given)[0] == "InvalidInput"


def test_the_same_event_counts_once(group: Account) -> None:
    """Developer guide, "Recording real-time action interaction events"; API reference, ActionInteraction."""
    campaign = campaign_of(group)
    record(group, {"actionId": "join", "eventId": "1"})
    once = recommended(group, campaign)
    record(group, {"actionId": "join", "eventId": "2"}, {"actionId": "join"}, {"actionId": "share", "eventId": "1"})
    assert recommended(group, campaign) == once
    record(group, {"actionId": "join", "timestamp": START})
    assert recommended(group, campaign)["join"] > once["join"]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"eventType": "Clicked"}, "Taken, Not Taken or Viewed"),
        ({"properties": '{"sessionId": "x"}'}, "sessionId"),
        ({"properties": '{"color": "red"}'}, "color"),
    ],
)
def test_events_must_fit(group: Account, event: dict[str, Any], words: str) -> None:
    common = {"actionId": "join", "sessionId": "s", "timestamp": START, "eventType": "Taken"}
    given = {"trackingId": tracking_id(group), "actionInteractions": [{**common, **event}]}
    code, message = refusal(group.events.put_action_interactions, **given)
    assert (code, words in message) == ("InvalidInput", True)


def test_events_need_the_tracker_of_the_dataset(group: Account) -> None:
    event = {"actionId": "join", "sessionId": "s", "timestamp": START, "eventType": "Taken"}
    given = {"trackingId": group.tracker(), "actionInteractions": [event]}
    assert refusal(group.events.put_action_interactions, **given)[0] == "ResourceNotFound"


def test_a_dataset_of_actions_stays_while_a_campaign_is_deployed(group: Account) -> None:
    """Developer guide, "Requirements for deleting Amazon Personalize resources"."""
    campaign = campaign_of(group)
    delete, arn = group.personalize.delete_dataset, group.datasets["Actions"]
    assert refusal(delete, datasetArn=arn)[0] == "ResourceInUse"
    group.delete("Campaign", campaign)
    group.wait()
    delete(datasetArn=arn)
    group.wait()
    assert group.status("Dataset", arn) == "GONE"


@pytest.mark.parametrize("kind", ["Actions", "ActionInteractions"])
def test_schemas_of_actions_are_not_replaced(group: Account, kind: str) -> None:
    """Developer guide, "Replacing a dataset's schema to add new columns"."""
    given = {"datasetArn": group.datasets[kind], "schemaArn": group.schema(kind, domain=None)}
    code, message = refusal(group.personalize.update_dataset, **given)
    assert (code, "cannot be replaced" in message) == ("InvalidInput", True)


def test_importing_needs_its_role(group: Account) -> None:
    job = group.describe("DatasetImportJob", group.start_import("Actions", records.csv("Actions", action_rows())))
    assert job["roleArn"] == ROLE
