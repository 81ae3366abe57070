"""Dataset: interactions, items or users of a dataset group."""

from __future__ import annotations

from typing import Protocol

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from constructs import Construct

from .dataset_group import DatasetGroup, IDatasetGroup, take_place
from .errors import PropsError
from .grants import grant
from .imported import ImportedArn, checked_arn
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource
from .schema import ISchema, Schema

# API reference, CreateDataset, datasetType; the further types ACTIONS and ACTION_INTERACTIONS are for
# recipes that a domain dataset group does not have.
DATASET_TYPES = ("INTERACTIONS", "ITEMS", "USERS")

declare(
    TypePermissions(
        "Dataset",
        operations=("CreateDataset", "DescribeDataset", "UpdateDataset", "DeleteDataset"),
        created_in="dataset-group",
    )
)


_RETAINED = (RemovalPolicy.RETAIN, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)


class IDataset(Protocol):
    """A dataset, of this app or imported."""

    @property
    def dataset_arn(self) -> str:
        """ARN of the dataset."""
        ...

    @property
    def dataset_type(self) -> str:
        """INTERACTIONS, ITEMS or USERS."""
        ...

    @property
    def dataset_group(self) -> IDatasetGroup:
        """The dataset group it belongs to."""
        ...


class _GrantsPuts:
    """Permissions to add single records, for datasets of this app and imported ones."""

    dataset_arn: str

    def grant_put_items(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal add items (personalize:PutItems)."""
        return grant(grantee, ["PutItems"], [self.dataset_arn])

    def grant_put_users(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal add users (personalize:PutUsers)."""
        return grant(grantee, ["PutUsers"], [self.dataset_arn])


class _ImportedDataset(_GrantsPuts):
    def __init__(self, dataset_arn: str, dataset_group: IDatasetGroup) -> None:
        self.dataset_arn = ImportedArn(dataset_arn)
        self.dataset_type = dataset_arn.rpartition("/")[2]
        self.dataset_group = dataset_group


class Dataset(PersonalizeResource, _GrantsPuts):
    """A dataset (API: CreateDataset). Its schema changes in place and keeps the data (API: UpdateDataset)."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        dataset_group: IDatasetGroup,
        dataset_type: str,
        schema: ISchema,
        name: str | None = None,
        allow_replacement: bool = False,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Declare a dataset.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            dataset_group: the group, which has one dataset of each type at most.
            dataset_type: INTERACTIONS, ITEMS or USERS.
            schema: describes its columns.
            name: a fixed name; default: generated.
            allow_replacement: whether a change may replace the dataset, which loses its data.
            removal_policy: RETAIN_ON_UPDATE_OR_DELETE keeps the dataset when the stack is deleted, RETAIN also
                what a failed first deployment has made; default DESTROY.

        Raises:
            PropsError: the dataset type is unknown, the schema is for another type or domain, or the group has a
                dataset of that type already.
        """
        if dataset_type not in DATASET_TYPES:
            raise PropsError(f"{id}: dataset_type must be one of {', '.join(DATASET_TYPES)}, but is '{dataset_type}'.")
        _check_schema(id, dataset_type, dataset_group, schema)
        take_place(dataset_group, f"dataset of the type {dataset_type}", 1, scope, id)
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="Dataset",
            name=name,
            removal_policy=removal_policy,
            properties={
                "DatasetGroupArn": dataset_group.dataset_group_arn,
                "DatasetType": dataset_type,
                "SchemaArn": schema.schema_arn,
                "AllowReplacement": allow_replacement,
            },
        )
        self.dataset_group = dataset_group
        self.dataset_type = dataset_type
        dataset_group.datasets.add(self)
        dataset_group.removals[dataset_type] = "retained" if removal_policy in _RETAINED else "deleted"

    @staticmethod
    def from_dataset_arn(dataset_arn: str, dataset_group: IDatasetGroup) -> IDataset:
        """Use a dataset that exists already.

        Args:
            dataset_arn: ARN of the dataset; ends in its type.
            dataset_group: the group it belongs to.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedDataset(checked_arn("dataset_arn", dataset_arn, "dataset"), dataset_group)

    @property
    def dataset_arn(self) -> str:  # type: ignore[override]  # an attribute of CloudFormation, read-only
        """ARN of the dataset."""
        return self.attribute("DatasetArn")


def _check_schema(id: str, dataset_type: str, dataset_group: IDatasetGroup, schema: ISchema) -> None:
    """Refuse what the service refuses of a schema of this app (API reference, CreateDataset, CreateSchema)."""
    if not isinstance(schema, Schema):
        return
    if schema.dataset_type != dataset_type:
        raise PropsError(f"{id}: its schema is for {schema.dataset_type}, and dataset_type is {dataset_type}.")
    if isinstance(dataset_group, DatasetGroup) and schema.domain != dataset_group.domain:
        raise PropsError(
            f"{id}: its schema is for {schema.domain or 'no domain'}, its dataset group for "
            f"{dataset_group.domain or 'no domain'}. Give both the same domain."
        )
