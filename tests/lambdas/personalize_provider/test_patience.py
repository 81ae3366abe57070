"""What is waited for and what is not: young permissions, soft quotas, missing endpoints, refusals among siblings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, PartialCredentialsError

from lambdas.personalize_provider import errors, patience, service_errors
from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.engine import Engine
from lambdas.personalize_provider.patience import HOLD_SECONDS, PROPAGATION_SECONDS
from lambdas.personalize_provider.service_errors import Meaning
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.single_requests import Requests
from tests.lambdas.personalize_provider.support.template_parts import Resources, chain, custom, template
from tools.emulator import Durations, Fault, Quotas
from tools.emulator.inprocess import connect
from tools.simulation.cloud import VirtualCloud, not_permitted
from tools.simulation.cloudformation import Stack
from tools.simulation.conditions import Conditions

HOUR, MINUTE = 3600.0, 60.0
# Of the waiter's rounds.
INTERVAL = 10.0
GROUP: Resources = {"Group": custom("DatasetGroup", Domain=blocks.VOD)}
REAL_TIMES = Conditions(call_seconds=0.2, request_seconds=5.0)


def account(conditions: Conditions, **durations: float) -> VirtualCloud:
    cloud = VirtualCloud(service_options={"durations": Durations(**durations)}, conditions=conditions)
    blocks.put_data(cloud)
    return cloud


def took(stack: Stack, logical_id: str) -> float:
    times = [event.time for event in stack.events if event.logical_id == logical_id]
    return max(times) - min(times)


# -- permissions that are young ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [1.0, 60.0, 110.0])
def test_permissions_that_have_not_taken_effect_are_waited_for(seconds: float) -> None:
    """Case 24: every call of a new stack is denied at first, Personalize's and CloudFormation's."""
    cloud = account(Conditions(propagation_seconds=seconds))
    stack = cloud.cloudformation.deploy("app", template(blocks.whole()))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        ("create", "CreateDatasetGroup"),
        ("create", "DescribeDatasetGroup"),
        ("update", "ListDatasetGroups"),
        ("update", "TagResource"),
        ("delete", "DeleteDatasetGroup"),
    ],
)
def test_a_call_that_is_denied_once_fails_nothing(cloud: VirtualCloud, kind: str, operation: str) -> None:
    """Case 24: the policy has been widened by the same deployment."""
    changed = blocks.named(GROUP["Group"], "mine")
    if kind != "create":
        cloud.cloudformation.deploy("app", template({"Group": changed}))
    cloud.service.faults.add(Fault("access_denied", operation))
    if kind == "delete":
        assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
        return
    stack = cloud.cloudformation.deploy("app", template({"Group": changed}, tags={"team": kind}))
    assert stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), stack.reasons


def test_an_update_that_may_not_look_yet_waits_before_it_chooses(cloud: VirtualCloud) -> None:
    """Case 24: an update chooses its physical id before it is polled, so that is where it has to wait."""
    filtered = {**blocks.group(), "Filter": blocks.serving()["Filter"]}
    stack = cloud.cloudformation.deploy("app", template(filtered))
    cloud.service.faults.add(Fault("access_denied", "ListFilters", count=3))
    cloud.service.faults.add(Fault("access_denied", "DescribeFilter", count=3))
    filtered["Filter"]["Properties"]["FilterExpression"] = 'INCLUDE ItemID WHERE Items.GENRES IN ("Drama")'
    cloud.cloudformation.deploy("app", template(filtered))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons


@pytest.mark.parametrize("seconds", [30.0, 90.0, 110.0, 119.0])
@pytest.mark.parametrize("is_stacks", [True, False])
def test_an_update_waits_two_minutes_before_it_chooses_however_long_its_calls_take(
    seconds: float, is_stacks: bool
) -> None:
    """Case 24: on_event tries until the end of the two minutes, and not only as often as its pauses fit in."""
    cloud = account(REAL_TIMES)
    filtered = {**blocks.group(), "Filter": blocks.serving()["Filter"]}
    stack = cloud.cloudformation.deploy("app", template(filtered))
    until = cloud.time.time() + seconds
    if is_stacks:
        look = cloud.cloudformation.deployment

        def denied(stack_id: str) -> str:
            if cloud.time.time() < until:
                raise not_permitted(stack_id)
            return look(stack_id)

        cloud.cloudformation.deployment = denied  # type: ignore[method-assign]
    else:
        cloud.service.faults.add(Fault("access_denied", "DescribeFilter", count=None))
        cloud.time.spawn(cloud.service.faults.clear, seconds)
    filtered["Filter"]["Properties"]["FilterExpression"] = 'INCLUDE ItemID WHERE Items.GENRES IN ("Drama")'
    cloud.cloudformation.deploy("app", template(filtered))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons


@pytest.mark.parametrize("operation", ["CreateDatasetGroup", "DescribeDatasetGroup"])
def test_a_permission_that_is_missing_for_good_is_named_after_two_minutes(cloud: VirtualCloud, operation: str) -> None:
    cloud.service.faults.add(Fault("access_denied", operation, count=None))
    stack = cloud.cloudformation.deploy("app", template(GROUP))
    assert f"the provider's role may not perform personalize:{operation}" in stack.reasons[0]
    failed = next(each.time for each in stack.events if each.status == "CREATE_FAILED")
    assert PROPAGATION_SECONDS <= failed - stack.events[0].time <= PROPAGATION_SECONDS + MINUTE


# -- what never passes -------------------------------------------------------------------------------------------------


def elsewhere(region: str) -> VirtualCloud:
    """An account whose provider calls Personalize in another region."""
    cloud = VirtualCloud()
    client = boto3.client("personalize", region_name=region, aws_access_key_id="a", aws_secret_access_key="b")
    connect(client, cloud.service)
    cloud.api = Api(client)
    return cloud


@pytest.mark.parametrize("region", ["eu-north-1", "sa-east-1"])
def test_a_region_without_the_service_fails_at_once_and_leaves_nothing(region: str) -> None:
    """Case 10: learned within a minute, and rolled back clean."""
    cloud = elsewhere(region)
    begun = cloud.time.time()
    stack = cloud.cloudformation.deploy("app", template(GROUP))
    assert stack.status == "ROLLBACK_COMPLETE", stack.reasons
    assert stack.reasons[0].startswith("Amazon Personalize is not available in this region: Could not connect")
    assert "Deploy to one of ap-northeast-1," in stack.reasons[0]
    assert cloud.time.time() - begun <= MINUTE


def test_what_a_region_without_the_service_cannot_hold_is_deleted_at_once() -> None:
    """Case 10: a deletion succeeds there, whatever its type."""
    cloud = elsewhere("eu-north-1")
    arn = "arn:aws:personalize:eu-north-1:000000000000:recommender/films"
    properties = custom("DatasetGroup", Domain=blocks.VOD)["Properties"]
    link = {"ResourceType": "Recommender", "ResourceArn": arn, "LinkSeconds": 3000}
    begun = cloud.time.time()
    assert Requests(cloud, "DatasetGroup").delete("vod-test-datasetgroup-0123456789", properties).succeeded
    assert Requests(cloud, "DeletionWait").delete("wait-1", link).succeeded
    assert cloud.time.time() == begun


def unreachable(region: str, suffix: str = "") -> EndpointConnectionError:
    return EndpointConnectionError(endpoint_url=f"https://personalize.{region}.amazonaws.com{suffix}/")


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (unreachable("eu-north-1"), Meaning.NO_SERVICE),
        (unreachable("eu-west-1"), Meaning.RETRY),
        (unreachable("cn-north-1", ".cn"), Meaning.RETRY),
        (unreachable("cn-northwest-1", ".cn"), Meaning.NO_SERVICE),
        (EndpointConnectionError(endpoint_url="http://localhost:4566/"), Meaning.RETRY),
        (NoCredentialsError(), Meaning.UNKNOWN_CALLER),
        (PartialCredentialsError(provider="env", cred_var="secret"), Meaning.UNKNOWN_CALLER),
    ],
)
def test_a_network_that_failed_is_told_from_an_endpoint_that_does_not_exist(error: Any, meaning: Meaning) -> None:
    """Case 10: botocore's list of regions decides, since both look the same."""
    assert service_errors.meaning(error) is meaning


