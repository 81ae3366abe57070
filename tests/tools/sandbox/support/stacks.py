"""Stacks of a local cloud, without the CDK."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from tools.sandbox.cloud import Endpoint, client


@dataclass
class Stacks:
    """Creates, updates and deletes stacks, and waits for them."""

    endpoint: Endpoint

    def deploy(self, name: str, resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> str:
        """Create or update a stack; its status then."""
        template: dict[str, Any] = {"Resources": resources, "Outputs": outputs or {}}
        request = {"StackName": name, "TemplateBody": json.dumps(template), "Capabilities": ["CAPABILITY_IAM"]}
        if self.status(name):
            self.api.update_stack(**request)
        else:
            self.api.create_stack(**request)
        return self.settled(name)

    def delete(self, name: str) -> str:
        """Delete a stack; its status then."""
        self.api.delete_stack(StackName=name)
        return self.settled(name)

    def settled(self, name: str) -> str:
        """Status of a stack when nothing goes on any more."""
        for _ in range(400):
            time.sleep(0.05)
            status = self.status(name)
            if not status.endswith("IN_PROGRESS"):
                return status
        raise AssertionError(f"{name} is still {status}")

    def status(self, name: str) -> str:
        """Status of a stack; empty if there is none."""
        found = self.api.describe_stacks()["Stacks"]
        status = next((each["StackStatus"] for each in found if each["StackName"] == name), "")
        return "" if status == "DELETE_COMPLETE" else status

    def events(self, name: str, logical_id: str) -> list[str]:
        """What happened to a resource, oldest first, with the reasons."""
        events = self.api.describe_stack_events(StackName=name)["StackEvents"]
        return [
            f"{each['ResourceStatus']} {each.get('ResourceStatusReason', '')}".strip()
            for each in reversed(events)
            if each["LogicalResourceId"] == logical_id
        ]

    @cached_property
    def api(self) -> Any:
        """Client of CloudFormation."""
        return client(self.endpoint, "cloudformation")

    @cached_property
    def ssm(self) -> Any:
        """Client of SSM."""
        return client(self.endpoint, "ssm")

    @cached_property
    def s3(self) -> Any:
        """Client of S3."""
        return client(self.endpoint, "s3")

    def parameter(self, name: str) -> str | None:
        """Value of an SSM parameter; None if there is none."""
        with suppress(ClientError):
            return str(self.ssm.get_parameter(Name=name)["Parameter"]["Value"])
        return None

    def has_bucket(self, name: str) -> bool:
        """Whether a bucket exists."""
        return name in [each["Name"] for each in self.s3.list_buckets()["Buckets"]]

    def put_object(self, bucket: str) -> None:
        """Make the deletion of a bucket fail."""
        self.s3.put_object(Bucket=bucket, Key="kept", Body=b"")

    def empty(self, bucket: str) -> None:
        """Let the deletion of a bucket succeed."""
        self.s3.delete_object(Bucket=bucket, Key="kept")
