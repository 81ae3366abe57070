"""An app that is deployed in virtual time, as `make status` finds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

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
    """

    app: App
    settings: Settings

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
        return read(self.deployed, now=self.now)

    def arn(self, parameter: str) -> str:
        """What the app publishes."""
        return self.app.published(parameter)


def of(found: Found, path: str) -> list[Row]:
    """What there is to say of a construct."""
    return [row for row in found.rows if row.path == path]


def one(found: Found, path: str) -> Row:
    """The only thing that there is to say of a construct."""
    (row,) = of(found, path)
    return row
