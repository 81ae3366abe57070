"""Objects of MiniStack's S3, as Personalize reads and writes them, and buckets as CloudFormation makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.core import iam_evaluator, responses
from ministack.services import kms, s3
from ministack.services.cloudformation import provisioners

from tools.emulator import ObjectAccessDeniedError, ObjectNotFoundError

from .permissions import asked_by_service, role_may_use_key, trusts

_PERSONALIZE = "personalize.amazonaws.com"
_KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"


class BucketObjects:
    """Objects of MiniStack's S3 as Personalize gets and puts them: with the service role, if the bucket policy agrees.

    Developer guide, "Giving Amazon Personalize access to Amazon S3 resources": to read, the role needs s3:GetObject and
    s3:ListBucket, to write s3:PutObject, and the bucket policy has to allow the same to Personalize itself. "Giving
    Amazon Personalize permission to use your AWS KMS key": the policy of an object's key has to let both use it.
    """

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of what is at or below a location.

        Raises:
            ObjectAccessDeniedError: trust policy, role or bucket policy do not allow it.
            ObjectNotFoundError: nothing is there.
        """
        bucket, path = _opened(role_arn, location)
        below = f"{path.rstrip('/')}/"
        is_object = path in s3._buckets[bucket]["objects"]
        yield from _read(role_arn, location, lambda key: key == path if is_object else key.startswith(below))

    def find(self, role_arn: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of all objects whose location begins with a prefix; it raises what `read` raises."""
        _, beginning = _opened(role_arn, prefix)
        yield from _read(role_arn, prefix, lambda key: key.startswith(beginning))

    def write(
        self, role_arn: str, location: str, body: bytes, *, key_arn: str | None = None, lists: bool = False
    ) -> None:
        """Put an object.

        Raises:
            ObjectAccessDeniedError: trust policy, role, bucket policy or the key do not allow it.
            ObjectNotFoundError: there is no such bucket.
        """
        bucket, key = _opened(role_arn, location)
        if lists:
            _permit(role_arn, bucket, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
        _permit(role_arn, bucket, "s3:PutObject", f"arn:aws:s3:::{bucket}/{key}")
        asked = {"x-amz-server-side-encryption": "aws:kms", _KEY_HEADER: key_arn} if key_arn else {}
        encryption, _ = s3._resolve_sse_write_headers(asked, bucket)
        if not _may_use_key(role_arn, "kms:GenerateDataKey", encryption.get(_KEY_HEADER)):
            raise ObjectAccessDeniedError(f"The role {role_arn} may not write {location}.")
        s3._put_object(bucket, key, body, asked)


def _opened(role_arn: str, location: str) -> tuple[str, str]:
    """Bucket and key of a location, if Personalize can assume the role, and the bucket exists."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    _assume(role_arn)
    if bucket not in s3._buckets:
        raise ObjectNotFoundError(f"There is no bucket {bucket}.")
    return bucket, key


def _read(role_arn: str, location: str, is_wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    bucket, _ = _opened(role_arn, location)
    _permit(role_arn, bucket, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
    objects = s3._buckets[bucket]["objects"]
    keys = sorted(filter(is_wanted, objects))
    if not keys:
        raise ObjectNotFoundError(f"Nothing is at {location}.")
    for key in keys:
        _permit(role_arn, bucket, "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}")
        # The reason names no key, as on AWS.
        if not _may_use_key(role_arn, "kms:Decrypt", objects[key].get("preserved_headers", {}).get(_KEY_HEADER)):
            raise ObjectAccessDeniedError(f"The role {role_arn} may not read {location}.")
        yield key, s3._get_object_data(bucket, key) or b""


def _assume(role_arn: str) -> None:
    if not trusts(role_arn, _PERSONALIZE, _source_arn()):
        raise ObjectAccessDeniedError(f"{_PERSONALIZE} cannot assume the role {role_arn}.")


def _permit(role_arn: str, bucket: str, action: str, resource: str) -> None:
    asked = _by_personalize(action, resource)
    policies = iam_evaluator._gather_role_policies(role_arn.rpartition("/")[2], responses.get_account_id())
    if iam_evaluator.evaluate(asked, policies).decision != "Allow":
        raise ObjectAccessDeniedError(f"The role {role_arn} may not perform {action} on {resource}.")
    policy = s3._bucket_policies.get(bucket)
    if iam_evaluator.evaluate_resource_policy(policy, asked, service=_PERSONALIZE).decision != "Allow":
        raise ObjectAccessDeniedError(f"The policy of bucket {bucket} does not let {_PERSONALIZE} perform {action}.")


def _may_use_key(role_arn: str, action: str, key_arn: str | None) -> bool:
    """Whether the role and Personalize may both use a key, if one is named."""
    if not key_arn:
        return True
    policy, _ = kms.key_policy_for_arn(key_arn) or ("", None)
    by_service = _by_personalize(action, key_arn)
    permitted = iam_evaluator.evaluate_resource_policy(policy, by_service, service=_PERSONALIZE).decision == "Allow"
    return permitted and role_may_use_key(role_arn, action, key_arn)


def _by_personalize(action: str, resource: str) -> Any:
    """What Personalize asks for on behalf of a resource of this account."""
    return asked_by_service(_PERSONALIZE, action, resource, _source_arn())


def _source_arn() -> str:
    account, region = responses.get_account_id(), responses.get_region()
    return f"arn:aws:personalize:{region}:{account}:dataset-import-job/any"


def correct_buckets() -> None:
    """Let CloudFormation tag and encrypt buckets, and refuse to delete one that is not empty, as on AWS."""
    handler = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def create_tagged(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        name, attributes = create(logical_id, properties, stack_name)
        s3._bucket_tags[name] = provisioners._tag_map(properties.get("Tags"))
        _set_default_encryption(name, properties)
        return name, attributes

    def update_tagged(name: str, old: dict[str, Any], new: dict[str, Any], stack_name: str) -> Any:
        updated, attributes = update(name, old, new, stack_name)
        s3._bucket_tags[updated] = provisioners._tag_map(new.get("Tags"))
        _set_default_encryption(updated, new)
        return updated, attributes

    def delete_empty(name: str, properties: dict[str, Any]) -> None:
        bucket = s3._buckets.get(name)
        if bucket and (bucket["objects"] or s3._bucket_has_versions(name)):
            raise ValueError("The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
        delete(name, properties)

    handler |= {"create": create_tagged, "update": update_tagged, "delete": delete_empty}
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")


def _set_default_encryption(bucket: str, properties: Mapping[str, Any]) -> None:
    rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    default = rules[0].get("ServerSideEncryptionByDefault", {}) if rules else {}
    named = [name for name in ("SSEAlgorithm", "KMSMasterKeyID") if default.get(name)]
    if named:
        members = "".join(f"<{name}>{default[name]}</{name}>" for name in named)
        s3._bucket_encryption[bucket] = f"<Rule>{members}</Rule>"
