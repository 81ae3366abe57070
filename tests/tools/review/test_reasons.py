"""Why a change cannot be deployed, and what a reviewer has to read before it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.personalize_provider.resource_type import Effect
from tests.tools.review.support.templates import HEADER, Resources, assembly, ours, ref
from tools.review.diff import compare
from tools.review.rehearsal import Rehearsal, Step
from tools.review.report import refused_review, review_of
from tools.review.review import Review, Verdict
from tools.simulation.assembly import Assembly

UNREHEARSED = Rehearsal(0.0, (), ())


def reviewed(
    before: Resources | Assembly, after: Resources | Assembly, rehearsal: Rehearsal = UNREHEARSED, **more: Any
) -> Review:
    base, head = (each if isinstance(each, Assembly) else assembly(each) for each in (before, after))
    return review_of(HEADER, base, head, compare(base, head), rehearsal, **more)


def topics(review: Review) -> list[str]:
    return [each.topic for each in review.reasons]


def test_nothing_changes() -> None:
    found = reviewed({"F": ours("Filter", FilterExpression="a")}, {"F": ours("Filter", FilterExpression="a")})
    assert (found.verdict, found.reasons) == (Verdict.DEPLOYABLE, ())
    assert found.headline == "Can be deployed. Deploying changes nothing."
    assert found.verdict.status == 0


# -- what the settings take away ---------------------------------------------------------------------------------


def test_what_is_retained_stays_in_the_account() -> None:
    before = {"Group": ours("DatasetGroup"), "Items": ours("Dataset", "RetainExceptOnCreate", DatasetType="ITEMS")}
    found = reviewed(before, {"Group": ours("DatasetGroup")})
    assert topics(found) == ["kept"]
    (change,) = found.stacks[0].changes
    assert change.what == "removed from the stack, but kept in the account by its removal policy"
    assert found.verdict is Verdict.READ_FIRST


@pytest.mark.parametrize("accepts", [False, True])
def test_data_that_is_lost(accepts: bool) -> None:
    datasets = {"ITEMS": "deleted", "USERS": "deleted"}
    group = {"AllowReplacement": accepts}
    before = {"Group": ours("DatasetGroup", Datasets=datasets, **group), "Users": ours("Dataset", DatasetType="USERS")}
    found = reviewed(before, {"Group": ours("DatasetGroup", Datasets={"ITEMS": "deleted"}, **group)})
    assert found.verdict is (Verdict.READ_FIRST if accepts else Verdict.REFUSED)
    assert found.verdict.status == (0 if accepts else 2)
    assert "data is lost" in topics(found)


def test_a_filter_that_is_used_no_more() -> None:
    found = reviewed({"Kids": ours("Filter", FilterExpression="a")}, {})
    assert topics(found) == ["interruption"]
    assert found.reasons[0].text.startswith("Requests that use Kids fail after the deployment")


def test_stacks_that_the_app_no_longer_has() -> None:
    campaign = {"Campaign": ours("Recommender", RecipeArn="r")}
    old, new = (assembly(campaign, stack) for stack in ("vod-dev-ranking", "films-dev-ranking"))
    found = reviewed(old, new, destroy="cdk destroy --all")
    reason = found.reasons[0]
    assert (reason.topic, reason.command) == ("stacks left behind", "cdk destroy --all")
    assert "vod-dev-ranking" in reason.text
    assert [(each.name, each.what) for each in found.stacks] == [
        ("films-dev-ranking", "created"),
        ("vod-dev-ranking", "not touched: it has left the app, so it stays and bills"),
    ]
    assert compare(old, new).stopped == []
    assert found.money.goes_up, "both are billed"


def test_a_name_prefix_that_the_role_no_longer_reaches() -> None:
    before, after = ({"F": ours("Filter", NamePrefix=prefix)} for prefix in ("vod-dev_f", "films-dev_f"))
    found = reviewed(before, after)
    assert found.verdict is Verdict.REFUSED
    assert "F is refused: its name begins with 'vod-dev_', and the provider's role would reach only" in found.headline
    within = compare(*(assembly({"F": ours("Filter", NamePrefix=each)}) for each in ("vod-dev_f", "vod-dev_g")))
    assert [each.effect for each in within.changes] == [Effect.NOTHING]


# -- columns and trainings ---------------------------------------------------------------------------------------


def items(*columns: str) -> Resources:
    fields = [{"name": name, "type": ["null", "string"]} for name in ("ITEM_ID", *columns)]
    schema = json.dumps({"type": "record", "name": "Items", "fields": fields, "version": "1.0"})
    return {
        "Schema": ours("Schema", Schema=schema),
        "Items": ours("Dataset", DatasetType="ITEMS", SchemaArn=ref("Schema", "SchemaArn")),
    }


def recommender(recipe: str = "r", **training: Any) -> Resources:
    return {"R": ours("Recommender", RecipeArn=recipe, RecommenderConfig={"TrainingDataConfig": training})}


@pytest.mark.parametrize(
    ("before", "after", "is_said"),
    [
        (recommender(), recommender(), True),
        (recommender(), recommender(IncludedDatasetColumns={"ITEMS": ["MOOD"]}), False),
        # A new recommender trains on all columns that there are.
        (recommender(), recommender("another"), False),
        (recommender(), recommender("another", ExcludedDatasetColumns={"ITEMS": ["MOOD"]}), True),
    ],
)
def test_columns_that_nothing_trains_on(before: Resources, after: Resources, is_said: bool) -> None:
    found = reviewed({**items(), **before}, {**items("MOOD"), **after})
    assert ("columns nothing trains on" in topics(found)) is is_said


@pytest.mark.parametrize(("before", "after", "is_said"), [({}, False, True), ({"Active": False}, True, False)])
def test_a_recommender_that_is_stopped(before: dict[str, bool], after: bool, is_said: bool) -> None:
    found = reviewed(
        {"R": ours("Recommender", RecipeArn="r", **before)}, {"R": ours("Recommender", RecipeArn="r", Active=after)}
    )
    assert ("interruption" in topics(found)) is is_said


def ranking(follow: bool, automatic: bool, trigger: str = "1", gate: bool = False) -> Resources:
    version = ref("Gate" if gate else "Version", "SolutionVersionArn")
    resources = {
        "Solution": ours("Solution", RecipeArn="r", PerformAutoTraining=automatic),
        "Version": ours("SolutionVersion", SolutionArn=ref("Solution", "SolutionArn"), Triggers={"t": trigger}),
        "Campaign": ours(
            "Campaign", SolutionVersionArn=version, CampaignConfig={"SyncWithLatestSolutionVersion": follow}
        ),
    }
    minimums = {"Minimums": {"coverage": "0.1"}, "SolutionVersionArn": ref("Version", "SolutionVersionArn")}
    return {**resources, "Gate": ours("QualityGate", **minimums)} if gate else resources


@pytest.mark.parametrize(
    ("follow", "automatic", "is_said"), [(False, True, True), (True, True, False), (False, False, False)]
)
def test_automatic_trainings_that_nothing_serves(follow: bool, automatic: bool, is_said: bool) -> None:
    found = reviewed({}, ranking(follow, automatic))
    assert ("trainings nothing serves" in topics(found)) is is_said


def test_a_version_that_no_campaign_serves() -> None:
    resources = ranking(follow=False, automatic=False)
    del resources["Campaign"]
    (reason,) = (each for each in reviewed({}, resources).reasons if each.topic == "trainings nothing serves")
    assert reason.text == "No campaign serves what Version trains."


def test_a_quality_gate_that_could_fail() -> None:
    before, after = (ranking(False, False, trigger, gate=True) for trigger in ("1", "2"))
    assert "quality gate" not in topics(reviewed(before, before))
    (reason,) = (each for each in reviewed(before, after).reasons if each.topic == "quality gate")
    assert reason.text == (
        "Gate judges the new version by its metrics, which only your data decides: coverage of at least 0.1. If it "
        "fails, the stack rolls back, after the training has been paid for; the campaign keeps what it serves."
    )
    (first,) = (each for each in reviewed({}, after).reasons if each.topic == "quality gate")
    assert first.text.endswith("after the training has been paid for.")


# -- the rehearsal, and errors of synth --------------------------------------------------------------------------


def test_a_refusal_in_rehearsal_decides() -> None:
    found = reviewed({}, {}, Rehearsal(60.0, (), ("It said no.",), ("It said no.",)))
    assert found.headline == "Cannot be deployed: The provider refused it in the rehearsal: It said no."
    assert found.verdict.status == 2


def test_what_could_not_be_rehearsed_is_not_known() -> None:
    found = reviewed({}, {}, Rehearsal(60.0, (), ("It said no.",), earlier=("There is no data.",)))
    assert topics(found) == ["not rehearsed"]
    assert found.reasons[0].text.endswith("There is no data.")


def test_what_cdk_deploy_refuses_cannot_be_deployed() -> None:
    found = reviewed({}, {}, errors=("Write the name of your bucket.",))
    assert found.headline == "Cannot be deployed: Write the name of your bucket."


def test_settings_that_cannot_be_synthesized() -> None:
    found = refused_review(HEADER, "filters.a: no.\nfilters.b: no.\n")
    assert (found.verdict.status, [each.text for each in found.reasons]) == (2, ["filters.a: no.", "filters.b: no."])
    assert found.headline == "Cannot be deployed: filters.a: no. filters.b: no."


def test_a_long_deployment_is_said() -> None:
    step = Step("app", "V", "SolutionVersion", 0.0, 7200.0)
    assert topics(reviewed({}, {}, Rehearsal(7200.0, (step,), ()))) == ["time"]
