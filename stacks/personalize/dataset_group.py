"""Dataset group: the container of datasets, recommenders, solutions, filters and event tracker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import jsii
from aws_cdk import IStableAnyProducer, Lazy, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct, DependencyGroup

from .errors import PropsError
from .imported import ImportedArn, checked_arn
from .limits import DOMAIN
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource
from .service_role import allow_key
from .turns import Turns

declare(
    TypePermissions("DatasetGroup", operations=("CreateDatasetGroup", "DescribeDatasetGroup", "DeleteDatasetGroup"))
)

# With the imports, which begin at the same time, and the event tracker, that is as much as a new account can run.
_FILTERS_AT_ONCE = 2
VIDEO_ON_DEMAND = DOMAIN


def check_domain(id: str, domain: str | None) -> None:
    """Refuse a domain that this library has no recommenders and no schema rules for.

    Args:
        id: construct id, for the message.
        domain: as the API names it; None for a custom dataset group.

    Raises:
        PropsError: it is neither VIDEO_ON_DEMAND nor None.
    """
    if domain not in (None, VIDEO_ON_DEMAND):
        raise PropsError(
            f"{id}: domain must be {VIDEO_ON_DEMAND}, or None for a custom dataset group, but is '{domain}'. Other "
            f"domains are not supported."
        )


class IDatasetGroup(Protocol):
    """A dataset group, of this app or imported."""

    @property
    def dataset_group_arn(self) -> str:
        """ARN of the dataset group."""
        ...

    @property
    def datasets(self) -> DependencyGroup:
        """All datasets of the group: what speaks of their columns depends on this."""
        ...

    @property
    def imported_data(self) -> DependencyGroup:
        """All imports into the dataset group: what trains on its data depends on this."""
        ...

    @property
    def data_versions(self) -> dict[str, Callable[[], str]]:
        """By import, a string that changes whenever other data is imported."""
        ...

    @property
    def filter_columns(self) -> set[str]:
        """Columns that the filters of this app use in the group, of which there is a quota."""
        ...

    @property
    def filter_turns(self) -> Turns:
        """The order in which the filters of this app are made in the group."""
        ...

    @property
    def removals(self) -> dict[str, str]:
        """By dataset type, what becomes of the dataset when it leaves the template: `deleted` or `retained`."""
        ...

    @property
    def members(self) -> dict[str, set[str]]:
        """Paths of what this app makes in the group, by what it is, where the group takes only so many."""
        ...


def take_place(group: IDatasetGroup, what: str, most: int, scope: Construct, id: str) -> None:
    """Count what the group takes only so many of.

    Args:
        group: the dataset group.
        what: of what there may be only so many, in the plural if it is more than one.
        most: how many.
        scope: parent construct of the one that is added.
        id: its construct id.

    Raises:
        PropsError: there are more.
    """
    members = group.members.setdefault(what, set())
    members.add(f"{scope.node.path}/{id}")
    if len(members) > most:
        raise PropsError(f"{id}: its dataset group has {most} {what} already, and takes no more. Remove one.")


class _DataOfGroup:
    """What constructs of this app make in a dataset group, as far as others look at it."""

    def __init__(self) -> None:
        self.datasets = DependencyGroup()
        self.imported_data = DependencyGroup()
        self.data_versions: dict[str, Callable[[], str]] = {}
        self.filter_columns: set[str] = set()
        self.filter_turns = Turns(_FILTERS_AT_ONCE)
        self.removals: dict[str, str] = {}
        self.members: dict[str, set[str]] = {}


class _ImportedDatasetGroup(_DataOfGroup):
    def __init__(self, dataset_group_arn: str) -> None:
        super().__init__()
        self.dataset_group_arn = ImportedArn(dataset_group_arn)


class DatasetGroup(PersonalizeResource):
    """A dataset group (API: CreateDatasetGroup)."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        domain: str | None = VIDEO_ON_DEMAND,
        name: str | None = None,
        role: iam.IRole | None = None,
        encryption_key: kms.IKey | None = None,
        allow_replacement: bool = False,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Declare a dataset group.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            domain: VIDEO_ON_DEMAND, or None for a custom dataset group.
            name: a fixed name; default: generated.
            role: role that Personalize uses the key with; gets the permissions. Needed with encryption_key.
            encryption_key: KMS key that encrypts the datasets; default: a key of the service. The policy of a key that
                this app does not own has to let Personalize and the role use it (docs/operations.md).
            allow_replacement: whether a change may replace the group, or take a dataset out of it, which loses data.
            removal_policy: RETAIN_ON_UPDATE_OR_DELETE keeps the group when the stack is deleted, RETAIN also
                what a failed first deployment has made; default DESTROY.

        Raises:
            PropsError: the domain is another, or encryption_key comes without a role.
        """
        check_domain(id, domain)
        if encryption_key and not role:
            # API reference, CreateDatasetGroup: a KMS key needs a role that may use it.
            raise PropsError(f"{id}: encryption_key needs a role that may use the key. Set role.")
        data = _DataOfGroup()
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="DatasetGroup",
            name=name,
            removal_policy=removal_policy,
            properties={
                "Domain": domain,
                "RoleArn": role.role_arn if role else None,
                "KmsKeyArn": encryption_key.key_arn if encryption_key else None,
                "AllowReplacement": allow_replacement,
                # So that the provider sees a dataset leave before CloudFormation deletes anything.
                "Datasets": Lazy.any(_Removals(data.removals)),
            },
        )
        self.domain = domain
        self._data = data
        if role:
            provider.allow_pass_role(role)
        if role and encryption_key:
            allow_key(role, encryption_key)
            # The permission has to be there before Personalize uses the key.
            self.custom_resource.node.add_dependency(role)

    @staticmethod
    def from_dataset_group_arn(dataset_group_arn: str) -> IDatasetGroup:
        """Use a dataset group that exists already. Its data is taken to be imported.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedDatasetGroup(checked_arn("dataset_group_arn", dataset_group_arn, "dataset-group"))

    @property
    def dataset_group_arn(self) -> str:
        """ARN of the dataset group."""
        return self.attribute("DatasetGroupArn")

    @property
    def datasets(self) -> DependencyGroup:
        """All datasets of the group."""
        return self._data.datasets

    @property
    def imported_data(self) -> DependencyGroup:
        """All imports into the dataset group."""
        return self._data.imported_data

    @property
    def data_versions(self) -> dict[str, Callable[[], str]]:
        """By import, a string that changes whenever other data is imported."""
        return self._data.data_versions

    @property
    def filter_columns(self) -> set[str]:
        """Columns that the filters of this app use in the group."""
        return self._data.filter_columns

    @property
    def filter_turns(self) -> Turns:
        """The order in which the filters of this app are made in the group."""
        return self._data.filter_turns

    @property
    def removals(self) -> dict[str, str]:
        """By dataset type, what becomes of the dataset when it leaves the template: `deleted` or `retained`."""
        return self._data.removals

    @property
    def members(self) -> dict[str, set[str]]:
        """Paths of what this app makes in the group, by what it is, where the group takes only so many."""
        return self._data.members


@jsii.implements(IStableAnyProducer)
class _Removals:
    """Read when the template is written, since datasets are declared after their group."""

    def __init__(self, removals: dict[str, str]) -> None:
        self._removals = removals

    def produce(self) -> dict[str, str] | None:
        return dict(sorted(self._removals.items())) or None
