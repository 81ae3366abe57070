"""Solution: a recipe with its settings, from which versions are trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aws_cdk import RemovalPolicy, Token
from constructs import Construct

from .adoption import check_parent
from .config import DatasetColumns, EventParameters, check_event_type, check_range, recipe_arn, training_data_config
from .config import events_config as rendered_events_config
from .dataset_group import IDatasetGroup
from .errors import PropsError
from .grants import Grantable, IPersonalizeResource
from .imported import ImportedResource, as_imported, checked_arn
from .limits import AUTO_TRAINING_DAYS_RANGE, MORE_SOLUTION_CONFIG, RANKING_RECIPES
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource

declare(
    TypePermissions(
        "Solution",
        operations=("CreateSolution", "DescribeSolution", "UpdateSolution", "DeleteSolution"),
        created_in="dataset-group",
        contains="solution",
    )
)

# How the recipes of the domains begin (developer guide, "Choosing recommenders").
_FOR_RECOMMENDERS = ("aws-vod-", "aws-ecomm-")


class ISolution(IPersonalizeResource, Protocol):
    """A solution, of this app or imported."""

    @property
    def solution_arn(self) -> str:
        """ARN of the solution."""
        ...

    @property
    def dataset_group(self) -> IDatasetGroup:
        """The group whose data it trains on; of an imported one only if it was given."""
        ...


class _SolutionBase(Grantable):
    @property
    def solution_arn(self) -> str:
        """ARN of the solution."""
        return self._arn


class _ImportedSolution(ImportedResource, _SolutionBase):
    def __init__(
        self, scope: Construct, id: str, solution_arn: str, dataset_group: IDatasetGroup | None = None
    ) -> None:
        arn = checked_arn("solution_arn", solution_arn, "solution")
        super().__init__(scope, id, as_imported(arn, with_contents=True))
        self._dataset_group = dataset_group

    @property
    def dataset_group(self) -> IDatasetGroup:
        if self._dataset_group is None:
            raise PropsError(
                f"{self.node.path}: an ARN does not tell the solution's dataset group. Use "
                f"Solution.from_solution_attributes."
            )
        return self._dataset_group


class Solution(PersonalizeResource, _SolutionBase):
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
        recipe: str | None = None,
        auto_training_days: int | None = None,
        perform_incremental_update: bool | None = None,
        perform_hpo: bool = False,
        perform_auto_ml: bool = False,
        event_type: str | None = None,
        events_config: Sequence[EventParameters] | None = None,
        algorithm_hyper_parameters: Mapping[str, str | int | float | bool] | None = None,
        excluded_dataset_columns: DatasetColumns | None = None,
        included_dataset_columns: DatasetColumns | None = None,
        more_solution_config: Mapping[str, Any] | None = None,
        name: str | None = None,
        adopt: bool = False,
        release: bool = False,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Declare a solution.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            dataset_group: the group whose data it trains on.
            recipe: name or ARN of the recipe, such as aws-personalized-ranking-v2; needed unless perform_auto_ml.
            auto_training_days: days between automatic trainings, 1 to 30; None trains only when deployed. The versions
                reach a campaign that follows the latest, and no other. Changes in place, as do
                perform_incremental_update and events_config; nothing else here does.
            perform_incremental_update: whether recipes that can are updated with new data between trainings; default:
                the service's.
            perform_hpo: whether to look for the best hyperparameters.
            perform_auto_ml: whether the service chooses the recipe by itself; AWS advises against it.
            event_type: the only EVENT_TYPE to train on, for recipes that do not take events_config; default: all.
            events_config: how much each event type counts, at most 10, for -v2 recipes only. Counts from the next
                training on. None leaves it to the service, an empty list removes what was set.
            algorithm_hyper_parameters: hyperparameters of the recipe.
            excluded_dataset_columns: columns that training leaves out, by dataset type; at most 50 each.
            included_dataset_columns: the only columns that training takes, by dataset type; at most 50 each; default:
                all that the dataset had when this was made. So that training takes a column that was added later,
                list it together with all the others.
            more_solution_config: other members of the API's SolutionConfig, in PascalCase: AutoMLConfig,
                EventValueThreshold, FeatureTransformationParameters, HpoConfig, OptimizationObjective.
            name: a fixed name; default: generated.
            adopt: whether to take over the solution of that `name` instead of making one (library.md).
            release: whether to give up what was adopted: it stays, without the tags of this app (library.md).
            removal_policy: RETAIN_ON_UPDATE_OR_DELETE keeps the solution when the stack is deleted, RETAIN also
                what a failed first deployment has made; default DESTROY.

        Raises:
            PropsError: a prop is not what the API allows.
        """
        if (recipe is None) is not perform_auto_ml:
            # API reference, CreateSolution: performAutoML chooses the recipe.
            raise PropsError(f"{id}: set either recipe or perform_auto_ml.")
        if event_type is not None:
            check_event_type(id, event_type)
        if recipe and not Token.is_unresolved(recipe):
            _check_recipe(id, recipe.rpartition("/")[2], algorithm_hyper_parameters or {}, perform_hpo, events_config)
        check_parent(id, adopt, dataset_group.dataset_group_arn, "dataset group")
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="Solution",
            name=name,
            adopt=adopt,
            release=release,
            removal_policy=removal_policy,
            properties={
                "DatasetGroupArn": dataset_group.dataset_group_arn,
                "RecipeArn": recipe_arn(scope, recipe) if recipe else None,
                "PerformHPO": perform_hpo,
                "PerformAutoML": perform_auto_ml or None,
                "PerformIncrementalUpdate": perform_incremental_update,
                "EventType": event_type,
                "SolutionConfig": {
                    **_more(id, more_solution_config or {}),
                    "AlgorithmHyperParameters": _as_strings(algorithm_hyper_parameters or {}),
                    "TrainingDataConfig": training_data_config(id, excluded_dataset_columns, included_dataset_columns),
                },
                "PerformAutoTraining": auto_training_days is not None,
                "SolutionUpdateConfig": _updatable(id, auto_training_days, events_config),
            },
        )
        self._dataset_group = dataset_group
        # A recipe may need the items dataset, so the datasets come first; the data itself is for the versions.
        self.node.add_dependency(dataset_group.contents.datasets)

    @staticmethod
    def from_solution_arn(scope: Construct, id: str, solution_arn: str) -> ISolution:
        """Use a solution that exists already, without its dataset group: no version can be trained of it.

        Args:
            scope: parent construct.
            id: construct id.
            solution_arn: its ARN.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedSolution(scope, id, solution_arn)

    @staticmethod
    def from_solution_attributes(
        scope: Construct, id: str, *, solution_arn: str, dataset_group: IDatasetGroup
    ) -> ISolution:
        """Use a solution that exists already.

        Args:
            scope: parent construct.
            id: construct id.
            solution_arn: its ARN.
            dataset_group: the group whose data it trains on.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedSolution(scope, id, solution_arn, dataset_group)

    @property
    def dataset_group(self) -> IDatasetGroup:
        """The group whose data it trains on."""
        return self._dataset_group


