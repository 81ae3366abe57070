"""When the provider looks at a request: often at first, rarely once it takes long, and not at all siblings at once.

The control plane accepts one request a second for each operation (General Reference, "Amazon Personalize endpoints and
quotas"), and a new account runs ten functions at once, the framework's included. The framework's waiter asks all the
time; the provider answers most of its questions without a call.
"""

from __future__ import annotations

import os
import zlib

from .protocol import Event, Handler

# How often it looks at older requests. Less often means fewer calls, but the next step begins later.
_PACE_SECONDS = 45.0
# The waiter's rounds take a little longer than its interval.
_SLACK = 1.25


def waiter_seconds() -> float:
    """The interval of the waiter's state machine; the template passes it to the functions."""
    return float(os.environ.get("QUERY_INTERVAL_SECONDS", "10"))


def is_due(event: Event, age: float, now: float, handler: Handler) -> bool:
    """Whether it is time to look at a request.

    Args:
        event: the request; its logical id decides the moment, so that siblings have different ones.
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
