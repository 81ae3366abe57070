"""What a deployed assembly costs while it is idle, and per training, by the dated table in prices.yaml.

Minimums are billed whether anybody asks or not: API reference, CreateCampaign ("Minimum Provisioned TPS and
Auto-Scaling") and CreateRecommender ("Minimum recommendation requests per second").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from lambdas.personalize_provider.resources import RESOURCES
from tools.simulation.assembly import Assembly
from tools.simulation.template import Template, references

from .diff import path_of
from .values import as_text

_TABLE = Path(__file__).with_name("prices.yaml")
_SECONDS_PER_HOUR = 3600
_RECOMMENDER, _CAMPAIGN = "Custom::PersonalizeRecommender", "Custom::PersonalizeCampaign"
_SOLUTION, _VERSION = "Custom::PersonalizeSolution", "Custom::PersonalizeSolutionVersion"


_ATTRIBUTION = "Custom::PersonalizeMetricAttribution"
_BILLED = (_RECOMMENDER, _CAMPAIGN, _SOLUTION, _VERSION, _ATTRIBUTION)
# They cost nothing while they exist; what imports and events cost depends on the data.
_NOT_BILLED = ("DatasetGroup", "Schema", "Dataset", "DatasetImportJob", "Filter", "EventTracker")


def is_unpriced(resource_type: str) -> bool:
    """Whether nobody has said yet what a type of ours costs."""
    noun = resource_type.removeprefix("Custom::Personalize")
    return noun in RESOURCES and resource_type not in _BILLED and noun not in _NOT_BILLED


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Assumptions(_Table):
    """What no template says."""

    hours_per_month: float
    interactions: int
    training_hours: float


class RecommenderPrices(_Table):
    """Of a domain recommender."""

    per_hour: float
    requests_included_per_hour: int
    per_1000_requests: float


class RecipePrices(_Table):
    """Of a custom recipe: its campaigns, and its trainings by one of two measures."""

    per_1000_requests: float
    training_per_1000_interactions: float | None = None
    training_per_hour: float | None = None


class Prices(_Table):
    """The table."""

    source: str
    as_of: date
    region: str
    currency: str
    checked: str
    assumptions: Assumptions
    import_per_gb: float
    recommender: RecommenderPrices
    custom_recipes: Mapping[str, RecipePrices]

    def of_recipe(self, recipe: str) -> RecipePrices:
        """Prices of a custom recipe, by its name."""
        return self.custom_recipes["v2" if recipe.endswith("-v2") else "others"]


@dataclass(frozen=True)
class Cost:
    """What one resource costs.

    Attributes:
        stack: that it is in.
        path: of its construct.
        what: is billed, and how the figure comes about.
        per_hour: while it exists and nobody asks; None if the template does not tell.
        per_training: of one training, 0 if none is billed; None if the template does not tell.
        automatic_days: days between automatic trainings; None if there are none.
    """

    stack: str
    path: str
    what: str
    per_hour: float | None = 0.0
    per_training: float | None = 0.0
    automatic_days: int | None = None

    @property
    def key(self) -> tuple[str, str, bool]:
        """What it is the cost of, on either side of a change."""
        return self.stack, self.path, self.automatic_days is not None

    def per_month(self, hours: float) -> float:
        """Of a month with so many hours, automatic trainings included."""
        trainings = hours / 24 / self.automatic_days if self.automatic_days else 0.0
        return (self.per_hour or 0.0) * hours + (self.per_training or 0.0) * trainings


def load_prices() -> Prices:
    """The table in the repository."""
    return Prices.model_validate(yaml.safe_load(_TABLE.read_text()))


def costs(assembly: Assembly, prices: Prices) -> list[Cost]:
    """What every resource costs that bills while idle or for its training, in the order of the templates."""
    return [
        cost
        for stack, template in assembly.templates.items()
        for logical_id, resource in template["Resources"].items()
        for cost in _of(stack, template, logical_id, resource, prices)
    ]


def _of(stack: str, template: Template, logical_id: str, resource: Mapping[str, Any], prices: Prices) -> Iterator[Cost]:
    path, properties = path_of(resource, logical_id), resource.get("Properties", {})
    if resource["Type"] == _RECOMMENDER:
        yield _recommender(stack, path, properties.get("RecommenderConfig", {}), prices.recommender)
    elif resource["Type"] == _CAMPAIGN:
        yield _campaign(stack, path, properties, _recipe(template, logical_id), prices)
    elif resource["Type"] == _SOLUTION:
        yield from _automatic(stack, path, properties, prices)
    elif resource["Type"] == _VERSION:
        yield _version(stack, path, _recipe(template, logical_id), prices)
    elif resource["Type"] == _ATTRIBUTION:
        yield Cost(stack, path, "metrics, which CloudWatch bills for each metric and each source of events", None)
    elif is_unpriced(resource["Type"]):
        yield Cost(stack, path, f"`{resource['Type']}`, of which the review knows no price", None)


def _recommender(stack: str, path: str, config: Mapping[str, Any], prices: RecommenderPrices) -> Cost:
    minimum = int(config.get("MinRecommendationRequestsPerSecond", 1))
    beyond = max(0, minimum * _SECONDS_PER_HOUR - prices.requests_included_per_hour)
    what = f"recommender, provisioned for {minimum} per second{_metadata(config)}"
    return Cost(stack, path, what, prices.per_hour + beyond / 1000 * prices.per_1000_requests)


def _campaign(stack: str, path: str, properties: Mapping[str, Any], recipe: str, prices: Prices) -> Cost:
    minimum = int(properties.get("MinProvisionedTPS", 1))
    what = f"campaign, provisioned for {minimum} per second{_metadata(properties.get('CampaignConfig', {}))}"
    if not recipe:
        return Cost(stack, path, f"{what}; its recipe is not in the template", None)
    per_hour = minimum * _SECONDS_PER_HOUR / 1000 * prices.of_recipe(recipe).per_1000_requests
    return Cost(stack, path, f"{what}, `{recipe}`", per_hour)


def _metadata(config: Mapping[str, Any]) -> str:
    """Metadata costs extra; the table has no price for it."""
    enabled = str(config.get("EnableMetadataWithRecommendations", False)).lower() == "true"
    return ", metadata costs extra" if enabled else ""


def _automatic(stack: str, path: str, properties: Mapping[str, Any], prices: Prices) -> Iterator[Cost]:
    """Automatic trainings are on unless the template turns them off (API reference, CreateSolution)."""
    if str(properties.get("PerformAutoTraining", "true")).lower() != "true":
        return
    config = properties.get("SolutionUpdateConfig", {}).get("AutoTrainingConfig", {})
    # Every 7 days by default (API reference, AutoTrainingConfig).
    days = int("".join(filter(str.isdigit, config.get("SchedulingExpression", "rate(7 days)"))))
    price, measure = _training(_name(properties.get("RecipeArn")), prices)
    yield Cost(stack, path, f"automatic training every {days} days, {measure}", 0.0, price, days)


def _version(stack: str, path: str, recipe: str, prices: Prices) -> Cost:
    price, measure = _training(recipe, prices)
    return Cost(stack, path, f"training of a solution version, {measure}", 0.0, price)


def _training(recipe: str, prices: Prices) -> tuple[float | None, str]:
    """Price of one training, and what it is reckoned from."""
    if not recipe:
        return None, "its recipe is not in the template"
    assumed, of_recipe = prices.assumptions, prices.of_recipe(recipe)
    if of_recipe.training_per_1000_interactions is not None:
        price = assumed.interactions / 1000 * of_recipe.training_per_1000_interactions
        return price, f"`{recipe}` with {assumed.interactions:,} interactions"
    price = assumed.training_hours * (of_recipe.training_per_hour or 0.0)
    return price, f"`{recipe}` with {assumed.training_hours:g} training hours"


def _recipe(template: Template, logical_id: str) -> str:
    """Recipe of the solution that a resource comes from, through what hands its ARN on; empty if it is elsewhere."""
    seen, waiting = set(), [logical_id]
    while waiting:
        current = waiting.pop()
        resource = template["Resources"].get(current)
        if resource is None or current in seen:
            continue
        seen.add(current)
        properties = resource.get("Properties", {})
        if resource["Type"] == _SOLUTION:
            return _name(properties.get("RecipeArn"))
        waiting += references(properties)
    return ""


def _name(arn: Any) -> str:
    return as_text(arn).rpartition("/")[2]