def _check_recipe(
    id: str,
    recipe: str,
    hyper_parameters: Mapping[str, object],
    perform_hpo: bool,
    events: Sequence[EventParameters] | None,
) -> None:
    """Refuse recipes for recommenders, and what a ranking recipe does not take; other recipes are not known here."""
    if recipe.startswith(_FOR_RECOMMENDERS):
        raise PropsError(f"{id}: recipe '{recipe}' is for recommenders. Use a Recommender.")
    known = RANKING_RECIPES.get(recipe)
    if known is None:
        return
    unknown = [name for name in hyper_parameters if name not in known.hyper_parameters]
    if unknown:
        raise PropsError(
            f"{id}: '{unknown[0]}' is not a hyperparameter of '{recipe}'. Use {', '.join(known.hyper_parameters)}."
        )
    if perform_hpo and not known.hpo:
        raise PropsError(f"{id}: recipe '{recipe}' does not take perform_hpo. Remove it.")
    if events is not None and not known.events:
        raise PropsError(f"{id}: recipe '{recipe}' does not take events_config. Remove it.")


def _updatable(id: str, days: int | None, events: Sequence[EventParameters] | None) -> dict[str, object] | None:
    """What UpdateSolution takes as solutionUpdateConfig; None if there is nothing to say."""
    config: dict[str, object] = {}
    if days is not None:
        config["AutoTrainingConfig"] = _auto_training(id, days)
    if events is not None:
        config["EventsConfig"] = rendered_events_config(id, events)
    return config or None


def _auto_training(id: str, days: int) -> dict[str, str]:
    check_range(id, "auto_training_days", days, AUTO_TRAINING_DAYS_RANGE)
    return {"SchedulingExpression": f"rate({days} day{'s' if days > 1 else ''})"}


def _more(id: str, config: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in config:
        if name not in MORE_SOLUTION_CONFIG:
            raise PropsError(
                f"{id}: more_solution_config has '{name}'; use {', '.join(MORE_SOLUTION_CONFIG)}, or another prop."
            )
    return config


def _as_strings(parameters: Mapping[str, str | int | float | bool]) -> dict[str, str]:
    """Hyperparameters as the API takes them: a map of strings."""
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in parameters.items()}
