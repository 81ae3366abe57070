"""`make refresh`: its input, what it says at the end, and its sentences in place of tracebacks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber

from stacks.settings import load_settings
from tools.checkout import EXAMPLE_SETTINGS
from tools.deployed import Deployed, NotDeployedError
from tools.executions import Ended
from tools.operations import __main__ as command
from tools.operations import refresh

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:vod-dev-refresh"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:vod-dev-refresh:1"
SERVING = "arn:aws:personalize:eu-west-1:123456789012:solution/rerank/1234"
PUBLISHED = {"refresh_state_machine_arn": MACHINE, "serving_solution_version_arn": "what served before"}
PASSED = {"imported": ["INTERACTIONS"], "solution_version_arn": SERVING, "verdict": "passed", "text": "It passed."}


def client_of(service: str) -> Any:
    return boto3.client(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")


class Ssm:
    """Parameters as they are at the end."""

    def get_parameter(self, Name: str) -> Mapping[str, Any]:  # noqa: N803 (boto3's own)
        assert Name == "/vod/dev/serving_solution_version_arn"
        return {"Parameter": {"Value": SERVING}}


def deployed(parameters: Mapping[str, str] = PUBLISHED, stepfunctions: Any = None) -> Deployed:
    clients = {"ssm": Ssm(), "stepfunctions": stepfunctions}
    return Deployed(load_settings("dev", EXAMPLE_SETTINGS), "a test", clients.__getitem__, True, parameters)


# -- its input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ((None, None, None), {}),
        (("interactions", None, None), {"datasets": ["INTERACTIONS"]}),
        ((" items,USERS ,items", "always", None), {"datasets": ["ITEMS", "USERS"], "train": "always"}),
        ((None, None, "UPDATE"), {"training_mode": "UPDATE"}),
        ((None, "never", None), {"train": "never"}),
    ],
)
def test_the_input_has_what_is_asked_for_and_leaves_the_rest_to_the_settings(
    options: tuple[str | None, str | None, str | None], wanted: dict[str, Any]
) -> None:
    assert refresh.input_of(deployed(), *options) == {"reason": "by hand (make refresh)", **wanted}


def test_a_dataset_that_is_not_there_starts_nothing() -> None:
    with pytest.raises(NotDeployedError) as caught:
        refresh.input_of(deployed(), "interactions,films", None, None)
    assert str(caught.value) == ("DATASETS: 'films' is not a dataset of vod-dev. It has interactions, items, users.")


def test_without_an_operations_stack_it_says_what_to_do() -> None:
    with pytest.raises(NotDeployedError) as caught:
        refresh.start(deployed({"bucket_name": "films"}), client_of("stepfunctions"), {})
    assert str(caught.value) == (
        "vod-dev in a test has no parameter /vod/dev/refresh_state_machine_arn. Add a section `operations` to "
        "config/dev.yaml, and deploy it."
    )


def test_a_machine_that_is_gone_is_said_in_a_sentence() -> None:
    client = client_of("stepfunctions")
    with Stubber(client) as answers:
        answers.add_client_error("start_execution", "StateMachineDoesNotExist")
        with pytest.raises(NotDeployedError, match=r"is not there any more\. Deploy vod-dev again\."):
            refresh.start(deployed(), client, {})


# -- what it says ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (PASSED, "Imported: interactions. Trained: version 1234, passed."),
        ({**PASSED, "imported": [], "solution_version_arn": ""}, "Nothing was imported. No version was trained."),
        (
            {**PASSED, "verdict": "refused", "text": "coverage 0.05 is below 0.1"},
            "Imported: interactions. Trained: version 1234, refused. coverage 0.05 is below 0.1.",
        ),
    ],
)
def test_the_end_says_what_was_done_and_what_serves(output: dict[str, Any], said: str) -> None:
    ended = Ended("SUCCEEDED", output)
    assert refresh.sentence(deployed(), EXECUTION, ended) == f"{said} The campaign serves version 1234."


def test_without_ranking_nothing_is_said_of_a_campaign() -> None:
    found = refresh.sentence(
        deployed({"refresh_state_machine_arn": MACHINE}), EXECUTION, Ended("SUCCEEDED", {"imported": ["ITEMS"]})
    )
    assert found == "Imported: items. No version was trained."


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Ended("FAILED", {}, "Train", "Some.Error", "Too few users."), "failed at 'Train': Some.Error: Too few users."),
        (Ended("TIMED_OUT", {}, "Look at the training"), "timed out at 'Look at the training'."),
        (Ended("ABORTED", {}, "Judge"), "aborted at 'Judge'."),
    ],
)
def test_a_failure_says_where_why_and_how_to_go_on(ended: Ended, said: str) -> None:
    found = refresh.sentence(deployed(), EXECUTION, ended)
    assert found.startswith(f"The refresh {said}")
    assert found.endswith(f"aws stepfunctions redrive-execution --execution-arn {EXECUTION}")


# -- the command -------------------------------------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs the command on an environment whose execution ends at once."""

    def run(*arguments: str, status: str = "SUCCEEDED") -> int:
        client = client_of("stepfunctions")
        monkeypatch.setattr(command, "find", lambda *_: deployed(stepfunctions=client))
        now = datetime(2026, 11, 1, tzinfo=UTC)
        with Stubber(client) as answers:
            wanted = {"reason": "by hand (make refresh)", "train": "never"}
            asked = {"stateMachineArn": MACHINE, "input": json.dumps(wanted)}
            answers.add_response("start_execution", {"executionArn": EXECUTION, "startDate": now}, asked)
            end = {"executionArn": EXECUTION, "stateMachineArn": MACHINE, "status": status, "startDate": now}
            answers.add_response("describe_execution", {**end, "output": json.dumps(PASSED)})
            answers.add_response("get_execution_history", {"events": []})
            return command.main(["refresh", "--train", "never", *arguments])

    return run


def test_it_starts_follows_and_ends_with_a_status(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert run(status="FAILED") == 1
    first, last, *failed = capsys.readouterr().out.splitlines()
    assert first == f"A refresh of vod-dev in a test has begun: {EXECUTION}"
    assert last == "Imported: interactions. Trained: version 1234, passed. The campaign serves version 1234."
    assert failed[1].startswith("The refresh failed at ''")


def test_who_stops_following_is_told_how_it_goes_on(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> Ended:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "follow", interrupted)
    assert run() == 130
    assert f"The refresh goes on. How it stands: aws stepfunctions describe-execution --execution-arn {EXECUTION}" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotDeployedError("It is not there."), "It is not there.\n"),
        (NoCredentialsError(), "AWS did not answer: Unable to locate credentials\n"),
    ],
)
def test_what_goes_wrong_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, said: str
) -> None:
    def find(*_: object) -> Deployed:
        raise error

    monkeypatch.setattr(command, "find", find)
    assert command.main(["refresh"]) == 1
    assert capsys.readouterr().err == said
