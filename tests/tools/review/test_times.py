"""What a review says of time: what the rehearsal took, and in which range it was elsewhere, with the source."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from lambdas.personalize_provider.resource_type import Effect
from tests.docs.support.pages import ROOT
from tools.emulator import RECORDED, Durations
from tools.review.diff import Comparison, Kind, PropertyChange, ResourceChange
from tools.review.rehearsal import Rehearsal, Step, rehearse
from tools.review.times import takes, time_of
from tools.simulation.assembly import Assembly

MINUTE, HOUR = 60.0, 3600.0
NOTHING = Assembly({}, {})
FEW = 100_000


def change(type_: str, kind: Kind = Kind.ADDED, effect: Effect | None = None) -> ResourceChange:
    properties = [PropertyChange("X", 1, 2, effect)] if effect else []
    return ResourceChange("stack", "X", "It", f"Custom::Personalize{type_}", kind, properties)


def rehearsal(type_: str, minutes: float) -> Rehearsal:
    step = Step("stack", "It", type_, 10 * MINUTE, (10 + minutes) * MINUTE)
    return Rehearsal((10 + minutes) * MINUTE, (step,), (), critical_path=(step,))


# -- the table ---------------------------------------------------------------------------------------------------


def test_the_page_has_every_range_with_its_source() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    rows = {
        name: (float(shortest), float(longest), source.replace("**", ""))
        for name, shortest, longest, source in re.findall(
            r"^\| `(\w+)` \| ([\d.]+) to ([\d.]+) \| (.+) \|$", page, re.M
        )
    }
    assert rows == {
        name: (each.shortest / MINUTE, each.longest / MINUTE, each.source) for name, each in RECORDED.items()
    }


@pytest.mark.parametrize("name", RECORDED)
def test_the_emulator_takes_what_is_recorded(name: str) -> None:
    assert RECORDED[name].shortest <= getattr(Durations(), name) <= RECORDED[name].longest


# -- a resource --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "minutes", "said"),
    [
        ("SolutionVersion", 50.5, "50 min (20 min to 56 min)"),
        ("Recommender", 61, "1 h 1 min (1 h 0 min to 3 h 0 min)"),
        ("DatasetImportJob", 10, "10 min (2 min to 17 min)"),
        ("Campaign", 10, "10 min (7 min to 10 min)"),
        # With what the deployment itself adds, it can be more than the longest on record.
        ("Campaign", 11, "11 min (7 min to 11 min)"),
        # Nobody has recorded more than one update of a schema.
        ("Dataset", 2, "2 min"),
        # An update that does not train; and one that changes tags.
        ("Recommender", 10.5, "10 min"),
        ("DatasetGroup", 0.5, "30 s"),
        ("Filter", 1, "1 min"),
    ],
)
def test_what_the_rehearsal_took_stands_beside_what_is_recorded(type_: str, minutes: float, said: str) -> None:
    assert takes(change(type_), rehearsal(type_, minutes)) == said


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (change("SolutionVersion"), "50 min (20 min to 56 min), not rehearsed"),
        (change("Recommender", Kind.CHANGED, Effect.REPLACED), "1 h 0 min (1 h 0 min to 3 h 0 min), not rehearsed"),
        (change("Recommender", Kind.CHANGED, Effect.IN_PLACE), ""),
        (change("Schema"), ""),
    ],
)
def test_what_a_failed_rehearsal_did_not_reach_is_not_said_to_take_nothing(found: ResourceChange, said: str) -> None:
    assert takes(found, Rehearsal(60.0, (), ("The import failed.",))) == said


def test_what_took_no_time_is_not_given_any() -> None:
    assert takes(change("Schema"), Rehearsal(60.0, (), ())) == ""
    assert takes(replace(change("Schema"), type="AWS::S3::Bucket"), Rehearsal(60.0, (), ("x",))) == ""


# -- the whole ---------------------------------------------------------------------------------------------------


def test_the_whole_has_the_range_that_comes_of_its_steps() -> None:
    """By hand: ten minutes that nothing is known of, and a training of 20 to 56 minutes."""
    found = time_of(NOTHING, Comparison([]), rehearsal("SolutionVersion", 50), FEW)
    assert found.total == "About 1 h 0 min (30 min to 1 h 6 min)"


def test_what_is_not_on_the_critical_path_can_come_to_be() -> None:
    """By hand: 2 to 17 minutes of import, then 60 to 180 of a recommender beside 20 to 56 of a training."""
    steps = (
        Step("data", "Import", "DatasetImportJob", 0.0, 10 * MINUTE),
        Step("ranking", "Version", "SolutionVersion", 10 * MINUTE, 80 * MINUTE),
        Step("recommenders", "Picks", "Recommender", 10 * MINUTE, 70 * MINUTE),
    )
    found = Rehearsal(80 * MINUTE, steps, (), critical_path=steps[:2])
    assert time_of(NOTHING, Comparison([]), found, FEW).total == "About 1 h 20 min (1 h 2 min to 3 h 17 min)"


def test_a_failed_rehearsal_gives_no_total() -> None:
    failed = replace(rehearsal("SolutionVersion", 50), reasons=("The import failed.",))
    assert (
        time_of(NOTHING, Comparison([]), failed, FEW).total == "Not known: the rehearsal failed after about 1 h 0 min"
    )


def test_more_data_than_in_any_record_is_said() -> None:
    trained = rehearsal("SolutionVersion", 50)
    few, many = (" ".join(time_of(NOTHING, Comparison([]), trained, number).notes) for number in (FEW, 5_000_000))
    assert "100,000 to 1 million interactions" in few
    assert "longer" not in few
    assert "With 5,000,000 interactions it can take longer than that" in many


def test_a_first_deployment_takes_hours(dev_assembly: Path) -> None:
    """No training is said to take no time."""
    head = Assembly.read(dev_assembly)
    rehearsed = rehearse(NOTHING, head)
    total = time_of(head, Comparison([]), rehearsed, FEW).total
    said = re.fullmatch(r"About (\d) h \d+ min \((\d) h \d+ min to (\d) h \d+ min\)", total)
    assert said, total
    usual, shortest, longest = map(int, said.groups())
    assert 1 <= shortest <= usual < longest
    trained = [step for step in rehearsed.steps if step.type in ("Recommender", "SolutionVersion")]
    assert len(trained) == 3
    assert all(step.ends - step.begins > 45 * MINUTE for step in trained)
