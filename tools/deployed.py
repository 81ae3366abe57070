"""An environment as it is deployed: where, how to reach it, and the SSM parameters that it publishes."""

from __future__ import annotations

import re
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
    running = None if profile else shared.find()
    if running:
        endpoint = running.endpoint
        return _deployed(
            settings, f"the local cloud {endpoint.url}", lambda name: cloud.client(endpoint, name), is_local=True
        )
    try:
        session = boto3.Session(profile_name=profile, region_name=region or settings.region)
        where = _where(session, settings)
    except (BotoCoreError, ClientError) as error:
        with_what = f"Profile {profile}" if profile else "No local cloud runs here, and AWS"
        raise NotDeployedError(f"{with_what} cannot be used: {_sentence(error)} {_ADVICE}") from None
    return _deployed(settings, where, lambda name: session.client(name, config=_CONFIG), is_local=False)


_ADVICE = "Start a local cloud with `make deploy`, or name a profile of AWS with PROFILE=name."


def _where(session: boto3.Session, settings: Settings) -> str:
    client = session.client("sts")
    account = client.get_caller_identity()["Account"]
    if settings.account not in (None, account):
        raise NotDeployedError(
            f"The settings of {settings.env} say account {settings.account}, but these credentials are of {account}. "
            "Name another profile with PROFILE=name."
        )
    url = client.meta.endpoint_url
    elsewhere = "" if re.search(r"\.amazonaws\.com(\.cn)?$", url) else f" ({url})"
    return f"account {account}, {session.region_name}{elsewhere}"


def _deployed(settings: Settings, where: str, connect: Callable[[str], Any], *, is_local: bool) -> Deployed:
    clients: dict[str, Any] = {}

    def client(name: str) -> Any:
        if name not in clients:
            clients[name] = connect(name)
        return clients[name]

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
    return Deployed(settings, where, client, is_local, parameters)


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if text.endswith(".") else f"{text}."
