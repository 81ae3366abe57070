"""Data under a key of the customer: with the key in the settings it is imported, and without it the reason helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.assemblies import synthesized, with_settings
from tests.support.iam import permits
from tools.emulator import ObjectAccessDeniedError
from tools.simulation.assembly import Assembly, FilesByName
from tools.simulation.cloud import VirtualCloud

Deploy = Callable[[str | None], tuple[str, str]]
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


@pytest.fixture
def deployed(tmp_path: Path, files: Path) -> Deploy:
    """Deploys the data stack with data in a bucket of somebody else, and a key in the settings: status and reasons."""

    def deploy(key: str | None) -> tuple[str, str]:
        whole = synthesized(tmp_path, files, with_settings(data="s3://lake/vod/", data_encryption_key_arn=key))
        objects = UnderKey(files)
        objects.cloud = VirtualCloud(objects=objects)
        stack = Assembly({DATA: whole.templates[DATA]}, {DATA: frozenset()}).deploy(objects.cloud)[DATA]
        return stack.status, " ".join(stack.reasons)

    return deploy


def test_data_under_a_key_of_the_settings_is_imported(deployed: Deploy) -> None:
    """Case 17."""
    assert deployed(KEY) == ("CREATE_COMPLETE", "")


def test_without_the_key_the_deployment_fails_and_mentions_keys(
    deployed: Deploy,
) -> None:
    """Case 17: the service's own reason does not."""
    status, reasons = deployed(None)
    assert status == "ROLLBACK_COMPLETE"
    assert "name that key in data_encryption_key_arn" in reasons
