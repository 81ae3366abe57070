"""Random sequences of changes, faults and mishaps over a whole dataset group, each ending in its deletion.

`make test` runs 120 sequences, `make test-nightly` 2,000. A failure prints the steps; the run prints its seed.
"""

from __future__ import annotations

import os
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support.random_lives import AT_REST, HOUR, MINUTE, Account, Life, Mishap, Wish
from tools.emulator import Fault
from tools.simulation.conditions import REALISTIC, Conditions

# Shards run on different workers; each has its own share of the sequences.
SHARDS = 8
SEQUENCES = int(os.environ.get("SEQUENCES", "120"))
STEPS = 5

WISHES: dict[str, st.SearchStrategy[Any]] = {
    "tags": st.sampled_from(["", "films", "series"]),
    "tps": st.integers(1, 3),
    "recommender_tps": st.integers(1, 3),
    "recommender_recipe": st.sampled_from(["aws-vod-top-picks", "aws-vod-most-popular"]),
    "is_recommender_active": st.sampled_from([True, True, False]),
    "excludes_genres": st.booleans(),
    "filter": st.sampled_from(["Watch", "Click"]),
    "has_filter": st.booleans(),
    "has_tracker": st.booleans(),
    "has_recommender": st.booleans(),
    "has_ranking": st.booleans(),
    "has_longer_schema": st.booleans(),
    "data_version": st.integers(1, 3),
    "training_trigger": st.integers(1, 3),
    "ranking_recipe": st.sampled_from(["aws-personalized-ranking", "aws-personalized-ranking-v2"]),
    "trains_every": st.sampled_from([None, 2]),
    "domain": st.sampled_from(["VIDEO_ON_DEMAND", "VIDEO_ON_DEMAND", "ECOMMERCE"]),
    "theirs": st.sampled_from(["", "adopted", "adopted", "released"]),
    "broken": st.sampled_from(["", "early", "late"]),
}
assert set(WISHES) == {each.name for each in fields(Wish)}

NOUNS = list(RESOURCES)
# Passing: the provider has to outlast them.
PASSING = st.builds(
    Fault,
    kind=st.sampled_from(["throttle", "server_error", "unavailable", "crash_after_commit"]),
    operation=st.sampled_from(
        [f"{verb}{noun}*" for verb in ("Create", "Update", "Delete", "Describe", "List") for noun in NOUNS]
        + ["*", "TagResource", "GetSolutionMetrics"]
    ),
    count=st.integers(1, 4),
)
# Types that nothing waits for beyond CloudFormation's hour; on AWS they take minutes.
SHORT = [noun for noun, row in RESOURCES.items() if not row.outlasts_request]
LONG = [noun for noun, row in RESOURCES.items() if row.outlasts_request]
LASTING = st.one_of(
    st.builds(
        Fault,
        kind=st.just("slow"),
        operation=st.sampled_from([f"Create{noun}" for noun in SHORT] + ["UpdateCampaign", "UpdateDataset"]),
        seconds=st.just(20 * MINUTE),
    ),
    st.builds(
        Fault,
        kind=st.just("slow"),
        operation=st.sampled_from([f"Create{noun}" for noun in LONG] + ["UpdateRecommender"]),
        seconds=st.sampled_from([HOUR, 2 * HOUR]),
    ),
    st.builds(
        Fault,
        kind=st.just("fail"),
        operation=st.sampled_from(
            [f"Create{noun}" for noun in NOUNS if noun != "Schema"]
            + ["UpdateDataset", "UpdateRecommender", "UpdateSolution", "UpdateCampaign"]
        ),
        message=st.just("Something is wrong with it."),
    ),
    st.builds(
        Fault,
        kind=st.just("limit_exceeded"),
        operation=st.sampled_from([f"Create{noun}" for noun in NOUNS]),
    ),
    st.builds(
        Fault,
        kind=st.just("access_denied"),
        operation=st.sampled_from(
            [f"{verb}{noun}*" for verb in ("Create", "Update", "Delete", "Describe") for noun in NOUNS]
        ),
    ),
)
FAULTS = st.tuples(st.lists(PASSING, max_size=3), st.lists(LASTING, max_size=2)).map(lambda both: both[0] + both[1])
MISHAPS = st.lists(
    st.builds(
        Mishap,
        kind=st.sampled_from(["killed_before", "killed_after", "twice", "twice"]),
        number=st.integers(0, 60),
        delay=st.sampled_from([0.0, 1.0, 20.0, 2 * MINUTE]),
    ),
    max_size=2,
)
TAMPERING = st.tuples(
    st.sampled_from(
        [
            "Delete Filter",
            "Delete Campaign",
            "Delete Recommender",
            "Delete EventTracker",
            "Delete Solution",
            "Delete Dataset",
            "Delete Schema",
            "Stop Recommender",
            "Stop SolutionVersion",
        ]
    ),
    st.sampled_from([0.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR]),
)
MODES = st.sampled_from(["FULL", "INCREMENTAL"])
# How a refresh that has begun imports; empty: none has begun.
REFRESHING = st.sampled_from(["", "FULL", "INCREMENTAL"])
DELAYS = st.sampled_from([10.0, 2 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR])

