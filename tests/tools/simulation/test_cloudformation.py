"""CloudFormation's rules, with a provider that does as it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tools.simulation.cloudformation import CloudFormation
from tools.simulation.framework import Event, Response
from tools.simulation.stacks import Stack, ValidationError
from tools.simulation.time import VirtualTime

Resource = dict[str, Any]


def thing(value: Any = "1", *after: str, **attributes: Any) -> Resource:
    """A custom resource; what follows its properties are attributes such as DeletionPolicy."""
    return {
        "Type": "Custom::PersonalizeThing",
        "Properties": {"Value": value},
        **({"DependsOn": list(after)} if after else {}),
        **attributes,
    }


def of(outputs: dict[str, Any] | None = None, **resources: Resource) -> dict[str, Any]:
    return {"Resources": resources, **({"Outputs": outputs} if outputs else {})}


def export(logical_id: str) -> dict[str, Any]:
    return {"Out": {"Value": {"Ref": logical_id}, "Export": {"Name": "shared"}}}


@dataclass
class Account:
    """CloudFormation, with things that have ids of their own.

    Attributes:
        exists: physical ids of what exists, and its value.
        refuses: requests that fail, as `Create Name`; a number of times if there is one.
        seconds: how long requests take, as `Create Name`.
        replaces: logical ids whose updates replace them.
        requests: what was asked, as `Create Name`.
    """

    exists: dict[str, str] = field(default_factory=dict)
    refuses: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    replaces: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.time = VirtualTime()
        self.cloudformation = CloudFormation(self.time, self.request)

    def request(self, event: Event) -> Response:
        name = f"{event['RequestType']} {event['LogicalResourceId']}"
        self.requests.append(name)
        self.time.sleep(self.seconds.get(name, 1.0))
        physical_id = event.get("PhysicalResourceId", "")
        if self.refuses.get(name):
            self.refuses[name] -= 1
            return Response(False, physical_id, f"{name} is refused.")
        if event["RequestType"] == "Delete":
            self.exists.pop(physical_id, None)
            return Response(True, physical_id)
        value = event["ResourceProperties"]["Value"]
        if not physical_id or event["LogicalResourceId"] in self.replaces:
            physical_id = f"{event['LogicalResourceId']}-{value}"
        self.exists[physical_id] = value
        return Response(True, physical_id)

    def deploy(self, template: dict[str, Any], name: str = "app", **more: Any) -> Stack:
        return self.cloudformation.deploy(name, template, **more)

    def delete(self, name: str = "app") -> Stack:
        return self.cloudformation.delete(name)


ALWAYS = 1000


@pytest.fixture
def account() -> Account:
    return Account()


# -- templates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ({}, "At least one Resources member must be defined."),
        (of(), "At least one Resources member must be defined."),
        (
            of(**{f"R{n}": thing() for n in range(501)}),
            "Number of resources, 501, is greater than maximum allowed, 500",
        ),
        (of(A=thing(DeletionPolicy="Keep")), "Unrecognized DeletionPolicy Keep for resource A"),
        (of(A=thing(UpdateReplacePolicy="RetainExceptOnCreate")), "Unrecognized UpdateReplacePolicy"),
        (of(A=thing("1", "B"), B=thing("1", "A")), r"Circular dependency between resources: \[A, B\]"),
    ],
)
def test_a_template_that_cloudformation_refuses_is_refused(
    account: Account, template: dict[str, Any], sentence: str
) -> None:
    """User guide, "Understand CloudFormation quotas"; template reference, the policies' own pages."""
    with pytest.raises(ValidationError, match=sentence):
        account.deploy(template)
    assert account.cloudformation.stacks == {}


