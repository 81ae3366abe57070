"""Reviews to draw, with something in every field."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tools.review.review import (
    Bar,
    Change,
    Commit,
    Difference,
    Header,
    Money,
    MoneyLine,
    Outputs,
    Permission,
    Property,
    Reason,
    Resources,
    Review,
    StackChanges,
    Time,
    Verdict,
)

_FILTER = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'


def a_review(verdict: Verdict = Verdict.READ_FIRST) -> Review:
    """A review of a change to everything."""
    return Review(
        verdict,
        "3 resources change, 1 is added, 1 is removed.",
        (
            Reason(Verdict.REFUSED, "refused", "The schema cannot change.", ("ItemsDataset",), "make diff ENV=dev"),
            Reason(Verdict.READ_FIRST, "another ARN", "Clients need the new ARN.", ("Watched", "Comedies")),
        ),
        Header(
            "vod",
            "dev",
            "123456789012",
            "eu-central-1",
            Commit("origin/main", "1a2b3c4", "Watched titles are left out"),
            Commit("working tree", "5d6e7f8", "Comedies", is_changed=True),
            datetime(2026, 11, 26, 12, 0, tzinfo=UTC),
        ),
        (
            StackChanges(
                "vod-dev-data", "updated", (_filter(), _schema(), _added(), _role()), 4, ("WatchedFilterArn",)
            ),
            StackChanges("vod-dev-recommenders", "updated", (_removed(),)),
            StackChanges("vod-dev-ranking", "not changed"),
        ),
        Time(
            "About 2 h 5 min",
            (Bar("ItemsImport", "DatasetImportJob", 0, 25, True), Bar("Rerank", "Solution", 25, 125)),
            ("The service refused CreateFilter for Watched.",),
            ("How long the service takes depends on your data.",),
        ),
        Money(
            "$941.70",
            "$1,215.45",
            "$1.67",
            "$273.75 more",
            True,
            (
                MoneyLine("vod-dev-ranking/Campaign", "campaign", "$0.54", "$394.20", "$394.20", ""),
                MoneyLine("vod-dev-recommenders/New", "recommender", "$0.38", "", "$273.75", "$2.00", is_changed=True),
                MoneyLine("vod-dev-recommenders/Old", "one", "", "$273.75", "", "", is_gone=True, is_changed=True),
            ),
            ("Deploying it trains Rerank once: $2.00.",),
            ("In USD, at the prices of 2026-11-25.",),
        ),
        (
            Permission("Role A may personalize:List* on <Bucket>/* in <Region>", ("<Bucket>/*",), "added"),
            Permission("Role B may s3:PutObject on <Bucket>", (), "removed"),
            Permission("Role C may do", ("*",), "changed", (("actions", ("personalize:A",), ("personalize:B*",)),)),
            Permission("Role D may personalize:List* on *, in <Region>", ("personalize:List*", "*"), "unchanged"),
        ),
        (Outputs("vod-dev-data", ("NewArn",), ("OldArn",)), Outputs("vod-dev-ranking", (), ())),
        (Resources("vod-dev-data", "Custom::PersonalizeFilter", 2, "deleted", ("Watched", "Comedies")),),
    )


def _filter() -> Change:
    to = _FILTER.replace('("Watch")', '("Watch",\n  "Click")')
    difference = Difference("", _FILTER, to)
    meanwhile = "served throughout; requests then need the new filter's ARN"
    what = "replaced without interruption"
    changed = Property("FilterExpression", (difference,), "", what, "", meanwhile, Verdict.READ_FIRST)
    return Change("Watched", "Filter", "changed", what, "12 s", meanwhile, Verdict.READ_FIRST, (changed,))


def _schema() -> Change:
    what, why = "refused", "The field DEVICE is new."
    changed = Property("SchemaArn", (), "ItemsSchema", what, why, "", Verdict.REFUSED)
    nested = Property("Tags", (Difference("Value.project", "vod", None),), "", "in place", "", "", Verdict.DEPLOYABLE)
    return Change("ItemsDataset", "Dataset", "changed", what, "", "", Verdict.REFUSED, (changed, nested))


def _added() -> Change:
    spelled_out = (("recipe", "aws-vod-most-popular"), ("expression", "INCLUDE ItemID WHERE\nItems.GENRES IN ($G)"))
    hint = "Probably the recommender Old under another name; its ARN changes."
    return Change("New", "Recommender", "added", "created", "1 h", "", Verdict.DEPLOYABLE, (), spelled_out, hint)


def _role() -> Change:
    return Change("Role", "AWS::IAM::Role", "added", "created", "", "", Verdict.DEPLOYABLE)


def _removed() -> Change:
    said = ("deleted with the update of its stack", "", "it serves nothing any more")
    return Change("Old", "Recommender", "removed", *said, Verdict.READ_FIRST)


def rewritten(value: Any, rewrite: Callable[[str], str]) -> Any:
    """The same review, or a part of one, with every text as `rewrite` makes it; `kind` is ours and stays."""
    if isinstance(value, str):
        return rewrite(value)
    if isinstance(value, tuple):
        return tuple(rewritten(each, rewrite) for each in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    fields = {each.name: getattr(value, each.name) for each in dataclasses.fields(value) if each.name != "kind"}
    return dataclasses.replace(value, **{name: rewritten(each, rewrite) for name, each in fields.items()})
