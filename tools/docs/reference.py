"""The reference of the constructs (docs/api.md), from their signatures and docstrings."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from griffe import (
    Alias,
    Class,
    Docstring,
    DocstringSection,
    DocstringSectionKind,
    Function,
    GriffeLoader,
    Module,
    Object,
    Parameter,
    ParameterKind,
    Parser,
)

from tools.checkout import CHECKOUT

_NAME = "cdk_personalize"
_SOURCES = CHECKOUT / "stacks" / "personalize"
_EXAMPLE = CHECKOUT / "examples" / "video_on_demand.py"
_BASE = "PersonalizeResource"
_STARS: Mapping[ParameterKind | None, str] = {ParameterKind.var_positional: "*", ParameterKind.var_keyword: "**"}
# Arguments that are the same for every construct of the CDK.
_AS_EVERYWHERE = ("scope", "id")
_KINDS = ("Constructs", "Interfaces", "Values", "Functions", "Modules")


def reference(made: str) -> str:
    """The page.

    Args:
        made: the line that says how it is made.
    """
    library = _loaded()
    names = _public_names(library)
    parts = {kind: [name for name in names if _kind(_found(library, name)) == kind] for kind in _KINDS}
    every = _members(_found(library, f"resource.{_BASE}"), ())
    contents = "\n".join(f"- {kind}: {', '.join(map(_link, listed))}" for kind, listed in parts.items())
    sections = "\n".join(
        f"## {kind}\n\n" + "\n".join(_section(library, name) for name in listed) for kind, listed in parts.items()
    )
    rest = re.sub(r"\n{3,}", "\n\n", f"{every}\n{sections}").rstrip()
    return f"""{made}
# Reference of the constructs

Everything that `cdk_personalize` offers. [library.md](library.md) says how to install it. A first, complete app
([`examples/video_on_demand.py`](../examples/video_on_demand.py)):

```python
{_EXAMPLE.read_text().strip()}
```

{contents}

`scope` and `id` are as everywhere in the CDK: the parent construct, and a name that is unique in it. Arguments behind
`*` are given by name. A mistake in an argument raises `PropsError` when the app is synthesized, with one sentence that
names the construct, what is wrong and what to do.

## Every resource

{rest}
"""


def _loaded() -> Module:
    """The package under the name that the wheel gives it."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(_SOURCES, Path(folder) / _NAME, ignore=shutil.ignore_patterns("__pycache__"))
        loader = GriffeLoader(search_paths=[folder], docstring_parser=Parser.google, allow_inspection=False)
        library = loader.load(_NAME)
        loader.resolve_aliases(external=False)
    assert isinstance(library, Module)
    return library


def _public_names(library: Module) -> list[str]:
    return [str(name).strip("'\"") for name in library.exports or ()]


def _found(library: Module, name: str) -> Object:
    """What a name stands for, wherever it is defined."""
    return _real(library[name])


def _real(found: Object | Alias) -> Object:
    return found.final_target if isinstance(found, Alias) else found


def _kind(found: Object) -> str:
    if isinstance(found, Module):
        return "Modules"
    if isinstance(found, Function):
        return "Functions"
    if isinstance(found, Class) and _is_interface(found):
        return "Interfaces"
    if isinstance(found, Class) and {"Construct", _BASE, "iam.Role"} & {str(base) for base in found.bases}:
        return "Constructs"
    return "Values"


def _is_interface(found: Class) -> bool:
    return "Protocol" in {str(base) for base in found.bases}


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


# -- one name ------------------------------------------------------------------------------------------------------


def _section(library: Module, name: str) -> str:
    found = _found(library, name)
    lines = [f"### {name}\n", _text(found)]
    if isinstance(found, Function):
        return "\n".join([f"### {name}\n", _function(found)])
    if isinstance(found, Class):
        lines += _class(library, found)
    if isinstance(found, Module):
        functions = [each for each in found.functions.values() if not each.name.startswith("_")]
        lines += [f"#### {name}.{each.name}\n\n{_function(each)}" for each in functions if each.docstring]
    return "\n".join(lines)


