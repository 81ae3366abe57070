"""Bulk imports: who may read the data, and which files are taken. Each file is a job of some minutes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from tools.conformance.run import Run
from tools.conformance.step import Cost, Expected, Step, Tier

from .materials import FIELDS, INVALID, LIMIT, VALIDATION, csv, interactions, items, refused, users

# 0.05 dollars a GB (tools/review/prices.yaml), of which all imports together are the thousandth part; and the requests
# to S3.
CENTS = Cost("cents", 0.001, "https://aws.amazon.com/personalize/pricing/, second hand, as in tools/review/prices.yaml")
_DATA = "data"
_ACTIVE, _FAILED = "ACTIVE", "CREATE FAILED"
_TRIES, _BETWEEN_TRIES = 10, 20.0
_AT_ONCE = 5
_ITEM_COLUMNS = [each["name"] for each in FIELDS["Items"]]


# -- access ------------------------------------------------------------------------------------------------


def _use_new_role(run: Run) -> None:
    """Make bucket and role, and import with them at once; again until it works, so that later steps can."""
    bucket = run.remember("bucket", run.bucket(_DATA))
    run.remember("role", run.role("reader", [_reading(bucket)]))
    _open(run)
    put_object(run, "users.csv", csv("Users", users()))
    came: list[str] = []
    for _ in range(_TRIES):
        came.append(_import(run, f"new-role-{len(came)}", "custom-Users", "users.csv"))
        if came[-1] == _ACTIVE:
            break
        run.pause(_BETWEEN_TRIES)
    run.note("imports until the first that worked", came, expected=[_ACTIVE])


def _use_closed_bucket(run: Run) -> None:
    run.s3.delete_bucket_policy(Bucket=run.recall("bucket"))
    status = _import(run, "closed", "custom-Users", "users.csv")
    _open(run)
    run.note("status", status, expected=_FAILED)


def _use_powerless_role(run: Run) -> None:
    role = run.role("powerless")
    run.note("status", _import(run, "powerless", "custom-Users", "users.csv", roleArn=role), expected=_FAILED)


def _use_conditions(run: Run) -> None:
    source = f"arn:aws:personalize:{run.region}:{run.account}:*"
    conditions = {"StringEquals": {"aws:SourceAccount": run.account}, "ArnLike": {"aws:SourceArn": source}}
    _open(run, conditions)
    status = _import(run, "conditions", "custom-Users", "users.csv")
    _open(run)
    run.note("status", status, expected=_ACTIVE)


def _reading(bucket: str) -> dict[str, Any]:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"], "Resource": resources}


def _open(run: Run, conditions: Mapping[str, Any] | None = None) -> None:
    """Let Personalize read and write the run's bucket."""
    bucket = run.recall("bucket")
    statement = {**_reading(bucket), "Principal": {"Service": "personalize.amazonaws.com"}}
    policy = {
        "Version": "2012-10-17",
        "Statement": [{**statement, **({"Condition": conditions} if conditions else {})}],
    }
    run.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


# -- jobs --------------------------------------------------------------------------------------------------


def put_object(run: Run, key: str, text: str | bytes) -> None:
    """Put an object into the bucket of the run."""
    body = text if isinstance(text, bytes) else text.encode()
    run.s3.put_object(Bucket=run.recall("bucket"), Key=key, Body=body)


def start_import(run: Run, name: str, dataset: str, key: str, **options: Any) -> str | None:
    """Ask for an import of an object, or folder, into a dataset that the run remembers; the ARN if it was taken."""
    wanted = {
        "jobName": run.name(name),
        "datasetArn": run.recall(dataset),
        "dataSource": {"dataLocation": f"s3://{run.recall('bucket')}/{key}"},
        "roleArn": run.recall("role"),
        **options,
    }
    made = run.ask(run.personalize.create_dataset_import_job, **wanted)
    return str(made["datasetImportJobArn"]) if made else None


def _import(run: Run, name: str, dataset: str, key: str, **options: Any) -> str:
    """Import, and wait; the status, or `refused`."""
    arn = start_import(run, name, dataset, key, **options)
    return run.settled("DatasetImportJob", arn) if arn else "refused"


def _refuse_locations(run: Run) -> None:
    for name, location in (
        ("web", f"https://{run.recall('bucket')}.s3.amazonaws.com/users.csv"),
        ("no-key", f"s3://{run.recall('bucket')}"),
        ("no-scheme", "users.csv"),
    ):
        _import(run, name, "custom-Users", "", dataSource={"dataLocation": location})


def _import_nothing(run: Run) -> None:
    run.note("a missing object", _import(run, "missing", "custom-Users", "none.csv"), expected=_FAILED)
    run.note("an empty folder", _import(run, "empty", "custom-Users", "none/"), expected=_FAILED)


def _import_increment_first(run: Run) -> None:
    put_object(run, "items.csv", csv("Items", items()))
    _import(run, "increment-first", "custom-Items", "items.csv", importMode="INCREMENTAL")


