"""Schedules that start and stop recommenders, and that change the throughput of the campaign.

What they change stays until the next of them: a deployment that changes neither setting leaves it alone (decision
0027).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..settings_operations import CampaignThroughputSettings, ServingHoursSettings
from .functions import OperationsFunction
from .roles import allow
from .schedules import Schedules
from .watched import Watched

# EventBridge Scheduler user guide, "Using universal targets in EventBridge Scheduler": any action that changes
# something, by its name in camelCase; its input has the members of the request. That they are in PascalCase, as in
# the guide's examples for other services, is inferred for Personalize.
_CALL = "arn:aws:scheduler:::aws-sdk:personalize:{}"


def add_serving_hours(
    scope: Construct,
    schedules: Schedules,
    settings: ServingHoursSettings,
    served: Sequence[Watched],
    *,
    undelivered: sqs.IQueue,
    log_retention: logs.RetentionDays,
) -> None:
    """Let schedules start and stop recommenders, on time: clients rely on it.

    By a function, because the service refuses to start a recommender that is active, as one is after its first
    deployment, and what a schedule cannot do rings an alarm.

    Args:
        scope: where the function goes.
        schedules: where they go.
        settings: when, and which recommenders.
        served: what there is, these recommenders among it.
        undelivered: keeps what the function could not do.
        log_retention: how long its log keeps its events.
    """
    chosen = [each for each in served if each.kind == "Recommender" and each.name in settings.recommenders]
    function = OperationsFunction(
        scope,
        "ServingHours",
        entry="switch_recommender",
        description="Starts and stops recommenders, unless they are so already",
        log_retention=log_retention,
        undelivered=undelivered,
    )
    actions = ["personalize:StartRecommender", "personalize:StopRecommender", "personalize:DescribeRecommender"]
    function.allow(actions, [each.arn for each in chosen])
    role = schedules.role("ServingHoursRole", "Starts the function that starts and stops recommenders")
    allow(role, ["lambda:InvokeFunction"], [function.arn])
    for each in chosen:
        for action, at in (("start", settings.start), ("stop", settings.stop)):
            schedules.add(
                f"{action.capitalize()}-{each.name}",
                name=f"{action}-{each.name}",
                at=at,
                target_arn=function.arn,
                role=role,
                input={"action": f"{action}Recommender", "recommender_arn": each.arn},
                description=f"{action.capitalize()}s recommender {each.name}",
                on_time=True,
            )


def add_campaign_throughput(
    schedules: Schedules, settings: Mapping[str, CampaignThroughputSettings], campaign: Watched
) -> None:
    """Let schedules change the throughput that a campaign always has: one cannot be stopped.

    Args:
        schedules: where they go.
        settings: when, and how much, by name.
        campaign: which.
    """
    role = schedules.role("ThroughputRole", "Changes the throughput of the campaign")
    allow(role, ["personalize:UpdateCampaign"], [campaign.arn])
    for name, each in settings.items():
        schedules.add(
            f"Throughput-{name}",
            name=f"throughput-{name}",
            at=each.at,
            target_arn=_CALL.format("updateCampaign"),
            role=role,
            input={"CampaignArn": campaign.arn, "MinProvisionedTPS": each.min_provisioned_tps},
            description=f"Provisions {each.min_provisioned_tps} requests per second for the campaign",
            on_time=True,
        )
