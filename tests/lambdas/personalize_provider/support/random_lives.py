"""Random lives of a whole dataset group: what can be asked for, what can go wrong, and what has to hold."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from lambdas.personalize_provider.memento import is_memento
from lambdas.personalize_provider.merge import covers
from lambdas.personalize_provider.names import create_only
from lambdas.personalize_provider.ownership import LOGICAL_TAG, STACK_TAG
from lambdas.personalize_provider.resource_type import words
from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import Resources, after_data, chain, custom, template
from tools.emulator import Durations, Fault
from tools.emulator.behaviour import Behaviour
from tools.emulator.quotas import Quotas
from tools.simulation.cloud import VirtualCloud
from tools.simulation.conditions import IDEAL, Conditions
from tools.simulation.framework import Event, Response
from tools.simulation.stacks import Stack

APP = "app"
# Each version of the data is somewhere else, so that what a dataset holds tells which one it is.
DATA = {kind: {n: f"{blocks.BUCKET}/{n}/{kind.lower()}.csv" for n in (1, 2, 3)} for kind in ("Interactions", "Items")}
# What a refresh adds.
NEWER = f"{blocks.BUCKET}/newer/interactions.csv"
LONGER = f"{blocks.BUCKET}/longer/items.csv"
MINUTE, HOUR = 60.0, 3600.0
AT_REST = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
# What CloudFormation gives a request, which the framework's own time-out is not to use up.
# How often a deletion that faults prevented is repeated: what the first one of a creation has to outlast may take
# hours if its own request failed, so that no links wait for it.
ATTEMPTS = 4
# A deletion that nothing but somebody else can make possible fails within a minute, and what it takes to notice.
LONGEST_REFUSAL = 2 * MINUTE
BY_HAND = "made-by-hand"
THEIRS = "vod-test-datasetgroup-0123456789"
REFRESH = "vod-test_refresh-"
LONGEST_REQUEST = HOUR


@dataclass(frozen=True)
class Wish:
    """What a template asks for."""

    tags: str = ""
    tps: int = 1
    recommender_tps: int = 1
    recommender_recipe: str = "aws-vod-top-picks"
    is_recommender_active: bool = True
    excludes_genres: bool = False
    filter: str = "Watch"
    has_filter: bool = True
    has_tracker: bool = True
    has_recommender: bool = True
    has_ranking: bool = True
    has_longer_schema: bool = False
    data_version: int = 1
    training_trigger: int = 1
    ranking_recipe: str = "aws-personalized-ranking"
    trains_every: int | None = None
    domain: str = blocks.VOD
    # What becomes of a dataset group that somebody else has made: nothing, or it is `adopted`, or `released`.
    theirs: str = ""
    # Whether something fails: `early`, while the imports are in flight, or `late`, when nearly everything is there.
    broken: str = ""

    def template(self) -> dict[str, Any]:
        """As CloudFormation takes it."""
        resources = {**self._data(), **self._serving(), **self._ranking(), **self._theirs()}
        if self.broken:
            late = [key for key in ("RecommenderSettled", "Campaign", "Filter") if key in resources]
            bad = custom("Schema", Schema="not a schema", Domain=blocks.VOD)
            resources["Broken"] = {**bad, "DependsOn": late[:1] if self.broken == "late" else ["InteractionsDataset"]}
        return template(resources, {"team": self.tags} if self.tags else None)

    def _data(self) -> Resources:
        resources = {**copy.deepcopy(blocks.group()), **blocks.data(str(self.data_version))}
        resources["Group"]["Properties"]["Domain"] = self.domain
        for kind, locations in DATA.items():
            source = {"DataLocation": locations[self.data_version]}
            resources[f"{kind}Import"]["Properties"]["DataSource"] = source
        if self.has_longer_schema:
            longer = blocks.schema("Items", [{"name": "DIRECTOR", "type": ["null", "string"]}])
            resources["ItemsSchema"]["Properties"]["Schema"] = longer
            resources["ItemsImport"]["Properties"]["DataSource"] = {"DataLocation": LONGER}
        return resources

    def _theirs(self) -> Resources:
        if not self.theirs:
            return {}
        group = blocks.named(custom("DatasetGroup", Domain=blocks.VOD, Adopt=True), THEIRS)
        if self.theirs == "released":
            group["Properties"]["Release"] = True
        return {"Theirs": {**group, "DeletionPolicy": "RetainExceptOnCreate"}}

    def _serving(self) -> Resources:
        resources = copy.deepcopy(blocks.serving())
        resources["Filter"]["Properties"]["FilterExpression"] = (
            f'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("{self.filter}")'
        )
        recommender = resources["Recommender"]["Properties"]
        recommender["RecipeArn"] = f"{blocks.RECIPE}/{self.recommender_recipe}"
        excluded = {"ITEMS": ["GENRES"]} if self.excludes_genres else {}
        recommender["RecommenderConfig"] = {
            "MinRecommendationRequestsPerSecond": self.recommender_tps,
            "TrainingDataConfig": {"ExcludedDatasetColumns": excluded},
        }
        if not self.is_recommender_active:
            recommender["Active"] = "false"
        resources |= chain("Recommender", "Recommender", links=3)
        wanted = {"Filter": self.has_filter, "Tracker": self.has_tracker, "Recommender": self.has_recommender}
        absent = tuple(name for name, is_there in wanted.items() if not is_there)
        left = {"RecommenderLink4", "RecommenderDeletion3", "RecommenderDeletion4", "RecommenderLink3"}
        return {key: each for key, each in resources.items() if not key.startswith(absent or "-") and key not in left}

    def _ranking(self) -> Resources:
        if not self.has_ranking:
            return {}
        resources = copy.deepcopy(blocks.ranking())
        solution = resources["Solution"]["Properties"]
        solution["RecipeArn"] = f"{blocks.RECIPE}/{self.ranking_recipe}"
        if self.trains_every:
            rate = f"rate({self.trains_every} days)"
            solution["PerformAutoTraining"] = True
            solution["SolutionUpdateConfig"] = {"AutoTrainingConfig": {"SchedulingExpression": rate}}
        triggers = {"TrainingTrigger": str(self.training_trigger), "Data": str(self.data_version)}
        resources["Version"] = after_data(blocks.version(Triggers=triggers))
        resources["Campaign"]["Properties"]["MinProvisionedTPS"] = self.tps
        return resources


@dataclass(frozen=True)
class Mishap:
    """Something that goes wrong with the functions or the deliveries of requests.

    Attributes:
        kind: `killed_before` and `killed_after` end an invocation before or after its work; `twice` delivers a
            request again.
        number: which invocation, or which request, counted from the step's beginning.
        delay: seconds until the second delivery.
    """

    kind: str
    number: int
    delay: float = 0.0


@dataclass(frozen=True)
class Account:
    """What nobody knows of the real services before, and what differs from account to account.

    Attributes:
        conditions: time, limits and propagation.
        pending: how many imports, and how many versions, may be pending or in progress at once.
        reports_new_id: see CloudFormation.
        refuses_unchanged: see Behaviour.
        updates_inactive: see Behaviour.
        stopping: how long a training takes to be stopped, in seconds.
    """

    conditions: Conditions = IDEAL
    pending: int = 5
    reports_new_id: bool = False
    refuses_unchanged: bool = False
    updates_inactive: bool = False
    stopping: float = MINUTE


class Life:
    """A stack of a whole dataset group from its beginning to its end, with what has to hold all the time."""

    def __init__(self, account: Account | None = None) -> None:
        """Open an account in which others have resources too."""
        account = account or Account()
        self.cloud = VirtualCloud(
            service_options={
                "durations": Durations(create_recommender=2 * HOUR, stop_solution_version=account.stopping),
                "quotas": Quotas(
                    pending_dataset_import_jobs=account.pending, pending_solution_versions=account.pending
                ),
                "behaviour": Behaviour(account.refuses_unchanged, account.updates_inactive),
            },
            cloudformation_options={"failed_update_reports_new_id": account.reports_new_id},
            around=self._invoke,
            conditions=account.conditions,
        )
        self._put_data()
        self._mishaps: list[Mishap] = []
        self._invocations = self._requests = 0
        self._request = self.cloud.framework.request
        self.cloud.cloudformation._request = self._deliver
        self.deployed: Wish | None = None
        self.is_tampered = False
        # The version that a refresh has made the campaign serve, and whether a deployment has trained since.
        self._refreshed = ""
        self._has_trained = False
        self._refreshes = 0
        # Whether somebody has stopped the recommender, whatever the template says.
        self._is_stopped = False
        self._slow_refusals: list[str] = []
        self._foreign = self._make_foreign()

    def _put_data(self) -> None:
        objects = self.cloud.objects
        blocks.put_data(self.cloud)
        for kind, locations in DATA.items():
            rows = objects.objects[f"{blocks.BUCKET}/{kind.lower()}.csv"].decode()
            for location in locations.values():
                objects.put(location, rows)
        header, *events = objects.objects[f"{blocks.BUCKET}/interactions.csv"].decode().splitlines()
        objects.put(NEWER, "\n".join([header, *events[:20]]) + "\n")
        header, *items = objects.objects[f"{blocks.BUCKET}/items.csv"].decode().splitlines()
        objects.put(LONGER, "\n".join([f"{header},DIRECTOR", *(f"{row},Varda" for row in items)]) + "\n")

    # -- what happens --------------------------------------------------------------------------------------

    @property
    def stack(self) -> Stack | None:
        """The stack, if it is there."""
        return self.cloud.cloudformation.stacks.get(APP)

    @property
    def has_grown(self) -> bool:
        """Whether the items have the longer schema, which the service keeps whatever a rollback wants."""
        dataset = self._arn("Dataset", "ItemsDataset")
        if not dataset or self.is_tampered:
            return False
        schema = self._call("DescribeDataset", datasetArn=dataset)["dataset"]["schemaArn"]
        return "DIRECTOR" in self._call("DescribeSchema", schemaArn=schema)["schema"]["schema"]

    def deploy(
        self,
        wish: Wish,
        faults: list[Fault],
        mishaps: list[Mishap],
        tampering: tuple[str, float] | None = None,
        cancel_after: float | None = None,
    ) -> Stack:
        """Deploy, with what goes wrong, and check what has to hold afterwards."""
        tags = self._tags_of_theirs()
        self._begin_step(faults, mishaps)
        if tampering:
            self.cloud.time.spawn(lambda: self.tamper(tampering[0]), tampering[1])
        known = len(self.stack.events) if self.stack else 0
        stack = self.cloud.cloudformation.begin_deploy(APP, wish.template())
        if cancel_after is not None:
            self.cloud.time.spawn(self._cancel, cancel_after)
        self.cloud.time.run()
        self._end_step()
        self._note_trainings(stack, known)
        assert stack.status.endswith(("_COMPLETE", "_FAILED")), stack.status
        if stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            self.deployed = wish
        self.check_reasons(stack)
        # A rollback waits for most of an hour only; what the service was told takes effect all the same.
        self.cloud.time.sleep(4 * HOUR)
        self.check_service(stack)
        self._check_recommender(stack)
        if not mishaps:
            self._check_theirs(stack, wish, tags)
        return stack

    def _tags_of_theirs(self) -> dict[str, str]:
        """Tags of the dataset group that somebody else has made, without what it remembers."""
        return {key: value for key, value in self.cloud.api.tags(self._theirs).items() if not is_memento(key)}

    def _check_theirs(self, stack: Stack, wish: Wish, before: dict[str, str]) -> None:
        """It is ours as long as the template adopts it, and as it was after a rollback."""
        tags = self._tags_of_theirs()
        assert tags["owner"] == "somebody"
        if stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            assert not wish.theirs or (tags.get(STACK_TAG) == stack.stack_id) is (wish.theirs == "adopted"), tags
        elif stack.status in ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
            is_cut_short = any(event.status == "DELETE_FAILED" for event in stack.events)
            # What was kept, and is added again only to be released, is nobody's whatever becomes of that deployment.
            is_new = not self.deployed or not self.deployed.theirs
            given_up = {key: value for key, value in before.items() if key not in (STACK_TAG, LOGICAL_TAG)}
            is_given_up = wish.theirs == "released" and is_new and tags == given_up
            assert is_cut_short or tags == before or is_given_up, (tags, before)

    def _check_recommender(self, stack: Stack) -> None:
        """It serves, or is stopped, as the template says."""
        if self.is_tampered or stack.status not in AT_REST or "Recommender" not in stack.resources:
            return
        found, said = self._status_of(self._arn("Recommender")), stack.resources["Recommender"].properties
        is_on = said.get("Active", "true") == "true" and not self._is_stopped
        wanted = "ACTIVE" if is_on else "INACTIVE"
        # A rollback that has to train for long may leave it running (docs/decisions/0033).
        assert found == wanted or (found == "ACTIVE" and stack.status == "UPDATE_ROLLBACK_COMPLETE"), (found, wanted)

    def delete(self, faults: list[Fault], mishaps: list[Mishap]) -> None:
        """Delete the stack; what a fault prevented, a second deletion has to reach."""
        if self.stack is None:
            self.check_nothing_left()
            return
        self._begin_step(faults, mishaps)
        known = len(self.stack.reasons)
        stack = self.cloud.cloudformation.delete(APP)
        self._end_step()
        self.check_reasons(stack)
        for _ in range(ATTEMPTS):
            if stack.status != "DELETE_FAILED":
                break
            new = stack.reasons[known:]
            assert faults or mishaps or self.is_tampered or all(" is still " in reason for reason in new), new
            self.cloud.cloudformation.delete(APP)
        assert self.stack is None, stack.reasons
        self.deployed = None
        self.check_nothing_left()

    def delete_in_flight(self, wish: Wish, after: float) -> None:
        """Delete the stack while it is being created."""
        stack = self.cloud.cloudformation.begin_deploy(APP, wish.template())
        self.cloud.time.run(until=self.cloud.time.time() + after)
        if stack.status == "CREATE_IN_PROGRESS":
            self.cloud.cloudformation.begin_delete(APP)
        self.cloud.time.run()
        if self.stack is not None:
            self.cloud.cloudformation.delete(APP)
        assert self.stack is None, stack.reasons
        self.check_nothing_left()

    def begin_refresh(self, mode: str) -> str:
        """A refresh begins to import and to train; the service may be too busy for it.

        Args:
            mode: how it imports; empty: no refresh begins.

        Returns:
            ARN of the version in training; empty if there is none.
        """
        dataset, solution = self._arn("Dataset", "InteractionsDataset"), self._arn("Solution")
        if not mode or self.is_tampered or not dataset:
            return ""
        self._refreshes += 1
        name = f"{REFRESH}{self._refreshes}"
        source = {"dataLocation": NEWER if mode == "INCREMENTAL" else DATA["Interactions"][1]}
        more = {"dataSource": source, "roleArn": blocks.ROLE, "importMode": mode}
        with suppress(ClientError):
            self._call("CreateDatasetImportJob", jobName=name, datasetArn=dataset, **more)
            if solution:
                version = self._call("CreateSolutionVersion", name=name, solutionArn=solution)
                return str(version["solutionVersionArn"])
        return ""

    def refresh(self, mode: str) -> None:
        """A refresh imports, trains, and lets the campaign serve the version."""
        campaign, version = self._arn("Campaign"), self.begin_refresh(mode)
        self.cloud.time.sleep(3 * HOUR)
        if not campaign or not version:
            return
        self._call("UpdateCampaign", campaignArn=campaign, solutionVersionArn=version)
        self.cloud.time.sleep(HOUR)
        self._refreshed, self._has_trained = version, False

    def stop_and_change(self, wish: Wish) -> None:
        """Somebody stops the recommender; a deployment that changes nothing else leaves it stopped."""
        recommender = self._arn("Recommender")
        if (
            self.is_tampered
            or not recommender
            or not wish.is_recommender_active
            or self._status_of(recommender) != "ACTIVE"
        ):
            return
        self._call("StopRecommender", recommenderArn=recommender)
        self.cloud.time.sleep(HOUR)
        self._is_stopped = True
        stack = self.deploy(wish, [], [])
        self._is_stopped = False
        assert stack.status == "UPDATE_COMPLETE", stack.reasons
        if self._arn("Recommender") == recommender:
            assert self._status_of(recommender) == "INACTIVE"
            self._call("StartRecommender", recommenderArn=recommender)
            self.cloud.time.sleep(HOUR)

    def _status_of(self, recommender: str) -> str:
        return str(self._call("DescribeRecommender", recommenderArn=recommender)["recommender"]["status"])

    def delete_built_on(self, kind: str) -> None:
        """Somebody has built on ours: the deletion names it at once, and succeeds when it is gone."""
        if self.is_tampered or self.stack is None or self.stack.status not in AT_REST:
            return
        arn = self._build(kind)
        if not arn:
            return
        known, self._slow_refusals = len(self.stack.reasons), []
        stack = self.cloud.cloudformation.delete(APP)
        assert stack.status == "DELETE_FAILED"
        assert any(BY_HAND in reason for reason in stack.reasons[known:]), stack.reasons[known:]
        assert self._slow_refusals == []
        self._call(f"Delete{kind}", **{RESOURCES[kind].arn_member: arn})
        self.cloud.time.sleep(HOUR)
        self.delete([], [])

    def _build(self, kind: str) -> str:
        """Make something of that name on ours; empty if there is nothing to build it on."""
        group, version = self._arn("DatasetGroup", "Group"), self._arn("SolutionVersion", "Version")
        members_of: dict[str, dict[str, Any]] = {
            "Filter": {"datasetGroupArn": group, "filterExpression": 'INCLUDE ItemID WHERE Items.GENRES IN ("War")'},
            "Recommender": {"datasetGroupArn": group, "recipeArn": f"{blocks.RECIPE}/aws-vod-most-popular"},
            "EventTracker": {"datasetGroupArn": group},
            "Campaign": {"solutionVersionArn": version, "minProvisionedTPS": 1},
        }
        members = members_of[kind]
        has_tracker = kind == "EventTracker" and self._arn("EventTracker", "Tracker")
        if not group or not all(members.values()) or has_tracker:
            return ""
        made = self._call(f"Create{kind}", name=BY_HAND, **members)
        self.cloud.time.sleep(3 * HOUR)
        return str(made[RESOURCES[kind].arn_member])

    def _arn(self, noun: str, logical_id: str = "") -> str:
        """ARN of a resource of the stack; empty if it has none."""
        deployed = self.stack.resources.get(logical_id or noun) if self.stack else None
        return deployed.attributes.get(f"{noun}Arn", "") if deployed else ""

    def _call(self, operation: str, **members: Any) -> dict[str, Any]:
        return self.cloud.api.call(operation, **members)

    def _note_trainings(self, stack: Stack, known: int) -> None:
        """A deployment that has begun to train, or to replace the campaign, has a say in what it serves."""
        touched = {event.logical_id for event in stack.events[known:]}
        self._has_trained = self._has_trained or not touched.isdisjoint({"Version", "Solution"})
        if stack.name not in self.cloud.cloudformation.stacks or "Campaign" not in stack.resources:
            self._refreshed = ""

    def tamper(self, what: str) -> None:
        """Somebody does something by hand; the service may refuse it."""
        self.is_tampered = True
        verb, noun = what.split()
        row = RESOURCES[noun]
        for summary in self.cloud.api.summaries(row, {}):
            arn = summary[row.arn_member]
            if arn in self._foreign:
                continue
            try:
                self.cloud.api.call(
                    f"{verb}{noun}{'Creation' if noun == 'SolutionVersion' else ''}", **{row.arn_member: arn}
                )
            except ClientError:
                continue

    def _cancel(self) -> None:
        stack = self.stack
        if stack and stack.status == "UPDATE_IN_PROGRESS":
            self.cloud.cloudformation.cancel_update(APP)

    # -- what goes wrong -----------------------------------------------------------------------------------

    def _begin_step(self, faults: list[Fault], mishaps: list[Mishap]) -> None:
        for fault in faults:
            self.cloud.service.faults.add(replace(fault))
        self._mishaps, self._invocations, self._requests = mishaps, 0, 0

    def _end_step(self) -> None:
        self.cloud.service.faults.clear()
        self._mishaps = []

    def _meets(self, kind: str, number: int) -> Mishap | None:
        return next((each for each in self._mishaps if each.kind == kind and each.number == number), None)

    def _invoke(self, invoke: Callable[[Event], dict[str, Any]], event: Event) -> dict[str, Any]:
        number, self._invocations = self._invocations, self._invocations + 1
        if self._meets("killed_before", number):
            raise TimeoutError("Task timed out after 180.00 seconds")
        answer = invoke(event)
        if self._meets("killed_after", number):
            raise TimeoutError("Task timed out after 180.00 seconds")
        return answer

    def _deliver(self, event: Event) -> Response:
        number, self._requests = self._requests, self._requests + 1
        twice = self._meets("twice", number)
        status = self._status()
        if twice:
            self.cloud.time.spawn(lambda: self._deliver_again(copy.deepcopy(event), status), twice.delay)
        begun = self.cloud.time.time()
        response = self._request(event)
        seconds = self.cloud.time.time() - begun
        self.check_response(event, response, seconds)
        if not response.succeeded and event["RequestType"] == "Delete" and seconds > LONGEST_REFUSAL:
            self._slow_refusals.append(f"{event['LogicalResourceId']} {seconds}: {response.reason}")
        return response

    def _deliver_again(self, event: Event, status: str) -> None:
        """A second delivery. One that comes when CloudFormation has turned back looks like the way back itself."""
        if self._status() == status or self._status().endswith(("_COMPLETE", "_FAILED")):
            self._request(event)

    def _status(self) -> str:
        return self.stack.status if self.stack else "DELETE_COMPLETE"

    # -- what has to hold ----------------------------------------------------------------------------------

    def check_response(self, event: Event, response: Response, seconds: float) -> None:
        """Every request is answered in time, a failure with a reason, and an id changes only by a replacement."""
        assert seconds <= LONGEST_REQUEST
        if not response.succeeded:
            assert response.reason
            assert response.reason != "Operation timed out"
            return
        assert event["RequestType"] != "Delete" or response.physical_id == event["PhysicalResourceId"]
        noun = event["ResourceType"].removeprefix("Custom::Personalize")
        if event["RequestType"] != "Update" or response.physical_id == event["PhysicalResourceId"]:
            return
        before, after = (
            create_only(RESOURCES[noun], event[each]) for each in ("OldResourceProperties", "ResourceProperties")
        )
        assert before != after

    def check_reasons(self, stack: Stack) -> None:
        """Whatever failed, the stack's events say why."""
        for event in stack.events:
            if event.status.endswith("_FAILED"):
                assert event.reason

    def check_service(self, stack: Stack) -> None:
        """What is at rest is what its template asks for, and there is nothing else of ours."""
        if self.is_tampered or stack.status not in AT_REST:
            return
        inventory = self.cloud.inventory()
        ours = {arn: each for arn, each in inventory.items() if arn not in self._foreign}
        for logical_id, deployed in stack.resources.items():
            noun = deployed.type.removeprefix("Custom::Personalize")
            if noun in RESOURCES and logical_id != "Theirs":
                description = ours[deployed.attributes[f"{noun}Arn"]]
                assert self._is_as_asked(noun, deployed.properties, description), (logical_id, description)
        self._check_data(stack, inventory)
        for noun, row in RESOURCES.items():
            if row.deletable and not any(event.status == "DELETE_FAILED" for event in stack.events):
                type_ = f"Custom::Personalize{noun}"
                known = [each for key, each in stack.resources.items() if each.type == type_ and key != "Theirs"]
                there = [arn for arn in ours if f":{_path(noun)}/" in arn and arn.count("/") == _slashes(noun)]
                # A schema that a rollback could not take away from its dataset.
                kept = {each.get("schemaArn") for each in ours.values() if "datasetArn" in each}
                kept -= {each.attributes.get("SchemaArn") for each in known}
                assert len([arn for arn in there if arn not in kept]) == len(known), (noun, there)

    def _is_as_asked(self, noun: str, properties: Mapping[str, Any], description: dict[str, Any]) -> bool:
        row = RESOURCES[noun]
        asked = {name: properties[name] for name in row.create_only - row.control if name in properties}
        if noun == "Campaign" and self._refreshed:
            served = {self._refreshed, *([properties["SolutionVersionArn"]] if self._has_trained else [])}
            assert description["solutionVersionArn"] in served, (description["solutionVersionArn"], served)
            properties = {**properties, "SolutionVersionArn": description["solutionVersionArn"]}
        wanted = self.cloud.api.request(f"Create{noun}", asked)
        if row.update:
            given = {name: properties[name] for name in row.update.properties if name in properties}
            lists = {name: given.pop(name) for name in row.update.elements if name in given}
            wanted |= self.cloud.api.request(f"Create{noun}", lists)
            wanted |= self.cloud.api.request(row.update.operation, given)
            wanted |= {
                row.update.actual[name]: wanted.pop(name[0].lower() + name[1:])
                for name in row.update.actual
                if name in given
            }
        return covers(description, wanted) or self._cannot_be_as_asked(noun, wanted, description)

    def _cannot_be_as_asked(self, noun: str, wanted: dict[str, Any], description: dict[str, Any]) -> bool:
        """Whether the service does not take back what a rollback should have."""
        update = RESOURCES[noun].update
        if not update or not update.rules:
            return False
        ((prop, rule),) = update.rules.items()
        member, content = (f"{name[0].lower()}{name[1:]}" for name in (prop, rule.content))
        there, asked = (
            (self.cloud.api.describe(RESOURCES[rule.noun], arn) or {})[content]
            for arn in (description[member], wanted.pop(member))
        )
        return bool(rule.refusal(there, asked)) and covers(description, wanted)

    def _check_data(self, stack: Stack, inventory: Mapping[str, dict[str, Any]]) -> None:
        """Each dataset holds the data that its template names, that of the import that succeeded last, and more.

        What a refresh has imported since is newer than the template.
        """
        jobs = [each for each in inventory.values() if "datasetImportJobArn" in each and each["status"] == "ACTIVE"]
        for kind in DATA:
            dataset = stack.resources[f"{kind}Dataset"].attributes["DatasetArn"]
            if inventory[dataset]["schemaArn"] != stack.resources[f"{kind}Dataset"].properties["SchemaArn"]:
                continue  # The schema that a rollback could not take back does not fit the data before.
            ours = [
                self.cloud.api.describe(RESOURCES["DatasetImportJob"], each["datasetImportJobArn"]) for each in jobs
            ]
            held = max(
                (each for each in ours if each and each["datasetArn"] == dataset and not _is_refreshed(each)),
                key=lambda job: job["lastUpdatedDateTime"],
            )
            wanted = stack.resources[f"{kind}Import"].properties["DataSource"]["DataLocation"]
            assert held["dataSource"]["dataLocation"] == wanted, (kind, held, wanted)

    def check_nothing_left(self) -> None:
        """Nothing of ours is there, and everything of others is as it was."""
        inventory = self.cloud.inventory()
        assert inventory.keys() - self._foreign.keys() == set()
        assert inventory == self._foreign

    def _make_foreign(self) -> dict[str, dict[str, Any]]:
        """Resources that look like ours and are not."""
        call = self.cloud.api.call
        tags = [{"tagKey": "owner", "tagValue": "somebody"}, {"tagKey": "team", "tagValue": "theirs"}]
        group = call("CreateDatasetGroup", name=THEIRS, domain=blocks.VOD, tags=tags)
        self._theirs = str(group["datasetGroupArn"])
        self.cloud.time.sleep(HOUR)
        schema = call(
            "CreateSchema", name="vod-test-schema-0123456789", schema=blocks.schema("Interactions"), domain=blocks.VOD
        )
        call(
            "CreateDataset",
            name="vod-test-dataset-0123456789",
            schemaArn=schema["schemaArn"],
            datasetGroupArn=group["datasetGroupArn"],
            datasetType="INTERACTIONS",
        )
        self.cloud.time.sleep(HOUR)
        return self.cloud.inventory()


def _is_refreshed(job: Mapping[str, Any]) -> bool:
    return str(job["jobName"]).startswith(REFRESH)


def _path(noun: str) -> str:
    """Type in an ARN; versions and jobs are not counted."""
    return words(noun).replace(" ", "-")


def _slashes(noun: str) -> int:
    return 2 if noun == "Dataset" else 1