def answering(cloud: VirtualCloud, operation: str, code: str) -> None:
    """Let an operation be answered with an error for good."""

    def answer(**_: Any) -> None:
        error: Any = {"Error": {"Code": code, "Message": "The security token is invalid"}}
        raise ClientError(error, operation)

    cloud.personalize.meta.events.register(f"before-call.personalize.{operation}", answer)


@pytest.mark.parametrize("kind", ["create", "update", "delete"])
def test_credentials_that_nobody_knows_fail_at_once(cloud: VirtualCloud, kind: str) -> None:
    properties = GROUP["Group"]["Properties"]
    requests = Requests(cloud, "DatasetGroup")
    for operation in ("ListDatasetGroups", "DescribeDatasetGroup", "CreateDatasetGroup"):
        answering(cloud, operation, "UnrecognizedClientException")
    begun = cloud.time.time()
    response = {
        "create": lambda: requests.create(properties),
        "update": lambda: requests.update("x", properties, {**properties, "Domain": "ECOMMERCE"}),
        "delete": lambda: requests.delete("vod-test-datasetgroup-0123456789", properties),
    }[kind]()
    assert response.reason.startswith("AWS does not accept the credentials of the provider's function: The security")
    assert cloud.time.time() - begun <= MINUTE


def test_a_link_of_deletion_does_not_wait_with_credentials_that_nobody_knows(cloud: VirtualCloud) -> None:
    answering(cloud, "DescribeRecommender", "UnrecognizedClientException")
    arn = "arn:aws:personalize:eu-west-1:000000000000:recommender/films"
    link = {"ResourceType": "Recommender", "ResourceArn": arn, "LinkSeconds": 3000}
    response = Requests(cloud, "DeletionWait").delete("wait-1", link)
    assert response.reason.startswith("AWS does not accept the credentials")


