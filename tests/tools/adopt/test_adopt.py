"""`make adopt`: what it writes for groups made by hand, what it leaves alone and why, and what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from stacks.settings import Settings, load_settings
from tests.tools.adopt.support.by_hand import (
    ROWS,
    STACK,
    UNWATCHED,
    Stacks,
    adopted,
    everything_by_hand,
    group_by_hand,
    ranking_by_hand,
    solution_for_users,
)
from tests.tools.emulator.support.account import Account
from tools.adopt import __main__ as command
from tools.adopt.found import NotAdoptableError
from tools.adopt.report import Report, as_markdown, show
from tools.checkout import CHECKOUT
from tools.deployed import Account as Reached

OWNED = [{"tagKey": "cloudformation:stack-id", "tagValue": STACK}]


@pytest.fixture(scope="module")
def films() -> Account:
    """A group in which nothing is as the service has it by default; nobody changes it."""
    account = Account()
    everything_by_hand(account)
    solution_for_users(account)
    return account


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config")


@pytest.fixture(scope="module")
def report(films: Account, folder: Path) -> Report:
    return adopted(films, folder)


@pytest.fixture
def small(account: Account) -> Account:
    """A group with its datasets."""
    group_by_hand(account)
    return account


@pytest.fixture
def account() -> Account:
    return Account()


def settings_in(folder: Path) -> Settings:
    return load_settings("films", folder)


def settings_of(account: Account, folder: Path) -> Settings:
    adopted(account, folder)
    return settings_in(folder)


def refusal(account: Account, folder: Path, *arguments: str) -> str:
    with pytest.raises(NotAdoptableError) as caught:
        adopted(account, folder, *arguments)
    assert not list(folder.glob("*.yaml"))
    return str(caught.value)


def taken(report: Report) -> list[str]:
    return [each.found.name for each in report.plan.taken]


def left(report: Report) -> dict[str, tuple[str, str]]:
    """By name, why something is left alone, and what to do instead."""
    return {each.found.name: (each.why, each.instead) for each in report.plan.left}


def tag(account: Account, arn: str, tags: list[dict[str, str]]) -> None:
    account.personalize.tag_resource(resourceArn=arn, tags=tags)


def printed(report: Report) -> str:
    console = Console(width=400)
    with console.capture() as captured:
        show(report, console)
    return captured.get()


# -- what is written ---------------------------------------------------------------------------------------------


def test_every_member_is_written_as_it_is(report: Report, folder: Path) -> None:
    found = settings_in(folder)
    assert (found.account, found.region) == ("000000000000", "eu-west-1")
    assert (found.dataset_group.name, found.dataset_group.adopt) == ("films", True)
    top_picks, more_like = found.recommenders["films_top_picks"], found.recommenders["films_more_like"]
    assert top_picks.name == "films-TopPicks"
    assert top_picks.min_recommendation_requests_per_second == 2
    assert top_picks.enable_metadata_with_recommendations
    assert top_picks.item_exploration_config
    assert top_picks.item_exploration_config.exploration_weight == 0.5
    assert top_picks.item_exploration_config.exploration_item_age_cut_off == 14
    assert top_picks.excluded_dataset_columns == {"items": ["PRICE"]}
    assert (top_picks.active, more_like.active) == (True, False)
    assert found.event_tracker
    assert found.event_tracker.name == "films-tracker"
    assert found.filters["filter_2genres"].expression == "INCLUDE ItemID\n  WHERE Items.GENRES IN ($GENRES)"
    assert found.metric_attribution
    assert found.metric_attribution.role_arn == "arn:aws:iam::000000000000:role/personalize"
    assert found.metric_attribution.reports == "s3://movies/reports/"


def test_the_ranking_is_written_with_the_version_that_serves(films: Account, report: Report, folder: Path) -> None:
    ranking = settings_in(folder).ranking
    assert ranking
    (solution,) = films.personalize.list_solutions(datasetGroupArn=films.group)["solutions"][:1]
    (campaign,) = films.personalize.list_campaigns(solutionArn=solution["solutionArn"])["campaigns"]
    served = films.describe("Campaign", campaign["campaignArn"])["solutionVersionArn"]
    assert ranking.solution_version == served.rpartition("/")[2]
    assert f"solution_version: '{ranking.solution_version}'" in (folder / "films.yaml").read_text()
    assert ranking.algorithm_hyper_parameters == {"hidden_dimension": 64, "recency_mask": True}
    assert ranking.included_dataset_columns == {"items": ["ITEM_ID", "GENRES", "CREATION_TIMESTAMP"]}
    assert ranking.auto_training_days == 7
    assert not ranking.perform_hpo
    assert (ranking.campaign.name, ranking.campaign.min_provisioned_tps) == ("films-ranking-campaign", 3)
    assert ranking.campaign.enable_metadata_with_recommendations
    assert not ranking.campaign.follow_latest


def test_data_is_known_by_the_newest_import(report: Report, folder: Path) -> None:
    interactions = settings_in(folder).used_datasets["INTERACTIONS"]
    assert interactions.data_location == "s3://movies/INTERACTIONS-of-today.csv"
    assert interactions.import_mode == "INCREMENTAL"
    assert (interactions.name, interactions.schema_name) == ("films-interactions", "films-interactions-schema")
    assert "Its data is known by the import INTERACTIONS-of-today; nothing is imported." in printed(report)


def test_what_the_settings_have_no_word_for_is_left_alone(report: Report) -> None:
    assert list(left(report)) == ["films-for-users"]
    why, instead = left(report)["films-for-users"]
    assert why.startswith("Its recipe is aws-user-personalization-v2; the settings have solutions for re-ranking only")
    assert "declare it with the constructs" in instead
    assert len(taken(report)) == 15


def test_the_report_says_what_bills_and_what_comes_next(report: Report) -> None:
    text = printed(report)
    assert "What bills, also if nobody asks: about $917" in text
    assert "The service trains it every 7 days, and bills that; no campaign serves those versions." in text
    assert "make review ENV=films" in text
    page = as_markdown(report)
    assert (
        "| recommender | films-more-like | recommenders.films&#95;more&#95;like | It is stopped, and stays so. |"
        in page
    )
    assert "stopped | nothing |" in page


def test_it_calls_what_the_page_allows_and_changes_nothing(films: Account, tmp_path: Path) -> None:
    (text,) = re.findall(r"```json\n(.*?)```", (CHECKOUT / "docs" / "migrate.md").read_text(), re.DOTALL)
    allowed = {action for statement in json.loads(text)["Statement"] for action in statement["Action"]}
    called: set[str] = set()
    films.personalize.meta.events.register("before-call.personalize", lambda model, **_: called.add(model.name))
    adopted(films, tmp_path)
    assert {f"personalize:{name}" for name in called} == {each for each in allowed if each.startswith("personalize:")}
    asked = {"cloudformation:DescribeStacks", "cloudformation:DescribeStackResources"}
    assert {each for each in allowed if each.startswith("cloudformation:")} == asked
    assert [name for name in called if not name.startswith(("Describe", "List"))] == []


# -- what is left alone ------------------------------------------------------------------------------------------


def test_what_belongs_to_a_stack_is_left_to_it_unless_that_is_gone(small: Account, tmp_path: Path) -> None:
    arn = small.filter(UNWATCHED, name="unwatched")
    tag(small, arn, OWNED)
    why, instead = left(adopted(small, tmp_path, stacks=Stacks(films="UPDATE_COMPLETE")))["unwatched"]
    assert why == "It belongs to the stack films."
    assert "docs/migrate.md" in instead
    gone = adopted(small, tmp_path, "--force", stacks=Stacks(films="DELETE_COMPLETE"))
    assert "unwatched" in taken(gone)
    assert "unwatched" in taken(adopted(small, tmp_path, "--force"))


def test_what_cloudformation_says_that_a_stack_has_is_left_to_it(small: Account, tmp_path: Path) -> None:
    """Without a tag that says so; a schema, which has none, by its name too, with the dataset that needs it."""
    stacks = Stacks(films="UPDATE_COMPLETE")
    stacks.held[small.created("EventTracker", name="clicks", datasetGroupArn=small.group)] = "AWS::Personalize::Any"
    stacks.held["films-interactions-schema"] = "AWS::SSM::Parameter"
    report = adopted(small, tmp_path, stacks=stacks)
    assert left(report)["clicks"][0] == "It belongs to the stack films."
    assert "films-interactions-schema" in taken(report)
    stacks.held["films-interactions-schema"] = "Custom::PersonalizeSchema"
    small.filter(UNWATCHED, name="unwatched")
    report = adopted(small, tmp_path, "--force", stacks=stacks)
    why = "The interactions dataset has a schema that belongs to the stack films."
    assert left(report)["films"][0] == why
    assert "only looked at. 1 resource taken over, 8 left alone." in report.headline


def test_what_failed_is_left_alone_and_so_is_a_failed_import(account: Account, tmp_path: Path) -> None:
    # Too few watches to train on.
    group_by_hand(account, kinds=["Interactions"], rows={"Interactions": ROWS["Interactions"][:1100]})
    account.recommender("aws-vod-most-popular", name="broken")
    first = settings_of(account, tmp_path).used_datasets["INTERACTIONS"].data_location
    assert account.imported("Interactions", "no columns\n", jobName="second")["status"] == "CREATE FAILED"
    report = adopted(account, tmp_path, "--force")
    assert left(report)["broken"] == ("It is CREATE FAILED.", "Delete it or make it work, and run this again.")
    assert settings_in(tmp_path).used_datasets["INTERACTIONS"].data_location == first


def test_a_dataset_without_data_is_left_alone_with_what_needs_it(account: Account, tmp_path: Path) -> None:
    group_by_hand(account, imported=["Interactions"])
    account.recommender("aws-vod-more-like-x", name="like-this")
    report = adopted(account, tmp_path)
    assert left(report)["films-items"][0] == "It has no import that succeeded, by which its data would be known."
    assert left(report)["like-this"][0].startswith("The settings cannot say it: is missing, and recommenders.like_this")
    assert taken(report) == ["films", "films-interactions-schema", "films-interactions"]


def test_interactions_that_only_came_as_events_are_looked_at(account: Account, tmp_path: Path) -> None:
    group_by_hand(account, kinds=["Interactions"], imported=[])
    report = adopted(account, tmp_path)
    assert left(report)["films"][0].startswith("The interactions dataset has no import that succeeded")
    assert report.plan.is_existing


@pytest.mark.parametrize(
    ("more", "kinds", "why"),
    [
        ({"domain": None}, ["Interactions", "Items"], "The group is a custom group; the app's own are of VIDEO_ON"),
        ({"domain": "ECOMMERCE"}, ["Interactions"], "The group is of the domain ECOMMERCE"),
        (
            {"kmsKeyArn": "arn:aws:kms:eu-west-1:000000000000:key/1", "roleArn": "arn:aws:iam::000000000000:role/r"},
            ["Interactions"],
            "The group is encrypted with a key by a role of its own",
        ),
        ({"tags": OWNED}, ["Interactions"], "The group belongs to the stack films."),
    ],
)
def test_a_group_that_cannot_be_taken_over_is_looked_at(
    account: Account, more: Mapping[str, Any], kinds: list[str], why: str, tmp_path: Path
) -> None:
    group_by_hand(account, kinds=kinds, **more)
    ranking_by_hand(account)
    account.created("EventTracker", name="films-tracker", datasetGroupArn=account.group)
    report = adopted(account, tmp_path, stacks=Stacks(films="CREATE_COMPLETE"))
    found = settings_in(tmp_path)
    assert found.existing
    assert (found.existing.name, found.existing.event_tracker) == ("films", True)
    assert found.existing.datasets == [kind.lower() for kind in kinds]
    assert taken(report) == ["films-ranking", "films-ranking-campaign"]
    assert left(report)["films"][0].startswith(why)
    assert "only looked at" in report.headline


# -- one ranking -------------------------------------------------------------------------------------------------


def test_of_several_rankings_the_user_names_one(small: Account, tmp_path: Path) -> None:
    first = ranking_by_hand(small)
    ranking_by_hand(small, "other")
    assert refusal(small, tmp_path) == (
        "RANKING: there are several campaigns for re-ranking, and the settings hold one. There are: "
        "'films-ranking-campaign' (of the solution 'films-ranking'), 'other-campaign' (of the solution 'other'). Name "
        "the campaign with RANKING=name, or RANKING=none."
    )
    assert refusal(small, tmp_path, "--ranking", "third").startswith(
        "RANKING: no campaign or solution for re-ranking is called 'third'. There are: 'films-ranking-campaign'"
    )
    report = adopted(small, tmp_path, "--ranking", "other-campaign")
    assert taken(report)[-2:] == ["other", "other-campaign"]
    assert left(report)["films-ranking"][0] == "The settings hold one ranking, and this is another."
    tag(small, first, OWNED)
    report = adopted(small, tmp_path, "--force", stacks=Stacks(films="CREATE_COMPLETE"))
    assert taken(report)[-1] == "other-campaign"
    assert left(report)["films-ranking"][0] == "It belongs to the stack films."
    report = adopted(small, tmp_path, "--force", "--ranking", "none")
    assert settings_in(tmp_path).ranking is None


def test_a_solution_without_a_campaign_is_left_alone(small: Account, tmp_path: Path) -> None:
    small.solution(name="lonely")
    report = adopted(small, tmp_path)
    assert left(report)["lonely"][0] == "It has no campaign, and the settings would make one."
    assert settings_in(tmp_path).ranking is None


def test_events_and_their_weights_are_written(small: Account, tmp_path: Path) -> None:
    weights = [{"eventType": "Watch", "weight": 1.0}, {"eventType": "Click", "weight": 0.2}]
    config = {"eventsConfig": {"eventParametersList": weights}}
    solution = small.solution("aws-personalized-ranking-v2", solutionConfig=config)
    small.version(solution)
    small.campaign(f"{solution}/$LATEST", campaignConfig={"syncWithLatestSolutionVersion": True})
    ranking = settings_of(small, tmp_path).ranking
    assert ranking
    assert ranking.events_config
    assert {name: each.weight for name, each in ranking.events_config.items()} == {"Watch": 1.0, "Click": 0.2}
    assert ranking.campaign.follow_latest
    assert ranking.auto_training_days is None


def test_members_without_a_word_in_the_settings_are_noted(small: Account, tmp_path: Path) -> None:
    hpo = {"hpoConfig": {"hpoResourceConfig": {"maxNumberOfTrainingJobs": "2"}}}
    ranking_by_hand(small, performHPO=True, solutionConfig=hpo)
    report = adopted(small, tmp_path)
    assert "The settings have no word for solutionConfig.hpoConfig; that stays as it is." in printed(report)
    ranking = settings_in(tmp_path).ranking
    assert ranking
    assert ranking.perform_hpo


# -- the command -------------------------------------------------------------------------------------------------


def test_a_group_that_is_not_there(small: Account, tmp_path: Path) -> None:
    small.created("DatasetGroup", name="songs")
    listed = "There are: films (VIDEO_ON_DEMAND), songs (custom)."
    assert refusal(small, tmp_path, "--dataset-group", "flims") == (
        f"DATASET_GROUP: there is no dataset group 'flims'. {listed}"
    )
    assert refusal(small, tmp_path, "--dataset-group", "") == (
        f"DATASET_GROUP: name a dataset group, or its ARN. {listed}"
    )
    assert "there is nothing to take over" in refusal(small, tmp_path, "--dataset-group", "songs")
    assert taken(adopted(small, tmp_path, "--dataset-group", small.group))


def test_nothing_is_overwritten(
    small: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clients = {"personalize": small.personalize, "cloudformation": Stacks()}
    monkeypatch.setattr(command, "reach", lambda *_: Reached("a test", clients.__getitem__, is_local=True))
    taken_name = tmp_path / "schemas" / "films-items.avsc"
    taken_name.parent.mkdir()
    taken_name.write_text("somebody's")
    wanted = ["--dataset-group", "films", "--env", "films", "--config-dir", str(tmp_path), "--out", str(tmp_path)]
    assert command.main(wanted) == 0
    assert taken_name.read_text() == "somebody's"
    assert settings_in(tmp_path).used_datasets["ITEMS"].schema_file == "schemas/films-items-2.avsc"
    assert "taken over" in (tmp_path / "adopt-films.md").read_text()
    assert command.main(wanted) == 1
    assert "films.yaml exists. Choose another name with ENV=name" in capsys.readouterr().err
    assert command.main([*wanted, "--force"]) == 0
    assert sorted(each.name for each in taken_name.parent.iterdir()) == [
        "films-interactions.avsc",
        "films-items-2.avsc",
        "films-items.avsc",
        "films-users.avsc",
    ]
