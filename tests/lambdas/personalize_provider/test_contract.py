"""The contract of CloudFormation's resource types, for every type of the provider.

Source: CloudFormation CLI user guide, "Resource type handler contract". Read and List have no request of their own
for custom resources: what they promise is asked of the attributes and of the service.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import pytest

from lambdas.personalize_provider.names import last_part
from lambdas.personalize_provider.resource_type import ResourceType
from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support.property_changes import SETTINGS
from tests.lambdas.personalize_provider.support.single_requests import Properties, Requests
from tests.lambdas.personalize_provider.support.template_parts import Resources, handle, template
from tools.simulation.cloud import VirtualCloud
from tools.simulation.framework import Response

NOUNS = list(RESOURCES)
UPDATABLE = [noun for noun, row in RESOURCES.items() if row.update]
TAGGABLE = [noun for noun, row in RESOURCES.items() if row.taggable]
STACK = "around"


@dataclass
class Subject:
    """One resource type, with everything around it in place."""

    cloud: VirtualCloud
    noun: str

    def __post_init__(self) -> None:
        stack = self.cloud.cloudformation.deploy(STACK, template(SETTINGS[self.noun].around() or {"Handle": handle()}))
        assert stack.status == "CREATE_COMPLETE", stack.reasons
        self.requests = Requests(self.cloud, self.noun, STACK)

    @property
    def row(self) -> ResourceType:
        return RESOURCES[self.noun]

    def properties(self, resources: Resources | None = None, **more: Any) -> Properties:
        """The target's properties, resolved."""
        whole = template(resources or SETTINGS[self.noun].before())
        resolved = self.cloud.cloudformation.resolved(self.requests.stack, whole, "Target")
        return {**copy.deepcopy(resolved), **more}

    def changed(self, *props: str) -> Properties:
        """The same with some properties changed."""
        properties = self.properties()
        for prop in props:
            properties[prop] = self.properties(SETTINGS[self.noun].after(prop))[prop]
        return properties

    def create(self, **more: Any) -> Response:
        response = self.requests.create(self.properties(**more))
        assert response.succeeded, response.reason
        self.settle()
        return response

    def settle(self) -> None:
        """What the wait chain does for those that outlast a request."""
        self.cloud.time.sleep(8 * 3600)

    def count(self) -> int:
        """How many resources of the type there are that the stack around did not make."""
        return len(self.arns())

    def arns(self) -> set[str]:
        known = {each for deployed in self.requests.stack.resources.values() for each in deployed.attributes.values()}
        found = {one[self.row.arn_member] for one in self.cloud.api.summaries(self.row, {})}
        return found - known

    def describe(self, response: Response) -> dict[str, Any]:
        return self.cloud.api.describe(self.row, response.data[f"{self.noun}Arn"]) or {}


@pytest.fixture
def subject(cloud: VirtualCloud, noun: str) -> Subject:
    return Subject(cloud, noun)


@pytest.mark.parametrize("noun", NOUNS)
def test_create_makes_one_resource_that_is_there_when_it_answers(subject: Subject) -> None:
    response = subject.create()
    assert subject.arns() == {response.data[f"{subject.noun}Arn"]}
    assert last_part(subject.describe(response)[subject.row.name_member]) == response.physical_id


@pytest.mark.parametrize("noun", NOUNS)
def test_create_delivered_again_makes_no_second_resource(subject: Subject) -> None:
    event = subject.requests.event("Create", subject.properties())
    first, second = (subject.cloud.framework.request(event) for _ in range(2))
    assert first.succeeded
    assert second.succeeded
    assert first.physical_id == second.physical_id
    assert subject.count() == 1


@pytest.mark.parametrize("noun", NOUNS)
def test_create_with_a_name_that_is_taken_fails(subject: Subject) -> None:
    """The contract's AlreadyExists: nothing is adopted."""
    named = subject.properties(Name="taken")
    del named["NamePrefix"]
    assert subject.requests.create(named).succeeded
    subject.settle()
    other = Requests(subject.cloud, subject.noun, "another")
    response = other.create(named)
    assert not response.succeeded
    assert subject.count() == 1


@pytest.mark.parametrize("noun", NOUNS)
def test_update_without_a_change_calls_nothing(subject: Subject) -> None:
    response = subject.create()
    subject.cloud.calls.clear()
    updated = subject.requests.update(response.physical_id, subject.properties(), subject.properties())
    assert updated.succeeded, updated.reason
    assert (updated.physical_id, updated.data) == (response.physical_id, updated.data)
    assert [call for call in subject.cloud.calls if not call.startswith(("Describe", "List", "Get"))] == []


@pytest.mark.parametrize("noun", UPDATABLE)
def test_update_is_visible_when_it_answers_and_keeps_the_id(subject: Subject, noun: str) -> None:
    response = subject.create()
    assert subject.row.update
    for prop in sorted(subject.row.update.properties - {"SolutionUpdateConfig", "PerformIncrementalUpdate"}):
        after = subject.changed(prop)
        updated = subject.requests.update(response.physical_id, subject.properties(), after)
        assert updated.succeeded, updated.reason
        assert updated.physical_id == response.physical_id
        subject.settle()
        # The request of an update takes lists of elements in parts only.
        operation = f"Create{noun}" if prop in subject.row.update.elements else subject.row.update.operation
        request = subject.cloud.api.request(operation, {prop: after[prop]})
        actual = subject.describe(updated)
        assert all(is_shown(actual.get(member), value) for member, value in request.items())
        back = subject.requests.update(response.physical_id, after, subject.properties())
        assert back.succeeded is (prop not in subject.row.update.rules), back.reason
        subject.settle()
    assert subject.count() == 1


