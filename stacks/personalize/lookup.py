"""Lookup: finds what exists already when the stack is deployed, as its ARN alone cannot tell whether it does."""

from __future__ import annotations

from aws_cdk import CustomResource
from constructs import Construct

from .imported import ImportedArn
from .provider import PersonalizeProvider, refer_strongly


class Lookup(Construct):
    """Reads one resource, which it neither changes nor tags. The deployment fails if there is none, and says what is.

    Attributes:
        arn: of what is found, which the role reaches under the name that is known now.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        noun: str,
        path: str | None,
        **properties: str,
    ) -> None:
        """Declare what to find.

        Args:
            scope: parent construct.
            id: construct id.
            provider: looks.
            noun: the type as the API names it.
            path: what follows the account in the ARN; None if the service generates that.
            **properties: ResourceName; or DatasetGroupArn, with DatasetType for datasets.
        """
        super().__init__(scope, id)
        if path is not None:
            provider.allow_looking(f"Describe{noun}", path)
        self._found = CustomResource(
            self,
            "Resource",
            service_token=provider.service_token,
            resource_type="Custom::PersonalizeLookup",
            properties={"Type": noun, **properties},
        )
        refer_strongly(self._found)
        arn = self.attribute(f"{noun}Arn")
        self.arn = arn if path is None else ImportedArn(arn, permitted_on=[provider.arn_of(path)])

    def attribute(self, name: str) -> str:
        """An attribute of what is found, as a token.

        Args:
            name: in PascalCase, such as TrackingId.
        """
        return self._found.get_att_string(name)
