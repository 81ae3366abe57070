"""What batch inference and batch segment jobs have in common: lines of JSON in Amazon S3, each with an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import filters
from .errors import ServiceError, invalid
from .jobs import JobFailedError, failing, reading, write
from .region import ACTIVE, Region, Resource
from .request import Request
from .rules import Rule, must_be_active

Record = Mapping[str, Any]
# From a line of the input to its output; a ServiceError is what the line has instead.
Answer = Callable[[Record], Mapping[str, Any]]

DEFAULT_RESULTS = 25
# Recorded beside the output of all published jobs. What is in it, and that it comes first, is inferred.
_CHECK = "_CHECK"


# -- rules -------------------------------------------------------------------------------------------------


def version_is_active(request: Request) -> None:
    """The solution version must be ACTIVE; inferred.

    Developer guide, "Getting batch item recommendations with custom resources": it has to be created first.
    """
    must_be_active(version_of(request))


def version_of(request: Request) -> Resource:
    """The solution version of a job."""
    return request.region.get(request.params["solutionVersionArn"], "SolutionVersion")


def filters_what(subject: str) -> Rule:
    """A rule: the filter of a job is ACTIVE, of the dataset group of the solution version, and about the same things.

    Developer guide, "Filtering batch recommendations and user segments (custom resources)"; codes inferred.

    Args:
        subject: ItemID or UserID.
    """

    def rule(request: Request) -> None:
        if "filterArn" not in request.params:
            return
        found = request.region.get(request.params["filterArn"], "Filter")
        must_be_active(found)
        if found.fields["datasetGroupArn"] != version_of(request).fields["datasetGroupArn"]:
            raise invalid(f"{found.arn} belongs to another dataset group.")
        parsed = filters.parse(found.fields["filterExpression"])
        if any(each.subject != subject for each in parsed.expressions):
            raise invalid(f"{found.arn} does not filter by {subject}.")

    return rule


def results_are_at_most(maximum: int | None) -> Rule:
    """A rule: each line has at least one result, and at most so many.

    Quotas, "Maximum number of users per segment"; the code, and that there is one at least, are inferred.

    Args:
        maximum: None for any number.
    """

    def rule(request: Request) -> None:
        wanted = request.params.get("numResults", DEFAULT_RESULTS)
        if wanted < 1 or (maximum and wanted > maximum):
            raise invalid(f"numResults must be from 1 to {maximum}." if maximum else "numResults must be at least 1.")

    return rule


# -- work --------------------------------------------------------------------------------------------------


def trained_version(region: Region, job: Resource) -> Resource:
    """The solution version of a job that begins.

    Raises:
        JobFailedError: it went meanwhile.
    """
    version = region.find(job.fields["solutionVersionArn"], "SolutionVersion")
    if version is None or version.status != ACTIVE:
        raise JobFailedError("The solution version no longer exists.")
    return version


def answered(region: Region, job: Resource, answer: Answer, results: str, most_lines: int | None) -> dict[str, str]:
    """The output of a job by the names of its files.

    Developer guide, "Creating a batch inference job": all objects whose keys begin with the path are input, and the
    output of each is called like it, and `.out`. That an object with just that key is all the input, is inferred.

    Args:
        region: where the job is.
        job: the job.
        answer: what a line is answered with.
        results: member of an answer that has the results; empty in that of a line with an error.
        most_lines: lines that a file may have; None for any number.

    Raises:
        JobFailedError: the input cannot be read, or is too much.
    """
    path = job.fields["jobInput"]["s3DataSource"]["path"]
    role, quotas = job.fields["roleArn"], region.environment.quotas
    found = dict(reading(region.environment.objects.find(role, path), "Invalid S3 input path."))
    key = path.removeprefix("s3://").partition("/")[2]
    files = {key: found[key]} if key in found else {name: body for name, body in found.items() if name[-1] != "/"}
    if not files:
        raise JobFailedError(f"Invalid S3 input path. No file is at {path}")
    if len(files) > quotas.batch_input_files:
        raise JobFailedError(f"The input has {len(files)} files; at most {quotas.batch_input_files} are allowed.")
    if sum(map(len, files.values())) > quotas.batch_input_bytes:
        raise JobFailedError(f"The input has more than {quotas.batch_input_bytes} bytes.")
    write(region, role, job.fields["jobOutput"]["s3DataDestination"], _CHECK, "")
    return {
        f"{name.rpartition('/')[2]}.out": "".join(_answers(name, body, answer, results, most_lines))
        for name, body in files.items()
    }


@failing
def write_output(region: Region, job: Resource, at: float) -> None:
    """Write the files that are the work of a job; it fails if its role may not write there."""
    for name, body in job.work.items():
        write(region, job.fields["roleArn"], job.fields["jobOutput"]["s3DataDestination"], name, body)
    job.work = None


def _answers(name: str, body: bytes, answer: Answer, results: str, most_lines: int | None) -> Iterator[str]:
    try:
        lines = [line for line in body.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise JobFailedError(f"{name} is not encoded in UTF-8.") from None
    if most_lines is not None and len(lines) > most_lines:
        raise JobFailedError(f"{name} has {len(lines)} records; at most {most_lines} are allowed.")
    for line in lines:
        yield json.dumps(_answered_line(line, answer, results), ensure_ascii=False, separators=(",", ":")) + "\n"


def _answered_line(line: str, answer: Answer, results: str) -> Mapping[str, Any]:
    """A line with its output, or with an empty one and its error.

    The form of the first is recorded in published notebooks, that of the second by a user of AWS re:Post (question
    QUeREKqg8BSiakXAEyxdUr7A) for a line without its userId; for other errors it is inferred.
    """
    record, error = _record(line)
    if not error:
        try:
            return {"input": record, "output": answer(record), "error": None}
        except ServiceError as refused:
            error = refused.message
    return {"input": record, "output": {results: []}, "error": f"User error: {error}"}


def _record(line: str) -> tuple[Any, str]:
    """What a line holds, and what is wrong with it."""
    try:
        record = json.loads(line)
    except ValueError:
        return line, "The line is not a JSON object."
    return record, "" if isinstance(record, dict) else "The line is not a JSON object."


def texts(record: Record, *members: str) -> dict[str, str]:
    """Members of a line that must be texts.

    Raises:
        ServiceError: one is missing, or is something else.
    """
    for member in members:
        if not isinstance(record.get(member), str) or not record[member]:
            raise lacks(member)
    return {member: record[member] for member in members}


def lacks(member: str) -> ServiceError:
    """The error of a line without what its recipe needs, in the words that re:Post has (see `_answered_line`)."""
    return invalid(f"Required fields for the provided recipe are {member}")


def filter_values(record: Record) -> Mapping[str, str]:
    """The values that a line gives for the parameters of the filter.

    Developer guide, "Filtering batch recommendations and user segments (custom resources)".

    Raises:
        ServiceError: they are not texts by their names.
    """
    found = record.get("filterValues", {})
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise invalid("filterValues must be texts by the names of the parameters.")
    return found