@pytest.mark.parametrize(
    "template",
    [{**of(A=thing()), "Conditions": {"No": False}}, of(A=thing(Condition="No")), of(A=thing({"Fn::If": []}))],
)
def test_what_is_not_modelled_raises(account: Account, template: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        account.deploy(template)


def test_a_template_of_the_maximum_size_is_taken(account: Account) -> None:
    assert account.deploy(of(**{f"R{n}": thing() for n in range(500)})).status == "CREATE_COMPLETE"


# -- exports ------------------------------------------------------------------------------------------------------


@pytest.fixture
def shared(account: Account) -> Account:
    """A stack that exports, and one that imports."""
    account.deploy(of(export("A"), A=thing()), "producer")
    account.deploy(of(B=thing({"Fn::ImportValue": "shared"})), "consumer")
    return account


@pytest.mark.parametrize("outputs", [None, export("B")])
def test_an_export_in_use_can_be_neither_removed_nor_changed(shared: Account, outputs: dict[str, Any] | None) -> None:
    """Case 3: user guide, "Get exported outputs from a deployed CloudFormation stack"."""
    stack = shared.deploy(of(outputs, A=thing(), B=thing("2")), "producer")
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "export shared as it is in use by consumer" in stack.reasons[0]
    assert shared.cloudformation.exports == {"shared": "A-1"}
    assert "B-2" not in shared.exists


def test_a_stack_with_an_export_in_use_is_not_deleted_and_stays_as_it_was(shared: Account) -> None:
    """Case 3: aws/aws-cdk issue 604 shows the status that stays, with its reason."""
    stack = shared.delete("producer")
    assert stack.status == "CREATE_COMPLETE"
    assert stack.events[-1].reason == "Delete canceled. Cannot delete export shared as it is in use by consumer"
    assert "A-1" in shared.exists
    assert shared.delete("consumer").status == "DELETE_COMPLETE"
    assert shared.delete("producer").status == "DELETE_COMPLETE"
    assert shared.exists == {}


def test_an_export_that_nobody_uses_any_more_can_go(shared: Account) -> None:
    shared.deploy(of(B=thing("own")), "consumer")
    assert shared.deploy(of(A=thing()), "producer").status == "UPDATE_COMPLETE"
    assert shared.cloudformation.exports == {}


def test_a_stack_that_imports_what_nobody_exports_fails(account: Account) -> None:
    stack = account.deploy(of(B=thing({"Fn::ImportValue": "shared"})))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert stack.reasons == ["No export named shared found."]


# -- policies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "kept_by_rollback", "kept_by_deletion"),
    [("Delete", False, False), ("RetainExceptOnCreate", False, True), ("Retain", True, True)],
)
def test_a_deletion_policy_decides_what_stays(policy: str, kept_by_rollback: bool, kept_by_deletion: bool) -> None:
    """Case 21: template reference, "DeletionPolicy attribute"."""
    template = of(A=thing(DeletionPolicy=policy), B=thing("1", "A"))
    first = Account(refuses={"Create B": ALWAYS})
    assert first.deploy(template).status == "ROLLBACK_COMPLETE"
    assert ("A-1" in first.exists) is kept_by_rollback
    second = Account()
    second.deploy(template)
    second.delete()
    assert ("A-1" in second.exists) is kept_by_deletion
    third = Account()
    third.deploy(template)
    third.deploy(of(B=thing()))
    assert ("A-1" in third.exists) is kept_by_deletion


@pytest.mark.parametrize(("policy", "is_kept"), [("Delete", False), ("RetainExceptOnCreate", False), ("Retain", True)])
def test_what_a_failed_update_has_made_counts_as_a_failed_creation(policy: str, is_kept: bool) -> None:
    """Case 21: the operation that made the resource is rolled back, whatever the stack was before."""
    account = Account(refuses={"Create C": ALWAYS})
    account.deploy(of(A=thing()))
    stack = account.deploy(of(A=thing(), B=thing(DeletionPolicy=policy), C=thing("1", "B")))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert ("B-1" in account.exists) is is_kept


@pytest.mark.parametrize(("policy", "is_kept"), [("Delete", False), ("Retain", True)])
def test_an_update_replace_policy_decides_what_a_replacement_leaves(policy: str, is_kept: bool) -> None:
    """Template reference, "UpdateReplacePolicy attribute"; DeletionPolicy has no say in it (its own page)."""
    account = Account(replaces={"A"})
    other = "Delete" if is_kept else "Retain"
    for value in ("1", "2"):
        account.deploy(of(A=thing(value, UpdateReplacePolicy=policy, DeletionPolicy=other)))
    assert set(account.exists) == ({"A-1", "A-2"} if is_kept else {"A-2"})
    account.delete()
    assert ("A-2" in account.exists) is not is_kept


def test_each_resource_is_kept_or_deleted_by_its_own_policy(account: Account) -> None:
    """Case 28: a policy on the bucket says nothing of the bucket's policy, a resource of its own."""
    bucket = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}
    policy = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Bucket"}}}
    account.deploy(of(Bucket=bucket, Policy=policy))
    stack = account.delete()
    ends = {event.logical_id: event.status for event in stack.events if event.status.startswith("DELETE")}
    assert ends == {"Policy": "DELETE_COMPLETE", "Bucket": "DELETE_SKIPPED"}


