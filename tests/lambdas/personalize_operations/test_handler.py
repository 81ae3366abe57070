"""The Lambda entry points, in the package that Lambda gets, with clients of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lambdas.personalize_operations import handler
from lambdas.personalize_operations.clients import default_client
from tools.checkout import CHECKOUT

ENTRIES = ("find_new_data", "judge", "observe", "tell")

CONFIG = {
    "namespace": "vod/dev",
    "parameter_path": "/vod/dev",
    "campaigns": {},
    "recommenders": {},
    "datasets": {"ITEMS": "arn:x"},
    "topic_arn": "arn:aws:sns:eu-west-1:000000000000:topic",
    "app": "vod",
    "environment": "dev",
    "dashboard": "vod-dev",
}


def test_the_entry_points_are_found_where_only_the_functions_are(tmp_path: Path) -> None:
    """Both packages in one, as the asset has them: they import each other."""
    (tmp_path / "lambdas").symlink_to(CHECKOUT / "lambdas")
    script = "from lambdas.personalize_operations import handler; print(handler.{0})"
    code = "; ".join(script.format(entry) for entry in ENTRIES)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.splitlines()) == len(ENTRIES)


def test_clients_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    default_client.cache_clear()
    assert default_client("s3") is default_client("s3")
    assert default_client("s3").meta.config.connect_timeout == 5


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_point_asks_the_services_of_its_region(
    entry: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without credentials, that is a sentence; and a line in the log."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("CONFIG", json.dumps(CONFIG))
    default_client.cache_clear()
    dataset = {"type": "ITEMS", "dataset_arn": "arn:x", "location": "s3://b/in/", "import_mode": "FULL"}
    event = {
        "datasets": [dataset],
        "job_prefix": "p",
        "solution_arn": "arn:s/x",
        "solution_version_arn": "arn:s/x/1",
        "campaign_arn": "arn:c",
        "gate": {},
        "source": "aws.states",
        "region": "eu-west-1",
        "time": "2026-11-26T03:12:00Z",
        "detail": {"status": "FAILED", "stateMachineArn": "arn:x", "executionArn": "arn:y"},
    }
    with pytest.raises(handler.errors.OperationsError, match=r"Could not .*Unable to locate credentials"):
        getattr(handler, entry)(event, None)
    default_client.cache_clear()
    line = json.loads(capsys.readouterr().out)
    assert line["status"] == "failed"
    assert "Unable to locate credentials" in line["reason"]