def is_shown(actual: Any, wanted: Any) -> bool:
    """Whether a description shows a value; it may show more."""
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(is_shown(actual.get(key), value) for key, value in wanted.items())
    return bool(actual == wanted)


@pytest.mark.parametrize("noun", UPDATABLE)
def test_update_delivered_again_changes_nothing_more(subject: Subject) -> None:
    response = subject.create()
    assert subject.row.update
    prop = sorted(subject.row.update.properties)[0]
    more = {"PhysicalResourceId": response.physical_id, "OldResourceProperties": subject.properties()}
    event = subject.requests.event("Update", subject.changed(prop), **more)
    subject.cloud.calls.clear()
    for _ in range(2):
        assert subject.cloud.framework.request(event).succeeded
        subject.settle()
    assert subject.cloud.calls.count(subject.row.update.operation) == 1


@pytest.mark.parametrize("noun", [noun for noun, row in RESOURCES.items() if row.create_only])
def test_update_of_a_create_only_property_answers_another_id_or_refuses(subject: Subject) -> None:
    prop = sorted(subject.row.create_only)[0]
    response = subject.create()
    updated = subject.requests.update(response.physical_id, subject.properties(), subject.changed(prop))
    if subject.row.holds_data:
        assert not updated.succeeded
        assert updated.physical_id == response.physical_id
        assert "would replace the" in updated.reason
        return
    assert updated.succeeded, updated.reason
    assert updated.physical_id != response.physical_id
    assert subject.count() == 2


@pytest.mark.parametrize("noun", UPDATABLE)
def test_update_of_what_does_not_exist_makes_it_or_fails(subject: Subject) -> None:
    """The contract's NotFound, softened: what holds no data is made again, as the template asks."""
    response = subject.create()
    gone = subject.requests.delete(response.physical_id, subject.properties())
    assert gone.succeeded, gone.reason
    assert subject.row.update
    prop = sorted(subject.row.update.properties)[0]
    updated = subject.requests.update(response.physical_id, subject.properties(), subject.changed(prop))
    assert updated.succeeded is not subject.row.holds_data
    assert subject.count() == (0 if subject.row.holds_data else 1)
    assert subject.row.holds_data is ("was deleted outside CloudFormation" in updated.reason)


@pytest.mark.parametrize("noun", NOUNS)
def test_delete_answers_when_it_is_gone_and_again_when_it_has_long_been(subject: Subject) -> None:
    response = subject.create()
    for _ in range(2):
        deleted = subject.requests.delete(response.physical_id, subject.properties())
        assert deleted.succeeded, deleted.reason
        assert deleted.physical_id == response.physical_id
        # The service has no operation that deletes jobs: it deletes them with their parents.
        assert subject.count() == (0 if subject.row.deletable else 1)


@pytest.mark.parametrize("noun", NOUNS)
def test_create_after_delete_works(subject: Subject) -> None:
    first = subject.create()
    assert subject.requests.delete(first.physical_id, subject.properties()).succeeded
    second = subject.create()
    assert (first.physical_id == second.physical_id) is not subject.row.is_job
    assert subject.count() == (1 if subject.row.deletable else 2)


@pytest.mark.parametrize("noun", NOUNS)
def test_attributes_are_what_the_service_says(subject: Subject) -> None:
    created = subject.create()
    read = subject.requests.update(created.physical_id, subject.properties(), subject.properties())
    description = subject.describe(created)
    for name, member in subject.row.attributes.items():
        assert read.data[name] == str(description[member])
    if subject.row.metrics:
        assert 0 <= float(read.data["PrecisionAt5"]) <= 1
    assert created.data.items() <= read.data.items()


@pytest.mark.parametrize("noun", TAGGABLE)
def test_tags_are_added_changed_and_taken_away_in_place(subject: Subject) -> None:
    def tagged(**tags: str) -> Properties:
        return subject.properties(Tags=[{"Key": key, "Value": value} for key, value in tags.items()])

    def user_tags(response: Response) -> dict[str, str]:
        tags = subject.cloud.api.tags(response.data[f"{subject.noun}Arn"])
        return {key: value for key, value in tags.items() if not key.startswith("cloudformation:")}

    first, second, third = {"team": "films", "cost": "1"}, {"cost": "2", "stage": "dev"}, dict[str, str]()
    response = subject.create(Tags=[{"Key": key, "Value": value} for key, value in first.items()])
    assert user_tags(response) == first
    for before, after in ((first, second), (second, third), (third, first)):
        updated = subject.requests.update(response.physical_id, tagged(**before), tagged(**after))
        assert updated.succeeded, updated.reason
        assert updated.physical_id == response.physical_id
        assert user_tags(updated) == after
    assert subject.count() == 1


def test_a_schema_has_no_tags_to_change(cloud: VirtualCloud) -> None:
    subject = Subject(cloud, "Schema")
    response = subject.create()
    tagged = subject.properties(Tags=[{"Key": "team", "Value": "films"}])
    assert subject.requests.update(response.physical_id, subject.properties(), tagged).succeeded
    assert "TagResource" not in cloud.calls
