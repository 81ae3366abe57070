"""Hyperparameters: what values each takes, and whether a training can look for the best one.

Sources: developer guide, the page of each recipe, and "Hyperparameters and HPO".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Parameter(ABC):
    """A hyperparameter.

    Attributes:
        name: as requests name it.
        default: value if a request names none, as descriptions show it.
        tunable: whether hyperparameter optimization (HPO) can look for its value.
        only_tuned: whether it can be set by HPO only.
    """

    name: str
    default: str
    tunable: bool = False
    only_tuned: bool = False

    # Its list in ranges of HPO.
    ranges: ClassVar[str]

    @abstractmethod
    def wants(self) -> str:
        """What its values are, in words."""

    @abstractmethod
    def accepts(self, value: Any) -> bool:
        """Whether a value is among them; numbers may come as texts."""

    @abstractmethod
    def limits(self) -> Mapping[str, Any]:
        """Its values as DescribeAlgorithm shows them."""


@dataclass(frozen=True)
class Whole(Parameter):
    """A whole number, bounds included."""

    ranges = "integerHyperParameterRanges"

    low: int = 1
    high: int = 1_000_000

    def limits(self) -> Mapping[str, Any]:
        """Its bounds."""
        return {"minValue": self.low, "maxValue": self.high}

    def wants(self) -> str:
        """What its values are, in words."""
        return f"a whole number from {self.low} to {self.high}"

    def accepts(self, value: Any) -> bool:
        """Whether a value is among them."""
        try:
            return self.low <= int(value) <= self.high
        except ValueError:
            return False


@dataclass(frozen=True)
class Decimal(Parameter):
    """A number, bounds included."""

    ranges = "continuousHyperParameterRanges"

    low: float = 0.0
    high: float = 1.0

    def limits(self) -> Mapping[str, Any]:
        """Its bounds."""
        return {"minValue": self.low, "maxValue": self.high}

    def wants(self) -> str:
        """What its values are, in words."""
        return f"a number from {self.low:g} to {self.high:g}"

    def accepts(self, value: Any) -> bool:
        """Whether a value is among them."""
        try:
            return self.low <= float(value) <= self.high
        except ValueError:
            return False


@dataclass(frozen=True)
class Choice(Parameter):
    """One of several texts, in any case."""

    ranges = "categoricalHyperParameterRanges"

    values: tuple[str, ...] = ("true", "false")

    def limits(self) -> Mapping[str, Any]:
        """Its texts."""
        return {"values": list(self.values)}

    def wants(self) -> str:
        """What its values are, in words."""
        return f"one of {', '.join(self.values)}"

    def accepts(self, value: Any) -> bool:
        """Whether a value is among them."""
        return str(value).lower() in {one.lower() for one in self.values}


def defaults(parameters: Iterable[Parameter]) -> dict[str, str]:
    """The values that a training takes if a request names none."""
    return {one.name: one.default for one in parameters}


def shown_ranges(parameters: Iterable[Parameter]) -> dict[str, list[Mapping[str, Any]]]:
    """All values as DescribeAlgorithm shows them (API reference, DefaultHyperParameterRanges)."""
    found: dict[str, list[Mapping[str, Any]]] = {kind.ranges: [] for kind in (Whole, Decimal, Choice)}
    for one in parameters:
        found[one.ranges].append({"name": one.name, **one.limits(), "isTunable": one.tunable})
    return found
