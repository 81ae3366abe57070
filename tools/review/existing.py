"""What templates take over or look up in an account: the provider's requests about it, with every token resolved.

An account is one of AWS, the local cloud, or the one that a rehearsal makes. Everything here only reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.control import adopts
from lambdas.personalize_provider.deployments import AwsCloudFormation, CloudFormation
from lambdas.personalize_provider.errors import ProviderError
from lambdas.personalize_provider.lookup import Lookup
from lambdas.personalize_provider.names import physical_name
from lambdas.personalize_provider.protocol import Event, Progress
from lambdas.personalize_provider.resources import RESOURCES
from lambdas.personalize_provider.runs import Runs
from lambdas.personalize_provider.statuses import Description
from tools.deployed import Account, paced
from tools.simulation.assembly import Assembly
from tools.simulation.template import Values, as_strings

from .stored import HANDED_ON, PASSING_ON, Resource

CUSTOM = "Custom::Personalize"
LOOKUP = f"{CUSTOM}Lookup"


@dataclass(frozen=True)
class Place:
    """Where an account is, as ARNs say it."""

    partition: str
    region: str
    account: str


@dataclass(frozen=True)
class Existing:
    """An account to compare with.

    Attributes:
        where: as the user reads it.
        api: of the service.
        cloudformation: says whether the stack that a tag names is there.
        place: where it is.
        stack_ids: of the app's stacks that are deployed, by name.
    """

    where: str
    api: Api
    cloudformation: CloudFormation
    place: Place
    stack_ids: Mapping[str, str] = field(default_factory=dict)


def existing_in(account: Account, stacks: Iterable[str]) -> Existing:
    """An account to compare with.

    Args:
        account: the account.
        stacks: names of the app's stacks, deployed or not.

    Raises:
        ClientError, BotoCoreError: it does not answer.
    """
    client, cloudformation = account.client("personalize"), account.client("cloudformation")
    caller = account.client("sts").get_caller_identity()
    place = Place(caller["Arn"].split(":")[1], client.meta.region_name, caller["Account"])
    ids = {name: found for name in stacks if (found := _stack_id_of(cloudformation, name))}
    api = Api(client if account.is_local else paced(client))
    return Existing(account.where, api, AwsCloudFormation(cloudformation), place, ids)


def _stack_id_of(cloudformation: Any, name: str) -> str:
    """Id of a stack; empty if it is not deployed."""
    try:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"])
    except ClientError as error:
        # API reference, DescribeStacks: "If the stack doesn't exist, a ValidationError is returned."
        if "does not exist" in str(error):
            return ""
        raise


def looks_up(assembly: Assembly) -> bool:
    """Whether something in an account is looked up."""
    return any(each["Type"] == LOOKUP for one in assembly.templates.values() for each in one["Resources"].values())


def adopting(assembly: Assembly) -> Iterator[Resource]:
    """Every resource of the service that a template takes over, in the order of stacks and templates."""
    for stack, template in assembly.templates.items():
        for logical_id, resource in template["Resources"].items():
            if is_adopting(resource):
                yield stack, logical_id


def is_adopting(resource: Mapping[str, Any]) -> bool:
    """Whether a resource of a template takes over what exists."""
    noun = str(resource["Type"]).removeprefix(CUSTOM)
    return noun in RESOURCES and adopts(resource.get("Properties", {}))


class Requests:
    """The provider's requests about resources of an assembly, for one account."""

    def __init__(self, assembly: Assembly, existing: Existing) -> None:
        """Resolve what an assembly says by what an account has."""
        self._assembly = assembly
        self._existing = existing
        self._known: dict[Resource, Description | None] = {}

    def event(self, resource: Resource) -> Event:
        """The request that creates a resource; what nobody knows yet stands in angle brackets."""
        stack, logical_id = resource
        declared = self._assembly.templates[stack]["Resources"][logical_id]
        properties = as_strings(self._values(stack).resolve(declared.get("Properties", {})))
        event = {
            "RequestType": "Create",
            "RequestId": "review",
            "StackId": self._stack_id(stack),
            "LogicalResourceId": logical_id,
            "ResourceType": declared["Type"],
            "ResourceProperties": properties,
        }
        row = RESOURCES.get(declared["Type"].removeprefix(CUSTOM))
        return event if row is None or row.is_job else {**event, "PhysicalResourceId": physical_name(row, event)}

    def found(self, resource: Resource) -> Description | None:
        """What a resource takes over; None if it is not there."""
        if resource not in self._known:
            self._known[resource] = self._find(resource)
        return self._known[resource]

    def forget(self) -> None:
        """Ask again: something has been made since."""
        self._known.clear()

    def _find(self, resource: Resource) -> Description | None:
        event, api = self.event(resource), self._existing.api
        row = RESOURCES[event["ResourceType"].removeprefix(CUSTOM)]
        try:
            name = Runs(row, api).choose_adopted(event) if row.is_job else event["PhysicalResourceId"]
        except ProviderError:
            return None
        return api.find(row, name, event)

    def _stack_id(self, stack: str) -> str:
        place = self._existing.place
        made_up = f"arn:{place.partition}:cloudformation:{place.region}:{place.account}:stack/{stack}/not-deployed"
        return self._existing.stack_ids.get(stack, made_up)

    def _values(self, stack: str) -> Values:
        return Values(
            lambda name: self._ref(stack, name),
            lambda logical_id, name: self._attribute(stack, logical_id, name),
            self._imported,
        )

    def _ref(self, stack: str, name: str) -> str:
        place = self._existing.place
        known = {
            "AWS::AccountId": place.account,
            "AWS::Region": place.region,
            "AWS::Partition": place.partition,
            "AWS::StackName": stack,
            "AWS::StackId": self._stack_id(stack),
        }
        return known.get(name, f"<{name}>")

    def _attribute(self, stack: str, logical_id: str, name: str) -> str:
        declared = self._assembly.templates[stack]["Resources"].get(logical_id)
        unknown = f"<{logical_id}.{name}>"
        if declared is None:
            return unknown
        if declared["Type"] in PASSING_ON:
            handed_on = (declared["Properties"][each] for each in HANDED_ON if each in declared["Properties"])
            return str(self._values(stack).resolve(next(handed_on)))
        if declared["Type"] == LOOKUP:
            return self.looked_up((stack, logical_id)).get(name, unknown)
        if not is_adopting(declared):
            return unknown
        row = RESOURCES[declared["Type"].removeprefix(CUSTOM)]
        found = self.found((stack, logical_id)) or {}
        return str(found.get(row.attributes.get(name, ""), unknown))

    def looked_up(self, resource: Resource) -> Mapping[str, str]:
        """What a lookup answers, by attribute; nothing if it finds nothing."""
        try:
            lookup = Lookup(self._existing.api, self._existing.cloudformation)
            outcome = lookup.is_complete(self.event(resource), Progress(started=0.0), 0.0)
        except ProviderError:
            return {}
        return outcome.attributes

    def _imported(self, export: str) -> str:
        for stack, template in self._assembly.templates.items():
            for output in template.get("Outputs", {}).values():
                if output.get("Export", {}).get("Name") == export:
                    return str(self._values(stack).resolve(output["Value"]))
        return f"<{export}>"
