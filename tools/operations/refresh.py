"""What starts a refresh, and what there is to say of one that has ended."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tools.deployed import Deployed, NotDeployedError
from tools.executions import Ended

TRAININGS = ("never", "if-new", "always")
MODES = ("FULL", "UPDATE")
_MACHINE = "refresh_state_machine_arn"
_SERVING = "serving_solution_version_arn"


def input_of(deployed: Deployed, datasets: str | None, train: str | None, mode: str | None) -> dict[str, Any]:
    """The input of the state machine; what it lacks is as the settings have it.

    Args:
        deployed: the environment.
        datasets: names with commas between them.
        train: never, if-new or always.
        mode: FULL or UPDATE.

    Raises:
        NotDeployedError: the environment has no such dataset.
    """
    wanted = {"datasets": _types(deployed, datasets) if datasets else None, "train": train, "training_mode": mode}
    return {"reason": "by hand (make refresh)"} | {name: value for name, value in wanted.items() if value}


def _types(deployed: Deployed, datasets: str) -> list[str]:
    known = deployed.settings.used_datasets
    names = [each.strip() for each in datasets.split(",") if each.strip()]
    for name in names:
        if name.upper() not in known:
            listed = ", ".join(known).lower() or "none"
            raise NotDeployedError(f"DATASETS: '{name}' is not a dataset of {deployed.name}. It has {listed}.")
    return list(dict.fromkeys(name.upper() for name in names))


def start(deployed: Deployed, client: Any, wanted: Mapping[str, Any]) -> str:
    """Start a refresh; answers the ARN of the execution.

    Args:
        deployed: the environment.
        client: of `stepfunctions`.
        wanted: the input.

    Raises:
        NotDeployedError: the environment has no state machine for it.
        ClientError, BotoCoreError: Step Functions does not answer.
    """
    file = f"config/{deployed.settings.env}.yaml"
    machine = deployed.parameter(_MACHINE, f"Add a section `operations` to {file}, and deploy it.")
    try:
        return str(client.start_execution(stateMachineArn=machine, input=json.dumps(wanted))["executionArn"])
    except client.exceptions.StateMachineDoesNotExist:
        raise NotDeployedError(f"{machine} is not there any more. Deploy {deployed.name} again.") from None


def sentence(deployed: Deployed, execution: str, ended: Ended) -> str:
    """What a refresh has done, and what serves now.

    Args:
        deployed: the environment.
        execution: ARN of the execution.
        ended: how it ended.
    """
    if not ended.is_good:
        return " ".join(_failure(execution, ended))
    return " ".join([_imported(ended.output), *_judged(ended.output), *_serving(deployed)])


def _failure(execution: str, ended: Ended) -> Iterator[str]:
    reason = ": ".join(filter(None, [ended.error, ended.cause]))
    yield f"The refresh {ended.status.lower().replace('_', ' ')} at '{ended.step}'{f': {reason}' if reason else '.'}"
    yield f"To go on where it failed: aws stepfunctions redrive-execution --execution-arn {execution}"


def _imported(output: Mapping[str, Any]) -> str:
    imported = [str(each).lower() for each in output.get("imported", [])]
    return f"Imported: {', '.join(imported)}." if imported else "Nothing was imported."


def _judged(output: Mapping[str, Any]) -> Iterator[str]:
    version = str(output.get("solution_version_arn", "")).rpartition("/")[2]
    if not version:
        yield "No version was trained."
        return
    yield f"Trained: version {version}, {output.get('verdict')}."
    if output.get("verdict") != "passed":
        yield _whole(str(output.get("text", "")))


def _serving(deployed: Deployed) -> Iterator[str]:
    """What the campaign serves now, which the refresh has just published."""
    if _SERVING in deployed.parameters:
        name = f"{deployed.settings.parameter_path}/{_SERVING}"
        arn = deployed.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        yield f"The campaign serves version {arn.rpartition('/')[2]}."


def _whole(text: str) -> str:
    return text if not text or text.endswith(".") else f"{text}."
