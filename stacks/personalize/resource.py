"""What all Personalize constructs share: the custom resource, its name, its tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import jsii
from aws_cdk import CfnResource, CustomResource, Duration, ITaggableV2, RemovalPolicy, Stack, TagManager, TagType
from constructs import Construct, IValidation

from .adoption import adoption_properties, check_adoption
from .errors import PropsError
from .grants import Grantable
from .imported import AdoptedArn, ImportedArn
from .limits import NAME_MAX_LENGTH, NAME_PATTERN
from .permissions import declared
from .provider import PersonalizeProvider, refer_strongly
from .tags import tag_mistake


@jsii.implements(ITaggableV2)
class PersonalizeResource(Construct, Grantable):
    """A Personalize resource as `Custom::Personalize<Noun>`; `Tags.of(...)` reaches it.

    Attributes:
        provider: carries out its requests.
        custom_resource: the custom resource in the template.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        noun: str,
        properties: Mapping[str, Any],
        name: str | None = None,
        adopt: bool | str = False,
        release: bool = False,
        adopted_path: str | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Declare the custom resource.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            noun: the type as the API names it.
            properties: API members in PascalCase; members that are None are left out.
            name: a fixed name; default: generated from the provider's prefix, the id and a hash.
            adopt: whether to take over the resource that has `name` already; of a job, which run.
            release: whether to give up what was adopted.
            adopted_path: what follows the account in the ARN of what is adopted; default: type and name, unless the
                service generates it.
            removal_policy: what happens to the resource when it leaves the template; default DESTROY.

        Raises:
            PropsError: the name is not one that the service or the provider's role accepts, adopt comes without a
                name, release without adopt, or the removal policy is SNAPSHOT.
        """
        super().__init__(scope, id)
        if removal_policy == RemovalPolicy.SNAPSHOT:
            # CloudFormation user guide, "DeletionPolicy": custom resources have no snapshots.
            raise PropsError(f"{self.node.path}: removal_policy cannot be SNAPSHOT. Use DESTROY or RETAIN.")
        self.provider = provider
        self._noun = noun
        provider.serve(Stack.of(self))
        self._allow_creation_in(properties)
        self._tags = TagManager(TagType.KEY_VALUE, f"Custom::Personalize{noun}")
        check_adoption(self.node.path, adopt, release, name)
        naming = self._naming(name, is_adopted=bool(adopt))
        self._adopted_name = name if adopt else None
        taggable = declared()[noun].taggable
        tags = {"Tags": self._tags.rendered_tags} if taggable else {}
        self.custom_resource = CustomResource(
            self,
            "Resource",
            service_token=provider.service_token,
            resource_type=f"Custom::Personalize{noun}",
            properties={**naming, **_present(properties), **adoption_properties(adopt, release), **tags},
            removal_policy=removal_policy,
            service_timeout=Duration.hours(1),
        )
        refer_strongly(self.custom_resource)
        if adopt:
            self._allow_adoption(adopted_path or declared()[noun].path_of(name))
        if taggable:
            self.node.add_validation(_TagsAreValid(self._tags))

    @property
    def cdk_tag_manager(self) -> TagManager:
        """Where `Tags.of(...)` puts the tags."""
        return self._tags

    @property
    def physical_name(self) -> str:
        """Name of the resource at the service."""
        return self.custom_resource.ref

    def attribute(self, name: str) -> str:
        """An attribute that the provider answers, as a token.

        Args:
            name: in PascalCase, such as CampaignArn.
        """
        return self.custom_resource.get_att_string(name)

    def repair(self, token: str) -> None:
        """Have the next deployment compare the resource with what the template says, and bring it back to that.

        Args:
            token: any text; another one than in the deployment before has it repaired once more.
        """
        cast(CfnResource, self.custom_resource.node.default_child).add_property_override("Repair", token)

    @property
    def _arn(self) -> str:
        arn = self.attribute(f"{self._noun}Arn")
        return AdoptedArn(arn, self._adopted_name) if self._adopted_name else arn

    def _allow_creation_in(self, properties: Mapping[str, Any]) -> None:
        for value in properties.values():
            if isinstance(value, ImportedArn):
                self.provider.allow_creation(self._noun, value)

    def _allow_adoption(self, path: str | None) -> None:
        policy = self.provider.allow_adoption(self._noun, path, Stack.of(self))
        if policy:
            self.custom_resource.node.add_dependency(policy)

    def _naming(self, name: str | None, is_adopted: bool) -> dict[str, str]:
        if name is None:
            return {"NamePrefix": f"{self.provider.name_prefix}{_kebab(self.node.id) or _kebab(self._noun)}"}
        if not re.fullmatch(NAME_PATTERN, name) or len(name) > NAME_MAX_LENGTH:
            raise PropsError(
                f"{self.node.path}: name '{name}' must be 1 to {NAME_MAX_LENGTH} letters, digits, '-' or '_', and "
                f"begin with a letter or digit. Rename it, or leave name out to have one generated."
            )
        if not is_adopted:
            self.provider.check_name(self, name)
        return {"Name": name}


@jsii.implements(IValidation)
class _TagsAreValid:
    """Asked when the app is synthesized, since tags of stacks and of the app reach a resource late."""

    def __init__(self, tags: TagManager) -> None:
        self._tags = tags

    def validate(self) -> list[str]:
        mistakes = (tag_mistake(key, value) for key, value in self._tags.tag_values().items())
        return [f"tags: {mistake}" for mistake in mistakes if mistake]


def _present(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value is not None}


def _kebab(id: str) -> str:
    """A construct id as part of a name: `TopPicks` as `top-picks`, without what names must not hold."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", id).lower()
    return re.sub(r"[^a-z0-9_]+", "-", words).strip("-")
