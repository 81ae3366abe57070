"""The page that follows requests through the code, from a deployment in virtual time."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.emulator import Durations
from tools.simulation.assembly import Assembly, FilesByName
from tools.simulation.cloud import VirtualCloud

_TRAINING_HOURS = 3
_CAMPAIGN, _VERSION, _WAIT = (f"Custom::Personalize{noun}" for noun in ("Campaign", "SolutionVersion", "Wait"))
# What the simulation numbers through a whole deployment, and would change with every resource that is added.
_NUMBERS = re.compile(r"(?<=request-)\d+|(?<=/)[0-9a-f]{8}(?=\")")

Event = dict[str, Any]


@dataclass
class _Request:
    """What was asked, and what the two functions answered and logged.

    Attributes:
        event: what CloudFormation sent to on_event.
        answer: what on_event answered.
        begun: seconds of virtual time.
        lines: lines of the log, each with the seconds since `begun`.
        polls: how often is_complete was invoked.
        last: the last answer of is_complete.
    """

    event: Event
    answer: dict[str, Any]
    begun: float
    lines: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    polls: int = 0
    last: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """From on_event to the last poll."""
        return self.lines[-1][0]


class _Recorder:
    """Stands around the handlers, and writes down every request."""

    def __init__(self, sample: Path, durations: Durations) -> None:
        self.log = io.StringIO()
        self.requests: dict[str, _Request] = {}
        self.cloud = VirtualCloud(
            service_options={"durations": durations}, objects=FilesByName(sample), around=self._around
        )

    def _around(self, invoke: Callable[[Event], dict[str, Any]], event: Event) -> dict[str, Any]:
        written, now = self.log.tell(), self.cloud.time.time()
        answer = invoke(event)
        request = self.requests.get(event["RequestId"])
        if request is None:
            request = self.requests[event["RequestId"]] = _Request(event, answer, now)
        else:
            request.polls += 1
            request.last = _in_order(answer)
        self.log.seek(written)
        lines = [json.loads(line) for line in self.log]
        request.lines += [(now - request.begun, line) for line in lines if line["request_id"] == event["RequestId"]]
        return answer

    def of_type(self, resource_type: str, kind: str) -> list[_Request]:
        """Requests in the order in which they began."""
        return [
            request
            for request in self.requests.values()
            if (request.event["ResourceType"], request.event["RequestType"]) == (resource_type, kind)
        ]


def one_request(sample: Path, assembly: Assembly) -> str:
    """Deploy, change the campaign's throughput, destroy; and write what happened.

    Args:
        sample: folder of the data.
        assembly: the app that is deployed.
    """
    recorder = _Recorder(sample, Durations(create_solution_version=_TRAINING_HOURS * 3600.0))
    with contextlib.redirect_stdout(recorder.log):
        assembly.deploy(recorder.cloud)
        _campaign(assembly)["Properties"]["MinProvisionedTPS"] = 2
        assembly.deploy(recorder.cloud)
        assembly.destroy(recorder.cloud)
    return _page(recorder)


def _campaign(assembly: Assembly) -> dict[str, Any]:
    resources = itertools.chain.from_iterable(each["Resources"].values() for each in assembly.templates.values())
    return next(resource for resource in resources if resource["Type"] == _CAMPAIGN)


# -- the page ----------------------------------------------------------------------------------------------------


def _page(recorder: _Recorder) -> str:
    (create,) = recorder.of_type(_CAMPAIGN, "Create")
    (update,) = recorder.of_type(_CAMPAIGN, "Update")
    (delete,) = recorder.of_type(_CAMPAIGN, "Delete")
    (training,) = recorder.of_type(_VERSION, "Create")
    links = [
        each
        for each in recorder.of_type(_WAIT, "Create")
        if each.event["ResourceProperties"]["ResourceType"] == "SolutionVersion"
    ]
    return f"""# One request, from CloudFormation to Personalize and back

What you read here happened: the app of `tools/example_settings/dev.yaml` was deployed, changed and destroyed in virtual
time, by the real handlers against the emulator of Personalize. A training took {_TRAINING_HOURS} hours. Only the
numbers of requests and stacks, and the partition in ARNs, are not shown as they were.

For each custom resource CloudFormation calls the *Provider framework* of the CDK. The framework calls two functions of
ours, both in [`handler.py`](../lambdas/personalize_provider/handler.py):

1. `on_event`, once. It only reads, and answers with the physical id: the name that the resource will have.
2. `is_complete`, every 10 seconds until it answers `IsComplete: true`. It looks at the resource, takes one step at
   most, and never waits.

Each reads the request ([`protocol.py`](../lambdas/personalize_provider/protocol.py)) and finds the row of its type in
the table ([`resources.py`](../lambdas/personalize_provider/resources.py)). The engine
([`engine.py`](../lambdas/personalize_provider/engine.py)) then carries the request out by what the row says. Every call
goes through [`api.py`](../lambdas/personalize_provider/api.py); every line below was written by
[`log.py`](../lambdas/personalize_provider/log.py).

## Create a campaign

{_event("CloudFormation sends this event, made from the template's properties:", create)}

{_answer(create)}

[`names.py`](../lambdas/personalize_provider/names.py) has made the name from `NamePrefix` and a hash. `Progress` comes
back with every poll. The line in the log:

{_json(create.lines[0][1])}

{_polls(create)}

The line of the first poll that looks, in full:

{_json(create.lines[1][1])}

