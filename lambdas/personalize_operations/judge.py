"""Judges the version that a refresh has trained, by the quality gate of deployments, and whether it may still serve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..personalize_provider import quality_gate
from ..personalize_provider.api import Api
from ..personalize_provider.names import last_part
from ..personalize_provider.resources import RESOURCES
from ..personalize_provider.statuses import Description, is_busy
from .clients import Clients, Clock

_CAMPAIGN = RESOURCES["Campaign"]
_VERSION = RESOURCES["SolutionVersion"]


def judge(event: Mapping[str, Any], clients: Clients, clock: Clock) -> dict[str, Any]:
    """Judge a version.

    Args:
        event: `solution_arn`, `solution_version_arn`, `campaign_arn`, and `gate`: the properties of
            Custom::PersonalizeQualityGate that say what to demand.
        clients: of the services.
        clock: not needed.

    Returns:
        `verdict`: passed, refused, or overtaken, if a deployment has let the campaign serve a newer version or another
        solution meanwhile; `text`, for people; `metrics` of the version; `serving`: what the campaign serves now.

    Raises:
        ServiceError: the service did not answer.
    """
    api = Api(clients("personalize"))
    arn = event["solution_version_arn"]
    properties = {**event["gate"], "SolutionArn": event["solution_arn"], "SolutionVersionArn": arn}
    judgement = quality_gate.judge(api, properties)
    campaign = api.describe(_CAMPAIGN, event["campaign_arn"]) or {}
    serving = str(campaign.get("solutionVersionArn", ""))
    answer = {"metrics": dict(judgement.metrics), "serving": serving}
    if not judgement.passes:
        rows = [f"  {row.row}" for row in judgement.judged]
        return {
            "verdict": "refused",
            "text": "\n".join([f"{_called(arn)} is below what is asked of it:", *rows]),
            **answer,
        }
    overtaken = _overtaken(api, arn, _next_version(campaign))
    if overtaken:
        return {"verdict": "overtaken", "text": overtaken, **answer}
    return {"verdict": "passed", "text": f"{_called(arn)} {judgement.text}.", **answer}


def _next_version(campaign: Description) -> str:
    """The version that a campaign serves, or will serve when an update that is under way has ended."""
    update = campaign.get("latestCampaignUpdate") or {}
    return str((update if is_busy(update) else campaign).get("solutionVersionArn", ""))


def _overtaken(api: Api, candidate: str, serving: str) -> str:
    """Why the campaign stays as it is, though the candidate has passed; empty if it may move."""
    if serving in ("", candidate):
        return ""
    if serving.rpartition("/")[0] != candidate.rpartition("/")[0]:
        return f"{_called(candidate)} passed, but a deployment has let the campaign serve another solution: {serving}."
    if _created(api, serving) > _created(api, candidate):
        return f"{_called(candidate)} passed, but the campaign already serves a newer one: {last_part(serving)}."
    return ""


def _created(api: Api, version_arn: str) -> float:
    """When the training of a version began; a version that is gone cannot come back."""
    found = api.describe(_VERSION, version_arn)
    return float(found["creationDateTime"].timestamp()) if found else 0.0


def _called(version_arn: str) -> str:
    return f"Version {last_part(version_arn)}"
