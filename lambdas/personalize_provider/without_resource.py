"""What custom resources have in common that stand for no resource of the service: the links of chains, the gate."""

from __future__ import annotations

from .api import Api
from .deployments import CloudFormation
from .names import steady_id
from .protocol import Event, Progress


class WithoutResource:
    """Keeps one physical id for its whole life: there is nothing that could be replaced.

    Attributes:
        id_prefix: what its physical ids begin with.
    """

    id_prefix: str
    # What it follows takes minutes at least.
    young_seconds = 0.0

    def __init__(self, api: Api, cloudformation: CloudFormation) -> None:
        """Work through an API, for deployments that CloudFormation tells of."""
        self._api = api
        self._cloudformation = cloudformation

    def on_event(self, event: Event, now: float) -> tuple[str, Progress]:
        """Answer the physical id, which never changes."""
        return steady_id(self.id_prefix, event), Progress(started=now)

    def is_staggered(self, event: Event) -> bool:
        """They come one after the other, and each would lose a round."""
        return False
