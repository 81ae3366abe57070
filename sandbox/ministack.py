"""Everything that knows the inside of MiniStack: the one application for its services and the Personalize emulator.

Written for ministack 1.5.33, the version requirements-dev.txt pins. MiniStack reads its environment while it is
imported, so import this module only in the server process.
"""

from __future__ import annotations

from typing import Any

from ministack.app import app as ministack_app


def build_gateway(speed: float) -> Any:
    return ministack_app
