"""One application for MiniStack's services and the Personalize emulator."""

from __future__ import annotations

from typing import Any

from ministack.app import app as ministack_app
from ministack.core import responses

from tools.emulator import Service, WallClock
from tools.emulator.app import CONTROL_PREFIX, PersonalizeApp

from . import controls
from .alarms import correct_alarms
from .cloudformation import (
    correct_deletions,
    correct_exports,
    correct_failed_creations,
    correct_resource_lookups,
    correct_templates,
)
from .events import correct_stack_events, correct_targets
from .executions import correct_executions
from .functions import correct_lambda_environment, correct_lambda_errors, correct_lambda_logs
from .metrics import CloudWatchMetrics, correct_metrics
from .native_types import add_native_types
from .objects import BucketObjects, correct_buckets
from .permissions import PolicyAuthorizer, caller_of, delay_policies, know_condition_keys, know_parameters
from .schedules import correct_schedules, tick_every_second
from .state_machines import correct_state_machines
from .states import correct_states
from .topics import correct_topics


def build_gateway(speed: float, propagation_seconds: float = 0, requests_per_second: float | None = None) -> Any:
    """The ASGI application of the sandbox.

    Args:
        speed: how many times faster than on AWS Personalize works.
        propagation_seconds: how long a change of a role's policies takes to have an effect.
        requests_per_second: how often each operation of Personalize's control plane may be called; None for no limit.
    """
    correct_buckets()
    correct_lambda_environment()
    correct_lambda_errors()
    correct_lambda_logs()
    correct_templates()
    correct_exports()
    correct_failed_creations()
    correct_deletions()
    correct_resource_lookups()
    correct_metrics()
    know_condition_keys()
    know_parameters()
    correct_state_machines()
    correct_states()
    correct_executions(speed)
    correct_stack_events()
    correct_targets()
    correct_topics()
    tick_every_second(correct_schedules(), correct_alarms())
    if propagation_seconds:
        delay_policies(propagation_seconds)
    account = responses.get_account_id()
    service = Service(
        WallClock(),
        BucketObjects(),
        PolicyAuthorizer(),
        account_id=account,
        metrics=CloudWatchMetrics(),
        speed=speed,
        requests_per_second=requests_per_second,
    )
    add_native_types(service)
    personalize = PersonalizeApp(service, caller_of)

    async def gateway(scope: Any, receive: Any, send: Any) -> None:
        if controls.claims(scope):
            await controls.answer(scope, receive, send)
            return
        ours = scope["type"] == "http" and (
            PersonalizeApp.claims(scope["headers"]) or scope["path"].startswith(CONTROL_PREFIX)
        )
        await (personalize if ours else ministack_app)(scope, receive, send)

    return gateway
