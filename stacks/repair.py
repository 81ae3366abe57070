"""Reads `-c repair=TOKEN:stack/Path,...`: the resources that this deployment brings back to what the template says."""

from __future__ import annotations

from aws_cdk import App
from constructs import IConstruct, Node

from .personalize import (
    Campaign,
    Dataset,
    DatasetGroup,
    DatasetImport,
    EventTracker,
    Filter,
    MetricAttribution,
    Recommender,
    Schema,
    Solution,
    SolutionVersion,
)
from .settings import SettingsError
from .settings_sentences import shown

_KEY = "repair"
_FORM = "must be TOKEN:stack/Path,stack/Path, as `make repair` writes it"
Repairable = (
    DatasetGroup
    | Schema
    | Dataset
    | DatasetImport
    | Recommender
    | Solution
    | SolutionVersion
    | Campaign
    | Filter
    | EventTracker
    | MetricAttribution
)


def repair(app: App) -> None:
    """Have what the context names repaired.

    Args:
        app: with its stacks.

    Raises:
        SettingsError: the context is not of its form, or names something that the app does not have.
    """
    value = app.node.try_get_context(_KEY)
    if value is None:
        return
    token, colon, paths = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not (token and colon and paths):
        raise SettingsError(f"{_KEY}: {_FORM}, but is {shown(value)}.")
    for path in paths.split(","):
        _find(app, path).repair(token)


def _find(app: App, path: str) -> Repairable:
    found = _child(app.node, path)
    if isinstance(found, Repairable):
        return found
    stack, _, _ = path.partition("/")
    known = [each.node.path for each in app.node.find_all() if isinstance(each, Repairable)]
    there = [each for each in known if each.startswith(f"{stack}/")] or known
    listed = f"There are {', '.join(there)}" if there else "There is none"
    raise SettingsError(f"{_KEY}: the app has no resource {shown(path)}. {listed}.")


def _child(node: Node, path: str) -> IConstruct | None:
    """The construct at a path; None if there is none."""
    found: IConstruct | None = None
    for part in path.split("/"):
        found = node.try_find_child(part)
        if found is None:
            return None
        node = found.node
    return found
