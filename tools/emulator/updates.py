"""What reaches recommendations without another training: automatic updates, and what users do meanwhile.

Sources: developer guide, "How new data influences real-time recommendations", "Use case and recipe features". Updates
are not carried out when they are due: a request is answered by what the last one that was due has seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from .data import Dataset, Row
from .models import Model
from .region import Region, Resource
from .training import dataset_of, train_on

Scored = list[tuple[str, float]]

_HOUR = 3600.0
_DAY = 86_400.0
_PERIOD = 2 * _HOUR
# Developer guide, "Trending-Now recipe": longer ones are refreshed every two hours too.
_FREQUENCIES = {"30 minutes": _HOUR / 2, "1 hour": _HOUR}
# Developer guide, "Semantic-Similarity recipe": approximately.
_INCREMENTAL = _HOUR / 2
# Developer guide, "Use case and recipe features". That the v2 recipe explores as much is inferred.
_WEIGHT = 0.3
_CUT_OFF_DAYS = 30.0


@dataclass(frozen=True)
class Served:
    """What answers a request.

    Attributes:
        source: the recommender, or the solution version of a campaign; it has the Model or ActionModel.
        deployed: since when, in seconds since the epoch.
        config: configuration of the recommender, campaign or job.
        is_batch: whether it is a batch inference job, for which the newest version is updated when it begins.
    """

    source: Resource
    deployed: float
    config: Mapping[str, Any]
    is_batch: bool = False

    @property
    def model(self) -> Any:
        """The Model or ActionModel."""
        return self.source.model

    @property
    def group_arn(self) -> str:
        """ARN of the dataset group."""
        return str(self.source.fields["datasetGroupArn"])


def history(region: Region, served: Served, user: str | None) -> list[str]:
    """Items a user interacted with, oldest first: those of the training, and those recorded one by one since.

    What is imported in bulk counts after the next training only.
    """
    interactions = dataset_of(region, served.group_arn, "INTERACTIONS")
    if interactions is None or user is None:
        return []
    events = interactions.events_of(user, served.model.bulk, served.model.trained_at)
    return [event["ITEM_ID"] for event in events]


def seen_until(region: Region, served: Served, now: float) -> float:
    """The time up to which the last update took new data in; that of the training if there was none.

    Updates end when there is a newer version of the same solution, and a version made by an UPDATE training has none.
    """
    source, trained = served.source, float(served.model.seen_at)
    if source.fields.get("trainingMode") == "UPDATE":
        return trained
    solution = source.fields.get("solutionArn")
    versions = region.of("SolutionVersion", solutionArn=solution) if solution else iter(())
    ends = min((one.created for one in versions if one.created > source.created), default=now)
    if served.is_batch:
        return now if ends >= now else trained
    since = max(trained, served.deployed)
    periods = max(0.0, min(now, ends) - since) // _period(source)
    return since + periods * _period(source) if periods else trained


def _period(source: Resource) -> float:
    config = source.fields.get("solutionConfig", {})
    frequency = config.get("featureTransformationParameters", {}).get("trend_discovery_frequency")
    if source.fields.get("performIncrementalUpdate"):
        return _INCREMENTAL
    return _FREQUENCIES.get(frequency, _PERIOD)


def current_model(region: Region, served: Served, now: float) -> Model:
    """The model that answers; what trends is found again in each period, and with incremental updates all items are.

    Neither needs a training.
    """
    model: Model = served.model
    is_refreshed = model.recipe.trends or served.source.fields.get("performIncrementalUpdate")
    until = seen_until(region, served, now) if is_refreshed else model.trained_at
    if until <= model.trained_at:
        return model
    if model.refreshed is None or model.refreshed.trained_at != until:
        model.refreshed = train_on(region, served.source.fields, model.recipe, until)
    return model.refreshed


def explored_items(region: Region, served: Served, now: float) -> list[str]:
    """Items that no training knows, but exploration adds: newest first, and none that is too old."""
    if not served.model.recipe.explores:
        return []
    items, interactions = (dataset_of(region, served.group_arn, kind) for kind in ("ITEMS", "INTERACTIONS"))
    until, known = seen_until(region, served, now), served.model.items
    rows = {item: items.row(item) if items else None for item in _first_seen((items, interactions), until)}
    ages = {
        item: _age(row, interactions)
        for item, row in rows.items()
        # It may have left the Items dataset since.
        if item not in known and (row or (interactions and item in interactions.first_seen))
    }
    most = float(_exploration(served).get("explorationItemAgeCutOff", _CUT_OFF_DAYS))
    return sorted((item for item, age in ages.items() if age <= most), key=lambda item: (ages[item], item))


def _first_seen(datasets: Iterable[Dataset | None], until: float) -> Iterator[str]:
    every = (dataset.first_seen.items() for dataset in datasets if dataset)
    return (item for item, at in chain.from_iterable(every) if at <= until)


def _age(row: Row | None, interactions: Dataset | None) -> float:
    """Days before the latest interaction; 0 for an item that does not say when it was created.

    Developer guide, "Preparing item metadata for training", creation timestamp data.
    """
    created = (row or {}).get("CREATION_TIMESTAMP")
    if created is None or interactions is None:
        return 0.0
    return max(0.0, (interactions.latest() - created) / _DAY)


def _exploration(served: Served) -> Mapping[str, str]:
    found: Mapping[str, str] = served.config.get("itemExplorationConfig", {})
    return found


def with_explored(served: Served, ranked: Scored, explored: list[str]) -> Scored:
    """Give items that are explored their share of the places, with a score of 0.

    How the service mixes them in is on no page: here they are spread evenly.
    """
    weight = float(_exploration(served).get("explorationWeight", _WEIGHT))
    if not weight:
        return ranked
    rest, new = deque(ranked), deque((item, 0.0) for item in explored)
    found: Scored = []
    while rest or new:
        place = len(found)
        is_due = int((place + 1) * weight) > int(place * weight)
        source = new if new and (is_due or not rest) else rest
        found.append(source.popleft())
    return found


def new_actions(region: Region, served: Served, now: float) -> list[str]:
    """Actions that came in since the training and before the last update."""
    actions = dataset_of(region, served.group_arn, "ACTIONS")
    return list(_first_seen((actions,), seen_until(region, served, now)))
