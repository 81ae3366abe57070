"""`python -m tools.month`: lets a month pass in virtual time, and writes a page about it with its picture."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tools.checkout import STATE_DIRECTORY

from .month import live
from .page import PICTURE, as_markdown, as_picture


def main(arguments: list[str] | None = None) -> int:
    """Write the page, and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m tools.month", description=__doc__)
    parser.add_argument("--out", type=Path, default=STATE_DIRECTORY, help="folder of the page (default: .sandbox)")
    out = parser.parse_args(arguments).out
    with tempfile.TemporaryDirectory() as folder:
        month = live(Path(folder))
    out.mkdir(parents=True, exist_ok=True)
    (out / PICTURE).write_text(as_picture(month), encoding="utf-8")
    page = out / "month.md"
    page.write_text(as_markdown(month), encoding="utf-8")
    print(f"The month, with every notice, its graph of quality and what it cost: {page} and {out / PICTURE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
