"""Schema: the Avro description of a dataset's columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from aws_cdk import RemovalPolicy
from constructs import Construct

from .adoption import kept_if_adopted
from .avro import canonical, check_schema
from .dataset_group import check_domain
from .domain import DatasetType, VideoOnDemand
from .errors import PropsError
from .grants import Grantable, IPersonalizeResource
from .imported import ImportedResource, checked_arn
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource

declare(TypePermissions("Schema", operations=("CreateSchema", "DescribeSchema", "DeleteSchema"), taggable=False))


class ISchema(IPersonalizeResource, Protocol):
    """A schema, of this app or imported."""

    @property
    def schema_arn(self) -> str:
        """ARN of the schema."""
        ...


class _SchemaBase(Grantable):
    @property
    def schema_arn(self) -> str:
        """ARN of the schema."""
        return self._arn


class _ImportedSchema(ImportedResource, _SchemaBase):
    """A schema that exists already."""


class Schema(PersonalizeResource, _SchemaBase):
    """A schema (API: CreateSchema). A changed schema is a new one, and datasets move over to it in place.

    Attributes:
        domain: of the dataset groups it is for; None for custom ones.
        dataset_type: INTERACTIONS, ITEMS or USERS.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        schema: Mapping[str, Any],
        dataset_type: str,
        domain: str | None = VideoOnDemand.DOMAIN,
        name: str | None = None,
        adopt: bool = False,
        release: bool = False,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Declare a schema.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            schema: the Avro record, at most 20,000 characters as JSON; its fields in the order of the CSV columns.
            dataset_type: INTERACTIONS, ITEMS or USERS; the rules of that type are checked for VIDEO_ON_DEMAND.
            domain: domain of the dataset groups it is for, or None for custom ones.
            name: a fixed name; default: generated.
            adopt: whether to take over the schema of that `name` instead of making one (library.md).
            release: whether to give up what was adopted: it stays, without the tags of this app (library.md).
            removal_policy: RETAIN_ON_UPDATE_OR_DELETE keeps the schema when the stack is deleted, RETAIN also
                what a failed first deployment has made; default DESTROY; of an adopted one the former.

        Raises:
            PropsError: the domain or the type is another, or the schema breaks a rule of the service; names every one.
        """
        check_domain(id, domain)
        if domain == VideoOnDemand.DOMAIN and dataset_type not in list(DatasetType):
            known = ", ".join(DatasetType)
            raise PropsError(f"{id}: dataset_type must be one of {known}, but is '{dataset_type}'.")
        problems = check_schema(schema, dataset_type) if domain == VideoOnDemand.DOMAIN else []
        if problems:
            raise PropsError(f"{id}: {' '.join(problems)}")
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="Schema",
            name=name,
            adopt=adopt,
            release=release,
            removal_policy=kept_if_adopted(adopt, removal_policy),
            # Canonical, so that layout alone never makes a new schema.
            properties={"Schema": canonical(schema), "Domain": domain},
        )
        self.domain = domain
        self.dataset_type = dataset_type

    @staticmethod
    def from_schema_arn(scope: Construct, id: str, schema_arn: str) -> ISchema:
        """Use a schema that exists already.

        Args:
            scope: parent construct.
            id: construct id.
            schema_arn: its ARN.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedSchema(scope, id, checked_arn("schema_arn", schema_arn, "schema"))
