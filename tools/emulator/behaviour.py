"""What the service may do where no source says what it does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Behaviour:
    """Answers to questions that only the real service can answer, so that both can be tried.

    Attributes:
        refuses_unchanged: whether an Update* request that changes nothing is refused. Public workshop code expects
            InvalidInputException of UpdateRecommender and UpdateCampaign; nothing recorded shows it.
        updates_inactive_recommenders: whether a recommender that was stopped can be updated; it stays INACTIVE.
        shows_latest: whether a campaign that follows the latest version shows `<solution>/$LATEST`, and not the version
            that it serves.
    """

    refuses_unchanged: bool = False
    updates_inactive_recommenders: bool = False
    shows_latest: bool = False
