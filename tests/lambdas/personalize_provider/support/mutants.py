"""`make mutants`: takes each updatable property, create-only property and status out of the resource table, one at a
time, and runs the provider's tests. Each mutant has to make one fail."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.lambdas.personalize_provider.support.mutation_plugin import mutants
from tools.checkout import CHECKOUT

ROOT = CHECKOUT
# The tests of what the provider does; not those that compare the table with itself or with a page.
TESTS = ("test_describe", "test_merge", "test_changes", "test_contract", "test_races")
SELECTED = [f"tests/lambdas/personalize_provider/{name}.py" for name in TESTS]
LEFT_OUT = "tests/lambdas/personalize_provider/test_changes.py::test_every_property_has_a_changed_value"


def survives(mutant: str) -> bool:
    """Whether no test fails."""
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "tests.lambdas.personalize_provider.support.mutation_plugin",
            "-p",
            "no:cacheprovider",
            *SELECTED,
            "--deselect",
            LEFT_OUT,
        ],
        cwd=ROOT,
        env={**os.environ, "MUTANT": mutant},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = next((line for line in result.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))), "")
    verdict = "SURVIVED" if result.returncode == 0 else "killed by " + failed.removeprefix("FAILED ").split(" - ")[0]
    print(f"{mutant:<50} {verdict}", flush=True)
    return result.returncode == 0


def main() -> int:
    """Run all mutants; 1 if one survives."""
    everything = list(mutants())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        survivors = [
            mutant for mutant, is_alive in zip(everything, pool.map(survives, everything), strict=True) if is_alive
        ]
    print(f"{len(everything)} mutants, {len(survivors)} survived: {', '.join(survivors) or 'none'}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
