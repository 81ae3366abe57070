"""`make demo`: the whole life of the app in a local cloud, on MovieLens 100K."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tools.data.__main__ as sample
from lambdas.personalize_provider.log import printable
from tools.checkout import EXAMPLE_SETTINGS, STATE_DIRECTORY
from tools.data.catalogue import read_rows

from . import cdk, demo_operations, inventory, shared
from .cloud import Cloud, CloudError, Endpoint, client
from .progress import Progress

_ENV = "dev"
_STACKS = {part: f"vod-{_ENV}-{part}" for part in ("data", "recommenders", "ranking", "operations")}
_USERS = 2
_SHOWN = 5
_FILM = "Toy Story (1995)"
_GENRE = "Comedy"
# What the example settings have for this demo to show more: operations, and a gate that asks for something.
_BEGINNING = {
    "operations: null\n": demo_operations.SECTION,
    "      coverage: 0.1\n": f"      coverage: 0.1\n      {demo_operations.MINIMUM}\n",
}
# One of the settings, changed to show an update in place.
_SETTING = "min_recommendation_requests_per_second"
_BEFORE, _AFTER = f"    {_SETTING}: 1", f"    {_SETTING}: 2"
_LOG = STATE_DIRECTORY / "demo.log"

Outputs = Mapping[str, Mapping[str, str]]


def run() -> int:
    """Run the demo; 0 if every step worked and nothing was left at the end."""
    STATE_DIRECTORY.mkdir(exist_ok=True)
    _LOG.write_text("")
    begun = time.monotonic()
    _headline("Sample data")
    if sample.main(["sample"]):
        return 1
    _headline("A local cloud: CloudFormation, Lambda, Step Functions, S3, IAM and Personalize on this machine")
    with Cloud() as endpoint, tempfile.TemporaryDirectory() as folder:
        shared.prepare(endpoint)
        print(f"{endpoint.url}, bootstrapped", flush=True)
        clean = _Demo(endpoint, Path(folder)).run()
    minutes, seconds = divmod(round(time.monotonic() - begun), 60)
    print(f"\nThe demo took {minutes} min {seconds} s. Everything the CDK CLI printed: {_LOG}", flush=True)
    return 0 if clean else 1


@dataclass(frozen=True)
class _Demo:
    endpoint: Endpoint
    folder: Path

    def run(self) -> bool:
        """Go through the steps after the start; answers whether nothing was left at the end."""
        _headline("cdk deploy --all")
        settings = self._settings("beginning", EXAMPLE_SETTINGS, _BEGINNING)
        outputs = self._deploy(settings)
        _headline("Stack outputs")
        for stack, values in outputs.items():
            print(f"{stack}")
            # What CDK exports for the other stacks is no output of the app.
            _table((f"  {key}", value) for key, value in sorted(values.items()) if not key.startswith("ExportsOutput"))
        self._recommend(outputs)
        self._operate(outputs)
        self._change(outputs, settings)
        _headline("cdk destroy --all")
        self._cdk(cdk.destroy_arguments(_ENV, *_settings_in(settings)))
        return self._nothing_left()

    # -- deploying -----------------------------------------------------------------------------------------

    def _deploy(self, settings: Path) -> Outputs:
        file = self.folder / "outputs.json"
        self._cdk(cdk.deploy_arguments(_ENV, "--outputs-file", str(file), *_settings_in(settings)))
        outputs: Outputs = json.loads(file.read_text())
        return outputs

    def _cdk(self, arguments: Sequence[str]) -> None:
        # A folder of its own for what is synthesized: another `cdk` may be at work in this checkout.
        assembly = self.folder / "cdk.out"
        own_output = ["--output", str(assembly)]
        result = cdk.captured(self.endpoint, [*arguments, *own_output], show=_shown(Progress(assembly)))
        with _LOG.open("a") as log:
            log.write(f"$ cdk {' '.join(arguments)}\n{result.output}\n")
        if result.exit_status:
            raise CloudError(f"cdk {arguments[0]} failed:\n{result.output}")

    # -- recommendations -----------------------------------------------------------------------------------

    def _recommend(self, outputs: Outputs) -> None:
        titles = _Titles()
        runtime = client(self.endpoint, "personalize-runtime")
        recommenders, group = outputs[_STACKS["recommenders"]], outputs[_STACKS["data"]]
        top_picks = recommenders["RecommenderTopPicksArn"]
        users = _most_active_users()
        for user in users:
            _headline(f"Top picks for user {user}")
            answer = runtime.get_recommendations(recommenderArn=top_picks, userId=user, numResults=_SHOWN)
            titles.show(answer["itemList"])
        film = titles.find(_FILM)
        _headline(f"More like {titles.of(film)}")
        answer = runtime.get_recommendations(
            recommenderArn=recommenders["RecommenderMoreLikeXArn"], userId=users[0], itemId=film, numResults=_SHOWN
        )
        titles.show(answer["itemList"])
        _headline(f"Top picks for user {users[0]}, only {_GENRE} (filter 'genre')")
        answer = runtime.get_recommendations(
            recommenderArn=top_picks,
            userId=users[0],
            numResults=_SHOWN,
            filterArn=group["FilterGenreArn"],
            filterValues={"GENRES": f'"{_GENRE}"'},
        )
        titles.show(answer["itemList"], genres=True)
        self._rerank(runtime, outputs, users[0], titles)

    def _rerank(self, runtime: Any, outputs: Outputs, user: str, titles: _Titles) -> None:
        ranking = outputs[_STACKS["ranking"]]
        films = titles.first(2 * _SHOWN)
        _headline(f"The first {len(films)} films of the catalogue, re-ranked for user {user}")
        answer = runtime.get_personalized_ranking(
            campaignArn=ranking["RerankCampaignArn"], inputList=films, userId=user
        )
        titles.show(answer["personalizedRanking"])
        _headline("Evaluation of the ranking model")
        metrics = {key.removeprefix("RerankMetric"): value for key, value in ranking.items() if "Metric" in key}
        _table((f"  {name}", f"{float(value):.4f}") for name, value in sorted(metrics.items()))

    # -- between deployments -------------------------------------------------------------------------------

    def _operate(self, outputs: Outputs) -> None:
        of_all_stacks = {key: value for stack in _STACKS.values() for key, value in outputs[stack].items()}
        interactions = list(read_rows(sample.OUT / "interactions.csv"))
        items = [row["ITEM_ID"] for row in read_rows(sample.OUT / "items.csv")]
        operations = demo_operations.Operations(self.endpoint, of_all_stacks, interactions, items, _headline)
        operations.run(_most_active_users()[-1])

    # -- a change in place ---------------------------------------------------------------------------------

    def _change(self, before: Outputs, settings: Path) -> None:
        _headline(f"One setting changed ({_SETTING} of more_like_x: 1 -> 2), cdk deploy --all")
        arn = before[_STACKS["recommenders"]]["RecommenderMoreLikeXArn"]
        old, serving = self._throughput(arn), self._serving(before)
        after = self._deploy(self._settings("changed", settings, {_BEFORE: _AFTER}))
        new = self._throughput(arn)
        if after != before:
            raise CloudError("The change should have been made in place, but some outputs have changed.")
        if (old, new) != (1, 2):
            raise CloudError(f"{_SETTING} should have changed from 1 to 2, but changed from {old} to {new}.")
        if self._serving(after) != serving:
            raise CloudError(f"The campaign should still serve {serving}, but serves {self._serving(after)}.")
        print(f"Updated in place: {arn}\nserves at least {new} requests per second, {old} before; no ARN has changed.")
        print("The campaign still serves what the refresh has trained.", flush=True)

    def _throughput(self, recommender_arn: str) -> int:
        described = client(self.endpoint, "personalize").describe_recommender(recommenderArn=recommender_arn)
        return int(described["recommender"]["recommenderConfig"]["minRecommendationRequestsPerSecond"])

    def _serving(self, outputs: Outputs) -> str:
        arn = outputs[_STACKS["ranking"]]["RerankCampaignArn"]
        described = client(self.endpoint, "personalize").describe_campaign(campaignArn=arn)
        return str(described["campaign"]["solutionVersionArn"])

    def _settings(self, name: str, source: Path, changes: Mapping[str, str]) -> Path:
        """Settings in a folder of that name, with texts changed."""
        config = Path(shutil.copytree(source, self.folder / name))
        file = config / f"{_ENV}.yaml"
        settings = file.read_text()
        for before, after in changes.items():
            if before not in settings:
                raise CloudError(f"{file.name} no longer has the line '{before.strip()}', which the demo changes.")
            settings = settings.replace(before, after, 1)
        file.write_text(settings)
        return config

    # -- the end -------------------------------------------------------------------------------------------

    def _nothing_left(self) -> bool:
        _headline("What is left")
        left = inventory.leftovers(self.endpoint)
        for service, names in left.items():
            print(printable(f"  {service}: {', '.join(names)}"))
        looked = ", ".join(inventory.services())
        print(f"Something is left, see above. Checked: {looked}." if left else f"Nothing. Checked: {looked}.")
        return not left


def _settings_in(folder: Path) -> tuple[str, str]:
    return "-c", f"config_dir={folder}"


class _Titles:
    """Titles and genres of the sample's items."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = json.loads((sample.OUT / "titles.json").read_text())
        self._genres = {row["ITEM_ID"]: row["GENRES"] for row in read_rows(sample.OUT / "items.csv")}

    def of(self, item: str) -> str:
        return self._titles[item]

    def find(self, title: str) -> str:
        """The item of that title, or the first one where the sample has no such film."""
        return next((item for item, name in self._titles.items() if name == title), next(iter(self._titles)))

    def first(self, count: int) -> list[str]:
        return list(self._titles)[:count]

    def show(self, found: Sequence[Mapping[str, Any]], genres: bool = False) -> None:
        if not found:
            raise CloudError("Personalize answered with an empty list.")
        for place, one in enumerate(found, 1):
            item = one["itemId"]
            line = f"  {place:>2}. {self.of(item)}{f'  ({self._genres[item]})' if genres else ''}"
            print(printable(line), flush=True)


def _most_active_users() -> list[str]:
    counts: dict[str, int] = {}
    for row in read_rows(sample.OUT / "interactions.csv"):
        counts[row["USER_ID"]] = counts.get(row["USER_ID"], 0) + 1
    return sorted(counts, key=lambda user: (-counts[user], user))[:_USERS]


def _shown(progress: Progress) -> Callable[[str], None]:
    """Prints the CLI's lines in short."""

    def show(line: str) -> None:
        short = progress.brief(line)
        if short is not None:
            print(short, flush=True)

    return show


def _headline(text: str) -> None:
    print(f"\n== {text}", flush=True)


def _table(rows: Iterable[tuple[str, str]]) -> None:
    pairs = list(rows)
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        print(printable(f"{name:<{width}}  {value}"), flush=True)
