"""Everything that knows the inside of MiniStack: the one application for its services and the Personalize emulator.

Written for ministack 1.5.33, the version requirements-dev.txt pins. MiniStack reads its environment while it is
imported, so import this module only in the server process.
"""

from __future__ import annotations

from typing import Any

from ministack.app import app as ministack_app
from ministack.core import lambda_runtime
from ministack.services import s3
from ministack.services.cloudformation import provisioners


def build_gateway(speed: float) -> Any:
    """The ASGI application of the sandbox; `speed` is that of the Personalize emulator's clock."""
    correct_buckets()
    correct_lambda_environment()
    return ministack_app


def correct_buckets() -> None:
    """Let CloudFormation tag buckets, and refuse to delete one that is not empty, as on AWS."""
    handler = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def create_tagged(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        name, attributes = create(logical_id, properties, stack_name)
        s3._bucket_tags[name] = provisioners._tag_map(properties.get("Tags"))
        return name, attributes

    def update_tagged(name: str, old: dict[str, Any], new: dict[str, Any], stack_name: str) -> Any:
        updated, attributes = update(name, old, new, stack_name)
        s3._bucket_tags[updated] = provisioners._tag_map(new.get("Tags"))
        return updated, attributes

    def delete_empty(name: str, properties: dict[str, Any]) -> None:
        bucket = s3._buckets.get(name)
        if bucket and (bucket["objects"] or s3._bucket_has_versions(name)):
            raise ValueError("The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
        delete(name, properties)

    handler |= {"create": create_tagged, "update": update_tagged, "delete": delete_empty}
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")


def correct_lambda_environment() -> None:
    """Keep functions from naming a trust store that only the images of Lambda have (CDK's BucketDeployment does)."""
    lambda_runtime._RESERVED_RUNTIME_ENV_VARS.add("AWS_CA_BUNDLE")
