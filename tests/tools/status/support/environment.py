"""An app that is deployed in virtual time, as `make status` finds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stacks.settings import Settings
from tests.stacks.operations.support.living import App
from tools.deployed import Deployed
from tools.status.read import read
from tools.status.rows import Found, Row

PATH = "/vod/dev/"


@dataclass
class Environment:
    """An app, and what is asked about it.

    Attributes:
        app: that is deployed.
        settings: of it.
        called: services and operations, in the order of the requests that `make status` made.
    """

    app: App
    settings: Settings
    called: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """The time."""
        return datetime.fromtimestamp(self.app.cloud.time.time(), UTC)

    @property
    def deployed(self) -> Deployed:
        """As the tools see it."""
        parameters = self.app.cloud.parameters.values
        return Deployed(
            self.settings,
            "a test",
            self.app.cloud.service_client,
            True,
            {name.removeprefix(PATH): value for name, value in parameters.items()},
        )

    def look(self) -> Found:
        """What `make status` finds now."""
        with self._noted():
            return read(self.deployed, now=self.now)

    def arn(self, parameter: str) -> str:
        """What the app publishes."""
        return self.app.published(parameter)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Note what is asked meanwhile."""
        names = ("personalize", "cloudformation", "cloudwatch")
        clients = [self.app.cloud.service_client(name) for name in names]

        def note(model: Any, **_: Any) -> None:
            self.called.append(f"{model.service_model.service_name}:{model.name}")

        for client in clients:
            client.meta.events.register_first("before-call", note)
        try:
            yield
        finally:
            for client in clients:
                client.meta.events.unregister("before-call", note)


def of(found: Found, path: str) -> list[Row]:
    """What there is to say of a construct."""
    return [row for row in found.rows if row.path == path]


def one(found: Found, path: str) -> Row:
    """The only thing that there is to say of a construct."""
    (row,) = of(found, path)
    return row
