"""An emulator of Amazon Personalize: control plane, recommendations and events.

`Service` is the service; `app.PersonalizeApp` serves it over HTTP, `inprocess.connect` to a boto3 client.
"""

from .authorizer import AccessDeniedError, AllowAll, Authorizer
from .behaviour import Behaviour
from .clock import Clock, ManualClock, ScaledClock
from .durations import Durations
from .errors import ServiceError
from .faults import Fault, Faults
from .objects import MemoryObjects, ObjectAccessDeniedError, ObjectNotFoundError, Objects
from .quotas import Quotas
from .service import Service

__all__ = [
    "AccessDeniedError",
    "AllowAll",
    "Authorizer",
    "Behaviour",
    "Clock",
    "Durations",
    "Fault",
    "Faults",
    "ManualClock",
    "MemoryObjects",
    "ObjectAccessDeniedError",
    "ObjectNotFoundError",
    "Objects",
    "Quotas",
    "ScaledClock",
    "Service",
    "ServiceError",
]
