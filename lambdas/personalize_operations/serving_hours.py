"""Starts and stops recommenders, for schedules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..personalize_provider.api import Api
from ..personalize_provider.resources import RESOURCES
from ..personalize_provider.statuses import is_paused, is_running
from .clients import Clients

_RECOMMENDER = RESOURCES["Recommender"]


def switch_recommender(event: Mapping[str, Any], clients: Clients) -> dict[str, Any]:
    """Start or stop a recommender; one that is so already, by a deployment or by hand, is left alone.

    Args:
        event: `action`: startRecommender or stopRecommender; `recommender_arn`.
        clients: of the services.

    Returns:
        What was asked for, for the log.

    Raises:
        ServiceError: the service refused, and the recommender is not as it was to be.
    """
    starts = event["action"] == "startRecommender"
    operation = _RECOMMENDER.resume if starts else _RECOMMENDER.pause
    assert operation
    named = {_RECOMMENDER.arn_member: event["recommender_arn"]}
    Api(clients("personalize")).switch(operation, _RECOMMENDER, named, is_running if starts else is_paused)
    return dict(event)
