"""Dataset import: brings a CSV file from S3 into a dataset."""

from __future__ import annotations

import hashlib
import json

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from .adoption import check_parent
from .config import check_location
from .dataset import IDataset
from .errors import PropsError
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource
from .wait_chain import IMPORT, WaitChain

_IMPORT_MODES = ("FULL", "INCREMENTAL")

declare(
    TypePermissions(
        "DatasetImportJob",
        operations=("CreateDatasetImportJob", "DescribeDatasetImportJob"),
        created_in="dataset",
    )
)


class DatasetImport(PersonalizeResource):
    """Imports into a dataset (API: CreateDatasetImportJob), one job per data version; waited for.

    The service keeps import jobs as a record and deletes them with their dataset.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        dataset: IDataset,
        data_location: str,
        role: iam.IRole,
        data_version: str = "1",
        import_mode: str = "FULL",
        publish_attribution_metrics_to_s3: bool = False,
        name: str | None = None,
        adopt: bool = False,
        max_wait: Duration | None = None,
    ) -> None:
        """Declare an import.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            dataset: where the data goes.
            data_location: s3:// location of a CSV file or of a folder of them, at most 256 characters.
            role: service role with which Personalize reads the location.
            data_version: any text; changing it imports again from the same location.
            import_mode: FULL replaces what was imported before, INCREMENTAL adds to it; says how the next data
                version is imported, so changing it alone imports nothing.
            publish_attribution_metrics_to_s3: whether the next data version is reported on in the folder of the dataset
                group's metric attribution, which has to be there; for interactions only.
            name: a fixed name, which a second import cannot use again; default: generated.
            adopt: whether to take over the dataset's latest import, instead of importing again (library.md). Its
                location has to be this one; any later change of `data_version` imports, as ever.
            max_wait: the longest the import may take; default 2 hours.

        Raises:
            PropsError: the location or the import mode is not what the API allows.
        """
        _check(id, data_location, import_mode)
        check_parent(id, adopt, dataset.dataset_arn, "dataset")
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="DatasetImportJob",
            name=name,
            adopt=adopt and "$LATEST",
            properties={
                "DatasetArn": dataset.dataset_arn,
                "DataSource": {"DataLocation": data_location},
                "DataVersion": data_version,
                "RoleArn": role.role_arn,
                "ImportMode": import_mode,
                "PublishAttributionMetricsToS3": publish_attribution_metrics_to_s3 or None,
            },
        )
        provider.allow_pass_role(role)
        if adopt:
            # Whoever began it has named it.
            provider.allow_looking("DescribeDatasetImportJob", "dataset-import-job/*")
        # The role's permissions have to be there before Personalize reads the data.
        self.node.add_dependency(role)
        self._settled = WaitChain(self, "Wait", provider=provider, resource=self, work=IMPORT, max_wait=max_wait)
        group = dataset.dataset_group
        group.contents.imported_data.add(self)
        group.contents.data_versions[self._data_key(dataset)] = lambda: self._fingerprint(data_location, data_version)

    @property
    def dataset_import_job_arn(self) -> str:
        """ARN of the import job, known once the data is imported."""
        return self._settled.attribute("DatasetImportJobArn")

    def _data_key(self, dataset: IDataset) -> str:
        return f"{dataset.dataset_type.capitalize()}{self.node.addr[-6:]}"

    def _fingerprint(self, data_location: str, data_version: str) -> str:
        content = [Stack.of(self).resolve(data_location), data_version]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:10]


def _check(id: str, data_location: str, import_mode: str) -> None:
    if import_mode not in _IMPORT_MODES:
        raise PropsError(f"{id}: import_mode must be one of {', '.join(_IMPORT_MODES)}, but is '{import_mode}'.")
    check_location(id, "data_location", data_location)
