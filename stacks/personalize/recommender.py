"""Recommender: a use case of the VIDEO_ON_DEMAND domain, trained and serving."""

from __future__ import annotations

from typing import Protocol

from aws_cdk import Annotations, Duration, RemovalPolicy, Token
from constructs import Construct

from .adoption import check_parent
from .config import DatasetColumns, ItemExplorationConfig, check_throughput, recipe_arn, training_data_config
from .dataset_group import DatasetGroup, IDatasetGroup, take_place
from .domain import VideoOnDemand
from .errors import PropsError
from .imported import ImportedResource, checked_arn
from .limits import MAX_RECOMMENDERS, VOD_USE_CASES, UseCase
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource
from .serving import IServing, Serving
from .wait_chain import RECOMMENDER_TRAINING, WaitChain

declare(
    TypePermissions(
        "Recommender",
        operations=(
            "CreateRecommender",
            "DescribeRecommender",
            "UpdateRecommender",
            "DeleteRecommender",
            # One that is stopped may have to run while it is updated, and the property Active stops and starts it.
            "StartRecommender",
            "StopRecommender",
        ),
        created_in="dataset-group",
    )
)


class IRecommender(IServing, Protocol):
    """A recommender, of this app or imported."""

    @property
    def recommender_arn(self) -> str:
        """ARN of the recommender."""
        ...


class _RecommenderBase(Serving):
    _dimension = "RecommenderArn"

    @property
    def recommender_arn(self) -> str:
        """ARN of the recommender; of one of this app, known once it serves."""
        return self._arn


class _ImportedRecommender(ImportedResource, _RecommenderBase):
    """A recommender that exists already."""


class Recommender(PersonalizeResource, _RecommenderBase):
    """A recommender (API: CreateRecommender), waited for until it serves."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        dataset_group: IDatasetGroup,
        recipe: str,
        min_recommendation_requests_per_second: int = 1,
        item_exploration_config: ItemExplorationConfig | None = None,
        enable_metadata_with_recommendations: bool = False,
        excluded_dataset_columns: DatasetColumns | None = None,
        included_dataset_columns: DatasetColumns | None = None,
        active: bool = True,
        name: str | None = None,
        adopt: bool = False,
        release: bool = False,
        max_wait: Duration | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Declare a recommender.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            dataset_group: the group whose data it trains on, once all of it is imported.
            recipe: name or ARN of the use case's recipe, such as VideoOnDemand.TOP_PICKS.
            min_recommendation_requests_per_second: provisioned and billed throughput, at least 1.
            item_exploration_config: for aws-vod-top-picks only; default: the service's.
            enable_metadata_with_recommendations: whether requests may ask for item columns.
            excluded_dataset_columns: columns that training leaves out, by dataset type; at most 50 each.
            included_dataset_columns: the only columns that training takes, by dataset type; at most 50 each; default:
                all that the dataset had when this was made. So that training takes a column that was added later,
                list it together with all the others.
            active: whether it serves. If not, it is trained and then stopped, and costs nothing until it is started.
                Changing it stops or starts the recommender; left unchanged, what people or a schedule did stays.
            name: a fixed name; default: generated.
            adopt: whether to take over the recommender of that `name` instead of making one (library.md).
            release: whether to give up what was adopted: it stays, without the tags of this app (library.md).
            max_wait: the longest its training may take; default 4 hours.
            removal_policy: RETAIN_ON_UPDATE_OR_DELETE keeps the recommender when the stack is deleted, RETAIN also
                what a failed first deployment has made; default DESTROY.

        Raises:
            PropsError: a prop is not what the API allows.
        """
        use_case = _checked_use_case(id, recipe, item_exploration_config)
        if isinstance(dataset_group, DatasetGroup) and dataset_group.domain is None:
            # API reference, CreateRecommender: recommenders are for domain dataset groups.
            raise PropsError(
                f"{id}: its dataset group has no domain, and recommenders are made in a group of the domain "
                f"{VideoOnDemand.DOMAIN} only. Leave out domain=None there, or use a Solution and a Campaign."
            )
        check_throughput(id, "min_recommendation_requests_per_second", min_recommendation_requests_per_second)
        check_parent(id, adopt, dataset_group.dataset_group_arn, "dataset group")
        take_place(dataset_group, "recommenders", MAX_RECOMMENDERS, scope, id)
        exploration = {"ItemExplorationConfig": item_exploration_config.render()} if item_exploration_config else {}
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="Recommender",
            name=name,
            adopt=adopt,
            release=release,
            removal_policy=removal_policy,
            properties={
                "DatasetGroupArn": dataset_group.dataset_group_arn,
                "RecipeArn": recipe_arn(scope, recipe),
                "RecommenderConfig": {
                    **exploration,
                    "MinRecommendationRequestsPerSecond": min_recommendation_requests_per_second,
                    "EnableMetadataWithRecommendations": enable_metadata_with_recommendations,
                    "TrainingDataConfig": training_data_config(id, excluded_dataset_columns, included_dataset_columns),
                },
                # Left out where it has the default, as in templates of earlier versions.
                "Active": None if active else False,
            },
        )
        self.custom_resource.node.add_dependency(dataset_group.contents.imported_data)
        if use_case and use_case.watch_events:
            Annotations.of(self).add_info(
                f"{use_case.title} needs at least {use_case.watch_events} interactions whose EVENT_TYPE is Watch; with "
                f"fewer its creation fails once the data is imported."
            )
        self._settled = WaitChain(
            self, "Wait", provider=provider, resource=self, work=RECOMMENDER_TRAINING, max_wait=max_wait
        )

    @staticmethod
    def from_recommender_arn(scope: Construct, id: str, recommender_arn: str) -> IRecommender:
        """Use a recommender that exists already.

        Args:
            scope: parent construct.
            id: construct id.
            recommender_arn: its ARN.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedRecommender(scope, id, checked_arn("recommender_arn", recommender_arn, "recommender"))

    @property
    def _arn(self) -> str:
        return self._settled.attribute("RecommenderArn")

    @property
    def model_metrics(self) -> str:
        """Evaluation metrics as JSON text, as they were at the end of the deployment that changed it last.

        A mapping from the service's names to numbers; `{}` if the service reports none. Source: developer guide,
        "Evaluating an Amazon Personalize domain recommender".
        """
        return self._settled.attribute("ModelMetrics")


def _checked_use_case(id: str, recipe: str, exploration: ItemExplorationConfig | None) -> UseCase | None:
    """The recipe's use case; None if only the deployment knows the recipe."""
    if exploration:
        exploration.check(id)
    if Token.is_unresolved(recipe):
        return None
    use_case = VOD_USE_CASES.get(recipe.rpartition("/")[2])
    if use_case is None:
        raise PropsError(
            f"{id}: '{recipe}' is not a recipe of the VIDEO_ON_DEMAND domain. Use one of {', '.join(VOD_USE_CASES)}."
        )
    if exploration and not use_case.explores:
        raise PropsError(f"{id}: recipe '{recipe}' does not explore. Remove item_exploration_config.")
    return use_case
