"""Dataset export jobs: the records of a dataset, written to Amazon S3 as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from .avro import Schema
from .data import Row
from .errors import invalid
from .jobs import JobFailedError, failing, output_is_valid, write
from .kind import Kind, named, taken
from .region import Region, Resource
from .request import Request
from .rules import must_be_active

_EXPORTED = ("INTERACTIONS", "ITEMS", "USERS")


def dataset_is_exportable(request: Request) -> None:
    """The dataset must be ACTIVE, and not one of actions or their interactions; codes inferred.

    Developer guide, "Exporting the training data in a dataset to Amazon S3".
    """
    dataset = request.region.get(request.params["datasetArn"], "Dataset")
    must_be_active(dataset)
    if dataset.fields["datasetType"] not in _EXPORTED:
        raise invalid(f"A dataset of type {dataset.fields['datasetType']} cannot be exported.")


def to_csv(schema: Schema, rows: Iterable[Row]) -> str:
    """Records as a CSV file that can be imported again, each once.

    Developer guide, "Exporting the training data in a dataset to Amazon S3": a header with the names of the schema's
    fields, and one of those records that are the same in all fields. How values are written is inferred from what an
    import takes ("Preparing training data for Amazon Personalize").

    Args:
        schema: of the dataset.
        rows: its records.
    """
    lines = dict.fromkeys(tuple(_text(row.get(name)) for name in schema.names) for row in rows)
    out = io.StringIO()
    out.write(",".join(schema.names) + "\n")
    csv.writer(out, lineterminator="\n", doublequote=False, escapechar="\\").writerows(lines)
    return out.getvalue()


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


@failing
def _read(region: Region, job: Resource, at: float) -> None:
    dataset = region.datasets.get(job.fields["datasetArn"])
    if dataset is None:
        raise JobFailedError("The dataset no longer exists.")
    job.work = to_csv(dataset.schema, dataset.rows(job.fields["ingestionMode"]))


@failing
def _write(region: Region, job: Resource, at: float) -> None:
    # No page names the file.
    destination = job.fields["jobOutput"]["s3DataDestination"]
    write(region, job.fields["roleArn"], destination, f"{job.name}.csv", job.work, lists=True)
    job.work = None


KIND = Kind(
    noun="DatasetExportJob",
    key="datasetExportJob",
    list_key="datasetExportJobs",
    path=named("dataset-export-job", "jobName"),
    fields=taken("datasetArn", "ingestionMode", "roleArn", "jobOutput", ingestionMode="PUT"),
    parents={"datasetArn": "Dataset"},
    rules=(dataset_is_exportable, output_is_valid),
    list_by="datasetArn",
    name_member="jobName",
    can_be_deleted=False,
    start=_read,
    finish=_write,
)
