"""Small templates to review."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tools.review.review import Commit, Header
from tools.simulation.assembly import Assembly

HEADER = Header("vod", "dev", "", "", Commit("main"), Commit("working tree"), datetime(2026, 11, 26, tzinfo=UTC))

Resources = dict[str, dict[str, Any]]


def ours(noun: str, deletion_policy: str = "Delete", **properties: Any) -> dict[str, Any]:
    """A resource of a Personalize type."""
    return {"Type": f"Custom::Personalize{noun}", "Properties": properties, "DeletionPolicy": deletion_policy}


def ref(logical_id: str, attribute: str) -> dict[str, Any]:
    """A reference to an attribute of another resource."""
    return {"Fn::GetAtt": [logical_id, attribute]}


def assembly(resources: Resources, stack: str = "app") -> Assembly:
    """An app of one stack."""
    return Assembly({stack: {"Resources": resources}}, {stack: frozenset()})
