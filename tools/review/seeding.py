"""Makes in a rehearsal's account what a change takes over or looks up there, so that it can be rehearsed.

It is made as the account at hand describes it, or else as the templates say it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from lambdas.personalize_provider.errors import ProviderError
from lambdas.personalize_provider.names import LATEST, last_part
from lambdas.personalize_provider.resource_type import Members, ResourceType, property_name
from lambdas.personalize_provider.resources import RESOURCES
from lambdas.personalize_provider.statuses import Description, has_failed, is_busy, is_paused
from lambdas.personalize_provider.switch import is_switched_off
from tools.checkout import EXAMPLE_SETTINGS
from tools.simulation.assembly import Assembly
from tools.simulation.cloud import REGION, VirtualCloud

from .existing import CUSTOM, LOOKUP, Existing, Place, Requests, adopting
from .made_data import MadeData
from .stored import Resource

_ACCOUNT = "000000000000"
_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/whoever-made-it"
_FOLDER = "s3://what-exists/"
# In virtual time.
_ROUND_SECONDS, _ROUNDS = 60.0, 600
_ORDER = {noun: at for at, noun in enumerate(RESOURCES)}


_Step = Callable[[Assembly, Requests, Requests | None, Resource], None]


class Seeds:
    """What exists before a rehearsal begins.

    Attributes:
        assumed: whether something was made that neither an account nor a template describes.
        failures: what could not be made, in sentences.
    """

    def __init__(self, cloud: VirtualCloud, data: MadeData, existing: Existing | None) -> None:
        """Make things in an account.

        Args:
            cloud: of the rehearsal.
            data: what imports read there.
            existing: the account to describe them; None if there is none at hand.
        """
        self._cloud, self._data, self._existing = cloud, data, existing
        place = Place("aws", REGION, _ACCOUNT)
        self._rehearsed = Existing("the rehearsal", cloud.api, cloud.cloudformation, place)
        self.assumed = False
        self.failures: list[str] = []

    def plant(self, assembly: Assembly) -> None:
        """Make all that an assembly takes over or looks up, if it is not there yet."""
        there = Requests(assembly, self._existing) if self._existing else None
        here = Requests(assembly, self._rehearsed)
        in_order = sorted(adopting(assembly), key=lambda each: _ORDER[_noun(assembly, each)])
        looked_up = dict.fromkeys(_looked_up(assembly), self._look_up)
        steps: dict[Resource, _Step] = {**looked_up, **dict.fromkeys(in_order, self._adopt)}
        for resource, make in steps.items():
            try:
                make(assembly, here, there, resource)
            except (ProviderError, ClientError) as error:
                what = f"{resource[1]} ({_noun(assembly, resource)})"
                self.failures.append(f"{what} cannot be made in the rehearsal: {error}")

    # -- what is taken over --------------------------------------------------------------------------------

    def _adopt(self, _: Assembly, here: Requests, there: Requests | None, resource: Resource) -> None:
        if here.found(resource):
            return
        event = here.event(resource)
        row = RESOURCES[event["ResourceType"].removeprefix(CUSTOM)]
        described = there.found(resource) if there else None
        said = self._as_said(row, event["ResourceProperties"])
        members = {**said, **self._as_described(row, described)} if described else said
        made = self._create(row, _creatable(row, members, said, event["ResourceProperties"]))
        is_stopped = is_paused(described) if described else is_switched_off(row, event)
        if row.pause and is_stopped:
            self._cloud.api.call(row.pause, **{row.arn_member: made[row.arn_member]})
            self._settled(row, made[row.arn_member])
        here.forget()

    def _as_said(self, row: ResourceType, properties: Mapping[str, Any]) -> Members:
        """Members of the request by the template, as the provider would create it."""
        operation, api = f"Create{row.noun}", self._cloud.api
        direct = row.properties - row.unsent - row.on_create.keys()
        members = api.request(operation, {name: properties[name] for name in direct & properties.keys()})
        for name, member in row.on_create.items():
            if name in properties:
                more = api.request(operation, {property_name(member): properties[name]})[member]
                members[member] = {**members.get(member, {}), **more}
        name = properties.get("Name") or properties.get("Adopt", "")
        return {**members, row.name_member: name}

    def _as_described(self, row: ResourceType, described: Description) -> Members:
        """The same as an account describes it, its ARNs those of the rehearsal."""
        assert self._existing
        place = self._existing.place
        members = self._cloud.api.accepted(f"Create{row.noun}", described)
        text = json.dumps(members, default=str).replace(f":{place.region}:{place.account}:", f":{REGION}:{_ACCOUNT}:")
        return {**json.loads(text), row.name_member: last_part(str(described[row.name_member]))}

    # -- what is looked up ---------------------------------------------------------------------------------

    def _look_up(self, assembly: Assembly, here: Requests, there: Requests | None, resource: Resource) -> None:
        properties = here.event(resource)["ResourceProperties"]
        known = there.looked_up(resource) if there else {}
        self.assumed = self.assumed or not known
        noun = properties["Type"]
        if here.looked_up(resource):
            return
        if noun == "Dataset":
            self._make_dataset(assembly, properties, known)
        else:
            row = RESOURCES[noun]
            described = self._describe(row, known)
            members = self._as_described(row, described) if described else {}
            name = properties.get("ResourceName") or "what-exists"
            said = {"domain": "VIDEO_ON_DEMAND"} if noun == "DatasetGroup" and not described else {}
            group = {"datasetGroupArn": properties["DatasetGroupArn"]} if "DatasetGroupArn" in properties else {}
            self._create(row, {"name": name, **said, **members, **group})
        here.forget()

    def _make_dataset(self, assembly: Assembly, properties: Mapping[str, Any], known: Mapping[str, str]) -> None:
        """A dataset of a schema, with data: of the sample's schema if nobody describes another."""
        kind = properties["DatasetType"].upper()
        text = self._schema(known) or (EXAMPLE_SETTINGS / "schemas" / f"{kind.lower()}.avsc").read_text()
        group = properties["DatasetGroupArn"]
        domain = self._cloud.api.call("DescribeDatasetGroup", datasetGroupArn=group)["datasetGroup"].get("domain")
        more = {"domain": domain} if domain else {}
        schema = self._create(RESOURCES["Schema"], {"name": f"what-exists-{kind}", "schema": text, **more})
        dataset = self._create(
            RESOURCES["Dataset"],
            {
                "name": f"what-exists-{kind}",
                "datasetGroupArn": group,
                "datasetType": kind,
                "schemaArn": schema["schemaArn"],
            },
        )
        location = f"{_FOLDER}{kind.lower()}.csv"
        self._data.add(assembly, location, text, kind)
        members = {"jobName": f"what-exists-{kind}", "datasetArn": dataset["datasetArn"], "roleArn": _ROLE}
        self._create(RESOURCES["DatasetImportJob"], {**members, "dataSource": {"dataLocation": location}})

    def _schema(self, known: Mapping[str, str]) -> str:
        described = self._describe(RESOURCES["Schema"], known)
        return str(described["schema"]) if described else ""

    def _describe(self, row: ResourceType, known: Mapping[str, str]) -> Description | None:
        arn = known.get(f"{row.noun}Arn")
        return self._existing.api.describe(row, arn) if arn and self._existing else None

    # -- making --------------------------------------------------------------------------------------------

    def _create(self, row: ResourceType, members: Members) -> Description:
        answer = self._cloud.api.call(f"Create{row.noun}", **members)
        return self._settled(row, answer[row.arn_member])

    def _settled(self, row: ResourceType, arn: str) -> Description:
        """Its description once the service is done with it.

        Raises:
            ProviderError: it failed.
        """
        for _ in range(_ROUNDS):
            found = self._cloud.api.describe(row, arn) or {}
            if not is_busy(found):
                break
            self._cloud.time.sleep(_ROUND_SECONDS)
        if has_failed(found):
            raise ProviderError(str(found.get("failureReason") or found["status"]))
        return found


