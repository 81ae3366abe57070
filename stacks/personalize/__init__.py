"""CDK constructs for Amazon Personalize, one module per resource."""

from .campaign import Campaign as Campaign
from .config import EventParameters as EventParameters
from .config import ItemExplorationConfig as ItemExplorationConfig
from .dataset import Dataset as Dataset
from .dataset_group import DatasetGroup as DatasetGroup
from .dataset_import import DatasetImport as DatasetImport
from .errors import PropsError as PropsError
from .event_tracker import EventTracker as EventTracker
from .filter import Filter as Filter
from .provider import PersonalizeProvider as PersonalizeProvider
from .quality_gate import QualityGate as QualityGate
from .recommender import Recommender as Recommender
from .schema import Schema as Schema
from .service_role import ServiceRole as ServiceRole
from .solution import Solution as Solution
from .solution_version import SolutionVersion as SolutionVersion
