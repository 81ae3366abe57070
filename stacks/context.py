"""Reads the app's context (cdk.json or `-c`): folders, the bootstrap, a permissions boundary.

The CDK silently ignores some values, and raises for others.
"""

from __future__ import annotations

import re
from pathlib import Path

from aws_cdk import App

from .settings import Settings, SettingsError
from .settings_file import one_line
from .settings_sentences import shown

_BOUNDARY = "@aws-cdk/core:permissionsBoundary"
_QUALIFIER = "@aws-cdk/core:bootstrapQualifier"
# IAM API, CreatePolicy: Path, PolicyName.
_POLICY = r"[A-Za-z0-9+=,.@_/-]+"
# What the CDK fills in, and the setting that tells it (aws-cdk-lib, core/lib/stack.ts).
_FILLED_IN = {"${Qualifier}": None, "${AWS::AccountId}": "account", "${AWS::Region}": "region"}


def read_folder(app: App, key: str, default: Path) -> Path:
    """Read a folder from the context.

    Args:
        app: the app.
        key: of the context.
        default: if the context has none.

    Raises:
        SettingsError: it is not text.
    """
    value = app.node.try_get_context(key) or default
    if not isinstance(value, str | Path):
        raise SettingsError(f"{key}: must be the path of a folder, but is {shown(value)}.")
    return Path(value)


def check_qualifier(app: App) -> None:
    """Refuse a qualifier that `cdk bootstrap` refuses; its template has the pattern.

    Raises:
        SettingsError: it does.
    """
    value = app.node.try_get_context(_QUALIFIER)
    if value is None or (isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,10}", value)):
        return
    raise SettingsError(
        one_line(f"{_QUALIFIER}: must be 1 to 10 letters, digits, underscores and hyphens, but is {shown(value)}.")
    )


def read_boundary(app: App, settings: Settings) -> None:
    """Let `-c @aws-cdk/core:permissionsBoundary=NAME` name the boundary of every role.

    The CDK takes an object such as {"name": NAME}, as cdk.json can hold it, and silently ignores text.

    Args:
        app: the app.
        settings: tell the account and the region, which the name may hold.

    Raises:
        SettingsError: it is no name or ARN of a policy, or holds what cannot be filled in.
    """
    value = app.node.try_get_context(_BOUNDARY)
    if value is None:
        return
    boundary = {"arn" if value.startswith("arn:") else "name": value} if isinstance(value, str) else value
    mistake = _boundary_mistake(boundary, settings)
    if mistake:
        raise SettingsError(one_line(f"{_BOUNDARY}: {mistake}"))
    app.node.set_context(_BOUNDARY, boundary)


def _boundary_mistake(boundary: object, settings: Settings) -> str | None:
    match boundary:
        case {"name": str(value), **others} if not others:
            what, pattern = "name", _POLICY
        case {"arn": str(value), **others} if not others:
            what, pattern = "ARN", rf"arn:aws[a-z-]*:iam::(\d{{12}}|aws):policy/{_POLICY}"
        case _:
            return 'must be the name or the ARN of a policy, or in cdk.json {"name": NAME} or {"arn": ARN}.'
    for placeholder, setting in _FILLED_IN.items():
        if setting and placeholder in value and getattr(settings, setting) is None:
            return f"'{value}' contains {placeholder}, but {setting} in the settings is empty. Set it."
    if not re.fullmatch(pattern, _filled_in(value)):
        return f"'{value}' cannot be the {what} of a policy. The CDK only fills in {', '.join(_FILLED_IN)}."
    return None


def _filled_in(policy: str) -> str:
    """A name or an ARN with something in place of each placeholder, wherever one may stand."""
    for placeholder in _FILLED_IN:
        policy = policy.replace(placeholder, "123456789012")
    return policy
