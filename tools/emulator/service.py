"""The service: every request of every API goes through `Service.call`."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from . import control, events, runtime
from .authorizer import AccessDeniedError, AllowAll, Authorizer
from .behaviour import Behaviour
from .clock import Clock
from .cloudwatch import Call, MetricSink, NoMetrics, report_call
from .durations import Durations
from .errors import ServiceError, invalid
from .faults import Faults
from .kind import Kind
from .kinds import KINDS
from .objects import Objects
from .quotas import Quotas
from .rates import RateLimit
from .region import Environment, Region
from .request import Request
from .shapes import checked_input, error_status, operation_model, shaped_output

_PASSED_TO = {"iam:PassedToService": "personalize.amazonaws.com"}
# Kinds that creating something in or for is a permission on.
_OWNERS = ("DatasetGroup", "Dataset")
_VERB = re.compile(r"(Create|Describe|Delete|Update|List)(.+?)(s?)$")
# Sent by REST-JSON APIs; the JSON API sends everything but server errors with 400.
_REST_DENIED = 403
_OK = 200


class Service:
    """An Amazon Personalize of one account, in all regions."""

    def __init__(
        self,
        clock: Clock,
        objects: Objects,
        authorizer: Authorizer | None = None,
        account_id: str = "000000000000",
        partition: str = "aws",
        faults: Faults | None = None,
        durations: Durations | None = None,
        quotas: Quotas | None = None,
        requests_per_second: float | None = None,
        behaviour: Behaviour | None = None,
        metrics: MetricSink | None = None,
        speed: float = 1.0,
    ) -> None:
        """Make a service without resources.

        Args:
            clock: the time of its dates and schedules.
            objects: what imports read from.
            authorizer: decides on each request; None allows everything.
            account_id: 12 digits.
            partition: first part of ARNs after `arn`.
            faults: what goes wrong on demand; more can be set at any time.
            durations: how long things take on AWS.
            quotas: service quotas.
            requests_per_second: how often each operation of the control plane may be called in a region; None for as
                often as anybody likes. The real service takes 1.
            behaviour: what it does where no source says.
            metrics: takes what the service puts into Amazon CloudWatch; None for nobody.
            speed: how many times faster than in `durations` its work is done: imports, trainings, creations, updates,
                deletions. Dates are those of the clock all the same, and what is planned for a time, such as automatic
                training every seven days, comes at that time.

        Raises:
            ValueError: speed or requests_per_second is not positive.
        """
        if speed <= 0:
            raise ValueError("speed must be positive.")
        self.clock = clock
        self.speed = speed
        self.metrics = metrics or NoMetrics()
        self.faults = faults or Faults()
        self._authorizer = authorizer or AllowAll()
        self._environment = Environment(
            account_id,
            partition,
            objects,
            durations or Durations(),
            quotas or Quotas(),
            self.faults,
            behaviour or Behaviour(),
            self.metrics,
            speed,
        )
        self._rate_limit = RateLimit(requests_per_second) if requests_per_second is not None else None
        self._regions: dict[str, Region] = {}
        self._lock = threading.RLock()

    def call(
        self, api: str, operation: str, params: Mapping[str, Any], *, region: str, caller: object
    ) -> dict[str, Any]:
        """Carry out an operation.

        Args:
            api: `personalize`, `personalize-runtime` or `personalize-events`.
            operation: its name, such as `CreateSolution`.
            params: members of the request.
            region: name of the region.
            caller: who asks; str() of it appears in messages.

        Returns:
            Members of the answer; timestamps are in seconds since the epoch.

        Raises:
            ServiceError: the service's error.
        """
        with self._lock:
            begun, at = time.perf_counter(), self.clock.now()

            def report(answer: Mapping[str, Any], status: int) -> None:
                call = Call(operation, params, answer, status, time.perf_counter() - begun, at)
                report_call(self._region(region), call)

            try:
                answer = self._call(api, operation, params, region, caller)
            except ServiceError as error:
                error.http_status = _http_status(api, error)
                report({}, error.http_status)
                raise
            report(answer, _OK)
            return answer

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """All resources and their statuses, by region."""
        with self._lock:
            now = self.clock.now()
            for region in self._regions.values():
                region.settle(now)
            return {
                name: [
                    {
                        "type": one.kind.noun,
                        "arn": one.arn,
                        "name": one.name,
                        "status": one.status,
                        "failureReason": one.failure_reason,
                        "created": one.created,
                        "updated": one.updated,
                        "latestUpdate": one.update.view() if one.update else None,
                        "tags": dict(one.tags),
                    }
                    for one in region.resources.values()
                ]
                for name, region in self._regions.items()
            }

    def tag_as_aws(self, region: str, arn: str, tags: Mapping[str, str]) -> None:
        """Set tags that no caller may set, as CloudFormation does: those that begin with `aws:`.

        Args:
            region: name of the region.
            arn: of what they are set on; of a schema, nobody can see them.
            tags: by key.

        Raises:
            ServiceError: ResourceNotFoundException.
        """
        with self._lock:
            self._region(region).get(arn).tags.update(tags)

    def _call(
        self, api: str, operation: str, params: Mapping[str, Any], region_name: str, caller: object
    ) -> dict[str, Any]:
        model = operation_model(api, operation)
        now = self.clock.now()
        region = self._region(region_name)
        region.settle(now)
        if self._rate_limit and api == "personalize":
            self._rate_limit.take(region_name, operation, now)
        names = _names(params)
        self.faults.refuse(operation, *names)
        request = Request(operation, checked_input(model.input_shape, params), region, now)
        work, resources = self._prepared(request)
        self._authorize(request, resources, caller)
        answer = shaped_output(model.output_shape, work(request))
        region.settle(now)
        self.faults.crash(operation, *names)
        return answer

    def _region(self, name: str) -> Region:
        return self._regions.setdefault(name, Region(name, self._environment))

    def _prepared(self, request: Request) -> tuple[Callable[[Request], dict[str, Any]], tuple[str, ...]]:
        """What to do, and the ARNs of what a permission is needed on, that of what it is done to first."""
        operation, params = request.operation, request.params
        special = control.SINGLE.get(operation) or runtime.OPERATIONS.get(operation) or events.OPERATIONS.get(operation)
        if special:
            return special, (_resource(request),)
        verb, kind = _split(operation)
        if verb == "Create":
            arn = request.region.arn(kind.path(request))
            return lambda asked: control.create(kind, asked, arn), _created(kind, request, arn)
        if verb == "List":
            return lambda asked: control.list_(kind, asked), ("*",)
        work = {"Describe": control.describe, "Update": control.update, "Delete": control.delete}[verb]
        if kind.arn_member not in params:
            # The model lets UpdateMetricAttribution be without it; what the service answers then is inferred.
            raise invalid(f"{kind.arn_member} is required.")
        return lambda asked: work(kind, asked), (params[kind.arn_member],)

    def _authorize(self, request: Request, resources: tuple[str, ...], caller: object) -> None:
        """Check the permissions that the service authorization reference lists for the operation."""
        given = {f"aws:RequestTag/{tag['tagKey']}": tag["tagValue"] for tag in request.params.get("tags", [])}
        for resource in resources:
            context = {**_resource_tags(request.region, resource), **given}
            self._permit(caller, f"personalize:{request.operation}", resource, context)
        if request.operation.startswith("Create") and given:
            context = {**_resource_tags(request.region, resources[0]), **given}
            self._permit(caller, "personalize:TagResource", resources[0], context)
        role = request.params.get("roleArn") or request.params.get("metricsOutputConfig", {}).get("roleArn")
        if role:
            self._permit(caller, "iam:PassRole", role, dict(_PASSED_TO))

    def _permit(self, caller: object, action: str, resource: str, context: dict[str, str]) -> None:
        try:
            self._authorizer.authorize(caller, action, resource, context)
        except AccessDeniedError as denied:
            message = str(denied) or (
                f"User: {caller} is not authorized to perform: {action} on resource: {resource} because no "
                f"identity-based policy allows the {action} action"
            )
            raise ServiceError("AccessDeniedException", message) from None


def _http_status(api: str, error: ServiceError) -> int:
    if error.code == "AccessDeniedException" and api != "personalize":
        return _REST_DENIED
    return error_status(api, error.code) or error.http_status


def _split(operation: str) -> tuple[str, Kind]:
    match = _VERB.match(operation)
    if match and match[1] == "List" and match[3]:
        kind = KINDS.get(match[2])
    else:
        kind = KINDS.get(match[2] + match[3]) if match else None
    if match is None or kind is None:
        raise ServiceError("UnknownOperationException", f"The emulator does not offer {operation}.")
    return match[1], kind


def _created(kind: Kind, request: Request, arn: str) -> tuple[str, ...]:
    """ARNs that the permission to create has to cover (service authorization reference, required resource types)."""
    if kind.noun == "SolutionVersion":
        return (request.params["solutionArn"],)
    if kind.noun in ("Campaign", "BatchInferenceJob"):
        return arn, request.params["solutionVersionArn"].rpartition("/")[0]
    return arn, *(request.params[member] for member, noun in kind.parents.items() if noun in _OWNERS)


def _resource_tags(region: Region, arn: str) -> dict[str, str]:
    """Condition keys for the tags of what exists."""
    found = region.find(arn)
    return {f"aws:ResourceTag/{key}": value for key, value in found.tags.items()} if found else {}


def _resource(request: Request) -> str:
    """ARN in a request that a permission is checked on; PutEvents and the List* operations have none."""
    members = (
        "resourceArn",
        "campaignArn",
        "recommenderArn",
        "solutionVersionArn",
        "datasetArn",
        "recipeArn",
        "algorithmArn",
        "featureTransformationArn",
    )
    return next((request.params[member] for member in members if member in request.params), "*")


def _names(params: Mapping[str, Any]) -> tuple[str, ...]:
    """Names and ARNs in a request, for faults to match."""
    named = [params[member] for member in ("name", "jobName") if member in params]
    arns = [value for member, value in params.items() if member.endswith("Arn") and isinstance(value, str)]
    return (*named, *arns, *(arn.rpartition("/")[2] for arn in arns))
