"""Filters: which expressions the service takes, without any data."""

from __future__ import annotations

from collections.abc import Sequence

from tools.conformance.run import Run
from tools.conformance.step import Expected, Step

from .materials import EXISTS, FIELDS, INVALID, LIMIT, MISSING, optional, refused, schema, taken

_UNSEEN = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'
_FORMS = (
    _UNSEEN,
    'exclude itemid where interactions.event_type in ("*")',
    "INCLUDE ItemID WHERE Items.GENRES IN ($GENRES) AND Items.YEAR >= 1990.5 OR Items.PRICE < -1",
    "EXCLUDE ItemID WHERE Items.YEAR < $YEAR",
    "EXCLUDE ItemID WHERE Items.YEAR < ($YEAR)",
    "INCLUDE ItemID WHERE Items.GENRES IN (\"Drama\") | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('Watch')",
    'EXCLUDE ItemID WHERE Items.GENRES NOT IN ("Animation") IF CurrentUser.AGE <= 12 AND CurrentUser.PLAN = "Premium"',
    "INCLUDE ItemID WHERE Items.GENRES IN CurrentItem.GENRES",
    "INCLUDE ItemID WHERE Items.GENRES NOT IN CurrentItem.GENRES",
    "INCLUDE ItemID WHERE Items.YEAR >= CurrentItem.YEAR",
    "INCLUDE UserID WHERE Users.AGE > 17",
    'INCLUDE ItemID WHERE Items.GENRES IN ("The \\"best\\"")',
    "INCLUDE ItemID WHERE Items.YEAR < 2E3",
)
_BROKEN = (
    "Watch",
    'EXCLUDE ItemID Interactions.EVENT_TYPE IN ("Watch")',
    'EXCLUDE ItemID WHERE Films.GENRES IN ("Drama")',
    'EXCLUDE ItemID WHERE Items.GENRES IN ("Drama"',
    "EXCLUDE ItemID WHERE Items.GENRES LIKE 'D'",
    'EXCLUDE ItemID WHERE Items.GENRES IN ("Drama") |',
)
_COMBINED = (
    'EXCLUDE ItemID WHERE Items.GENRES IN ("Drama") AND Interactions.EVENT_TYPE IN ("Watch")',
    'EXCLUDE ItemID WHERE Items.GENRES IN ("Drama") IF Items.YEAR > 1990',
    "EXCLUDE ItemID WHERE CurrentUser.AGE > 17",
    'EXCLUDE ItemID WHERE Items.GENRES IN ("*")',
    "EXCLUDE ItemID WHERE Items.GENRES NOT IN ($GENRES)",
    "EXCLUDE ItemID WHERE Users.AGE > 17",
    'INCLUDE UserID WHERE Items.GENRES IN ("Drama")',
    "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN CurrentItem.GENRES",
    'EXCLUDE ActionID WHERE Items.GENRES IN ("Drama")',
)
_UNKNOWN = ("EXCLUDE ItemID WHERE Items.DIRECTOR IN ($WHO)", "INCLUDE ItemID WHERE Items.YEAR > CurrentItem.LENGTH")
_UNFIT = (
    'EXCLUDE ItemID WHERE Items.IS_SHORT = "true"',
    'EXCLUDE ItemID WHERE Items.PLOT IN ("Drama")',
    'EXCLUDE ItemID WHERE Interactions.ITEM_ID IN ("i1")',
    "EXCLUDE ItemID WHERE Items.GENRES > 3",
    'EXCLUDE ItemID WHERE Items.YEAR > "long ago"',
)
_FIELDS_OF_A_FILTER = 10


def _create(run: Run) -> None:
    made = run.personalize.create_filter(
        name=run.name("unseen"), datasetGroupArn=run.recall("vod"), filterExpression=_UNSEEN
    )["filterArn"]
    run.remember("unseen", made)
    run.ask(run.personalize.delete_filter, filterArn=made)
    run.settled("Filter", made)


def _name_again(run: Run) -> None:
    run.ask(
        run.personalize.create_filter,
        name=run.name("unseen"),
        datasetGroupArn=run.recall("vod"),
        filterExpression=_UNSEEN,
    )


def _delete(run: Run) -> None:
    arn = run.recall("unseen")
    run.ask(run.personalize.delete_filter, filterArn=arn)
    run.settled("Filter", arn)
    run.ask(run.personalize.delete_filter, filterArn=arn)


def _take_forms(run: Run) -> None:
    _remove(run, _try(run, "form", _FORMS))


def _refuse_broken(run: Run) -> None:
    _remove(run, _try(run, "broken", _BROKEN))


def _refuse_combinations(run: Run) -> None:
    _remove(run, _try(run, "combined", _COMBINED))


def _refuse_unknown_columns(run: Run) -> None:
    _remove(run, _try(run, "unknown", _UNKNOWN))


def _refuse_unfit_columns(run: Run) -> None:
    _remove(run, _try(run, "unfit", _UNFIT))


def _compare_texts(run: Run) -> None:
    _remove(run, _try(run, "equal", ('EXCLUDE ItemID WHERE Items.GENRES = "Drama"',)))


