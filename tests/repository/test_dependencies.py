"""Everything that is installed is locked: the pins as they are, every package by its hashes, none from elsewhere.

Three sets, one within the other; a target of the Makefile installs the smallest that it needs.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Mapping
from importlib.metadata import distributions, packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.repository.test_architecture import dotted, imports, modules
from tools.checkout import CHECKOUT

ROOT = CHECKOUT
# For deploying; for the local cloud, the review and the check of the data besides; for tests and lint besides.
SETS = ("requirements", "requirements-tools", "requirements-dev")
NODE_LOCKS = [ROOT / "package-lock.json", ROOT / "tools" / "sandbox" / "lambda_runtime" / "package-lock.json"]

# name[extra]==version ; marker \ and then lines of hashes
_ENTRY = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)(?: ; [^\\\n]+)?((?: \\\n +--hash=sha256:[0-9a-f]{64})*)$", re.M)


def normalized(name: str) -> str:
    """A package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, str]:
    """The direct dependencies in a requirements file, by name."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    pinned = [line.partition("==") for line in lines if line and not line.startswith("-r ")]
    return {normalized(name.partition("[")[0]): version for name, _, version in pinned}


def pins_of(name: str) -> dict[str, str]:
    """The direct dependencies of a set."""
    return pins((ROOT / f"{name}.txt").read_text())


def lock_of(name: str) -> str:
    """The lock of a set."""
    return (ROOT / f"{name}-lock.txt").read_text()


def not_locked(wanted: Mapping[str, str], lock: str) -> set[str]:
    """The pins that a lock does not have, or has in another version as well."""
    locked: dict[str, set[str]] = {}
    for name, version, _ in _ENTRY.findall(lock):
        locked.setdefault(name, set()).add(version)
    return {name for name, version in wanted.items() if locked.get(name) != {version}}


def complaints(lock: str) -> list[str]:
    """What makes a lock install something unchecked, or from somewhere else."""
    without_hash = [f"{name} has no hash" for name, _, hashes in _ENTRY.findall(lock) if not hashes]
    rest = re.sub(r"^ *#.*$", "", _ENTRY.sub("", lock), flags=re.M)
    return without_hash + [f"not a locked package: {line}" for line in rest.splitlines() if line]


def extras_asked_for(lock: str) -> set[str]:
    """name[extra] for each extra that a package of a lock asks of another, here and with this Python."""
    names = {normalized(name) for name, _, _ in _ENTRY.findall(lock)}
    installed = [each for each in distributions() if normalized(each.name) in names]
    asked = [Requirement(line) for each in installed for line in each.requires or ()]
    found = [each for each in asked if each.extras and (each.marker is None or each.marker.evaluate({"extra": ""}))]
    return {f"{normalized(each.name)}[{extra}]" for each in found for extra in each.extras}


def unchecked(lock: Mapping[str, Any]) -> list[str]:
    """The packages in a package-lock.json whose content nothing vouches for."""
    return [
        path
        for path, package in lock["packages"].items()
        if path and not package.get("integrity", "").startswith("sha512-")
    ]


@pytest.mark.parametrize("name", SETS)
def test_a_lock_names_the_extras(name: str) -> None:
    """pip takes the newest version of what it is asked for with an extra, and then has no hash for it."""
    lock = lock_of(name)
    locked = re.findall(r"^([\w.-]+)\[([\w,-]+)\]==", lock, re.M)
    named = {f"{package}[{extra}]" for package, extras in locked for extra in extras.split(",")}
    assert extras_asked_for(lock) <= named


@pytest.mark.parametrize("name", SETS)
def test_the_lock_has_every_pin(name: str) -> None:
    wanted = pins_of(name)
    assert len(wanted) >= 5
    assert not_locked(wanted, lock_of(name)) == set(), "make lock"


@pytest.mark.parametrize(("smaller", "larger"), list(itertools.pairwise(SETS)))
def test_a_set_has_all_of_the_one_before_it(smaller: str, larger: str) -> None:
    """So that a target that installs more changes nothing that is installed already."""
    assert f"-r {smaller}.txt" in (ROOT / f"{larger}.txt").read_text().splitlines()
    assert set(_ENTRY.findall(lock_of(smaller))) < set(_ENTRY.findall(lock_of(larger))), "make lock"


@pytest.mark.parametrize("name", SETS)
def test_the_lock_has_nothing_but_packages_with_hashes(name: str) -> None:
    assert len(_ENTRY.findall(lock_of(name))) > len(pins_of(name))
    assert complaints(lock_of(name)) == []


def test_the_whole_lock_is_read() -> None:
    assert len(_ENTRY.findall(lock_of(SETS[-1]))) > 100


@pytest.mark.parametrize("name", SETS)
def test_nothing_in_the_lock_says_where_it_was_made(name: str) -> None:
    assert re.findall(r".*(?:index-url|find-links|://|/home/|/tmp/|\.\./).*", lock_of(name)) == []


def test_the_locks_are_what_make_installs() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert re.findall(r"pip install .*", makefile) == [
        "pip install --progress-bar off --no-compile --require-hashes -r"
    ]
    assert ".venv/.installed: requirements-lock.txt\n" in makefile
    assert ".venv/.installed-%: requirements-%-lock.txt | .venv/.installed\n" in makefile
    assert re.findall(r"^\t\$\((?:PIP_)?INSTALL\) (.*)", makefile, re.M) == ["$<", "$<"]


def needs(target: str) -> set[str]:
    """The locks of what a target of the Makefile installs first, in a folder where nothing is installed."""
    command = ["make", "--dry-run", "--always-make", target]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in SETS if f"--require-hashes -r {name}-lock.txt" in printed}


@pytest.mark.parametrize(
    ("target", "sets"),
    [
        ("install", 1),
        ("help", 0),
        ("demo", 2),
        ("data", 1),
        ("check", 2),
        ("synth", 1),
        ("deploy", 2),
        ("review", 2),
        ("test", 3),
        ("lint", 3),
    ],
)
def test_a_target_installs_what_it_needs(target: str, sets: int) -> None:
    assert needs(target) == set(SETS[:sets])


DEPLOYING = ("app", "stacks", "tools.data")
DEVELOPING = ("tools.docs", "tools.wheel")


@pytest.mark.parametrize(
    ("parts", "name"), [(DEPLOYING, SETS[0]), (("lambdas", "tools"), SETS[1]), (DEVELOPING, SETS[2])]
)
def test_a_set_has_what_its_programs_import(parts: tuple[str, ...], name: str) -> None:
    """Here the packages of all sets are installed, so no import would fail."""
    locked = {normalized(package) for package, _, _ in _ENTRY.findall(lock_of(name))}
    packages = packages_distributions()
    programs = [
        module
        for module in modules()
        if dotted(module).startswith(parts) and (parts is DEVELOPING or not dotted(module).startswith(DEVELOPING))
    ]
    roots = {each.partition(".")[0] for module in programs for each in imports(module)}
    foreign = roots & packages.keys() - {"tools", "tests"}
    assert len(foreign) >= (2 if parts is DEVELOPING else 5)
    assert [each for each in sorted(foreign) if not locked & {normalized(package) for package in packages[each]}] == []


@pytest.mark.parametrize("file", NODE_LOCKS, ids=lambda file: file.parent.name)
def test_every_node_package_has_its_integrity(file: Path) -> None:
    lock = json.loads(file.read_text())
    assert len(lock["packages"]) > 1
    assert unchecked(lock) == []


@pytest.mark.parametrize("file", NODE_LOCKS, ids=lambda file: file.parent.name)
def test_node_packages_are_pinned_and_locked_at_that_version(file: Path) -> None:
    manifest, lock = json.loads((file.parent / "package.json").read_text()), json.loads(file.read_text())["packages"]
    wanted = manifest.get("dependencies", {}) | manifest.get("devDependencies", {})
    assert wanted
    assert {name: lock[f"node_modules/{name}"]["version"] for name in wanted} == wanted


@pytest.mark.xdist_group("together")
def test_tests_of_a_group_run_in_one_worker(request: pytest.FixtureRequest) -> None:
    """pytest-xdist writes a group into the id of a test. With a pytest that it does not fit, it does so in vain.

    Nothing fails then, but each worker deploys for itself what the tests of a group share.
    """
    assert request.node.nodeid.endswith("@together") == request.config.getoption("loadgroup", default=False)


def test_the_cdk_cli_is_pinned() -> None:
    assert "aws-cdk" in json.loads((ROOT / "package.json").read_text())["devDependencies"]


HASHES = " \\\n    --hash=sha256:" + "0" * 64
LOCKED = f"""# made by hand
numpy==1 ; python_full_version < '3.12'{HASHES}{HASHES}
    # via implicit