def _creatable(row: ResourceType, members: Members, said: Members, properties: Mapping[str, Any]) -> Members:
    """A request that the service takes for the first of its kind."""
    made = {name: value for name, value in members.items() if value not in ("", LATEST) or name != row.name_member}
    made.pop("trainingMode", None)
    if "importMode" in made:
        made["importMode"] = "FULL"
    if row.is_job and "roleArn" in made:
        made["roleArn"] = _ROLE
    if row.name_member not in made and row.noun == "DatasetImportJob":
        made[row.name_member] = f"{properties['NamePrefix'].rpartition('_')[2]}-that-exists"
    if made.get("campaignConfig", {}).get("syncWithLatestSolutionVersion"):
        made["solutionVersionArn"] = f"{made['solutionVersionArn'].rpartition('/')[0]}/{LATEST}"
    elif "solutionVersionArn" in said:
        # The version that serves may be one that the template does not name.
        made["solutionVersionArn"] = said["solutionVersionArn"]
    return made


def _looked_up(assembly: Assembly) -> list[Resource]:
    """Everything that an assembly looks up, a group before what is in it."""
    found = [
        (stack, logical_id)
        for stack, template in assembly.templates.items()
        for logical_id, each in template["Resources"].items()
        if each["Type"] == LOOKUP
    ]
    return sorted(found, key=lambda each: _ORDER.get(_properties(assembly, each).get("Type", ""), 0))


def _properties(assembly: Assembly, resource: Resource) -> Mapping[str, Any]:
    stack, logical_id = resource
    properties: Mapping[str, Any] = assembly.templates[stack]["Resources"][logical_id].get("Properties", {})
    return properties


def _noun(assembly: Assembly, resource: Resource) -> str:
    stack, logical_id = resource
    return str(assembly.templates[stack]["Resources"][logical_id]["Type"]).removeprefix(CUSTOM)
