"""OperationsStack and its parts: what runs by itself between deployments."""

from .stack import OperationsStack

__all__ = ["OperationsStack"]
