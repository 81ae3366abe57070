"""A whole account in virtual time: CloudFormation, the provider's real handlers, and the Personalize emulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from lambdas.personalize_provider import handler
from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.resources import RESOURCES, Resource
from sandbox.personalize import Service
from sandbox.personalize.inprocess import connect
from sandbox.personalize.objects import MemoryObjects

from .cloudformation import CloudFormation
from .framework import Event, Framework
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
    """

    service_options: dict[str, Any] = field(default_factory=dict)
    cloudformation_options: dict[str, Any] = field(default_factory=dict)
    objects: Any = field(default_factory=MemoryObjects)
    around: Callable[[Callable[[Event], dict[str, Any]], Event], dict[str, Any]] | None = None

    def __post_init__(self) -> None:
        """Connect the parts."""
        self.time = VirtualTime()
        self.service = Service(self.time, self.objects, **self.service_options)
        self.calls: list[str] = []
        self.personalize = self.client("personalize")
        self.personalize.meta.events.register("before-call", self._note)
        self.api = Api(self.personalize)
        self.framework = Framework(self.time, self._invoke(handler.begin), self._invoke(handler.advance))
        self.cloudformation = CloudFormation(
            self.time, self.framework.request, region=REGION, **self.cloudformation_options
        )

    def client(self, service_name: str) -> Any:
        """A boto3 client of the emulator.

        It tries once: botocore's own pauses would be in real time. It neither signs nor says what it is, which nobody
        reads here, and which would be a quarter of the time that deployments take.
        """
        client = boto3.client(
            service_name,
            region_name=REGION,
            config=Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                signature_version=UNSIGNED,
                user_agent="virtual",
            ),
        )
        connect(client, self.service)
        return client

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

    def _summaries(self, row: Resource) -> list[dict[str, Any]]:
        return list(self.api.summaries(row, {}))

    def _note(self, model: Any, **_: Any) -> None:
        self.calls.append(model.name)

    def _invoke(self, entry: Callable[..., dict[str, Any]]) -> Callable[[Event], dict[str, Any]]:
        def invoke(event: Event) -> dict[str, Any]:
            return entry(event, self.api, self.cloudformation, self.time)

        if self.around is None:
            return invoke
        around = self.around
        return lambda event: around(invoke, event)
