"""Every state machine and every call of a schedule, held against the services' models: cfn-lint does not see them."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.operations.refresh_states import RefreshStates
from stacks.settings import load_settings
from tests.stacks.operations.support.definitions import mistakes, with_values, wrong_call
from tests.stacks.operations.support.resolved import of_type
from tests.support.synthesized import Templates
from tools.checkout import EXAMPLE_SETTINGS

Definition = dict[str, Any]


@pytest.fixture(scope="module")
def machines(prod: Templates) -> dict[str, Definition]:
    """Definitions by the names of their machines, those that the CDK makes left out."""
    return {
        each["StateMachineName"]: with_values(each["Definition"], each["DefinitionSubstitutions"])
        for each in of_type(prod["operations"], "AWS::StepFunctions::StateMachine").values()
        if "Definition" in each
    }


def test_nothing_is_wrong_with_any_machine(machines: dict[str, Definition]) -> None:
    assert {"vod-prod-refresh", "vod-prod-gather"} <= machines.keys()
    assert {name: list(mistakes(each)) for name, each in machines.items()} == {name: [] for name in machines}


def test_no_substitution_is_missing(machines: dict[str, Definition]) -> None:
    assert [name for name, each in machines.items() if "${" in json.dumps(each)] == []


def calls(prod: Templates) -> Iterator[tuple[str, str, Any]]:
    for each in of_type(prod["operations"], "AWS::Scheduler::Schedule").values():
        target = each["Target"]
        if ":::aws-sdk:" in target["Arn"]:
            yield each["Name"], target["Arn"], json.loads(target["Input"])


def test_nothing_is_wrong_with_any_call_of_a_schedule(prod: Templates) -> None:
    found = list(calls(prod))
    assert len(found) > 1  # others call functions and state machines of ours
    assert {name: list(wrong_call(arn, given)) for name, arn, given in found} == {name: [] for name, _, _ in found}


FOLLOWING = {"recipe": "aws-personalized-ranking-v2", "campaign": {"follow_latest": True}}
REPORTED = {"metrics": {"watches": {"event_type": "Watch", "expression": "SAMPLECOUNT()"}}, "reports": "bucket"}


@pytest.mark.parametrize(
    ("others", "absent"),
    [
        ({"ranking": None}, {"Train", "Judge"}),
        ({"ranking": FOLLOWING}, {"Move the campaign", "Judge again"}),
        ({"metric_attribution": REPORTED, "tags": {}, "event_tracker": False}, set()),
    ],
)
def test_nothing_is_wrong_with_the_refresh_of_other_settings(
    tmp_path: Path, others: dict[str, Any], absent: set[str]
) -> None:
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    given = yaml.safe_load((config / "dev.yaml").read_text()) | {"operations": {}} | others
    (config / "dev.yaml").write_text(yaml.safe_dump(given))
    settings = load_settings("dev", config)
    assert settings.operations
    states = RefreshStates(settings, settings.operations, ["vod-dev-data"]).all()
    definition = with_values({"StartAt": RefreshStates.first, "States": states}, {"Partition": "aws"})
    assert list(mistakes(definition)) == []
    assert absent & states.keys() == set()


def test_imports_are_reported_on_as_those_of_deployments_are(tmp_path: Path) -> None:
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    given = yaml.safe_load((config / "dev.yaml").read_text()) | {"operations": {}, "metric_attribution": REPORTED}
    (config / "dev.yaml").write_text(yaml.safe_dump(given))
    settings = load_settings("dev", config)
    assert settings.operations
    states = RefreshStates(settings, settings.operations, []).all()
    assert "PublishAttributionMetricsToS3" in imports(states)["Start the import"]["Arguments"]


# -- the check itself --------------------------------------------------------------------------------------------


def refresh_with(machines: dict[str, Definition], change: Callable[[dict[str, Any]], Any]) -> list[str]:
    definition = copy.deepcopy(machines["vod-prod-refresh"])
    change(definition["States"])
    return list(mistakes(definition))


def imports(states: dict[str, Any]) -> dict[str, Any]:
    inner = states["Import"]["ItemProcessor"]["States"]["Import into the dataset"]["ItemProcessor"]["States"]
    return dict(inner)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda s: s["Train"].update(Next="Nowhere"), "Train: no state Nowhere"),
        (lambda s: s["Judge"].pop("Next"), "Judge: goes on and ends, or neither"),
        (lambda s: s["Train"].update(Comment=""), "Train: says not what it is for"),
        (lambda s: s["Train"]["Arguments"].pop("SolutionArn"), "Train: CreateSolutionVersion: lacks SolutionArn"),
        (lambda s: s["Train"]["Arguments"].update(solutionArn="x"), "Train: CreateSolutionVersion: has no member"),
        (
            lambda s: imports(s)["Start the import"]["Arguments"].update(ImportMode="SOME"),
            "Start the import: CreateDatasetImportJob.ImportMode: must be one of",
        ),
        (
            lambda s: imports(s)["Start the import"]["Arguments"].update(DataSource="s3://x"),
            "Start the import: CreateDatasetImportJob.DataSource: must be an object",
        ),
        (lambda s: s["Train"].update(Resource="arn:aws:states:::aws-sdk:personalize:train"), "has no action 'train'"),
        (
            lambda s: s["Train"]["Catch"][0].update(ErrorEquals=["Personalize.TooManyExceptions"]),
            "Train: CreateSolutionVersion raises no Personalize.TooManyExceptions",
        ),
        (lambda s: s["Judge"]["Retry"][0].update(ErrorEquals=["Lambda.Unknown"]), "Judge: no function raises"),
        (lambda s: s["Train"].update(Assign={"version": "{% $states.result. %}"}), "Train: $states.result.: "),
        (lambda s: s["Done"].update(Output="{% $nobody %}"), "Done: $nobody: what is $nobody?"),
    ],
)
def test_a_mistake_would_be_found(
    machines: dict[str, Definition], change: Callable[[dict[str, Any]], Any], sentence: str
) -> None:
    assert any(sentence in each for each in refresh_with(machines, change)), refresh_with(machines, change)


def test_a_state_that_nothing_leads_to_is_found(machines: dict[str, Definition]) -> None:
    found = refresh_with(machines, lambda states: states["Train"].update(Catch=[]))
    assert found == ["Find the version: is never reached"]
