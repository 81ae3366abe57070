"""Findings of cdk-nag that are meant to be as they are, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct

_NIST = "NIST.800.53.R5"
# What one sentence answers for every function that carries out custom resources, CDK's own included.
_FUNCTIONS = {
    "LambdaConcurrency": "CloudFormation decides how many requests there are at once; a reserved limit would refuse "
    "some of them and take from what the account's other functions have.",
    "LambdaDLQ": "A request holds the ResponseURL, a credential that a queue would keep; CloudFormation notices "
    "a request that is not answered.",
    "LambdaInsideVPC": "Calls public APIs of AWS only, and has nothing to reach inside a VPC.",
}


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept a finding on a construct and those below it.

    Args:
        construct: where the finding is.
        rule: the rule's id, such as AwsSolutions-L1.
        reason: one sentence that a reviewer can check.
    """
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))


def acknowledge_functions(construct: IConstruct) -> None:
    """Accept how functions run that carry out custom resources.

    Args:
        construct: where the findings are, or above them.
    """
    for rule, reason in _FUNCTIONS.items():
        acknowledge(construct, f"{_NIST}-{rule}", reason)


def acknowledge_own_policies(construct: IConstruct) -> None:
    """Accept that roles have policies of their own.

    Args:
        construct: where the findings are, or above them.
    """
    acknowledge(
        construct,
        f"{_NIST}-IAMNoInlinePolicy",
        "The policy names what this one role may reach, so nobody else can use it; it is deleted with the role.",
    )


def acknowledge_log_encryption(construct: IConstruct) -> None:
    """Accept that CloudWatch Logs encrypts log groups with a key of its own.

    Args:
        construct: where the findings are, or above them.
    """
    acknowledge(
        construct,
        f"{_NIST}-CloudWatchLogGroupEncrypted",
        "CloudWatch Logs encrypts every log group with a key of its own; names and statuses are in it, no user's data.",
    )


def acknowledge_wildcards(
    construct: IConstruct, reason: str, *, resources: Sequence[str] = (), actions: Sequence[str] = ()
) -> None:
    """Accept exactly these wildcards in the policies of a role (AwsSolutions-IAM5); any other is still found.

    Args:
        construct: the role, or a construct above it.
        reason: one sentence that a reviewer can check.
        resources: ARNs with a wildcard; tokens are fine.
        actions: actions with a wildcard.
    """
    arns = [_flat(Stack.of(construct).resolve(arn)) for arn in resources]
    for finding in [*(f"Resource::{arn}" for arn in arns), *(f"Action::{action}" for action in actions)]:
        acknowledge(construct, f"AwsSolutions-IAM5[{finding}]", reason)


def _flat(value: Any) -> str:
    """A resolved token as cdk-nag writes it: `<LogicalId.Arn>:*`."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return f"<{value['Ref']}>"
    if "Fn::GetAtt" in value:
        return f"<{'.'.join(value['Fn::GetAtt'])}>"
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([^}]+)\}", r"<\1>", value["Fn::Sub"])
    separator, parts = value["Fn::Join"]
    return str(separator).join(_flat(part) for part in parts)
