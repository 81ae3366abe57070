"""RecommenderStack: the recommenders of the VIDEO_ON_DEMAND domain."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, Stack
from constructs import Construct

from .data import DataStack
from .existing import adopted
from .outputs import Outputs, pascal
from .personalize import ItemExplorationConfig, Recommender
from .placeholder import hold_place
from .settings import RecommenderSettings, Settings


class RecommenderStack(Stack):
    """What serves recommendations, and can be trained again from the data."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, data: DataStack, **kwargs: Any) -> None:
        """Declare the stack.

        Args:
            scope: parent construct.
            id: construct id.
            settings: the environment's settings; without recommenders the stack is empty.
            data: the stack with the provider and the dataset group.
            **kwargs: props of aws_cdk.Stack.

        Raises:
            PropsError: a prop is not what the service allows.
        """
        super().__init__(scope, id, **kwargs)
        data.share_with(self)
        if not settings.recommenders:
            hold_place(self)
        outputs = Outputs(self, settings.parameter_path)
        for name, each in settings.recommenders.items():
            recommender = Recommender(
                self,
                pascal(name),
                provider=data.provider,
                dataset_group=data.dataset_group,
                recipe=each.recipe,
                min_recommendation_requests_per_second=each.min_recommendation_requests_per_second,
                item_exploration_config=_exploration(each),
                enable_metadata_with_recommendations=each.enable_metadata_with_recommendations,
                excluded_dataset_columns=each.excluded_by_type,
                included_dataset_columns=each.included_by_type,
                active=each.active,
                max_wait=Duration.seconds(settings.max_wait.recommenders),
                **adopted(each),
            )
            outputs.publish(f"recommender_{name}_arn", recommender.recommender_arn, f"Recommender '{name}'")
            outputs.publish(
                f"recommender_{name}_metrics", recommender.model_metrics, f"Evaluation of recommender '{name}'"
            )


def _exploration(settings: RecommenderSettings) -> ItemExplorationConfig | None:
    config = settings.item_exploration_config
    if config is None:
        return None
    return ItemExplorationConfig(config.exploration_weight, config.exploration_item_age_cut_off)
