"""Every error of the provider, met by a real deployment: the sentence that reaches CloudFormation."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.sentences import worded
from tests.lambdas.personalize_provider.support.template_parts import Resources, arn, custom, named, template
from tools.emulator import Fault
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Stack

GROUP: Resources = {"Group": custom("DatasetGroup", Domain=blocks.VOD)}
INTERACTIONS: Resources = {key: each for key, each in blocks.group().items() if "Items" not in key}


def changed(resources: Resources, logical_id: str, **properties: object) -> Resources:
    result = copy.deepcopy(resources)
    result[logical_id]["Properties"] |= properties
    return result


def gate(**properties: object) -> Resources:
    token = {"ServiceToken": blocks.TOKEN}
    return {
        **blocks.group(),
        **blocks.data(),
        **blocks.ranking(),
        "Gate": {
            "Type": "Custom::PersonalizeQualityGate",
            "Properties": {
                **token,
                "SolutionArn": arn("Solution", "Solution"),
                "SolutionVersionArn": arn("VersionSettled", "SolutionVersion"),
                **properties,
            },
        },
    }


def trained() -> Resources:
    version = {"Solution": blocks.solution(), "Version": blocks.version(), **blocks.chain("Version", "SolutionVersion")}
    return {**blocks.group(), **blocks.data(), **version}


def tracker() -> Resources:
    custom_tracker = custom("EventTracker", DatasetGroupArn=arn("Group", "DatasetGroup"))
    return {**INTERACTIONS, "Tracker": {**custom_tracker, "DependsOn": ["InteractionsDataset"]}}


def tracked(name: str) -> Resources:
    found = tracker()
    return {**found, "Tracker": named(found["Tracker"], name)}


def by_hand(operation: str, **members: object) -> Callable[[VirtualCloud], None]:
    def do(cloud: VirtualCloud) -> None:
        cloud.api.call(operation, **members)
        cloud.time.sleep(3600)

    return do


def delete_dataset(cloud: VirtualCloud) -> None:
    for dataset in cloud.personalize.list_datasets()["datasets"]:
        cloud.personalize.delete_dataset(datasetArn=dataset["datasetArn"])
    cloud.time.sleep(3600)


def stop_training(cloud: VirtualCloud) -> None:
    """In a deployment that trains a version with a name of the user's choice."""

    def stop() -> None:
        for version in cloud.personalize.list_solution_versions()["solutionVersions"]:
            if version["status"] != "ACTIVE":
                cloud.personalize.stop_solution_version_creation(solutionVersionArn=version["solutionVersionArn"])

    cloud.time.spawn(stop, 400)
    version = named(blocks.version(Triggers={"TrainingTrigger": "2"}), "second")
    stack = cloud.cloudformation.deploy("app", template({**trained(), "Version": version}))
    assert "is CREATE STOPPED: the service gave no reason" in stack.reasons[0]
    stack.events.clear()
    cloud.time.sleep(3600)


def add_tracker(cloud: VirtualCloud) -> None:
    (group,) = cloud.personalize.list_dataset_groups()["datasetGroups"]
    cloud.personalize.create_event_tracker(name="by-hand", datasetGroupArn=group["datasetGroupArn"])


def adopting(**properties: object) -> Resources:
    """A template that adopts the dataset group `films`."""
    return {"Group": named(custom("DatasetGroup", **{"Domain": blocks.VOD, "Adopt": True, **properties}), "films")}


def films(**members: object) -> Callable[[VirtualCloud], None]:
    return by_hand("CreateDatasetGroup", name="films", domain=blocks.VOD, **members)


def tagged(count: int) -> list[dict[str, str]]:
    return [{"tagKey": f"key{n}", "tagValue": "x"} for n in range(count)]


def owned(cloud: VirtualCloud) -> None:
    """By another stack, which exists."""
    other = cloud.cloudformation.deploy("other", template({"Handle": blocks.handle()}))
    tags = {"cloudformation:stack-id": other.stack_id, "cloudformation:logical-id": "Theirs"}
    films(tags=[{"tagKey": key, "tagValue": value} for key, value in tags.items()])(cloud)


def fail(cloud: VirtualCloud) -> None:
    cloud.service.faults.add(Fault("fail", "CreateDatasetGroup", message="Something is wrong."))
    films()(cloud)


def empty(cloud: VirtualCloud) -> None:
    """Nothing is done by hand."""


@dataclass(frozen=True)
class Case:
    """How an error comes about.

    Attributes:
        wanted: what is deployed.
        says: the sentence, or its beginning.
        faults: what goes wrong with the service.
        before: what is deployed first, in peace.
        meanwhile: what somebody does by hand between the two.
        prepare: what somebody does by hand before both.
    """

    wanted: Resources
    says: str
    faults: tuple[Fault, ...] = ()
    before: Resources | None = None
    meanwhile: Callable[[VirtualCloud], None] = empty
    prepare: Callable[[VirtualCloud], None] = empty


