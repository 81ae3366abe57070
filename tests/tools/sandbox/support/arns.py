"""Types of resources, read off their ARNs."""

from __future__ import annotations


def kind_of(arn: str) -> str:
    """`dataset-group` for the ARN of one; a solution version is below its solution."""
    kind, _, name = arn.rpartition(":")[2].partition("/")
    return "solution-version" if kind == "solution" and "/" in name else kind


def noun_of(arn: str) -> str:
    """`DatasetGroup` for the ARN of one."""
    return "".join(part.capitalize() for part in kind_of(arn).split("-"))
