"""Deploys what `cdk synth` wrote: every stack of a cloud assembly, as `cdk deploy --all --concurrency` does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.emulator.objects import NoOutput

from .cloud import VirtualCloud
from .stacks import Stack
from .template import Template, references


@dataclass(frozen=True)
class Assembly:
    """Templates by stack name, and what each stack comes after."""

    templates: Mapping[str, Template]
    needs: Mapping[str, frozenset[str]]

    @classmethod
    def read(cls, directory: Path) -> Assembly:
        """Read the folder that `cdk synth` wrote."""
        artifacts = json.loads((directory / "manifest.json").read_text())["artifacts"]
        stacks = {name: each for name, each in artifacts.items() if each["type"] == "aws:cloudformation:stack"}
        return cls(
            {
                name: json.loads((directory / each["properties"]["templateFile"]).read_text())
                for name, each in stacks.items()
            },
            {name: frozenset(each.get("dependencies", ())) & stacks.keys() for name, each in stacks.items()},
        )

    def exports(self) -> dict[str, tuple[str, str]]:
        """By the name of an export, the stack and the logical id of the resource that it is a value of."""
        return {
            output["Export"]["Name"]: (stack, next(references(output["Value"])))
            for stack, template in self.templates.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }

    def deploy(self, cloud: VirtualCloud) -> dict[str, Stack]:
        """Create or update all stacks, each as soon as those it comes after are there."""
        done: dict[str, Stack] = {}

        def begin(name: str) -> None:
            cloud.cloudformation.begin_deploy(name, self.templates[name], lambda stack: over(name, stack))

        def over(name: str, stack: Stack) -> None:
            before = set(done)
            done[name] = stack
            if stack.status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                return
            for other, needs in self.needs.items():
                if needs <= done.keys() and not needs <= before:
                    begin(other)

        for name, needs in self.needs.items():
            if not needs:
                begin(name)
        cloud.time.run()
        return done

    def destroy(self, cloud: VirtualCloud) -> dict[str, Stack]:
        """Delete all stacks, each as soon as those that come after it are gone."""
        gone: dict[str, Stack] = {}
        users = {name: {other for other, needs in self.needs.items() if name in needs} for name in self.needs}
        present = self.needs.keys() & cloud.cloudformation.stacks.keys()

        def begin(name: str) -> None:
            cloud.cloudformation.begin_delete(name, lambda stack: over(name, stack))

        def over(name: str, stack: Stack) -> None:
            before = set(gone)
            gone[name] = stack
            if stack.status != "DELETE_COMPLETE":
                return
            for other in present:
                needed = users[other] & present
                if needed and needed <= gone.keys() and not needed <= before:
                    begin(other)

        for name in sorted(present):
            if not users[name] & present:
                begin(name)
        cloud.time.run()
        return gone


class FilesByName(NoOutput):
    """The same files at whatever location they are asked for, since buckets are named at deployment."""

    def __init__(self, directory: Path) -> None:
        """Offer the CSV files of a folder."""
        self._files = {path.name: path.read_bytes() for path in directory.glob("*.csv")}

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield the file of the location's name."""
        key = location.removeprefix("s3://").partition("/")[2]
        yield key, self._files[key.rpartition("/")[2]]
