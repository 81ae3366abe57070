"""Offline metrics against values worked out by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import log

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import RECIPE, Account
from tools.emulator import metrics
from tools.emulator.metrics import evaluate, score, split_history
from tools.emulator.models import Model, Snapshot
from tools.emulator.recipes import RECIPES

NAMES = {
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "precision_at_5",
    "precision_at_10",
    "precision_at_25",
}


def at_ranks(*ranks: int) -> list[str]:
    """25 recommendations of which those at these ranks are relevant: hit4 is at rank 4."""
    return [f"hit{rank}" if rank in ranks else f"miss{rank}" for rank in range(1, 26)]


def hits(*ranks: int) -> frozenset[str]:
    return frozenset(f"hit{rank}" for rank in ranks)


@pytest.mark.parametrize(
    ("ranks", "expected"),
    # The three users of the example in the developer guide, "mean reciprocal rank at 25".
    [((4, 10), 1 / 4), ((2, 4, 12), 1 / 2), ((6,), 1 / 6), ((1, 2), 1.0), ((25,), 1 / 25), ((), 0.0)],
)
def test_the_reciprocal_rank_is_that_of_the_first_hit(ranks: tuple[int, ...], expected: float) -> None:
    assert score(at_ranks(*ranks), hits(*ranks, 99))["mean_reciprocal_rank_at_25"] == pytest.approx(expected)


def test_the_mean_reciprocal_rank_of_the_example_in_the_guide() -> None:
    scores = [score(at_ranks(*ranks), hits(*ranks)) for ranks in ((4, 10), (2, 4, 12), (6,))]
    mean = sum(one["mean_reciprocal_rank_at_25"] for one in scores) / 3
    assert mean == pytest.approx(0.3056, abs=5e-5)


def test_a_gain_is_discounted_by_the_logarithm_of_one_plus_its_position() -> None:
    """The example, and the result, of an earlier edition of the guide."""
    found = score(at_ranks(2, 5), hits(2, 5))
    ideal = 1 / log(2) + 1 / log(3)
    expected = (1 / log(3) + 1 / log(6)) / ideal
    assert expected == pytest.approx(0.6241, abs=5e-5)
    for k in (5, 10, 25):
        assert found[f"normalized_discounted_cumulative_gain_at_{k}"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (5, (1 / log(4)) / (1 / log(2) + 1 / log(3) + 1 / log(4))),
        (10, (1 / log(4) + 1 / log(10)) / (1 / log(2) + 1 / log(3) + 1 / log(4))),
        (25, (1 / log(4) + 1 / log(10) + 1 / log(21)) / (1 / log(2) + 1 / log(3) + 1 / log(4))),
    ],
)
def test_only_gains_among_the_first_k_count(k: int, expected: float) -> None:
    found = score(at_ranks(3, 9, 20), hits(3, 9, 20))
    assert found[f"normalized_discounted_cumulative_gain_at_{k}"] == pytest.approx(expected)


def test_the_ideal_has_no_more_hits_than_places() -> None:
    relevant = hits(*range(1, 9))
    assert score(at_ranks(*range(1, 9)), relevant)["normalized_discounted_cumulative_gain_at_5"] == pytest.approx(1.0)
    assert score(at_ranks(*range(1, 9)), relevant)["normalized_discounted_cumulative_gain_at_10"] == pytest.approx(1.0)


def test_precision_is_hits_among_the_first_k_by_k() -> None:
    found = score(at_ranks(1, 4, 6, 25), hits(1, 4, 6, 25, 99))
    assert found["precision_at_5"] == 2 / 5
    assert found["precision_at_10"] == 3 / 10
    assert found["precision_at_25"] == 4 / 25


def test_nothing_beyond_25_counts() -> None:
    recommended = [f"miss{n}" for n in range(25)] + ["hit"]
    assert set(score(recommended, frozenset({"hit"})).values()) == {0.0}


@pytest.mark.parametrize(
    ("length", "relevant"), [(2, 1), (4, 1), (10, 1), (14, 1), (15, 2), (20, 2), (25, 3), (100, 10)]
)
def test_the_newest_tenth_of_a_history_is_relevant(length: int, relevant: int) -> None:
    history = [f"i{n}" for n in range(length)]
    query, held_back = split_history(history)
    assert list(query) == history[:-relevant]
    assert held_back == frozenset(history[-relevant:])


def test_a_tenth_of_the_users_is_tested() -> None:
    users = [f"u{n}" for n in range(50)]
    chosen = metrics.testing_users(users)
    assert len(chosen) == 5
    assert chosen < set(users)
    assert metrics.testing_users(reversed(users)) == chosen
    assert len(metrics.testing_users(users[:3])) == 1


def test_users_are_averaged_and_those_without_a_query_left_out() -> None:
    histories = [["a", "b"], ["a", "c"], ["only"]]

    def recommend(query: Sequence[str]) -> Sequence[str]:
        assert list(query) == ["a"]
        return ["b", "x", "y"]

    found = evaluate(histories, recommend, coverage=0.25)
    assert set(found) == NAMES
    assert found["coverage"] == 0.25
    assert found["mean_reciprocal_rank_at_25"] == 0.5
    assert found["precision_at_5"] == pytest.approx((1 / 5 + 0) / 2)
    assert found["normalized_discounted_cumulative_gain_at_10"] == 0.5


def test_without_testing_users_metrics_are_zero() -> None:
    assert set(evaluate([], lambda query: [], coverage=0.0).values()) == {0.0}


# -- of whole models ---------------------------------------------------------------------------------------


def snapshot(rows: list[tuple[str, str, int]], catalogue: Sequence[str] = ()) -> Snapshot:
    users, items, times = zip(*rows, strict=True)
    return Snapshot(users, items, times, ["Watch"] * len(rows), catalogue)


@pytest.mark.parametrize("recipe", ["aws-trending-now", "aws-sims", "aws-personalized-ranking", "aws-popularity-count"])
def test_a_model_with_nobody_to_learn_from_has_no_hits(recipe: str) -> None:
    found = Model(RECIPES[f"{RECIPE}/{recipe}"], snapshot([("u0", "a", 1), ("u0", "b", 2)])).metrics
    assert set(found) == NAMES
    assert set(found.values()) == {0.0}


def test_metrics_of_a_popularity_model_by_hand() -> None:
    """Ten users; the one tested has seen a and will see b, which is the second most popular item of the others."""
    users = [f"u{n}" for n in range(10)]
    (tested,) = metrics.testing_users(users)
    rows = [(tested, "a", 1), (tested, "b", 2)]
    for number, user in enumerate(user for user in users if user != tested):
        rows += [(user, "a", 1), (user, "b" if number < 7 else "c", 2)]
    model = Model(RECIPES[f"{RECIPE}/aws-popularity-count"], snapshot(rows, ["a", "b", "c", "d"]))
    found = model.metrics
    assert found["mean_reciprocal_rank_at_25"] == 1 / 2
    assert found["normalized_discounted_cumulative_gain_at_5"] == round((1 / log(3)) / (1 / log(2)), 4)
    assert found["precision_at_5"] == 1 / 5
    assert found["precision_at_25"] == 1 / 25
    # Everybody gets a, b and c; nobody has seen d.
    assert found["coverage"] == 3 / 4


def camps(users: int = 40, items: int = 40, each: int = 20) -> list[tuple[str, str, int]]:
    """Interactions of two camps of users, who like different halves of the items."""
    chance = random.Random(1)
    return [
        (f"u{user}", f"i{item}", time)
        for user in range(users)
        for time, item in enumerate(chance.sample(range(user % 2, items, 2), each // 2))
    ]


def test_metrics_have_four_decimals() -> None:
    """As the developer guide's example and published answers of GetSolutionMetrics have them."""
    found = Model(RECIPES[f"{RECIPE}/aws-user-personalization"], snapshot(camps(each=30))).metrics
    assert found == {name: round(value, 4) for name, value in found.items()}
    assert any(value != round(value, 3) for value in found.values())