moto[all]==5{HASHES}
"""


def test_a_right_lock_is_right() -> None:
    assert complaints(LOCKED) == []
    assert not_locked({"numpy": "1", "moto": "5"}, LOCKED) == set()
    assert pins("-r other.txt\n# why\nMoto[all]==5  # why\n\nruamel.yaml==1\n") == {"moto": "5", "ruamel-yaml": "1"}


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.com/simple",
        "requests @ https://example.com/requests.whl",
        "./wheels/requests.whl",
        "requests>=2",
        "requests==2",
        "requests==2 \\\n    --hash=md5:0",
    ],
)
def test_a_wrong_line_is_found(line: str) -> None:
    assert complaints(f"{LOCKED}{line}\n")


@pytest.mark.parametrize("wanted", [{"numpy": "2"}, {"requests": "2"}])
def test_another_pin_is_found(wanted: dict[str, str]) -> None:
    assert not_locked(wanted, LOCKED) == set(wanted)


@pytest.mark.parametrize("package", [{}, {"integrity": "sha1-0"}, {"resolved": "git+ssh://git@example.com/a.git"}])
def test_an_unchecked_node_package_is_found(package: dict[str, str]) -> None:
    assert unchecked({"packages": {"": {}, "node_modules/a": package}}) == ["node_modules/a"]
