"""What a deployed assembly costs while it is idle, and per training, by the dated prices in prices.yaml.

Minimums are billed whether anybody asks or not: API reference, CreateCampaign ("Minimum Provisioned TPS and
Auto-Scaling") and CreateRecommender ("Minimum recommendation requests per second").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from .running import Schedule, active_share, mean_throughput, schedules_of
from .values import as_text

PRICES = Path(__file__).with_name("prices.yaml")
ASSUMPTIONS = Path(__file__).with_name("assumptions.yaml")
# After these, the review says how to get new ones.
_OLD_DAYS = 90
_SECONDS_PER_HOUR = 3600
_RECOMMENDER, _CAMPAIGN = "Custom::PersonalizeRecommender", "Custom::PersonalizeCampaign"
_SOLUTION, _VERSION = "Custom::PersonalizeSolution", "Custom::PersonalizeSolutionVersion"


_ATTRIBUTION = "Custom::PersonalizeMetricAttribution"
_ALARM, _DASHBOARD, _KEY = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::KMS::Key"
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
    """What no template says, in assumptions.yaml; `interactions_are` says where their number is from."""

    hours_per_month: float
    interactions: int
    training_hours: float
    interactions_are: str = "assumed; make review INTERACTIONS=... says yours"


class Price(_Table):
    """A price of the service.

    Attributes:
        what: is billed.
        amount: for one unit.
        unit: such as "GB", "hour", "1,000 requests".
        product: how it is found in the AWS Price List: words of its product, each a regular expression; with a "!"
            before it, one that the product does not have. Empty if the list is not asked.
        source: where the amount is from.
        as_of: when it was there.
    """

    what: str
    amount: float
    unit: str
    product: tuple[str, ...]
    source: str
    as_of: date


class Amounts(_Table):
    """All prices. Trainings of recommenders are not billed apart."""

    imports: Price
    recommender: Price
    recommender_included: Price
    recommender_requests: Price
    v2_requests: Price
    v2_training: Price
    other_requests: Price
    other_training: Price
    alarm: Price
    dashboard: Price
    key: Price

    def __iter__(self) -> Iterator[tuple[str, Price]]:  # type: ignore[override]
        """Each with its name."""
        return ((name, getattr(self, name)) for name in type(self).model_fields)


class Table(_Table):
    """What is in prices.yaml."""

    currency: str
    region: str
    prices: Amounts


@dataclass(frozen=True)
class Prices:
    """Prices, and what else an estimate needs."""

    table: Table
    assumptions: Assumptions

    @property
    def amounts(self) -> Amounts:
        """The prices."""
        return self.table.prices

    @property
    def oldest(self) -> date:
        """When the oldest of them was the price."""
        return min(each.as_of for _, each in self.amounts)

    @property
    def sources(self) -> list[str]:
        """Where they are from, each source once."""
        return list(dict.fromkeys(each.source for _, each in self.amounts))

    def per_request(self, recipe: str) -> float:
        """Of a campaign's requests, by the name of its recipe."""
        return (self.amounts.v2_requests if is_v2(recipe) else self.amounts.other_requests).amount / 1000

    def age(self, today: date) -> str:
        """How old they are, and what to do about it if that is old."""
        days = (today - self.oldest).days
        old = "today's" if days <= 0 else f"{days} day{'s' if days > 1 else ''} old"
        return f"{old}; `make prices` writes today's" if days > _OLD_DAYS else old


def is_v2(recipe: str) -> bool:
    """Whether a recipe bills its trainings by interactions, and nothing extra for metadata."""
    return recipe.endswith("-v2")