CASES: dict[str, Case] = {
    "nothing_to_adopt": Case(
        adopting(),
        "There is no dataset group 'films' to adopt, and adopting creates nothing. Correct the name, or remove Adopt "
        "to have a new dataset group created.",
    ),
    "no_run_to_adopt": Case(
        changed({**blocks.group(), **blocks.data()}, "ItemsImport", Adopt="$LATEST"),
        "There is no dataset import job of arn:aws:personalize:",
    ),
    "unsound_to_adopt": Case(
        adopting(),
        "The dataset group 'films' cannot be adopted, because it is CREATE FAILED: Something is wrong. Delete it, and "
        "remove Adopt to have a new dataset group created.",
        meanwhile=fail,
    ),
    "unlike_template": Case(
        adopting(Domain="ECOMMERCE"),
        "The dataset group 'films' cannot be adopted, because nothing can make it what the template says: Domain is "
        "'VIDEO_ON_DEMAND', and the template says 'ECOMMERCE'. Change the template to what there is, or remove Adopt "
        "and choose another Name.",
        meanwhile=films(),
    ),
    "owned_elsewhere": Case(
        adopting(),
        "The dataset group 'films' cannot be adopted, because it belongs to Theirs of stack arn:aws:cloudformation:",
        meanwhile=owned,
    ),
    "too_many_tags": Case(
        adopting(),
        "The dataset group 'films' cannot be adopted: with the template's tags and those that say whose it is, it "
        "would have 52 tags, and the service allows 50. Remove 2 of its tags.",
        meanwhile=films(tags=tagged(49)),
    ),
    "adopts_no_name": Case(
        changed(GROUP, "Group", Adopt=True), "Adopt needs Name: say which dataset group is adopted, or remove Adopt."
    ),
    "releases_nothing": Case(
        changed(GROUP, "Group", Release=True),
        "Release gives up a dataset group that the stack has, but the template adds this one.",
    ),
    "adopted_out_of_reach": Case(
        {"Group": custom("DatasetGroup", Domain=blocks.VOD, NamePrefix="vod-test_group")},
        "The dataset group 'films' cannot be replaced: it was adopted under a name of its own, and without Adopt the "
        "provider's role no longer reaches it.",
        prepare=films(),
        before=adopting(),
    ),
    "access_denied": Case(
        GROUP,
        "Access denied: the provider's role may not perform personalize:CreateDatasetGroup on this resource. Add the "
        "action to the role's policy, or remove what denies it.",
        (Fault("access_denied", "CreateDatasetGroup", count=None),),
    ),
    "limit_exceeded": Case(
        GROUP,
        "Service quota reached: active dataset groups per account. Delete what you do not need, or request an increase "
        "of the quota in the Service Quotas console (service Amazon Personalize).",
        (Fault("limit_exceeded", "CreateDatasetGroup", count=None),),
    ),
    "refused": Case(
        {"Schema": custom("Schema", Schema="{}", Domain=blocks.VOD)},
        "The service refused CreateSchema for schema 'vod-test-schema-",
    ),
    "not_begun": Case(
        changed(GROUP, "Group", Tags=[{"Key": "team", "Value": "films"}], Domain="ECOMMERCE"),
        "DescribeDatasetGroup failed before anything was changed: Rate exceeded. Deploy again.",
        (Fault("throttle", "DescribeDatasetGroup", count=30),),
        before=GROUP,
    ),
    "failed": Case(
        GROUP,
        "The dataset group 'vod-test-datasetgroup-",
        (Fault("fail", "CreateDatasetGroup", message="No capacity."),),
    ),
    "update_failed": Case(
        changed({**trained(), "Campaign": blocks.ranking()["Campaign"]}, "Campaign", MinProvisionedTPS=2),
        "The update of campaign 'vod-test-campaign-",
        (Fault("fail", "UpdateCampaign", message="No capacity."),),
        before={**trained(), "Campaign": blocks.ranking()["Campaign"]},
    ),
    "exists_elsewhere": Case(
        {"Group": named(GROUP["Group"], "mine")},
        "A dataset group 'mine' already exists. This stack did not create it, so it is neither adopted nor changed. "
        "Choose another Name, or leave Name out to have one generated.",
        meanwhile=by_hand("CreateDatasetGroup", name="mine"),
    ),
    "name_used_up": Case(
        {**trained(), "Version": named(blocks.version(Triggers={"TrainingTrigger": "2"}), "second")},
        "The solution version 'second' has been CREATE STOPPED since an earlier deployment. It can neither be "
        "deleted nor run again. Choose another Name, or leave Name out to have one generated.",
        before=trained(),
        meanwhile=stop_training,
    ),
    "place_taken": Case(
        tracker(),
        "The event tracker 'vod-test-eventtracker-",
        before=INTERACTIONS,
        meanwhile=add_tracker,
    ),
    "replacement_loses_data": Case(
        changed(GROUP, "Group", Domain="ECOMMERCE"),
        "Changing Domain would replace the dataset group 'vod-test-datasetgroup-",
        before=GROUP,
    ),
    "removal_loses_data": Case(
        GROUP,
        "Removing ITEMS, USERS from the dataset group 'vod-test-datasetgroup-",
        before=changed(GROUP, "Group", Datasets={"ITEMS": "deleted", "USERS": "deleted", "INTERACTIONS": "retained"}),
    ),
    "name_is_fixed": Case(
        {"Group": changed({"Group": named(GROUP["Group"], "mine")}, "Group", Domain="ECOMMERCE")["Group"]},
        "Changing Domain needs a new dataset group, which cannot be named 'mine' while the old one exists. Change Name "
        "as well, or leave Name out to have one generated.",
        before={"Group": named(GROUP["Group"], "mine")},
    ),
    "one_at_a_time": Case(
        tracked("yours"),
        "Changing Name needs a new event tracker, but the service allows only one for the same DatasetGroupArn. Undo "
        "the change to 'mine', or remove the resource in one deployment and add it again in the next.",
        before=tracked("mine"),
    ),
    "out_of_reach": Case(
        changed(GROUP, "Group", NamePrefix="vod-other_group"),
        "The dataset group 'vod-test-datasetgroup-",
        before=GROUP,
    ),
    "deleted_outside": Case(
        changed(INTERACTIONS, "InteractionsDataset", Tags=[{"Key": "team", "Value": "films"}]),
        "The dataset 'vod-test-dataset-",
        before=INTERACTIONS,
        meanwhile=delete_dataset,
    ),
    "timed_out": Case(
        GROUP,
        "The dataset group 'vod-test-datasetgroup-",
        (Fault("duration", "CreateDatasetGroup", seconds=80 * 60),),
    ),
    "unknown_property": Case(
        changed(GROUP, "Group", Colour="red"),
        "Custom::PersonalizeDatasetGroup has no property Colour. Remove it from the template.",
    ),
    "unknown_member": Case(
        changed({**trained(), "Campaign": blocks.ranking()["Campaign"]}, "Campaign", CampaignConfig={"X": 1}),
        "CampaignConfig has no member X. Remove it from the template.",
    ),
    "wrong_type": Case(
        changed({**trained(), "Campaign": blocks.ranking()["Campaign"]}, "Campaign", MinProvisionedTPS="many"),
        "MinProvisionedTPS must be of type integer, but is 'many'.",
    ),
    "unknown_type": Case(
        {"Job": custom("BatchInferenceJob")},
        "Custom::PersonalizeBatchInferenceJob is not a type of this provider.",
    ),
    "metrics_unreadable": Case(
        gate(SolutionVersionArn="arn:aws:personalize:eu-west-1:000000000000:solution/none/1"),
        "The metrics of the solution version cannot be read: ",
    ),
    "below_minimums": Case(
        gate(Minimums={"coverage": "0", "precision_at_25": "1.0"}),
        "Quality gate: solution version ",
    ),
}
# Errors that never reach CloudFormation, because it no longer waits for an answer: test_races.py meets them.
UNHEARD = {"cancelled"}
# Errors of other regions, of deletions and of changes: test_patience.py, test_blockers.py, test_update.py and
# test_schemas.py meet them; test_handler.py and test_lookup.py the last two.
ELSEWHERE = {"no_service", "caller_unknown", "blocked", "stopped", "cannot_change", "not_served", "not_found"}


