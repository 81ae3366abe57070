"""Adoption, tried where the app is deployed: a second app takes over a filter that a call has made, and gives it up.

It is what only the account can tell of it: whether Personalize takes the tags, and whether IAM lets a role do it that
reaches adopted names and what carries the stack's tag.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lambdas.personalize_provider.ownership import STACK_TAG
from tools.sandbox import cdk

from .day_two import Tried, until

ENV = "adopting"
NAME = f"conformance-{ENV}"
_FILTER = f"{NAME}-by-hand"
_EXPRESSION = 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'


@dataclass(frozen=True)
class Second:
    """The second app.

    Attributes:
        personalize: a boto3 client.
        cli: runs the CDK CLI.
        config: the folder with its settings.
        context: arguments of the CLI that lead the app there.
        every: seconds between two looks.
        pause: waits for so many seconds.
    """

    personalize: Any
    cli: Callable[[Sequence[str]], cdk.Result]
    config: Path
    context: tuple[str, ...]
    every: float
    pause: Callable[[float], None] = time.sleep

    def deploy(self, group: str, **more: bool) -> int:
        """Deploy it with the filter taken over; the exit status."""
        made = {"expression": _EXPRESSION, "name": _FILTER, "adopt": True, **more}
        existing = {"name": group, "datasets": ["interactions", "items", "users"], "event_tracker": True}
        settings = {"app_name": NAME.partition("-")[0], "existing": existing, "filters": {"by_hand": made}}
        (self.config / f"{ENV}.yaml").write_text(yaml.safe_dump(settings))
        return self.cli(cdk.deploy_arguments(ENV, *self.context)).exit_status

    def destroy(self) -> int:
        """Destroy it; the exit status."""
        return self.cli(cdk.destroy_arguments(ENV, *self.context)).exit_status


def attempt(second: Second, group: str) -> Iterator[Tried]:
    """Try it; each answer comes when it is known. In the end there is nothing of it.

    Args:
        second: the second app.
        group: ARN of the dataset group that the first one has made.
    """
    arn = second.personalize.create_filter(name=_FILTER, datasetGroupArn=group, filterExpression=_EXPRESSION)[
        "filterArn"
    ]
    try:
        _await(second, arn)
        yield from _steps(second, group, arn)
    finally:
        second.destroy()
        second.personalize.delete_filter(filterArn=arn)


def _steps(second: Second, group: str, arn: str) -> Iterator[Tried]:
    status = second.deploy(group)
    owner = _owner(second, arn)
    yield Tried("an app takes over a filter in a dataset group of others", f"/{NAME}-" in owner, _said(status, owner))
    if status:
        return
    status = second.deploy(group, release=True)
    owner = _owner(second, arn)
    yield Tried("it gives the filter up", not status and not owner, _said(status, owner))


def _await(second: Second, arn: str) -> None:
    def look() -> str | None:
        status = str(second.personalize.describe_filter(filterArn=arn)["filter"]["status"])
        return status if status == "ACTIVE" else None

    until(look, second.every, second.pause)


def _owner(second: Second, arn: str) -> str:
    """The stack that the filter's tags name; empty if they name none."""
    tags = second.personalize.list_tags_for_resource(resourceArn=arn)["tags"]
    return next((str(tag["tagValue"]) for tag in tags if tag["tagKey"] == STACK_TAG), "")


def _said(status: int, owner: str) -> str:
    ended = f"the deployment failed (status {status}), and " if status else ""
    return f"{ended}its tags name {owner or 'no stack'}"
