"""Whether what answers requests knows the newest that there is, and whether anybody asks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from lambdas.personalize_operations.serving import Served, served_campaign, served_recommender
from lambdas.personalize_provider import quality_gate
from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.names import LATEST, last_part
from lambdas.personalize_provider.statuses import ACTIVE, Description

from .compare import Compared, last_change, made_row
from .inside import Inside, Ownership
from .rows import Row, State


def serving_version(compared: Compared, inside: Inside) -> Description | None:
    """The version that a campaign serves, as the list of versions has it; None if it is not there."""
    assert compared.found
    serving = str(compared.found.get("solutionVersionArn", ""))
    versions = inside.versions.get(serving.rpartition("/")[0], [])
    if serving.endswith(LATEST):
        return next((each for each in versions if each["status"] == ACTIVE), None)
    return next((each for each in versions if each["solutionVersionArn"] == serving), None)


def serves(compared: Compared, inside: Inside, ownership: Ownership) -> str:
    """Which version a campaign serves, and who has trained it."""
    version = serving_version(compared, inside)
    if version is None:
        return ""
    arn = str(version["solutionVersionArn"])
    return f"serves {last_part(arn)}, of {ownership.made_by(arn, version) or 'somebody else'}"


def campaign_behind(api: Api, gates: Mapping[str, Any], compared: Compared, inside: Inside) -> Iterator[Row]:
    """A row if there is a newer version that passes the gate than the one that a campaign serves.

    Args:
        api: what to ask.
        gates: by the name of a stack, the properties of its quality gate; a stack without one lets every version pass.
        compared: the campaign.
        inside: has the versions.
    """
    serving = serving_version(compared, inside)
    if serving is None or str(compared.resource.properties.get("SolutionVersionArn", "")).endswith(LATEST):
        return
    solution = str(serving["solutionVersionArn"]).rpartition("/")[0]
    gate = gates.get(compared.resource.stack)
    for version in inside.versions[solution]:
        if version["creationDateTime"] <= serving["creationDateTime"]:
            return
        arn = str(version["solutionVersionArn"])
        asked = {**(gate or {}), "SolutionArn": solution, "SolutionVersionArn": arn}
        if version["status"] == ACTIVE and (gate is None or quality_gate.judge(api, asked).passes):
            yield made_row(
                compared.resource,
                State.BEHIND,
                compared.found,
                compared.row,
                says="serves the newest version that passed",
                there_is=f"{last_part(arn)} passed and does not serve",
                since=version["lastUpdatedDateTime"],
                advice="make refresh TRAIN=always trains, judges and serves a new one.",
            )
            return


def recommender_behind(compared: Compared, inside: Inside) -> Iterator[Row]:
    """A row if a recommender was trained before the last import.

    No operation says when a recommender was trained; it was no later than its last change.
    """
    assert compared.found
    changed, imported = last_change(compared.found), inside.last_import
    if changed and imported and changed < imported:
        yield made_row(
            compared.resource,
            State.BEHIND,
            compared.found,
            compared.row,
            says="knows what was imported",
            there_is=f"trained before the import of {imported:%Y-%m-%d %H:%M} UTC",
            since=imported,
            note="The service trains recommenders again by itself, every seven days.",
        )


def idle(cloudwatch: Any, compared: Compared, least: float, cost: float | None, now: datetime) -> Iterator[Row]:
    """A row if nobody has asked a recommender or a campaign for days.

    Args:
        cloudwatch: a boto3 client.
        compared: the recommender or the campaign.
        least: days.
        cost: a month, in USD; None if it is not known.
        now: the time.
    """
    served = _served(compared)
    days = served.idle_days(cloudwatch, now.timestamp())
    if days < least or not served.provisioned:
        return
    yield made_row(
        compared.resource,
        State.IDLE,
        compared.found,
        compared.row,
        there_is=f"no request for {days:.0f} days" + (f", ${cost:,.2f} a month" if cost else ""),
        since=now - timedelta(days=days),
        advice="Stop it or take it out of the settings if nobody needs it."
        if compared.row.switch
        else "Take it out of the settings if nobody needs it: a campaign cannot be stopped.",
    )


def _served(compared: Compared) -> Served:
    assert compared.found
    describe = served_recommender if compared.row.switch else served_campaign
    return describe(compared.resource.path, compared.found)
