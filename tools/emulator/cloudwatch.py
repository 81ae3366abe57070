"""What the service puts into Amazon CloudWatch.

Names, dimensions and units are those of the developer guide, "CloudWatch metrics for Amazon Personalize". Each metric
is put once for each of its dimensions, alone, as the guide's commands ask for it. The guide does not say under which
dimension a recommender is counted: amazon-personalize-monitor, a program of AWS, reads RecommenderArn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .region import Region, Resource

NAMESPACE = "AWS/Personalize"
COUNT, SECONDS, MILLISECONDS, BYTES, NO_UNIT = "Count", "Seconds", "Milliseconds", "Bytes", "None"
_OK = 200
_CLIENT_ERRORS = range(400, 500)
_KEPT = 10_000

Dimensions = Mapping[str, str]
Params = Mapping[str, Any]


@dataclass(frozen=True)
class Datum:
    """A value of a metric.

    Attributes:
        name: of the metric, in the namespace `AWS/Personalize`.
        value: in the unit.
        unit: one of CloudWatch's.
        dimensions: by their names; every combination is a metric of its own.
        at: seconds since the epoch.
    """

    name: str
    value: float
    unit: str
    dimensions: Dimensions
    at: float


class MetricSink(Protocol):
    """Takes what the service measures."""

    def put(self, region: str, datum: Datum) -> None:
        """Take a value that was measured in a region."""
        ...


class NoMetrics:
    """Takes everything and keeps nothing."""

    def put(self, region: str, datum: Datum) -> None:
        """Forget it."""


class MemoryMetrics:
    """Keeps the latest 10,000 values."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._kept: deque[tuple[str, Datum]] = deque(maxlen=_KEPT)

    def put(self, region: str, datum: Datum) -> None:
        """Keep it."""
        self._kept.append((region, datum))

    def of(self, region: str) -> list[Datum]:
        """The values of a region, oldest first."""
        return [datum for name, datum in list(self._kept) if name == region]

    def listed(self) -> dict[str, list[dict[str, Any]]]:
        """The values of every region, as plain values."""
        found: dict[str, list[dict[str, Any]]] = {}
        for region, datum in list(self._kept):
            found.setdefault(region, []).append(asdict(datum))
        return found


@dataclass(frozen=True)
class Call:
    """A request that has been answered.

    Attributes:
        operation: name of the operation.
        params: members of the request, unchecked.
        answer: members of the answer; empty for an error.
        status: status of the HTTP response.
        seconds: how long it took.
        at: when it came, in seconds since the epoch.
    """

    operation: str
    params: Params
    answer: Params
    status: int
    seconds: float
    at: float


@dataclass(frozen=True)
class _Request:
    """The metrics of an operation; those without a name are not measured."""

    count: str
    dimensions: Callable[[Region, Call], Dimensions]
    client_errors: str
    server_errors: str
    latency: str = ""


def report_call(region: Region, call: Call) -> None:
    """Put what is measured of a request.

    That neither a success nor an error is put as 0 for requests with another outcome, and that requests which name
    nothing that exists are not measured, is inferred.
    """
    measured = _REQUESTS.get(call.operation)
    if measured is None:
        return
    sink = region.environment.metrics
    dimensions = measured.dimensions(region, call)
    for datum in _values(measured, call):
        for key, arn in dimensions.items():
            sink.put(region.name, replace(datum, dimensions={key: arn}))


def _values(measured: _Request, call: Call) -> Iterator[Datum]:
    if call.status != _OK:
        errors = measured.client_errors if call.status in _CLIENT_ERRORS else measured.server_errors
        yield Datum(errors, 1, COUNT, {}, call.at)
        return
    yield Datum(measured.count, 1, COUNT, {}, call.at)
    if measured.latency:
        yield Datum(measured.latency, call.seconds * 1000, MILLISECONDS, {}, call.at)


def report_creation(region: Region, resource: Resource, at: float) -> None:
    """Put what is measured of a job that has come to its end; nothing for what is not measured, or goes on.

    That a job which fails counts as an error, as a refused call does, is inferred: the dimensions name the job, and
    only a call that succeeds makes one.
    """
    job = _JOBS.get(resource.kind.noun)
    if job is None or resource.status not in ("ACTIVE", "CREATE FAILED"):
        return
    _put_job(region, resource, Datum(f"{job.name}ExecutionTime", at - resource.created, SECONDS, {}, at))
    if resource.failure_reason:
        _put_job(region, resource, Datum(f"{job.name}Error", 1, COUNT, {}, at))


