"""A whole account in virtual time: CloudFormation, the provider's real handlers, and the Personalize emulator."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from lambdas.personalize_provider import handler
from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.deployments import Holder
from lambdas.personalize_provider.resource_type import ResourceType
from lambdas.personalize_provider.resources import RESOURCES
from tools.emulator import AccessDeniedError, AllowAll, Authorizer, Service
from tools.emulator.objects import MemoryObjects

from .clients import retrying, single_try
from .cloudformation import CloudFormation
from .conditions import IDEAL, Conditions
from .framework import Event, Framework
from .natives import NativeType
from .parameters import Parameters
from .time import VirtualTime

REGION = "eu-west-1"


@dataclass
class VirtualCloud:
    """What stacks are deployed to.

    Attributes:
        service_options: options of the Personalize emulator, such as `durations` and `faults`.
        cloudformation_options: options of CloudFormation.
        objects: what imports read from.
        around: wraps each invocation of a handler, to deliver it twice or let it die.
        conditions: what deployments meet on AWS; by default nothing.
    """

    service_options: dict[str, Any] = field(default_factory=dict)
    cloudformation_options: dict[str, Any] = field(default_factory=dict)
    objects: Any = field(default_factory=MemoryObjects)
    around: Callable[[Callable[[Event], dict[str, Any]], Event], dict[str, Any]] | None = None
    conditions: Conditions = IDEAL

    def __post_init__(self) -> None:
        """Connect the parts."""
        self.time = VirtualTime()
        self._prepare()
        self._requests = _Requests()
        self._seeds = itertools.count()
        authorizer = _Provisional(self.service_options.get("authorizer") or AllowAll(), self._is_denied)
        self.service = Service(
            self.time,
            self.objects,
            **{
                "requests_per_second": self.conditions.requests_per_second,
                **self.service_options,
                "authorizer": authorizer,
            },
        )
        self.calls: list[str] = []
        self.call_times: list[tuple[float, str]] = []
        self.personalize = self.client("personalize")
        self.api = Api(self.personalize)
        self.framework = Framework(
            self.time,
            self._invoke(handler.run_on_event),
            self._invoke(handler.run_is_complete),
            request_seconds=self.conditions.request_seconds,
            lambda_concurrency=self.conditions.lambda_concurrency,
        )
        self.parameters = Parameters()
        self.cloudformation = CloudFormation(
            self.time,
            self.framework.request,
            region=REGION,
            natives=self._natives(),
            parameters=self.parameters.values,
            **self.cloudformation_options,
        )
        self._visible_cloudformation = _VisibleCloudFormation(self)

    def _prepare(self) -> None:
        """Make what the parts need; for an account that has more in it."""

    def _natives(self) -> Mapping[str, NativeType]:
        return {"AWS::SSM::Parameter": NativeType(self.parameters.put, self.parameters.remove)}

    def client(self, service_name: str) -> Any:
        """A boto3 client of the emulator, for all but the provider; with a rate limit, it tries again too."""
        if self._is_limited():
            return self._retrying(service_name)
        return self._observed(single_try(service_name, REGION, self.service), "before-call")

    def _retrying(self, service_name: str) -> Any:
        return self._observed(retrying(service_name, REGION, self.service, self.time, next(self._seeds)), "before-send")

    def _is_limited(self) -> bool:
        return self.conditions.requests_per_second is not None

    def is_visible(self, stack_id: str) -> bool:
        """Whether what a stack gave the provider permission to has taken effect."""
        stack = self.cloudformation.stack(stack_id)
        return stack is None or self.time.time() >= stack.created + self.conditions.propagation_seconds

    def _observed(self, client: Any, attempt: str) -> Any:
        """Note a client's calls, and let each of the provider's attempts, which an event begins, take its time."""
        client.meta.events.register_first("before-call.personalize", self._note)
        client.meta.events.register_first(f"{attempt}.personalize", self._take_time)
        return client

    def _is_denied(self) -> bool:
        event = self._requests.current
        return event is not None and not self.is_visible(event["StackId"])

    def _take_time(self, **_: Any) -> None:
        if self._requests.current is None:
            return
        self.time.sleep(self.conditions.call_seconds)

    def inventory(self) -> dict[str, dict[str, Any]]:
        """What exists: by ARN, the description without its times."""
        found = {}
        for row in RESOURCES.values():
            for summary in self._summaries(row):
                arn = summary[row.arn_member]
                description = self.api.describe(row, arn) or {}
                volatile = ("DateTime", "latest")
                found[arn] = {key: value for key, value in description.items() if not any(v in key for v in volatile)}
        return found

    def _summaries(self, row: ResourceType) -> list[dict[str, Any]]:
        return list(self.api.summaries(row, {}))

    def _note(self, model: Any, **_: Any) -> None:
        self.calls.append(model.name)
        self.call_times.append((self.time.time(), model.name))

    def _invoke(self, entry: Callable[..., dict[str, Any]]) -> Callable[[Event], dict[str, Any]]:
        environments: list[Api] = []

        def invoke(event: Event) -> dict[str, Any]:
            api = environments.pop() if environments else self._environment()
            try:
                with self._requests.carrying_out(event):
                    return entry(event, api, self._visible_cloudformation, self.time)
            finally:
                environments.append(api)

        if self.around is None:
            return invoke
        around = self.around
        return lambda event: around(invoke, event)

    def _environment(self) -> Api:
        """What an execution environment of a function keeps: its client, with that client's own limiter.

        Without a rate limit there is nothing to retry, and all share the one that tests look at.
        """
        return Api(self._retrying("personalize")) if self._is_limited() else self.api


class _Requests(threading.local):
    """The custom resource request that a process carries out; None if it is not the provider."""

    current: Event | None = None

    @contextmanager
    def carrying_out(self, event: Event) -> Iterator[None]:
        """Within this context, the process is the provider."""
        before, self.current = self.current, event
        try:
            yield
        finally:
            self.current = before


@dataclass
class _Provisional:
    """Denies the provider everything that has not taken effect yet."""

    authorizer: Authorizer
    is_denied: Callable[[], bool]

    def authorize(self, caller: object, action: str, resource: str, context: dict[str, str]) -> None:
        if self.is_denied():
            raise AccessDeniedError
        self.authorizer.authorize(caller, action, resource, context)


@dataclass
class _VisibleCloudFormation:
    """CloudFormation as the provider asks it."""

    cloud: VirtualCloud

    def deployment(self, stack_id: str) -> str:
        self.cloud.time.sleep(self.cloud.conditions.call_seconds)
        if not self.cloud.is_visible(stack_id):
            raise not_permitted(stack_id)
        return self.cloud.cloudformation.deployment(stack_id)

    def holder(self, physical_id: str) -> Holder | None:
        self.cloud.time.sleep(self.cloud.conditions.call_seconds)
        if self.cloud._is_denied():
            raise not_permitted("*", "DescribeStackResources")
        return self.cloud.cloudformation.holder(physical_id)


def not_permitted(resource: str, operation: str = "DescribeStacks") -> ClientError:
    """The error when the provider asks CloudFormation what it may not ask."""
    message = f"User: provider is not authorized to perform: cloudformation:{operation} on resource: {resource}"
    return ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, operation)
