"""A local cloud for each module, and the app to deploy to it, on a small generated catalogue."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.checkout import EXAMPLE_SETTINGS, UNVALIDATED
from tools.data import synthetic
from tools.sandbox import cdk, inventory, shared
from tools.sandbox.cloud import LATE_LINES_SECONDS, Cloud, Endpoint, client, request

ENV = "dev"
Outputs = Mapping[str, Mapping[str, str]]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Endpoint]:
    """A bootstrapped cloud."""
    with Cloud() as endpoint:
        shared.prepare(endpoint)
        yield endpoint


@pytest.fixture(scope="session")
def bare_cloud() -> Iterator[Endpoint]:
    """A cloud without bootstrap, for every module of the group cloudformation: each names what it makes by itself."""
    with Cloud() as endpoint:
        yield endpoint


@dataclass(frozen=True)
class App:
    """The app with settings of its own, and the CLI that deploys it."""

    endpoint: Endpoint
    folder: Path
    env: str = ENV

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "config" / f"{self.env}.yaml"

    def edit(self, old: str, new: str) -> None:
        """Change the settings."""
        text = self.settings.read_text()
        assert text.count(old) >= 1, old
        self.settings.write_text(text.replace(old, new, 1))

    def edit_settings(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the settings as data; comments and layout are lost."""
        settings = yaml.safe_load(self.settings.read_text())
        change(settings)
        self.settings.write_text(yaml.safe_dump(settings, sort_keys=False))

    def synthesize(self, **changes: Any) -> Path:
        """Write the assembly, with what support/changed_app.py changes; answers its folder.

        In this process, which has the CDK in memory: the CLI starts Python and the CDK for it, three seconds each time.
        """
        # Here, because the CDK's process begins with the import, and this file is read before its environment is set.
        from tests.tools.sandbox.support import changed_app

        return changed_app.synthesize(self.env, self.folder, **changes)

    def run(self, arguments: Sequence[str], **changes: Any) -> cdk.Result:
        """Run the CLI on the app as its settings are now."""
        # tests/stacks validates the templates, once for all.
        return cdk.captured(
            self.endpoint, [*arguments, "--app", str(self.synthesize(**changes))], variables=UNVALIDATED
        )

    def deploy(self, **changes: Any) -> cdk.Result:
        """Deploy all stacks."""
        outputs = ("--outputs-file", str(self.folder / "outputs.json"))
        return self.run(cdk.deploy_arguments(self.env, *outputs), **changes)

    def destroy(self, **changes: Any) -> cdk.Result:
        """Destroy all stacks."""
        return self.run(cdk.destroy_arguments(self.env), **changes)

    def fault(self, **attributes: object) -> None:
        """Let something go wrong, once unless they say otherwise; see sandbox.personalize.Fault."""
        request(self.endpoint, "POST", "/_sandbox/faults", {"count": 1, **attributes}).close()

    def without_faults(self) -> None:
        """Let nothing go wrong any more."""
        request(self.endpoint, "DELETE", "/_sandbox/faults").close()

    @property
    def outputs(self) -> Outputs:
        """Outputs by stack, as the CLI wrote them."""
        return json.loads((self.folder / "outputs.json").read_text())  # type: ignore[no-any-return]

    def left(self) -> dict[str, list[str]]:
        """What is there beside the bootstrap stack, once the last log lines have come."""
        time.sleep(2 * LATE_LINES_SECONDS)
        return inventory.leftovers(self.endpoint)

    def client(self, service: str) -> Any:
        """A boto3 client of the cloud."""
        return client(self.endpoint, service)

    def status(self, stack: str) -> str:
        """Status of a stack; empty if there is none."""
        found = self.client("cloudformation").describe_stacks()["Stacks"]
        return next((each["StackStatus"] for each in found if each["StackName"] == stack), "")


@pytest.fixture
def app(cloud: Endpoint, tmp_path: Path) -> App:
    """The app, not deployed yet."""
    shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config")
    synthetic.generate().write(tmp_path / "data")
    return App(cloud, tmp_path)
