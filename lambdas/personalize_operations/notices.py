"""What people are mailed: every sentence of it.

A notice says what happened, where, why, what serves now and what to do, in this order, with the commands: somebody may
read it at night.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from .history import Failure

# SNS API reference, Publish: a subject has at most 100 ASCII characters, without line breaks and control characters.
_SUBJECT_LENGTH = 100
_INDENT = 8
# The error of a workflow whose job has failed at the service: going on would find the same job (stacks/operations).
_GIVEN_UP = "Personalize.Failed"
_WORKFLOWS = {
    "refresh": "refresh",
    "gather": "gathering of new files",
    "forget-users": "forgetting of users",
    "batch": "batch job",
}
_PASSES_BY_ITSELF = re.compile(r"throttl|rate exceeded|too many|LimitExceeded|ServiceUnavailable|InternalServer", re.I)
_DENIED = re.compile(r"not authorized|access ?denied|insufficient privileges|does not allow", re.I)


@dataclass(frozen=True)
class Notice:
    """A mail.

    Attributes:
        subject: what happened, in a line.
        text: the mail.
    """

    subject: str
    text: str


@dataclass(frozen=True)
class App:
    """Whom the notices are about.

    Attributes:
        name, environment: of the app.
        dashboard: name of its dashboard.
        region, partition: where it runs.
    """

    name: str
    environment: str
    dashboard: str
    region: str
    partition: str

    @property
    def prefix(self) -> str:
        """What its names begin with."""
        return f"{self.name}-{self.environment}"

    @property
    def make_refresh(self) -> str:
        """The command that starts a refresh."""
        return f"make refresh ENV={self.environment}"

    @property
    def show_serving(self) -> str:
        """The command that shows which version serves."""
        parameter = f"/{self.name}/{self.environment}/serving_solution_version_arn"
        return f"aws ssm get-parameter --region {self.region} --name {parameter} --query Parameter.Value --output text"

    def link_to(self, execution_arn: str) -> str:
        """An execution in the console."""
        return f"{self._console}/states/home?region={self.region}#/v2/executions/details/{quote(execution_arn, ':')}"

    @property
    def link_to_dashboard(self) -> str:
        """The dashboard in the console."""
        return f"{self._console}/cloudwatch/home?region={self.region}#dashboards/dashboard/{self.dashboard}"

    @property
    def _console(self) -> str:
        host = "console.amazonaws.cn" if self.partition == "aws-cn" else "console.aws.amazon.com"
        return f"https://{self.region}.{host}"


@dataclass(frozen=True)
class Execution:
    """An execution of one of the app's state machines.

    Attributes:
        arn: of the execution.
        machine: name of the machine.
        time: when what is told happened, as EventBridge writes it: 2026-11-26T03:12:00Z.
    """

    arn: str
    machine: str
    time: str


def failed(app: App, execution: Execution, status: str, failure: Failure) -> Notice:
    """An execution has failed, took too long, or was stopped.

    Args:
        app: whose it is.
        execution: which.
        status: FAILED, TIMED_OUT or ABORTED.
        failure: why.
    """
    what = _workflow(app, execution)
    how = {"TIMED_OUT": "took too long and was ended", "ABORTED": "was stopped"}.get(status, "failed")
    rows = [
        _row("Where", _where(failure)),
        _row("Why", *_why(status, failure).splitlines()),
        _row("Now", _state_of(what)),
        _row("To do", *_remedy(app, execution, status, failure)),
    ]
    at = f" at '{failure.step}'" if failure.step else ""
    return _notice(app, execution, f"{what} {how}{at}", f"The {what} of {app.prefix} {how}", rows)


def recovered(app: App, execution: Execution) -> Notice:
    """An execution has succeeded after one that had failed."""
    what = _workflow(app, execution)
    rows = [_row("Now", "It has done what the failed one had left."), _row("To do", "Nothing.")]
    return _notice(app, execution, f"{what} works again", f"The {what} of {app.prefix} works again", rows)


def over(app: App, time: str, detail: Mapping[str, Any]) -> Notice:
    """An alarm that had rung is over. That it rings, CloudWatch says itself.

    Args:
        app: whose it is.
        time: when, as EventBridge writes it.
        detail: of the event.
    """
    alarm = str(detail["alarmName"])
    rows = [_row("Now", str(detail["state"].get("reason") or "")), _row("To do", "Nothing.")]
    what = f"The alarm {alarm} is over"
    subject = f"{alarm.removeprefix(app.prefix).lstrip('_-')} is over"
    return _mail(app, subject, what, time, rows, [])


def refused(app: App, execution: Execution, detail: Mapping[str, Any]) -> Notice:
    """The quality gate has refused a version that a refresh trained."""
    rows = [
        _row("Why", *str(detail["text"]).splitlines()),
        _row(
            "Now",
            "The campaign serves the version that it served before; this shows which:",
            _command(app.show_serving),
            "The new data has been imported all the same, and recommenders use it.",
        ),
        _row(
            "To do",
            "Look at the data that came last: is a file incomplete, are event types missing?",
            "The next refresh with new data trains again.",
            "If the version is good enough, lower ranking.quality_gate in the settings, deploy, and train again:",
            _command(f"{app.make_refresh} TRAIN=always"),
        ),
    ]
    subject = "a new version is too poor to serve; the campaign stays"
    return _notice(app, execution, subject, f"A refresh of {app.prefix} trained a version that is too poor", rows)


def forgotten(app: App, execution: Execution, detail: Mapping[str, Any]) -> Notice:
    """Users have been deleted from the datasets."""
    train = (
        ("A refresh that trains has been started. You are mailed again only if it fails or its version is refused.",)
        if detail["trains"]
        else ("Train a version without them:", _command(f"{app.make_refresh} TRAIN=always"))
    )
    rows = [
        _row("List", str(detail["location"])),
        _row(
            "Now",
            f"{detail['deleted']} records of these users have been deleted from the datasets.",
            "The version that the campaign serves was trained with them, until another one serves.",
            "Recommenders train by themselves, within 7 days.",
        ),
        _row(
            "To do",
            *train,
            "Delete the users from files that you import, too: an import would bring them back.",
            "Delete the list, and what batch jobs have written about the users: both name them.",
        ),
    ]
    subject = f"users forgotten, {detail['deleted']} records deleted"
    return _notice(app, execution, subject, f"Users of {app.prefix} have been forgotten", rows)


def batch_finished(app: App, execution: Execution, detail: Mapping[str, Any]) -> Notice:
    """A batch job has written its output."""
    what = f"batch job '{detail['name']}'"
    rows = [
        _row("Output", str(detail["output"])),
        _row("To do", "Nothing. Where a line of the output has an error, the error says why it has no answer."),
    ]
    return _notice(app, execution, f"{what} has finished", f"The {what} of {app.prefix} has finished", rows)


# -- sentences ------------------------------------------------------------------------------------------------------


def _notice(app: App, execution: Execution, subject: str, what: str, rows: Iterable[str]) -> Notice:
    return _mail(app, subject, what, execution.time, rows, [f"Execution: {app.link_to(execution.arn)}"])


def _mail(app: App, subject: str, what: str, time: str, rows: Iterable[str], links: Iterable[str]) -> Notice:
    day, moment = time[:10], time[11:16]
    head = f"{what}, on {day} at {moment} UTC."
    text = "\n".join([head, "", *rows, "", *links, f"Dashboard: {app.link_to_dashboard}"])
    return Notice(_subject(f"{app.prefix}: {subject}"), f"{text}\n")


def _row(label: str, *lines: str) -> str:
    """Lines behind a label, one below the other."""
    first, *others = lines
    return "\n".join([f"{label + ':':<{_INDENT}}{first}", *(f"{' ' * _INDENT}{line}" for line in others)])


def _command(command: str) -> str:
    """A command as a line of its own."""
    return f"  {command}"


def _subject(text: str) -> str:
    """The text as a subject, cut if it is too long."""
    plain = re.sub(r"\s+", " ", text).encode("ascii", "replace").decode()
    return plain if len(plain) <= _SUBJECT_LENGTH else f"{plain[: _SUBJECT_LENGTH - 3]}..."


def _workflow(app: App, execution: Execution) -> str:
    name = execution.machine.removeprefix(f"{app.prefix}-")
    return _WORKFLOWS.get(name, f"workflow {name}")


def _where(failure: Failure) -> str:
    about = f", about {failure.resource}" if failure.resource else ""
    return f"state '{failure.step}'{about}" if failure.step else "before its first state"


def _why(status: str, failure: Failure) -> str:
    if status == "ABORTED" and not failure.reason:
        return "Somebody stopped it, or its state machine was deleted."
    if status == "TIMED_OUT":
        return "It took longer than it may; what it was waiting for has not ended."
    return failure.reason or f"{failure.error or 'The service'} gave no reason."


def _state_of(what: str) -> str:
    if what != _WORKFLOWS["refresh"]:
        return "Recommendations go on; this changes nothing that serves."
    return "Recommendations go on. What serves is the last version that passed the quality gate."


def _remedy(app: App, execution: Execution, status: str, failure: Failure) -> list[str]:
    """What to do, with the command."""
    again = _command(_start(app, execution))
    if failure.error.endswith("WrongInput"):
        return ["Start it again with an input that is right."]
    if failure.error == _GIVEN_UP and failure.location and execution.machine == f"{app.prefix}-refresh":
        data = f"Correct or remove the data at {failure.location}"
        return [f"{data},", "or every refresh fails here. Then start one:", again]
    if failure.error == _GIVEN_UP:
        return ["If the reason names something, correct it. Then start it again:", again]
    if status == "ABORTED":
        return ["If it was not meant to stop, start it again; it does what is left:", again]
    redrive = f"aws stepfunctions redrive-execution --region {app.region} --execution-arn {execution.arn}"
    return [_advice(status, failure), "Then let it go on where it stopped:", _command(redrive)]


def _advice(status: str, failure: Failure) -> str:
    if status == "TIMED_OUT":
        return "Look in the console of Amazon Personalize whether the job is still under way; wait until it has ended."
    if _DENIED.search(failure.reason):
        return "Give the role that the reason names the permission: deploy again, or correct the policy of your bucket."
    if _PASSES_BY_ITSELF.search(f"{failure.error} {failure.reason}"):
        return "It was tried again in vain. Wait until the service answers, or until other jobs have ended."
    return "Correct what the reason names." if failure.reason else "Look at the execution; the link is below."


def _start(app: App, execution: Execution) -> str:
    """The command that starts a workflow again, with the input that it had."""
    if execution.machine == f"{app.prefix}-refresh":
        return app.make_refresh
    machine = execution.arn.rpartition(":")[0].replace(":execution:", ":stateMachine:")
    had = f"--execution-arn {execution.arn} --query input --output text"
    return (
        f"aws stepfunctions start-execution --region {app.region} --state-machine-arn {machine} "
        f'--input "$(aws stepfunctions describe-execution --region {app.region} {had})"'
    )
