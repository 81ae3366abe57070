"""Automatic training, and campaigns that follow the latest version."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import DAY, RECIPE, Account
from tools.emulator import Behaviour, Durations, Quotas

HOUR = 3600.0
TRAINING = Durations().create_solution_version


def automatic(account: Account, **params: Any) -> str:
    """A solution that trains by itself, just created."""
    recipe = f"{RECIPE}/aws-personalized-ranking"
    arn = account.create("Solution", **{"datasetGroupArn": account.group, "recipeArn": recipe, **params})
    account.wait(Durations().create_solution)
    assert account.status("Solution", arn) == "ACTIVE"
    return arn


def versions(account: Account, solution: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = account.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]
    return found


def started(account: Account, solution: str) -> list[float]:
    """Days from now at which versions were started."""
    return [
        round((one["creationDateTime"].timestamp() - account.clock.now()) / DAY, 2)
        for one in versions(account, solution)
    ]


def import_more(account: Account, day: int = 0) -> None:
    """Import interactions that differ from those before."""
    rows = [(user, item, kind, time + day) for user, item, kind, time in records.interaction_rows()]
    account.start_import("Interactions", records.csv("Interactions", rows))


def test_the_first_training_starts_within_an_hour(movies: Account) -> None:
    solution = automatic(movies)
    assert versions(movies, solution) == []
    movies.wait(HOUR)
    (version,) = versions(movies, solution)
    description = movies.describe("SolutionVersion", version["solutionVersionArn"])
    assert (description["trainingType"], description["trainingMode"]) == ("AUTOMATIC", "FULL")
    movies.wait(TRAINING)
    assert movies.status("SolutionVersion", version["solutionVersionArn"]) == "ACTIVE"


def test_it_goes_on_every_seven_days_unless_told_otherwise(movies: Account) -> None:
    solution = automatic(movies)
    schedule = movies.describe("Solution", solution)["solutionConfig"]["autoTrainingConfig"]
    assert schedule == {"schedulingExpression": "rate(7 days)"}
    for day in range(15):
        import_more(movies, day)
        movies.wait(DAY)
    assert [
        round(b - a, 2) for a, b in zip(started(movies, solution), started(movies, solution)[1:], strict=False)
    ] == [7, 7]


@pytest.mark.parametrize(("days", "trainings"), [(1, 7), (3, 3), (30, 1)])
def test_it_goes_by_the_schedule(movies: Account, days: int, trainings: int) -> None:
    config = {"autoTrainingConfig": {"schedulingExpression": f"rate({days} day{'s' if days > 1 else ''})"}}
    solution = automatic(movies, solutionConfig=config)
    for day in range(7):
        import_more(movies, day)
        movies.wait(DAY)
    assert len(versions(movies, solution)) == trainings


def test_nothing_is_trained_without_new_interactions(movies: Account) -> None:
    solution = automatic(movies)
    movies.wait(15 * DAY)
    assert len(versions(movies, solution)) == 1
    event = {"eventType": "Watch", "itemId": "i1", "sentAt": 1}
    movies.events.put_events(trackingId=movies.tracker(), sessionId="s", userId="u0", eventList=[event])
    movies.wait(7 * DAY)
    assert len(versions(movies, solution)) == 2


def test_nothing_is_trained_before_there_are_interactions(account: Account) -> None:
    account.open_group()
    account.dataset("Interactions")
    solution = automatic(account)
    account.wait(16 * DAY)
    assert versions(account, solution) == []
    import_more(account)
    account.wait(8 * DAY)
    assert [one["status"] for one in versions(account, solution)] == ["ACTIVE"]


def test_a_version_made_by_hand_takes_the_place_of_the_first(movies: Account) -> None:
    solution = automatic(movies)
    movies.create("SolutionVersion", solutionArn=solution)
    movies.wait(DAY)
    assert len(versions(movies, solution)) == 1
    import_more(movies)
    movies.wait(7 * DAY)
    assert len(versions(movies, solution)) == 2


def test_it_can_be_off_from_the_beginning(movies: Account) -> None:
    solution = movies.solution()
    assert "autoTrainingConfig" not in movies.describe("Solution", solution)["solutionConfig"]
    movies.wait(30 * DAY)
    assert versions(movies, solution) == []


def test_it_can_be_turned_off(movies: Account) -> None:
    solution = automatic(movies)
    movies.update("Solution", solution, performAutoTraining=False)
    movies.wait(30 * DAY)
    assert versions(movies, solution) == []
    assert movies.describe("Solution", solution)["performAutoTraining"] is False


def test_it_can_be_turned_on_and_starts_within_an_hour(movies: Account) -> None:
    solution = movies.solution()
    movies.wait(3 * DAY)
    movies.update("Solution", solution, performAutoTraining=True)
    movies.wait(Durations().update_solution + HOUR)
    assert len(versions(movies, solution)) == 1


def test_a_new_schedule_takes_the_place_of_the_old(movies: Account) -> None:
    solution = automatic(movies)
    movies.wait(HOUR + TRAINING)
    config = {"autoTrainingConfig": {"schedulingExpression": "rate(1 day)"}}
    movies.update("Solution", solution, solutionUpdateConfig=config)
    # Long enough for the training that the old schedule had planned.
    for day in range(8):
        import_more(movies, day)
        movies.wait(DAY)
    assert len(versions(movies, solution)) == 9


def test_an_update_that_changes_nothing_keeps_the_schedule(movies: Account) -> None:
    solution = automatic(movies)
    movies.wait(HOUR + TRAINING)
    import_more(movies)
    movies.wait(6.5 * DAY)
    movies.update("Solution", solution, performAutoTraining=True)
    movies.wait(0.6 * DAY)
    assert len(versions(movies, solution)) == 2


def test_it_waits_its_turn_when_too_many_trainings_are_pending() -> None:
    account = Account(quotas=Quotas(pending_solution_versions=1), durations=Durations(create_solution_version=2 * HOUR))
    account.fill()
    other = account.solution()
    solution = automatic(account)
    account.create("SolutionVersion", solutionArn=other)
    account.wait(HOUR)
    assert versions(account, solution) == []
    account.wait(7 * DAY)
    assert len(versions(account, solution)) == 1


def test_a_deleted_solution_trains_no_more(movies: Account) -> None:
    solution = automatic(movies)
    movies.delete("Solution", solution)
    movies.wait(8 * DAY)
    assert movies.service.state()["eu-west-1"][-1]["type"] != "SolutionVersion"
    assert movies.personalize.list_solution_versions()["solutionVersions"] == []


# -- campaigns that follow ---------------------------------------------------------------------------------

FOLLOW = {"syncWithLatestSolutionVersion": True}


def deployed(account: Account, campaign: str) -> str:
    return str(account.describe("Campaign", campaign)["solutionVersionArn"])


def test_a_campaign_follows_the_latest_version(movies: Account) -> None:
    solution = movies.solution()
    first = movies.version(solution)
    campaign = movies.campaign(f"{solution}/$LATEST", campaignConfig=FOLLOW)
    assert deployed(movies, campaign) == first
    second = movies.create("SolutionVersion", solutionArn=solution)
    movies.wait(TRAINING)
    description = movies.describe("Campaign", campaign)
    assert description["solutionVersionArn"] == first
    assert description["latestCampaignUpdate"]["solutionVersionArn"] == second
    assert description["latestCampaignUpdate"]["status"] == "CREATE PENDING"
    movies.wait()
    assert deployed(movies, campaign) == second


def test_by_an_option_it_shows_that_it_follows_and_not_what_it_serves() -> None:
    movies = Account(behaviour=Behaviour(shows_latest=True))
    movies.fill()
    solution = movies.solution()
    version = movies.version(solution)
    assert deployed(movies, movies.campaign(f"{solution}/$LATEST", campaignConfig=FOLLOW)) == f"{solution}/$LATEST"
    assert deployed(movies, movies.campaign(version)) == version


def test_it_follows_automatic_trainings_too(movies: Account) -> None:
    solution = movies.solution()
    first = movies.version(solution)
    campaign = movies.campaign(f"{solution}/$LATEST", campaignConfig=FOLLOW)
    import_more(movies)
    movies.update("Solution", solution, performAutoTraining=True)
    movies.wait(2 * HOUR)
    movies.wait(HOUR)
    (second,) = [one["solutionVersionArn"] for one in versions(movies, solution) if one["solutionVersionArn"] != first]
    assert deployed(movies, campaign) == second


def test_naming_the_latest_version_alone_does_not_follow(movies: Account) -> None:
    solution = movies.solution()
    first = movies.version(solution)
    campaign = movies.campaign(f"{solution}/$LATEST")
    movies.version(solution)
    movies.wait()
    assert deployed(movies, campaign) == first
    assert "latestCampaignUpdate" not in movies.describe("Campaign", campaign)


def test_a_version_that_fails_is_not_followed(movies: Account) -> None:
    solution = movies.solution()
    first = movies.version(solution)
    campaign = movies.campaign(f"{solution}/$LATEST", campaignConfig=FOLLOW)
    stopped = movies.create("SolutionVersion", solutionArn=solution)
    movies.personalize.stop_solution_version_creation(solutionVersionArn=stopped)
    movies.wait()
    assert deployed(movies, campaign) == first


def test_other_solutions_are_not_followed(movies: Account) -> None:
    solution = movies.solution()
    first = movies.version(solution)
    campaign = movies.campaign(f"{solution}/$LATEST", campaignConfig=FOLLOW)
    movies.version()
    movies.wait()
    assert deployed(movies, campaign) == first


def test_a_version_that_comes_while_the_campaign_is_created_is_followed(movies: Account) -> None:
    solution = movies.solution()
    movies.version(solution)
    second = movies.create("SolutionVersion", solutionArn=solution)
    movies.wait(TRAINING - 60)
    campaign = movies.create("Campaign", solutionVersionArn=f"{solution}/$LATEST", campaignConfig=FOLLOW)
    movies.wait()
    assert deployed(movies, campaign) == second


def test_an_update_makes_a_campaign_follow(movies: Account) -> None:
    solution = movies.solution()
    campaign = movies.campaign(movies.version(solution))
    movies.update("Campaign", campaign, solutionVersionArn=f"{solution}/$LATEST", campaignConfig=FOLLOW)
    movies.wait()
    second = movies.version(solution)
    movies.wait()
    assert deployed(movies, campaign) == second
