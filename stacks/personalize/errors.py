"""What is wrong with a construct's props, said at synth."""

from __future__ import annotations


class PropsError(ValueError):
    """A construct was given props that the service would refuse."""