def _import_increment(run: Run) -> None:
    put_object(run, "more-users.csv", csv("Users", [("u0", 99, "Basic"), ("u-new", 33, "")]))
    status = _import(run, "increment", "custom-Users", "more-users.csv", importMode="INCREMENTAL")
    run.note("status", status, expected=_ACTIVE)


def _import_folder(run: Run) -> None:
    rows = users()
    put_object(run, "good/one.csv", csv("Users", rows[:30]))
    put_object(run, "good/two.csv", csv("Users", rows[30:]))
    put_object(run, "good/below/broken.csv", "nothing of the kind\n")
    run.note("status", _import(run, "folder", "custom-Users", "good/"), expected=_ACTIVE)


def _import_broken_folder(run: Run) -> None:
    put_object(run, "bad/one.csv", csv("Users", users()))
    put_object(run, "bad/two.csv", csv("Users", [("u1", "old", "")]))
    arn = start_import(run, "bad-folder", "custom-Users", "bad/")
    status = run.settled("DatasetImportJob", arn) if arn else "refused"
    run.note("status", status, expected=_FAILED)
    if arn:
        job = run.personalize.describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"]
        run.note("the reason names the file", "two.csv" in job.get("failureReason", ""), expected=True)


def _import_all(run: Run) -> None:
    """One into each of the six datasets at once: five may be pending."""
    for noun, rows in (("Interactions", interactions()), ("Items", items()), ("Users", users())):
        put_object(run, f"{noun}.csv", csv(noun, rows))
    # The schema of these items has got a column more.
    put_object(run, "vod-Items.csv", csv("Items", [(*row, "") for row in items()], [*_ITEM_COLUMNS, "SEASON"]))
    files = {f"{group}-{noun}": f"{noun}.csv" for group in ("vod", "custom") for noun in FIELDS}
    files["vod-Items"] = "vod-Items.csv"
    started = {dataset: start_import(run, f"all-{dataset.lower()}", dataset, key) for dataset, key in files.items()}
    statuses = {dataset: run.settled("DatasetImportJob", arn) for dataset, arn in started.items() if arn}
    for dataset in files.keys() - statuses.keys():
        statuses[dataset] = _import(run, f"again-{dataset.lower()}", dataset, files[dataset])
    run.note("statuses", dict(sorted(statuses.items())), expected=dict.fromkeys(sorted(files), _ACTIVE))


# -- forms of files ----------------------------------------------------------------------------------------


def _take_form(run: Run, name: str, dataset: str, body: bytes, status: str) -> None:
    put_object(run, f"{name}.csv", body)
    run.note("status", _import(run, name, dataset, f"{name}.csv"), expected=status)


def _form(name: str, what: str, text: str | bytes, rule: str, status: str = _FAILED, noun: str = "Items") -> Step:
    """The step that imports a file."""
    body = text if isinstance(text, bytes) else text.encode()
    does: Callable[[Run], None] = partial(
        _take_form, name=name.replace("_", "-"), dataset=f"custom-{noun}", body=body, status=status
    )
    expects = (Expected("DescribeDatasetImportJob", members=("datasetImportJob.failureReason",)),)
    return Step(
        f"imports.{name}",
        what,
        does,
        rules=(rule,),
        tier=Tier.IMPORT,
        needs=("imports.increment_first",),
        cost=CENTS,
        minutes=5,
        expects=expects if status == _FAILED else (),
    )


def _items(*changed: Sequence[Any], **values: Any) -> str:
    """A file of items, of which the first one has other values."""
    first = dict(zip(_ITEM_COLUMNS, items()[0], strict=True)) | values
    return csv("Items", [tuple(first.values()), *items()[1:], *map(tuple, changed)])


