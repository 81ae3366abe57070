"""The provider's policies, enforced while an app adopts: every adopted name in them is needed, no other is reached."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from lambdas.personalize_provider.ownership import LOGICAL_TAG, STACK_TAG
from lambdas.personalize_provider.resources import RESOURCES
from tests.support.assemblies import must
from tests.support.every_construct import DATA, Choices, every_construct
from tests.support.iam import POLICIES, Iam, Statement, account, permits
from tools.simulation.assembly import Assembly
from tools.simulation.cloud import VirtualCloud

pytestmark = pytest.mark.unmeasured

HOUR = 3600.0
ADOPTING = Choices(adopts=True)
_OF_OURS = "films-"
_OLD = "old-"


@dataclass
class Life:
    """What an account saw: what somebody had left in it, and what an app did with that.

    Attributes:
        cloud: the account.
        iam: what judged the provider's calls.
        left: what there was before, by ARN.
        left_tags: its tags.
    """

    cloud: VirtualCloud
    iam: Iam
    left: dict[str, Any] = field(default_factory=dict)
    left_tags: dict[str, dict[str, str]] = field(default_factory=dict)

    def inventory(self) -> dict[str, Any]:
        with self.iam.looking_away():
            return self.cloud.inventory()

    def tags(self) -> dict[str, dict[str, str]]:
        """By ARN, of all that can have some."""
        with self.iam.looking_away():
            untaggable = (":schema/", ":metric-attribution/")
            return {arn: self.cloud.api.tags(arn) for arn in self.left if not any(each in arn for each in untaggable)}


def left_behind(assembly: Assembly) -> Assembly:
    """The same resources under the same names, made by stacks with other names that leave them when they go."""
    templates = {}
    for name, template in copy.deepcopy(dict(assembly.templates)).items():
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            if not properties.pop("Adopt", None):
                continue
            resource["DeletionPolicy"] = resource["UpdateReplacePolicy"] = "Retain"
            if "MetricsOutputConfig" in properties:
                # A metric attribution has no tags, so it is adopted only as it is, with its role.
                role = properties["MetricsOutputConfig"]["RoleArn"]["Fn::GetAtt"][0]
                properties["MetricsOutputConfig"]["RoleArn"] = f"arn:aws:iam::000000000000:role/{DATA}-{role}"
        templates[f"{_OLD}{name}"] = template
    return Assembly(templates, {f"{_OLD}{key}": frozenset(map(_OLD.__add__, of)) for key, of in assembly.needs.items()})


@pytest.fixture(scope="module")
def adopting(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return every_construct(tmp_path_factory.mktemp("adopting"), ADOPTING)


@pytest.fixture
def life(adopting: Assembly, files: Path) -> Life:
    """An account in which other stacks have left everything that the app adopts, with their tags."""
    life = Life(VirtualCloud(), Iam(DATA))
    life.cloud = account(files, life.iam)
    with life.iam.looking_away():
        old = left_behind(adopting)
        must(old, life.cloud, "CREATE_COMPLETE")
        old.destroy(life.cloud)
        # The role reaches no tracker with the tag of another app (docs/security.md), so somebody has removed it.
        for tracker in life.cloud.personalize.list_event_trackers()["eventTrackers"]:
            life.cloud.api.call(
                "UntagResource", resourceArn=tracker["eventTrackerArn"], tagKeys=[STACK_TAG, LOGICAL_TAG]
            )
    life.cloud.time.sleep(8 * HOUR)
    life.left = life.inventory()
    life.left_tags = life.tags()
    assert len(life.left) == 14
    return life


def adopted_arns(statement: Statement) -> set[str]:
    """ARNs of a statement that adoption has added."""
    resources = statement["Resource"]
    found = [resources] if isinstance(resources, str) else resources
    return {each for each in found if _OF_OURS in str(each)}


def test_every_adopted_name_of_every_statement_is_needed(
    life: Life, adopting: Assembly, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A life in which everything happens: adopted, changed, trained again, deleted by hand, made again, destroyed."""

    def app(choices: Choices) -> Assembly:
        return every_construct(tmp_path_factory.mktemp("app"), choices)

    must(adopting, life.cloud, "CREATE_COMPLETE")
    assert life.inventory().keys() == life.left.keys()
    statements = life.iam.statements()
    changed = replace(ADOPTING, tags={"team": "films"}, throughput=2, training_trigger="2")
    must(app(changed), life.cloud, "UPDATE_COMPLETE")
    changed = replace(changed, tags={"team": "series"})
    must(app(changed), life.cloud, "UPDATE_COMPLETE")
    with life.iam.looking_away():
        delete_everything(life.cloud)
    must(app(replace(changed, repairs="1")), life.cloud, "UPDATE_COMPLETE")
    unused = {
        f"{arn} in the statement of {statement['Action']}"
        for statement in statements
        for arn in adopted_arns(statement)
        if not any(permits([{**statement, "Resource": arn}], *asked, {}) for asked in life.iam.asked)
    }
    # Its own ARN is that of the solution, and no source says whether IAM checks that of the version too.
    creating = {each for each in unused if "films-ranking/*" in each and "CreateSolutionVersion" in each}
    assert unused == creating
    assert len(creating) == 1


def delete_everything(cloud: VirtualCloud) -> None:
    """By hand, what others need last."""
    for noun in ("Campaign", "Recommender", "Solution", "Filter", "MetricAttribution", "EventTracker", "Dataset"):
        delete_all(cloud, noun)
    for noun in ("Schema", "DatasetGroup"):
        delete_all(cloud, noun)


def delete_all(cloud: VirtualCloud, noun: str) -> None:
    row = RESOURCES[noun]
    for summary in list(cloud.api.summaries(row, {})):
        cloud.api.call(f"Delete{noun}", **{row.arn_member: summary[row.arn_member]})
    cloud.time.sleep(HOUR)


def less(assembly: Assembly, path: str) -> Assembly:
    """An app whose policies lack an adopted ARN."""
    templates = copy.deepcopy(dict(assembly.templates))
    for resource in templates[DATA]["Resources"].values():
        if resource["Type"] not in POLICIES:
            continue
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
            if isinstance(statement["Resource"], list):
                statement["Resource"] = [each for each in statement["Resource"] if f":{path}'" not in str(each)]
    return Assembly(templates, assembly.needs)


def test_nothing_is_adopted_under_a_name_that_the_policy_does_not_have(life: Life, adopting: Assembly) -> None:
    """And what was adopted before that is given back as it was."""
    stack = less(adopting, "filter/films-filter").deploy(life.cloud)[DATA]
    assert stack.status == "ROLLBACK_COMPLETE"
    denied = [re.search(r"may not perform (\S+) on \S+:(\S+)\. ", reason) for reason in stack.reasons]
    assert {each.groups() for each in denied if each} == {("personalize:DescribeFilter", "filter/films-filter")}
    assert (life.inventory(), life.tags()) == (life.left, life.left_tags)


def test_what_leaves_the_template_is_deleted_though_its_policy_goes_first(
    life: Life, adopting: Assembly, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """CloudFormation updates the policies, and then deletes what is no longer in the template."""
    must(adopting, life.cloud, "CREATE_COMPLETE")
    less = every_construct(tmp_path_factory.mktemp("less"), replace(ADOPTING, leaves_out=("Filter",)))
    life.cloud.time.sleep(HOUR)
    must(less, life.cloud, "UPDATE_COMPLETE")
    assert [arn for arn in life.left if arn not in life.inventory()] == [arn for arn in life.left if ":filter/" in arn]
