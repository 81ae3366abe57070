"""What deployments meet on AWS and not in an ideal account: time, limits, permissions that are not visible yet."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.single_requests import Requests
from tests.lambdas.personalize_provider.support.template_parts import custom, template
from tools.emulator import Fault
from tools.simulation.cloud import VirtualCloud
from tools.simulation.conditions import REALISTIC, Conditions
from tools.simulation.executions import Executions, TooManyRequestsError
from tools.simulation.framework import Framework, Response
from tools.simulation.time import VirtualTime


def account(**conditions: Any) -> VirtualCloud:
    return VirtualCloud(conditions=Conditions(**conditions))


def group(cloud: VirtualCloud) -> tuple[Response, float]:
    """Create a dataset group with a single request: the response, and how long it took."""
    requests, begun = Requests(cloud, "DatasetGroup"), cloud.time.time()
    response = requests.create(custom("DatasetGroup", Domain=blocks.VOD)["Properties"])
    return response, cloud.time.time() - begun


# -- time ---------------------------------------------------------------------------------------------------------


def test_a_request_takes_its_own_time_besides_what_the_handlers_do() -> None:
    (_, ideal), (_, real) = group(account()), group(account(request_seconds=5.0))
    assert real - ideal == pytest.approx(5.0, abs=0.1)


def test_each_attempt_of_a_call_takes_its_time() -> None:
    cloud = account(call_seconds=0.2)
    group(cloud)
    assert all(later - earlier >= 0.19 for (earlier, _), (later, _) in pairwise(cloud.call_times))


def test_a_shell_that_is_pointed_at_a_local_cloud_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `make sandbox` says how to: a review in that shell has a rehearsal of its own all the same."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:42947")
    for conditions in (Conditions(), REALISTIC):
        cloud = VirtualCloud(conditions=conditions)
        assert cloud.client("personalize").list_dataset_groups()["datasetGroups"] == []


def test_somebody_elses_calls_take_no_time() -> None:
    cloud = account(call_seconds=0.2)
    begun = cloud.time.time()
    cloud.personalize.list_schemas()
    assert cloud.time.time() == begun


# -- throttling ---------------------------------------------------------------------------------------------------


def provider_client(cloud: VirtualCloud) -> Any:
    return cloud._environment()._client


def test_a_throttled_call_is_tried_as_often_as_the_products_client_does_and_its_pauses_are_virtual() -> None:
    """botocore, "Retries", adaptive mode: retries with pauses, and a limiter of the client's own."""
    cloud = account(requests_per_second=1000.0)
    client = provider_client(cloud)
    tries = client.meta.config.retries["total_max_attempts"]
    cloud.service.faults.add(Fault("throttle", "ListSchemas", count=tries + 1))
    begun = cloud.time.time()
    with pytest.raises(client.exceptions.ClientError, match="ThrottlingException"):
        client.list_schemas()
    assert cloud.service.faults.listed()[0]["count"] == 1
    assert cloud.time.time() > begun
    assert client.list_schemas()["schemas"] == []


def test_a_client_that_was_throttled_slows_down() -> None:
    """botocore.retries.adaptive: after a throttling response requests wait for tokens, at least one in 2 s."""
    cloud = account(requests_per_second=1.0)
    client, begun = provider_client(cloud), cloud.time.time()
    for _ in range(10):
        client.list_schemas()
    # One a second at most, and none of them refused for good.
    assert 9 <= cloud.time.time() - begun <= 60


def test_two_environments_do_not_share_a_limiter() -> None:
    """Each execution environment of a function holds a client of its own (Lambda developer guide)."""
    cloud = account(requests_per_second=1.0)
    one, other = provider_client(cloud), provider_client(cloud)
    for _ in range(5):
        one.list_schemas()
    begun = cloud.time.time()
    other.list_filters()
    assert cloud.time.time() == begun


def test_a_deployment_goes_the_same_way_each_time() -> None:
    def calls() -> list[tuple[float, str]]:
        cloud = VirtualCloud(conditions=Conditions(call_seconds=0.2, request_seconds=5.0, requests_per_second=1.0))
        cloud.cloudformation.deploy("app", template(blocks.group()))
        return cloud.call_times

    assert calls() == calls()


# -- permissions --------------------------------------------------------------------------------------------------


