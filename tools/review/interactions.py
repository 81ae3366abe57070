"""How many interactions a review reckons with: those that somebody names, the rows of the sample, or an assumption."""

from __future__ import annotations

from pathlib import Path

from stacks.settings import Settings
from tools.data import __main__ as sample
from tools.data import synthetic

from .money import Prices, load_prices

_INTERACTIONS = "INTERACTIONS"


def prices_for(settings: Settings, given: int | None = None, folder: Path = sample.OUT) -> Prices:
    """Prices, with the number of interactions that the data of an environment have.

    Args:
        settings: of the environment.
        given: the number, if somebody names it.
        folder: where the sample is, if it has been made.
    """
    if given is not None:
        return load_prices(given, "given by INTERACTIONS")
    if settings.existing or settings.location_of(_INTERACTIONS):
        return load_prices()
    return load_prices(_rows(folder / "interactions.csv"), "the sample's rows")


def _rows(file: Path) -> int:
    """Rows of the sample; of the generated one, if none has been made yet."""
    if not file.is_file():
        return len(synthetic.generate().interactions)
    with file.open("rb") as lines:
        return sum(1 for _ in lines) - 1
