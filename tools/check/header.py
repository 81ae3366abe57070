"""The first line of a file: the names of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from stacks.personalize.avro import Field

from .findings import Finding
from .places import File

LONGEST_HEADER = 1_000_000  # bytes
# Stands for the name of a column that the schema does not have; imports ignore it.
IGNORED = ""


def read_header(file: File, fields: Mapping[str, Field]) -> tuple[list[str], list[Finding]]:
    """The names of a file's columns, IGNORED for those that the schema does not have, and what is said of them.

    Raises:
        NotFoundError: the file has gone.
        UnreadableError: the caller cannot read it.
    """
    first = file.head(LONGEST_HEADER).partition(b"\n")[0]
    try:
        header = first.decode("utf-8-sig").rstrip("\r\n").split(",")
    except UnicodeDecodeError:
        return [], [Finding(file.name, "the header is not UTF-8. Save the file as UTF-8.")]
    known = [name if name in fields else IGNORED for name in header]
    return known, list(_check_header(header, fields, file.name))


def _check_header(header: Sequence[str], fields: Mapping[str, Field], where: str) -> Iterator[Finding]:
    missing = [name for name in fields if name not in header]
    if missing:
        yield Finding(
            where, f"the header lacks {', '.join(missing)}; it is {shown(','.join(header))}.{_hint(header, missing)}"
        )
    extra = [name for name in header if name not in fields]
    if extra and not missing:
        said = f"imports ignore {shown(','.join(extra))}, which the schema does not have."
        yield Finding(where, said, refuses=False)
    twice = sorted({name for name in header if name in fields and header.count(name) > 1})
    if twice:
        yield Finding(where, f"the header has {', '.join(twice)} more than once.")


def _hint(header: Sequence[str], missing: Sequence[str]) -> str:
    if len(header) == 1 and any(separator in header[0] for separator in ";\t|"):
        return " Separate the columns by commas."
    plain = {name.strip().strip('"').upper() for name in header}
    if not plain & {name.upper() for name in missing}:
        return ""
    if any('"' in name for name in header):
        return " Write the names without quotes."
    return " Write the names exactly as in the schema, in capital letters."


def shown(text: str) -> str:
    """A line as it is shown: in quotes, and not longer than can be read."""
    line = text.strip("\n")
    return repr(line if len(line) <= 80 else f"{line[:80]}...")
