"""`python -m tools.data sample|movielens|synthetic`: write the sample CSV files."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from tools.checkout import CHECKOUT

from . import movielens, synthetic
from .catalogue import Catalogue

DATA = CHECKOUT / "data"
OUT = DATA / "out"


def main(arguments: list[str] | None = None) -> int:
    """Write the files, unless this code has written them before; 1 if MovieLens cannot be downloaded."""
    parser = argparse.ArgumentParser(prog="python -m tools.data", description=__doc__)
    parser.add_argument(
        "source", choices=("sample", "movielens", "synthetic"), help="sample: MovieLens if it can be had"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the files (default: data/out)")
    options = parser.parse_args(arguments)
    stamp, wanted = options.out / ".made-by", f"{options.source} {_version()}"
    if stamp.is_file() and stamp.read_text() == wanted:
        return 0
    try:
        catalogue = _catalogue(options.source)
    except movielens.NotAvailableError as error:
        print(f"MovieLens 100K cannot be downloaded: {error}", file=sys.stderr)
        return 1
    catalogue.write(options.out)
    stamp.write_text(wanted)
    counts = f"{len(catalogue.interactions)} interactions, {len(catalogue.items)} items, {len(catalogue.users)} users"
    print(f"{options.out}: {counts}")
    return 0


def _catalogue(source: str) -> Catalogue:
    if source == "synthetic":
        return synthetic.generate()
    try:
        return movielens.load(DATA / ".cache")
    except movielens.NotAvailableError as error:
        if source == "movielens":
            raise
        print(f"MovieLens 100K cannot be downloaded ({error}): using the generated catalogue instead.", file=sys.stderr)
        return synthetic.generate()


def _version() -> str:
    code = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return hashlib.sha256(code).hexdigest()[:12]


if __name__ == "__main__":
    sys.exit(main())
