"""How long `make check` takes for many interactions, and how much memory, against a plain reading of the same file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tools.checkout import CHECKOUT, EXAMPLE_SETTINGS, QUIET_JSII, isolated_environment

# So many users and items are made of each one of the sample.
_COPIES = {"users": 500, "items": 50}
_KEYS = {"users": "USER_ID", "items": "ITEM_ID"}
_PLAIN = """
import sys
import duckdb
columns = ("USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP")
wanted = ", ".join(f"max({name})" for name in columns)
duckdb.sql(f"SELECT {wanted} FROM read_csv('{sys.argv[1]}', header=true, all_varchar=true)").fetchall()
"""
# A process begins with the memory of the one that it is forked from, so a small one starts it.
_MEASURING = """
import os
import sys
import time
begun = time.perf_counter()
_, status, used = os.wait4(os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)
print(time.perf_counter() - begun, used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Measured:
    """What a process took.

    Attributes:
        seconds: from start to end.
        megabytes: the most memory it had.
    """

    seconds: float
    megabytes: float


def check_of(interactions: int, sample: Path, folder: Path) -> tuple[Measured, Measured]:
    """Check data of that many interactions, and read the file of interactions plainly.

    Args:
        interactions: how many.
        sample: folder of the sample data, which users and items are made of.
        folder: an empty one, for the data.
    """
    _write(interactions, sample, folder)
    data = ["--config-dir", str(EXAMPLE_SETTINGS), "--sample-dir", str(folder), "--out", str(folder)]
    ours = _measure([sys.executable, "-m", "tools.check", "--env", "dev", *data])
    return ours, _measure([sys.executable, "-c", _PLAIN, str(folder / "interactions.csv")])


def _write(interactions: int, sample: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        counts = {}
        for name, key in _KEYS.items():
            connection.execute(
                f"CREATE TABLE {name} AS SELECT * REPLACE ({key} || '-' || copy AS {key}) "
                f"FROM read_csv('{sample / name}.csv', header=true, all_varchar=true), range({_COPIES[name]}) t(copy)"
            )
            connection.execute(f"ALTER TABLE {name} DROP copy; COPY {name} TO '{folder / name}.csv' (HEADER)")
            connection.execute(f"CREATE TABLE of_{name} AS SELECT {key}, row_number() OVER () - 1 AS at FROM {name}")
            ((counts[name],),) = connection.execute(f"SELECT count(*) FROM {name}").fetchall()
        # By steps that share no factor with the counts, so that every user meets many items, at many times.
        connection.execute(
            f"""COPY (
                SELECT USER_ID, ITEM_ID, CASE WHEN n % 3 = 0 THEN 'Watch' ELSE 'Click' END AS EVENT_TYPE, TIMESTAMP
                FROM (
                    SELECT n, n * 7919 % {counts["users"]} AS user, n // 7 % {counts["items"]} AS item,
                        1700000000 + n * 7919 % 31536000 AS TIMESTAMP
                    FROM range({interactions}) AS numbers(n)
                ) AS made JOIN of_users ON of_users.at = made.user JOIN of_items ON of_items.at = made.item
            ) TO '{folder}/interactions.csv' (HEADER)"""
        )


def _measure(command: Sequence[str]) -> Measured:
    run = subprocess.run(
        [sys.executable, "-c", _MEASURING, *command],
        cwd=CHECKOUT,
        env={**isolated_environment(), **QUIET_JSII},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, kilobytes = run.stdout.splitlines()[-1].split()
    return Measured(float(seconds), int(kilobytes) / 1024)
