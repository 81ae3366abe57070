"""What bills in a dataset group, by the prices and the reckoning of the review."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lambdas.personalize_provider.resource_type import property_name
from lambdas.personalize_provider.statuses import is_paused
from tools.review.money import Cost, Prices, costs
from tools.simulation.assembly import Assembly

from .found import Found, FoundGroup

# Everything else costs nothing while it exists.
_BILLED = ("Recommender", "Solution", "Campaign", "MetricAttribution")


@dataclass(frozen=True)
class Bill:
    """What a group costs while nobody asks.

    Attributes:
        lines: of each resource that bills.
        per_month: the sum, in the currency of the prices.
        notes: what it is reckoned from.
    """

    lines: tuple[Cost, ...]
    per_month: float
    hours: float
    notes: tuple[str, ...]


def bill_of(group: FoundGroup, prices: Prices) -> Bill:
    """Reckon what a group costs.

    Args:
        group: with all that is in it.
        prices: of the review.
    """
    template = {"Resources": dict(_resources(group))}
    lines = tuple(costs(Assembly({group.itself.name: template}, {}), prices))
    hours = prices.assumptions.hours_per_month
    table, assumed = prices.table, prices.assumptions
    notes = (
        f"In {table.currency}, region {table.region}, at the prices of {prices.oldest}; a month has {hours:g} hours, a "
        f"training {assumed.interactions:,} interactions ({assumed.interactions_are}) or {assumed.training_hours:g} "
        f"training hours. Requests beyond the minimums, imports and metrics come on top.",
    )
    return Bill(lines, sum(each.per_month(hours) for each in lines), hours, notes)


def _resources(group: FoundGroup) -> Iterator[tuple[str, dict[str, Any]]]:
    """What bills, as a template has it."""
    solutions = {each.itself.arn: _id(each.itself) for each in group.solutions}
    for found in group.all_of_it():
        if found.noun in _BILLED and found.is_sound:
            properties = _properties(found.description)
            if found.noun == "Recommender":
                properties["Active"] = not is_paused(found.description)
            if found.noun == "Solution":
                properties["SolutionUpdateConfig"] = properties.get("SolutionConfig", {})
            if found.noun == "Campaign":
                solution = found.description["solutionVersionArn"].rpartition("/")[0]
                properties["SolutionVersionArn"] = {"Ref": solutions.get(solution, "")}
            yield _id(found), _resource(found, properties)


def _resource(found: Found, properties: dict[str, Any]) -> dict[str, Any]:
    path = {"aws:cdk:path": f"group/{found.what} {found.name}"}
    return {"Type": f"Custom::Personalize{found.noun}", "Properties": properties, "Metadata": path}


def _id(found: Found) -> str:
    return f"{found.noun} {found.name}"


def _properties(value: Any) -> Any:
    """A description as a template writes it."""
    if isinstance(value, dict):
        return {property_name(name): _properties(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_properties(each) for each in value]
    return value
