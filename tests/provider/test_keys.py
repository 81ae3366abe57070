"""Data under a key of the customer: with the key in the settings it is imported, and without it the reason helps."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data import synthetic
from sandbox.personalize import ObjectAccessDeniedError
from sandbox.synth import synthesize
from sandbox.virtual.assembly import Assembly, FilesByName
from sandbox.virtual.cloud import VirtualCloud
from stacks.settings import CONFIG_DIRECTORY
from tests.iam import permits

pytestmark = pytest.mark.unmeasured

DATA = "vod-dev-data"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


class UnderKey(FilesByName):
    """Files that a role can read only if the policy it has at that moment lets it decrypt with the key."""

    cloud: VirtualCloud

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        resources = self.cloud.cloudformation.stacks[DATA].resources.items()
        policy = next(each for key, each in resources if key.startswith("ServiceRoleDefaultPolicy"))
        if not permits(policy.properties["PolicyDocument"]["Statement"], "kms:Decrypt", KEY, {}):
            raise ObjectAccessDeniedError(f"{role_arn} may not read {location}.")
        return super().read(role_arn, location)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    synthetic.generate().write(folder)
    return folder


@pytest.fixture
def deployed(tmp_path: Path, files: Path) -> Callable[[str], tuple[str, str]]:
    """Deploys the data stack with data in a bucket of somebody else, and a line of settings: status and reasons."""

    def deploy(line: str) -> tuple[str, str]:
        config = Path(shutil.copytree(CONFIG_DIRECTORY, tmp_path / "config"))
        file = config / "dev.yaml"
        text = file.read_text().replace("\ndata: sample", "\ndata: s3://lake/vod/", 1)
        kept = [each for each in text.splitlines() if not each.startswith("data_encryption_key_arn")]
        file.write_text("\n".join([*kept, line]))
        whole = Assembly.read(synthesize("dev", tmp_path / "cdk.out", files, config))
        objects = UnderKey(files)
        objects.cloud = VirtualCloud(objects=objects)
        stack = Assembly({DATA: whole.templates[DATA]}, {DATA: frozenset()}).deploy(objects.cloud)[DATA]
        return stack.status, " ".join(stack.reasons)

    return deploy


def test_data_under_a_key_of_the_settings_is_imported(deployed: Callable[[str], tuple[str, str]]) -> None:
    """Case 17."""
    assert deployed(f"data_encryption_key_arn: {KEY}") == ("CREATE_COMPLETE", "")


def test_without_the_key_the_deployment_fails_and_mentions_keys(deployed: Callable[[str], tuple[str, str]]) -> None:
    """Case 17: the service's own reason does not."""
    status, reasons = deployed("data_encryption_key_arn: null")
    assert status == "ROLLBACK_COMPLETE"
    assert "name that key in data_encryption_key_arn" in reasons
