"""The emulator as an ASGI application, called as a server would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import Account
from tools.emulator import ManualClock, MemoryObjects, Service
from tools.emulator.app import PersonalizeApp, claims
from tools.emulator.kinds import KINDS

SIGNED = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/{}/aws4_request, SignedHeaders=host, Signature=0"
Headers = list[tuple[bytes, bytes]]


def signed(service: str = "personalize", **headers: str) -> Headers:
    """Headers of a request; underscores in names stand for dashes."""
    every = {"Authorization": SIGNED.format(service), **headers}
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in every.items()]


class Server:
    """Sends requests to an application."""

    def __init__(self, app: PersonalizeApp) -> None:
        self._app = app

    def send(
        self, method: str, path: str, headers: Headers | None = None, chunks: Iterable[bytes] = (b"",)
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and JSON body of the answer."""
        parts = list(chunks)
        waiting = [
            {"type": "http.request", "body": part, "more_body": number < len(parts)}
            for number, part in enumerate(parts, 1)
        ]
        sent: list[Mapping[str, Any]] = []

        async def receive() -> Mapping[str, Any]:
            return waiting.pop(0)

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": headers or []}
        asyncio.run(self._app(scope, receive, send))
        start, body = sent
        answered = {name.decode(): value.decode() for name, value in start["headers"]}
        assert answered["content-length"] == str(len(body["body"]))
        return start["status"], answered, json.loads(body["body"])

    def call(self, operation: str, params: Mapping[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Call an operation of the JSON API."""
        headers = signed(X_Amz_Target=f"AmazonPersonalize.{operation}")
        return self.send("POST", "/", headers, [json.dumps(params).encode()])


@pytest.fixture
def server(account: Account) -> Server:
    return Server(PersonalizeApp(account.service))


def test_an_operation_of_the_json_api(server: Server, account: Account) -> None:
    status, headers, body = server.call("CreateDatasetGroup", {"name": "movies"})
    assert (status, headers["content-type"]) == (200, "application/x-amz-json-1.1")
    assert headers["x-amzn-requestid"]
    arn = body["datasetGroupArn"]
    assert arn == "arn:aws:personalize:eu-west-1:000000000000:dataset-group/movies"
    account.wait()
    _, _, body = server.call("DescribeDatasetGroup", {"datasetGroupArn": arn})
    assert body["datasetGroup"]["status"] == "ACTIVE"
    # Timestamps are numbers on the wire.
    assert isinstance(body["datasetGroup"]["creationDateTime"], float)


def test_an_operation_of_a_rest_api(movies: Account) -> None:
    server = Server(PersonalizeApp(movies.service))
    params = {"recommenderArn": movies.recommender(), "userId": "u0", "numResults": 2}
    status, _, body = server.send("POST", "/recommendations", signed(), [json.dumps(params).encode()])
    assert status == 200
    assert len(body["itemList"]) == 2


def test_a_body_may_come_in_pieces(server: Server) -> None:
    headers = signed(X_Amz_Target="AmazonPersonalize.CreateDatasetGroup")
    status, _, _ = server.send("POST", "/", headers, [b'{"na', b'me": "mov', b'ies"}'])
    assert status == 200


@pytest.mark.parametrize(
    ("method", "path", "target", "body", "status", "code"),
    [
        ("POST", "/", "AmazonPersonalize.DescribeSchema", b"{", 400, "SerializationException"),
        ("POST", "/", "AmazonPersonalize.DescribeSchema", b"[]", 400, "SerializationException"),
        ("POST", "/", "AmazonPersonalize.DescribeSchema", b"", 400, "ValidationException"),
        ("POST", "/", "AmazonPersonalize.Guess", b"{}", 400, "UnknownOperationException"),
        ("POST", "/", "AmazonPersonalize.CreateBatchInferenceJob", b"{}", 400, "ValidationException"),
        ("GET", "/recommendations", "", b"", 404, "UnknownOperationException"),
        ("POST", "/guess", "", b"{}", 404, "UnknownOperationException"),
    ],
)
def test_errors_carry_their_code_in_body_and_header(
    server: Server, method: str, path: str, target: str, body: bytes, status: int, code: str
) -> None:
    headers = signed(X_Amz_Target=target) if target else signed()
    answered, names, found = server.send(method, path, headers, [body])
    assert (answered, found["__type"], names["x-amzn-errortype"]) == (status, code, code)
    assert found["message"]


def test_operations_the_emulator_lacks_are_said_to_be_missing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(KINDS, "BatchSegmentJob")
    arn = "arn:aws:personalize:eu-west-1:000000000000:batch-segment-job/x"
    status, _, body = server.call("DescribeBatchSegmentJob", {"batchSegmentJobArn": arn})
    assert (status, body["__type"]) == (400, "UnknownOperationException")
    assert body["message"] == "The emulator does not offer DescribeBatchSegmentJob."


def test_the_region_is_that_of_the_signature(server: Server) -> None:
    headers = [(b"x-amz-target", b"AmazonPersonalize.CreateDatasetGroup")]
    scope = SIGNED.format("personalize").replace("eu-west-1", "ap-south-1").encode()
    for authorization, region in ((scope, "ap-south-1"), (b"", "us-east-1")):
        given = [*headers, (b"authorization", authorization)]
        _, _, body = server.send("POST", "/", given, [b'{"name": "movies"}'])
        assert f":{region}:" in body["datasetGroupArn"]


def test_the_caller_is_found_from_the_headers(account: Account) -> None:
    seen = []

    def caller_of(headers: Iterable[tuple[bytes, bytes]]) -> object:
        seen.append(dict(headers)[b"X-Who"])
        return "somebody"

    server = Server(PersonalizeApp(account.service, caller_of))
    status, _, _ = server.send("POST", "/", signed(X_Amz_Target="AmazonPersonalize.ListSchemas", X_Who="ann"), [b"{}"])
    assert (status, seen) == (200, [b"ann"])


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (signed("personalize"), True),
        (signed("s3"), False),
        ([(b"AUTHORIZATION", SIGNED.format("personalize").encode())], True),
        ([(b"authorization", b"Bearer x")], False),
        ([], False),
    ],
)
def test_requests_signed_for_personalize_are_claimed(headers: Headers, expected: bool) -> None:
    assert claims(headers) is expected
    assert PersonalizeApp.claims(headers) is expected


def test_a_server_can_start_and_stop_it(account: Account) -> None:
    waiting = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = []

    async def receive() -> Mapping[str, Any]:
        return waiting.pop(0)

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message["type"])

    asyncio.run(PersonalizeApp(account.service)({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


# -- what tests steer it with ------------------------------------------------------------------------------


def test_the_state_shows_everything(server: Server, account: Account) -> None:
    arn = account.create("DatasetGroup", name="movies", tags=[{"tagKey": "team", "tagValue": "a"}])
    account.create("Schema", name="items", schema=records.schema("Items"))
    status, _, body = server.send("GET", "/_sandbox/state")
    assert (status, body["now"], body["speed"], body["faults"]) == (200, account.clock.now(), 1.0, [])
    group, schema = body["resources"]["eu-west-1"]
    assert group == {
        "type": "DatasetGroup",
        "arn": arn,
        "name": "movies",
        "status": "CREATE PENDING",
        "failureReason": None,
        "created": account.clock.now(),
        "updated": account.clock.now(),
        "latestUpdate": None,
        "tags": {"team": "a"},
    }
    assert (schema["type"], schema["name"]) == ("Schema", "items")


def test_the_state_is_that_of_now(server: Server, account: Account) -> None:
    account.create("DatasetGroup")
    account.wait()
    _, _, body = server.send("GET", "/_sandbox/state")
    assert body["resources"]["eu-west-1"][0]["status"] == "ACTIVE"


def test_the_state_shows_updates(movies: Account) -> None:
    arn = movies.solution()
    movies.update("Solution", arn, performAutoTraining=True)
    _, _, body = Server(PersonalizeApp(movies.service)).send("GET", "/_sandbox/state")
    (update,) = [one["latestUpdate"] for one in body["resources"]["eu-west-1"] if one["arn"] == arn]
    assert (update["status"], update["performAutoTraining"]) == ("CREATE PENDING", True)


def test_faults_are_set_and_unset(server: Server) -> None:
    fault = {"kind": "throttle", "operation": "ListSchemas", "count": 2}
    status, _, body = server.send("POST", "/_sandbox/faults", chunks=[json.dumps(fault).encode()])
    assert status == 200
    assert [one["operation"] for one in body["faults"]] == ["ListSchemas"]
    assert server.call("ListSchemas", {})[2]["__type"] == "ThrottlingException"
    status, _, body = server.send("DELETE", "/_sandbox/faults")
    assert (status, body) == (200, {"faults": []})
    assert server.call("ListSchemas", {})[0] == 200


def test_metrics_are_shown_where_they_are_kept(movies: Account) -> None:
    recommender = movies.recommender()
    movies.recommended(recommender)
    status, _, body = Server(PersonalizeApp(movies.service)).send("GET", "/_sandbox/metrics")
    assert status == 200
    assert body["metrics"]["eu-west-1"][-2] == {
        "name": "GetRecommendations",
        "value": 1,
        "unit": "Count",
        "dimensions": {"RecommenderArn": recommender},
        "at": movies.clock.now(),
    }
    elsewhere = Server(PersonalizeApp(Service(ManualClock(), MemoryObjects())))
    status, _, body = elsewhere.send("GET", "/_sandbox/metrics")
    assert (status, body["message"].partition(":")[0]) == (400, "The service does not keep its metrics here")


def test_the_clock_is_moved(server: Server, account: Account) -> None:
    before = account.clock.now()
    status, _, body = server.send("POST", "/_sandbox/clock/advance", chunks=[b'{"seconds": 90}'])
    assert (status, body["now"]) == (200, before + 90)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "faults", b'{"kind": "earthquake"}', 400, "No fault is called 'earthquake'"),
        ("POST", "faults", b'{"sort": "throttle"}', 400, "sort"),
        ("POST", "faults", b"{", 400, "Expecting"),
        ("POST", "clock/advance", b'{"seconds": -1}', 400, "cannot go back"),
        ("POST", "clock/advance", b"{}", 400, "seconds"),
        ("POST", "clock/advance", b'{"seconds": "soon"}', 400, "soon"),
        ("GET", "faults", b"", 404, "There is nothing at GET /_sandbox/faults."),
        ("POST", "nothing", b"", 404, "There is nothing at POST /_sandbox/nothing."),
    ],
)
def test_wrong_steering_is_refused(
    server: Server, method: str, path: str, body: bytes, status: int, words: str
) -> None:
    answered, _, found = server.send(method, f"/_sandbox/{path}", chunks=[body])
    assert answered == status
    assert words in found["message"]
