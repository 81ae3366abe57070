"""The operations of the `personalize-runtime` API."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import avro, filters, updates
from .actions import ActionModel
from .errors import invalid
from .recipes import PERSONALIZED_ACTIONS, PERSONALIZED_RANKING, RELATED_ITEMS
from .region import ACTIVE, Region, Resource
from .request import Request
from .training import dataset_of
from .updates import Served

Answer = dict[str, Any]
Scored = list[tuple[str, float]]

# API reference, GetRecommendations and GetPersonalizedRanking.
_DEFAULT_RESULTS = 25
_MOST_RESULTS = 500
_MOST_WITH_METADATA = 50
_MOST_COLUMNS = 10
# As recorded in published notebooks.
_SCORE_DECIMALS = 7
_LEFT_OUT_OF_UUID = len("279bc670-9f")
_ORIGIN_DIGITS = 6
# API reference, GetActionRecommendations.
_DEFAULT_ACTIONS = 5
_MOST_ACTIONS = 100
_OTHER_OPERATIONS = {
    PERSONALIZED_RANKING: "GetPersonalizedRanking",
    PERSONALIZED_ACTIONS: "GetActionRecommendations",
}


def _get_recommendations(request: Request) -> Answer:
    params = request.params
    served = _served(request)
    recipe = served.model.recipe
    if recipe.type in _OTHER_OPERATIONS:
        raise invalid(f"Campaigns of the recipe {recipe.name} are used with {_OTHER_OPERATIONS[recipe.type]}.")
    if recipe.needs_user and "userId" not in params:
        raise invalid(f"userId is required for {recipe.name}.")
    if recipe.needs_item and "itemId" not in params:
        raise invalid(f"itemId is required for {recipe.name}.")
    wanted = params.get("numResults", _DEFAULT_RESULTS)
    _at_most(request, "numResults", wanted)
    ranked = ranked_items(request, served)
    others = filtered(request, served, ranked, params)
    found: list[Answer] = [{"itemId": item, "score": score} for item, score in others[:wanted]]
    for promotion in params.get("promotions", []):
        promoted = filtered(request, served, ranked, promotion)
        found = _promoted(promoted, others, promotion, wanted)
    return _answer(request, served, "itemList", _with_reasons(served, found))


def _with_reasons(served: Served, found: list[Answer]) -> list[Answer]:
    """Say why an item is there, where the recipe does (API reference, PredictedItem)."""
    if not served.model.recipe.gives_reasons:
        return found
    for one in found:
        if "promotionName" in one:
            one["reason"] = ["Promoted item"]
        elif one["itemId"] not in served.model.items:
            one["reason"] = ["Exploration"]
    return found


def _get_ranking(request: Request) -> Answer:
    served = _served(request)
    recipe = served.model.recipe
    if recipe.type != PERSONALIZED_RANKING:
        raise invalid(f"GetPersonalizedRanking needs a recipe of type {PERSONALIZED_RANKING}, not {recipe.name}.")
    wanted: Sequence[str] = list(dict.fromkeys(request.params["inputList"]))
    _at_most(request, "inputList", len(wanted))
    ranked = filtered(request, served, ranking_of(request, served, wanted), request.params)
    # Without a score: recorded.
    found = [{"itemId": item, **({"score": score} if score else {})} for item, score in ranked]
    return _answer(request, served, "personalizedRanking", found)


def _get_actions(request: Request) -> Answer:
    """Developer guide, "Real-time action recommendations in Amazon Personalize"."""
    params, region = request.params, request.region
    if "campaignArn" not in params or "userId" not in params:
        raise invalid("Specify campaignArn and userId.")
    wanted = params.get("numResults", _DEFAULT_ACTIONS)
    if wanted > _MOST_ACTIONS:
        raise invalid(f"numResults can be at most {_MOST_ACTIONS}, not {wanted}.")
    served = _served(request)
    model, actions = served.model, dataset_of(region, served.group_arn, "ACTIONS")
    if not isinstance(model, ActionModel):
        raise invalid(f"GetActionRecommendations needs a recipe of type {PERSONALIZED_ACTIONS}.")
    interactions = dataset_of(region, served.group_arn, "ACTION_INTERACTIONS")
    history = interactions.events_of(params["userId"]) if interactions else iter(())
    new = updates.new_actions(region, served, request.now)
    ranked = model.ranked(actions, history, request.now, new) if actions else []
    ranked = filtered(request, served, ranked, params, "ActionID")
    found = [{"actionId": action, "score": score} for action, score in ranked[:wanted]]
    return {"actionList": found, "recommendationId": _recommendation_id(request)}


def ranked_items(request: Request, served: Served) -> Scored:
    """All items for the user or the item that a request names, best first, before any filter."""
    region, user = request.region, request.params.get("userId")
    model = updates.current_model(region, served, request.now)
    ranked = model.ranked(updates.history(region, served, user), request.params.get("itemId"))
    ranked = updates.with_explored(served, ranked, updates.explored_items(region, served, request.now))
    return _without_hidden(region, served, user, ranked)


def ranking_of(request: Request, served: Served, items: Sequence[str]) -> Scored:
    """Some items as the user of a request would like them; those that were not trained with come last, with 0.

    API reference, GetPersonalizedRanking.
    """
    scores = dict(served.model.ranked(updates.history(request.region, served, request.params["userId"])))
    known = sorted((item for item in items if item in scores), key=lambda item: -scores[item])
    total = sum(scores[item] for item in known) or 1.0
    return [(item, scores[item] / total) for item in known] + [(item, 0.0) for item in items if item not in scores]


def _served(request: Request) -> Served:
    """The campaign or recommender a request names, which must be ACTIVE."""
    params, region = request.params, request.region
    if ("campaignArn" in params) == ("recommenderArn" in params):
        raise invalid("Specify either campaignArn or recommenderArn.")
    if "recommenderArn" in params:
        recommender = region.get(params["recommenderArn"], "Recommender")
        _check_active(recommender)
        return Served(recommender, recommender.model.seen_at, recommender.fields["recommenderConfig"])
    campaign = region.get(params["campaignArn"], "Campaign")
    _check_active(campaign)
    version = region.get(campaign.fields["solutionVersionArn"], "SolutionVersion")
    return Served(version, campaign.created, campaign.fields["campaignConfig"])


def _shows_metadata(served: Served) -> bool:
    return served.model.recipe.has_metadata or bool(served.config.get("enableMetadataWithRecommendations"))


def _check_active(resource: Resource) -> None:
    if resource.status != ACTIVE:
        raise invalid(f"{resource.arn} must be ACTIVE, but is {resource.status}.")


def _at_most(request: Request, member: str, count: int) -> None:
    maximum = _MOST_WITH_METADATA if request.params.get("metadataColumns") else _MOST_RESULTS
    if count > maximum:
        raise invalid(f"{member} can be at most {maximum}, not {count}.")


def _without_hidden(region: Region, served: Served, user: str | None, ranked: Scored) -> Scored:
    """Use cases leave out what the user has watched or bought ("VIDEO_ON_DEMAND use cases")."""
    event_type = served.model.recipe.hides
    interactions = dataset_of(region, served.group_arn, "INTERACTIONS")
    if event_type is None or user is None or interactions is None:
        return ranked
    events = interactions.events_of(user)
    hidden = {event["ITEM_ID"] for event in events if str(event.get("EVENT_TYPE")).lower() == event_type.lower()}
    return [(item, score) for item, score in ranked if item not in hidden]


def filtered(
    request: Request, served: Served, ranked: Scored, chosen: Mapping[str, Any], subject: str = "ItemID"
) -> Scored:
    """What the filter of a request, or of a promotion in it, lets through."""
    if "filterArn" not in chosen:
        return ranked
    region = request.region
    resource = region.get(chosen["filterArn"], "Filter")
    if resource.fields["datasetGroupArn"] != served.group_arn:
        raise invalid(f"{resource.arn} belongs to another dataset group.")
    _check_active(resource)
    parsed = filters.parse(resource.fields["filterExpression"])
    if parsed.needs_current_item and served.model.recipe.type != RELATED_ITEMS:
        raise invalid(f"{resource.arn} uses CurrentItem, which is for related items only.")
    values, params = chosen.get("filterValues", {}), request.params
    ids, data = [item for item, _ in ranked], filter_data(region, served.group_arn)
    found = filters.allowed(parsed, subject, ids, params.get("userId"), values, data, params.get("itemId"))
    allowed = set(found)
    return [(item, score) for item, score in ranked if item in allowed]


def filter_data(region: Region, group_arn: str) -> filters.Data:
    """What the filters of a dataset group look at."""
    quotas = region.environment.quotas
    found = {dataset_type: dataset_of(region, group_arn, dataset_type) for dataset_type in avro.DATASET_TYPES.values()}
    return filters.Data(
        {dataset_type: dataset for dataset_type, dataset in found.items() if dataset},
        {
            "INTERACTIONS": quotas.filter_interactions_per_event_type,
            "ACTION_INTERACTIONS": quotas.filter_action_interactions_per_event_type,
        },
    )


def _promoted(promoted: Scored, others: Scored, promotion: Mapping[str, Any], wanted: int) -> list[Answer]:
    """Give a share of the places to promoted items.

    Developer guide, "Promoting items in real-time recommendations": the filter of the promotion is for promoted items,
    that of the request for the others. The service puts promoted items anywhere; here they are spread evenly.
    """
    places = round(wanted * promotion.get("percentPromotedItems", 100) / 100)
    chosen = dict(promoted[:places])
    first: list[Answer] = [
        {"itemId": item, "score": chosen[item], "promotionName": promotion.get("name")} for item in chosen
    ]
    second: list[Answer] = [{"itemId": item, "score": score} for item, score in others if item not in chosen]
    found: list[Answer] = []
    for place in range(wanted):
        is_due = (place + 1) * places // wanted > place * places // wanted
        source = first if first and (is_due or not second) else second
        if source:
            found.append(source.pop(0))
    return found


def _answer(request: Request, served: Served, key: str, found: list[Answer]) -> Answer:
    columns = _metadata_columns(request, served)
    items = dataset_of(request.region, served.group_arn, "ITEMS")
    for one in found:
        score = one.pop("score", None)
        if served.model.has_scores and score is not None:
            one["score"] = round(score, _SCORE_DECIMALS)
        if columns and items:
            row = items.row(one["itemId"]) or {}
            one["metadata"] = {name.lower(): str(row[name]) for name in columns if row.get(name) is not None}
    return {key: found, "recommendationId": _recommendation_id(request)}


def _recommendation_id(request: Request) -> str:
    """The end of a random UUID, and digits that stay the same for a campaign or recommender: recorded."""
    arn = request.params.get("campaignArn") or request.params["recommenderArn"]
    return f"RID-{request.region.new_uuid('recommendation')[_LEFT_OUT_OF_UUID:]}-CID-{origin_of(arn)}"


def origin_of(arn: str) -> str:
    """The end of all recommendation ids of a campaign or recommender."""
    return hashlib.sha256(arn.encode()).hexdigest()[:_ORIGIN_DIGITS]


def _metadata_columns(request: Request, served: Served) -> list[str]:
    """Item columns to show, if the campaign or recommender allows them (API reference, metadataColumns)."""
    asked: Mapping[str, list[str]] = request.params.get("metadataColumns", {})
    if not asked:
        return []
    if not _shows_metadata(served):
        raise invalid("metadataColumns needs enableMetadataWithRecommendations on the campaign or recommender.")
    columns = {kind.upper(): names for kind, names in asked.items()}.get("ITEMS", [])
    items = dataset_of(request.region, served.group_arn, "ITEMS")
    unknown = [name for name in columns if items is None or items.schema.field(name) is None]
    if unknown or not columns:
        raise invalid(f"The Items dataset has no column {', '.join(unknown) or '(none asked for)'}.")
    if len(columns) > _MOST_COLUMNS:
        raise invalid(f"At most {_MOST_COLUMNS} metadata columns can be asked for.")
    return list(columns)


OPERATIONS: Mapping[str, Callable[[Request], Answer]] = {
    "GetRecommendations": _get_recommendations,
    "GetPersonalizedRanking": _get_ranking,
    "GetActionRecommendations": _get_actions,
}
