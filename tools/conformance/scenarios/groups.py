"""Dataset groups: their life, their names, and what comes too early."""

from __future__ import annotations

from tools.conformance.run import Run
from tools.conformance.step import Expected, Step

from .materials import EXISTS, IN_USE, INVALID, MISSING, refused, schema

_KEY = "arn:aws:kms:{region}:{account}:key/00000000-0000-0000-0000-000000000000"
_UNSEEN = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'
_ROLE = "arn:aws:iam::{account}:role/personalize-conformance-none"


def _create_domain(run: Run) -> None:
    made = run.personalize.create_dataset_group(name=run.name("vod"), domain="VIDEO_ON_DEMAND")
    run.remember("vod", made["datasetGroupArn"])
    run.settled("DatasetGroup", made["datasetGroupArn"])


def _create_custom(run: Run) -> None:
    arn = run.personalize.create_dataset_group(name=run.name("custom"))["datasetGroupArn"]
    run.remember("custom", arn)
    run.settled("DatasetGroup", arn)


def _build_too_early(run: Run) -> None:
    schema_arn = run.personalize.create_schema(name=run.name("early"), schema=schema("Interactions"))["schemaArn"]
    group = run.personalize.create_dataset_group(name=run.name("early"))["datasetGroupArn"]
    # All at once, while the group is still CREATE PENDING.
    both = {"name": run.name("early"), "datasetGroupArn": group}
    made = run.ask(run.personalize.create_dataset, **both, datasetType="Interactions", schemaArn=schema_arn)
    run.ask(run.personalize.create_filter, **both, filterExpression=_UNSEEN)
    run.ask(run.personalize.create_event_tracker, **both)
    run.settled("DatasetGroup", group)
    if not made:
        run.personalize.delete_dataset_group(datasetGroupArn=group)
        run.settled("DatasetGroup", group)


def _name_again(run: Run) -> None:
    run.ask(run.personalize.create_dataset_group, name=run.name("vod"), domain="VIDEO_ON_DEMAND")
    run.ask(run.personalize.create_dataset_group, name=run.name("vod"))


def _encrypt_wrongly(run: Run) -> None:
    key = _KEY.format(region=run.region, account=run.account)
    role = _ROLE.format(account=run.account)
    for name, options in (("key-alone", {"kmsKeyArn": key}), ("role-alone", {"roleArn": role})):
        made = run.ask(run.personalize.create_dataset_group, name=run.name(name), **options)
        # A region has room for five.
        if made:
            run.settled("DatasetGroup", made["datasetGroupArn"])
            run.personalize.delete_dataset_group(datasetGroupArn=made["datasetGroupArn"])
            run.settled("DatasetGroup", made["datasetGroupArn"])


def _delete(run: Run) -> None:
    arn = run.personalize.create_dataset_group(name=run.name("gone"))["datasetGroupArn"]
    run.ask(run.personalize.delete_dataset_group, datasetGroupArn=arn)
    run.settled("DatasetGroup", arn)
    run.ask(run.personalize.delete_dataset_group, datasetGroupArn=arn)
    run.ask(run.personalize.delete_dataset_group, datasetGroupArn=arn)
    run.settled("DatasetGroup", arn)
    run.ask(run.personalize.delete_dataset_group, datasetGroupArn=arn)


STEPS = (
    Step(
        "groups.domain",
        "Makes a dataset group of the domain VIDEO_ON_DEMAND and follows its statuses.",
        _create_domain,
        rules=("statuses.order",),
        minutes=2,
        expects=(Expected("DescribeDatasetGroup", members=("datasetGroup.domain", "datasetGroup.status")),),
    ),
    Step(
        "groups.custom",
        "Makes a dataset group without a domain.",
        _create_custom,
        rules=("statuses.order",),
        minutes=2,
    ),
    Step(
        "groups.too_early",
        "Makes a dataset group, and builds on it while it is pending.",
        _build_too_early,
        rules=("statuses.must_be_active", "statuses.filters_group"),
        minutes=3,
        expects=(
            *refused("CreateDataset", IN_USE),
            *refused("CreateFilter", INVALID),
            *refused("CreateEventTracker", IN_USE),
        ),
    ),
    Step(
        "groups.same_name",
        "Makes a dataset group with a name that is taken, once with the same domain, once without.",
        _name_again,
        rules=("requests.unique_names",),
        needs=("groups.domain",),
        expects=refused("CreateDatasetGroup", EXISTS, 2),
    ),
    Step(
        "groups.key_or_role_alone",
        "Makes dataset groups with a KMS key and no role, and the other way around.",
        _encrypt_wrongly,
        rules=("groups.kms_role",),
        expects=refused("CreateDatasetGroup", INVALID, 2),
    ),
    Step(
        "groups.deleted",
        "Deletes a dataset group while it is pending, while it is being deleted, and when it is gone.",
        _delete,
        rules=("statuses.order", "statuses.must_be_settled", "requests.what_exists"),
        minutes=3,
        expects=(
            Expected("DeleteDatasetGroup", IN_USE, which=0),
            Expected("DeleteDatasetGroup", which=1),
            Expected("DeleteDatasetGroup", IN_USE, which=2),
            Expected("DeleteDatasetGroup", MISSING, which=3),
        ),
    ),
)