@dataclass(frozen=True)
class Cost:
    """What one resource costs.

    Attributes:
        stack: that it is in.
        path: of its construct.
        what: is billed, and how the figure comes about.
        per_hour: while it exists, is active, and nobody asks; None if the template does not tell.
        per_training: of one training, 0 if none is billed; None if the template does not tell.
        automatic_days: days between trainings that nobody deploys: automatic ones, and those of schedules; None if
            there are none.
        active: part of the time in which it bills by the hour, 0 to 1.
        monthly: a fixed amount.
    """

    stack: str
    path: str
    what: str
    per_hour: float | None = 0.0
    per_training: float | None = 0.0
    automatic_days: float | None = None
    active: float = 1.0
    monthly: float = 0.0

    @property
    def key(self) -> tuple[str, str, bool]:
        """What it is the cost of, on either side of a change."""
        return self.stack, self.path, self.automatic_days is not None

    def per_month(self, hours: float) -> float:
        """Of a month with so many hours, automatic trainings included."""
        trainings = hours / 24 / self.automatic_days if self.automatic_days else 0.0
        return (self.per_hour or 0.0) * hours * self.active + (self.per_training or 0.0) * trainings + self.monthly


def load_prices(interactions: int | None = None, interactions_are: str = "") -> Prices:
    """The prices and assumptions in the repository.

    Args:
        interactions: in the data that is trained on, if that is known.
        interactions_are: where their number is from.
    """
    known = {} if interactions is None else {"interactions": interactions, "interactions_are": interactions_are}
    assumed = yaml.safe_load(ASSUMPTIONS.read_text())
    return Prices(load_table(), Assumptions.model_validate(assumed | known))


def load_table() -> Table:
    """The prices in the repository."""
    return Table.model_validate(yaml.safe_load(PRICES.read_text()))


def costs(assembly: Assembly, prices: Prices) -> list[Cost]:
    """What every resource costs that bills while idle or for its training, in the order of the templates."""
    schedules = schedules_of(assembly)
    return [
        cost
        for stack, template in assembly.templates.items()
        for cost in (
            *(
                cost
                for logical_id, resource in template["Resources"].items()
                for cost in _of(stack, template, logical_id, resource, prices, schedules)
            ),
            *_alarms(stack, template, prices.amounts),
            *_refreshes(assembly, [each for each in schedules if each.stack == stack], prices),
        )
    ]


def _of(
    stack: str,
    template: Template,
    logical_id: str,
    resource: Mapping[str, Any],
    prices: Prices,
    schedules: Sequence[Schedule],
) -> Iterator[Cost]:
    path, properties = path_of(resource, logical_id), resource.get("Properties", {})
    if resource["Type"] == _RECOMMENDER:
        active = active_share(schedules, (stack, logical_id))
        yield _recommender(stack, path, properties, active, prices)
    elif resource["Type"] == _CAMPAIGN:
        minimum = int(properties.get("MinProvisionedTPS", 1))
        mean = mean_throughput(schedules, (stack, logical_id), minimum)
        yield _campaign(stack, path, properties, mean, _recipe(template, logical_id), prices)
    elif resource["Type"] == _SOLUTION:
        yield from _automatic(stack, path, properties, prices)
    elif resource["Type"] == _VERSION:
        yield _version(stack, path, _recipe(template, logical_id), prices)
    elif resource["Type"] == _ATTRIBUTION:
        yield Cost(stack, path, "metrics, which CloudWatch bills for each metric and each source of events", None)
    elif resource["Type"] == _DASHBOARD:
        yield Cost(
            stack, path, "dashboard; the first three of an account are free", monthly=prices.amounts.dashboard.amount
        )
    elif resource["Type"] == _KEY:
        yield Cost(stack, path, "KMS key", monthly=prices.amounts.key.amount)
    elif is_unpriced(resource["Type"]):
        yield Cost(stack, path, f"{resource['Type']}, of which the review knows no price", None)


