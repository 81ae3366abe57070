"""Schemas and CSV files for the emulator's tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

STRING = "string"
GENRES = {"name": "GENRES", "type": STRING, "categorical": True}
AGE = {"name": "AGE", "type": "int"}
FIELDS: dict[str, list[dict[str, Any]]] = {
    "Interactions": [
        {"name": "USER_ID", "type": STRING},
        {"name": "ITEM_ID", "type": STRING},
        {"name": "EVENT_TYPE", "type": STRING},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "Items": [
        {"name": "ITEM_ID", "type": STRING},
        GENRES,
        {"name": "CREATION_TIMESTAMP", "type": "long"},
        {"name": "PRICE", "type": ["null", "float"]},
    ],
    "Users": [
        {"name": "USER_ID", "type": STRING},
        AGE,
        {"name": "PLAN", "type": ["null", STRING], "categorical": True},
    ],
    "Actions": [
        {"name": "ACTION_ID", "type": STRING},
        {"name": "VALUE", "type": ["null", "long"]},
        {"name": "LEVEL", "type": ["null", STRING], "categorical": True},
        {"name": "CREATION_TIMESTAMP", "type": ["null", "long"]},
        {"name": "EXPIRATION_TIMESTAMP", "type": ["null", "long"]},
        {"name": "REPEAT_FREQUENCY", "type": ["null", "long"]},
    ],
    "ActionInteractions": [
        {"name": "USER_ID", "type": STRING},
        {"name": "ACTION_ID", "type": STRING},
        {"name": "EVENT_TYPE", "type": STRING},
        {"name": "TIMESTAMP", "type": "long"},
    ],
}


def schema(kind: str, fields: Any = None, **changes: Any) -> str:
    """A schema document, with other fields if any are given; `changes` to the record itself."""
    document = {
        "type": "record",
        "name": kind,
        "namespace": "com.amazonaws.personalize.schema",
        "fields": FIELDS[kind] if fields is None else fields,
        "version": "1.0",
        **changes,
    }
    return json.dumps(document)


def csv(kind: str, rows: Iterable[Iterable[Any]]) -> str:
    """A file with the columns of a schema."""
    header = [field["name"] for field in FIELDS[kind]]
    return "\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n"


def interaction_rows(users: int = 30, items: int = 40, each: int = 60) -> list[tuple[Any, ...]]:
    """Interactions of users who like what their neighbours like; two of three are watches."""
    return [
        (
            f"u{user}",
            f"i{(user + step * (1 + user % 3)) % items}",
            "Watch" if step % 3 else "Click",
            1_600_000_000 + user * 1000 + step,
        )
        for user in range(users)
        for step in range(each)
    ]


def item_rows(items: int = 40) -> list[tuple[Any, ...]]:
    """Even items are comedies, odd ones dramas and of war; every fourth has no price."""
    return [(f"i{n}", "Drama|War" if n % 2 else "Comedy", n, n / 2 if n % 4 else "") for n in range(items)]


def user_rows(users: int = 30) -> list[tuple[Any, ...]]:
    """Users aged 10, 11, ...; the even ones are members."""
    return [(f"u{n}", 10 + n, "" if n % 2 else "Member") for n in range(users)]


def attribution(group_arn: str) -> dict[str, Any]:
    """A metric attribution of a dataset group that counts what is watched."""
    return {
        "datasetGroupArn": group_arn,
        "metrics": [{"eventType": "Watch", "metricName": "watches", "expression": "SAMPLECOUNT()"}],
        "metricsOutputConfig": {
            "roleArn": "arn:aws:iam::000000000000:role/personalize",
            "s3DataDestination": {"path": "s3://movies/reports/"},
        },
    }
