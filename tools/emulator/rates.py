"""How often operations may be called."""

from __future__ import annotations

from .errors import throttled

# Clocks count in floating point: a request that comes exactly when its token does must not miss it.
_ROUNDING = 1e-6


class RateLimit:
    """A token bucket for each operation in each region.

    The AWS General Reference ("Amazon Personalize endpoints and quotas") lists one request per second, and no way to
    raise it, for each of most Create, Describe, List, Update and Delete operations of the control plane. That the
    remaining ones have the same rate, and that no request can be saved up for later, is inferred.
    """

    def __init__(self, per_second: float) -> None:
        """Allow `per_second` requests, which must be positive; a bucket holds as many, but at least one."""
        if per_second <= 0:
            raise ValueError("requests_per_second must be positive.")
        self._per_second = per_second
        self._capacity = max(1.0, per_second)
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, region: str, operation: str, now: float) -> None:
        """Take a request's token; a refused request takes none.

        Raises:
            ServiceError: ThrottlingException, if there is none left.
        """
        tokens, since = self._buckets.get((region, operation), (self._capacity, now))
        tokens = min(self._capacity, tokens + max(0.0, now - since) * self._per_second)
        if tokens < 1 - _ROUNDING:
            raise throttled()
        self._buckets[region, operation] = (tokens - 1, now)
