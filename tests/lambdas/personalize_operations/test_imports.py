"""The rules of what is due, for any sequence of files, imports, failures and imports by others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.personalize_operations.imports import FULL, Dataset, Due, Job, latest_full
from lambdas.personalize_operations.locations import Found, Location

HERE = Location("data", "in/")
MINUTE = 60.0


@dataclass
class Service:
    """S3 and a dataset: what an import reads when it begins is in the dataset when it ends.

    Attributes:
        objects: by key, what is in the bucket.
        held: how often the dataset holds each object that an import has read.
    """

    now: float = 1_000.5
    objects: dict[str, Found] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    read: dict[str, tuple[Location, list[Found]]] = field(default_factory=dict)
    held: Counter[Found] = field(default_factory=Counter)

    def put(self, key: str, content: str) -> None:
        # S3's time has no fractions of a second.
        self.objects[key] = Found(key, content, float(int(self.now)))
        self.now += 1.25

    def begin(self, name: str, location: Location, mode: str) -> None:
        if name in self.jobs:
            return
        objects = [each for each in self.objects.values() if location.reads("data", each.key)]
        self.read[name] = location, objects
        self.jobs[name] = Job(name, mode == FULL, True, False, self.now, float("inf"))
        self.now += 0.25

    def end(self, name: str, has_failed: bool = False) -> None:
        job = self.jobs[name]
        if not job.is_in_flight:
            return
        self.now += MINUTE
        self.jobs[name] = replace(job, is_in_flight=False, has_failed=has_failed, ended=self.now)
        self.now += 0.25
        if has_failed:
            return
        self.held = Counter() if job.is_full else self.held
        self.held.update(self.read[name][1])

    def due(self, mode: str) -> list[Due]:
        return self.dataset(mode).due()

    def dataset(self, mode: str) -> Dataset:
        full = latest_full(self.jobs.values())
        location = self.read[full.name][0] if full else None
        objects = [each for each in self.objects.values() if HERE.has_below(each.key)]
        return Dataset("ITEMS", mode, HERE, objects, list(self.jobs.values()), location, "vod_refresh")


@st.composite
def steps(draw: st.DrawFn) -> tuple[str, object]:
    kind = draw(st.sampled_from(["put", "put", "refresh", "refresh", "deploy", "abort"]))
    values: dict[str, st.SearchStrategy[object]] = {
        "put": st.tuples(st.sampled_from(["in/a", "in/b", "in/c", "elsewhere"]), st.sampled_from("xyz")),
        # Which job of a refresh fails, if it is not the last.
        "refresh": st.sampled_from([None, None, 0, 1]),
        # What a deployment imports, or somebody by hand; whether it fails; whether it is still in flight afterwards.
        "deploy": st.tuples(st.sampled_from(["elsewhere", "in/", "in/a"]), st.booleans(), st.booleans()),
        # How many jobs an aborted refresh has begun, the last of which is still in flight.
        "abort": st.integers(1, 2),
    }
    return kind, draw(values[kind])


def refresh(service: Service, mode: str, fails: int | None = None) -> None:
    if service.dataset(mode).is_busy:
        settle(service)
    for number, due in enumerate(service.due(mode)):
        location = Location.of(due.location)
        assert location
        service.begin(due.job_name, location, due.import_mode)
        service.end(due.job_name, has_failed=number == fails)
        if number == fails:
            return


def take(service: Service, mode: str, step: tuple[str, object], number: int) -> None:
    match step:
        case ("put", (str(key), str(content))):
            service.put(key, content)
        case ("refresh", fails):
            refresh(service, mode, fails if isinstance(fails, int) else None)
        case ("deploy", (str(key), bool(fails), bool(is_in_flight))):
            # A deployment waits for an import that a refresh has begun. Which of two counts that overlap, nobody knows.
            settle(service)
            name = f"by-others-{number}"
            service.begin(name, Location("data", key), FULL)
            if not is_in_flight:
                service.end(name, has_failed=fails)
        case ("abort", int(begun)) if not service.dataset(mode).is_busy:
            for due in service.due(mode)[:begun]:
                location = Location.of(due.location)
                assert location
                settle(service)
                service.begin(due.job_name, location, due.import_mode)


def settle(service: Service) -> None:
    for job in list(service.jobs.values()):
        service.end(job.name)


@settings(max_examples=150, deadline=None)
@given(st.lists(steps(), max_size=12), st.sampled_from([FULL, "INCREMENTAL"]))
def test_after_a_refresh_the_dataset_holds_every_file_once(sequence: Iterable[tuple[str, object]], mode: str) -> None:
    service = Service()
    # What is there before anything is deployed, for imports that read nothing fail.
    service.put("elsewhere", "x")
    for number, step in enumerate(sequence):
        take(service, mode, step, number)
    service.now += MINUTE
    refresh(service, mode)
    there = {each for each in service.objects.values() if HERE.reads("data", each.key)}
    if mode == FULL:
        # Only the content counts: the same again is nothing new.
        contents = Counter((each.key, each.etag) for each in service.held.elements())
        assert {(one.key, one.etag): contents[one.key, one.etag] for one in there} == {
            (one.key, one.etag): 1 for one in there
        }
    else:
        assert {one: service.held[one] for one in there} == dict.fromkeys(there, 1)
    # And nothing is left to do.
    assert service.due(mode) == []


@pytest.mark.parametrize("mode", [FULL, "INCREMENTAL"])
def test_what_is_put_while_an_import_begins_is_imported_again_rather_than_forgotten(mode: str) -> None:
    """S3 says the time in whole seconds: whether the import has seen it, nobody knows."""
    service = Service(now=1_000.0)
    service.put("in/a", "x")
    service.now = 1_010.5
    service.put("in/b", "x")
    service.now = 1_010.75
    service.begin("by-others", HERE, FULL)
    service.end("by-others")
    assert [due.location for due in service.due(mode)] == ["s3://data/in/" if mode == FULL else "s3://data/in/b"]


def test_a_file_that_is_put_again_in_the_second_in_which_its_import_began_is_imported_again() -> None:
    service = Service()
    service.put("elsewhere", "x")
    service.begin("by-others", Location("data", "elsewhere"), FULL)
    service.end("by-others")
    service.put("in/a", "x")
    (due,) = service.due("INCREMENTAL")
    service.now = 2_000.25
    service.begin(due.job_name, Location("data", "in/a"), due.import_mode)
    service.put("in/a", "x")
    service.end(due.job_name)
    (again,) = service.due("INCREMENTAL")
    assert again.location == due.location
    assert again.job_name != due.job_name


def test_a_file_whose_import_begins_in_the_second_in_which_it_was_put_is_imported_once() -> None:
    service = Service()
    service.put("elsewhere", "x")
    service.begin("by-others", Location("data", "elsewhere"), FULL)
    service.end("by-others")
    service.now = 2_000.25
    service.put("in/a", "x")
    service.now = 2_000.75
    (due,) = service.due("INCREMENTAL")
    service.begin(due.job_name, Location("data", "in/a"), due.import_mode)
    service.end(due.job_name)
    assert service.due("INCREMENTAL") == []


def test_a_full_import_that_ended_after_an_increment_began_may_have_replaced_it() -> None:
    service = Service()
    service.put("in/a", "x")
    service.begin("earlier", Location("data", "elsewhere"), FULL)
    service.end("earlier")
    (due,) = service.due("INCREMENTAL")
    service.begin("by-others", Location("data", "elsewhere"), FULL)
    service.begin(due.job_name, Location("data", "in/a"), due.import_mode)
    service.end(due.job_name)
    assert service.dataset("INCREMENTAL").others_import
    service.end("by-others")
    assert [each.location for each in service.due("INCREMENTAL")] == ["s3://data/in/a"]


def test_a_full_import_of_ours_that_another_has_overtaken_is_waited_for_too() -> None:
    """When it ends it replaces whatever increments have brought meanwhile."""
    service = Service()
    service.put("in/a", "x")
    (first,) = service.due("INCREMENTAL")
    service.begin(first.job_name, HERE, first.import_mode)
    assert not service.dataset("INCREMENTAL").is_busy
    service.begin("by-others", Location("data", "elsewhere"), FULL)
    service.end("by-others")
    assert service.dataset("INCREMENTAL").is_overtaken


def test_a_file_that_was_removed_leaves_the_dataset_with_the_next_full_import() -> None:
    service = Service()
    service.put("in/a", "x")
    service.put("in/b", "x")
    refresh(service, FULL)
    del service.objects["in/a"]
    refresh(service, FULL)
    assert [each.key for each in service.held] == ["in/b"]
    assert service.due(FULL) == []


def test_names_keep_to_the_longest_that_the_service_takes() -> None:
    prefix = "an-app-with-a-very-long-name-eu_refresh"
    jobs: list[Job] = []
    for attempt in range(12):
        dataset = Dataset("ACTION_INTERACTIONS", FULL, HERE, [Found("in/a", "x", 1.0)], jobs, None, prefix)
        (due,) = dataset.due()
        assert len(due.job_name) <= 63
        assert due.job_name.startswith("an-app-with-a-very-long-name-eu_refresh-action-")
        assert due.job_name not in [job.name for job in jobs]
        jobs.append(Job(due.job_name, True, False, True, float(attempt), attempt + 0.5))


def test_another_dataset_or_bucket_gives_another_name() -> None:
    names = {
        Dataset(kind, FULL, Location(bucket, "in/"), [Found("in/a", "x", 1.0)], [], None, "p").due()[0].job_name
        for kind in ("ITEMS", "USERS")
        for bucket in ("one", "two")
    }
    assert len(names) == 4


@pytest.mark.parametrize(
    ("location", "key", "below", "read"),
    [
        ("s3://b/in/", "in/a.csv", True, True),
        ("s3://b/in", "in/a.csv", True, True),
        ("s3://b/in", "in", True, True),
        ("s3://b/in/", "in/more/a.csv", True, False),
        ("s3://b/in", "in-other/a.csv", False, False),
        ("s3://b/in/a.csv", "in/a.csv", True, True),
        ("s3://b/in/a.csv", "in/a.csv.bak", False, False),
        ("s3://b/", "a.csv", True, True),
        ("s3://b/", "in/a.csv", True, False),
    ],
)
def test_a_location_knows_what_is_below_it_and_what_an_import_reads(
    location: str, key: str, below: bool, read: bool
) -> None:
    found = Location.of(location)
    assert found
    assert str(found) == location
    assert (found.has_below(key), found.reads("b", key)) == (below, read)
    assert not found.reads("another", key)


@pytest.mark.parametrize("text", ["b/in", "s3://", "s3://b", "https://b/in"])
def test_other_texts_are_no_locations(text: str) -> None:
    assert Location.of(text) is None
