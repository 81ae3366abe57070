"""Service quotas."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quotas:
    """Quotas of an account in a region, at their default values.

    Source: developer guide, "Amazon Personalize endpoints and quotas"; recommenders in a region: "Domain
    recommenders in Amazon Personalize".
    """

    schemas: int = 500
    dataset_groups: int = 5
    pending_dataset_import_jobs: int = 5
    pending_solution_versions: int = 20
    pending_batch_inference_jobs: int = 5
    pending_batch_segment_jobs: int = 5
    pending_data_deletion_jobs: int = 5
    deletion_input_bytes: int = 100 * 2**20
    batch_input_files: int = 1000
    batch_input_bytes: int = 2**30
    themed_records_per_file: int = 100
    item_queries_per_file: int = 500
    attribute_queries_per_file: int = 10
    users_per_segment: int = 5_000_000
    solutions_per_dataset_group: int = 10
    campaigns_per_dataset_group: int = 5
    recommenders: int = 15
    recommenders_per_dataset_group: int = 5
    filters_per_dataset_group: int = 30
    fields_per_filter: int = 10
    filter_fields_per_dataset_group: int = 20
    metrics_per_attribution: int = 10
    tags_per_resource: int = 50
    interactions_to_train: int = 1000
    interactions_per_import: int = 1000
    users_to_train: int = 25
    percent_of_users_to_train: int = 1
    filter_interactions_per_event_type: int = 100
    filter_action_interactions_per_event_type: int = 300
