"""What a run talks to: the emulator in this process, a local cloud, or an account of AWS."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID

from tools.emulator import ManualClock, ObjectAccessDeniedError, Service
from tools.emulator.inprocess import connect
from tools.emulator.storage import S3Objects
from tools.sandbox import cloud

from .step import Endpoint

_REGION = "eu-west-1"
# The service is to refuse what is wrong, not botocore. The control plane takes one request a second of each operation
# (AWS general reference, "Amazon Personalize endpoints and quotas").
_CONFIG = Config(parameter_validation=False, retries={"mode": "adaptive", "total_max_attempts": 10})
_ONE_TRY = Config(parameter_validation=False, retries={"total_max_attempts": 1})
_KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
# moto has a Personalize of its own.
_NOT_PERSONALIZE: Any = {"core": {"passthrough": {"urls": [r"https://personalize(-runtime|-events)?\."]}}}
_PERSONALIZE = "personalize.amazonaws.com"


class NotConnectedError(Exception):
    """What a run is to talk to does not answer; str() is what the user reads."""


@dataclass(frozen=True)
class Connection:
    """How to reach it.

    Attributes:
        endpoint: what it is.
        region: name of the region.
        account: id of the account.
        client: from the name of a service, and options of a session's client, a boto3 client.
        pause: waits for so many seconds.
        now: the time, in seconds since the epoch.
        every: seconds between two looks at what is waited for.
        hours: how long to wait for anything.
    """

    endpoint: Endpoint
    region: str
    account: str
    client: Callable[..., Any]
    pause: Callable[[float], None]
    now: Callable[[], float]
    every: float
    hours: float


@cache
def _session() -> boto3.Session:
    """One for all: what botocore knows of the services takes long to read."""
    return boto3.Session(region_name=_REGION, **_KEYS)


@contextmanager
def to_emulator(make: Callable[..., Service] = Service) -> Iterator[Connection]:
    """The emulator in this process, with moto's S3 and IAM beside it; waiting moves its clock.

    Args:
        make: from a clock, objects and the account, the service.
    """
    clock = ManualClock()
    with mock_aws(config=_NOT_PERSONALIZE):
        session = _session()
        service = make(clock, _Buckets(session.client("s3"), session.client("iam")), account_id=DEFAULT_ACCOUNT_ID)

        def client(name: str, **options: Any) -> Any:
            return connect(session.client(name, **{"config": _ONE_TRY, **options}), service)

        yield Connection(Endpoint.EMULATOR, _REGION, DEFAULT_ACCOUNT_ID, client, clock.advance, clock.now, 5.0, 12.0)


@contextmanager
def to_local_cloud() -> Iterator[Connection]:
    """A local cloud of this run's own, in which things take as long as on AWS; waiting moves its clock.

    Raises:
        NotConnectedError: it cannot be started.
    """
    with ExitStack() as stack:
        try:
            endpoint = stack.enter_context(cloud.Cloud(speed=1.0))
        except cloud.CloudError as error:
            raise NotConnectedError(str(error)) from None

        def client(name: str, **options: Any) -> Any:
            return cloud.client(endpoint, name, **{"config": _ONE_TRY, **options})

        def pause(seconds: float) -> None:
            cloud.request(endpoint, "POST", "/_sandbox/clock/advance", {"seconds": seconds}).close()

        def now() -> float:
            with cloud.request(endpoint, "GET", "/_sandbox/state") as answer:
                return float(json.load(answer)["now"])

        yield Connection(Endpoint.LOCAL, endpoint.region, cloud.ACCOUNT, client, pause, now, 5.0, 12.0)


@contextmanager
def to_aws(profile: str, region: str | None) -> Iterator[Connection]:
    """An account of AWS.

    Args:
        profile: of the AWS configuration files.
        region: name of the region; None for that of the profile.

    Raises:
        NotConnectedError: there is no such profile, its credentials do not work, its endpoints are not those of AWS, or
            the region has no Personalize.
    """
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
        elsewhere = _endpoints_elsewhere(session)
        if elsewhere:
            advice = "Unset AWS_ENDPOINT_URL and what begins like it, in the shell and the profile."
            raise NotConnectedError(f"{elsewhere[0]} is not AWS. {advice}")
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise NotConnectedError(f"Profile {profile} cannot be used: {error}") from None
    # A region whose name is wrong would not answer, after many retries.
    known = session.get_available_regions("personalize", session.get_partition_for_region(session.region_name))
    if session.region_name not in known:
        raise NotConnectedError(f"{session.region_name} has no Amazon Personalize. Choose one of {', '.join(known)}.")

    def client(name: str, **options: Any) -> Any:
        return session.client(name, **{"config": _CONFIG, **options})

    yield Connection(Endpoint.AWS, session.region_name, account, client, time.sleep, time.time, 5.0, 12.0)


def _endpoints_elsewhere(session: boto3.Session) -> list[str]:
    """Endpoints that are not those of AWS: a shell may still point at a local cloud."""
    urls = [session.client(name).meta.endpoint_url for name in ("sts", "personalize", "s3", "iam")]
    return [url for url in urls if not re.search(r"\.amazonaws\.com(\.cn)?$", url)]


class _Buckets(S3Objects):
    """Objects of moto's S3, for a role that has a policy, from a bucket whose policy names the service.

    moto itself enforces neither; conditions of policies are not looked at.
    """

    def __init__(self, s3: Any, iam: Any) -> None:
        """Read and write with these clients."""
        super().__init__(s3)
        self.s3, self.iam = s3, iam

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of what is at or below a location."""
        self._check(role_arn, location)
        yield from super().read(role_arn, location)

    def find(self, role_arn: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of all whose location begins with a prefix."""
        self._check(role_arn, prefix)
        yield from super().find(role_arn, prefix)

    def write(
        self, role_arn: str, location: str, body: bytes, *, key_arn: str | None = None, lists: bool = False
    ) -> None:
        """Put an object."""
        self._check(role_arn, location)
        super().write(role_arn, location, body, key_arn=key_arn, lists=lists)

    def _check(self, role_arn: str, location: str) -> None:
        bucket = location.removeprefix("s3://").partition("/")[0]
        if not (self._has_policy(role_arn) and self._names_the_service(bucket)):
            raise ObjectAccessDeniedError(f"{role_arn} may not use {location}")

    def _has_policy(self, role_arn: str) -> bool:
        try:
            return bool(self.iam.list_role_policies(RoleName=role_arn.rpartition("/")[2])["PolicyNames"])
        except ClientError:
            return False

    def _names_the_service(self, bucket: str) -> bool:
        try:
            policy = json.loads(self.s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except ClientError:
            return False
        return any(_PERSONALIZE in str(each.get("Principal")) for each in policy["Statement"])