def report_size(region: Region, job: Resource, size: int, at: float) -> None:
    """Put how many bytes an import has read."""
    _put_job(region, job, Datum("DatasetSize", size, BYTES, {}, at))


def _put_job(region: Region, resource: Resource, measured: Datum) -> None:
    """Put a value for each dimension of a job."""
    for key, arn in _JOBS[resource.kind.noun].dimensions(region, resource).items():
        region.environment.metrics.put(region.name, replace(measured, dimensions={key: arn}))


# -- dimensions ----------------------------------------------------------------------------------------------------


def _named(region: Region, params: Params, member: str, noun: str) -> Resource | None:
    """What a request names, if it exists; the request may be anything."""
    arn = params.get(member)
    return region.find(arn, noun) if isinstance(arn, str) else None


def _of_dataset(dataset: Resource | None) -> Dimensions:
    return {"DatasetGroupArn": dataset.fields["datasetGroupArn"], "DatasetArn": dataset.arn} if dataset else {}


def _of_serving(region: Region, call: Call) -> Dimensions:
    found = {
        "CampaignArn": _named(region, call.params, "campaignArn", "Campaign"),
        "RecommenderArn": _named(region, call.params, "recommenderArn", "Recommender"),
    }
    return {key: resource.arn for key, resource in found.items() if resource}


def _of_events(region: Region, call: Call) -> Dimensions:
    wanted = call.params.get("trackingId")
    tracker = next(region.of("EventTracker", trackingId=wanted), None)
    if tracker is None:
        return {}
    group = tracker.fields["datasetGroupArn"]
    dataset = next(region.of("Dataset", datasetGroupArn=group, datasetType="INTERACTIONS"), None)
    return {**_of_dataset(dataset), "EventTrackerArn": tracker.arn}


def _of_records(region: Region, call: Call) -> Dimensions:
    return _of_dataset(_named(region, call.params, "datasetArn", "Dataset"))


def _of_import_call(region: Region, call: Call) -> Dimensions:
    job = {"DatasetImportJobArn": call.answer["datasetImportJobArn"]} if call.answer else {}
    return {**_of_records(region, call), **job}


def _of_training_call(region: Region, call: Call) -> Dimensions:
    solution = _named(region, call.params, "solutionArn", "Solution")
    version = {"SolutionVersionArn": call.answer["solutionVersionArn"]} if call.answer else {}
    return {**({"SolutionArn": solution.arn} if solution else {}), **version}


def _of_import(region: Region, job: Resource) -> Dimensions:
    dataset = region.find(job.fields["datasetArn"], "Dataset")
    return {**_of_dataset(dataset), "DatasetImportJobArn": job.arn}


def _of_training(region: Region, version: Resource) -> Dimensions:
    return {"SolutionArn": version.fields["solutionArn"], "SolutionVersionArn": version.arn}


# -- what is measured ----------------------------------------------------------------------------------------------


def _api(name: str, dimensions: Callable[[Region, Call], Dimensions], count: str = "", latency: str = "") -> _Request:
    errors = f"{name}4xxErrors", f"{name}5xxErrors"
    return _Request(count or f"{name}Requests", dimensions, *errors, latency=latency or f"{name}Latency")


def _job_request(job: str, dimensions: Callable[[Region, Call], Dimensions]) -> _Request:
    return _Request(f"{job}Requests", dimensions, f"{job}Error", f"{job}Error")


_REQUESTS: Mapping[str, _Request] = {
    "GetRecommendations": _api("GetRecommendations", _of_serving, count="GetRecommendations"),
    "GetPersonalizedRanking": _api("GetPersonalizedRanking", _of_serving, count="GetPersonalizedRanking"),
    "PutEvents": _api("PutEvents", _of_events, latency="PutEventLatency"),
    "PutItems": _api("PutItems", _of_records),
    "PutUsers": _api("PutUsers", _of_records),
    "CreateDatasetImportJob": _job_request("DatasetImportJob", _of_import_call),
    "CreateSolutionVersion": _job_request("SolutionTrainingJob", _of_training_call),
}


@dataclass(frozen=True)
class _Job:
    """The metrics of a type of resource that is made by work."""

    name: str
    dimensions: Callable[[Region, Resource], Dimensions]


_JOBS: Mapping[str, _Job] = {
    "DatasetImportJob": _Job("DatasetImportJob", _of_import),
    "SolutionVersion": _Job("SolutionTrainingJob", _of_training),
}
