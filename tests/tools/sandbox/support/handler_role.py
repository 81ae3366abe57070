"""The role of the provider's functions in a deployed app: its statements taken away one at a time, and what then fails.

A deployment without each statement is in test_policy.py of the provider, in virtual time; here the deployed functions
are invoked, with MiniStack's IAM judging what they do.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lambdas.personalize_provider.protocol import Progress
from tests.tools.sandbox.conftest import App
from tests.tools.sandbox.support.arns import kind_of, noun_of
from tools.sandbox import inventory

DATA = "vod-dev-data"
# These are part of a creation: tests/tools/sandbox/test_permissions.py has a deployment without each of them.
ELSEWHERE = {"iam:PassRole", "personalize:CreateDatasetGroup", "personalize:TagResource"}
LOGS = "logs:PutLogEvents"
REQUEST_ID = "by-hand"
STARTED = Progress(0).to_event()
NOT_LOOKED_AT = '{"IsComplete": false}'


@dataclass
class HandlerRole:
    """What the deployed functions may do, and do."""

    app: App

    def check_that_every_statement_is_needed(self) -> None:
        """Take every statement away in turn and see that a function then fails for want of it."""
        checked = 0
        for statement in self.policy["Statement"]:
            actions = as_list(statement["Action"])
            if ELSEWHERE & set(actions):
                continue
            if LOGS in actions:
                self.check_logs_need(statement)
            else:
                self.check_functions_need(statement)
            checked += 1
        assert checked == 5

    def check_functions_need(self, statement: dict[str, Any]) -> None:
        """With all statements there is no talk of permissions; with all but one, the missing action is named."""
        request = self.request_for(statement)
        assert "Access denied" not in self.invoked(*request)
        with self.less(statement):
            said = self.invoked(*request)
        missed = [each for each in as_list(statement["Action"]) if f"may not perform {each} on" in said]
        assert missed, f"Nobody missed {statement}: {said}"

    def check_logs_need(self, statement: dict[str, Any]) -> None:
        """A function logs what it does, and only with this statement."""
        before = self.lines()
        with self.less(statement):
            self.invoked(*self.request_for({"Resource": "*"}))
            assert self.lines() == before
        self.invoked(*self.request_for({"Resource": "*"}))
        assert self.lines() > before

    def request_for(self, statement: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """A function, and a request to it that needs a statement, and changes nothing."""
        where = as_list(statement["Resource"])[0]
        if ":stack/" in where:
            # Nobody deploys, so it is late; whether it is, CloudFormation says.
            return "OnEvent", self.event("Update", "DatasetGroup", {"NamePrefix": "vod-dev_late"})
        if where == "*":
            # Only a list says whether a group has a tracker.
            group = self.arn_of("dataset-group")
            tracker = {"NamePrefix": "vod-dev_nobody", "DatasetGroupArn": group}
            return "IsComplete", self.event("Delete", "EventTracker", tracker)
        arn = self.arn_described_by(statement)
        link = {"ResourceType": noun_of(arn), "ResourceArn": arn, "Link": "1", "Links": "1", "LinkSeconds": "1"}
        return "IsComplete", self.event("Create", "Wait", {**link, "Revision": ""})

    def arn_described_by(self, statement: dict[str, Any]) -> str:
        """Of a resource that can be described only with a statement."""
        kinds = {kind_of(where) for where in as_list(statement["Resource"])}
        found = (arn for arn in inventory.personalize(self.app.endpoint) if kind_of(arn) in kinds)
        return next(arn for arn in found if f"personalize:Describe{noun_of(arn)}" in as_list(statement["Action"]))

    def arn_of(self, kind: str) -> str:
        """Of a resource of a type."""
        return next(arn for arn in inventory.personalize(self.app.endpoint) if kind_of(arn) == kind)

    def event(self, kind: str, type_: str, properties: dict[str, str]) -> dict[str, Any]:
        """A request as the framework hands it on."""
        return {
            "RequestType": kind,
            "RequestId": REQUEST_ID,
            "StackId": self.app.client("cloudformation").describe_stacks(StackName=DATA)["Stacks"][0]["StackId"],
            "LogicalResourceId": "ByHand",
            "ResourceType": f"Custom::Personalize{type_}",
            "PhysicalResourceId": "vod-dev_nobody",
            "ResourceProperties": properties,
            "OldResourceProperties": properties,
            "Progress": STARTED,
        }

    def invoked(self, entry: str, event: dict[str, Any]) -> str:
        """What a function answers, or says when it fails."""
        name = self.physical_id(f"Provider{entry}", "AWS::Lambda::Function")
        functions, payload = self.app.client("lambda"), json.dumps(event).encode()
        for _ in range(200):
            said = str(functions.invoke(FunctionName=name, Payload=payload)["Payload"].read().decode())
            if said != NOT_LOOKED_AT:
                return said
            # A request as old as this one is looked at only now and then.
            time.sleep(0.1)
        raise AssertionError(f"{event} is never looked at.")

    def lines(self) -> int:
        """How many lines the functions have logged of requests from here."""
        logs, group = self.app.client("logs"), self.physical_id("ProviderLogs", "AWS::Logs::LogGroup")
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern=f'"{REQUEST_ID}"')
        return sum(len(page["events"]) for page in pages)

    @contextmanager
    def less(self, statement: dict[str, Any]) -> Iterator[None]:
        """The policy without a statement, for a while."""
        iam, (role, policy) = self.app.client("iam"), self.policy_name
        others = [each for each in self.policy["Statement"] if each != statement]
        put = {"RoleName": role, "PolicyName": policy}
        iam.put_role_policy(**put, PolicyDocument=json.dumps({**self.policy, "Statement": others}))
        try:
            yield
        finally:
            iam.put_role_policy(**put, PolicyDocument=json.dumps(self.policy))

    @cached_property
    def policy(self) -> dict[str, Any]:
        """The document as it was deployed."""
        role, name = self.policy_name
        answer = self.app.client("iam").get_role_policy(RoleName=role, PolicyName=name)
        return dict(answer["PolicyDocument"])

    @cached_property
    def policy_name(self) -> tuple[str, str]:
        """Of the role and of its only policy."""
        role = self.physical_id("ProviderHandlerRole", "AWS::IAM::Role")
        (name,) = self.app.client("iam").list_role_policies(RoleName=role)["PolicyNames"]
        return role, name

    def physical_id(self, logical_id: str, type_: str) -> str:
        """Of the resource of the data stack whose logical id begins so."""
        found = self.app.client("cloudformation").describe_stack_resources(StackName=DATA)["StackResources"]
        (name,) = (
            each["PhysicalResourceId"]
            for each in found
            if each["LogicalResourceId"].startswith(logical_id) and each["ResourceType"] == type_
        )
        return str(name)


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