# -- quotas that pass by themselves ------------------------------------------------------------------------------------


def imports(number: int) -> Resources:
    """So many imports into the dataset of interactions."""
    one = blocks.data()["InteractionsImport"]
    result: Resources = {}
    for index in range(number):
        properties = {**one["Properties"], "DataVersion": str(index)}
        result[f"Import{index}"] = {**one, "Properties": properties}
        result |= chain(f"Import{index}", "DatasetImportJob", links=2)
    return result


def test_jobs_beyond_what_may_be_under_way_wait_for_their_turn() -> None:
    cloud = VirtualCloud(service_options={"quotas": Quotas(pending_dataset_import_jobs=2)})
    blocks.put_data(cloud)
    stack = cloud.cloudformation.deploy("app", template({**blocks.group(), **imports(5)}))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    jobs = [each for each in cloud.inventory().values() if "datasetImportJobArn" in each]
    assert [job["status"] for job in jobs] == ["ACTIVE"] * 5


def test_a_quota_that_stays_used_up_fails_as_soon_as_refusals_may(cloud: VirtualCloud) -> None:
    cloud.service.faults.add(Fault("limit_exceeded", "CreateDatasetGroup", count=None))
    stack = cloud.cloudformation.deploy("app", template(GROUP))
    assert stack.reasons[0].startswith("Service quota reached: active dataset groups per account.")
    failed = next(each.time for each in stack.events if each.status == "CREATE_FAILED")
    assert HOLD_SECONDS <= failed - stack.events[0].time <= HOLD_SECONDS + INTERVAL


# -- refusals among siblings -------------------------------------------------------------------------------------------


def siblings(links: int, refused: Callable[[], Resources]) -> Resources:
    """A recommender that is accepted, and beside it, at the same moment, something that is refused."""
    bad = {key: blocks.after_data(each) for key, each in refused().items()}
    base = {**blocks.group(), **blocks.data(), "Recommender": blocks.recommender()}
    return {**base, **chain("Recommender", "Recommender", links), **bad}


def by_the_service() -> Resources:
    return {"Refused": custom("Schema", Schema="not a schema", Domain=blocks.VOD)}


