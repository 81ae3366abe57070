"""A deployed app in virtual time, as its owner and its viewers change it: deployments, new files, poor data."""

from __future__ import annotations

import contextlib
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.assemblies import synthesized, with_settings
from tools.data import synthetic
from tools.simulation.assembly import Assembly
from tools.simulation.operations import OperatedCloud
from tools.simulation.stacks import Stack
from tools.simulation.state_machines import Execution

# Enough to train on, and little enough to be quick.
_USERS = 40
_PER_FILE = 1200
REFRESH = "vod-dev-refresh"
# Every file has to be asked for by hand, or come with a schedule of the test.
OPERATIONS: Mapping[str, Any] = {"refresh": {"on_new_files": None}}


class Viewers:
    """The sample of a few users, and what they do from then on."""

    def __init__(self, folder: Path) -> None:
        """Write the sample's files into a folder."""
        whole = synthetic.generate()
        users = {user.user_id for user in whole.users[:_USERS]}
        self._events = [each for each in whole.interactions if each.user_id in users]
        self._items = [item.item_id for item in whole.items]
        self._latest = max(each.timestamp for each in self._events)
        self._chance = random.Random(1)
        type(whole)(self._events, whole.items, [user for user in whole.users if user.user_id in users]).write(folder)
        self.files = {path.name: path.read_bytes() for path in folder.glob("*.csv")}

    def day(self, *, poor: bool = False) -> str:
        """A file of a day: they watch what they watched before, or, if it is poor, anything at all."""
        lines = ["USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP"]
        for _ in range(_PER_FILE * (6 if poor else 1)):
            self._latest += 1
            event = self._chance.choice(self._events)
            item = self._chance.choice(self._items) if poor else event.item_id
            lines.append(f"{event.user_id},{item},Watch,{self._latest}")
        return "\n".join(lines)


@dataclass
class App:
    """An app that is deployed, with its operations stack.

    Attributes:
        cloud: what it is deployed to.
        assembly: what is deployed.
    """

    cloud: OperatedCloud
    assembly: Assembly
    viewers: Viewers
    _files: int = 0

    # -- what people do --------------------------------------------------------------------------------------

    def deploy(self, assembly: Assembly) -> dict[str, Stack]:
        """Deploy, and wait until everything has come to rest, refreshes as well."""
        with quiet():
            stacks = assembly.deploy(self.cloud)
        self.assembly = assembly
        return stacks

    def begin_deploy(self, assembly: Assembly) -> None:
        """Begin to deploy the one stack that changes; what follows is for whoever lets time pass."""
        name = next(name for name in assembly.templates if assembly.templates[name] != self.assembly.templates[name])
        self.cloud.cloudformation.begin_deploy(name, assembly.templates[name])

    def destroy(self) -> dict[str, Stack]:
        """Destroy all stacks."""
        with quiet():
            return self.assembly.destroy(self.cloud)

    def bring(self, *, poor: bool = False) -> str:
        """Put a file of new interactions into the bucket."""
        self._files += 1
        location = f"s3://{self.bucket}/incoming/interactions/{self._files:03}.csv"
        self.cloud.buckets.put(location, self.viewers.day(poor=poor))
        return location

    def begin_refresh(self, **asked: Any) -> Execution:
        """Start a refresh by hand."""
        arn = next(arn for arn in self.cloud.machines.machines if arn.endswith(f":{REFRESH}"))
        begun = self.cloud.machines.start_execution(stateMachineArn=arn, input=json.dumps(asked))
        return self.cloud.machines.executions[begun["executionArn"]]

    def refresh(self, **asked: Any) -> Execution:
        """Start a refresh by hand, and wait for its end."""
        execution = self.begin_refresh(**asked)
        self.run()
        return execution

    def run(self, seconds: float | None = None) -> None:
        """Let time pass: so long, or until nothing happens any more."""
        until = float("inf") if seconds is None else self.cloud.time.time() + seconds
        with quiet():
            self.cloud.time.run(until)

    def run_until(self, execution: Execution, state: str) -> None:
        """Let time pass until an execution has entered a state."""
        while state not in execution.states:
            assert execution.status == "RUNNING", f"It ended before '{state}': {execution.error} {execution.cause}"
            self.run(30.0)

    # -- what is there ---------------------------------------------------------------------------------------

    @property
    def bucket(self) -> str:
        """Name of the app's bucket."""
        return self.cloud.parameters.values["/vod/dev/bucket_name"]

    @property
    def campaign(self) -> dict[str, Any]:
        """Description of the campaign."""
        arn = self.cloud.parameters.values["/vod/dev/rerank_campaign_arn"]
        found: dict[str, Any] = self.cloud.personalize.describe_campaign(campaignArn=arn)["campaign"]
        return found

    @property
    def serving(self) -> str:
        """The version that the campaign serves."""
        return str(self.campaign["solutionVersionArn"])

    @property
    def versions(self) -> dict[str, str]:
        """Status of each version that there is."""
        solution = self.cloud.parameters.values["/vod/dev/rerank_solution_arn"]
        listed = self.cloud.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]
        return {each["solutionVersionArn"]: each["status"] for each in listed}

    def begun(self, version: str) -> float:
        """When a version's training began."""
        found = self.cloud.personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
        return float(found["creationDateTime"].timestamp())

    @property
    def trainings(self) -> int:
        """How many trainings have been begun so far."""
        return Counter(self.cloud.calls)["CreateSolutionVersion"]

    @property
    def imports(self) -> list[str]:
        """Names of the imports that refreshes have begun."""
        jobs = self.cloud.personalize.list_dataset_import_jobs()["datasetImportJobs"]
        return sorted(each["jobName"] for each in jobs if "_refresh-" in each["jobName"])

    def published(self, name: str) -> str:
        """A parameter of the app."""
        return self.cloud.parameters.values[f"/vod/dev/{name}"]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without what the functions log."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def output(execution: Execution) -> dict[str, Any]:
    """What a refresh answered; it has to have succeeded."""
    assert execution.status == "SUCCEEDED", f"{execution.status}: {execution.error}: {execution.cause}"
    found: dict[str, Any] = json.loads(execution.output or "{}")
    return found


class Apps:
    """Assemblies with other settings, each synthesized once, and apps that are deployed from one."""

    def __init__(self, folder: Callable[[str], Path]) -> None:
        """Begin without any.

        Args:
            folder: makes an empty folder.
        """
        self._folder = folder
        self._known: dict[str, Assembly] = {}
        self._files = folder("files")
        Viewers(self._files)

    def assembly(self, **changes: Any) -> Assembly:
        """The app with other values of some of its top-level settings."""
        wanted = {"operations": OPERATIONS, **changes}
        key = json.dumps(wanted, sort_keys=True)
        if key not in self._known:
            self._known[key] = synthesized(self._folder("app"), self._files, with_settings(**wanted))
        return self._known[key]

    def deployed(self, **changes: Any) -> App:
        """A new account with the app in it."""
        viewers = Viewers(self._folder("viewers"))
        app = App(OperatedCloud(files=viewers.files), self.assembly(**changes), viewers)
        stacks = app.deploy(app.assembly)
        assert {each.status for each in stacks.values()} == {"CREATE_COMPLETE"}, [
            each.reasons for each in stacks.values()
        ]
        return app
