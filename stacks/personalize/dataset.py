"""Dataset: interactions, items or users of a dataset group."""

from __future__ import annotations

from typing import Protocol

from aws_cdk import Fn, RemovalPolicy, Token
from aws_cdk import aws_iam as iam
from constructs import Construct

from .adoption import check_exists, check_parent, kept_if_adopted
from .dataset_group import DatasetGroup, IDatasetGroup, take_place
from .domain import DatasetType
from .errors import PropsError
from .grants import Grantable, IPersonalizeResource, grant_operation
from .imported import ImportedResource, as_imported, checked_arn, existing_name
from .lookup import Lookup
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource
from .schema import ISchema, Schema

declare(
    TypePermissions(
        "Dataset",
        operations=("CreateDataset", "DescribeDataset", "UpdateDataset", "DeleteDataset"),
        created_in="dataset-group",
    )
)


_RETAINED = (RemovalPolicy.RETAIN, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)


class IDataset(IPersonalizeResource, Protocol):
    """A dataset, of this app or imported."""

    @property
    def dataset_arn(self) -> str:
        """ARN of the dataset."""
        ...

    @property
    def dataset_type(self) -> str:
        """INTERACTIONS, ITEMS or USERS; of one whose ARN is known only at deployment if it was given."""
        ...

    @property
    def dataset_group(self) -> IDatasetGroup:
        """The dataset group it belongs to."""
        ...

    @property
    def schema_arn(self) -> str:
        """ARN of its schema; of one that exists already only if it was looked up."""
        ...

    def grant_put_items(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal add items (personalize:PutItems).

        Args:
            grantee: who gets the permission.
        """
        ...

    def grant_put_users(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal add users (personalize:PutUsers).

        Args:
            grantee: who gets the permission.
        """
        ...


class _DatasetBase(Grantable):
    @property
    def dataset_arn(self) -> str:
        """ARN of the dataset."""
        return self._arn

    def grant_put_items(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal add items (personalize:PutItems).

        Args:
            grantee: who gets the permission.
        """
        return grant_operation(grantee, "PutItems", [self._arn])

    def grant_put_users(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal add users (personalize:PutUsers).

        Args:
            grantee: who gets the permission.
        """
        return grant_operation(grantee, "PutUsers", [self._arn])


class _ImportedDataset(ImportedResource, _DatasetBase):
    def __init__(
        self,
        scope: Construct,
        id: str,
        dataset_arn: str,
        dataset_group: IDatasetGroup | None = None,
        dataset_type: str | None = None,
        schema_arn: str | None = None,
    ) -> None:
        arn = checked_arn("dataset_arn", dataset_arn, "dataset")
        super().__init__(scope, id, as_imported(arn))
        self._schema_arn = schema_arn
        self.dataset_group = dataset_group or DatasetGroup.from_dataset_group_arn(self, "Group", _group_of(arn))
        self._dataset_type = dataset_type or (None if Token.is_unresolved(arn) else arn.rpartition("/")[2])

    @property
    def dataset_type(self) -> str:
        if self._dataset_type is None:
            raise PropsError(
                f"{self.node.path}: an ARN that is known only at deployment does not tell the dataset's type. Use "
                f"Dataset.from_dataset_attributes with dataset_type."
            )
        return self._dataset_type

    @property
    def schema_arn(self) -> str:
        if self._schema_arn is None:
            raise PropsError(f"{self.node.path}: an ARN does not tell the dataset's schema. Use Dataset.from_lookup.")
        return self._schema_arn


def _group_of(dataset_arn: str) -> str:
    """ARN of the dataset group: `...:dataset/films/ITEMS` is in `...:dataset-group/films`."""
    if not Token.is_unresolved(dataset_arn):
        begins, group, _ = [*dataset_arn.split("/", 2), "", ""][:3]
        return f"{begins}-group/{group}"
    parts = Fn.split("/", dataset_arn)
    return Fn.join("", [Fn.select(0, parts), "-group/", Fn.select(1, parts)])


class Dataset(PersonalizeResource, _DatasetBase):
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
        adopt: bool = False,
        release: bool = False,
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
            adopt: whether to take over the dataset of that `name` instead of making one (library.md).
            release: whether to give up what was adopted: it stays, without the tags of this app (library.md).
            allow_replacement: whether a change may replace the dataset, which loses its data.
            removal_policy: RETAIN_ON_UPDATE_OR_DELETE keeps the dataset when the stack is deleted, RETAIN also
                what a failed first deployment has made; default DESTROY; of an adopted one the former.

        Raises:
            PropsError: the dataset type is unknown, the schema is for another type or domain, or the group has a
                dataset of that type already.
        """
        _check_type(id, dataset_type)
        _check_schema(id, dataset_type, dataset_group, schema)
        check_parent(id, adopt, dataset_group.dataset_group_arn, "dataset group")
        removal_policy = kept_if_adopted(adopt, removal_policy)
        take_place(dataset_group, f"dataset of the type {dataset_type}", 1, scope, id)
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="Dataset",
            name=name,
            adopt=adopt,
            release=release,
            removal_policy=removal_policy,
            adopted_path=f"dataset/{existing_name(dataset_group.dataset_group_arn)}/{dataset_type}",
            properties={
                "DatasetGroupArn": dataset_group.dataset_group_arn,
                "DatasetType": dataset_type,
                "SchemaArn": schema.schema_arn,
                "AllowReplacement": allow_replacement,
            },
        )
        self._dataset_group = dataset_group
        self._dataset_type = dataset_type
        self._schema_arn = schema.schema_arn
        dataset_group.contents.datasets.add(self)
        dataset_group.contents.removals[dataset_type] = "retained" if removal_policy in _RETAINED else "deleted"

    @staticmethod
    def from_dataset_arn(scope: Construct, id: str, dataset_arn: str) -> IDataset:
        """Use a dataset that exists already.

        Type and dataset group are those that the ARN names. Where several constructs of the app are about one dataset
        group, give all of them the same one: use from_dataset_attributes.

        Args:
            scope: parent construct.
            id: construct id.
            dataset_arn: its ARN, `...:dataset/GROUP/TYPE`.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedDataset(scope, id, dataset_arn)

    @staticmethod
    def from_dataset_attributes(
        scope: Construct, id: str, *, dataset_arn: str, dataset_group: IDatasetGroup, dataset_type: str | None = None
    ) -> IDataset:
        """Use a dataset that exists already.

        Args:
            scope: parent construct.
            id: construct id.
            dataset_arn: its ARN, `...:dataset/GROUP/TYPE`.
            dataset_group: the group it belongs to.
            dataset_type: INTERACTIONS, ITEMS or USERS; default: as the ARN says. Needed for imports if the ARN is known
                only at deployment.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedDataset(scope, id, dataset_arn, dataset_group, dataset_type)

    @staticmethod
    def from_lookup(
        scope: Construct, id: str, *, provider: PersonalizeProvider, dataset_group: IDatasetGroup, dataset_type: str
    ) -> IDataset:
        """Use the dataset of a type in a dataset group that exists already, with its schema: looked up at deployment.

        Args:
            scope: parent construct.
            id: construct id.
            provider: looks.
            dataset_group: the group, which this app has not made.
            dataset_type: INTERACTIONS, ITEMS or USERS.

        Raises:
            PropsError: the type is unknown, or this app makes the group.
        """
        _check_type(id, dataset_type)
        group_arn = dataset_group.dataset_group_arn
        check_exists(id, "from_lookup", group_arn, "dataset group")
        path = f"dataset/{existing_name(group_arn)}/{dataset_type}"
        asked = {"DatasetGroupArn": group_arn, "DatasetType": dataset_type}
        found = Lookup(scope, id, provider=provider, noun="Dataset", path=path, **asked)
        return _ImportedDataset(found, "Dataset", found.arn, dataset_group, dataset_type, found.attribute("SchemaArn"))

    @property
    def dataset_type(self) -> str:
        """INTERACTIONS, ITEMS or USERS."""
        return self._dataset_type

    @property
    def dataset_group(self) -> IDatasetGroup:
        """The dataset group it belongs to."""
        return self._dataset_group

    @property
    def schema_arn(self) -> str:
        """ARN of its schema; of one that exists already only if it was looked up."""
        return self._schema_arn


def _check_type(id: str, dataset_type: str) -> None:
    if dataset_type not in list(DatasetType):
        raise PropsError(f"{id}: dataset_type must be one of {', '.join(DatasetType)}, but is '{dataset_type}'.")


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