def by_the_provider() -> Resources:
    return {"Refused": custom("Schema", Schema=blocks.schema("Items"), Domain=blocks.VOD, Colour="red")}


def before_it_is_polled() -> Resources:
    return {"Refused": custom("BatchInferenceJob")}


def by_a_link() -> Resources:
    link = blocks.link("Recommender", "Recommender", 1, 1)
    link["Properties"] |= {"ResourceArn": "arn:aws:personalize:eu-west-1:000000000000:recommender/none"}
    return {"Refused": link}


@pytest.mark.parametrize("refused", [by_the_service, by_the_provider, before_it_is_polled, by_a_link])
@pytest.mark.parametrize("hours", [1.5, 7])
def test_a_refusal_does_not_strand_a_sibling_in_training(refused: Callable[[], Resources], hours: float) -> None:
    cloud = account(REAL_TIMES, create_recommender=hours * HOUR)
    stack = cloud.cloudformation.deploy("app", template(siblings(9, refused)))
    assert stack.status == "ROLLBACK_COMPLETE", stack.reasons
    assert cloud.inventory() == {}
    assert HOLD_SECONDS <= took_until_refused(stack) <= HOLD_SECONDS + INTERVAL + 10


def took_until_refused(stack: Stack) -> float:
    return next(each.time for each in stack.events if each.status == "CREATE_FAILED") - next(
        each.time for each in stack.events if each.logical_id == "Refused"
    )


def test_without_the_pause_the_sibling_would_be_stranded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why refusals are held: the rollback begins with one link or two, each good for fifty minutes."""
    monkeypatch.setattr(patience, "HOLD_SECONDS", 0.0)
    monkeypatch.setattr(Engine, "is_staggered", lambda *_: False)
    cloud = account(REAL_TIMES, create_recommender=7 * HOUR)
    stack = cloud.cloudformation.deploy("app", template(siblings(9, by_the_service)))
    assert stack.status == "ROLLBACK_FAILED"


def test_a_refused_update_does_not_strand_a_new_sibling() -> None:
    """The update is refused while it is still choosing; the recommender beside it is new."""
    cloud = account(REAL_TIMES, create_recommender=1.5 * HOUR)
    before = {**blocks.group(), **blocks.data(), "Other": blocks.after_data(custom("DatasetGroup", Domain=blocks.VOD))}
    stack = cloud.cloudformation.deploy("app", template(before))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    held = cloud.inventory()
    after = {**before, "Recommender": blocks.recommender(), **chain("Recommender", "Recommender", 9)}
    after["Other"] = blocks.after_data(custom("DatasetGroup", Domain="ECOMMERCE"))
    cloud.cloudformation.deploy("app", template(after))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert stack.reasons[0].startswith("Changing Domain would replace the dataset group")
    assert cloud.inventory() == held


# -- where the log is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["create", "update", "timed out"])
def test_a_failure_names_the_log_group_that_exists(
    cloud: VirtualCloud, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The framework names /aws/lambda/<function>, whatever log group a function has."""
    monkeypatch.setenv("AWS_LAMBDA_LOG_GROUP_NAME", "vod-dev-data-ProviderLogs")
    requests, properties = Requests(cloud, "DatasetGroup"), GROUP["Group"]["Properties"]
    if kind == "timed out":
        cloud.service.faults.add(Fault("duration", "CreateDatasetGroup", seconds=80 * MINUTE))
        response = requests.create(properties)
    elif kind == "create":
        response = requests.create({**properties, "Colour": "red"})
    else:
        response = requests.update("mine", properties, {**properties, "Colour": "red"})
    assert "(The log is in vod-dev-data-ProviderLogs, whatever is named below.)" in response.reason


def test_a_long_reason_keeps_the_name_of_the_log_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_LOG_GROUP_NAME", "vod-dev-data-ProviderLogs")
    said = str(errors.with_log_group(errors.repeated("long " * 1000)))
    assert said.endswith("(The log is in vod-dev-data-ProviderLogs, whatever is named below.)")
    assert len(said.encode()) < 2200
