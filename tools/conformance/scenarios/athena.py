"""Whether the statements of `make check ENGINE=athena` do on AWS what they do here."""

from __future__ import annotations

from tools.conformance.run import Run
from tools.conformance.step import Endpoint, Step, Tier

from .imports import CENTS


def _ask_both(run: Run) -> None:
    # What makes the statements loads the CDK, which every other run would wait for.
    from tools.conformance import statements

    statements.ask_both(run)


STEPS = (
    Step(
        "athena.statements",
        "Asks Athena for what make check asks DuckDB, of three small files.",
        _ask_both,
        rules=(),
        tier=Tier.IMPORT,
        cost=CENTS,
        minutes=3,
        endpoints=frozenset({Endpoint.AWS}),
    ),
)