def test_a_model_that_knows_tastes_is_better_than_popularity() -> None:
    name = "normalized_discounted_cumulative_gain_at_25"
    seen = snapshot(camps(each=30))
    tastes = Model(RECIPES[f"{RECIPE}/aws-user-personalization"], seen).metrics[name]
    assert tastes > Model(RECIPES[f"{RECIPE}/aws-popularity-count"], seen).metrics[name] > 0


def test_the_same_data_gives_the_same_metrics() -> None:
    recipe = RECIPES[f"{RECIPE}/aws-personalized-ranking"]
    assert Model(recipe, snapshot(camps())).metrics == Model(recipe, snapshot(camps())).metrics


def test_a_version_answers_with_all_metrics_between_zero_and_one(account: Account) -> None:
    account.open_group()
    account.dataset("Interactions")
    rows = [(user, item, "Watch", time) for user, item, time in camps(users=100)]
    account.imported("Interactions", records.csv("Interactions", rows))
    version = account.version()
    found = account.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert set(found) == NAMES
    assert all(0 <= value <= 1 for value in found.values())
    assert found["coverage"] == 1.0
    assert found["mean_reciprocal_rank_at_25"] > 0


def test_a_recommender_shows_its_metrics(movies: Account) -> None:
    recommender = movies.recommender()
    assert set(movies.describe("Recommender", recommender)["modelMetrics"]) == NAMES
    movies.personalize.delete_recommender(recommenderArn=recommender)
    assert "modelMetrics" not in movies.describe("Recommender", recommender)
