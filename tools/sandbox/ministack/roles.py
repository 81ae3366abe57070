"""Calls that AWS services make with a role that trusts them: the local cloud's own, to its own endpoint."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from ministack.services import sts

from .permissions import trusts

# One try: whoever calls says in its own words how often it tries again. A function may run for a quarter of an hour.
_CONFIG = Config(retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=900, max_pool_connections=20)


def client_as(role_arn: str, principal: str, source_arn: str, service: str) -> Any:
    """A client with which a service of AWS calls another one, with the permissions of a role.

    Not for the thread of the server's event loop, which has to answer the call.

    Args:
        role_arn: the role.
        principal: the service that assumes it, such as states.amazonaws.com.
        source_arn: for which resource, such as a state machine.
        service: what is called, by its name in boto3.

    Raises:
        botocore.exceptions.ClientError: AccessDenied: there is no such role, or its trust policy does not let the
            service assume it for that resource.
    """
    if not trusts(role_arn, principal, source_arn):
        message = f"{principal} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, "AssumeRole")
    return _client(role_arn, principal, service)


@cache
def _client(role_arn: str, principal: str, service: str) -> Any:
    name, session_name = role_arn.rpartition("/")[2], principal.partition(".")[0]
    digest = hashlib.sha256(f"{role_arn} {principal}".encode()).hexdigest()
    credentials = {"SecretAccessKey": digest[16:48], "SessionToken": digest}
    key = f"ASIA{digest[:16].upper()}"
    account = role_arn.split(":")[4]
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}"
    sts.register_session(key, {"Arn": arn, "UserId": f"{name}:{session_name}", **credentials})
    # The server's environment names the endpoint and its certificate.
    session = boto3.Session(key, credentials["SecretAccessKey"], credentials["SessionToken"])
    return session.client(service, config=_CONFIG)
