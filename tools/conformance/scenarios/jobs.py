"""Jobs that export a dataset and that delete users, and what becomes of jobs when their dataset goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.conformance.run import Run
from tools.conformance.step import Expected, Step, Tier

from .imports import CENTS, put_object
from .materials import INVALID, LIMIT, MISSING, refused

_PENDING = 5
_FAILED = "CREATE FAILED"


def _export(run: Run) -> None:
    bucket = run.recall("bucket")
    statuses = {
        mode: _exported(run, f"export-{mode.lower()}", f"s3://{bucket}/{mode.lower()}/", ingestionMode=mode)
        for mode in ("ALL", "PUT")
    }
    run.note("statuses", statuses, expected=dict.fromkeys(("ALL", "PUT"), "ACTIVE"))
    keys = [each["Key"] for each in run.s3.list_objects_v2(Bucket=bucket, Prefix="all/").get("Contents", [])]
    run.note("files", [key.replace(run.prefix, "RUN") for key in keys])
    bodies = [run.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
    run.note("first lines", [body.partition("\n")[0] for body in bodies], expected=["USER_ID,AGE,PLAN"])


def _export_wrongly(run: Run) -> None:
    bucket = run.recall("bucket")
    _exported(run, "export-web", f"https://{bucket}.s3.amazonaws.com/out/")
    run.note("into a path without a slash", _exported(run, "export-bare", f"s3://{bucket}/bare"), expected="ACTIVE")
    role = run.role("not-writing")
    status = _exported(run, "export-powerless", f"s3://{bucket}/powerless/", roleArn=role)
    run.note("with a role that may do nothing", status, expected=_FAILED)


def _exported(run: Run, name: str, path: str, **options: Any) -> str:
    """Export users, and wait; the status, or `refused`."""
    wanted = {
        "jobName": run.name(name),
        "datasetArn": run.recall("custom-Users"),
        "ingestionMode": "ALL",
        "roleArn": run.recall("role"),
        "jobOutput": {"s3DataDestination": {"path": path}},
        **options,
    }
    made = run.ask(run.personalize.create_dataset_export_job, **wanted)
    return run.settled("DatasetExportJob", made["datasetExportJobArn"]) if made else "refused"


def _delete_users(run: Run) -> None:
    put_object(run, "gone/users.csv", "USER_ID\nu59\nnobody\n")
    put_object(run, "gone/readme.txt", "Not a list of users.\n")
    arn = _start_deletion(run, "gone", "gone/")
    run.note("status", run.settled("DataDeletionJob", arn) if arn else "refused", expected="COMPLETED")
    if arn:
        job = run.personalize.describe_data_deletion_job(dataDeletionJobArn=arn)["dataDeletionJob"]
        # Thirty interactions and the user.
        run.note("deleted records", job.get("numDeleted"), expected=31)


def _delete_wrong_lists(run: Run) -> None:
    put_object(run, "wrong/users.csv", "user\nu58\n")
    put_object(run, "text/users.txt", "USER_ID\nu58\n")
    for name, folder in (("wrong-header", "wrong/"), ("wrong-file", "text/"), ("no-file", "none/")):
        arn = _start_deletion(run, name, folder)
        run.note(name, run.settled("DataDeletionJob", arn) if arn else "refused", expected="FAILED")


def _delete_at_once(run: Run) -> None:
    put_object(run, "nobody.csv", "USER_ID\nnobody\n")
    arns = [_start_deletion(run, f"at-once-{number}", "nobody.csv") for number in range(_PENDING + 1)]
    for arn in filter(None, arns):
        run.settled("DataDeletionJob", arn)


def _start_deletion(run: Run, name: str, key: str) -> str:
    made = run.ask(
        run.personalize.create_data_deletion_job,
        jobName=run.name(name),
        datasetGroupArn=run.recall("custom"),
        dataSource={"dataLocation": f"s3://{run.recall('bucket')}/{key}"},
        roleArn=run.recall("role"),
    )
    return str(made["dataDeletionJobArn"]) if made else ""


def _delete_dataset(run: Run) -> None:
    """A dataset with jobs, in the group without a domain; nothing that is trained needs it."""
    dataset, personalize = run.recall("custom-Users"), run.personalize
    imported = personalize.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"][0]
    exported = personalize.list_dataset_export_jobs(datasetArn=dataset)["datasetExportJobs"][0]
    personalize.delete_dataset(datasetArn=dataset)
    run.settled("Dataset", dataset)
    run.ask(personalize.describe_dataset_import_job, datasetImportJobArn=imported["datasetImportJobArn"])
    run.ask(personalize.describe_dataset_export_job, datasetExportJobArn=exported["datasetExportJobArn"])


def _step(name: str, what: str, does: Callable[[Run], None], *rules: str, **options: Any) -> Step:
    common = {"cost": CENTS, "minutes": 10.0, "needs": ("imports.all",)}
    return Step(name, what, does, rules=rules, tier=Tier.IMPORT, **{**common, **options})


STEPS = (
    _step(
        "exports.written",
        "Exports users: all of them, then those that were sent one by one.",
        _export,
        "exports.files",
        "exports.datasets",
        "jobs.output",
    ),
    _step(
        "exports.wrong_outputs",
        "Exports users to what is no folder of S3, and with a role that may do nothing.",
        _export_wrongly,
        "jobs.output",
        "jobs.output_paths",
        expects=(
            Expected("CreateDatasetExportJob", INVALID, which=0),
            Expected("DescribeDatasetExportJob", members=("datasetExportJob.failureReason",)),
        ),
    ),
    _step(
        "deletions.users",
        "Deletes a user, and one whom nobody knows, with all their records.",
        _delete_users,
        "deletions.records",
        "deletions.lists",
        minutes=60,
    ),
    _step(
        "deletions.wrong_lists",
        "Deletes users with a list that has another header, with one that is no CSV file, and with none.",
        _delete_wrong_lists,
        "deletions.lists",
        minutes=30,
    ),
    _step(
        "deletions.at_once",
        f"Starts {_PENDING + 1} deletions of nobody at once.",
        _delete_at_once,
        "deletions.pending",
        minutes=60,
        expects=(Expected("CreateDataDeletionJob", LIMIT),),
    ),
    _step(
        "imports.dataset_deleted",
        "Deletes a dataset that has jobs that imported and exported; are they gone with it?",
        _delete_dataset,
        "imports.not_deletable",
        "exports.jobs_stay",
        needs=("exports.written", "deletions.users"),
        minutes=2,
        expects=(*refused("DescribeDatasetImportJob", MISSING), *refused("DescribeDatasetExportJob", MISSING)),
    ),
)
