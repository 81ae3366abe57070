"""The operations of the `personalize` API."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from . import hyper_parameters, lifecycle, rules
from .errors import ServiceError, in_use, invalid, not_found
from .kind import Kind
from .kinds import KINDS
from .recipes import RECIPES, USER_SEGMENTATION, Recipe
from .region import ACTIVE, INACTIVE, Resource, is_busy
from .request import Request

Answer = dict[str, Any]
_DEFAULT_PAGE = 100
# 2019-06-10, as recorded for most recipes.
_RECIPES_SINCE = 1_560_124_800.0
_LISTED_RECIPES = [recipe for recipe in RECIPES.values() if not recipe.is_legacy]
# Up to where the first page went in a published notebook.
_FIRST_PAGE_OF_RECIPES = sum(recipe.name <= "aws-sims" for recipe in _LISTED_RECIPES)


def create(kind: Kind, request: Request, arn: str) -> Answer:
    """Carry out Create<noun>; `arn` is the one the resource gets."""
    params, region = request.params, request.region
    for member, noun in kind.parents.items():
        region.get(params[member], noun)
    kind.check_name(request, arn)
    for rule in kind.rules:
        rule(request)
    tags = _new_tags(request, {})
    resource = Resource(
        kind=kind,
        arn=arn,
        name=kind.shown_name(request, arn),
        fields=kind.fields(request),
        created=request.now,
        updated=request.now,
        tags=tags,
    )
    lifecycle.create(region, resource, request.now)
    return {kind.arn_member: arn, **{name: resource.fields.get(name) for name in kind.answers}}


def describe(kind: Kind, request: Request) -> Answer:
    """Carry out Describe<noun>."""
    resource = _named(kind, request)
    return {kind.key: {**resource.view(), **_computed(request, resource), **_left_out(resource)}}


def list_(kind: Kind, request: Request) -> Answer:
    """Carry out List<noun>s."""
    wanted = {member: value for member, value in request.params.items() if member == kind.list_by}
    if kind.noun == "SolutionVersion" and wanted:
        # The only List* operation that knows ResourceNotFoundException.
        request.region.get(request.params["solutionArn"], "Solution")
    found = [one.view() for one in request.region.of(kind.noun, **wanted)]
    return _page(request, kind.list_key, found[::-1] if kind.newest_first else found)


def update(kind: Kind, request: Request) -> Answer:
    """Carry out Update<noun>."""
    rule = kind.update
    assert rule
    resource = _named(kind, request)
    rules.must_not_be_updating(resource)
    rules.must_be_settled(resource)
    rules.must_be_updatable(request, resource, from_failed=rule.from_failed)
    for check in rule.rules:
        check(request)
    fields = rule.fields(request, resource)
    rules.must_change_something(request, resource, fields)
    durations = request.region.environment.durations
    seconds = rule.seconds(request, resource) if rule.seconds else durations.of("update", kind.noun)
    if rule.latest:
        shown = rule.shown(request, resource) if rule.shown else fields
        lifecycle.update(request.region, resource, fields, shown, seconds, request.now)
    else:
        lifecycle.change(request.region, resource, fields, seconds, request.now)
    return {kind.arn_member: resource.arn}


def delete(kind: Kind, request: Request) -> Answer:
    """Carry out Delete<noun>."""
    resource = _named(kind, request)
    rules.check_deletable(request.region, resource, kind.blockers)
    lifecycle.delete(request.region, resource, request.now)
    return {}


def _named(kind: Kind, request: Request) -> Resource:
    return request.region.get(request.params[kind.arn_member], kind.noun)


def _computed(request: Request, resource: Resource) -> Answer:
    """Members of a description that follow from other resources."""
    if resource.kind.noun == "Solution":
        versions = list(request.region.of("SolutionVersion", solutionArn=resource.arn))
        return {"latestSolutionVersion": versions[-1].view()} if versions else {}
    if resource.kind.noun == "Recommender" and resource.model and not resource.status.startswith("DELETE"):
        return {"modelMetrics": resource.model.metrics}
    if resource.kind.noun == "Campaign" and request.region.environment.behaviour.shows_latest:
        follows = resource.fields["campaignConfig"].get("syncWithLatestSolutionVersion")
        return {"solutionVersionArn": resource.fields["solutionArn"] + rules.LATEST} if follows else {}
    return {}


def _left_out(resource: Resource) -> Answer:
    """Members that a description leaves out: recorded for the recipes that segment users, and empty for another."""
    recipe = RECIPES.get(resource.fields.get("recipeArn", ""))
    is_empty = resource.fields.get("solutionConfig") == {}
    return {"solutionConfig": None} if recipe and recipe.type == USER_SEGMENTATION and is_empty else {}


def _page(request: Request, key: str, found: list[Answer]) -> Answer:
    start = _offset(request.params.get("nextToken"), request.operation)
    end = start + request.params.get("maxResults", _DEFAULT_PAGE)
    more = {"nextToken": _token(end, request.operation)} if end < len(found) else {}
    return {key: found[start:end], **more}


def _token(offset: int, operation: str) -> str:
    return base64.urlsafe_b64encode(f"{operation}:{offset}".encode()).decode()


def _offset(token: str | None, operation: str) -> int:
    if token is None:
        return 0
    try:
        made_for, _, offset = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if made_for == operation:
            return int(offset)
    except (binascii.Error, ValueError):
        pass
    raise ServiceError("InvalidNextTokenException", "The token is not valid.")


# -- single operations -------------------------------------------------------------------------------------


def _stop_version(request: Request) -> Answer:
    version = _named(KINDS["SolutionVersion"], request)
    if version.status not in ("CREATE PENDING", "CREATE IN_PROGRESS"):
        raise invalid(f"{version.arn} is {version.status}; only a version being created can be stopped.")
    lifecycle.stop_creation(request.region, version, request.now)
    return {}


def _stop_recommender(request: Request) -> Answer:
    return _switch_recommender(request, ACTIVE, lifecycle.pause)


def _start_recommender(request: Request) -> Answer:
    return _switch_recommender(request, INACTIVE, lifecycle.resume)


def _switch_recommender(request: Request, wanted: str, switch: Callable[..., None]) -> Answer:
    recommender = _named(KINDS["Recommender"], request)
    rules.must_be_settled(recommender)
    rules.must_not_be_updating(recommender)
    if recommender.status != wanted:
        raise invalid(f"{recommender.arn} must be {wanted}, but is {recommender.status}.")
    switch(request.region, recommender, request.now)
    return {"recommenderArn": recommender.arn}


def _metrics(request: Request) -> Answer:
    version = _named(KINDS["SolutionVersion"], request)
    if is_busy(version.status):
        raise in_use(f"{version.arn} is {version.status}; it has no metrics yet.")
    if version.model is None:
        raise invalid(f"{version.arn} is {version.status}; it has no metrics.")
    return {"solutionVersionArn": version.arn, "metrics": version.model.metrics}


def _list_metrics(request: Request) -> Answer:
    """Those of one attribution; of all, if the request names none (inferred: the API lets it)."""
    wanted = request.params.get("metricAttributionArn")
    found = [one for one in request.region.of("MetricAttribution") if wanted in (None, one.arn)]
    return _page(request, "metrics", [metric for one in found for metric in one.fields["metrics"]])


def _taggable(request: Request) -> Resource:
    resource = request.region.get(request.params["resourceArn"])
    if not resource.kind.taggable:
        raise invalid(f"Resources of type {resource.kind.noun} cannot be tagged.")
    return resource


def _new_tags(request: Request, current: Mapping[str, str]) -> dict[str, str]:
    """Tags with those of the request added; those that AWS sets itself count towards no limit.

    Source: developer guide, "Tagging Amazon Personalize resources".
    """
    given = {tag["tagKey"]: tag["tagValue"] for tag in request.params.get("tags", [])}
    for text in (*given, *given.values()):
        if _is_of_aws(text):
            raise invalid(f"Tag keys and values must not begin with aws:, as {text} does.")
    tags = {**current, **given}
    maximum = request.region.environment.quotas.tags_per_resource
    if len([key for key in tags if not _is_of_aws(key)]) > maximum:
        raise ServiceError("TooManyTagsException", f"A resource can have at most {maximum} tags.")
    return tags


def _tag(request: Request) -> Answer:
    resource = _taggable(request)
    resource.tags = _new_tags(request, resource.tags)
    return {}


def _is_of_aws(text: str) -> bool:
    return text.lower().startswith("aws:")


def _untag(request: Request) -> Answer:
    resource = _taggable(request)
    keys, maximum = request.params["tagKeys"], request.region.environment.quotas.tags_per_resource
    if len(keys) > maximum:
        raise ServiceError("TooManyTagKeysException", f"A resource can have at most {maximum} tags.")
    if any(map(_is_of_aws, keys)):
        raise invalid("Tags whose keys begin with aws: cannot be removed.")
    for key in keys:
        resource.tags.pop(key, None)
    return {}


def _list_tags(request: Request) -> Answer:
    tags = _taggable(request).tags
    return {"tags": [{"tagKey": key, "tagValue": value} for key, value in sorted(tags.items())]}


# -- what the service brings along -------------------------------------------------------------------------


def _list_recipes(request: Request) -> Answer:
    """One page of the recipes, of which those of the domain are answered.

    Recorded in published notebooks: the first page is short, may hold nothing of the domain, and carries a token.
    """
    start = _offset(request.params.get("nextToken"), request.operation)
    end = start + request.params.get("maxResults", _DEFAULT_PAGE)
    end = min(end, _FIRST_PAGE_OF_RECIPES) if start < _FIRST_PAGE_OF_RECIPES else end
    domain = request.params.get("domain")
    more = {"nextToken": _token(end, request.operation)} if end < len(_LISTED_RECIPES) else {}
    page = [recipe for recipe in _LISTED_RECIPES[start:end] if domain in (None, recipe.domain)]
    return {"recipes": [_recipe_view(recipe) for recipe in page], **more}


def _recipe_view(recipe: Recipe) -> Answer:
    return {
        **_since(),
        "name": recipe.name,
        "recipeArn": recipe.arn,
        "algorithmArn": recipe.algorithm_arn,
        "featureTransformationArn": recipe.feature_transformation_arn,
        "recipeType": recipe.type,
        "domain": recipe.domain,
    }


def _since() -> Answer:
    return {"status": ACTIVE, "creationDateTime": _RECIPES_SINCE, "lastUpdatedDateTime": _RECIPES_SINCE}


def _built_in(arn: str, member: Callable[[Recipe], str]) -> Recipe:
    for recipe in RECIPES.values():
        if member(recipe) == arn:
            return recipe
    raise not_found(arn)


def _describe_recipe(request: Request) -> Answer:
    return {"recipe": _recipe_view(_built_in(request.params["recipeArn"], lambda recipe: recipe.arn))}


def _describe_algorithm(request: Request) -> Answer:
    arn = request.params["algorithmArn"]
    recipe = _built_in(arn, lambda one: one.algorithm_arn)
    return {
        "algorithm": {
            **_since(),
            "name": arn.rpartition("/")[2],
            "algorithmArn": arn,
            "defaultHyperParameters": hyper_parameters.defaults(recipe.algorithm),
            "defaultHyperParameterRanges": hyper_parameters.shown_ranges(recipe.algorithm),
        }
    }


def _describe_transformation(request: Request) -> Answer:
    arn = request.params["featureTransformationArn"]
    _built_in(arn, lambda one: one.feature_transformation_arn)
    # Several recipes share one.
    users = [one for one in RECIPES.values() if one.feature_transformation_arn == arn]
    parameters = max((one.features for one in users), key=len)
    return {
        "featureTransformation": {
            **_since(),
            "name": arn.rpartition("/")[2],
            "featureTransformationArn": arn,
            "defaultParameters": hyper_parameters.defaults(parameters),
        }
    }


SINGLE: Mapping[str, Callable[[Request], Answer]] = {
    "StopSolutionVersionCreation": _stop_version,
    "StopRecommender": _stop_recommender,
    "StartRecommender": _start_recommender,
    "GetSolutionMetrics": _metrics,
    "ListMetricAttributionMetrics": _list_metrics,
    "TagResource": _tag,
    "UntagResource": _untag,
    "ListTagsForResource": _list_tags,
    "ListRecipes": _list_recipes,
    "DescribeRecipe": _describe_recipe,
    "DescribeAlgorithm": _describe_algorithm,
    "DescribeFeatureTransformation": _describe_transformation,
}
