"""Dataset group: the container of datasets, recommenders, solutions, filters and event tracker."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

import jsii
from aws_cdk import IStableAnyProducer, Lazy, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct, DependencyGroup

from .adoption import kept_if_adopted
from .domain import VideoOnDemand
from .errors import PropsError
from .grants import Grantable, IPersonalizeResource
from .imported import ImportedResource, as_imported, checked_arn
from .limits import NAME_MAX_LENGTH, NAME_PATTERN
from .lookup import Lookup
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource
from .service_role import allow_key
from .turns import Turns

declare(
    TypePermissions(
        "DatasetGroup",
        operations=("CreateDatasetGroup", "DescribeDatasetGroup", "DeleteDatasetGroup"),
        contains="dataset",
    )
)

# With the imports, which begin at the same time, and the event tracker, that is as much as a new account can run.
_FILTERS_AT_ONCE = 2


def check_domain(id: str, domain: str | None) -> None:
    """Refuse a domain that this library has no recommenders and no schema rules for.

    Args:
        id: construct id, for the message.
        domain: as the API names it; None for a custom dataset group.

    Raises:
        PropsError: it is neither VIDEO_ON_DEMAND nor None.
    """
    if domain not in (None, VideoOnDemand.DOMAIN):
        raise PropsError(
            f"{id}: domain must be {VideoOnDemand.DOMAIN}, or None for a custom dataset group, but is '{domain}'. "
            f"Other domains are not supported."
        )


class GroupContents:
    """What constructs of this app put into a dataset group, as far as others look at it.

    Attributes:
        datasets: all datasets: what speaks of their columns depends on this.
        imported_data: all imports: what trains on the data depends on this.
        data_versions: by import, a string that changes whenever other data is imported.
        filter_columns: columns that the filters use, of which there is a quota.
        filter_turns: the order in which the filters are made.
        removals: by dataset type, what becomes of the dataset when it leaves the template: `deleted` or `retained`.
        members: paths of what the group takes only so many of, by what it is.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.datasets = DependencyGroup()
        self.imported_data = DependencyGroup()
        self.data_versions: dict[str, Callable[[], str]] = {}
        self.filter_columns: set[str] = set()
        self.filter_turns = Turns(_FILTERS_AT_ONCE)
        self.removals: dict[str, str] = {}
        self.members: dict[str, set[str]] = {}


class IDatasetGroup(IPersonalizeResource, Protocol):
    """A dataset group, of this app or imported."""

    @property
    def dataset_group_arn(self) -> str:
        """ARN of the dataset group."""
        ...

    @property
    def contents(self) -> GroupContents:
        """What constructs of this app put into the group, for those that depend on it."""
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
    members = group.contents.members.setdefault(what, set())
    members.add(f"{scope.node.path}/{id}")
    if len(members) > most:
        raise PropsError(f"{id}: its dataset group has {most} {what} already, and takes no more. Remove one.")


class _DatasetGroupBase(Grantable):
    _contents: GroupContents

    @property
    def dataset_group_arn(self) -> str:
        """ARN of the dataset group."""
        return self._arn

    @property
    def contents(self) -> GroupContents:
        """What constructs of this app put into the group, for those that depend on it."""
        return self._contents


class _ImportedDatasetGroup(ImportedResource, _DatasetGroupBase):
    def __init__(self, scope: Construct, id: str, dataset_group_arn: str) -> None:
        super().__init__(scope, id, as_imported(checked_arn("dataset_group_arn", dataset_group_arn, "dataset-group")))
        self._contents = GroupContents()


class DatasetGroup(PersonalizeResource, _DatasetGroupBase):
    """A dataset group (API: CreateDatasetGroup).

    Attributes:
        domain: VIDEO_ON_DEMAND, or None for a custom dataset group.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        domain: str | None = VideoOnDemand.DOMAIN,
        name: str | None = None,
        adopt: bool = False,
        release: bool = False,
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
            adopt: whether to take over the group of that `name` instead of making one (library.md).
            release: whether to give up what was adopted: it stays, without the tags of this app (library.md).
            role: role that Personalize uses the key with; gets the permissions. Needed with encryption_key.
            encryption_key: KMS key that encrypts the datasets; default: a key of the service. The policy of a key that
                this app does not own has to let Personalize and the role use it (docs/operations.md).
            allow_replacement: whether a change may replace the group, or take a dataset out of it, which loses data.
            removal_policy: RETAIN_ON_UPDATE_OR_DELETE keeps the group when the stack is deleted, RETAIN also
                what a failed first deployment has made; default DESTROY; of an adopted one the former.

        Raises:
            PropsError: the domain is another, or encryption_key comes without a role.
        """
        check_domain(id, domain)
        if encryption_key and not role:
            # API reference, CreateDatasetGroup: a KMS key needs a role that may use it.
            raise PropsError(f"{id}: encryption_key needs a role that may use the key. Set role.")
        contents = GroupContents()
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="DatasetGroup",
            name=name,
            adopt=adopt,
            release=release,
            removal_policy=kept_if_adopted(adopt, removal_policy),
            properties={
                "Domain": domain,
                "RoleArn": role.role_arn if role else None,
                "KmsKeyArn": encryption_key.key_arn if encryption_key else None,
                "AllowReplacement": allow_replacement,
                # So that the provider sees a dataset leave before CloudFormation deletes anything.
                "Datasets": Lazy.any(_Removals(contents.removals)),
            },
        )
        self.domain = domain
        self._contents = contents
        if role:
            provider.allow_pass_role(role)
        if role and encryption_key:
            allow_key(role, encryption_key)
            # The permission has to be there before Personalize uses the key.
            self.custom_resource.node.add_dependency(role)

    @staticmethod
    def from_dataset_group_arn(scope: Construct, id: str, dataset_group_arn: str) -> IDatasetGroup:
        """Use a dataset group that exists already. Its data is taken to be imported.

        Args:
            scope: parent construct.
            id: construct id.
            dataset_group_arn: its ARN.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedDatasetGroup(scope, id, dataset_group_arn)

    @staticmethod
    def from_lookup(scope: Construct, id: str, *, provider: PersonalizeProvider, name: str) -> IDatasetGroup:
        """Use a dataset group that exists already: found by its name when the stack is deployed, which fails if not.

        Args:
            scope: parent construct.
            id: construct id.
            provider: looks.
            name: its name.

        Raises:
            PropsError: no dataset group can have the name.
        """
        if not re.fullmatch(NAME_PATTERN, name) or len(name) > NAME_MAX_LENGTH:
            raise PropsError(
                f"{id}: name '{name}' cannot be that of a dataset group, because names are 1 to {NAME_MAX_LENGTH} "
                f"letters, digits, '-' or '_', and begin with a letter or digit. Write the name of one that exists."
            )
        path = f"dataset-group/{name}"
        lookup = Lookup(scope, id, provider=provider, noun="DatasetGroup", path=path, ResourceName=name)
        return _ImportedDatasetGroup(lookup, "DatasetGroup", lookup.arn)


@jsii.implements(IStableAnyProducer)
class _Removals:
    """Read when the template is written, since datasets are declared after their group."""

    def __init__(self, removals: dict[str, str]) -> None:
        self._removals = removals

    def produce(self) -> dict[str, str] | None:
        return dict(sorted(self._removals.items())) or None
