"""Actions, interactions with them, and the next best action for a user."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tools.conformance.run import GONE, Run
from tools.conformance.step import Cost, Expected, Step, Tier

from .imports import CENTS, put_object, start_import
from .materials import INVALID, MISSING, field, optional, refused, schema
from .refusals import RECIPE
from .schemas import VOD

# 0.0556 dollars for 1,000 requests, of which one a second is provisioned, and 0.24 an hour of training.
_DOLLARS = Cost(
    "dollars", 1.0, "https://aws.amazon.com/personalize/pricing/, second hand, as in tools/review/prices.yaml"
)
_ACTIONS = (field("ACTION_ID"), optional("VALUE", "long"), optional("LEVEL", categorical=True))
_INTERACTIONS = (field("USER_ID"), field("ACTION_ID"), field("EVENT_TYPE"), field("TIMESTAMP", "long"))
_TYPES = {"Actions": ("Actions", _ACTIONS), "ActionInteractions": ("Action_Interactions", _INTERACTIONS)}
_NAMES = ("join", "rate", "share", "skip")
_BEGIN = 1_706_000_000
_NOBODY = "00000000-0000-0000-0000-000000000000"


def _use_domain(run: Run) -> None:
    text = schema("Actions", _ACTIONS)
    in_domain = run.ask(run.personalize.create_schema, name=run.name("vod-actions"), schema=text, domain=VOD)
    without = run.personalize.create_schema(name=run.name("any-actions"), schema=text)["schemaArn"]
    for name, arn in (("vod-actions", in_domain["schemaArn"] if in_domain else without), ("any-actions", without)):
        made = run.ask(
            run.personalize.create_dataset,
            name=run.name(name),
            datasetGroupArn=run.recall("vod"),
            datasetType="Actions",
            schemaArn=arn,
        )
        if made:
            run.settled("Dataset", made["datasetArn"])
            run.personalize.delete_dataset(datasetArn=made["datasetArn"])
            run.settled("Dataset", made["datasetArn"])


def _create(run: Run) -> None:
    for noun, (type_, fields) in _TYPES.items():
        name = run.name(noun.lower())
        made = run.personalize.create_schema(name=name, schema=schema(noun, fields))["schemaArn"]
        dataset = run.personalize.create_dataset(
            name=name, datasetGroupArn=run.recall("custom"), datasetType=type_, schemaArn=made
        )["datasetArn"]
        run.remember(noun, dataset)
        run.settled("Dataset", dataset)


def _import_other_event(run: Run) -> None:
    rows = [("u1", "join", "Considered", _BEGIN)]
    run.note("another event type", _import(run, "other-event", "ActionInteractions", rows), expected="CREATE FAILED")


def _import_all(run: Run) -> None:
    actions = [(name, 10 - place, "Basic") for place, name in enumerate(_NAMES)]
    run.note("actions", _import(run, "actions", "Actions", actions), expected="ACTIVE")
    kinds = ("Taken", "Not taken", "VIEWED", "not_taken")
    rows = [
        (f"u{n % 60}", name, kinds[n % (2 + place % 3)], _BEGIN + n)
        for place, name in enumerate(_NAMES)
        for n in range(240)
    ]
    run.note("few interactions", _import(run, "few", "ActionInteractions", rows[:9]), expected="ACTIVE")
    status = _import(run, "increment", "ActionInteractions", rows[:9], importMode="INCREMENTAL")
    run.note("few more", status, expected="CREATE FAILED")
    run.note("interactions", _import(run, "many", "ActionInteractions", rows), expected="ACTIVE")


def _import(run: Run, name: str, noun: str, rows: list[tuple[Any, ...]], **options: Any) -> str:
    header = ",".join(each["name"] for each in _TYPES[noun][1])
    lines = (",".join(map(str, row)) for row in rows)
    put_object(run, f"actions/{name}.csv", "\n".join([header, *lines, ""]))
    job = start_import(run, f"actions-{name}", noun, f"actions/{name}.csv", **options)
    return run.settled("DatasetImportJob", job) if job else "refused"


def _send(run: Run) -> None:
    for properties in ({"value": 3}, {"price": 3}, {"value": "much"}):
        action = {"actionId": "join", "properties": json.dumps(properties)}
        run.ask(run.events.put_actions, datasetArn=run.recall("Actions"), actions=[action])


def _send_interactions(run: Run) -> None:
    described = run.personalize.describe_dataset(datasetArn=run.recall("ActionInteractions"))["dataset"]
    event = {"actionId": "join", "sessionId": "s1", "userId": "u1", "timestamp": _BEGIN, "eventType": "Taken"}
    put = run.events.put_action_interactions
    for tracking_id, changes in (
        (described.get("trackingId", ""), {}),
        (described.get("trackingId", ""), {"eventType": "Considered"}),
        (described.get("trackingId", ""), {"actionId": "never-seen", "eventType": "not_taken"}),
        (_NOBODY, {}),
    ):
        run.ask(put, trackingId=tracking_id, actionInteractions=[{**event, **changes}])


def _train(run: Run) -> None:
    solution = run.personalize.create_solution(
        name=run.name("next-action"),
        datasetGroupArn=run.recall("custom"),
        recipeArn=f"{RECIPE}aws-next-best-action",
        performAutoTraining=False,
    )["solutionArn"]
    run.settled("Solution", solution)
    version = run.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    run.note("status", run.settled("SolutionVersion", version), expected="ACTIVE")
    run.ask(
        run.personalize.create_batch_inference_job,
        jobName=run.name("next-action"),
        solutionVersionArn=version,
        jobInput={"s3DataSource": {"path": f"s3://{run.recall('bucket')}/users.csv"}},
        jobOutput={"s3DataDestination": {"path": f"s3://{run.recall('bucket')}/next-action/"}},
        roleArn=run.recall("role"),
    )
    metrics = run.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    run.note("names of metrics", sorted(metrics))
    campaign = run.personalize.create_campaign(name=run.name("next-action"), solutionVersionArn=version)["campaignArn"]
    run.remember("next-action", campaign)
    run.note("status of the campaign", run.settled("Campaign", campaign), expected="ACTIVE")


def _ask(run: Run) -> None:
    campaign, ask = run.recall("next-action"), run.runtime.get_action_recommendations
    answer = run.ask(ask, campaignArn=campaign, userId="u1")
    found = answer["actionList"] if answer else []
    run.note("actions", sorted(each["actionId"] for each in found))
    run.note("with a score", all("score" in each for each in found), expected=True)
    run.ask(ask, campaignArn=campaign)
    run.ask(ask, campaignArn=campaign, userId="u1", numResults=101)
    run.ask(run.runtime.get_recommendations, campaignArn=campaign, userId="u1")
    run.personalize.delete_campaign(campaignArn=campaign)
    run.note("the campaign at the end", run.settled("Campaign", campaign), expected=GONE)


def _step(name: str, what: str, does: Callable[[Run], None], *rules: str, **options: Any) -> Step:
    return Step(name, what, does, rules=rules, **{"tier": Tier.IMPORT, "cost": CENTS, "minutes": 10.0, **options})


STEPS = (
    Step(
        "actions.in_a_domain",
        "Makes datasets of actions in a group with a domain.",
        _use_domain,
        rules=("actions.domain",),
        needs=("groups.domain",),
        expects=refused("CreateDataset", INVALID, 2),
    ),
    Step(
        "actions.datasets",
        "Makes datasets of actions and of interactions with them.",
        _create,
        rules=("statuses.order", "actions.tracker"),
        needs=("datasets.created",),
        minutes=1,
        expects=(Expected("DescribeDataset", members=("dataset.trackingId",)),),
    ),
    _step(
        "actions.other_event",
        "Imports an interaction with an action of an event type that there is not.",
        _import_other_event,
        "imports.action_interactions",
        needs=("actions.datasets", "imports.new_role"),
    ),
    _step(
        "actions.imported",
        "Imports actions, then few interactions with them, few more, and many.",
        _import_all,
        "imports.action_interactions",
        needs=("actions.other_event",),
        minutes=20,
    ),
    _step(
        "actions.sent",
        "Sends an action as it should be, with a column that is not there, and with a wrong value.",
        _send,
        "actions.put",
        needs=("actions.imported",),
        minutes=0,
        expects=(Expected("PutActions", which=0), *(Expected("PutActions", INVALID, which=n) for n in (1, 2))),
    ),
    _step(
        "actions.interactions_sent",
        "Sends interactions with actions: of a known and an unknown event type, and with an unknown tracking id.",
        _send_interactions,
        "actions.events",
        "actions.tracker",
        needs=("actions.imported",),
        minutes=0,
        expects=(
            Expected("PutActionInteractions", which=0),
            Expected("PutActionInteractions", INVALID, which=1),
            Expected("PutActionInteractions", which=2),
            Expected("PutActionInteractions", MISSING, which=3),
        ),
    ),
    _step(
        "actions.trained",
        "Trains the next best action, asks for it in a batch, which cannot be, and deploys it.",
        _train,
        "actions.metrics",
        "inference.recipes",
        tier=Tier.TRAIN,
        needs=("actions.imported", "imports.all"),
        cost=_DOLLARS,
        minutes=75,
        expects=refused("CreateBatchInferenceJob", INVALID),
    ),
    _step(
        "actions.recommended",
        "Asks for actions: for a user, for none, for too many, and for items; then deletes the campaign.",
        _ask,
        "actions.requests",
        "actions.scores",
        tier=Tier.TRAIN,
        needs=("actions.trained",),
        cost=Cost("dollars", 0.0, "in the hours of the campaign"),
        expects=(
            Expected("GetActionRecommendations", which=0),
            Expected("GetActionRecommendations", INVALID, which=1),
            Expected("GetActionRecommendations", INVALID, which=2),
            *refused("GetRecommendations", INVALID),
        ),
    ),
)
