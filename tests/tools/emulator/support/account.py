"""An account of the emulated service on a clock moved by hand, and short ways to fill it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.tools.emulator.support import records
from tools.emulator import ManualClock, MemoryMetrics, MemoryObjects, Service, ServiceError
from tools.emulator.inprocess import connect
from tools.emulator.shapes import service_model

REGION = "eu-west-1"
ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/personalize"
RECIPE = "arn:aws:personalize:::recipe"
VOD = "VIDEO_ON_DEMAND"
# Longer than anything takes.
LONG = 4000.0
DAY = 86_400.0

# Errors any operation may answer with; the others are in its model.
COMMON = {
    "AccessDeniedException",
    "InternalServerException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "UnknownOperationException",
    "ValidationException",
}
_SESSION = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
# The service has to check requests by itself, and tests do not wait for retries.
_CONFIG = Config(parameter_validation=False, retries={"total_max_attempts": 1})


class StrictService(Service):
    """A service that fails a test when it answers with an error that the operation does not have."""

    def call(
        self, api: str, operation: str, params: Mapping[str, Any], *, region: str, caller: object
    ) -> dict[str, Any]:
        try:
            return super().call(api, operation, params, region=region, caller=caller)
        except ServiceError as error:
            shapes = service_model(api).operation_model(operation).error_shapes if error.code not in COMMON else []
            if error.code not in {*COMMON, *(shape.name for shape in shapes)}:
                raise AssertionError(f"{operation} has no {error.code}: {error.message}") from error
            raise


def refusal(call: Callable[..., Any], **params: Any) -> tuple[str, str]:
    """Code and message of the error that a call answers with."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"].removesuffix("Exception"), error["Message"]


