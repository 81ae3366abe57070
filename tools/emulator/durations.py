"""How long things take, in seconds of virtual time."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Durations:
    """Typical durations of the service's lifecycles, in seconds.

    `create_*`, `update_*` and `delete_*` are from the request to the settled status. The service promises none of
    them; the defaults are of the order its users report for data of MovieLens 100K's size.

    Attributes:
        pending_share: part of a duration spent in a PENDING status, 0 to 1.
        retrain_recommender: an update of a recommender that changes the columns used in training.
        first_automatic_training: from ACTIVE of a solution to its first automatic training; at most 3600
            (API reference, CreateSolution).
    """

    create_dataset_group: float = 60
    create_schema: float = 0
    create_dataset: float = 10
    create_dataset_import_job: float = 600
    create_recommender: float = 3600
    create_solution: float = 10
    create_solution_version: float = 3000
    create_campaign: float = 600
    create_filter: float = 60
    create_event_tracker: float = 10
    create_metric_attribution: float = 60
    update_dataset: float = 30
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
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", noun).lower()
        return float(getattr(self, f"{verb}_{snake}"))
