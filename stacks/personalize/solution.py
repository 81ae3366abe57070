"""Solution: a recipe with its settings, from which versions are trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from aws_cdk import RemovalPolicy
from constructs import Construct

from .config import ExcludedDatasetColumns, recipe_arn, training_data_config
from .dataset_group import IDatasetGroup
from .errors import PropsError
from .imported import ImportedArn
from .limits import AUTO_TRAINING_DAYS_RANGE
from .provider import PersonalizeProvider
from .resource import PersonalizeResource


class ISolution(Protocol):
    """A solution, of this app or imported."""

    @property
    def solution_arn(self) -> str:
        """ARN of the solution."""
        ...

    @property
    def dataset_group(self) -> IDatasetGroup:
        """The group whose data it trains on."""
        ...


class _ImportedSolution:
    def __init__(self, solution_arn: str, dataset_group: IDatasetGroup) -> None:
        self.solution_arn = ImportedArn(solution_arn, permitted_on=[solution_arn, f"{solution_arn}/*"])
        self.dataset_group = dataset_group


class Solution(PersonalizeResource):
    """A solution (API: CreateSolution).

    Automatic training is off unless asked for: the API's own default trains, and bills, every 7 days.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        dataset_group: IDatasetGroup,
        recipe: str,
        auto_training_days: int | None = None,
        perform_hpo: bool = False,
        algorithm_hyper_parameters: Mapping[str, str | int | float | bool] | None = None,
        excluded_dataset_columns: ExcludedDatasetColumns | None = None,
        name: str | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Declare a solution.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            dataset_group: the group whose data it trains on.
            recipe: name or ARN of the recipe, such as aws-personalized-ranking-v2.
            auto_training_days: days between automatic trainings, 1 to 30; None trains only when deployed. Changes
                in place; so does nothing else here.
            perform_hpo: whether to look for the best hyperparameters.
            algorithm_hyper_parameters: hyperparameters of the recipe.
            excluded_dataset_columns: columns that training leaves out, by dataset type; at most 50 each.
            name: a fixed name; default: generated.
            removal_policy: RETAIN_ON_UPDATE_OR_DELETE keeps the solution when the stack is deleted, RETAIN also
                what a failed first deployment has made; default DESTROY.

        Raises:
            PropsError: a prop is not what the API allows.
        """
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="Solution",
            name=name,
            removal_policy=removal_policy,
            properties={
                "DatasetGroupArn": dataset_group.dataset_group_arn,
                "RecipeArn": recipe_arn(scope, recipe),
                "PerformHPO": perform_hpo,
                "SolutionConfig": {
                    "AlgorithmHyperParameters": _as_strings(algorithm_hyper_parameters or {}),
                    "TrainingDataConfig": training_data_config(id, excluded_dataset_columns),
                },
                **_auto_training(id, auto_training_days),
            },
        )
        self.dataset_group = dataset_group
        # A recipe may need the items dataset, so the datasets come first; the data itself is for the versions.
        self.node.add_dependency(dataset_group.datasets)

    @staticmethod
    def from_solution_arn(solution_arn: str, dataset_group: IDatasetGroup) -> ISolution:
        """Use a solution that exists already.

        Args:
            solution_arn: ARN of the solution.
            dataset_group: the group whose data it trains on.
        """
        return _ImportedSolution(solution_arn, dataset_group)

    @property
    def solution_arn(self) -> str:
        """ARN of the solution."""
        return self.attribute("SolutionArn")


def _auto_training(id: str, days: int | None) -> dict[str, object]:
    if days is None:
        return {"PerformAutoTraining": False}
    low, high = AUTO_TRAINING_DAYS_RANGE
    if not low <= days <= high:
        raise PropsError(f"{id}: auto_training_days must be {low} to {high} days, but is {days}.")
    rate = f"rate({days} day{'s' if days > 1 else ''})"
    return {
        "PerformAutoTraining": True,
        "SolutionUpdateConfig": {"AutoTrainingConfig": {"SchedulingExpression": rate}},
    }


def _as_strings(parameters: Mapping[str, str | int | float | bool]) -> dict[str, str]:
    """Hyperparameters as the API takes them: a map of strings."""
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in parameters.items()}
