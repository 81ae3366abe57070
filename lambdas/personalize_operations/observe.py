"""Looks at what serves now, and publishes it: parameters of Systems Manager, and metrics of the app's own namespace.

A refresh moves the campaign to versions that no template names, and deployments and rollbacks move it as well, so what
serves is not known from any of them: only Personalize says it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ..personalize_provider.api import Api
from ..personalize_provider.describe import metrics as metrics_of
from ..personalize_provider.names import LATEST
from ..personalize_provider.resources import RESOURCES
from ..personalize_provider.statuses import ACTIVE, Description
from .clients import Clients, Clock
from .executions import age_hours_of_success, has_failed_last
from .published import Parameters, Value, put_values
from .serving import Served, served_campaign, served_recommender

_CAMPAIGN = RESOURCES["Campaign"]
_IMPORT = RESOURCES["DatasetImportJob"]
_RECOMMENDER = RESOURCES["Recommender"]
_VERSION = RESOURCES["SolutionVersion"]
HOUR = 3600.0


def observe(config: Mapping[str, Any], clients: Clients, clock: Clock) -> dict[str, Any]:
    """Look once, and publish what there is.

    Args:
        config: `namespace` of the metrics; `parameter_path`; `campaigns`, `recommenders` and `solutions`: ARNs by the
            names of the settings; `datasets`: ARNs by type; `refresh_machine_arn`; `prices` (see Served).
        clients: of the services.
        clock: the time.

    Returns:
        What was published, for the log: `parameters` by name, and `metrics`, how many.

    Raises:
        ServiceError: a service did not answer.
    """
    observer = _Observer(config, clients, clock.time())
    values = list(observer.values())
    put_values(clients("cloudwatch"), config["namespace"], values, clock.time())
    observer.parameters.put(clients("ssm"))
    return {"parameters": observer.parameters.values, "metrics": len(values)}


class _Observer:
    """Looks at one thing after the other."""

    def __init__(self, config: Mapping[str, Any], clients: Clients, now: float) -> None:
        self._config = config
        self._api = Api(clients("personalize"))
        self._cloudwatch = clients("cloudwatch")
        self._states = clients("stepfunctions")
        self._now = now
        self.parameters = Parameters(config["parameter_path"])

    def values(self) -> Iterator[Value]:
        """The metrics; the parameters are complete when they have all been read."""
        for name, arn in self._config["recommenders"].items():
            yield from self._of_recommender(name, arn)
        for name, arn in self._config["campaigns"].items():
            yield from self._of_campaign(name, arn)
        for dataset_type, arn in self._config["datasets"].items():
            yield from self._of_dataset(dataset_type, arn)
        yield from self._of_refreshes(self._config["refresh_machine_arn"])

    def _of_recommender(self, name: str, arn: str) -> Iterator[Value]:
        found = self._api.describe(_RECOMMENDER, arn)
        if found is None:
            return
        yield from self._of_served(served_recommender(name, found))
        metrics = found.get("modelMetrics") or {}
        yield from (Value(metric, float(value), {"Recommender": name}) for metric, value in metrics.items())
        self.parameters.values[f"serving_recommender_{name}_metrics"] = _as_json(metrics)

    def _of_campaign(self, name: str, arn: str) -> Iterator[Value]:
        found = self._api.describe(_CAMPAIGN, arn)
        if found is None:
            return
        yield from self._of_served(served_campaign(name, found))
        version = self._api.describe(_VERSION, self._version_served(found["solutionVersionArn"]))
        if version is None:
            return
        metrics = metrics_of(self._api, _VERSION, version)
        self.parameters.values["serving_solution_version_arn"] = version["solutionVersionArn"]
        self.parameters.values["serving_metrics"] = _as_json(metrics)
        yield Value("VersionAgeHours", self._hours_since(version["creationDateTime"]), {"Campaign": name})
        for solution in self._solutions_of(version):
            yield from (Value(metric, value, {"Solution": solution}) for metric, value in metrics.items())

    def _version_served(self, arn: str) -> str:
        """The version of a campaign; of one that says only that it follows the latest, the newest that is trained."""
        if not arn.endswith(LATEST):
            return arn
        versions = self._api.child_summaries(_VERSION, "solutionArn", arn.rpartition("/")[0])
        trained = [each for each in versions if each["status"] == ACTIVE]
        return str(max(trained, key=_created)["solutionVersionArn"]) if trained else arn

    def _solutions_of(self, version: Description) -> Iterator[str]:
        """Names of the solution that has trained a version, if it is one of the app's."""
        for name, arn in self._config["solutions"].items():
            if str(version["solutionVersionArn"]).rpartition("/")[0] == arn:
                yield name

    def _of_served(self, served: Served) -> Iterator[Value]:
        """What anything that answers requests has in common."""
        dimensions = {served.dimension: served.name}
        yield Value("ProvisionedRequestsPerSecond", served.provisioned, dimensions)
        yield Value("CostPerHour", served.cost_per_hour(self._config["prices"]), dimensions)
        yield Value("IdleDays", served.idle_days(self._cloudwatch, self._now), dimensions)

    def _of_dataset(self, dataset_type: str, arn: str) -> Iterator[Value]:
        jobs = self._api.child_summaries(_IMPORT, "datasetArn", arn)
        ended = max((job["lastUpdatedDateTime"] for job in jobs if job["status"] == ACTIVE), default=None)
        if ended:
            yield Value("DataAgeHours", self._hours_since(ended), {"DatasetType": dataset_type})

    def _of_refreshes(self, machine_arn: str) -> Iterator[Value]:
        yield Value("RefreshAgeHours", age_hours_of_success(self._states, machine_arn, self._now), {})
        failed = has_failed_last(self._states, machine_arn)
        if failed is not None:
            yield Value("RefreshFailed", float(failed), {})

    def _hours_since(self, moment: Any) -> float:
        return max(0.0, self._now - moment.timestamp()) / HOUR


def _created(summary: Description) -> datetime:
    created: datetime = summary["creationDateTime"]
    return created


def _as_json(metrics: Mapping[str, float]) -> str:
    return json.dumps(metrics, sort_keys=True)