def _recommender(stack: str, path: str, properties: Mapping[str, Any], active: float, prices: Prices) -> Cost:
    config, amounts = properties.get("RecommenderConfig", {}), prices.amounts
    minimum = int(config.get("MinRecommendationRequestsPerSecond", 1))
    beyond = max(0.0, minimum * _SECONDS_PER_HOUR - amounts.recommender_included.amount)
    per_hour = amounts.recommender.amount + beyond / 1000 * amounts.recommender_requests.amount
    what = f"recommender, provisioned for {minimum} per second{_metadata(config)}"
    if str(properties.get("Active", "true")).lower() == "false":
        return Cost(stack, path, f"{what}, stopped", per_hour, active=0.0)
    if active < 1:
        saved = per_hour * prices.assumptions.hours_per_month * (1 - active)
        what = f"{what}, active {active * 24:.3g} hours a day: serving hours save ${saved:,.2f} a month"
    return Cost(stack, path, what, per_hour, active=active)


def _campaign(stack: str, path: str, properties: Mapping[str, Any], mean: float, recipe: str, prices: Prices) -> Cost:
    minimum = int(properties.get("MinProvisionedTPS", 1))
    provisioned = f"{minimum} per second" if mean == minimum else f"{mean:.3g} per second on average, by schedules"
    what = f"campaign, provisioned for {provisioned}{_metadata(properties.get('CampaignConfig', {}), recipe)}"
    if not recipe:
        return Cost(stack, path, f"{what}; its recipe is not in the template", None)
    return Cost(stack, path, f"{what}, {recipe}", mean * _SECONDS_PER_HOUR * prices.per_request(recipe))


def _alarms(stack: str, template: Template, prices: Amounts) -> Iterator[Cost]:
    """All alarms of a stack as one: each costs cents."""
    alarms = [each["Properties"] for each in template["Resources"].values() if each["Type"] == _ALARM]
    metrics = sum(sum("MetricStat" in one for one in each.get("Metrics", ())) or 1 for each in alarms)
    if alarms:
        what = f"{len(alarms)} alarms that look at {metrics} metrics; the first 10 of an account are free"
        yield Cost(stack, "Alarms", what, monthly=metrics * prices.alarm.amount)


def _refreshes(assembly: Assembly, schedules: Sequence[Schedule], prices: Prices) -> Iterator[Cost]:
    """What the refreshes of schedules cost: trainings, and imports by the size of what is new."""
    hours = prices.assumptions.hours_per_month
    for each in schedules:
        if not each.refreshes:
            continue
        runs = each.per_month(hours)
        imports = f"{runs:.3g} imports a month, {prices.amounts.imports.amount:g} {prices.table.currency} per GB"
        recipe = next(filter(None, map(_recipe_of, assembly.templates.values())), "")
        if not (each.trains and recipe and runs):
            yield Cost(each.stack, each.path, f"refresh by schedule: {imports}")
            continue
        price, measure = _training(recipe, prices)
        certain = "" if each.input.get("train") == "always" else " at most: it trains if there is something new"
        what = f"refresh by schedule: {imports}, and as many trainings{certain}; {measure}"
        yield Cost(each.stack, each.path, what, 0.0, price, hours / 24 / runs)


def _recipe_of(template: Template) -> str:
    """Recipe of the solution of a template; empty if it has none."""
    solutions = (each["Properties"] for each in template["Resources"].values() if each["Type"] == _SOLUTION)
    return next((_name(each.get("RecipeArn")) for each in solutions), "")


def _metadata(config: Mapping[str, Any], recipe: str = "") -> str:
    """Metadata costs extra, for which the table has no price; with a v2 recipe it costs nothing extra.

    Source: developer guide, "Creating a campaign".
    """
    enabled = str(config.get("EnableMetadataWithRecommendations", False)).lower() == "true"
    return ", metadata costs extra" if enabled and not is_v2(recipe) else ""


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
    assumed = prices.assumptions
    if is_v2(recipe):
        price = assumed.interactions / 1000 * prices.amounts.v2_training.amount
        return price, f"{recipe} with {assumed.interactions:,} interactions"
    price = assumed.training_hours * prices.amounts.other_training.amount
    return price, f"{recipe} with {assumed.training_hours:g} training hours"


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