def deployed(cloud: VirtualCloud, case: Case) -> Stack:
    case.prepare(cloud)
    if case.before is not None:
        stack = cloud.cloudformation.deploy("app", template(case.before))
        assert stack.status == "CREATE_COMPLETE", stack.reasons
    case.meanwhile(cloud)
    for fault in case.faults:
        cloud.service.faults.add(copy.copy(fault))
    return cloud.cloudformation.deploy("app", template(case.wanted))


@pytest.mark.parametrize("name", CASES)
def test_the_sentence_reaches_cloudformation(cloud: VirtualCloud, name: str) -> None:
    stack = deployed(cloud, CASES[name])
    assert stack.status in ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"), stack.status
    assert stack.reasons[0].startswith(CASES[name].says), stack.reasons


def test_every_error_has_its_case() -> None:
    assert worded() == CASES.keys() | UNHEARD | ELSEWHERE


def test_the_table_of_a_quality_gate_shows_each_metric_with_its_minimum(cloud: VirtualCloud) -> None:
    reason = deployed(cloud, CASES["below_minimums"]).reasons[0]
    header, *rows = reason.splitlines()
    assert header.endswith("is below its minimums, so the campaign stays on the version it has.")
    assert len(rows) == 2
    assert rows[0].startswith("  coverage: ")
    assert rows[0].endswith(", minimum 0.0000")
    assert rows[1].startswith("  precision_at_25: 0.")
    assert rows[1].endswith(", minimum 1.0000  <- below")


def test_a_time_out_within_a_request_says_how_long_it_waited(cloud: VirtualCloud) -> None:
    reason = deployed(cloud, CASES["timed_out"]).reasons[0]
    assert reason.endswith("after 55 min of waiting for it to settle. Try again once it has settled.")