_GOOD = _items()
_HEADER, _, _RECORDS = _GOOD.partition("\n")
_FORMS = (
    _form(
        "other_order",
        "Imports items whose columns are in another order than those of the schema.",
        csv("Items", [tuple(reversed(row)) for row in items()], list(reversed(_ITEM_COLUMNS))),
        "imports.header",
        _ACTIVE,
    ),
    _form(
        "quoted_header",
        "Imports items whose header is quoted.",
        f"{','.join(chr(34) + name + chr(34) for name in _ITEM_COLUMNS)}\n{_RECORDS}",
        "imports.header",
    ),
    _form(
        "small_letters",
        "Imports items whose header is in small letters.",
        f"{_HEADER.lower()}\n{_RECORDS}",
        "imports.header",
    ),
    _form(
        "further_column",
        "Imports items with a column that the schema lacks.",
        "".join(f"{line},{'EXTRA' if not number else 1}\n" for number, line in enumerate(_GOOD.splitlines())),
        "imports.header",
        _ACTIVE,
    ),
    _form(
        "missing_column",
        "Imports items without the last column.",
        csv("Items", [row[:-1] for row in items()], _ITEM_COLUMNS[:-1]),
        "imports.header",
    ),
    _form(
        "trailing_comma",
        "Imports items whose records, but not the header, end with a comma.",
        f"{_HEADER}\n{_RECORDS.replace(chr(10), ',' + chr(10))}",
        "imports.values",
    ),
    _form(
        "escaped_quotes",
        "Imports a text with quotes that backslashes escape.",
        _items(PLOT=r'"A \"good\" film, they say."'),
        "imports.values",
        _ACTIVE,
    ),
    _form(
        "doubled_quotes",
        "Imports a text whose quotes are doubled.",
        _items(PLOT='"A ""good"" film, they say."'),
        "imports.values",
        _ACTIVE,
    ),
    _form("several_lines", "Imports a text of two lines.", _items(PLOT='"First.\nSecond."'), "imports.values"),
    _form("empty_required", "Imports an item without genres, which it needs.", _items(GENRES=""), "imports.values"),
    _form("wrong_type", "Imports a year that is no number.", _items(YEAR="long ago"), "imports.values"),
    _form("large_number", "Imports a whole number of more than 32 bits.", _items(YEAR=2**31), "imports.values"),
    _form(
        "other_encoding",
        "Imports a text that is not encoded in UTF-8.",
        _items(PLOT="Grüße").encode("latin-1"),
        "imports.values",
    ),
    _form("long_text", "Imports a text of 21,000 characters.", _items(PLOT="x" * 21_000), "imports.lengths", _ACTIVE),
    _form("long_category", "Imports a category of 1,001 characters.", _items(GENRES="x" * 1001), "imports.lengths"),
    _form("long_id", "Imports an id of 257 characters.", _items(ITEM_ID="x" * 257), "imports.lengths"),
    _form(
        "too_few",
        "Imports 999 interactions.",
        csv("Interactions", interactions()[:999]),
        "imports.minimum",
        noun="Interactions",
    ),
    _form(
        "many_event_types",
        "Imports interactions of 11 event types.",
        csv("Interactions", [(*row[:2], f"type{n % 11}", row[3]) for n, row in enumerate(interactions())]),
        "imports.event_types",
        noun="Interactions",
    ),
)


def _step(
    name: str, what: str, does: Callable[[Run], None], *rules: str, needs: tuple[str, ...], **options: Any
) -> Step:
    return Step(
        name, what, does, rules=rules, tier=Tier.IMPORT, needs=needs, **{"cost": CENTS, "minutes": 5.0, **options}
    )


_READY = ("imports.new_role",)

STEPS = (
    _step(
        "imports.new_role",
        "Imports users with a role and a bucket that were made a moment ago, again and again until it works.",
        _use_new_role,
        "imports.access",
        "statuses.order",
        needs=("datasets.created",),
        minutes=10,
    ),
    _step(
        "imports.closed_bucket",
        "Imports from a bucket whose policy lets nobody in.",
        _use_closed_bucket,
        "imports.access",
        needs=_READY,
        expects=(Expected("DescribeDatasetImportJob", members=("datasetImportJob.failureReason",)),),
    ),
    _step(
        "imports.powerless_role",
        "Imports with a role that may do nothing.",
        _use_powerless_role,
        "imports.access",
        needs=_READY,
        expects=(Expected("DescribeDatasetImportJob", members=("datasetImportJob.failureReason",)),),
    ),
    _step(
        "imports.policy_conditions",
        "Imports from a bucket whose policy has the conditions aws:SourceAccount and aws:SourceArn.",
        _use_conditions,
        "imports.access",
        needs=("imports.closed_bucket",),
    ),
    _step(
        "imports.wrong_locations",
        "Imports from locations that are no objects of S3.",
        _refuse_locations,
        "imports.location",
        needs=_READY,
        minutes=0,
        expects=(
            *refused("CreateDatasetImportJob", INVALID, 2),
            Expected("CreateDatasetImportJob", VALIDATION, which=2),
        ),
    ),
    _step(
        "imports.nothing_there",
        "Imports an object, and a folder, that do not exist.",
        _import_nothing,
        "imports.location",
        needs=_READY,
        minutes=10,
    ),
    _step(
        "imports.increment_first",
        "Imports items in mode INCREMENTAL before any were imported.",
        _import_increment_first,
        "imports.first_is_full",
        needs=_READY,
        minutes=0,
        expects=refused("CreateDatasetImportJob", INVALID),
    ),
    _step(
        "imports.increment",
        "Imports two users more in mode INCREMENTAL.",
        _import_increment,
        "imports.modes",
        needs=_READY,
    ),
    _step(
        "imports.folder",
        "Imports a folder with two files, and one below it that cannot be read.",
        _import_folder,
        "imports.folder",
        needs=_READY,
    ),
    _step(
        "imports.broken_folder",
        "Imports a folder in which one of two files is wrong.",
        _import_broken_folder,
        "imports.file_named",
        needs=_READY,
    ),
    *_FORMS,
    _step(
        "imports.all",
        f"Imports into six datasets at once, of which {_AT_ONCE} may be pending, then into the one that was refused.",
        _import_all,
        "imports.pending",
        needs=("imports.increment", "imports.folder", "datasets.column_added"),
        minutes=20,
        expects=(Expected("CreateDatasetImportJob", LIMIT, which=_AT_ONCE),),
    ),
)
