"""Single links of the two wait chains, when the service does not answer as it should."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.personalize_provider.describe import Revision, ThenPause
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.single_requests import Properties, Requests
from tests.lambdas.personalize_provider.support.template_parts import template
from tools.emulator import Fault
from tools.simulation.cloud import VirtualCloud

LINK = 3000
NOUN = "Recommender"


@pytest.fixture
def recommender(cloud: VirtualCloud) -> str:
    """ARN of a recommender in training."""
    resources = {**blocks.group(), **blocks.data(), "Recommender": blocks.recommender()}
    stack = cloud.cloudformation.deploy("app", template(resources))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    return stack.resources["Recommender"].attributes["RecommenderArn"]


def link(arn: str, number: int = 1, links: int = 2, **more: Any) -> Properties:
    return {
        "ServiceToken": "token",
        "ResourceType": NOUN,
        "ResourceArn": arn,
        "Revision": "0",
        "Link": number,
        "Links": links,
        "LinkSeconds": LINK,
        **more,
    }


def holding(arn: str) -> Properties:
    return {"ServiceToken": "token", "ResourceType": NOUN, "ResourceArn": arn, "LinkSeconds": LINK}


# -- Custom::PersonalizeWait ---------------------------------------------------------------------------------------


def test_a_link_hands_over_what_the_next_one_needs(cloud: VirtualCloud, recommender: str) -> None:
    cloud.service.faults.add(Fault("throttle", "DescribeRecommender", count=3))
    response = Requests(cloud, "Wait").create(link(recommender, LinkSeconds=60))
    assert response.succeeded, response.reason
    assert response.data == {"RecommenderArn": recommender, "Revision": "0"}
    described = cloud.personalize.describe_recommender(recommenderArn=recommender)["recommender"]
    assert described["status"] == "CREATE PENDING"


def test_the_last_link_fails_where_the_others_hand_over(cloud: VirtualCloud, recommender: str) -> None:
    response = Requests(cloud, "Wait").create(link(recommender, number=2, links=2, LinkSeconds=60))
    assert "is still CREATE PENDING after 2 min of waiting for it to settle. Raise max_wait" in response.reason


def test_a_link_that_is_never_answered_gives_up_within_the_hour(cloud: VirtualCloud, recommender: str) -> None:
    cloud.service.faults.add(Fault("throttle", "DescribeRecommender", count=None))
    begun = cloud.time.time()
    response = Requests(cloud, "Wait").create(link(recommender))
    assert "is still waiting (Rate exceeded) after 1 h 40 min" in response.reason
    assert cloud.time.time() - begun <= 3600


def test_a_link_names_a_missing_permission(cloud: VirtualCloud, recommender: str) -> None:
    cloud.service.faults.add(Fault("access_denied", "DescribeRecommender", count=None))
    response = Requests(cloud, "Wait").create(link(recommender))
    assert "may not perform personalize:DescribeRecommender" in response.reason


def test_a_link_says_what_the_service_refuses(cloud: VirtualCloud, recommender: str) -> None:
    cloud.service.faults.add(Fault("limit_exceeded", "DescribeRecommender", count=None))
    response = Requests(cloud, "Wait").create(link(recommender))
    assert response.reason.startswith("The service refused DescribeRecommender for recommender 'vod-test-recommender-")
    assert "': More than the allowed number" in response.reason


def test_a_link_says_that_what_it_waits_for_is_gone(cloud: VirtualCloud, recommender: str) -> None:
    response = Requests(cloud, "Wait").create(link(f"{recommender}-gone"))
    assert "no longer exists: it was deleted outside CloudFormation" in response.reason


def test_a_link_keeps_its_id_and_has_nothing_to_delete(cloud: VirtualCloud, recommender: str) -> None:
    cloud.time.sleep(2 * 3600)
    requests = Requests(cloud, "Wait")
    created = requests.create(link(recommender))
    cloud.calls.clear()
    assert requests.update(created.physical_id, link(recommender), link(recommender, Revision="1")).succeeded
    deleted = requests.delete(created.physical_id, link(f"{recommender}-gone"))
    assert (deleted.succeeded, deleted.physical_id) == (True, created.physical_id)
    assert set(cloud.calls) == {"DescribeRecommender"}


def test_other_words_do_nothing_at_the_service(cloud: VirtualCloud, recommender: str) -> None:
    """Not even to a recommender that this link had stopped again, and that somebody has started since."""
    cloud.time.sleep(2 * 3600)
    stopped = link(recommender, Revision=str(Revision("1", ThenPause())))
    requests = Requests(cloud, "Wait")
    created = requests.create(stopped)
    cloud.time.sleep(3600)
    cloud.personalize.start_recommender(recommenderArn=recommender)
    cloud.time.sleep(3600)
    cloud.calls.clear()
    updated = requests.update(created.physical_id, {**stopped, "WaitsFor": "before"}, {**stopped, "WaitsFor": "after"})
    assert updated.succeeded, updated.reason
    assert set(cloud.calls) == {"DescribeRecommender"}
    deletion = Requests(cloud, "DeletionWait")
    cloud.calls.clear()
    held = holding(recommender)
    assert deletion.update("wait-1", {**held, "UpTo": "before"}, {**held, "UpTo": "after"}).succeeded
    assert set(cloud.calls) == set()


# -- Custom::PersonalizeDeletionWait -------------------------------------------------------------------------------


def test_a_link_of_deletion_is_made_at_once(cloud: VirtualCloud, recommender: str) -> None:
    begun = cloud.time.time()
    response = Requests(cloud, "DeletionWait").create(holding(recommender))
    assert response.data == {"RecommenderArn": recommender}
    assert cloud.time.time() == begun


def test_a_link_of_deletion_waits_for_its_share_and_hands_over(cloud: VirtualCloud, recommender: str) -> None:
    requests = Requests(cloud, "DeletionWait")
    created = requests.create(holding(recommender))
    begun = cloud.time.time()
    assert requests.delete(created.physical_id, holding(recommender)).succeeded
    assert LINK <= cloud.time.time() - begun <= LINK + 60


def test_a_link_of_deletion_does_not_wait_for_what_is_idle_or_gone(cloud: VirtualCloud, recommender: str) -> None:
    requests = Requests(cloud, "DeletionWait")
    cloud.time.sleep(2 * 3600)
    begun = cloud.time.time()
    for arn in (recommender, f"{recommender}-gone"):
        assert requests.delete("wait-1", holding(arn)).succeeded
    assert cloud.time.time() == begun


def test_a_link_of_deletion_waits_for_what_is_left_behind(cloud: VirtualCloud, recommender: str) -> None:
    """An update turns the link to another resource: the one before is going to be deleted."""
    requests = Requests(cloud, "DeletionWait")
    other = f"{recommender}-other"
    begun = cloud.time.time()
    response = requests.update("wait-1", holding(recommender), holding(other))
    assert response.data == {"RecommenderArn": other}
    assert LINK <= cloud.time.time() - begun <= LINK + 60
    unchanged = requests.update("wait-1", holding(other), {**holding(other), "LinkSeconds": 60})
    assert unchanged.succeeded


def test_a_link_of_deletion_never_fails_because_the_service_does_not_answer(
    cloud: VirtualCloud, recommender: str
) -> None:
    cloud.service.faults.add(Fault("throttle", "DescribeRecommender", count=None))
    begun = cloud.time.time()
    assert Requests(cloud, "DeletionWait").delete("wait-1", holding(recommender)).succeeded
    assert cloud.time.time() - begun <= LINK + 60


def test_a_link_of_deletion_names_a_missing_permission(cloud: VirtualCloud, recommender: str) -> None:
    cloud.service.faults.add(Fault("access_denied", "DescribeRecommender", count=None))
    response = Requests(cloud, "DeletionWait").delete("wait-1", holding(recommender))
    assert "may not perform personalize:DescribeRecommender" in response.reason
