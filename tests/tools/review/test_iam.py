"""What a review says of permissions: only what changed, part by part."""

from __future__ import annotations

from typing import Any

from tests.tools.review.support.templates import assembly
from tools.review.iam import permissions
from tools.simulation.assembly import Assembly


def policy(*statements: dict[str, Any]) -> Assembly:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}
    document = {"Roles": [{"Ref": "Role"}], "PolicyDocument": {"Statement": list(statements)}}
    return assembly({"Role": role, "Policy": {"Type": "AWS::IAM::Policy", "Properties": document}})


def statement(*actions: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "arn:aws:s3:::lake/*", **more}


READ, LIST = statement("s3:GetObject"), statement("s3:ListBucket", Resource="arn:aws:s3:::lake")


def test_what_stays_is_unchanged() -> None:
    (found,) = permissions(policy(READ), policy(READ))
    assert (found.kind, found.differences) == ("unchanged", ())


def test_actions_come_and_go() -> None:
    changed, same = permissions(policy(READ, LIST), policy(statement("s3:GetObject", "s3:PutObject"), LIST))
    assert (changed.kind, changed.differences) == ("changed", (("actions", (), ("s3:PutObject",)),))
    assert (same.kind, "s3:ListBucket" in same.text) == ("unchanged", True)


def test_resources_and_conditions_come_and_go() -> None:
    tighter = statement(
        "s3:GetObject",
        Resource=["arn:aws:s3:::lake/vod/*", "arn:aws:s3:::clicks/*"],
        Condition={"Bool": {"aws:SecureTransport": "true"}},
    )
    (changed,) = permissions(policy(READ), policy(tighter))
    assert changed.differences == (
        ("resources", ("arn:aws:s3:::lake/*",), ("arn:aws:s3:::lake/vod/*", "arn:aws:s3:::clicks/*")),
        ("conditions", (), ("Bool aws:SecureTransport true",)),
    )
    assert changed.wildcards == ("arn:aws:s3:::lake/vod/*", "arn:aws:s3:::clicks/*")


def test_a_statement_is_known_by_its_sid() -> None:
    before, after = statement("s3:GetObject", Sid="Data"), statement("s3:ListBucket", Sid="Data")
    (changed,) = permissions(policy(before), policy(after))
    assert changed.differences == (("actions", ("s3:GetObject",), ("s3:ListBucket",)),)


def test_what_has_nothing_in_common_comes_and_goes() -> None:
    found = permissions(policy(READ), policy(statement("iam:PassRole", Resource="*")))
    assert [each.kind for each in found] == ["added", "removed"]


def test_allowing_is_no_change_of_denying() -> None:
    found = permissions(policy(statement("s3:GetObject", Effect="Deny")), policy(READ))
    assert [each.kind for each in found] == ["added", "removed"]


def test_each_statement_is_the_change_of_one_at_most() -> None:
    two = (statement("s3:GetObject", "s3:PutObject"), statement("s3:GetObject", "s3:DeleteObject"))
    found = permissions(policy(READ), policy(*two))
    assert sorted(each.kind for each in found) == ["added", "changed"]
