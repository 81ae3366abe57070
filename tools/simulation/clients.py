"""Boto3 clients of the emulator whose pauses are in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.model import OperationModel
from botocore.retries import adaptive, bucket, quota, standard, throttling

from lambdas.personalize_provider.api import CLIENT_CONFIG
from tools.emulator import Service
from tools.emulator.errors import ServiceError
from tools.emulator.inprocess import connect

from .answers import Refusal, answering, as_read
from .time import VirtualTime

# A moment in virtual time is a number of seconds since 1970, so shorter pauses would be lost in rounding.
_SHORTEST_PAUSE = 0.001
_CALLER = "test"
# It neither signs nor says what it is, which nobody reads here and which would be a quarter of the run time.
# A shell that is pointed at a local cloud does not point it there.
_PLAIN = Config(signature_version=UNSIGNED, user_agent="virtual", ignore_configured_endpoint_urls=True)


def single_try(service_name: str, region: str, service: Service) -> Any:
    """A client that tries once: botocore's own pauses would be in real time.

    Nothing is sent, so what botocore does to send, and to try again, is left out: it is half of a call's run time.
    """

    def answer(model: OperationModel, members: dict[str, Any]) -> dict[str, Any]:
        try:
            found = service.call(service_name, model.name, members, region=region, caller=_CALLER)
        except ServiceError as error:
            raise Refusal(error.code, error.message, error.http_status) from error
        return as_read(model.output_shape, found)

    return answering(boto3.client(service_name, region_name=region, config=_PLAIN), answer)


def retrying(service_name: str, region: str, service: Service, time: VirtualTime, seed: int) -> Any:
    """A client that tries again as the provider's does: botocore's adaptive mode, in virtual time.

    Args:
        service_name: one of the three APIs.
        region: AWS region.
        service: what answers.
        time: the clock.
        seed: of the jitter in botocore's pauses, so that the same deployment always goes the same way.
    """
    # Adaptive mode is standard mode with a limiter of its own; only its clock has to be another.
    retries = {**CLIENT_CONFIG.retries, "mode": "standard"}
    config = CLIENT_CONFIG.merge(Config(retries=retries)).merge(_PLAIN)
    client = connect(boto3.client(service_name, region_name=region, config=config), service, _CALLER)
    _retry_in_virtual_time(client, time, random.Random(seed).random)
    if CLIENT_CONFIG.retries["mode"] == "adaptive":
        _limit_rate(client, time)
    return client


class _SleepingBackoff(standard.ExponentialBackoff):
    """Lets virtual time pass itself, so that botocore has nothing left to sleep."""

    def __init__(self, time: VirtualTime, jitter: Callable[[], float]) -> None:
        super().__init__(random=jitter)
        self._time = time

    def delay_amount(self, context: Any) -> float:
        self._time.sleep(super().delay_amount(context))
        return 0.0


def _retry_in_virtual_time(client: Any, time: VirtualTime, jitter: Callable[[], float]) -> None:
    """Put another handler in the place of the one that botocore.retries.standard registers."""
    name = client.meta.service_model.service_id.hyphenize()
    unique_id = f"retry-config-{name}"
    client.meta.events.unregister(f"needs-retry.{name}", unique_id=unique_id)
    attempts = client.meta.config.retries["total_max_attempts"]
    quota_checker = standard.RetryQuotaChecker(quota.RetryQuota())
    handler = standard.RetryHandler(
        retry_policy=standard.RetryPolicy(
            retry_checker=standard.StandardRetryConditions(max_attempts=attempts),
            retry_backoff=_SleepingBackoff(time, jitter),
        ),
        retry_event_adapter=standard.RetryEventAdapter(),
        retry_quota=quota_checker,
    )
    client.meta.events.register(f"after-call.{name}", quota_checker.release_retry_quota)
    client.meta.events.register(f"needs-retry.{name}", handler.needs_retry, unique_id=unique_id)


class _Clock(bucket.Clock):
    def __init__(self, time: VirtualTime) -> None:
        self.sleep = time.sleep
        self.current_time = time.time


class _Bucket(bucket.TokenBucket):
    """Waits in virtual time, and without a lock: one process runs at a time."""

    def acquire(self, amount: int = 1, block: bool = True) -> bool:
        self._refill()
        while amount > self._current_capacity:
            self._clock.sleep(max(self._sleep_amount(amount), _SHORTEST_PAUSE))
            self._refill()
        self._current_capacity -= amount
        return True


def _limit_rate(client: Any, time: VirtualTime) -> None:
    """As botocore.retries.adaptive registers it, by another clock."""
    clock = _Clock(time)
    limiter = adaptive.ClientRateLimiter(
        rate_adjustor=throttling.CubicCalculator(starting_max_rate=0, start_time=clock.current_time()),
        rate_clocker=adaptive.RateClocker(clock),
        token_bucket=_Bucket(max_rate=1, clock=clock),
        throttling_detector=standard.ThrottlingErrorDetector(retry_event_adapter=standard.RetryEventAdapter()),
        clock=clock,
    )
    name = client.meta.service_model.service_id.hyphenize()
    # Before the emulator answers, and before the pause of a retry.
    client.meta.events.register_first(f"before-send.{name}", limiter.on_sending_request)
    client.meta.events.register_first(f"needs-retry.{name}", limiter.on_receiving_response)
