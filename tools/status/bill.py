"""What the environment costs as it is now: the review's estimate, with what there really is in the templates."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from lambdas.personalize_operations.serving import served_campaign, served_recommender
from tools.review.money import Cost, Prices, costs
from tools.simulation.assembly import Assembly

from .compare import Compared
from .rows import State

_MEMBERS = {
    "Recommender": ("RecommenderConfig", "MinRecommendationRequestsPerSecond"),
    "Campaign": ("MinProvisionedTPS",),
}


def bill(assembly: Assembly, compared: Iterable[Compared], prices: Prices) -> list[Cost]:
    """What everything costs that bills, as it is now.

    Args:
        assembly: the deployed templates.
        compared: their resources and what there is of them.
        prices: of the repository.
    """
    templates: dict[str, Any] = {name: copy.deepcopy(dict(each)) for name, each in assembly.templates.items()}
    for each in compared:
        resources = templates[each.resource.stack]["Resources"]
        if each.found is None:
            if any(row.state is State.MISSING for row in each.rows):
                del resources[each.resource.logical_id]
        elif each.row.noun in _MEMBERS:
            _as_it_is(resources[each.resource.logical_id]["Properties"], each)
    return costs(Assembly(templates, assembly.needs), prices)


def _as_it_is(properties: dict[str, Any], compared: Compared) -> None:
    """Put into a template what a resource really has of what bills."""
    assert compared.found
    describe = served_recommender if compared.row.switch else served_campaign
    provisioned = describe(compared.resource.path, compared.found).provisioned
    if provisioned:
        *within, member = _MEMBERS[compared.row.noun]
        for name in within:
            properties = properties.setdefault(name, {})
        properties[member] = int(provisioned)
    elif any(row.state is State.STOPPED for row in compared.rows):
        properties[compared.row.switch] = "false"