def _class(library: Module, found: Class) -> Iterator[str]:
    interface = f"I{found.name}"
    known: Iterable[str] = ()
    if interface in library.members:
        known = _found(library, interface).all_members
        yield f"Is an {_link(interface)}.\n"
    initializer = found.members.get("__init__")
    if isinstance(initializer, Function):
        yield _function(initializer, found.name)
    elif not _is_interface(found) and found.parameters:
        yield _signature(found.name, list(found.parameters))
    yield _list(_described(found, DocstringSectionKind.attributes))
    yield _members(found, [*known, *_found(library, f"resource.{_BASE}").members])


def _members(found: Object, known: Iterable[str]) -> str:
    """Methods and properties; those that are told elsewhere are left out."""
    kept = [
        _real(each)
        for name, each in found.all_members.items()
        if not name.startswith("_") and name not in known and each.path.startswith(_NAME)
    ]
    properties = [each for each in kept if each.is_attribute and each.docstring]
    methods = [each for each in kept if each.is_function]
    listed = _list((each.name, _annotation(each), _text(each)) for each in properties)
    return "\n".join([listed, *(f"#### {found.name}.{each.name}\n\n{_function(each)}" for each in methods)])


def _annotation(found: Object) -> str:
    return str(getattr(found, "annotation", None) or "")


def _function(function: Object, name: str = "") -> str:
    """Signature, text, arguments and what is raised."""
    assert isinstance(function, Function)
    parameters = [each for each in function.parameters if each.name != "self"]
    answers = f" -> {function.returns}" if function.returns and not name else ""
    told = {argument: text for argument, _, text in _described(function, DocstringSectionKind.parameters)}
    arguments = _list(
        (each.name, str(each.annotation or ""), told[each.name])
        for each in parameters
        if told.get(each.name) and each.name not in _AS_EVERYWHERE
    )
    ends = [f"Returns: {text}\n" for _, _, text in _described(function, DocstringSectionKind.returns)]
    ends += [f"Raises `{error}`: {text}\n" for _, error, text in _described(function, DocstringSectionKind.raises)]
    signature = _signature(name or function.name, parameters, answers)
    return "\n".join(filter(None, (signature, "" if name else _text(function), arguments, "\n".join(ends))))


def _signature(name: str, parameters: list[Parameter], answers: str = "") -> str:
    shown: list[str] = []
    for each in parameters:
        if each.kind is ParameterKind.keyword_only and "*" not in shown:
            shown.append("*")
        stars = _STARS.get(each.kind, "")
        default = "" if each.default is None or stars else f"={each.default}"
        shown.append(f"{stars}{each.name}{default}")
    line = f"{name}({', '.join(shown)}){answers}"
    if len(line) > 100:
        arguments = "".join(f"    {each},\n" for each in shown)
        line = f"{name}(\n{arguments}){answers}"
    return f"```python\n{line}\n```\n"


# -- docstrings ----------------------------------------------------------------------------------------------------


def _sections(found: Object) -> list[DocstringSection]:
    docstring: Docstring | None = found.docstring
    return docstring.parsed if docstring else []


def _text(found: Object) -> str:
    texts = [section.value for section in _sections(found) if section.kind is DocstringSectionKind.text]
    return "\n".join(_unwrapped(str(text)) + "\n" for text in texts)


def _unwrapped(text: str) -> str:
    """Paragraphs, each on one line."""
    return "\n\n".join(re.sub(r"\s*\n\s*", " ", paragraph).strip() for paragraph in text.split("\n\n"))


def _described(found: Object, kind: DocstringSectionKind) -> Iterator[tuple[str, str, str]]:
    """Name, type and text of each entry of a section."""
    for section in _sections(found):
        if section.kind is kind:
            for each in section.value:
                name = str(getattr(each, "name", "")).lstrip("*")
                yield name, str(each.annotation or ""), _unwrapped(each.description)


def _list(entries: Iterable[tuple[str, str, str]]) -> str:
    lines = [
        f"- `{name}`{f' (`{annotation}`)' if annotation else ''}: {text.strip()}" for name, annotation, text in entries
    ]
    return "\n".join(lines) + "\n" if lines else ""
