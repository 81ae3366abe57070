"""No web page can drive the local cloud, neither across sites nor by DNS rebinding."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator, Mapping

import pytest

from tools.sandbox.cloud import Cloud, Endpoint, client

pytestmark = pytest.mark.xdist_group("sandbox")


@pytest.fixture(scope="module")
def cloud() -> Iterator[Endpoint]:
    with Cloud() as endpoint:
        yield endpoint


def port(endpoint: Endpoint) -> int:
    return int(endpoint.url.rpartition(":")[2])


def status(endpoint: Endpoint, headers: Mapping[str, str], method: str = "GET", path: str = "/_sandbox/state") -> int:
    """How the server answers to a request with these headers and no others."""
    context = ssl.create_default_context(cafile=endpoint.certificate)
    connection = http.client.HTTPSConnection("127.0.0.1", port(endpoint), context=context, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.format(port=port(endpoint)))
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


OWN = {"Host": "127.0.0.1:{port}"}


@pytest.mark.parametrize(
    "headers",
    [
        OWN,
        {"Host": "localhost:{port}"},
        {"Host": "LOCALHOST"},
        {**OWN, "Sec-Fetch-Site": "none"},
        {**OWN, "Origin": "https://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_programs_and_the_address_bar_are_answered(cloud: Endpoint, headers: dict[str, str]) -> None:
    assert status(cloud, headers) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:{port}"},
        {"Host": "127.0.0.1.evil.example:{port}"},
        {"Host": "localhost.evil.example"},
        {"Host": "evillocalhost"},
        {"Host": "127.0.0.1:{port}@evil.example"},
        {"Host": ""},
        {**OWN, "Origin": "https://evil.example"},
        {**OWN, "Origin": "http://localhost:3000"},
        {**OWN, "Origin": "http://127.0.0.1:{port}"},
        {**OWN, "Origin": "null"},
        {**OWN, "Sec-Fetch-Site": "cross-site"},
        {**OWN, "Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/_sandbox/state", "/_ministack/health", "/"])
def test_web_pages_and_names_of_others_are_refused(cloud: Endpoint, headers: dict[str, str], path: str) -> None:
    assert status(cloud, headers, path=path) == 403


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
def test_no_method_gets_past(cloud: Endpoint, method: str) -> None:
    assert status(cloud, {**OWN, "Origin": "https://evil.example"}, method, "/_sandbox/faults") == 403


def test_the_sdk_is_answered(cloud: Endpoint) -> None:
    s3 = client(cloud, "s3")
    s3.create_bucket(Bucket="plain")
    s3.put_object(Bucket="plain", Key="a/b", Body=b"content")
    assert s3.get_object(Bucket="plain", Key="a/b")["Body"].read() == b"content"