def _snake(noun: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", noun).lower()


def key(noun: str) -> str:
    """A noun as a member name."""
    return noun[0].lower() + noun[1:]


class Account:
    """Clients of one account, and what tests often need in it."""

    def __init__(self, region: str = REGION, **options: Any) -> None:
        """Open an empty account whose clients are of a region; `options` are those of the service."""
        self.region = region
        self.clock = ManualClock()
        self.objects = MemoryObjects()
        self.metrics = MemoryMetrics()
        self.service = StrictService(self.clock, self.objects, account_id=ACCOUNT, metrics=self.metrics, **options)
        self._names = 0
        self.group = ""
        self.datasets: dict[str, str] = {}

    def client(self, api: str, caller: object = "test", region: str = "") -> Any:
        """A client of one of the APIs, in the region of the account unless another is named."""
        return connect(_SESSION.client(api, config=_CONFIG, region_name=region or self.region), self.service, caller)

    @cached_property
    def personalize(self) -> Any:
        return self.client("personalize")

    @cached_property
    def runtime(self) -> Any:
        return self.client("personalize-runtime")

    @cached_property
    def events(self) -> Any:
        return self.client("personalize-events")

    def wait(self, seconds: float = LONG) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    # -- any resource --------------------------------------------------------------------------------------

    def operation(self, verb: str, noun: str) -> Any:
        """A method of the client."""
        return getattr(self.personalize, f"{verb}_{_snake(noun)}")

    def create(self, noun: str, **params: Any) -> str:
        """Create a resource, under a new name unless it is given, and return its ARN."""
        self._names += 1
        member = "jobName" if noun.endswith("Job") else "name"
        named = {} if noun == "SolutionVersion" else {member: f"{noun.lower()}-{self._names}"}
        return str(self.operation("create", noun)(**{**named, **params})[f"{key(noun)}Arn"])

    def created(self, noun: str, **params: Any) -> str:
        """Create a resource and wait until it has settled."""
        arn = self.create(noun, **params)
        self.wait()
        return arn

    def describe(self, noun: str, arn: str) -> dict[str, Any]:
        """Its description."""
        found: dict[str, Any] = self.operation("describe", noun)(**{f"{key(noun)}Arn": arn})[key(noun)]
        return found

    def status(self, noun: str, arn: str) -> str:
        """Its status; GONE if there is no such resource."""
        try:
            return str(self.describe(noun, arn)["status"])
        except self.personalize.exceptions.ResourceNotFoundException:
            return "GONE"

    def delete(self, noun: str, arn: str) -> None:
        """Delete it."""
        self.operation("delete", noun)(**{f"{key(noun)}Arn": arn})

    def update(self, noun: str, arn: str, **params: Any) -> None:
        """Update it."""
        self.operation("update", noun)(**{f"{key(noun)}Arn": arn, **params})

    # -- a catalogue of movies -----------------------------------------------------------------------------

    def open_group(self, domain: str | None = VOD) -> str:
        """Create the dataset group that the methods below use unless told otherwise."""
        self.group = self.created("DatasetGroup", **({"domain": domain} if domain else {}))
        return self.group

    def schema(self, kind: str, document: str | None = None, domain: str | None = VOD) -> str:
        """Create a schema."""
        return self.create("Schema", schema=document or records.schema(kind), **({"domain": domain} if domain else {}))

    def dataset(self, kind: str, **params: Any) -> str:
        """Create a dataset of the group."""
        wanted = {"datasetGroupArn": self.group, "datasetType": kind, **params}
        wanted.setdefault("schemaArn", None)
        arn = self.created("Dataset", **{**wanted, "schemaArn": wanted["schemaArn"] or self.schema(kind)})
        self.datasets[kind] = arn
        return arn

    def start_import(self, kind: str, body: str | None = None, **params: Any) -> str:
        """Start the import of a file."""
        location = f"s3://movies/{kind}-{self._names}.csv"
        if body is not None:
            self.objects.put(location, body)
        wanted = {
            "datasetArn": self.datasets[kind],
            "dataSource": {"dataLocation": location},
            "roleArn": ROLE,
            **params,
        }
        return self.create("DatasetImportJob", **wanted)

    def imported(self, kind: str, body: str | None = None, **params: Any) -> dict[str, Any]:
        """Import a file and return the description of the settled job."""
        arn = self.start_import(kind, body, **params)
        self.wait()
        return self.describe("DatasetImportJob", arn)

    def fill(self, *kinds: str) -> None:
        """Open a group with datasets and their data."""
        rows = {
            "Interactions": records.interaction_rows(),
            "Items": records.item_rows(),
            "Users": records.user_rows(),
        }
        self.open_group()
        for kind in kinds or tuple(rows):
            self.dataset(kind)
            job = self.imported(kind, records.csv(kind, rows[kind]))
            assert job["status"] == "ACTIVE", job

    def solution(self, recipe: str = "aws-personalized-ranking", **params: Any) -> str:
        """Create a solution without automatic training."""
        wanted = {"datasetGroupArn": self.group, "recipeArn": f"{RECIPE}/{recipe}", "performAutoTraining": False}
        return self.created("Solution", **{**wanted, **params})

    def version(self, solution: str | None = None, recipe: str = "aws-personalized-ranking", **params: Any) -> str:
        """Train a version, of a new solution unless one is named."""
        return self.created("SolutionVersion", solutionArn=solution or self.solution(recipe), **params)

    def campaign(self, version: str | None = None, recipe: str = "aws-personalized-ranking", **params: Any) -> str:
        """Deploy a version, a new one unless one is named."""
        return self.created("Campaign", solutionVersionArn=version or self.version(recipe=recipe), **params)

    def recommender(self, use_case: str = "aws-vod-top-picks", **params: Any) -> str:
        """Create a recommender."""
        wanted = {"datasetGroupArn": self.group, "recipeArn": f"{RECIPE}/{use_case}"}
        return self.created("Recommender", **{**wanted, **params})

    def filter(self, expression: str, **params: Any) -> str:
        """Create a filter."""
        return self.created("Filter", **{"datasetGroupArn": self.group, "filterExpression": expression, **params})

    def tracker(self) -> str:
        """Create an event tracker and return its tracking id."""
        arn = self.created("EventTracker", datasetGroupArn=self.group)
        return str(self.describe("EventTracker", arn)["trackingId"])

    def recommended(self, recommender: str, user: str = "u0", **params: Any) -> list[str]:
        """Items recommended to a user."""
        answer = self.runtime.get_recommendations(recommenderArn=recommender, userId=user, **params)
        return [item["itemId"] for item in answer["itemList"]]
