"""How long things take on AWS, in seconds, and how long they took where somebody wrote it down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

_MINUTE = 60.0


@dataclass(frozen=True)
class Range:
    """How long something took, in seconds, and who says so."""

    shortest: float
    longest: float
    source: str


def _minutes(shortest: float, longest: float, source: str) -> Range:
    return Range(shortest * _MINUTE, longest * _MINUTE, source)


# From the notebooks that AWS publishes on GitHub: aws-samples/amazon-personalize-samples (S) and
# aws-samples/amazon-personalize-immersion-day (I). What their outputs recorded, or what they tell the reader to expect,
# for data of 100,000 to 1 million interactions. docs/operations.md says the same.
RECORDED_INTERACTIONS = 1_000_000
RECORDED: Mapping[str, Range] = {
    "create_dataset_group": _minutes(1, 2, "S, 01_Recommender-Agent, cell 52; I, Media-Pretrained/02"),
    "create_dataset_import_job": _minutes(2, 17, "S, personalize_aws_similar_items_example, cell 71; POC completed/01"),
    "create_recommender": _minutes(
        60, 180, "S, 03_Train_Personalize_Model_02; I, Media_01: three hours, imports included, so the end is inferred"
    ),
    "retrain_recommender": _minutes(60, 180, "inferred: as its creation"),
    "create_solution_version": _minutes(
        20, 56, "S, update-datasets-user-personalization-example, cell 109; 3.Best_Practices-Clientside, cell 44"
    ),
    "create_campaign": _minutes(7, 10, "S, 3.Best_Practices-Clientside, cell 51; personalize_ranking_example"),
    "create_batch_inference_job": _minutes(
        13, 27, "S, update-datasets-user-personalization-example, cell 87; POC completed/05, cell 71"
    ),
    "create_batch_segment_job": _minutes(
        6, 47, "S, user_segmentation_example, cells 94 and 146; I, Travel_01, cell 101"
    ),
    "update_dataset": _minutes(1.5, 2, "S, update-item-dataset-schema-example, cell 92"),
}


@dataclass(frozen=True)
class Durations:
    """Typical durations of the service's lifecycles, in seconds.

    `create_*`, `update_*` and `delete_*` are from the request to the settled status. The service promises none of
    them; the defaults are within what is recorded, and where nothing is, **inferred**.

    Attributes:
        pending_share: part of a duration spent in a PENDING status, 0 to 1.
        create_solution: none; S, user_segmentation_example, cells 64 and 130, recorded solutions that were ACTIVE in
            the second of their creation, never updated, and most notebooks train at once.
        retrain_recommender: an update of a recommender that changes the columns used in training.
        first_automatic_training: from ACTIVE of a solution to its first automatic training; at most 3600
            (API reference, CreateSolution). Not work, but a schedule.
    """

    create_dataset_group: float = 60
    create_schema: float = 0
    create_dataset: float = 10
    create_dataset_import_job: float = 600
    create_recommender: float = 3600
    create_solution: float = 0
    create_solution_version: float = 3000
    create_campaign: float = 600
    create_filter: float = 60
    create_event_tracker: float = 10
    create_metric_attribution: float = 60
    create_dataset_export_job: float = 600
    create_data_deletion_job: float = 3600
    create_batch_inference_job: float = 900
    create_batch_segment_job: float = 480
    update_dataset: float = 90
    update_recommender: float = 600
    retrain_recommender: float = 3600
    update_solution: float = 10
    update_campaign: float = 600
    update_metric_attribution: float = 30
    delete_dataset_group: float = 60
    delete_schema: float = 0
    delete_dataset: float = 60
    delete_recommender: float = 120
    delete_solution: float = 60
    delete_campaign: float = 120
    delete_filter: float = 60
    delete_event_tracker: float = 60
    delete_metric_attribution: float = 60
    stop_recommender: float = 300
    start_recommender: float = 600
    stop_solution_version: float = 60
    first_automatic_training: float = 1800
    pending_share: float = 0.1

    def of(self, verb: str, noun: str) -> float:
        """Seconds that e.g. `create` of a `SolutionVersion` takes."""
        return float(getattr(self, f"{verb}_{_snake(noun)}"))

    def likeliest(self, noun: str, seconds: float) -> str:
        """Name of the duration, of those of a type, that something took which took so long."""
        names = [each.name for each in fields(self) if each.name.endswith(f"_{_snake(noun)}")]
        return min(names, key=lambda name: abs(getattr(self, name) - seconds))


def _snake(noun: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", noun).lower()
