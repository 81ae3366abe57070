"""DataStack: what holds data: bucket, role, dataset group, datasets, imports, filters, tracker, metric attribution.

With `existing` it holds no data: it looks up what others have made, and adds filters to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from aws_cdk import CfnResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct, IDependable

from .bucket import add_bucket
from .existing import adopted, look_up
from .folders import DELETIONS, batch_folder
from .outputs import Outputs, pascal
from .personalize import (
    AttributedMetric,
    Dataset,
    DatasetGroup,
    DatasetImport,
    DatasetType,
    EventTracker,
    Filter,
    IDatasetGroup,
    MetricAttribution,
    PersonalizeProvider,
    Schema,
    ServiceRole,
    allow_personalize_write,
    limits,
    summed_column,
)
from .sample_data import SampleData
from .settings import DatasetSettings, Settings
from .settings_adoption import Adoptable
from .settings_operations import OperationsSettings
from .settings_values import BUCKET

# Plain RETAIN would also keep what a failed first deployment made, a new set for every try.
_REMOVAL = {"destroy": RemovalPolicy.DESTROY, "retain": RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE}
# Folder of the app's own bucket.
_REPORTS = "reports/"
SAMPLE_DIRECTORY = Path(__file__).parents[1] / "data" / "out"


class DataStack(Stack):
    """Everything that holds data: deleting it loses data."""

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
        self._log_retention = logs.RetentionDays[limits.LOG_RETENTION_DAYS[settings.log_retention_days]]
        self._outputs = Outputs(self, settings.parameter_path)
        self.provider = PersonalizeProvider(
            self,
            "Provider",
            name_prefix=settings.prefix,
            log_retention=self._log_retention,
            tag_conditions=settings.tag_conditions,
        )
        self.dataset_group: IDatasetGroup
        if settings.existing:
            self.dataset_group = look_up(self, settings.existing, self.provider, self._outputs)
            self._add_filters()
        else:
            self._add_data(settings, sample_directory)
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

    def _add_data(self, settings: Settings, sample_directory: Path) -> None:
        """Add the dataset group with all that is in it, and what its data comes through."""
        # Settings without an existing group say it; a check holds that.
        self._removal_policy = _REMOVAL[settings.removal_policy or "retain"]
        self._key = (
            kms.Key.from_key_arn(self, "EncryptionKey", settings.encryption_key) if settings.encryption_key else None
        )
        self.bucket = add_bucket(
            self,
            removal_policy=self._removal_policy,
            encryption_key=self._key,
            conditions=settings.bucket_policy_conditions,
            log_retention=self._log_retention,
            tells_of_files=settings.operations is not None,
        )
        self.service_role = self._add_service_role()
        self.dataset_group = DatasetGroup(
            self,
            "DatasetGroup",
            provider=self.provider,
            role=self.service_role if self._key else None,
            encryption_key=self._key,
            allow_replacement=settings.allow_replacement,
            removal_policy=self._removal_policy_of(settings.dataset_group),
            **adopted(settings.dataset_group),
        )
        if self._key:
            self._keep_access_to_retained_data()
        self._outputs.publish("dataset_group_arn", self.dataset_group.dataset_group_arn, "Dataset group")
        self._outputs.publish("bucket_name", self.bucket.bucket_name, "Bucket that Personalize may read")
        self._outputs.publish("service_role_arn", self.service_role.role_arn, "Role with which Personalize reads data")
        self._imports: dict[str, DatasetImport] = {}
        self._add_datasets(sample_directory)
        self._add_filters()
        self._add_event_tracker()
        self._add_metric_attribution()
        if settings.operations:
            self._let_jobs_use_buckets(settings.operations)

    def _removal_policy_of(self, adoptable: Adoptable) -> RemovalPolicy:
        """What becomes of data when it leaves the template; of data that was taken over, `dataset_group` says it."""
        return _REMOVAL[self._settings.dataset_group.removal_policy] if adoptable.adopt else self._removal_policy

    def _add_service_role(self) -> ServiceRole:
        """Add the role. Policies of keys and buckets elsewhere can name it before it exists: its name is fixed."""
        role = ServiceRole(self, "ServiceRole", role_name=f"{self._settings.prefix}_personalize_{self.region}")
        if self._settings.data_encryption_key_arn:
            role.allow_key(kms.Key.from_key_arn(self, "DataEncryptionKey", self._settings.data_encryption_key_arn))
        return role

    def _keep_access_to_retained_data(self) -> None:
        """Keep the role with which Personalize uses the key, as long as what is encrypted with it stays."""
        policy = self.service_role.node.find_child("DefaultPolicy")
        for construct in (self.service_role, policy):
            cast(CfnResource, construct.node.default_child).apply_removal_policy(self._removal_policy)

    # -- datasets ------------------------------------------------------------------------------------------

    def _add_datasets(self, sample_directory: Path) -> None:
        locations, uploaded = self._locations(sample_directory)
        for dataset_type, settings in self._settings.used_datasets.items():
            self._add_dataset(dataset_type, settings, locations[dataset_type], uploaded)

    def _add_dataset(
        self, dataset_type: str, settings: DatasetSettings, location: str, uploaded: IDependable | None
    ) -> None:
        name = dataset_type.capitalize()
        is_reported = dataset_type == DatasetType.INTERACTIONS and self._settings.publishes_reports
        schema = Schema(
            self,
            f"{name}Schema",
            provider=self.provider,
            schema=settings.schema_document,
            dataset_type=dataset_type,
            removal_policy=self._removal_policy_of(settings),
            **{**adopted(settings), "name": settings.schema_name},
        )
        dataset = Dataset(
            self,
            f"{name}Dataset",
            provider=self.provider,
            dataset_group=self.dataset_group,
            dataset_type=dataset_type,
            schema=schema,
            allow_replacement=self._settings.allow_replacement,
            removal_policy=self._removal_policy_of(settings),
            **adopted(settings),
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
            publish_attribution_metrics_to_s3=is_reported,
            adopt=settings.adopt,
            max_wait=Duration.seconds(self._settings.max_wait.imports),
        )
        # The bucket's policy, too, must be there before Personalize reads the data.
        dataset_import.node.add_dependency(self.bucket)
        if uploaded:
            dataset_import.node.add_dependency(uploaded)
        self._imports[dataset_type] = dataset_import
        kind = dataset_type.lower()
        self._outputs.publish(f"{kind}_dataset_arn", dataset.dataset_arn, f"{name} dataset")
        self._outputs.publish(f"{kind}_schema_arn", schema.schema_arn, f"Schema of the {kind} dataset")

    # -- data ----------------------------------------------------------------------------------------------

    def _locations(self, sample_directory: Path) -> tuple[dict[str, str], IDependable | None]:
        """Where each dataset's file is, and what must have been uploaded before."""
        used = self._settings.used_datasets
        locations = {kind: location for kind in used if (location := self._settings.location_of(kind))}
        self._let_read(locations.values())
        sample = [kind for kind in used if kind not in locations]
        if not sample:
            return locations, None
        self.service_role.allow_read(self.bucket)
        files = {kind: f"{kind.lower()}.csv" for kind in sample}
        uploaded = SampleData(
            self,
            "SampleData",
            bucket=self.bucket,
            directory=sample_directory,
            names=files.values(),
            log_retention=self._log_retention,
        )
        return {**locations, **{kind: uploaded.location(name) for kind, name in files.items()}}, uploaded

    def _let_read(self, locations: Iterable[str]) -> None:
        """Let the service read what deployments import, and what refreshes do."""
        refreshed = [each.location for each in self._settings.refreshed.values() if each.location]
        for number, (bucket_name, prefix) in enumerate(sorted(set(map(_split, [*locations, *refreshed])))):
            self.service_role.allow_read(s3.Bucket.from_bucket_name(self, f"Source{number}", bucket_name), prefix)

    # -- filters and events --------------------------------------------------------------------------------

    def _add_filters(self) -> None:
        for name, settings in self._settings.filters.items():
            each = Filter(
                self,
                f"Filter{pascal(name)}",
                provider=self.provider,
                dataset_group=self.dataset_group,
                filter_expression=settings.expression,
                **adopted(settings),
            )
            self._outputs.publish(f"filter_{name}_arn", each.filter_arn, f"Filter '{name}'")

    def _add_event_tracker(self) -> None:
        settings = self._settings.event_tracker
        if settings is None:
            return
        tracker = EventTracker(
            self, "EventTracker", provider=self.provider, dataset_group=self.dataset_group, **adopted(settings)
        )
        self._outputs.publish("event_tracker_arn", tracker.event_tracker_arn, "Event tracker")
        self._outputs.publish("event_tracker_tracking_id", tracker.tracking_id, "Tracking id that PutEvents takes")

    # -- reports -------------------------------------------------------------------------------------------

    def _add_metric_attribution(self) -> None:
        settings = self._settings.metric_attribution
        if settings is None:
            return
        if settings.role_arn:
            role: iam.IRole = iam.Role.from_role_arn(self, "MetricAttributionRole", settings.role_arn, mutable=False)
            location = settings.reports
        else:
            role = self.service_role
            self.service_role.allow_metrics()
            location = self._report_location(settings.reports) if settings.reports else None
        attribution = MetricAttribution(
            self,
            "MetricAttribution",
            provider=self.provider,
            dataset_group=self.dataset_group,
            metrics=[AttributedMetric(name, one.event_type, one.expression) for name, one in settings.metrics.items()],
            role=role,
            report_location=location,
            **adopted(settings),
        )
        attribution.node.add_dependency(self.bucket)
        # Columns of items can be summed once items are there (developer guide, "Creating an Amazon Personalize metric
        # attribution"), and what is imported before the attribution is not reported on ("Guidelines and requirements").
        summed = filter(None, (summed_column(each.expression) for each in settings.metrics.values()))
        if any(dataset_type == DatasetType.ITEMS for dataset_type, _ in summed):
            attribution.node.add_dependency(self._imports[DatasetType.ITEMS])
        self._imports[DatasetType.INTERACTIONS].node.add_dependency(attribution)
        self._outputs.publish("metric_attribution_arn", attribution.metric_attribution_arn, "Metric attribution")

    # -- jobs ----------------------------------------------------------------------------------------------

    def _let_jobs_use_buckets(self, operations: OperationsSettings) -> None:
        """Let the role read lists of users and what batch jobs answer, and write their answers."""
        if operations.forget_users:
            self.service_role.allow_read(self.bucket, DELETIONS)
        for name, one in operations.batch.items():
            bucket, prefix = self._place(f"BatchInput{pascal(name)}", one.input, batch_folder(name))
            self.service_role.allow_read(bucket, prefix)
            bucket, prefix = self._place(f"BatchOutput{pascal(name)}", one.output, f"{batch_folder(name)}output/")
            self.service_role.allow_write(bucket, prefix)
        if any(one.output is None for one in operations.batch.values()):
            allow_personalize_write(
                self.bucket,
                batch_folder("*"),
                sid="PersonalizeWritesBatches",
                conditions=self._settings.bucket_policy_conditions,
            )

    def _place(self, id: str, location: str | None, folder: str) -> tuple[s3.IBucket, str]:
        """Bucket and beginning of the keys of a location; a folder of the app's bucket if there is none."""
        if location is None:
            return self.bucket, folder
        bucket_name, prefix = _split(location)
        return s3.Bucket.from_bucket_name(self, id, bucket_name), prefix

    def _report_location(self, reports: str) -> str:
        """Folder for the reports, which the role may write."""
        if reports != BUCKET:
            bucket_name, prefix = _split(reports)
            self.service_role.allow_write(s3.Bucket.from_bucket_name(self, "ReportBucket", bucket_name), prefix)
            return reports
        self.service_role.allow_write(self.bucket, _REPORTS)
        allow_personalize_write(self.bucket, _REPORTS, conditions=self._settings.bucket_policy_conditions)
        return self.bucket.s3_url_for_object(_REPORTS)


def _split(location: str) -> tuple[str, str]:
    """`s3://bucket/folder/x.csv` as bucket and key."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key
