"""Limits of Amazon Personalize and of the services around it, each with its source.

Shared by the settings and the constructs, so that both refuse the same things. Sources are
named as follows: *API* is the Personalize API reference (the same constraints are in
botocore's service model), *quotas* is "Amazon Personalize endpoints and quotas" in the
developer guide; other pages of the developer guide are named by their title.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .domain import DatasetType, VideoOnDemand

# Where the service is. AWS general reference, "Amazon Personalize endpoints and quotas"; elsewhere its
# endpoint does not resolve.
REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "ca-central-1",
    "eu-west-1",
    "eu-central-1",
    "ap-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "cn-north-1",
)

# What a template may hold. CloudFormation user guide, "Understand CloudFormation quotas".
MAX_RESOURCES = 500
MAX_OUTPUTS = 200
# Each filter is an output, and so are ARNs of the data stack.
MAX_FILTERS = MAX_OUTPUTS - 50

# How long a deployment waits for one of them, in hours, by default. No page of AWS's says how long they
# take. Notebooks that AWS has published with their outputs waited 4 to 17 minutes for an import, 65 for recommenders,
# 20 to 57 for a training (amazon-personalize-samples; amazon-personalize-immersion-day, Media_03_Training); AWS's own
# program gives each of the three 5 hours (maintaining-personalized-experiences-with-machine-learning,
# solution_fragment.py). Several times what was seen, since larger data takes longer.
IMPORT_MAX_WAIT_HOURS = 2
RECOMMENDER_MAX_WAIT_HOURS = 4
TRAINING_MAX_WAIT_HOURS = 6

# Names. API: `name` of every Create* request.
NAME_PATTERN = r"^[a-zA-Z0-9][a-zA-Z0-9\-_]*$"
NAME_MAX_LENGTH = 63  # characters

# The names we generate are `<app_name>-<env>_<readable>-<hash>`; these parts leave at least 20
# characters for the readable one. The separator is in neither app nor environment names, so that
# `vod-dev_*` in a policy cannot match what belongs to `vod-dev-eu`.
SEPARATOR = "_"
PREFIX_PATTERN = r"^[a-zA-Z0-9][a-zA-Z0-9\-]*$"
APP_NAME_MAX_LENGTH = 20
ENV_MAX_LENGTH = 10
NAME_PREFIX_MAX_LENGTH = APP_NAME_MAX_LENGTH + 1 + ENV_MAX_LENGTH

# What names cannot begin with, in any case. Systems Manager API, PutParameter, Name; S3 user guide,
# "General purpose bucket naming rules": CloudFormation names buckets after their stack.
RESERVED_APP_NAMES: Mapping[str, str] = {
    "aws": "an SSM parameter",
    "ssm": "an SSM parameter",
    "xn--": "a bucket",
    "sthree-": "a bucket",
    "amzn-s3-demo-": "a bucket",
}

# Names of recommenders and filters become keys of outputs (`RecommenderMoreLikeXArn`), which have at most
# 255 characters (CloudFormation user guide, "Outputs"); generated names are cut where they would not fit.
SETTING_NAME_MAX_LENGTH = 100

# Throughput. API: TransactionsPerSecond (minProvisionedTPS, minRecommendationRequestsPerSecond).
MIN_TPS = 1  # requests per second
MAX_TPS = 2**31 - 1  # an integer of the API; the service's own quota can be raised

# Filters. API: FilterExpression; quotas: "Filters".
FILTER_EXPRESSION_MAX_LENGTH = 2500  # characters
FILTER_MAX_FIELDS = 10  # distinct dataset fields in one filter
FILTERS_MAX_FIELDS = 20  # distinct dataset fields in all filters of a dataset group

# Columns left out of training. API: ExcludedDatasetColumns, ColumnNamesList, ColumnName.
MAX_LISTED_COLUMNS = 50  # per dataset type
# Developer guide, "Configuring columns used when training": EVENT_TYPE cannot be excluded; the others are inferred.
ALWAYS_TRAINED_ON = frozenset({"EVENT_TYPE", "USER_ID", "ITEM_ID", "TIMESTAMP"})
COLUMN_NAME_PATTERN = r"^[A-Za-z_][A-Za-z\d_]*$"
COLUMN_NAME_MAX_LENGTH = 150  # characters

# Exploration. "Configuring exploration for a domain recommender".
EXPLORATION_WEIGHT_RANGE = (0.0, 1.0)
EXPLORATION_ITEM_AGE_CUT_OFF_MIN = 1  # days

# Influences on a campaign's ranking. API: RankingInfluence, RankingInfluenceWeight.
RANKING_INFLUENCES = ("POPULARITY", "FRESHNESS")
RANKING_INFLUENCE_RANGE = (0.0, 1.0)

# Weights of event types in a solution. API: EventParametersList, EventParameters; "Optimizing a solution
# with events configuration" names the recipes.
MAX_EVENT_PARAMETERS = 10
EVENT_TYPE_MAX_LENGTH = 256  # characters
EVENT_WEIGHT_RANGE = (0.0, 1.0)

# Metric attributions. Quotas: "Metric attribution quotas"; API: MetricAttribute.
MAX_METRICS = 10  # per metric attribution
METRIC_NAME_MAX_LENGTH = 256  # characters

# Members of a solution's configuration that have no prop of their own. API: SolutionConfig.
MORE_SOLUTION_CONFIG = (
    "AutoMLConfig",
    "EventValueThreshold",
    "FeatureTransformationParameters",
    "HpoConfig",
    "OptimizationObjective",
)

# Automatic training. API: AutoTrainingConfig, rate(1 day) to rate(30 days).
AUTO_TRAINING_DAYS_RANGE = (1, 30)

# Recommenders are the only one of these quotas that AWS does not raise (quotas, "Each dataset
# group has the following quotas").
MAX_RECOMMENDERS = 5  # per dataset group

# How many days CloudWatch Logs keeps events, by the CDK's names of them (API reference of CloudWatch Logs,
# PutRetentionPolicy).
LOG_RETENTION_DAYS = {
    1: "ONE_DAY",
    3: "THREE_DAYS",
    5: "FIVE_DAYS",
    7: "ONE_WEEK",
    14: "TWO_WEEKS",
    30: "ONE_MONTH",
    60: "TWO_MONTHS",
    90: "THREE_MONTHS",
    120: "FOUR_MONTHS",
    150: "FIVE_MONTHS",
    180: "SIX_MONTHS",
    365: "ONE_YEAR",
    400: "THIRTEEN_MONTHS",
    545: "EIGHTEEN_MONTHS",
    731: "TWO_YEARS",
    1096: "THREE_YEARS",
    1827: "FIVE_YEARS",
    2192: "SIX_YEARS",
    2557: "SEVEN_YEARS",
    2922: "EIGHT_YEARS",
    3288: "NINE_YEARS",
    3653: "TEN_YEARS",
}

# Tags. "Tagging Amazon Personalize resources: guidelines and requirements"; API: Tag.
MAX_TAGS = 50  # per resource
STACK_TAG = "cloudformation:stack-id"
OWNERSHIP_TAGS = (STACK_TAG, "cloudformation:logical-id")  # put on every resource by the provider
TAG_KEY_MAX_LENGTH = 128  # characters
TAG_VALUE_MAX_LENGTH = 256  # characters
TAG_RESERVED_PREFIX = "aws:"
TAG_CHARACTERS = "_.:/=+-@"  # besides letters, numbers and white space

# Data. API: S3Location, AvroSchema.
S3_LOCATION_MAX_LENGTH = 256  # characters
SCHEMA_MAX_LENGTH = 20_000  # characters

# Metadata fields of a dataset, fields that are required or reserved not counted (quotas).
MAX_METADATA_FIELDS: Mapping[str, int] = {
    DatasetType.INTERACTIONS: 5,
    DatasetType.ITEMS: 100,
    DatasetType.USERS: 25,
}
MAX_TEXTUAL_FIELDS = 1  # in an Items dataset (quotas)


@dataclass(frozen=True)
class UseCase:
    """A VIDEO_ON_DEMAND use case, that is, a recipe for a recommender.

    Source: "VIDEO_ON_DEMAND use cases".
    """

    title: str
    explores: bool = False
    """Whether itemExplorationConfig is allowed."""
    datasets: tuple[str, ...] = ("INTERACTIONS",)
    """Dataset types that must be there; it trains on others where they are."""
    watch_events: int = 0
    """Number of events of the type `Watch` that it needs; others need as many events of any type."""


VOD_USE_CASES: Mapping[str, UseCase] = {
    VideoOnDemand.BECAUSE_YOU_WATCHED_X: UseCase("Because you watched X", watch_events=1000),
    VideoOnDemand.MORE_LIKE_X: UseCase("More like X", datasets=("INTERACTIONS", "ITEMS")),
    VideoOnDemand.MOST_POPULAR: UseCase("Most popular", watch_events=1000),
    VideoOnDemand.TRENDING_NOW: UseCase("Trending now"),
    VideoOnDemand.TOP_PICKS: UseCase("Top picks for you", explores=True),
}


@dataclass(frozen=True)
class IntegerRange:
    """An algorithm hyperparameter that takes whole numbers, bounds included."""

    minimum: int
    maximum: int


@dataclass(frozen=True)
class Boolean:
    """An algorithm hyperparameter that is on or off."""


@dataclass(frozen=True)
class RankingRecipe:
    """A recipe of type PERSONALIZED_RANKING and what can be set in its solution.

    Source: "Personalized-Ranking recipe", "Personalized-Ranking-v2 recipe".
    """

    hyper_parameters: Mapping[str, IntegerRange | Boolean]
    hpo: bool = False
    """Whether performHPO is allowed: v2 optimizes by itself, and only in automatic training
    ("Hyperparameters and HPO")."""
    events: bool = False
    """Whether event types can be weighed ("Optimizing a solution with events configuration")."""


RANKING_RECIPES: Mapping[str, RankingRecipe] = {
    "aws-personalized-ranking-v2": RankingRecipe({"apply_recency_bias": Boolean()}, events=True),
    "aws-personalized-ranking": RankingRecipe(
        {
            "hidden_dimension": IntegerRange(32, 256),
            "bptt": IntegerRange(2, 32),
            "recency_mask": Boolean(),
        },
        hpo=True,
    ),
}

# Metrics of a ranking solution version, and the range of each. "Evaluating a solution version with metrics".
# The provider lists what it returns as attributes (lambdas/personalize_provider/resources.py), these and those of other
# recipes: neither half may import the other. A test holds that these are among them.
RANKING_METRICS = (
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "precision_at_5",
    "precision_at_10",
    "precision_at_25",
)

METRIC_RANGE = (0.0, 1.0)

# What the quality gate compares with the deployed version by default, and the share by which a metric may
# be below: metrics move by some per cent from training to training.
GATE_METRICS = ("normalized_discounted_cumulative_gain_at_25", "mean_reciprocal_rank_at_25")
GATE_TOLERANCE = 0.05
