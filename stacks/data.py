"""DataStack: what holds data. Bucket, service role, dataset group, datasets, imports, filters, event tracker."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from aws_cdk import CfnResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct, IDependable

from .outputs import Outputs, pascal
from .personalize import (
    Dataset,
    DatasetGroup,
    DatasetImport,
    EventTracker,
    Filter,
    PersonalizeProvider,
    Schema,
    ServiceRole,
)
from .personalize.acknowledge import acknowledge, acknowledge_log_encryption
from .personalize.service_role import allow_personalize_read
from .sample_data import SampleData
from .settings import DatasetSettings, Settings

# Where CDK puts the function behind `auto_delete_objects`.
_EMPTYING = "Custom::S3AutoDeleteObjectsCustomResourceProvider"
_ACCESS_LOGS = "Access logs need a bucket of their own; accounts that log S3 access use CloudTrail data events."
# Findings of cdk-nag on the bucket, accepted.
_OF_THE_BUCKET = {
    "AwsSolutions-S1": _ACCESS_LOGS,
    "NIST.800.53.R5-S3BucketLoggingEnabled": _ACCESS_LOGS,
    "NIST.800.53.R5-S3BucketReplicationEnabled": "It holds copies for imports; their source is elsewhere.",
    "NIST.800.53.R5-S3DefaultEncryptionKMS": "Encrypted with S3's own key; another key would need a policy for "
    "Personalize and a charge per request, for data that is copied into Personalize anyway.",
}
# Plain RETAIN would also keep what a failed first deployment made, a new set for every try.
_REMOVAL = {"destroy": RemovalPolicy.DESTROY, "retain": RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE}
SAMPLE_DIRECTORY = Path(__file__).parents[1] / "data" / "out"


class DataStack(Stack):
    """Everything whose loss would lose data."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        sample_directory: Path = SAMPLE_DIRECTORY,
        **kwargs: Any,
    ) -> None:
        """Declare the stack.

        Args:
            scope: parent construct.
            id: construct id.
            settings: the environment's settings.
            sample_directory: where `make data` has put the CSV files.
            **kwargs: props of aws_cdk.Stack.

        Raises:
            PropsError: a prop is not what the service allows, or the sample data is missing.
        """
        super().__init__(scope, id, **kwargs)
        self._settings = settings
        self._removal_policy = _REMOVAL[settings.removal_policy]
        self.provider = PersonalizeProvider(self, "Provider", name_prefix=settings.prefix)
        self.bucket = self._bucket()
        self.service_role = ServiceRole(self, "ServiceRole")
        self.dataset_group = DatasetGroup(
            self,
            "DatasetGroup",
            provider=self.provider,
            allow_replacement=settings.allow_replacement,
            removal_policy=self._removal_policy,
        )
        self._outputs = Outputs(self, settings.parameter_path)
        self._outputs.publish("dataset_group_arn", self.dataset_group.dataset_group_arn, "Dataset group")
        self._outputs.publish("bucket_name", self.bucket.bucket_name, "Bucket that Personalize may read")
        self._outputs.publish("service_role_arn", self.service_role.role_arn, "Role with which Personalize reads data")
        self._add_datasets(sample_directory)
        self._add_filters()
        self._add_event_tracker()
        # Stacks that are deployed import these until they have been updated, whatever the settings say now.
        self.export_value(self.provider.service_token)
        self.export_value(self.dataset_group.dataset_group_arn)

    def share_with(self, stack: Stack) -> None:
        """Let a stack of the app use the provider and the dataset group, now or later.

        An empty stack may hold resources where it is deployed, so it comes after this one all the same, and the
        provider may ask CloudFormation about it.

        Args:
            stack: the stack.
        """
        stack.add_stack_dependency(self)
        self.provider.serve(stack)

    def _bucket(self) -> s3.Bucket:
        destroy = self._removal_policy is RemovalPolicy.DESTROY
        bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            versioned=True,
            removal_policy=self._removal_policy,
            auto_delete_objects=destroy,
            # Older versions are for undoing an upload by mistake, not an archive.
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=Duration.days(30),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
        )
        if destroy:
            self._own_log_of_emptying(bucket)
        allow_personalize_read(bucket)
        for rule, reason in _OF_THE_BUCKET.items():
            acknowledge(bucket, rule, reason)
        return bucket

    def _own_log_of_emptying(self, bucket: s3.Bucket) -> None:
        """Declare the log group of the function that empties the bucket: else Lambda makes it, and it stays."""
        function = cast(CfnResource, self.node.find_child(_EMPTYING).node.find_child("Handler"))
        log_group = logs.LogGroup(
            self,
            "EmptyingLogs",
            log_group_name=f"/aws/lambda/{function.ref}",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge_log_encryption(log_group)
        bucket.node.find_child("AutoDeleteObjectsCustomResource").node.add_dependency(log_group)

    # -- datasets ------------------------------------------------------------------------------------------

    def _add_datasets(self, sample_directory: Path) -> None:
        locations, uploaded = self._locations(sample_directory)
        for dataset_type, settings in self._settings.datasets.used.items():
            self._add_dataset(dataset_type, settings, locations[dataset_type], uploaded)

    def _add_dataset(
        self, dataset_type: str, settings: DatasetSettings, location: str, uploaded: IDependable | None
    ) -> None:
        name = dataset_type.capitalize()
        schema = Schema(
            self,
            f"{name}Schema",
            provider=self.provider,
            schema=settings.schema_document,
            dataset_type=dataset_type,
            removal_policy=self._removal_policy,
        )
        dataset = Dataset(
            self,
            f"{name}Dataset",
            provider=self.provider,
            dataset_group=self.dataset_group,
            dataset_type=dataset_type,
            schema=schema,
            allow_replacement=self._settings.allow_replacement,
            removal_policy=self._removal_policy,
        )
        dataset_import = DatasetImport(
            self,
            f"{name}Import",
            provider=self.provider,
            dataset=dataset,
            data_location=location,
            role=self.service_role,
            data_version=self._settings.data_version_of(dataset_type),
            import_mode=settings.import_mode,
            max_wait=Duration.seconds(self._settings.max_wait),
        )
        # The permissions, too, must be there before Personalize reads the data.
        dataset_import.node.add_dependency(self.service_role, self.bucket)
        if uploaded:
            dataset_import.node.add_dependency(uploaded)
        kind = dataset_type.lower()
        self._outputs.publish(f"{kind}_dataset_arn", dataset.dataset_arn, f"{name} dataset")
        self._outputs.publish(f"{kind}_schema_arn", schema.schema_arn, f"Schema of the {kind} dataset")

    # -- data ----------------------------------------------------------------------------------------------

    def _locations(self, sample_directory: Path) -> tuple[dict[str, str], IDependable | None]:
        """Where each dataset's file is, and what must have been uploaded before."""
        used = self._settings.datasets.used
        locations = {kind: location for kind in used if (location := self._settings.location_of(kind))}
        for number, (bucket_name, prefix) in enumerate(sorted({_split(location) for location in locations.values()})):
            self.service_role.allow_read(s3.Bucket.from_bucket_name(self, f"Source{number}", bucket_name), prefix)
        sample = [kind for kind in used if kind not in locations]
        if not sample:
            return locations, None
        self.service_role.allow_read(self.bucket)
        files = {kind: f"{kind.lower()}.csv" for kind in sample}
        uploaded = SampleData(self, "SampleData", bucket=self.bucket, directory=sample_directory, names=files.values())
        return {**locations, **{kind: uploaded.location(name) for kind, name in files.items()}}, uploaded

    # -- filters and events --------------------------------------------------------------------------------

    def _add_filters(self) -> None:
        for name, expression in self._settings.filters.items():
            each = Filter(
                self,
                f"Filter{pascal(name)}",
                provider=self.provider,
                dataset_group=self.dataset_group,
                filter_expression=expression,
            )
            self._outputs.publish(f"filter_{name}_arn", each.filter_arn, f"Filter '{name}'")

    def _add_event_tracker(self) -> None:
        if not self._settings.event_tracker:
            return
        tracker = EventTracker(self, "EventTracker", provider=self.provider, dataset_group=self.dataset_group)
        self._outputs.publish("event_tracker_arn", tracker.event_tracker_arn, "Event tracker")
        self._outputs.publish("event_tracker_tracking_id", tracker.tracking_id, "Tracking id that PutEvents takes")


def _split(location: str) -> tuple[str, str]:
    """`s3://bucket/folder/x.csv` as bucket and key."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key
