"""The recipes: what each needs and takes, and how the emulator stands in for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .hyper_parameters import Choice, Decimal, Parameter, Whole

VIDEO_ON_DEMAND = "VIDEO_ON_DEMAND"
ECOMMERCE = "ECOMMERCE"

USER_PERSONALIZATION = "USER_PERSONALIZATION"
RELATED_ITEMS = "RELATED_ITEMS"
PERSONALIZED_RANKING = "PERSONALIZED_RANKING"
POPULAR_ITEMS = "POPULAR_ITEMS"
PERSONALIZED_ACTIONS = "PERSONALIZED_ACTIONS"
USER_SEGMENTATION = "USER_SEGMENTATION"

SEMANTIC_SIMILARITY = "aws-semantic-similarity"
ITEM_ATTRIBUTE_AFFINITY = "aws-item-attribute-affinity"


@dataclass(frozen=True)
class Recipe:
    """A recipe.

    Source: developer guide, "VIDEO_ON_DEMAND use cases", "ECOMMERCE use cases", "Choosing a recipe" and the page of
    each recipe; API reference, GetRecommendations, for what a request must name.

    Attributes:
        name: last part of its ARN.
        type: recipe type.
        domain: domain of a use case; None for a recipe of custom solutions.
        needs_user: whether a request must name a user.
        needs_item: whether a request must name an item.
        datasets: dataset types it needs.
        event: event type of which it needs 1000 events; None for any.
        hides: event type by which it leaves out what the user has interacted with already.
        trends: whether it is about what becomes popular, rather than about what is.
        explores: whether new items come into recommendations by automatic updates, every two hours.
        configures_exploration: whether itemExplorationConfig applies.
        algorithm: hyperparameters of its algorithm.
        features: hyperparameters of its feature transformation.
        algorithm_name: last part of the ARN of its algorithm; its own name if "".
        transformation: last part of the ARN of its feature transformation; its own name if "", which is inferred.
        weighs_events: whether eventsConfig applies ("Optimizing a solution with events configuration").
        has_objective: whether optimizationObjective applies ("Optimizing a solution for an additional objective").
        has_metadata: whether campaigns show metadata without being told to (developer guide, "Deploying an Amazon
            Personalize solution version with a campaign", "Semantic-Similarity recipe").
        gives_reasons: whether answers say why an item is among them.
        is_legacy: whether it is described, but neither listed nor for new solutions.
    """

    name: str
    type: str
    domain: str | None = None
    needs_user: bool = True
    needs_item: bool = False
    datasets: tuple[str, ...] = ("INTERACTIONS",)
    event: str | None = None
    hides: str | None = None
    trends: bool = False
    explores: bool = False
    configures_exploration: bool = False
    algorithm: tuple[Parameter, ...] = ()
    features: tuple[Parameter, ...] = ()
    algorithm_name: str = ""
    transformation: str = ""
    weighs_events: bool = False
    has_objective: bool = False
    has_metadata: bool = False
    gives_reasons: bool = False
    is_legacy: bool = False

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
        return f"arn:aws:personalize:::algorithm/{self.algorithm_name or self.name}"

    @property
    def feature_transformation_arn(self) -> str:
        """ARN of its feature transformation."""
        return f"arn:aws:personalize:::feature-transformation/{self.transformation or self.name}"

    @property
    def parameters(self) -> dict[str, Parameter]:
        """All its hyperparameters by name."""
        return {one.name: one for one in (*self.algorithm, *self.features)}

    @property
    def hpo(self) -> bool:
        """Whether performHPO may be true: some hyperparameter can be looked for."""
        return any(one.tunable for one in self.algorithm)


_BOTH = ("INTERACTIONS", "ITEMS")
_RECENCY = (Choice("apply_recency_bias", "true"),)
# The rows of these tables are those of the pages of the recipes.
_HISTORY = (
    Decimal("min_user_history_length_percentile", "0.0"),
    Decimal("max_user_history_length_percentile", "0.99"),
)
_RANKING_FEATURES = "JSON-percentile-filtering"


def _sequence(hidden_dimension: str) -> tuple[Parameter, ...]:
    """Hyperparameters of the recurrent networks, which differ in one default."""
    return (
        Whole("hidden_dimension", hidden_dimension, tunable=True, low=32, high=256),
        Whole("bptt", "32", tunable=True, low=2, high=32),
        Choice("recency_mask", "true", tunable=True),
    )


_SEGMENTS = (Whole("hidden_dimension", "149", low=32, high=256),)

_USE_CASES = (
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
        configures_exploration=True,
    ),
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
    Recipe(
        "aws-vod-top-picks",
        USER_PERSONALIZATION,
        VIDEO_ON_DEMAND,
        hides="Watch",
        explores=True,
        configures_exploration=True,
    ),
    Recipe("aws-vod-trending-now", POPULAR_ITEMS, VIDEO_ON_DEMAND, needs_user=False, trends=True),
)

_LEGACY = (
    Recipe(
        "aws-hrnn",
        USER_PERSONALIZATION,
        algorithm=_sequence("43"),
        features=_HISTORY,
        transformation=_RANKING_FEATURES,
        is_legacy=True,
    ),
    Recipe(
        "aws-hrnn-coldstart",
        USER_PERSONALIZATION,
        algorithm=_sequence("149"),
        features=(
            Whole("cold_start_max_interactions", "15"),
            Decimal("cold_start_max_duration", "5.0", high=float("inf")),
            Choice("cold_start_relative_from", "latestItem", values=("currentTime", "latestItem")),
            *_HISTORY,
        ),
        transformation="featurize_coldstart",
        is_legacy=True,
    ),
    Recipe(
        "aws-hrnn-metadata",
        USER_PERSONALIZATION,
        algorithm=_sequence("43"),
        features=_HISTORY,
        transformation="featurize_metadata",
        is_legacy=True,
    ),
)

_CUSTOM = (
    Recipe(
        "aws-item-affinity",
        USER_SEGMENTATION,
        algorithm=_SEGMENTS,
        transformation="item-affinity",
    ),
    Recipe(
        ITEM_ATTRIBUTE_AFFINITY,
        USER_SEGMENTATION,
        datasets=_BOTH,
        algorithm=_SEGMENTS,
        transformation="item-attribute-affinity",
    ),
    Recipe(
        "aws-next-best-action",
        PERSONALIZED_ACTIONS,
        datasets=("INTERACTIONS", "ACTIONS"),
        explores=True,
        configures_exploration=True,
        features=(Whole("action_optimization_period", "14", low=7, high=28),),
    ),
    Recipe(
        "aws-personalized-ranking",
        PERSONALIZED_RANKING,
        algorithm=_sequence("149"),
        features=_HISTORY,
        transformation=_RANKING_FEATURES,
        has_objective=True,
    ),
    Recipe(
        "aws-personalized-ranking-v2", PERSONALIZED_RANKING, algorithm=_RECENCY, weighs_events=True, has_metadata=True
    ),
    Recipe("aws-popularity-count", POPULAR_ITEMS, needs_user=False, transformation="sims"),
    Recipe(
        SEMANTIC_SIMILARITY, RELATED_ITEMS, needs_user=False, needs_item=True, datasets=("ITEMS",), has_metadata=True
    ),
    Recipe(
        "aws-similar-items",
        RELATED_ITEMS,
        needs_user=False,
        needs_item=True,
        algorithm=(
            Decimal("popularity_discount_factor", "0.0"),
            Whole("item_id_hidden_dim", "100", tunable=True, only_tuned=True, low=30, high=200),
            Whole("item_metadata_hidden_dim", "100", tunable=True, only_tuned=True, low=30, high=200),
        ),
    ),
    Recipe(
        "aws-sims",
        RELATED_ITEMS,
        needs_user=False,
        needs_item=True,
        algorithm=(
            Decimal("popularity_discount_factor", "0.5", tunable=True),
            Whole("min_cointeraction_count", "3", tunable=True, low=0, high=10),
        ),
        features=(
            Decimal("min_user_history_length_percentile", "0.005"),
            Decimal("max_user_history_length_percentile", "0.995"),
            Decimal("min_item_interaction_count_percentile", "0.01"),
            Decimal("max_item_interaction_count_percentile", "0.9"),
        ),
        transformation="sims",
    ),
    Recipe(
        "aws-trending-now",
        POPULAR_ITEMS,
        needs_user=False,
        trends=True,
        features=(
            Choice(
                "trend_discovery_frequency", "2 hours", values=("30 minutes", "1 hour", "2 hours", "3 hours", "1 day")
            ),
        ),
        algorithm_name="aws-trending-now-custom",
    ),
    Recipe(
        "aws-user-personalization",
        USER_PERSONALIZATION,
        explores=True,
        configures_exploration=True,
        algorithm=_sequence("149"),
        features=_HISTORY,
        has_objective=True,
    ),
    Recipe(
        "aws-user-personalization-v2",
        USER_PERSONALIZATION,
        explores=True,
        gives_reasons=True,
        algorithm=_RECENCY,
        weighs_events=True,
        has_metadata=True,
    ),
)

# In the order of their names, as recorded answers of ListRecipes have them.
RECIPES: Mapping[str, Recipe] = {
    recipe.arn: recipe for recipe in sorted((*_USE_CASES, *_LEGACY, *_CUSTOM), key=lambda recipe: recipe.name)
}
