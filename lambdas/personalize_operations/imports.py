"""Which imports bring a dataset up to date. Rules only: nothing here makes a call."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..personalize_provider.names import MAX_LENGTH
from ..personalize_provider.statuses import Description, has_failed, is_busy
from .locations import Found, Location

FULL = "FULL"
# S3 gives the time of an object in whole seconds, so one of the same second may have come after an import began.
_SECOND = 1.0
_HASH_LENGTH = 10
_SUFFIX = re.compile(rf"-([0-9a-f]{{{_HASH_LENGTH}}}(?:-[0-9]+)?)$")


@dataclass(frozen=True)
class Job:
    """An import job of the service.

    Attributes:
        name: its name.
        is_full: whether it replaces what was imported before; jobs from before there were modes all did.
        is_in_flight: whether the service is at work on it.
        created: when it was created, in seconds since the epoch.
        ended: when it ended; infinite while it is in flight.
    """

    name: str
    is_full: bool
    is_in_flight: bool
    has_failed: bool
    created: float
    ended: float

    @classmethod
    def of(cls, summary: Description) -> Job:
        """Read a summary of ListDatasetImportJobs."""
        ended = float("inf") if is_busy(summary) else summary["lastUpdatedDateTime"].timestamp()
        return cls(
            name=summary["jobName"],
            is_full=summary.get("importMode", FULL) == FULL,
            is_in_flight=is_busy(summary),
            has_failed=has_failed(summary),
            created=summary["creationDateTime"].timestamp(),
            ended=ended,
        )


@dataclass(frozen=True)
class Due:
    """An import that brings what the dataset lacks.

    Attributes:
        job_name: the job's name; of one that is in flight already, its own.
        location: what it reads.
        import_mode: FULL or INCREMENTAL.
    """

    job_name: str
    location: str
    import_mode: str


@dataclass(frozen=True)
class Dataset:
    """A dataset, what has been imported into it, and what could be.

    Attributes:
        dataset_type: INTERACTIONS, ITEMS, ...
        import_mode: FULL or INCREMENTAL.
        location: where its data comes from.
        objects: what is at or below that location.
        jobs: all its import jobs.
        full_location: what the latest full import that has not failed reads; None if there is none.
        job_prefix: what names of our jobs begin with.
    """

    dataset_type: str
    import_mode: str
    location: Location
    objects: Sequence[Found]
    jobs: Sequence[Job]
    full_location: Location | None
    job_prefix: str

    def due(self) -> list[Due]:
        """Imports that are due, in their order.

        One of ours that is in flight already is among them, so that whoever imports waits for it: the service refuses
        its name a second time. Only to be asked if not `is_busy`.
        """
        due = self._whole_location() if self._takes_all_at_once else self._increments()
        full = self.latest_full
        if not full or not full.is_in_flight or full.name in [each.job_name for each in due]:
            return due
        return [Due(full.name, str(self.full_location), FULL), *due]

    @property
    def is_busy(self) -> bool:
        """Whether a full import is under way that `due` does not wait for: it replaces what is there when it ends."""
        return self.others_import or self.is_overtaken

    @property
    def others_import(self) -> bool:
        """Whether a full import is under way that is not ours."""
        return any(not self._is_ours(job) for job in self._full_under_way)

    @property
    def is_overtaken(self) -> bool:
        """Whether a full import of ours is under way, and another has begun after it."""
        return any(self._is_ours(job) and job is not self.latest_full for job in self._full_under_way)

    @property
    def _full_under_way(self) -> list[Job]:
        return [job for job in self.jobs if job.is_full and job.is_in_flight]

    @property
    def _takes_all_at_once(self) -> bool:
        """The first import cannot add to anything (API, CreateDatasetImportJob, importMode)."""
        return self.import_mode == FULL or self.latest_full is None

    @cached_property
    def latest_full(self) -> Job | None:
        """The latest full import that has not failed: before it, nothing counts."""
        return latest_full(self.jobs)

    def _increments(self) -> list[Due]:
        """A job for each object that is not in the dataset yet, in the order in which they came."""
        found = []
        for each in sorted(self.objects, key=lambda one: (one.modified, one.key)):
            # With the time, because in between the object may have had another content, which was imported.
            identity = [self.location.bucket, each.key, each.etag, int(each.modified)]
            name, run = self._find(identity, self._is_still_there)
            is_there = run is not None and not run.is_in_flight
            if not is_there and not self._was_in_full(each):
                found.append(Due(name, self.location.at(each.key), "INCREMENTAL"))
        return found

    def _is_still_there(self, job: Job) -> bool:
        """Whether the dataset holds what a job brought: a full import that ended later may have replaced it."""
        full = self.latest_full
        return full is not None and not job.has_failed and job.created >= full.ended

    def _was_in_full(self, found: Found) -> bool:
        """Whether the latest full import read an object as it is now."""
        full, location = self.latest_full, self.full_location
        if not full or not location:
            return False
        return location.reads(self.location.bucket, found.key) and found.modified + _SECOND <= full.created

    def _whole_location(self) -> list[Due]:
        """One job for everything at the location, unless the dataset holds that."""
        objects = [each for each in self.objects if self.location.reads(self.location.bucket, each.key)]
        if not objects:
            return []
        identity = [self.location.bucket, *sorted([each.key, each.etag] for each in objects)]
        last = max((job for job in self.jobs if not job.has_failed), key=_created, default=None)
        name, run = self._find(identity, lambda job: job is last)
        is_held = not run.is_in_flight if run else self._holds_all(objects)
        return [] if is_held else [Due(name, str(self.location), FULL)]

    def _holds_all(self, objects: Iterable[Found]) -> bool:
        """Whether a full import by somebody else read all objects as they are; of ours the names say what they read."""
        full = self.latest_full
        return full is not None and not self._is_ours(full) and all(map(self._was_in_full, objects))

    def _is_ours(self, job: Job) -> bool:
        """Whether a job has a name of the form that `_find` gives."""
        matched = _SUFFIX.search(job.name)
        return matched is not None and job.name == self._named(matched[1])

    def _named(self, suffix: str) -> str:
        readable = f"{self.job_prefix}-{self.dataset_type.lower().replace('_', '-')}"
        return f"{readable[: MAX_LENGTH - len(suffix) - 1].rstrip('-_')}-{suffix}"

    def _find(self, identity: object, counts: Callable[[Job], bool]) -> tuple[str, Job | None]:
        """The run of a job that brings something, if there is one that counts, or a name for it that is free.

        Jobs stay for ever, those that failed too, so the next run needs another name.

        Args:
            identity: what it brings; the name has a hash of it.
            counts: whether the dataset holds what a run brought, or will.
        """
        text = json.dumps([self.dataset_type, identity])
        digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]
        attempt = 0
        while True:
            name = self._named(f"{digest}-{attempt}" if attempt else digest)
            run = self._by_name.get(name)
            if run is None or counts(run):
                return name, run
            attempt += 1

    @cached_property
    def _by_name(self) -> Mapping[str, Job]:
        return {job.name: job for job in self.jobs}


def latest_full(jobs: Iterable[Job]) -> Job | None:
    """The latest full import that has not failed."""
    return max((job for job in jobs if job.is_full and not job.has_failed), key=_created, default=None)


def _created(job: Job) -> float:
    return job.created
