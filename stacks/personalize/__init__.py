"""CDK constructs for Amazon Personalize, one module per resource.

Everything that is named here is the public interface; the modules beside this one are not, unless they are named here.
"""

from . import avro, findings, limits
from .campaign import Campaign, ICampaign
from .config import DatasetColumns, EventParameters, ItemExplorationConfig
from .dataset import Dataset, IDataset
from .dataset_group import DatasetGroup, IDatasetGroup
from .dataset_import import DatasetImport
from .domain import DatasetType, VideoOnDemand
from .errors import PropsError
from .event_tracker import EventTracker, IEventTracker
from .filter import Filter, IFilter
from .filter_expression import check_filter, filter_columns
from .grants import IPersonalizeResource
from .metric_attribution import AttributedMetric, IMetricAttribution, MetricAttribution, summed_column
from .provider import PersonalizeProvider
from .quality_gate import QualityGate, quality_gate_properties
from .recommender import IRecommender, Recommender
from .schema import ISchema, Schema
from .service_role import ServiceRole, allow_personalize_read, allow_personalize_write
from .serving import IServing
from .solution import ISolution, Solution
from .solution_version import ISolutionVersion, SolutionVersion
from .tags import tag_mistake

__all__ = [
    "AttributedMetric",
    "Campaign",
    "Dataset",
    "DatasetColumns",
    "DatasetGroup",
    "DatasetImport",
    "DatasetType",
    "EventParameters",
    "EventTracker",
    "Filter",
    "ICampaign",
    "IDataset",
    "IDatasetGroup",
    "IEventTracker",
    "IFilter",
    "IMetricAttribution",
    "IPersonalizeResource",
    "IRecommender",
    "ISchema",
    "IServing",
    "ISolution",
    "ISolutionVersion",
    "ItemExplorationConfig",
    "MetricAttribution",
    "PersonalizeProvider",
    "PropsError",
    "QualityGate",
    "Recommender",
    "Schema",
    "ServiceRole",
    "Solution",
    "SolutionVersion",
    "VideoOnDemand",
    "allow_personalize_read",
    "allow_personalize_write",
    "avro",
    "check_filter",
    "filter_columns",
    "findings",
    "limits",
    "quality_gate_properties",
    "summed_column",
    "tag_mistake",
]
