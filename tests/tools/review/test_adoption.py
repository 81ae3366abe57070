"""What `make review` says of a change that takes over what exists, compared with the account or not."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.deployments import AwsCloudFormation
from stacks.settings import load_settings
from tests.tools.adopt.support.by_hand import (
    STACK,
    Stacks,
    adopted,
    everything_by_hand,
    group_by_hand,
    ranking_by_hand,
)
from tests.tools.emulator.support.account import ACCOUNT, REGION, Account
from tools.checkout import EXAMPLE_SETTINGS
from tools.deployed import Account as Reached
from tools.deployed import NotDeployedError
from tools.review import __main__ as command
from tools.review.diff import compare
from tools.review.existing import Existing, Place, existing_in
from tools.review.rehearsal import Rehearsal, rehearse
from tools.review.report import review_of
from tools.review.review import Review, Verdict
from tools.review.terminal import as_text
from tools.simulation.assembly import Assembly

from .support.templates import HEADER, assembly, ours, ref

NOTHING = Assembly({}, {})
UNREHEARSED = Rehearsal(0.0, (), ())
TAKEN = 19


@pytest.fixture(scope="module")
def films() -> Account:
    """A group in which nothing is as the service has it by default."""
    account = Account()
    everything_by_hand(account)
    return account


@pytest.fixture(scope="module")
def existing(films: Account) -> Existing:
    return Existing("a test", Api(films.personalize), AwsCloudFormation(Stacks()), Place("aws", REGION, ACCOUNT))


@pytest.fixture(scope="module")
def head(films: Account, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Assembly:
    """What `make adopt` writes for it, synthesized."""
    folder = tmp_path_factory.mktemp("config")
    adopted(films, folder)
    return Assembly.read(request.getfixturevalue("assembly")("films", folder))


def edited(head: Assembly, **properties: dict[str, Any]) -> Assembly:
    """The same with other properties of some resources, each by the beginning of its logical id."""
    changed = Assembly(copy.deepcopy(dict(head.templates)), head.needs)
    for template in changed.templates.values():
        for logical_id, resource in template["Resources"].items():
            for beginning, values in properties.items():
                if logical_id.startswith(beginning) and resource["Type"].startswith("Custom::"):
                    resource["Properties"] |= values
    return changed


def reviewed(base: Assembly, head: Assembly, existing: Existing | None, rehearsal: Rehearsal = UNREHEARSED) -> Review:
    return review_of(HEADER, base, head, compare(base, head, existing), rehearsal)


def whats(review: Review) -> dict[str, str]:
    """What deploying does to what is taken over, by path."""
    return {each.path: each.what for stack in review.stacks for each in stack.changes if each.is_adopted}


def reasons(review: Review) -> dict[str, str]:
    return {each.topic: each.text for each in review.reasons}


# -- compared ----------------------------------------------------------------------------------------------------


def test_what_make_adopt_writes_is_taken_over_as_it_is(existing: Existing, head: Assembly) -> None:
    rehearsal = rehearse(NOTHING, head, existing)
    assert (rehearsal.earlier, rehearsal.reasons) == ((), ())
    review = reviewed(NOTHING, head, existing, rehearsal)
    assert set(whats(review).values()) == {"adopted as it is"}
    assert len(whats(review)) == TAKEN
    assert reasons(review)["adopted"] == (
        f"{TAKEN} resources that exist in a test are taken over, and nothing is imported or trained."
    )
    # It bills already, and nothing runs.
    assert "money" not in reasons(review)
    assert review.money.once == ()
    # An hour is what the shortest training takes.
    assert rehearsal.seconds < 3600


def test_it_says_what_changes_in_place(existing: Existing, head: Assembly) -> None:
    change = edited(head, RerankCampaign={"MinProvisionedTPS": 1}, FilmsTopPicks={"Active": False})
    review = reviewed(NOTHING, change, existing)
    assert {path: what for path, what in whats(review).items() if what != "adopted as it is"} == {
        "FilmsTopPicks": "adopted, and changed in place",
        "RerankCampaign": "adopted, and changed in place",
    }
    text = as_text(review)
    assert "property: MinProvisionedTPS | change: 3 → 1 | deploying it: updated in place" in text
    assert "served throughout, with the old configuration until the update is done" in text
    assert reasons(review)["interruption"].startswith("Nobody gets recommendations from FilmsTopPicks any more")
    assert review.verdict is Verdict.READ_FIRST


def test_it_says_why_the_provider_would_refuse(existing: Existing, head: Assembly) -> None:
    change = edited(head, FilterUnwatched={"Name": "unwatch"}, FilmsMoreLike={"RecipeArn": "arn:aws:other"})
    review = reviewed(NOTHING, change, existing)
    refused = [each for each in review.reasons if each.verdict is Verdict.REFUSED]
    assert [each.paths for each in refused] == [("FilterUnwatched",), ("FilmsMoreLike",)]
    assert refused[0].text.startswith("FilterUnwatched: There is no filter 'unwatch' to adopt")
    assert "RecipeArn is " in refused[1].text
    assert whats(review)["FilterUnwatched"] == "refused"


def test_a_later_change_begins_with_what_is_adopted(existing: Existing, head: Assembly) -> None:
    change = edited(head, FilterUnwatched={"Tags": [{"Key": "team", "Value": "films"}]})
    assert whats(reviewed(head, change, existing)) == {}


def test_what_serves_from_a_group_that_others_look_after_is_taken_over(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    account = Account()
    group_by_hand(account, domain=None, kinds=["Interactions"])
    ranking_by_hand(account)
    adopted(account, tmp_path)
    head = Assembly.read(request.getfixturevalue("assembly")("films", tmp_path))
    place = Place("aws", REGION, ACCOUNT)
    existing = Existing("a test", Api(account.personalize), AwsCloudFormation(Stacks()), place)
    assert whats(reviewed(NOTHING, head, existing)) == {
        "Rerank": "adopted as it is",
        "RerankVersion": "adopted as it is",
        "RerankCampaign": "adopted as it is",
    }


# -- not compared ------------------------------------------------------------------------------------------------


def test_without_an_account_it_says_so(head: Assembly) -> None:
    review = reviewed(NOTHING, head, None)
    assert set(whats(review).values()) == {"adopted (not compared: no account at hand)"}
    assert reasons(review)["not compared"].startswith(f"{TAKEN} resources that exist are taken over.")


def test_it_looks_only_for_what_is_taken_over_and_only_where_somebody_says(
    head: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings("dev", EXAMPLE_SETTINGS)

    def unreachable(*_: object) -> Reached:
        raise NotDeployedError("Profile films cannot be used.")

    monkeypatch.setattr(command.shared, "find", lambda: None)
    monkeypatch.setattr(command, "reach", unreachable)
    assert command._existing(NOTHING, head, settings, command.At()) is None
    assert command._existing(head, head, settings, command.At("films")) is None
    with pytest.raises(command.ReviewError, match="Profile films cannot be used"):
        command._existing(NOTHING, head, settings, command.At("films"))


class Caller:
    """STS, as far as it is asked."""

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws-cn:sts::123456789012:assumed-role/films/me", "Account": "123456789012"}


def test_an_account_knows_where_it_is_and_which_stacks_it_has(films: Account) -> None:
    clients = {"personalize": films.personalize, "sts": Caller(), "cloudformation": Stacks(films="CREATE_COMPLETE")}
    found = existing_in(Reached("a test", clients.__getitem__, is_local=True), ["films", "songs"])
    assert found.place == Place("aws-cn", REGION, "123456789012")
    assert found.stack_ids == {"films": STACK}


# -- what a rehearsal begins with --------------------------------------------------------------------------------


def looking_up(expression: str) -> Assembly:
    """An app with a filter in a group that others look after."""
    return assembly(
        {
            "Group": ours("Lookup", ServiceToken="p", Type="DatasetGroup", ResourceName="films"),
            "Interactions": ours(
                "Lookup",
                ServiceToken="p",
                Type="Dataset",
                DatasetGroupArn=ref("Group", "DatasetGroupArn"),
                DatasetType="INTERACTIONS",
            ),
            "Filter": ours(
                "Filter",
                ServiceToken="p",
                NamePrefix="vod-dev_f",
                DatasetGroupArn=ref("Group", "DatasetGroupArn"),
                FilterExpression=expression,
            ),
        }
    )


def test_what_is_looked_up_is_made_for_a_rehearsal_and_what_that_only_assumes_refuses_nothing() -> None:
    rehearsal = rehearse(NOTHING, looking_up('EXCLUDE ItemID WHERE Interactions.PLACE IN ("Bus")'))
    # Nothing but the column is missing.
    assert [("PLACE" in each) for each in rehearsal.reasons] == [True]
    assert rehearsal.refusals == ()
    assert rehearsal.earlier == rehearsal.reasons


# -- given up ----------------------------------------------------------------------------------------------------


def test_what_was_given_up_stays_when_it_leaves_the_settings() -> None:
    before = {"F": ours("Filter", Name="films", Adopt="true", Release="true"), "G": ours("Filter", NamePrefix="a_g")}
    review = reviewed(assembly(before), assembly({}), None)
    whats = {change.path: change.what for change in review.stacks[0].changes}
    assert whats["F"] == "removed from the stack, but kept in the account by its removal policy"
    assert whats["G"] == "removed: deleted at the end of its stack's update"
