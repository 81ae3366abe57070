"""What Amazon Personalize charges while nobody asks, for the metric CostPerHour and for what alarms say.

In USD, for us-east-1. Source: https://aws.amazon.com/personalize/pricing/, second hand: public course material of 2026
quotes it. The review has the same amounts with their dates, in tools/review/prices.yaml; a test holds both equal. Your
bill is what AWS says it is.
"""

from __future__ import annotations

from typing import Any

HOURS_PER_MONTH = 730
# A domain recommender, for each hour that it is active and serves up to 100,000 users.
RECOMMENDER_HOUR = 0.375
# Requests that such an hour includes, and what 1,000 of the others cost, asked or provisioned, whichever is more.
RECOMMENDER_INCLUDED_REQUESTS = 4000
RECOMMENDER_REQUESTS = 0.0833
# 1,000 requests to a campaign, asked or provisioned, whichever is more.
V2_REQUESTS = 0.15
OTHER_REQUESTS = 0.0556
_SECONDS_PER_HOUR = 3600


def recommender_per_hour(requests_per_second: int) -> float:
    """What a recommender costs in an hour in which nobody asks more than that of it.

    Args:
        requests_per_second: that are always provisioned.
    """
    beyond = max(0, requests_per_second * _SECONDS_PER_HOUR - RECOMMENDER_INCLUDED_REQUESTS)
    return RECOMMENDER_HOUR + beyond / 1000 * RECOMMENDER_REQUESTS


def campaign_per_hour(requests_per_second: int, recipe: str) -> float:
    """What a campaign costs in an hour in which nobody asks more than that of it.

    Args:
        requests_per_second: that are always provisioned.
        recipe: of its solution, by its name.
    """
    return requests_per_second * _SECONDS_PER_HOUR / 1000 * _campaign_requests(recipe)


def as_configuration(recipes: dict[str, str]) -> dict[str, Any]:
    """The same prices for one request each, as the function `observe` reads them.

    Args:
        recipes: recipe of each campaign, by its name.
    """
    return {
        "recommender_hour": RECOMMENDER_HOUR,
        "recommender_included_requests": RECOMMENDER_INCLUDED_REQUESTS,
        "recommender_request": round(RECOMMENDER_REQUESTS / 1000, 9),
        "campaign_request": {name: round(_campaign_requests(recipe) / 1000, 9) for name, recipe in recipes.items()},
    }


def _campaign_requests(recipe: str) -> float:
    return V2_REQUESTS if recipe.endswith("-v2") else OTHER_REQUESTS
