"""Filter: what requests may leave out or keep."""

from __future__ import annotations

from typing import Protocol

from aws_cdk import RemovalPolicy, Token
from constructs import Construct

from .adoption import check_parent
from .dataset_group import IDatasetGroup
from .errors import PropsError
from .filter_expression import check_filter, filter_columns
from .grants import Grantable, IPersonalizeResource
from .imported import ImportedResource, checked_arn
from .limits import FILTERS_MAX_FIELDS
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource

declare(
    TypePermissions("Filter", operations=("CreateFilter", "DescribeFilter", "DeleteFilter"), created_in="dataset-group")
)


class IFilter(IPersonalizeResource, Protocol):
    """A filter, of this app or imported."""

    @property
    def filter_arn(self) -> str:
        """ARN of the filter."""
        ...


class _FilterBase(Grantable):
    @property
    def filter_arn(self) -> str:
        """ARN of the filter."""
        return self._arn


class _ImportedFilter(ImportedResource, _FilterBase):
    """A filter that exists already."""


def _check_expression(id: str, expression: str, dataset_group: IDatasetGroup) -> None:
    if not isinstance(expression, str):
        raise PropsError(f"{id}: filter_expression must be text, but is {expression!r}.")
    mistakes = check_filter(expression)
    if mistakes:
        raise PropsError(f"{id}: filter_expression {' '.join(mistakes)}")
    dataset_group.contents.filter_columns.update(filter_columns(expression))
    used = len(dataset_group.contents.filter_columns)
    if used > FILTERS_MAX_FIELDS:
        raise PropsError(
            f"{id}: with filter_expression the filters of the dataset group use {used} distinct columns, at most "
            f"{FILTERS_MAX_FIELDS} are allowed. Use fewer columns."
        )


class Filter(PersonalizeResource, _FilterBase):
    """A filter (API: CreateFilter). A changed expression makes a new filter, then deletes the old one."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        dataset_group: IDatasetGroup,
        filter_expression: str,
        name: str | None = None,
        adopt: bool = False,
        release: bool = False,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Declare a filter.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            dataset_group: the group whose datasets the expression speaks of.
            filter_expression: 1 to 2500 characters in the filter language of Personalize.
            name: a fixed name; default: generated.
            adopt: whether to take over the filter of that `name` instead of making one (library.md).
            release: whether to give up what was adopted: it stays, without the tags of this app (library.md).
            removal_policy: RETAIN_ON_UPDATE_OR_DELETE keeps the filter when the stack is deleted, RETAIN also
                what a failed first deployment has made; default DESTROY.

        Raises:
            PropsError: the expression is empty, too long (API reference, CreateFilter) or not in the filter language;
                names every mistake, with the character at which it is. Or the filters of the group use more than 20
                distinct columns. Whether there are such columns is for the service to say: schemas may be imported.
        """
        if not Token.is_unresolved(filter_expression):
            _check_expression(id, filter_expression, dataset_group)
        check_parent(id, adopt, dataset_group.dataset_group_arn, "dataset group")
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="Filter",
            name=name,
            adopt=adopt,
            release=release,
            removal_policy=removal_policy,
            properties={
                "DatasetGroupArn": dataset_group.dataset_group_arn,
                "FilterExpression": filter_expression,
            },
        )
        # The service checks the fields of the expression against the datasets' schemas.
        self.node.add_dependency(dataset_group.contents.datasets)
        dataset_group.contents.filter_turns.take(self)

    @staticmethod
    def from_filter_arn(scope: Construct, id: str, filter_arn: str) -> IFilter:
        """Use a filter that exists already.

        Args:
            scope: parent construct.
            id: construct id.
            filter_arn: its ARN.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedFilter(scope, id, checked_arn("filter_arn", filter_arn, "filter"))
