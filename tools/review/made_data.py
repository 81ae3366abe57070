"""The data of a rehearsal: at every location that a template imports from, a file made from the dataset's schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tools.data import synthetic
from tools.data.conforming import csv_of
from tools.emulator.objects import NoOutput, ObjectNotFoundError
from tools.simulation.assembly import Assembly
from tools.simulation.template import references

_Properties = Mapping[str, Any]


class MadeData(NoOutput):
    """Objects as the service reads them, whatever the buckets are called once they are deployed."""

    def __init__(self) -> None:
        """Offer nothing yet."""
        self._catalogue = synthetic.generate()
        self._by_ending: dict[str, bytes] = {}

    def make(self, assembly: Assembly) -> None:
        """Make the data of what is going to be deployed, in place of what was made before at the same locations."""
        for template in assembly.templates.values():
            resources = template["Resources"]
            for properties in _of_type(resources, "DatasetImportJob"):
                dataset = _referred(resources, properties.get("DatasetArn"))
                schema = _referred(resources, dataset.get("SchemaArn"))
                if "Schema" not in schema:
                    continue
                body = csv_of(
                    json.loads(schema["Schema"]),
                    dataset["DatasetType"].upper(),
                    self._catalogue,
                    _event_types(assembly),
                )
                self._by_ending[_ending(properties["DataSource"]["DataLocation"])] = body

    def add(self, assembly: Assembly, location: str, schema: str, dataset_type: str) -> None:
        """Make the data of a dataset that no template declares.

        Args:
            assembly: that is going to be deployed.
            location: of the file.
            schema: of the dataset, as JSON.
            dataset_type: INTERACTIONS, ITEMS or USERS.
        """
        self._by_ending[location] = csv_of(json.loads(schema), dataset_type, self._catalogue, _event_types(assembly))

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield the file at a location, or in the folder that it is.

        Raises:
            ObjectNotFoundError: no template imports from there.
        """
        endings = [ending for ending in self._by_ending if location.endswith(ending)]
        if not endings:
            raise ObjectNotFoundError(f"Nothing is at {location}")
        key = location.removeprefix("s3://").partition("/")[2]
        yield (f"{key}data.csv" if location.endswith("/") else key), self._by_ending[max(endings, key=len)]


def _of_type(resources: Mapping[str, Any], noun: str) -> list[_Properties]:
    found = (each for each in resources.values() if each["Type"] == f"Custom::Personalize{noun}")
    return [each["Properties"] for each in found]


def _referred(resources: Mapping[str, Any], value: Any) -> _Properties:
    """Properties of the resource of the same template that a value refers to; none if there is no such resource."""
    logical_id = next(iter(references(value)), "")
    properties: _Properties = resources.get(logical_id, {}).get("Properties", {})
    return properties


def _ending(location: Any) -> str:
    """What a location ends with, known before anything is deployed."""
    if isinstance(location, str):
        return location
    last = location.get("Fn::Join", ["", [""]])[1][-1]
    return last if isinstance(last, str) else ""


def _event_types(assembly: Assembly) -> set[str]:
    """Types of interactions that solutions train with."""
    found = set()
    for template in assembly.templates.values():
        for properties in _of_type(template["Resources"], "Solution"):
            events = properties.get("SolutionConfig", {}).get("EventsConfig", {}).get("EventParametersList", [])
            found |= {each["EventType"] for each in (properties, *events) if isinstance(each.get("EventType"), str)}
    return found
