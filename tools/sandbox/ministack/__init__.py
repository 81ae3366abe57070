"""The only folder that knows MiniStack's internals: one application for its services and the Personalize emulator.

Written for ministack 1.5.33, the version requirements-tools.txt pins. MiniStack reads its environment while it is
imported, so import this package only in the server process.
"""

from .gateway import build_gateway

__all__ = ["build_gateway"]
