"""Names that the API gives to what a domain consists of."""

from __future__ import annotations

from enum import StrEnum


class DatasetType(StrEnum):
    """Types of datasets (API reference, CreateDataset, datasetType).

    The further types ACTIONS and ACTION_INTERACTIONS are for recipes that a domain dataset group does not have.
    """

    INTERACTIONS = "INTERACTIONS"
    ITEMS = "ITEMS"
    USERS = "USERS"


class VideoOnDemand:
    """The domain VIDEO_ON_DEMAND and the recipes of its recommenders (developer guide, "VIDEO_ON_DEMAND use cases").

    Attributes:
        DOMAIN: name of the domain.
        BECAUSE_YOU_WATCHED_X: titles that others watched who watched this one, too.
        MORE_LIKE_X: titles that are like this one.
        MOST_POPULAR: titles that most users watched.
        TRENDING_NOW: titles whose popularity grows the fastest.
        TOP_PICKS: titles for this user, the only recipe that explores.
    """

    DOMAIN = "VIDEO_ON_DEMAND"
    BECAUSE_YOU_WATCHED_X = "aws-vod-because-you-watched-x"
    MORE_LIKE_X = "aws-vod-more-like-x"
    MOST_POPULAR = "aws-vod-most-popular"
    TRENDING_NOW = "aws-vod-trending-now"
    TOP_PICKS = "aws-vod-top-picks"
