"""The fourth stack: always there, after all others, and tied to them by nothing that could hold them back."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.synthesized import Templates

OTHERS = ("data", "recommenders", "ranking")


def test_it_is_deployed_last_and_destroyed_first(prod_assembly: Path) -> None:
    artifacts = json.loads((prod_assembly / "manifest.json").read_text())["artifacts"]
    assert {f"vod-prod-{each}" for each in OTHERS} <= set(artifacts["vod-prod-operations"]["dependencies"])
    for each in OTHERS:
        assert "vod-prod-operations" not in artifacts[f"vod-prod-{each}"]["dependencies"]


def test_without_its_section_it_holds_its_place_only(dev: Templates) -> None:
    types = {each["Type"] for each in dev["operations"]["Resources"].values()}
    assert types - {"AWS::CDK::Metadata"} == {"AWS::CloudFormation::WaitConditionHandle"}
    assert "NotificationConfiguration" not in json.dumps(dev["data"])


def test_it_imports_nothing_so_that_everything_else_can_leave_the_settings(prod: Templates) -> None:
    assert "Fn::ImportValue" not in json.dumps(prod["operations"])
    published = {
        each["Properties"]["Name"]
        for name in OTHERS
        for each in prod[name]["Resources"].values()
        if each["Type"] == "AWS::SSM::Parameter"
    }
    read = {
        each["Default"]
        for each in prod["operations"]["Parameters"].values()
        if each["Type"] == "AWS::SSM::Parameter::Value<String>" and each["Default"].startswith("/vod/")
    }
    assert len(read) > 5
    assert read - published == set()


def test_the_refresh_can_be_found(prod: Templates) -> None:
    assert "RefreshStateMachineArn" in prod["operations"]["Outputs"]
    names = [each["Properties"].get("Name") for each in prod["operations"]["Resources"].values()]
    assert "/vod/prod/refresh_state_machine_arn" in names
