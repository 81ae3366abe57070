"""What a recording holds, and what it does not."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from tests.tools.conformance.support.emulated import HEADER, PREFIX, recording_run
from tools.conformance.placeholders import Placeholders, without_numbers
from tools.conformance.recording import (
    Error,
    Exchange,
    Look,
    Page,
    RecordingError,
    StepRecord,
    Writer,
    read,
)
from tools.emulator import Fault, Faults, Service

ARN = "arn:aws:personalize:<region>:<account>"
TAGS = [{"tagKey": "personalize-conformance", "tagValue": "<run>"}]


def placeholders() -> Placeholders:
    return Placeholders("123456789012", "eu-west-1", PREFIX)


@pytest.mark.parametrize(
    ("value", "replaced"),
    [
        (f"arn:aws:personalize:eu-west-1:123456789012:schema/{PREFIX}-items", f"{ARN}:schema/<run>-items"),
        (f"{PREFIX}-ranking/83cc95fc is busy", "<run>-ranking/<id 1> is busy"),
        (f"83cc95fc or {PREFIX}-ranking/83cc95fc, not 83cc95fd", "<id 1> or <run>-ranking/<id 1>, not 83cc95fd"),
        ("id 0a1b2c3d-0000-1111-2222-123456789012", "id <id 1>"),
        ("id 0a1b2c3d-0000-1111-2222-333344445555", "id <id 1>"),
        ({"nextToken": "abc"}, {"nextToken": "<nextToken 1>"}),
        ({"creationDateTime": 1.5, "name": "a"}, {"creationDateTime": "<time>", "name": "a"}),
        ({"creationDateTime": "soon"}, {"creationDateTime": "soon"}),
        ([{"sentAt": 1}, 1234567890123, None, "", True], [{"sentAt": "<time>"}, 1234567890123, None, "", True]),
        (
            "User: arn:aws:sts::123456789012:assumed-role/Admin/eve@x.org is not authorized.",
            "User: arn:aws:sts::<account>:assumed-role/<caller> is not authorized.",
        ),
        ("arn:aws:iam::123456789012:user/team/eve.", "arn:aws:iam::<account>:user/<caller>."),
        (
            f"arn:aws:sts::123456789012:assumed-role/{PREFIX}-a/run",
            "arn:aws:sts::<account>:assumed-role/<run>-a/run",
        ),
        ("eu-west-12 11234567890123", "eu-west-12 11234567890123"),
        ("recipe/aws-sims and /deadbeef-dir", "recipe/aws-sims and /deadbeef-dir"),
    ],
)
def test_what_differs_from_run_to_run_is_replaced(value: Any, replaced: Any) -> None:
    assert placeholders().replaced(value) == replaced


def test_equal_values_have_equal_placeholders() -> None:
    found = placeholders()
    assert found.replaced(["/83cc95fc", "/00000001"]) == ["/<id 1>", "/<id 2>"]
    assert found.replaced({"nextToken": "a", "x": "/00000001"}) == {"nextToken": "<nextToken 1>", "x": "/<id 2>"}
    assert without_numbers("<id 1> and <nextToken 22> of <run>") == "<id> and <nextToken> of <run>"


def test_an_answer_is_recorded_with_its_request() -> None:
    with recording_run() as (run, recorder):
        recorder.begin()
        run.personalize.create_dataset_group(name=run.name("group"))
    (found,) = recorder.taken()
    assert found == Exchange(
        api="personalize",
        operation="CreateDatasetGroup",
        params={"name": "<run>-group", "tags": TAGS},
        answer={"datasetGroupArn": f"{ARN}:dataset-group/<run>-group"},
        error=None,
        http_status=200,
        content_type="application/x-amz-json-1.1",
        at=0.0,
        seconds=0.0,
    )


def test_an_error_is_recorded_with_its_code_and_message() -> None:
    with recording_run() as (run, recorder):
        run.ask(run.runtime.get_recommendations, userId="u")
    (found,) = recorder.taken()
    assert (found.api, found.answer, found.http_status) == ("personalize-runtime", None, 400)
    assert found.error == Error("InvalidInputException", "Specify either campaignArn or recommenderArn.")


def test_waiting_is_one_exchange_with_the_statuses_in_their_order() -> None:
    with recording_run() as (run, recorder):
        arn = run.personalize.create_dataset_group(name=run.name("group"))["datasetGroupArn"]
        recorder.begin()
        run.settled("DatasetGroup", arn)
        run.personalize.delete_dataset_group(datasetGroupArn=arn)
        run.settled("DatasetGroup", arn)
    created, _, deleted = recorder.taken()
    assert created.looks == (Look("CREATE PENDING", 0.0), Look("CREATE IN_PROGRESS", 10.0), Look("ACTIVE", 60.0))
    assert (created.looked, created.seconds) == (13, 60.0)
    assert created.answer
    assert created.answer["datasetGroup"]["status"] == "ACTIVE"
    assert [each.status for each in deleted.looks] == ["DELETE PENDING", "GONE"]
    assert deleted.error
    assert deleted.error.code == "ResourceNotFoundException"


def test_the_status_of_an_update_is_seen_beside_that_of_the_resource() -> None:
    with recording_run() as (run, recorder):
        ask = run.personalize
        group = ask.create_dataset_group(name=run.name("group"))["datasetGroupArn"]
        run.settled("DatasetGroup", group)
        schema = ask.create_schema(name=run.name("users"), schema=json.dumps(SCHEMA))["schemaArn"]
        wanted = {"name": run.name("users"), "datasetType": "Users", "datasetGroupArn": group, "schemaArn": schema}
        dataset = ask.create_dataset(**wanted)["datasetArn"]
        run.settled("Dataset", dataset)
        ask.update_dataset(datasetArn=dataset, schemaArn=schema)
        recorder.begin()
        run.settled("Dataset", dataset)
    (found,) = recorder.taken()
    assert [each.status for each in found.looks] == [
        "UPDATE PENDING, latestDatasetUpdate CREATE PENDING",
        "UPDATE IN_PROGRESS, latestDatasetUpdate CREATE IN_PROGRESS",
        "ACTIVE, latestDatasetUpdate ACTIVE",
    ]


def test_an_error_ends_the_waiting_and_is_seen() -> None:
    faults = Faults(Fault("access_denied", operation="DescribeFilter"))
    make = partial(Service, faults=faults)
    with recording_run(make) as (run, recorder), pytest.raises(ClientError):
        run.settled("Filter", "arn:aws:personalize:eu-west-1:123456789012:filter/none")
    (found,) = recorder.taken()
    assert found.looks == (Look("AccessDeniedException", 0.0),)


def test_nothing_is_recorded_of_waiting_for_nothing() -> None:
    with recording_run() as (_, recorder), recorder.watching():
        pass
    assert recorder.taken() == ()


def test_a_list_leaves_out_what_others_have() -> None:
    with recording_run() as (run, recorder):
        run.personalize.create_schema(name="theirs", schema=json.dumps(SCHEMA))
        run.personalize.create_schema(name=run.name("ours"), schema=json.dumps(SCHEMA))
        recorder.begin()
        run.personalize.list_schemas()
        run.personalize.list_recipes(maxResults=2)
    schemas, recipes = recorder.taken()
    assert schemas.answer
    assert [each["name"] for each in schemas.answer["schemas"]] == ["<run>-ours"]
    assert schemas.page == Page(2, more=False)
    assert recipes.answer
    assert len(recipes.answer["recipes"]) == 2
    assert recipes.page == Page(2, more=True)


def test_a_member_that_botocore_does_not_know_is_recorded() -> None:
    class Newer(Service):
        def call(self, *given: Any, **names: Any) -> dict[str, Any]:
            return {**super().call(*given, **names), "isNew": True}

    with recording_run(Newer) as (run, recorder):
        run.personalize.list_filters()
    (found,) = recorder.taken()
    assert found.answer == {"Filters": [], "isNew": True}


def test_an_answer_that_is_no_json_is_recorded_too() -> None:
    def respond(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 502, {"content-type": "text/html"}, Body(b"<h1>Bad gateway</h1>"))

    with recording_run() as (run, recorder):
        run.personalize.meta.events.register_first("before-send.personalize", respond)
        run.ask(run.personalize.list_filters)
    (found,) = recorder.taken()
    assert (found.http_status, found.content_type, found.answer) == (502, "text/html", None)
    assert found.error


class Body(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def test_other_clients_are_left_alone() -> None:
    with recording_run() as (run, recorder):
        run.bucket("data")
    assert recorder.taken() == ()


SCHEMA = {
    "type": "record",
    "name": "Users",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [{"name": "USER_ID", "type": "string"}, {"name": "AGE", "type": "int"}],
    "version": "1.0",
}


def exchange(**changes: Any) -> Exchange:
    plain: dict[str, Any] = {
        "api": "personalize",
        "operation": "DescribeCampaign",
        "params": {},
        "answer": {},
        "error": None,
        "http_status": 200,
        "content_type": "",
        "at": 0.0,
        "seconds": 0.1,
    }
    return Exchange(**{**plain, **changes})


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    done = StepRecord(
        "a.b",
        ("a.rule",),
        "done",
        seconds=1.5,
        exchanges=(exchange(page=Page(1, True), looks=(Look("ACTIVE", 0.0),)), exchange(error=Error("No", "no"))),
        notes={"count": 2},
        unexpected=("It is otherwise.",),
    )
    file = io.StringIO()
    writer = Writer(file, HEADER)
    writer.step(done)
    path = tmp_path / "run.jsonl"
    path.write_text(file.getvalue())
    found = read(path)
    assert (found.header, dict(found.steps), found.ended, found.left) == (HEADER, {"a.b": done}, "", ())
    writer.end("whole", ("Role x",))
    path.write_text(file.getvalue())
    assert (read(path).ended, read(path).left) == ("whole", ("Role x",))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is no recording"),
        ("{", "is no recording"),
        ("[]", "is no recording"),
        ('{"format": 2}', "has format 2, not 1"),
        ('{"format": 1}', "is no recording"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(text)
    with pytest.raises(RecordingError, match=sentence):
        read(path)
    with pytest.raises(RecordingError, match="cannot be read: No such file"):
        read(tmp_path / "none")
