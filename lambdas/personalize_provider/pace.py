"""When a request is looked at: often while it is young, rarely once it takes long, and siblings out of step.

The control plane takes one request a second of each operation (General Reference, "Amazon Personalize endpoints and
quotas"), and a new account runs ten functions at once, the framework's included. The waiter asks all the time; most of
its questions are answered without a call.
"""

from __future__ import annotations

import os
import zlib

from .protocol import Event, Handler

# The pace of requests that are not young any more: the slower, the fewer calls, and the later the next step begins.
_PACE_SECONDS = 45.0
# The waiter's rounds take a little longer than its interval.
_SLACK = 1.25


def waiter_seconds() -> float:
    """The interval of the waiter's state machine, as the template tells the functions."""
    return float(os.environ.get("QUERY_INTERVAL_SECONDS", "10"))


def is_due(event: Event, age: float, now: float, handler: Handler) -> bool:
    """Whether a request is to be looked at now.

    Args:
        event: the request; its logical id decides the moment, so that siblings do not share it.
        age: seconds since it began.
        now: seconds since the epoch.
        handler: carries it out.
    """
    phase = zlib.crc32(event["LogicalResourceId"].encode())
    interval = waiter_seconds()
    if age < interval / 2:
        return not handler.is_staggered(event) or phase % 2 == 0
    if age < handler.young_seconds:
        return True
    return (now + phase % _PACE_SECONDS) % _PACE_SECONDS < _SLACK * interval