def test_the_provider_is_denied_everything_until_its_permissions_are_visible() -> None:
    """Case 24: IAM user guide, "Troubleshoot IAM": changes are not always visible at once; aws/aws-cdk issue 37675."""
    cloud = account(propagation_seconds=60.0)
    stack = cloud.cloudformation.begin_deploy("app", template({"Handle": blocks.handle()}))
    cloud.time.run()
    assert not cloud.is_visible(stack.stack_id)
    cloud._requests.current = {"StackId": stack.stack_id}
    with pytest.raises(cloud.personalize.exceptions.ClientError, match="AccessDenied"):
        cloud.personalize.list_schemas()
    with pytest.raises(cloud.personalize.exceptions.ClientError, match="AccessDenied"):
        cloud._visible_cloudformation.deployment(stack.stack_id)
    cloud.time.sleep(60.0)
    assert cloud.personalize.list_schemas()["schemas"] == []
    assert cloud._visible_cloudformation.deployment(stack.stack_id).startswith("CREATE_COMPLETE")


def test_others_are_not_denied() -> None:
    cloud = account(propagation_seconds=60.0)
    cloud.cloudformation.begin_deploy("app", template({"Handle": blocks.handle()}))
    assert cloud.personalize.list_schemas()["schemas"] == []


# -- Lambda -------------------------------------------------------------------------------------------------------


def framework(time: VirtualTime, ceiling: int | None, seconds: float = 10.0) -> Framework:
    """A provider of which either handler takes some seconds."""

    def begin(event: dict[str, Any]) -> dict[str, Any]:
        time.sleep(seconds)
        return {"PhysicalResourceId": "it"}

    def advance(event: dict[str, Any]) -> dict[str, Any]:
        time.sleep(seconds)
        return {"IsComplete": True}

    return Framework(time, begin, advance, query_interval=30.0, lambda_concurrency=ceiling)


def at_once(time: VirtualTime, provider: Framework, number: int) -> list[Response]:
    responses: list[Response] = []
    event = {"RequestType": "Create"}
    for _ in range(number):
        time.spawn(lambda: responses.append(provider.request(dict(event))))
    time.run()
    return responses


def test_executions_of_the_framework_and_of_the_handlers_count() -> None:
    """CDK's framework.js waits for the handler that it invokes, so each request holds two executions."""
    time = VirtualTime()
    provider = framework(time, None)
    assert all(response.succeeded for response in at_once(time, provider, 3))
    assert provider.peak_concurrency == 6


def test_beyond_the_ceiling_the_frameworks_invocation_fails() -> None:
    """outbound.js tries twice, cfn-response.js answers FAILED: aws-samples/one-observability-demo issue 175."""
    time = VirtualTime()
    provider = framework(time, 10)
    responses = at_once(time, provider, 10)
    failed = [response for response in responses if not response.succeeded]
    assert failed
    assert {response.reason for response in failed} == {"TooManyRequestsException: Rate Exceeded."}
    assert provider.peak_concurrency == 10


def test_a_request_that_finds_no_room_at_all_waits_in_lambdas_queue() -> None:
    """CloudFormation invokes asynchronously (Lambda developer guide, "Using Lambda with CloudFormation")."""
    time = VirtualTime()
    executions, order = Executions(time, 1), list[tuple[str, float]]()
    begun = time.time()

    def run(name: str) -> None:
        with executions.queued():
            order.append((name, time.time() - begun))
            time.sleep(10.0)

    time.spawn(lambda: run("first"))
    time.spawn(lambda: run("second"))
    time.run()
    assert order[0] == ("first", 0.0)
    assert order[1][0] == "second"
    assert order[1][1] >= 10.0
    with pytest.raises(TooManyRequestsError), executions.one(), executions.one():
        pass


def test_a_poll_that_finds_no_room_is_repeated_by_the_state_machine() -> None:
    """waiter-state-machine.js retries its task on every error, so a throttled poll costs an interval, no failure."""
    time = VirtualTime()
    provider = framework(time, 2, seconds=0.0)
    holding = provider._executions

    def hold_all() -> None:
        with holding.one(), holding.one():
            time.sleep(20.0)

    time.spawn(lambda: at.append(provider._wait({"RequestType": "Create", "PhysicalResourceId": "it"})), 5.0)
    at: list[Response] = []
    time.spawn(hold_all)
    time.run()
    assert at[0].succeeded
    assert provider.transitions == 3


def test_a_failure_ends_with_a_log_group_by_the_functions_name() -> None:
    """framework.js appends it, whatever log group the function has."""

    def refuse(event: dict[str, Any]) -> dict[str, Any]:
        raise ValueError("Nothing can be done.")

    response = Framework(VirtualTime(), refuse, refuse).request({"RequestType": "Create"})
    assert response.reason == "Nothing can be done.\n\nLogs: /aws/lambda/onEvent"


def test_realistic_conditions_are_those_of_a_new_account() -> None:
    assert Conditions(0.2, 5.0, 60.0, 1.0, 10) == REALISTIC