def _use_many_fields(run: Run) -> None:
    """In a group of its own, because the fields of all its filters count together."""
    group = run.personalize.create_dataset_group(name=run.name("wide"))["datasetGroupArn"]
    run.settled("DatasetGroup", group)
    columns = [f"C{number}" for number in range(21)]
    text = schema("Items", (FIELDS["Items"][0], *(optional(each, "int") for each in columns)))
    wide = run.personalize.create_schema(name=run.name("wide"), schema=text)["schemaArn"]
    dataset = run.personalize.create_dataset(
        name=run.name("wide"), datasetGroupArn=group, datasetType="Items", schemaArn=wide
    )["datasetArn"]
    run.settled("Dataset", dataset)
    several = [columns[:11], columns[:10], columns[10:20], columns[20:]]
    made = _try(run, "wide", [_about(each) for each in several], group)
    _remove(run, made)
    run.personalize.delete_dataset(datasetArn=dataset)
    run.settled("Dataset", dataset)
    run.personalize.delete_dataset_group(datasetGroupArn=group)
    run.settled("DatasetGroup", group)


def _about(columns: Sequence[str]) -> str:
    return f"EXCLUDE ItemID WHERE {' AND '.join(f'Items.{each} > 1' for each in columns)}"


def _try(run: Run, name: str, expressions: Sequence[str], group: str = "") -> list[str]:
    """Ask for a filter of each expression; the ARNs of those that were taken."""
    answers = [
        run.ask(
            run.personalize.create_filter,
            name=run.name(f"{name}-{number}"),
            datasetGroupArn=group or run.recall("vod"),
            filterExpression=expression,
        )
        for number, expression in enumerate(expressions)
    ]
    return [answer["filterArn"] for answer in answers if answer]


def _remove(run: Run, arns: Sequence[str]) -> None:
    """Delete filters, so that they do not count for the quotas of their group."""
    for arn in arns:
        run.settled("Filter", arn)
    for arn in arns:
        run.personalize.delete_filter(filterArn=arn)
    for arn in arns:
        run.settled("Filter", arn)


_NEEDS = ("datasets.created",)

STEPS = (
    Step(
        "filters.created",
        "Makes a filter, deletes it while it is pending, and follows its statuses.",
        _create,
        rules=("statuses.order", "statuses.must_be_settled"),
        needs=_NEEDS,
        minutes=2,
        expects=(
            *taken("CreateFilter"),
            *refused("DeleteFilter", "ResourceInUseException"),
            Expected("DescribeFilter", members=("filter.filterExpression", "filter.status", "filter.datasetGroupArn")),
        ),
    ),
    Step(
        "filters.same_name",
        "Makes a filter with a name that is taken.",
        _name_again,
        rules=("requests.unique_names",),
        needs=("filters.created",),
        expects=refused("CreateFilter", EXISTS),
    ),
    Step(
        "filters.accepted_forms",
        "Makes a filter of each form that an expression may have.",
        _take_forms,
        rules=("filters.grammar", "filters.combinations", "filters.several_expressions", "filters.current_item"),
        needs=_NEEDS,
        minutes=4,
        expects=taken("CreateFilter", len(_FORMS)),
    ),
    Step(
        "filters.broken_expressions",
        "Makes filters whose expressions do not parse.",
        _refuse_broken,
        rules=("filters.grammar",),
        needs=_NEEDS,
        expects=refused("CreateFilter", INVALID, len(_BROKEN)),
    ),
    Step(
        "filters.wrong_combinations",
        "Makes filters that combine what does not go together.",
        _refuse_combinations,
        rules=("filters.combinations",),
        needs=_NEEDS,
        expects=refused("CreateFilter", INVALID, len(_COMBINED)),
    ),
    Step(
        "filters.unknown_column",
        "Makes filters with columns that the schema lacks.",
        _refuse_unknown_columns,
        rules=("filters.fields",),
        needs=_NEEDS,
        expects=refused("CreateFilter", INVALID, len(_UNKNOWN)),
    ),
    Step(
        "filters.unfit_columns",
        "Makes filters with boolean and textual columns, of an id, and with texts where numbers belong.",
        _refuse_unfit_columns,
        rules=("filters.fields",),
        needs=_NEEDS,
        expects=refused("CreateFilter", INVALID, len(_UNFIT)),
    ),
    Step(
        "filters.equal_text",
        "Makes a filter that compares a text with `=`.",
        _compare_texts,
        rules=("filters.fields",),
        needs=_NEEDS,
        minutes=2,
        expects=taken("CreateFilter"),
    ),
    Step(
        "filters.many_fields",
        "Makes a filter with 11 fields, and filters with 21 fields together, in a group of their own.",
        _use_many_fields,
        rules=("filters.number_of_fields",),
        minutes=8,
        expects=(
            Expected("CreateFilter", INVALID, which=0),
            Expected("CreateFilter", which=1),
            Expected("CreateFilter", which=2),
            Expected("CreateFilter", LIMIT, which=3),
        ),
    ),
    Step(
        "filters.deleted",
        "Deletes a filter, and again when it is gone.",
        _delete,
        rules=("statuses.order", "requests.what_exists"),
        needs=("filters.same_name", "requests.lists"),
        minutes=2,
        expects=(Expected("DeleteFilter", which=0), Expected("DeleteFilter", MISSING, which=1)),
    ),
)
