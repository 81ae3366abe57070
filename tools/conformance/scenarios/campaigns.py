"""A campaign, and the rankings that it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.conformance.run import GONE, Run
from tools.conformance.step import Cost, Expected, Step, Tier

from .materials import IN_USE, INVALID, refused, taken

# 0.15 dollars for 1,000 requests, of which one a second is provisioned (tools/review/prices.yaml), for two hours.
_DOLLARS = Cost(
    "dollars", 1.1, "https://aws.amazon.com/personalize/pricing/, second hand, as in tools/review/prices.yaml"
)
_INCLUDED = Cost("dollars", 0.0, "in the hours of the campaign")
_USER, _KNOWN = "u1", ["i1", "i2", "i3", "i4", "i5"]
_EXPLAINED = {"enableMetadataWithRecommendations": True}


def _create(run: Run) -> None:
    version = run.recall("version")
    create = run.personalize.create_campaign
    follows = {"syncWithLatestSolutionVersion": True}
    run.ask(create, name=run.name("follows"), solutionVersionArn=version, campaignConfig=follows)
    explores = {"itemExplorationConfig": {"explorationWeight": "0.3"}}
    run.ask(create, name=run.name("explores"), solutionVersionArn=version, campaignConfig=explores)
    made = create(name=run.name("ranking"), solutionVersionArn=version, minProvisionedTPS=1, campaignConfig=_EXPLAINED)
    arn = run.remember("campaign", made["campaignArn"])
    run.ask(run.personalize.update_campaign, campaignArn=arn, minProvisionedTPS=2)
    run.ask(run.personalize.delete_campaign, campaignArn=arn)
    _rank(run, _KNOWN)
    run.note("status", run.settled("Campaign", arn), expected="ACTIVE")


def _update(run: Run) -> None:
    arn = run.recall("campaign")
    run.ask(
        run.personalize.update_campaign,
        campaignArn=arn,
        solutionVersionArn=run.recall("version"),
        minProvisionedTPS=1,
        campaignConfig=_EXPLAINED,
    )
    run.settled("Campaign", arn)


def _update_partly(run: Run) -> None:
    """Leave out of the configuration what it had: does it stay?"""
    arn = run.recall("campaign")
    update = run.personalize.update_campaign
    update(campaignArn=arn, campaignConfig={"syncWithLatestSolutionVersion": False})
    run.ask(update, campaignArn=arn, minProvisionedTPS=1)
    run.settled("Campaign", arn)
    found = run.personalize.describe_campaign(campaignArn=arn)["campaign"]
    run.note(
        "metadata after an update that leaves them out",
        bool(found.get("campaignConfig", {}).get("enableMetadataWithRecommendations")),
        expected=False,
    )
    run.note(
        "the version after an update that leaves it out", found["solutionVersionArn"] == run.recall("version"), True
    )


def _follow(run: Run) -> None:
    arn, solution = run.recall("campaign"), run.recall("solution")
    config = {"syncWithLatestSolutionVersion": True}
    run.ask(run.personalize.update_campaign, campaignArn=arn, campaignConfig=config)
    run.settled("Campaign", arn)
    latest = f"{solution}/$LATEST"
    run.ask(run.personalize.update_campaign, campaignArn=arn, solutionVersionArn=latest, campaignConfig=config)
    run.settled("Campaign", arn)


def _rank_items(run: Run) -> None:
    found = _rank(run, [*_KNOWN, "never-seen"])
    run.note(
        "exactly the items that were asked for",
        sorted(each["itemId"] for each in found) == sorted([*_KNOWN, "never-seen"]),
        True,
    )
    run.note("the unknown item is the last", bool(found) and found[-1]["itemId"] == "never-seen", expected=True)
    run.note("its score", found[-1].get("score", "none") if found else "", expected="none")
    run.note("scores sum to 1", round(sum(each.get("score", 0) for each in found), 2), expected=1.0)
    _rank(run, _KNOWN, metadataColumns={"ITEMS": ["GENRES"]})
    _rank(run, [f"i{number}" for number in range(501)])
    _rank(run, _KNOWN, userId="nobody")
    run.ask(run.runtime.get_recommendations, campaignArn=run.recall("campaign"), userId=_USER)


def _delete(run: Run) -> None:
    arn = run.recall("campaign")
    run.ask(run.personalize.delete_solution, solutionArn=run.recall("solution"))
    run.ask(run.personalize.delete_dataset, datasetArn=run.recall("custom-Items"))
    run.personalize.delete_campaign(campaignArn=arn)
    run.note("at the end", run.settled("Campaign", arn), expected=GONE)


def _rank(run: Run, items: list[str], **params: Any) -> list[dict[str, Any]]:
    """Ranked items; none if the request was refused."""
    wanted = {"campaignArn": run.recall("campaign"), "userId": _USER, "inputList": items, **params}
    answer = run.ask(run.runtime.get_personalized_ranking, **wanted)
    return list(answer["personalizedRanking"]) if answer else []


def _step(name: str, what: str, does: Callable[[Run], None], *rules: str, **options: Any) -> Step:
    return Step(name, what, does, rules=rules, tier=Tier.TRAIN, **{"cost": _INCLUDED, "minutes": 10.0, **options})


STEPS = (
    _step(
        "campaigns.created",
        "Deploys a version; asks, updates and deletes the campaign while it is pending.",
        _create,
        "campaigns.version",
        "campaigns.config",
        "statuses.order",
        "statuses.must_be_settled",
        needs=("versions.names", "versions.metrics"),
        cost=_DOLLARS,
        expects=(
            *refused("CreateCampaign", INVALID, 2),
            Expected("CreateCampaign", which=2),
            *refused("UpdateCampaign", IN_USE),
            *refused("DeleteCampaign", IN_USE),
            *refused("GetPersonalizedRanking", INVALID),
            Expected("DescribeCampaign", members=("campaign.campaignConfig", "campaign.minProvisionedTPS")),
        ),
    ),
    _step(
        "rankings.asked",
        "Ranks items, one of them unknown; asks for metadata, for too many, for somebody unknown, and for no ranking.",
        _rank_items,
        "recommendations.ranking",
        "recommendations.answers",
        "recommendations.scores",
        "recommendations.limits",
        "recommendations.metadata_enabled",
        needs=("campaigns.created",),
        minutes=0,
        expects=(
            Expected("GetPersonalizedRanking", which=0),
            Expected("GetPersonalizedRanking", which=1),
            Expected("GetPersonalizedRanking", INVALID, which=2),
            Expected("GetPersonalizedRanking", which=3),
            *refused("GetRecommendations", INVALID),
        ),
    ),
    _step(
        "campaigns.no_change",
        "Updates the campaign to what it is.",
        _update,
        "statuses.no_change",
        needs=("campaigns.created",),
    ),
    _step(
        "campaigns.partial_update",
        "Updates a part of the configuration, then another, while the first update is under way.",
        _update_partly,
        "statuses.whole_configs",
        "statuses.one_update",
        "statuses.updates",
        needs=("campaigns.no_change", "rankings.asked"),
        expects=(Expected("UpdateCampaign", which=0), Expected("UpdateCampaign", IN_USE, which=1)),
    ),
    _step(
        "campaigns.following",
        "Lets the campaign follow the latest version: without naming it so, then naming it so.",
        _follow,
        "campaigns.version",
        "campaigns.latest_version",
        "campaigns.shown_version",
        needs=("campaigns.partial_update",),
        minutes=20,
        expects=(Expected("UpdateCampaign", INVALID, which=0), Expected("UpdateCampaign", which=1)),
    ),
    _step(
        "campaigns.deleted",
        "Deletes the solution and a dataset of the campaign, then the campaign.",
        _delete,
        "deletion.solution",
        "deletion.dataset_campaigns",
        needs=("campaigns.following",),
        expects=(*refused("DeleteSolution", IN_USE), *refused("DeleteDataset", IN_USE), *taken("DeleteCampaign")),
    ),
)
