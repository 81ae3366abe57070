"""Faults on demand: what goes wrong with the real service, when a test wants it to."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from .errors import ServiceError

# Refused before anything happens: code and default message.
REFUSALS = {
    "throttle": ("ThrottlingException", "Rate exceeded"),
    "server_error": ("InternalServerException", "The service encountered an internal error."),
    "unavailable": ("ServiceUnavailableException", "The service is temporarily unavailable."),
    "access_denied": ("AccessDeniedException", "The caller is not authorized to perform this operation."),
    "limit_exceeded": ("LimitExceededException", "More than the allowed number of resources. Please delete some."),
}
CRASH = "crash_after_commit"
FAIL = "fail"
SLOW = "slow"
DURATION = "duration"
KINDS = (*REFUSALS, CRASH, FAIL, SLOW, DURATION)


@dataclass
class Fault:
    """Something that goes wrong with matching requests.

    Attributes:
        kind: one of KINDS. `throttle`, `server_error`, `unavailable`, `access_denied` and `limit_exceeded` refuse the
            request; `crash_after_commit` carries it out and answers 500; `fail` lets what the request began end
            in a failed status, with `message` as its reason; `slow` makes it take `seconds` longer, `duration`
            `seconds` in all, both at the service's own speed.
        operation: glob over operation names. What an automatic training does counts as CreateSolutionVersion.
        resource: glob over the name or the ARN in the request.
        count: how many requests it meets; None for all.
        message: message of the error or failure reason, instead of the usual one.
        seconds: for `slow` and `duration`.
    """

    kind: str
    operation: str = "*"
    resource: str = "*"
    count: int | None = 1
    message: str | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a kind there is not."""
        if self.kind not in KINDS:
            raise ValueError(f"No fault is called {self.kind!r}; choose one of {', '.join(KINDS)}.")

    def meets(self, operation: str, names: tuple[str, ...]) -> bool:
        """Whether the fault happens to a request of an operation on a resource with these names."""
        return fnmatchcase(operation, self.operation) and (
            self.resource == "*" or any(fnmatchcase(name, self.resource) for name in names)
        )


class Faults:
    """The faults that are set."""

    def __init__(self, *faults: Fault) -> None:
        """Set faults."""
        self._faults = list(faults)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Set one more fault; those set earlier come first."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Unset all faults."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The faults that are set, as plain values."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, kinds: tuple[str, ...], operation: str, *names: str) -> Fault | None:
        """Use up one occurrence of the first fault that meets a request; None if none does."""
        with self._lock:
            for fault in self._faults:
                if fault.kind in kinds and fault.meets(operation, names):
                    self._use(fault)
                    return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.count is None:
            return
        fault.count -= 1
        if fault.count <= 0:
            self._faults.remove(fault)

    def refuse(self, operation: str, *names: str) -> None:
        """Raise the ServiceError of a refusing fault that meets the request, if there is one."""
        fault = self.take(tuple(REFUSALS), operation, *names)
        if fault:
            code, message = REFUSALS[fault.kind]
            raise ServiceError(code, fault.message or message)

    def crash(self, operation: str, *names: str) -> None:
        """Raise a 500 if the request is to crash after its effect."""
        fault = self.take((CRASH,), operation, *names)
        if fault:
            raise ServiceError("InternalServerException", fault.message or REFUSALS["server_error"][1])

    def duration(self, seconds: float, operation: str, *names: str) -> float:
        """Duration of what a request began, with any faults added."""
        fixed = self.take((DURATION,), operation, *names)
        slow = self.take((SLOW,), operation, *names)
        return (fixed.seconds if fixed else seconds) + (slow.seconds if slow else 0.0)

    def failure(self, operation: str, *names: str) -> str | None:
        """Reason for which what a request began is to fail, if it is."""
        fault = self.take((FAIL,), operation, *names)
        return (fault.message or "Internal service error. Please try again.") if fault else None
