"""The workshop notebook's `%store` variables and what else clients need: by stack, the names of its outputs."""

from __future__ import annotations

OUTPUTS = {
    "data": [
        "dataset_group_arn",
        "interactions_dataset_arn",
        "items_dataset_arn",
        "users_dataset_arn",
        "interactions_schema_arn",
        "items_schema_arn",
        "users_schema_arn",
        "event_tracker_arn",
        "event_tracker_tracking_id",
        "bucket_name",
        "service_role_arn",
        "filter_unwatched_arn",
        "filter_genre_arn",
    ],
    "recommenders": [
        "recommender_more_like_x_arn",
        "recommender_top_picks_arn",
        "recommender_more_like_x_metrics",
        "recommender_top_picks_metrics",
    ],
    "ranking": [
        "rerank_solution_arn",
        "rerank_solution_version_arn",
        "rerank_campaign_arn",
        "rerank_quality_gate",
        "rerank_metric_coverage",
        "rerank_metric_mean_reciprocal_rank_at_25",
        *(f"rerank_metric_normalized_discounted_cumulative_gain_at_{n}" for n in (5, 10, 25)),
        *(f"rerank_metric_precision_at_{n}" for n in (5, 10, 25)),
    ],
}


def output_key(variable: str) -> str:
    """`more_like_x` as `MoreLikeX`."""
    return "".join(part[:1].upper() + part[1:] for part in variable.split("_"))
