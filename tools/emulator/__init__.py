"""An emulator of Amazon Personalize: control plane, recommendations and events.

`Service` is the service; `app.PersonalizeApp` serves it over HTTP, `inprocess.connect` to a boto3 client, and
`python -m tools.emulator` to everybody on this machine (docs/emulator.md).
"""

from .authorizer import AccessDeniedError, AllowAll, Authorizer
from .behaviour import Behaviour
from .clock import Clock, ManualClock, WallClock
from .cloudwatch import NAMESPACE, Datum, MemoryMetrics, MetricSink
from .durations import RECORDED, RECORDED_INTERACTIONS, Durations, Range
from .errors import ServiceError
from .faults import Fault, Faults
from .objects import MemoryObjects, ObjectAccessDeniedError, ObjectNotFoundError, Objects
from .quotas import Quotas
from .service import Service

__all__ = [
    "NAMESPACE",
    "RECORDED",
    "RECORDED_INTERACTIONS",
    "AccessDeniedError",
    "AllowAll",
    "Authorizer",
    "Behaviour",
    "Clock",
    "Datum",
    "Durations",
    "Fault",
    "Faults",
    "ManualClock",
    "MemoryMetrics",
    "MemoryObjects",
    "MetricSink",
    "ObjectAccessDeniedError",
    "ObjectNotFoundError",
    "Objects",
    "Quotas",
    "Range",
    "Service",
    "ServiceError",
    "WallClock",
]
