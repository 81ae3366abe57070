"""The Parameter Store of Systems Manager: the part that templates, functions and machines use."""

from __future__ import annotations

from typing import Any

from .answers import Refusal
from .natives import Made, Request


class Parameters:
    """The Parameter Store.

    Attributes:
        values: by name.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.values: dict[str, str] = {}

    def put_parameter(self, **members: Any) -> dict[str, Any]:
        """Store a value."""
        if members["Name"] in self.values and not members.get("Overwrite"):
            raise Refusal("ParameterAlreadyExists", "The parameter already exists.")
        self.values[members["Name"]] = members["Value"]
        return {"Version": 1, "Tier": "Standard"}

    def get_parameter(self, **members: Any) -> dict[str, Any]:
        """Read a value."""
        name = members["Name"]
        if name not in self.values:
            raise Refusal("ParameterNotFound", f"Parameter {name} not found.")
        return {"Parameter": {"Name": name, "Value": self.values[name], "Type": "String"}}

    def get_parameters(self, **members: Any) -> dict[str, Any]:
        """Read the values that there are."""
        there = [name for name in members["Names"] if name in self.values]
        return {
            "Parameters": [self.get_parameter(Name=name)["Parameter"] for name in there],
            "InvalidParameters": [name for name in members["Names"] if name not in there],
        }

    # -- AWS::SSM::Parameter ---------------------------------------------------------------------------------

    def put(self, request: Request) -> Made:
        """Create or change the parameter of a template."""
        name = request.properties["Name"]
        self.values[name] = request.properties["Value"]
        return Made(name, {"Type": "String", "Value": request.properties["Value"]})

    def remove(self, name: str) -> None:
        """Delete a parameter."""
        self.values.pop(name, None)