# -- deletion -----------------------------------------------------------------------------------------------------


def test_what_a_resource_depends_on_is_not_deleted_after_its_own_deletion_failed() -> None:
    account = Account(refuses={"Delete B": 1})
    account.deploy(of(A=thing(), B=thing("1", "A"), C=thing()))
    stack = account.delete()
    assert stack.status == "DELETE_FAILED"
    assert set(account.exists) == {"A-1", "B-1"}
    assert "Delete A" not in account.requests
    account.requests.clear()
    assert account.delete().status == "DELETE_COMPLETE"
    assert account.requests == ["Delete B", "Delete A"]


def test_a_rollback_of_a_creation_leaves_alone_what_the_undeletable_depends_on() -> None:
    account = Account(refuses={"Delete B": 1, "Create C": 1})
    stack = account.deploy(of(A=thing(), B=thing("1", "A"), C=thing("1", "B")))
    assert stack.status == "ROLLBACK_FAILED"
    assert set(account.exists) == {"A-1", "B-1"}
    assert account.delete().status == "DELETE_COMPLETE"
    assert account.exists == {}


def test_what_an_update_leaves_behind_is_forgotten_after_three_attempts() -> None:
    """User guide, "Troubleshooting CloudFormation", "Resource removed from stack but not deleted"."""
    account = Account(refuses={"Delete A": ALWAYS})
    account.deploy(of(A=thing(), B=thing()))
    assert account.deploy(of(B=thing())).status == "UPDATE_COMPLETE"
    assert account.requests.count("Delete A") == 3
    assert account.delete().status == "DELETE_COMPLETE"
    assert set(account.exists) == {"A-1"}


# -- rollbacks that fail ------------------------------------------------------------------------------------------


@pytest.fixture
def stuck() -> Account:
    """An update that cannot be taken back: B was updated after A, C refused, and B refuses the way back."""
    account = Account()
    account.deploy(of(A=thing(), B=thing("1", "A"), C=thing("1", "B")))
    account.refuses = {"Update C": 1, "Update B": 0}
    later = of(A=thing("2"), B=thing("2", "A"), C=thing("2", "B"), D=thing("2", "A"))
    account.time.spawn(lambda: account.refuses.update({"Update B": ALWAYS}), 2.5)
    assert account.deploy(later).status == "UPDATE_ROLLBACK_FAILED"
    return account


def test_a_rollback_that_failed_is_continued(stuck: Account) -> None:
    """User guide, "Continue rolling back an update": once the cause is gone, the rest is taken back."""
    stuck.refuses, stuck.requests = {}, []
    stack = stuck.cloudformation.continue_rollback("app")
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "Update A" not in stuck.requests, "It has been taken back already."
    assert stuck.exists == {"A-1": "1", "B-1": "1", "C-1": "1"}


def test_a_rollback_is_continued_without_what_cannot_be_taken_back(stuck: Account) -> None:
    """The same page: a skipped resource counts as UPDATE_COMPLETE and is no longer as its template says."""
    stack = stuck.cloudformation.continue_rollback("app", skip=["B"])
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert stuck.exists == {"A-1": "1", "B-1": "2", "C-1": "1"}
    stuck.refuses = {}
    assert stuck.deploy(of(A=thing("3"))).status == "UPDATE_COMPLETE"


def test_only_what_failed_in_the_rollback_can_be_skipped(stuck: Account) -> None:
    with pytest.raises(ValidationError, match="cannot be skipped"):
        stuck.cloudformation.continue_rollback("app", skip=["A"])
    assert stuck.cloudformation.stacks["app"].status == "UPDATE_ROLLBACK_FAILED"


def test_a_stack_whose_rollback_failed_cannot_be_updated_and_can_be_deleted(stuck: Account) -> None:
    with pytest.raises(ValidationError, match="is in UPDATE_ROLLBACK_FAILED state and can not be updated"):
        stuck.deploy(of(A=thing()))
    assert stuck.delete().status == "DELETE_COMPLETE"
    assert stuck.exists == {}


# -- rollback disabled --------------------------------------------------------------------------------------------


