"""What a conformance run does, by topic. Each module has a list STEPS."""

from __future__ import annotations

from tools.conformance.step import Step

STEPS: tuple[Step, ...] = ()
