"""How good the solution versions and the recommenders are, by the service's own metrics."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from typing import Any

from stacks.personalize.limits import VOD_USE_CASES
from stacks.settings import QualityGateSettings, Settings

from .found import Bound, Ranking, Recommender, Version

# Each takes a second to ask for.
MOST_VERSIONS = 20
_ACTIVE = "ACTIVE"
_LATEST = "$LATEST"
# How metrics are compared (lambdas/personalize_provider/describe.py rounds so, too).
_DECIMALS = 4
_RECOMMENDER = re.compile(r"recommender_(.+)_arn")

Call = Callable[..., Any]


def recommenders(call: Call, parameters: Mapping[str, str]) -> Iterator[Recommender]:
    """Every recommender that is deployed.

    Args:
        call: calls an operation of Personalize.
        parameters: what the stacks publish.
    """
    for name, arn in sorted(parameters.items()):
        found = _RECOMMENDER.fullmatch(name)
        if found:
            yield _recommender(found[1], call("describe_recommender", "recommender", recommenderArn=arn))


def _recommender(name: str, described: Mapping[str, Any]) -> Recommender:
    recipe = described["recipeArn"].rpartition("/")[2]
    use_case = VOD_USE_CASES.get(recipe)
    return Recommender(
        name=name,
        arn=described["recommenderArn"],
        recipe=recipe,
        use_case=use_case.title if use_case else name,
        status=described["status"],
        throughput=described.get("recommenderConfig", {}).get("minRecommendationRequestsPerSecond", 1),
        updated=described["lastUpdatedDateTime"].astimezone(UTC),
        metrics=described.get("modelMetrics", {}),
    )


def ranking(call: Call, settings: Settings, parameters: Mapping[str, str]) -> Ranking | None:
    """The solution versions that can serve, and what the quality gate asks of a new one; None without ranking.

    Args:
        call: calls an operation of Personalize.
        settings: have the quality gate.
        parameters: what the stacks publish.
    """
    solution, campaign = parameters.get("rerank_solution_arn"), parameters.get("rerank_campaign_arn")
    if solution is None or campaign is None:
        return None
    described = call("describe_campaign", "campaign", campaignArn=campaign)
    trained = sorted(
        (
            each
            for each in call("list_solution_versions", "solutionVersions", solutionArn=solution)
            if each["status"] == _ACTIVE
        ),
        key=lambda each: each["creationDateTime"],
    )
    serving = described.get("solutionVersionArn", "")
    if serving.endswith(_LATEST):
        serving = trained[-1]["solutionVersionArn"] if trained else ""
    # The one that serves is shown however old it is.
    shown = [
        *(each for each in trained[:-MOST_VERSIONS] if each["solutionVersionArn"] == serving),
        *trained[-MOST_VERSIONS:],
    ]
    versions = [_version(call, each, serving) for each in shown]
    gate = settings.ranking.quality_gate if settings.ranking else QualityGateSettings()
    return Ranking(versions, len(trained) - len(shown), bounds(gate, versions), described["status"])


def _version(call: Call, summary: Mapping[str, Any], serving: str) -> Version:
    arn = summary["solutionVersionArn"]
    how = [str(summary.get(member, "")).lower() for member in ("trainingType", "trainingMode")]
    return Version(
        name=arn.rpartition("/")[2],
        trained=summary["creationDateTime"].astimezone(UTC),
        how=", ".join(filter(None, how)),
        metrics=call("get_solution_metrics", "metrics", solutionVersionArn=arn),
        serves=arn == serving,
    )


def bounds(gate: QualityGateSettings, versions: list[Version]) -> dict[str, list[Bound]]:
    """By metric, what a new version must reach."""
    found: dict[str, list[Bound]] = {
        name: [Bound(least, "minimum of the gate")] for name, least in gate.minimums.items()
    }
    serving = next((each for each in versions if each.serves), None)
    if gate.compare_with_deployed and serving:
        for name in gate.compared_metrics:
            if name in serving.metrics:
                least = round(serving.metrics[name] * (1 - gate.tolerance), _DECIMALS)
                why = f"{gate.tolerance * 100:g} % below what serves"
                found.setdefault(name, []).append(Bound(least, why))
    return found