It finds no campaign of that name, so the engine creates one (`Engine._create`). Later polls describe it, and
[`statuses.py`](../lambdas/personalize_provider/statuses.py) says that it is still busy. After two minutes
[`pace.py`](../lambdas/personalize_provider/pace.py) lets only one poll in about 45 seconds look; the others answer
`IsComplete: false` at once, without a call and without a line.

{_data(create)}

[`describe.py`](../lambdas/personalize_provider/describe.py) takes it from what the service says of the campaign. The
template refers to it with `Fn::GetAtt`.

## Update it

{_event("`MinProvisionedTPS` is now 2. The event also has the physical id and the properties as they were:", update)}

{_answer(update)}

[`successor.py`](../lambdas/personalize_provider/successor.py) has chosen it. By the table this property changes in
place, so the name stays. A property that cannot change in place would lead to another name, which CloudFormation takes
as a replacement.

{_polls(update)}

[`update.py`](../lambdas/personalize_provider/update.py) compares three things, the old template, the new template and
what the service has, and [`merge.py`](../lambdas/personalize_provider/merge.py) keeps what neither template changed. It
sends one update, and waits until the service has finished it.

## Delete it

{_event("The app is destroyed:", delete)}

{_answer(delete)}

{_polls(delete)}

[`deletion.py`](../lambdas/personalize_provider/deletion.py) deletes only what
[`ownership.py`](../lambdas/personalize_provider/ownership.py) says is ours, and then waits until the service no longer
knows it. If something else still uses the resource, [`blockers.py`](../lambdas/personalize_provider/blockers.py) names
it.

## Train for {_TRAINING_HOURS} hours

CloudFormation gives a custom resource one hour. So the request for a solution version ends when the service has
accepted the training, and *wait links* behind it, each a custom resource of its own, wait for the end
([decision 3](decisions/0003-wait-chains.md)).

{_event("The version's own request:", training)}

{_polls(training)}

{_data(training)}

`Revision` tells the links which run of the training they wait for.

{_links(links)}

[`wait.py`](../lambdas/personalize_provider/wait.py) carries out every link. A link answers when the training has ended,
or hands over to the next one when its own 50 minutes are over. The links that are left when the training has ended
answer at once. If the training still runs after the last link, that link fails the deployment, and says which setting
to raise.

{_event("The first link's event says what it waits for:", links[0])}

What the quality gate and the campaign need comes from the last link:

{_json(links[-1].last)}

## When something goes wrong

A poll that meets an error asks [`service_errors.py`](../lambdas/personalize_provider/service_errors.py) what it means
and [`patience.py`](../lambdas/personalize_provider/patience.py) whether it may pass. If it may not, a sentence of
[`errors.py`](../lambdas/personalize_provider/errors.py) ends the request and reaches the user ([errors](errors.md)).
[`deployments.py`](../lambdas/personalize_provider/deployments.py) asks CloudFormation whether the deployment that sent
the request still goes on, so that a late request creates nothing.
"""


def _event(words: str, request: _Request) -> str:
    return f"{words}\n\n{_json(request.event)}"


def _answer(request: _Request) -> str:
    return f"`on_event` answers the physical id, and what the polls need to know:\n\n{_json(request.answer)}"


def _polls(request: _Request) -> str:
    lines = [(at, line) for at, line in request.lines if line["step"] == "is_complete"]
    rows = [
        (_span(each), str(len(each)), f"`{each[0][1]['status']}`", ", ".join(each[0][1]["actions"]), _yes(each[0][1]))
        for each in _alike(lines)
    ]
    header = ("after", "lines", "`status`", "`actions`", "`done`")
    return (
        f"Calls of `is_complete`: {request.polls}. Those that look at the service, each with a line in the log: "
        f"{len(lines)}. Lines that say the same stand in one row here:\n\n{_table(header, rows)}"
    )


def _data(request: _Request) -> str:
    return f"The last poll answers the data:\n\n{_json(request.last)}"


def _links(links: Sequence[_Request]) -> str:
    first = links[0].begun
    rows = [
        (
            link.event["ResourceProperties"]["Link"],
            _clock(link.begun - first),
            _clock(link.begun - first + link.seconds),
            str(link.polls),
            str(len(link.lines) - 1),
            f"`{link.lines[-1][1]['status']}`",
        )
        for link in links
    ]
    header = ("link", "begins", "ends", "polls", "of these look", "`status` of its last line")
    return f"The links, one after the other:\n\n{_table(header, rows)}"


def _alike(lines: Iterable[tuple[float, dict[str, Any]]]) -> Iterator[list[tuple[float, dict[str, Any]]]]:
    """Lines that say the same one after the other."""
    for _, group in itertools.groupby(lines, key=lambda each: (each[1]["status"], each[1]["actions"], each[1]["done"])):
        yield list(group)


def _span(lines: Sequence[tuple[float, object]]) -> str:
    first, last = _clock(lines[0][0]), _clock(lines[-1][0])
    return first if first == last else f"{first} to {last}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _yes(line: Mapping[str, Any]) -> str:
    return "true" if line["done"] else "false"


def _in_order(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer whose data are in the order of their names: the handler promises none."""
    return {**answer, "Data": dict(sorted(answer["Data"].items()))} if answer.get("Data") else answer


def _json(value: object) -> str:
    text = _NUMBERS.sub("1", json.dumps(value, indent=2)).replace("arn:aws:", "arn:<partition>:")
    return f"```json\n{text}\n```"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---" for _ in header], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
