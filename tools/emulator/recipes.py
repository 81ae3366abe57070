"""The recipes: what each needs and how the emulator stands in for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

VIDEO_ON_DEMAND = "VIDEO_ON_DEMAND"
ECOMMERCE = "ECOMMERCE"

USER_PERSONALIZATION = "USER_PERSONALIZATION"
RELATED_ITEMS = "RELATED_ITEMS"
PERSONALIZED_RANKING = "PERSONALIZED_RANKING"
POPULAR_ITEMS = "POPULAR_ITEMS"
TRENDING_NOW = "TRENDING_NOW"


@dataclass(frozen=True)
class Recipe:
    """A recipe.

    Source: developer guide, "VIDEO_ON_DEMAND use cases", "ECOMMERCE use cases", "Choosing a recipe"; API
    reference, GetRecommendations, for what a request must name.

    Attributes:
        name: last part of its ARN.
        type: recipe type.
        domain: domain of a use case; None for a recipe of custom solutions.
        needs_user: whether a request must name a user.
        needs_item: whether a request must name an item.
        datasets: dataset types it needs.
        event: event type of which it needs 1000 events; None for any.
        hides: event type by which it leaves out what the user has interacted with already.
        explores: whether itemExplorationConfig applies.
        hyper_parameters: names of algorithm hyperparameters it takes; None if not known here.
        hpo: whether performHPO may be true.
        has_metadata: whether campaigns show metadata without being told to (developer guide, "Deploying an Amazon
            Personalize solution version with a campaign").
    """

    name: str
    type: str
    domain: str | None = None
    needs_user: bool = True
    needs_item: bool = False
    datasets: tuple[str, ...] = ("INTERACTIONS",)
    event: str | None = None
    hides: str | None = None
    explores: bool = False
    hyper_parameters: frozenset[str] | None = None
    hpo: bool = True
    has_metadata: bool = False

    @property
    def arn(self) -> str:
        """Its ARN, the same in every account and region."""
        return f"arn:aws:personalize:::recipe/{self.name}"

    @property
    def is_use_case(self) -> bool:
        """Whether recommenders use it, rather than solutions."""
        return self.domain is not None

    @property
    def algorithm_arn(self) -> str:
        """ARN of its algorithm."""
        return f"arn:aws:personalize:::algorithm/{self.name}"

    @property
    def feature_transformation_arn(self) -> str:
        """ARN of its feature transformation."""
        return f"arn:aws:personalize:::feature-transformation/{self.name}"


_BOTH = ("INTERACTIONS", "ITEMS")
_RECENCY = frozenset({"apply_recency_bias"})
_SEQUENCE = frozenset({"hidden_dimension", "bptt", "recency_mask"})

RECIPES: Mapping[str, Recipe] = {
    recipe.arn: recipe
    for recipe in (
        Recipe(
            "aws-vod-because-you-watched-x",
            RELATED_ITEMS,
            VIDEO_ON_DEMAND,
            needs_item=True,
            event="Watch",
            hides="Watch",
        ),
        Recipe("aws-vod-more-like-x", RELATED_ITEMS, VIDEO_ON_DEMAND, needs_item=True, datasets=_BOTH, hides="Watch"),
        Recipe("aws-vod-most-popular", POPULAR_ITEMS, VIDEO_ON_DEMAND, event="Watch"),
        Recipe("aws-vod-trending-now", TRENDING_NOW, VIDEO_ON_DEMAND, needs_user=False),
        Recipe("aws-vod-top-picks", USER_PERSONALIZATION, VIDEO_ON_DEMAND, hides="Watch", explores=True),
        Recipe(
            "aws-ecomm-customers-who-viewed-x-also-viewed",
            RELATED_ITEMS,
            ECOMMERCE,
            needs_item=True,
            event="View",
            hides="Purchase",
        ),
        Recipe(
            "aws-ecomm-frequently-bought-together",
            RELATED_ITEMS,
            ECOMMERCE,
            needs_user=False,
            needs_item=True,
            event="Purchase",
        ),
        Recipe("aws-ecomm-popular-items-by-purchases", POPULAR_ITEMS, ECOMMERCE, event="Purchase"),
        Recipe("aws-ecomm-popular-items-by-views", POPULAR_ITEMS, ECOMMERCE, event="View"),
        Recipe(
            "aws-ecomm-recommended-for-you",
            USER_PERSONALIZATION,
            ECOMMERCE,
            hides="Purchase",
            explores=True,
        ),
        Recipe("aws-user-personalization", USER_PERSONALIZATION, explores=True),
        Recipe(
            "aws-user-personalization-v2",
            USER_PERSONALIZATION,
            explores=True,
            hyper_parameters=_RECENCY,
            hpo=False,
            has_metadata=True,
        ),
        Recipe("aws-personalized-ranking", PERSONALIZED_RANKING, hyper_parameters=_SEQUENCE),
        Recipe(
            "aws-personalized-ranking-v2", PERSONALIZED_RANKING, hyper_parameters=_RECENCY, hpo=False, has_metadata=True
        ),
        Recipe("aws-similar-items", RELATED_ITEMS, needs_user=False, needs_item=True),
        Recipe("aws-sims", RELATED_ITEMS, needs_user=False, needs_item=True),
        Recipe("aws-popularity-count", POPULAR_ITEMS, needs_user=True, hpo=False),
        Recipe("aws-trending-now", TRENDING_NOW, needs_user=False, hpo=False),
    )
}
