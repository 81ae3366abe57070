"""`pip wheel .` makes a library that needs nothing of this project and says the same as the checkout."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from packaging.requirements import Requirement

from stacks.personalize import PersonalizeProvider, check_filter, filter_columns
from tests.docs.support.pages import code
from tests.stacks.personalize.test_filter_expression import ALLOWED, DOCUMENTED, MISTAKES
from tests.tools.wheel.support.installation import Installation
from tools.checkout import CHECKOUT

# One worker builds and installs the wheel.
pytestmark = pytest.mark.xdist_group("wheel")

EXAMPLES = sorted((CHECKOUT / "examples").glob("*.py"))
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
SEMANTIC = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
# The checkout's parser reads the grammar; the wheel's is generated from it, under the same name.
GENERATED = "cdk_personalize/filter_grammar.py"


def sources() -> set[str]:
    """What the wheel ought to hold: all that git knows of the constructs and the functions."""
    listed = [
        "git",
        "ls-files",
        "-co",
        "--exclude-standard",
        "stacks/personalize",
        "lambdas/__init__.py",
        "lambdas/personalize_provider",
    ]
    names = subprocess.run(listed, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.split()
    kept = [name for name in names if (CHECKOUT / name).exists() and not name.endswith(".lark")]
    return {
        re.sub(r"^lambdas/", "cdk_personalize/lambdas/", name.replace("stacks/personalize/", "cdk_personalize/"))
        for name in kept
    }


def test_it_holds_the_constructs_and_the_functions_and_nothing_else(installation: Installation) -> None:
    with zipfile.ZipFile(installation.wheel) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        generated = wheel.read(GENERATED).decode()
    assert names == sources()
    assert "Mozilla Public License" in generated
    assert "cdk_personalize/py.typed" in names


def test_it_depends_on_the_cdk_alone_as_it_is_installed_here() -> None:
    requirements = [Requirement(each) for each in PROJECT["dependencies"]]
    assert {each.name for each in requirements} == {"aws-cdk-lib", "constructs"}
    for each in requirements:
        assert each.specifier.contains(importlib.metadata.version(each.name))
        assert not any(clause.operator == "==" for clause in each.specifier), "A library leaves the version to its app."


def test_its_version_is_semantic_and_the_changelog_leads_up_to_it() -> None:
    released = re.findall(r"^## (\d\S*)", (CHECKOUT / "docs" / "CHANGELOG.md").read_text(), re.MULTILINE)
    versions = [tuple(map(int, SEMANTIC.fullmatch(each).groups())) for each in [PROJECT["version"], *released]]  # type: ignore[union-attr]
    assert versions == sorted(versions, reverse=True)


def synthesized(installation: Installation, example: Path, folder: Path) -> dict[str, Any]:
    """The template of an example's only stack."""
    installation.run(str(example), CDK_OUTDIR=str(folder))
    (template,) = folder.glob("*.template.json")
    found: dict[str, Any] = json.loads(template.read_text())
    return found


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_is_synthesized(installation: Installation, example: Path, tmp_path: Path) -> None:
    resources = synthesized(installation, example, tmp_path)["Resources"].values()
    assert {each["Type"] for each in resources} >= {"AWS::Lambda::Function", "AWS::IAM::Policy"}


def test_the_first_example_of_the_page_is_synthesized(installation: Installation, tmp_path: Path) -> None:
    block, _ = code("docs/library.md")
    (tmp_path / "app.py").write_text(block.replace("arn:PARTITION", "arn:aws").replace("ACCOUNT", "123456789012"))
    resources = synthesized(installation, tmp_path / "app.py", tmp_path / "out")["Resources"].values()
    assert [each["Type"] for each in resources].count("Custom::PersonalizeRecommender") == 2


def test_the_example_that_adopts_is_synthesized(installation: Installation, tmp_path: Path) -> None:
    _, block = code("docs/library.md")
    before = (
        "from aws_cdk import App, Stack\nfrom cdk_personalize import *\nrecipe = 'aws-personalized-ranking-v2'\n"
        "app = App()\nstack = Stack(app, 'films-web')\n"
        "provider = PersonalizeProvider(stack, 'Provider', name_prefix='films-web')\n"
    )
    (tmp_path / "app.py").write_text(f"{before}{block}\napp.synth()\n")
    resources = synthesized(installation, tmp_path / "app.py", tmp_path / "out")["Resources"].values()
    adopted = {each["Type"]: each["Properties"].get("Adopt") for each in resources if "Personalize" in each["Type"]}
    assert {name for name, said in adopted.items() if said} == {
        f"Custom::Personalize{noun}" for noun in ("DatasetGroup", "Solution", "SolutionVersion", "Campaign")
    }


def test_the_examples_use_every_construct(installation: Installation) -> None:
    """By name: each class of the public interface that is a construct."""
    program = (
        "import inspect, cdk_personalize, constructs\n"
        "for name in cdk_personalize.__all__:\n"
        "    found = getattr(cdk_personalize, name)\n"
        "    if inspect.isclass(found) and issubclass(found, constructs.Construct): print(name)\n"
    )
    offered = installation.run("-c", program).split()
    assert len(offered) >= 13
    texts = "\n".join(example.read_text() for example in EXAMPLES)
    assert [name for name in offered if not re.search(rf"\b{name}\(", texts)] == []


def test_its_functions_are_those_of_the_checkout(installation: Installation, tmp_path: Path) -> None:
    """By the hash under which the CDK uploads them."""

    def asset(resources: dict[str, Any]) -> str:
        (key,) = {
            each["Properties"]["Code"]["S3Key"]
            for each in resources.values()
            if each["Type"] == "AWS::Lambda::Function" and "personalize_provider" in each["Properties"]["Handler"]
        }
        return str(key)

    example = next(each for each in EXAMPLES if each.stem == "existing_group")
    theirs = synthesized(installation, example, tmp_path / "theirs")["Resources"]
    app = App(outdir=str(tmp_path / "ours"), analytics_reporting=False)
    PersonalizeProvider(Stack(app, "ours"), "Provider", name_prefix="films")
    ours = app.synth().get_stack_by_name("ours").template["Resources"]
    assert asset(theirs) == asset(ours)


FILTERS = [*DOCUMENTED, *ALLOWED, *(expression for expression, _ in MISTAKES)]


def test_it_reads_filters_as_the_checkout_does(installation: Installation) -> None:
    """lark's parser of the checkout, and the generated one of the wheel."""
    program = (
        "import json, sys\n"
        "from cdk_personalize import check_filter, filter_columns\n"
        "print(json.dumps([[check_filter(each), sorted(filter_columns(each))] for each in json.load(sys.stdin)]))\n"
    )
    theirs = json.loads(installation.run("-c", program, given=json.dumps(FILTERS)))
    assert theirs == [[check_filter(each), sorted(filter_columns(each))] for each in FILTERS]
    assert [] in [mistakes for mistakes, _ in theirs]
    assert any(mistakes for mistakes, _ in theirs)


def test_it_has_no_lark(installation: Installation) -> None:
    """The environment is what it says it is: what the wheel does not name is not there."""
    program = "import importlib.util as u; print([n for n in ('lark', 'boto3', 'stacks', 'cdk_nag') if u.find_spec(n)])"
    assert installation.run("-c", program) == "[]\n"
    assert subprocess.run([sys.executable, "-c", "import lark, boto3, cdk_nag"], check=False).returncode == 0
