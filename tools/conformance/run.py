"""What a step works with: clients, names of its own, waiting, and what earlier steps remembered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

GONE = "GONE"
TAG = "personalize-conformance"
PREFIX = "personalize-conformance-"
PATH_OF_ROLES = "/personalize-conformance/"
_TELL_EVERY = 60.0
_LONGEST_NAME = 63
# What takes hours need not be looked at as often as what takes seconds: a look after each twentieth of the time so far.
_PAUSE = 0.05
BUSY = ("PENDING", "IN_PROGRESS", "STOPPING")


def _show_nothing(line: str) -> None:
    return None


@dataclass(frozen=True)
class Note:
    """What a step saw in several answers together.

    Attributes:
        value: what it saw, as JSON has it.
        expected: what we believe it sees; None if we believe nothing.
    """

    value: Any
    expected: Any = None


@dataclass
class Run:
    """One run, as its steps see it.

    Attributes:
        client: from the name of a service, and options of a session's client, a boto3 client. Requests to Personalize
            are recorded, get the run's tag if they create something, and are not checked before they are sent.
        prefix: first part of the name of everything that the run makes: `personalize-conformance-` and 8 digits.
        region: name of the region.
        account: its id, 12 digits.
        pause: waits for so many seconds; on the emulator, moves its clock.
        now: the time, in seconds since the epoch.
        every: least seconds between two looks at what is waited for.
        hours: how long to wait for anything.
        watching: how what comes of waiting is told from other requests; the recorder's business.
        tell: shows a line of progress while the run waits; on the emulator nobody waits, so there it shows nothing.
    """

    client: Callable[..., Any]
    prefix: str
    region: str
    account: str
    pause: Callable[[float], None]
    now: Callable[[], float]
    every: float
    hours: float
    watching: Callable[[], AbstractContextManager[None]] = nullcontext
    tell: Callable[[str], None] = _show_nothing
    notes: dict[str, Note] = field(default_factory=dict)
    _remembered: dict[str, Any] = field(default_factory=dict)
    _clients: dict[str, Any] = field(default_factory=dict)

    # -- clients -------------------------------------------------------------------------------------------

    @property
    def personalize(self) -> Any:
        """The control plane."""
        return self._shared("personalize")

    @property
    def runtime(self) -> Any:
        """Recommendations."""
        return self._shared("personalize-runtime")

    @property
    def events(self) -> Any:
        """Events, and single items and users."""
        return self._shared("personalize-events")

    @property
    def s3(self) -> Any:
        """Buckets and objects."""
        return self._shared("s3")

    @property
    def iam(self) -> Any:
        """Roles."""
        return self._shared("iam")

    def _shared(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.client(service)
        return self._clients[service]

    # -- names and values ----------------------------------------------------------------------------------

    def name(self, suffix: str) -> str:
        """A name of this run: its prefix, a hyphen, and at most 30 characters.

        Raises:
            ValueError: it becomes longer than names of Personalize can be.
        """
        name = f"{self.prefix}-{suffix}"
        if len(name) > _LONGEST_NAME:
            raise ValueError(f"{name} has more than {_LONGEST_NAME} characters.")
        return name

    def remember(self, key: str, value: Any) -> Any:
        """Keep a value for later steps, and return it."""
        self._remembered[key] = value
        return value

    def recall(self, key: str) -> Any:
        """A value that an earlier step remembered; KeyError if none did, so name that step in `needs`."""
        return self._remembered[key]

    def note(self, name: str, value: Any, expected: Any = None) -> None:
        """Put into the recording what the step saw in several answers together; recordings are compared by it.

        Args:
            name: what it is, a few words; unique in the step.
            value: as JSON has it, without anything that differs from run to run.
            expected: what we believe it is.
        """
        self.notes[name] = Note(value, expected)

    # -- requests ------------------------------------------------------------------------------------------

    def ask(self, method: Callable[..., Any], **params: Any) -> dict[str, Any] | None:
        """The answer to a request; None if it was an error, which is recorded as well."""
        try:
            answer: dict[str, Any] = method(**params)
        except ClientError:
            return None
        return answer

    def watch(
        self,
        method: Callable[..., Any],
        until: Callable[[dict[str, Any] | None], bool],
        hours: float | None = None,
        **params: Any,
    ) -> dict[str, Any] | None:
        """Ask again and again; the recording has it as one request, with the statuses in their order.

        Args:
            method: of a client.
            until: whether an answer, or None if there is no such resource, is what is waited for.
            hours: how long to wait for it; None for as long as the run waits for anything.
            params: of the request.

        Returns:
            The last answer; None if there is no such resource.

        Raises:
            TimeoutError: it has not come.
            ClientError: another error than ResourceNotFoundException.
        """
        hours = self.hours if hours is None else hours
        began = told = self.now()
        with self.watching():
            while not until(answer := _found(method, params)):
                waited = self.now() - began
                if waited >= hours * 3600:
                    raise TimeoutError(f"Nothing came of it in {hours:g} hours.")
                if self.now() - told >= _TELL_EVERY:
                    told = self.now()
                    self.tell(f"  {method.__name__}: waiting for {waited / 60:.0f} min")
                self.pause(max(self.every, waited * _PAUSE))
        return answer

    def settled(self, noun: str, arn: str) -> str:
        """Wait until a resource, and the latest update of it, are in a status that does not change by itself.

        Args:
            noun: as operations name it, such as `DatasetGroup`.
            arn: which.

        Returns:
            Its status; GONE if there is no such resource.
        """
        key = noun[0].lower() + noun[1:]
        describe = getattr(self.personalize, f"describe_{snake(noun)}")
        params: dict[str, Any] = {f"{key}Arn": arn}
        answer = self.watch(describe, lambda found: not _is_busy((found or {}).get(key, {})), **params)
        return str(answer[key]["status"]) if answer else GONE

    # -- what imports and exports need ---------------------------------------------------------------------

    def bucket(self, suffix: str) -> str:
        """Make a bucket of this run, without a policy; its name."""
        name = self.name(suffix)
        place = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        self.s3.create_bucket(Bucket=name, **(place if self.region != "us-east-1" else {}))
        self.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": TAG, "Value": self.prefix}]})
        return name

    def database(self, suffix: str) -> str:
        """Make a database of this run for Athena, without tables; its name."""
        name = self.name(suffix).replace("-", "_")
        self.client("glue").create_database(DatabaseInput={"Name": name, "Parameters": {TAG: self.prefix}})
        return name

    def key(self, suffix: str, policy: str) -> str:
        """Make a KMS key of this run, with an alias, since keys have no names; its id."""
        kms = self.client("kms")
        tags = [{"TagKey": TAG, "TagValue": self.prefix}]
        made = kms.create_key(Description="A conformance run's; it can go.", Policy=policy, Tags=tags)
        key = str(made["KeyMetadata"]["KeyId"])
        kms.create_alias(AliasName=f"alias/{self.name(suffix)}", TargetKeyId=key)
        return key

    def role(self, suffix: str, statements: Sequence[Mapping[str, Any]] = ()) -> str:
        """Make a role of this run that Personalize can assume; its ARN. It takes effect only some seconds later."""
        name = self.name(suffix)
        trust = {"Effect": "Allow", "Principal": {"Service": "personalize.amazonaws.com"}, "Action": "sts:AssumeRole"}
        made = self.iam.create_role(
            RoleName=name,
            Path=PATH_OF_ROLES,
            AssumeRolePolicyDocument=_policy([trust]),
            Tags=[{"Key": TAG, "Value": self.prefix}],
        )
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="conformance", PolicyDocument=_policy(statements))
        return str(made["Role"]["Arn"])


def _found(method: Callable[..., Any], params: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = method(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return None
    return answer


def _policy(statements: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _is_busy(found: Mapping[str, Any]) -> bool:
    updates = [value for member, value in found.items() if member.startswith("latest") and member.endswith("Update")]
    return any(str(each.get("status", "")).endswith(BUSY) for each in (found, *updates))


def snake(noun: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in noun).lstrip("_")
