"""The public interface follows the CDK's construct design guidelines, and every name in it is documented."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from constructs import Construct

import stacks.personalize as library
from tests.stacks.personalize.test_grants import is_protocol

CLASSES = {name: found for name, found in inspect.getmembers(library, inspect.isclass) if name in library.__all__}
INTERFACES = {name: found for name, found in CLASSES.items() if is_protocol(found)}
CONSTRUCTS = {name: found for name, found in CLASSES.items() if issubclass(found, Construct)}


def is_ours(found: object) -> bool:
    return str(getattr(found, "__module__", "")).startswith("stacks.personalize")


def members(owner: type | ModuleType) -> Iterator[tuple[str, Any]]:
    """Methods, properties and functions with a public name, and `__init__` of a class with a signature of its own."""
    for name, found in inspect.getmembers(owner):
        function = found.fget if isinstance(found, property) else found
        if is_ours(function) and inspect.isfunction(function) and (not name.startswith("_") or is_init(owner, name)):
            yield name, function


def is_init(owner: type | ModuleType, name: str) -> bool:
    return name == "__init__" and getattr(owner, "__name__", "") in CONSTRUCTS


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Everything public that can be called or read."""
    for name in library.__all__:
        found = getattr(library, name)
        if inspect.isclass(found) or inspect.ismodule(found):
            yield from ((f"{name}.{member}", function) for member, function in members(found))
        elif inspect.isfunction(found):
            yield name, found


FUNCTIONS = dict(functions())


def test_the_interface_is_what_the_package_says() -> None:
    assert library.__all__ == sorted(library.__all__)
    assert len(FUNCTIONS) > 80
    assert len(CONSTRUCTS) > 12


@pytest.mark.parametrize("name", [name for name in library.__all__ if name in CLASSES or name.islower()])
def test_a_name_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(library, name))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_documented_with_its_arguments(name: str) -> None:
    text = inspect.getdoc(FUNCTIONS[name]) or ""
    assert text
    for argument in inspect.signature(FUNCTIONS[name]).parameters.values():
        if argument.name != "self" and argument.kind is not argument.VAR_KEYWORD:
            assert re.search(rf"^ +\*?{argument.name}: \S", text, re.MULTILINE), f"{argument.name} is not explained."


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if ".from_" in name])
def test_what_exists_is_used_as_everywhere_in_the_cdk(name: str) -> None:
    """Guidelines, "Imports": scope, id, then the ARN, the attributes or what to look for; answered is the interface."""
    signature = inspect.signature(FUNCTIONS[name])
    assert list(signature.parameters)[:2] == ["scope", "id"]
    owner = name.partition(".")[0]
    assert signature.return_annotation == f"I{owner}"
    more = list(signature.parameters.values())[2:]
    keywords = {each.kind for each in more} == {inspect.Parameter.KEYWORD_ONLY}
    assert (
        keywords
        if name.endswith(("_attributes", "_lookup"))
        else [each.name for each in more] == [f"{snake(owner)}_arn"]
    )


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if ".grant" in name])
def test_a_grant_names_the_grantee_and_answers_the_grant(name: str) -> None:
    """Guidelines, "Grants"."""
    signature = inspect.signature(FUNCTIONS[name])
    assert list(signature.parameters)[:2] == ["self", "grantee"]
    assert signature.return_annotation == "iam.Grant"


@pytest.mark.parametrize("name", INTERFACES)
def test_an_interface_holds_what_does_not_change_the_resource(name: str) -> None:
    """Guidelines, "Construct interface", "Grants", "Metrics": attributes, grants and metrics are on it."""
    construct = CLASSES.get(name.removeprefix("I"))
    if construct is None:
        return
    offered = {member for member, _ in members(construct) if member.startswith(("grant", "metric"))}
    offered |= {member for member, _ in members(construct) if member.startswith(f"{snake(construct.__name__)}_")}
    assert offered - {member for member, _ in members(INTERFACES[name])} == set()


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_of_the_service_has_an_interface_and_a_way_to_use_what_exists(name: str) -> None:
    """But for the parts of the deployment: the provider, the role, the gate, and imports, which are runs."""
    if name in ("PersonalizeProvider", "ServiceRole", "QualityGate", "DatasetImport"):
        return
    assert f"I{name}" in INTERFACES
    assert f"{name}.from_{snake(name)}_arn" in FUNCTIONS


def test_a_repeated_docstring_is_the_same() -> None:
    """A method of an interface, and that of the construct."""
    for name, interface in INTERFACES.items():
        construct = CLASSES.get(name.removeprefix("I"))
        for member, function in members(interface) if construct else ():
            implemented = dict(members(construct))[member]  # type: ignore[arg-type]
            assert inspect.getdoc(implemented), f"{name}.{member}"
            assert inspect.signature(implemented) == inspect.signature(function), f"{name}.{member}"
