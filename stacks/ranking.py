"""RankingStack: re-ranking. Solution, solution version, quality gate and campaign."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, Stack
from constructs import Construct

from .data import DataStack
from .existing import adopted
from .outputs import Outputs
from .personalize import Campaign, EventParameters, ISolutionVersion, QualityGate, Solution, SolutionVersion, limits
from .placeholder import hold_place
from .settings import RankingSettings, Settings


class RankingStack(Stack):
    """What ranks lists for a user, and can be trained again from the data."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, data: DataStack, **kwargs: Any) -> None:
        """Declare the stack.

        Args:
            scope: parent construct.
            id: construct id.
            settings: the environment's settings; without a section `ranking` the stack is empty.
            data: the stack with the provider and the dataset group.
            **kwargs: props of aws_cdk.Stack.

        Raises:
            PropsError: a prop is not what the service allows.
        """
        super().__init__(scope, id, **kwargs)
        data.share_with(self)
        if settings.ranking is None:
            hold_place(self)
            return
        self._add_ranking(settings, settings.ranking, data)

    def _add_ranking(self, settings: Settings, ranking: RankingSettings, data: DataStack) -> None:
        solution = Solution(
            self,
            "Rerank",
            provider=data.provider,
            dataset_group=data.dataset_group,
            recipe=ranking.recipe,
            auto_training_days=ranking.auto_training_days,
            perform_hpo=ranking.perform_hpo,
            events_config=_events(ranking),
            algorithm_hyper_parameters=ranking.algorithm_hyper_parameters,
            excluded_dataset_columns=ranking.excluded_by_type,
            included_dataset_columns=ranking.included_by_type,
            **adopted(ranking),
        )
        version = SolutionVersion(
            self,
            "RerankVersion",
            provider=data.provider,
            solution=solution,
            training_trigger=ranking.training_trigger,
            adopt=ranking.solution_version,
            max_wait=Duration.seconds(settings.max_wait.trainings),
        )
        outputs = Outputs(self, settings.parameter_path)
        campaign = Campaign(
            self,
            "RerankCampaign",
            provider=data.provider,
            solution_version=self._gated(ranking, data, solution, version, outputs),
            follow_latest=ranking.campaign.follow_latest,
            min_provisioned_tps=ranking.campaign.min_provisioned_tps,
            enable_metadata_with_recommendations=ranking.campaign.enable_metadata_with_recommendations,
            **adopted(ranking.campaign),
        )
        outputs.publish("rerank_solution_arn", solution.solution_arn, "Personalized-Ranking solution")
        outputs.publish("rerank_solution_version_arn", version.solution_version_arn, "Solution version deployed")
        outputs.publish("rerank_campaign_arn", campaign.campaign_arn, "Personalized-Ranking campaign")
        for metric in limits.RANKING_METRICS:
            outputs.publish(f"rerank_metric_{metric}", version.evaluation_metric(metric), f"Evaluation: {metric}")

    def _gated(
        self,
        ranking: RankingSettings,
        data: DataStack,
        solution: Solution,
        version: SolutionVersion,
        outputs: Outputs,
    ) -> ISolutionVersion:
        gate = ranking.quality_gate
        if not gate.minimums and not gate.compare_with_deployed:
            return version
        judged = QualityGate(
            self,
            "QualityGate",
            provider=data.provider,
            solution=solution,
            solution_version=version,
            minimums=gate.minimums,
            compare_with_deployed=gate.compare_with_deployed,
            tolerance=gate.tolerance,
            compared_metrics=gate.compared_metrics,
            fail_on_other_data=gate.fail_on_other_data,
        )
        outputs.publish("rerank_quality_gate", judged.verdict, "What the quality gate says of the version")
        return judged


def _events(ranking: RankingSettings) -> list[EventParameters] | None:
    if ranking.events_config is None:
        return None
    return [
        EventParameters(event_type, each.weight, each.event_value_threshold)
        for event_type, each in ranking.events_config.items()
    ]
