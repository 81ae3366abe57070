"""From what the service describes to what the settings say: a section for each resource, with every member as it is.

Members that the settings have no word for stay as they are: an update changes only what a template says. They are noted
for the report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.personalize_provider.statuses import Description, is_paused

from .found import Found, FoundDataset

Section = dict[str, Any]

_EXPLORATION = {"explorationWeight": "exploration_weight", "explorationItemAgeCutOff": "exploration_item_age_cut_off"}
# What a section says of each configuration; the rest is noted.
_SAID = {
    "recommenderConfig": {
        "itemExplorationConfig",
        "minRecommendationRequestsPerSecond",
        "trainingDataConfig",
        "enableMetadataWithRecommendations",
    },
    "solutionConfig": {"algorithmHyperParameters", "eventsConfig", "trainingDataConfig", "autoTrainingConfig"},
    "campaignConfig": {"enableMetadataWithRecommendations", "syncWithLatestSolutionVersion"},
}


def adopted(found: Found) -> Section:
    """What every section of something that is taken over begins with."""
    return {"name": found.name, "adopt": True}


def dataset(found: FoundDataset, schema_file: str) -> Section:
    """A dataset, with where its newest import came from.

    Args:
        found: with an import.
        schema_file: as the settings name it.
    """
    assert found.latest
    return {
        "schema_file": schema_file,
        **adopted(found.itself),
        "schema_name": found.schema.name,
        "data_location": found.latest["dataSource"]["dataLocation"],
        "import_mode": found.latest.get("importMode", "FULL"),
    }


def recommender(found: Found) -> Section:
    """A recommender; one that is stopped stays so."""
    config = found.description.get("recommenderConfig", {})
    return {
        "recipe": found.recipe,
        **adopted(found),
        "min_recommendation_requests_per_second": config.get("minRecommendationRequestsPerSecond", 1),
        **_exploration(config.get("itemExplorationConfig", {})),
        "enable_metadata_with_recommendations": config.get("enableMetadataWithRecommendations", False),
        "active": not is_paused(found.description),
        **_columns(config),
    }


def ranking(solution: Found, campaign: Found) -> Section:
    """A solution, the version that its campaign serves, and the campaign."""
    description, config = solution.description, solution.description.get("solutionConfig", {})
    events = config.get("eventsConfig", {}).get("eventParametersList")
    return {
        "recipe": solution.recipe,
        **adopted(solution),
        "solution_version": campaign.description["solutionVersionArn"].rpartition("/")[2],
        "auto_training_days": _days(description),
        **({"events_config": {each["eventType"]: _event(each) for each in events}} if events else {}),
        **_hyper_parameters(config.get("algorithmHyperParameters", {})),
        "perform_hpo": description.get("performHPO", False),
        **_columns(config),
        "campaign": _campaign(campaign),
    }


def filter_(found: Found) -> Section:
    """A filter."""
    return {"expression": found.description["filterExpression"], **adopted(found)}


def metric_attribution(found: Found) -> Section:
    """A metric attribution, with the role and the folder that it has."""
    output = found.description["metricsOutputConfig"]
    path = output.get("s3DataDestination", {}).get("path")
    metrics = {
        each["metricName"]: {"event_type": each["eventType"], "expression": each["expression"]}
        for each in found.description["metrics"]
    }
    return {
        **adopted(found),
        "role_arn": output["roleArn"],
        "metrics": metrics,
        **({"reports": path} if path else {}),
    }


def unsaid(found: Found) -> Iterator[str]:
    """Members of its configuration that the settings have no word for, and that stay as they are."""
    for member, said in _SAID.items():
        config = found.description.get(member) or {}
        yield from (f"{member}.{name}" for name, value in config.items() if name not in said and value)
    exploration = (found.description.get("recommenderConfig") or {}).get("itemExplorationConfig", {})
    yield from (f"itemExplorationConfig.{name}" for name in exploration if name not in _EXPLORATION)
    if found.description.get("performIncrementalUpdate"):
        yield "performIncrementalUpdate"


def _campaign(found: Found) -> Section:
    config = found.description.get("campaignConfig", {})
    return {
        **adopted(found),
        "follow_latest": config.get("syncWithLatestSolutionVersion", False),
        "min_provisioned_tps": found.description.get("minProvisionedTPS", 1),
        "enable_metadata_with_recommendations": config.get("enableMetadataWithRecommendations", False),
    }


def _exploration(config: Mapping[str, str]) -> Section:
    said = {ours: _number(config[theirs]) for theirs, ours in _EXPLORATION.items() if theirs in config}
    return {"item_exploration_config": said} if said else {}


def _columns(config: Mapping[str, Any]) -> Section:
    """Columns that training takes or leaves out, by dataset."""
    data = config.get("trainingDataConfig", {})
    return {
        f"{which}_dataset_columns": {kind.lower(): list(columns) for kind, columns in listed.items()}
        for which in ("excluded", "included")
        if (listed := data.get(f"{which}DatasetColumns"))
    }


def _days(solution: Description) -> int | None:
    """Days between automatic trainings; every 7 days unless something else is said (API, AutoTrainingConfig)."""
    if not solution.get("performAutoTraining", False):
        return None
    config = solution.get("solutionConfig", {}).get("autoTrainingConfig", {})
    found = re.search(r"\d+", config.get("schedulingExpression", "rate(7 days)"))
    return int(found[0]) if found else None


def _event(event: Mapping[str, Any]) -> Section:
    names = {"weight": "weight", "eventValueThreshold": "event_value_threshold"}
    return {ours: event[theirs] for theirs, ours in names.items() if theirs in event}


def _hyper_parameters(said: Mapping[str, str]) -> Section:
    return {"algorithm_hyper_parameters": {name: _typed(value) for name, value in said.items()}} if said else {}


def _typed(text: str) -> Any:
    """A value that stays the same text when it is written out again."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"0|[1-9]\d*", text) else text


def _number(text: str) -> float:
    """A number; a whole one without decimals."""
    number = float(text)
    return int(number) if number.is_integer() else number
