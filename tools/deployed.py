"""An account and how to reach it, and an environment as it is deployed there, with the SSM parameters it publishes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stacks.settings import Settings, load_settings
from tools.sandbox import cloud, shared

# The control plane of Personalize takes one request a second of each operation (AWS General Reference, "Amazon
# Personalize endpoints and quotas").
REQUEST_SECONDS = 1.0
_CONFIG = Config(retries={"mode": "adaptive", "total_max_attempts": 10})


class NotDeployedError(Exception):
    """The environment cannot be reached, or is not deployed there; str() is what the user reads."""


@dataclass(frozen=True)
class Account:
    """An account, whatever is deployed in it.

    Attributes:
        where: as the user reads it, such as `account 123456789012, eu-west-1`.
        client: from the name of a service, a boto3 client.
        is_local: whether it is the local cloud.
        id: 12 digits; empty in the local cloud.
    """

    where: str
    client: Callable[[str], Any]
    is_local: bool
    id: str = ""


@dataclass(frozen=True)
class Deployed:
    """An environment that is deployed.

    Attributes:
        settings: what its settings say now, which may be newer than what is deployed.
        where: as the user reads it, such as `account 123456789012, eu-west-1`.
        client: from the name of a service, a boto3 client.
        is_local: whether it is in the local cloud.
        parameters: what its stacks publish, by the name without the path, such as `bucket_name`.
    """

    settings: Settings
    where: str
    client: Callable[[str], Any]
    is_local: bool
    parameters: Mapping[str, str]

    @property
    def name(self) -> str:
        """Beginning of its stacks' names, such as `vod-dev`."""
        return self.settings.prefix

    def parameter(self, name: str, advice: str) -> str:
        """A parameter that it publishes.

        Args:
            name: without the path.
            advice: a sentence for the user, if there is none.

        Raises:
            NotDeployedError: there is none.
        """
        if name not in self.parameters:
            path = f"{self.settings.parameter_path}/{name}"
            raise NotDeployedError(f"{self.name} in {self.where} has no parameter {path}. {advice}")
        return self.parameters[name]


def find(env: str, config_directory: Path, profile: str | None = None, region: str | None = None) -> Deployed:
    """Find an environment: on AWS if a profile is named, else in the local cloud if one runs, else on AWS.

    Args:
        env: name of the environment.
        config_directory: where the settings are.
        profile: of the AWS configuration files; None: the shell's credentials.
        region: of AWS; None: that of the settings, or else of the profile.

    Raises:
        SettingsError: the settings are wrong.
        NotDeployedError: it cannot be reached, or is not deployed there.
    """
    settings = load_settings(env, config_directory)
    account = reach(profile, region or settings.region)
    if not account.is_local and settings.account not in (None, account.id):
        raise NotDeployedError(
            f"The settings of {settings.env} say account {settings.account}, but these credentials are of "
            f"{account.id}. Name another profile with PROFILE=name."
        )
    return _deployed(settings, account)


def reach(profile: str | None = None, region: str | None = None) -> Account:
    """Reach an account: on AWS if a profile is named, else the local cloud if one runs, else on AWS.

    Args:
        profile: of the AWS configuration files; None: the shell's credentials.
        region: of AWS; None: that of the profile.

    Raises:
        NotDeployedError: it cannot be reached.
    """
    running = None if profile else shared.find()
    if running:
        endpoint = running.endpoint
        where = f"the local cloud {endpoint.url}"
        return Account(where, _once(lambda name: cloud.client(endpoint, name)), is_local=True)
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
        id, where = _where(session)
    except (BotoCoreError, ClientError) as error:
        with_what = f"Profile {profile}" if profile else "No local cloud runs here, and AWS"
        raise NotDeployedError(f"{with_what} cannot be used: {_sentence(error)} {_ADVICE}") from None
    return Account(where, _once(lambda name: session.client(name, config=_CONFIG)), is_local=False, id=id)


def paced(client: Any, pause: Callable[[float], None] = time.sleep) -> Any:
    """A client of Personalize that calls each operation no more often than the control plane allows.

    Args:
        client: of boto3, new or used.
        pause: waits for so many seconds.
    """
    called: set[str] = set()

    def wait(model: Any, **_: Any) -> None:
        if model.name in called:
            pause(REQUEST_SECONDS)
        called.add(model.name)

    client.meta.events.register("before-call.personalize", wait)
    return client


_ADVICE = "Start a local cloud with `make deploy`, or name a profile of AWS with PROFILE=name."


def _where(session: boto3.Session) -> tuple[str, str]:
    """Id of the account, and where it is, as the user reads it."""
    client = session.client("sts")
    account = client.get_caller_identity()["Account"]
    url = client.meta.endpoint_url
    elsewhere = "" if re.search(r"\.amazonaws\.com(\.cn)?$", url) else f" ({url})"
    return account, f"account {account}, {session.region_name}{elsewhere}"


def _once(connect: Callable[[str], Any]) -> Callable[[str], Any]:
    """Make each client once."""
    clients: dict[str, Any] = {}

    def client(name: str) -> Any:
        if name not in clients:
            clients[name] = connect(name)
        return clients[name]

    return client


def _deployed(settings: Settings, account: Account) -> Deployed:
    where, client = account.where, account.client
    path = settings.parameter_path
    try:
        pages = client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path)
        found = {each["Name"]: each["Value"] for page in pages for each in page["Parameters"]}
    except (BotoCoreError, ClientError) as error:
        raise NotDeployedError(f"The parameters below {path} in {where} cannot be read: {_sentence(error)}") from None
    if not found:
        raise NotDeployedError(
            f"{settings.prefix} is not deployed in {where}: there are no parameters below {path}. Deploy it, or name "
            "another environment with ENV=name."
        )
    parameters = {name.removeprefix(f"{path}/"): value for name, value in found.items()}
    return Deployed(settings, where, client, account.is_local, parameters)


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if text.endswith(".") else f"{text}."