# Permissions always take their minute; calls and requests cost time and are limited in every third account.
YOUNG = Conditions(propagation_seconds=MINUTE)
SLOW = replace(REALISTIC, lambda_concurrency=None)
ACCOUNTS = st.builds(
    Account,
    conditions=st.sampled_from([YOUNG, YOUNG, SLOW]),
    pending=st.sampled_from([1, 5]),
    reports_new_id=st.booleans(),
    refuses_unchanged=st.booleans(),
    updates_inactive=st.booleans(),
    stopping=st.sampled_from([MINUTE, 10 * MINUTE, 50 * MINUTE]),
)


class Lives(RuleBasedStateMachine):
    """One sequence."""

    life: Life

    @initialize(account=ACCOUNTS)
    def open(self, account: Account) -> None:
        self.life = Life(account)

    @precondition(lambda self: _can_deploy(self.life))
    @rule(changes=st.fixed_dictionaries({}, optional=WISHES), faults=FAULTS, mishaps=MISHAPS)
    def deploy(self, changes: dict[str, Any], faults: list[Fault], mishaps: list[Mishap]) -> None:
        self.life.deploy(self._wish(changes), faults, mishaps)
        self._note()

    @precondition(lambda self: _can_deploy(self.life))
    @rule(changes=st.fixed_dictionaries({}, optional=WISHES), refreshing=REFRESHING)
    def deploy_in_peace(self, changes: dict[str, Any], refreshing: str) -> None:
        """As it is, or in the middle of a refresh."""
        self.life.begin_refresh(refreshing)
        stack = self.life.deploy(self._possible(changes), [], [])
        self._note()
        assert self.life.is_tampered or stack.status in AT_REST[:2], stack.reasons

    @precondition(lambda self: self.life.stack is not None and _can_deploy(self.life))
    @rule(changes=st.fixed_dictionaries({}, optional=WISHES), faults=FAULTS, after=DELAYS)
    def deploy_and_cancel(self, changes: dict[str, Any], faults: list[Fault], after: float) -> None:
        self.life.deploy(self._wish(changes), faults, [], cancel_after=after)
        self._note()

    @precondition(lambda self: _can_deploy(self.life))
    @rule(changes=st.fixed_dictionaries({}, optional=WISHES), tampering=TAMPERING)
    def deploy_while_somebody_tampers(self, changes: dict[str, Any], tampering: tuple[str, float]) -> None:
        self.life.deploy(self._wish(changes), [], [], tampering=tampering)
        self._note()

    @precondition(lambda self: self.life.stack is not None and _can_deploy(self.life))
    @rule(mode=MODES)
    def refresh(self, mode: str) -> None:
        self.life.refresh(mode)

    @precondition(lambda self: self.life.stack is not None and _can_deploy(self.life))
    @rule(tps=st.integers(1, 3), tags=WISHES["tags"])
    def stop_the_recommender_and_change_it(self, tps: int, tags: str) -> None:
        self.life.stop_and_change(self._possible({"recommender_tps": tps, "tags": tags}))
        self._note()

    @precondition(lambda self: self.life.stack is not None)
    @rule(kind=st.sampled_from(["Campaign", "EventTracker", "Filter", "Recommender"]))
    def delete_what_others_have_built_on(self, kind: str) -> None:
        self.life.delete_built_on(kind)

    @precondition(lambda self: self.life.stack is None)
    @rule(changes=st.fixed_dictionaries({}, optional=WISHES), after=DELAYS)
    def deploy_and_delete_at_once(self, changes: dict[str, Any], after: float) -> None:
        self.life.delete_in_flight(self._wish(changes), after)

    @precondition(lambda self: self.life.stack is not None)
    @rule(faults=FAULTS, mishaps=MISHAPS, refreshing=REFRESHING)
    def delete(self, faults: list[Fault], mishaps: list[Mishap], refreshing: str) -> None:
        self.life.begin_refresh(refreshing)
        self.life.delete(faults, mishaps)

    def teardown(self) -> None:
        if hasattr(self, "life"):
            self.life.delete([], [])

    def _wish(self, changes: dict[str, Any]) -> Wish:
        """What is deployed, changed."""
        base = self.life.deployed if self.life.stack and self.life.deployed else Wish()
        return Wish(**{**{each.name: getattr(base, each.name) for each in fields(Wish)}, "broken": "", **changes})

    def _possible(self, changes: dict[str, Any]) -> Wish:
        """What is deployed, changed as the service allows it: a schema that has grown stays as long as it is."""
        always: dict[str, Any] = {"broken": "", "domain": "VIDEO_ON_DEMAND"}
        if self.life.has_grown:
            always["has_longer_schema"] = True
        return self._wish({**changes, **always})

    def _note(self) -> None:
        if self.life.stack:
            note(f"{self.life.stack.status} {self.life.stack.reasons}")


def _can_deploy(life: Life) -> bool:
    return life.stack is None or life.stack.status in AT_REST


@pytest.mark.spread
@pytest.mark.unmeasured  # What nothing but chance covers has no test.
@pytest.mark.parametrize("shard", range(SHARDS))
def test_whatever_happens_nothing_is_orphaned_and_nothing_is_lost(shard: int) -> None:
    class Shard(Lives):
        """Its own name, so that each shard has its own sequences."""

    Shard.__qualname__ = Shard.__name__ = f"Shard{shard}"
    case = Shard.TestCase
    case.settings = settings(
        max_examples=max(1, SEQUENCES // SHARDS),
        stateful_step_count=STEPS,
        deadline=None,
        # Without shrinking, which would take hours: sequences are short.
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    case("runTest").runTest()