def test_without_rollback_what_succeeded_stays_and_other_paths_go_on() -> None:
    """User guide, "Choose how to handle failures when provisioning resources"."""
    account = Account(refuses={"Create B": 1}, seconds={"Create C": 60.0})
    template = of(A=thing(), B=thing("1", "A"), C=thing("1", "A"), D=thing("1", "B"))
    stack = account.deploy(template, disable_rollback=True)
    assert stack.status == "CREATE_FAILED"
    assert set(account.exists) == {"A-1", "C-1"}
    account.requests.clear()
    assert account.deploy(template, disable_rollback=True).status == "UPDATE_COMPLETE"
    # What failed is deleted before it is tried again; what succeeded is left alone.
    assert account.requests == ["Delete B", "Create B", "Create D"]


def test_without_rollback_a_failed_update_goes_back_by_itself() -> None:
    account = Account()
    account.deploy(of(A=thing(), B=thing()))
    account.refuses = {"Update A": 1}
    stack = account.deploy(of(A=thing("2"), B=thing("2")), disable_rollback=True)
    assert stack.status == "UPDATE_FAILED"
    assert account.exists == {"A-1": "1", "B-1": "2"}
    assert account.requests.count("Update A") == 2


def test_a_stack_that_failed_so_is_only_updated_so() -> None:
    account = Account(refuses={"Create A": 1})
    account.deploy(of(A=thing()), disable_rollback=True)
    with pytest.raises(ValidationError, match="with its rollback disabled"):
        account.deploy(of(A=thing()))


@pytest.mark.parametrize("tries", [1, 2])
def test_a_failed_stack_is_rolled_back_to_its_last_stable_state(tries: int) -> None:
    """API RollbackStack: from CREATE_FAILED nothing is left, from UPDATE_FAILED what was before."""
    account = Account(refuses={"Create B": ALWAYS})
    for _ in range(tries):
        assert account.deploy(of(A=thing(), B=thing()), disable_rollback=True).status.endswith("_FAILED")
    assert account.cloudformation.roll_back("app").status == "ROLLBACK_COMPLETE"
    assert account.exists == {}
    account.deploy(of(A=thing()))
    for number in range(tries):
        failed = account.deploy(of(A=thing(f"{2 + number}"), B=thing()), disable_rollback=True)
        assert failed.status == "UPDATE_FAILED"
    assert account.cloudformation.roll_back("app").status == "UPDATE_ROLLBACK_COMPLETE"
    assert account.exists == {"A-1": "1"}


# -- time ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("more", "patience"), [({"ServiceTimeout": "600"}, 600.0), ({}, 3600.0)])
def test_a_resource_that_does_not_answer_in_time_fails_and_its_answer_is_ignored(
    more: dict[str, str], patience: float
) -> None:
    """Template reference, "AWS::CloudFormation::CustomResource", ServiceTimeout; an hour by default."""
    account = Account(seconds={"Create A": patience + 100.0})
    template = of(A=thing())
    template["Resources"]["A"]["Properties"].update(more)
    begun = account.time.time()
    stack = account.deploy(template)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert stack.reasons[0].startswith("CloudFormation did not receive a response from your Custom Resource.")
    failed = next(event for event in stack.events if event.status == "CREATE_FAILED")
    assert failed.time - begun == patience
    # The provider went on and made it, after it had been deleted under an id that CloudFormation had made up.
    assert set(account.exists) == {"A-1"}


def test_the_end_of_a_deployment_does_not_wait_for_the_timeouts() -> None:
    account = Account()
    begun = account.time.time()
    account.deploy(of(A=thing()))
    assert account.time.time() - begun == 1.0


def test_what_a_resource_was_at_a_moment_is_known() -> None:
    account = Account()
    made = account.time.time() + 1.0
    stack = account.deploy(of(A=thing()))
    account.time.sleep(10.0)
    account.deploy(of(A=thing("2")))
    values = [
        deployed and deployed.properties["Value"] for deployed in (stack.was("A", made + at) for at in (-1, 0, 60))
    ]
    assert values == [None, "1", "2"]


def test_cancelling_an_update_takes_it_back() -> None:
    """API CancelUpdateStack: the update is rolled back, what is in flight as well."""
    account = Account()
    account.deploy(of(A=thing(), B=thing()))
    account.seconds = {"Update B": 100.0}
    stack = account.cloudformation.begin_deploy("app", of(A=thing("2"), B=thing("2")))
    account.time.spawn(lambda: account.cloudformation.cancel_update("app"), 10.0)
    account.time.run(until=account.time.time() + 20.0)
    assert stack.status == "UPDATE_ROLLBACK_IN_PROGRESS"
    account.time.run()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert account.exists == {"A-1": "1", "B-1": "1"}
