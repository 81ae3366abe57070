"""The life of a recommender, from its training to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.conformance.run import GONE, Run
from tools.conformance.step import Cost, Expected, Step, Tier

from .materials import IN_USE, INVALID, refused, taken
from .refusals import TOP_PICKS

# 0.375 dollars an hour (tools/review/prices.yaml), for about the four hours from its training to its end.
DOLLARS = Cost(
    "dollars", 1.5, "https://aws.amazon.com/personalize/pricing/, second hand, as in tools/review/prices.yaml"
)
INCLUDED = Cost("dollars", 0.0, "in the hours of the recommender or the campaign")
_CONFIG = {
    "minRecommendationRequestsPerSecond": 1,
    "enableMetadataWithRecommendations": True,
    "itemExplorationConfig": {"explorationWeight": "0.3", "explorationItemAgeCutOff": "30"},
}


def _create(run: Run) -> None:
    made = run.personalize.create_recommender(
        name=run.name("top-picks"), datasetGroupArn=run.recall("vod"), recipeArn=TOP_PICKS, recommenderConfig=_CONFIG
    )["recommenderArn"]
    run.remember("recommender", made)
    run.ask(run.personalize.update_recommender, recommenderArn=made, recommenderConfig=_CONFIG)
    run.ask(run.personalize.delete_recommender, recommenderArn=made)
    run.ask(run.personalize.stop_recommender, recommenderArn=made)
    run.ask(run.personalize.start_recommender, recommenderArn=made)
    run.ask(run.runtime.get_recommendations, recommenderArn=made, userId="u1")
    run.note("status", run.settled("Recommender", made), expected="ACTIVE")


def _fail(run: Run) -> None:
    """In a group whose interactions are empty."""
    made = run.personalize.create_recommender(
        name=run.name("no-data"), datasetGroupArn=run.recall("bare"), recipeArn=TOP_PICKS
    )["recommenderArn"]
    run.note("status", run.settled("Recommender", made), expected="CREATE FAILED")
    config = {"minRecommendationRequestsPerSecond": 1}
    run.ask(run.personalize.update_recommender, recommenderArn=made, recommenderConfig=config)
    run.ask(run.personalize.stop_recommender, recommenderArn=made)
    run.ask(run.personalize.start_recommender, recommenderArn=made)
    run.settled("Recommender", made)
    run.personalize.delete_recommender(recommenderArn=made)
    run.note("at the end", run.settled("Recommender", made), expected=GONE)


def _update(run: Run) -> None:
    arn = run.recall("recommender")
    run.ask(run.personalize.update_recommender, recommenderArn=arn, recommenderConfig=_CONFIG)
    run.settled("Recommender", arn)


def _update_partly(run: Run) -> None:
    """Leave out what was configured: does it stay, or has it its default again?"""
    arn = run.recall("recommender")
    config = {"minRecommendationRequestsPerSecond": 2}
    run.personalize.update_recommender(recommenderArn=arn, recommenderConfig=config)
    run.ask(run.personalize.update_recommender, recommenderArn=arn, recommenderConfig=config)
    run.ask(run.personalize.delete_recommender, recommenderArn=run.name("none"))
    run.settled("Recommender", arn)
    found = run.personalize.describe_recommender(recommenderArn=arn)["recommender"]["recommenderConfig"]
    run.note(
        "metadata after an update that leaves them out", bool(found.get("enableMetadataWithRecommendations")), False
    )
    run.personalize.update_recommender(recommenderArn=arn, recommenderConfig=_CONFIG)
    run.settled("Recommender", arn)


def _stop_and_start(run: Run) -> None:
    arn = run.recall("recommender")
    run.personalize.stop_recommender(recommenderArn=arn)
    run.ask(run.personalize.stop_recommender, recommenderArn=arn)
    run.note("stopped", run.settled("Recommender", arn), expected="INACTIVE")
    found = run.personalize.describe_recommender(recommenderArn=arn)["recommender"]
    run.note("shows its metrics while stopped", bool(found.get("modelMetrics")), expected=True)
    run.ask(run.personalize.stop_recommender, recommenderArn=arn)
    run.ask(run.runtime.get_recommendations, recommenderArn=arn, userId="u1")
    config = {**_CONFIG, "minRecommendationRequestsPerSecond": 2}
    run.ask(run.personalize.update_recommender, recommenderArn=arn, recommenderConfig=config)
    run.note("after an update of what is stopped", run.settled("Recommender", arn), expected="INACTIVE")
    run.personalize.start_recommender(recommenderArn=arn)
    run.note("started", run.settled("Recommender", arn), expected="ACTIVE")
    run.ask(run.personalize.start_recommender, recommenderArn=arn)


def _delete_stopped(run: Run) -> None:
    arn = run.recall("recommender")
    run.personalize.stop_recommender(recommenderArn=arn)
    run.settled("Recommender", arn)
    run.personalize.delete_recommender(recommenderArn=arn)
    run.note("at the end", run.settled("Recommender", arn), expected=GONE)


def _step(name: str, what: str, does: Callable[[Run], None], *rules: str, **options: Any) -> Step:
    return Step(name, what, does, rules=rules, tier=Tier.TRAIN, **{"cost": INCLUDED, "minutes": 5.0, **options})


FAILING = _step(
    "recommenders.failed",
    "Makes a recommender where there is no data; updates, stops and starts it, and deletes it.",
    _fail,
    "solutions.minimum_data",
    "statuses.updatable",
    "statuses.stop_and_start",
    needs=("recommenders.without_items",),
    minutes=30,
    expects=(
        *refused("UpdateRecommender", INVALID),
        *refused("StopRecommender", INVALID),
        *refused("StartRecommender", INVALID),
        Expected("DescribeRecommender", "ResourceNotFoundException"),
    ),
)
LIVING = (
    _step(
        "recommenders.created",
        "Makes a recommender; updates, deletes, stops, starts and asks it while it is pending.",
        _create,
        "statuses.order",
        "statuses.must_be_settled",
        "statuses.stop_and_start",
        "recommendations.required_ids",
        needs=("imports.all",),
        cost=DOLLARS,
        minutes=120,
        expects=(
            *refused("UpdateRecommender", IN_USE),
            *refused("DeleteRecommender", IN_USE),
            *refused("StopRecommender", IN_USE),
            *refused("StartRecommender", IN_USE),
            *refused("GetRecommendations", INVALID),
            Expected("DescribeRecommender", members=("recommender.recommenderConfig", "recommender.recipeArn")),
        ),
    ),
    _step(
        "recommenders.no_change",
        "Updates the recommender to what it is.",
        _update,
        "statuses.no_change",
        needs=("recommenders.created",),
        minutes=10,
    ),
    _step(
        "recommenders.partial_update",
        "Updates one setting of the recommender, twice at once, and leaves the others out.",
        _update_partly,
        "statuses.whole_configs",
        "statuses.one_update",
        "statuses.updates",
        needs=("recommenders.no_change",),
        minutes=20,
        expects=(Expected("UpdateRecommender", which=0), Expected("UpdateRecommender", IN_USE, which=1)),
    ),
)
ENDING = (
    _step(
        "recommenders.stopped",
        "Stops the recommender, asks and updates it meanwhile, and starts it.",
        _stop_and_start,
        "statuses.stop_and_start",
        "statuses.recommender_metrics",
        "statuses.inactive_updates",
        needs=("recommenders.partial_update",),
        minutes=20,
        expects=(
            *taken("StopRecommender"),
            Expected("StopRecommender", IN_USE, which=1),
            Expected("StopRecommender", INVALID, which=2),
            *refused("GetRecommendations", INVALID),
            Expected("StartRecommender", which=0),
            Expected("StartRecommender", INVALID, which=1),
        ),
    ),
    _step(
        "recommenders.deleted_when_stopped",
        "Stops the recommender and deletes it.",
        _delete_stopped,
        "recommenders.deletable_when_stopped",
        needs=("recommenders.stopped",),
        minutes=10,
        expects=taken("DeleteRecommender"),
    ),
)
