"""An environment that runs in this process: emulated Personalize, and moto's S3 and SSM beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import yaml
from moto import mock_aws

from stacks.settings import Settings, load_settings
from tests.tools.emulator.support.account import DAY, Account
from tools.checkout import EXAMPLE_SETTINGS
from tools.deployed import Deployed

WHERE = "a test"
# moto has a Personalize of its own.
_NOT_PERSONALIZE: Any = {"core": {"passthrough": {"urls": [r"https://personalize(-runtime)?\."]}}}
ANY = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'
GENRE = "INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)"


@dataclass
class Running:
    """What runs, and which requests it got.

    Attributes:
        account: of the emulated service.
        deployed: as the tools see it.
        called: services and operations, in the order of the requests.
    """

    account: Account
    deployed: Deployed
    called: list[str] = field(default_factory=list)


def settings_with(folder: Path, **sections: Any) -> Settings:
    """The example settings with other sections."""
    document = yaml.safe_load((EXAMPLE_SETTINGS / "dev.yaml").read_text()) | sections
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schemas").symlink_to(EXAMPLE_SETTINGS / "schemas")
    (folder / "dev.yaml").write_text(yaml.safe_dump(document))
    return load_settings("dev", folder)


@contextmanager
def running(settings: Settings, parameters: Mapping[str, str] | None = None) -> Iterator[Running]:
    """An environment with two recommenders, two filters, and three versions of which the second one serves.

    Args:
        settings: of the environment.
        parameters: that its stacks publish; None: those of everything that is there.
    """
    account = Account()
    account.fill()
    known = {f"{kind.lower()}_dataset_arn": arn for kind, arn in account.datasets.items()}
    known |= {
        "recommender_top_picks_arn": account.recommender("aws-vod-top-picks"),
        "recommender_more_like_x_arn": account.recommender("aws-vod-more-like-x"),
        "filter_unwatched_arn": account.filter(ANY),
        "filter_genre_arn": account.filter(GENRE),
        "rerank_solution_arn": (solution := account.solution("aws-personalized-ranking-v2")),
    }
    versions = []
    for _ in range(3):
        versions.append(account.version(solution))
        account.wait(DAY)
    known["rerank_campaign_arn"] = account.campaign(versions[1])
    with mock_aws(config=_NOT_PERSONALIZE):
        _copy(account)
        called: list[str] = []
        clients = {name: _client(account, name) for name in ("personalize", "personalize-runtime", "s3", "ssm")}
        for client in clients.values():
            client.meta.events.register(
                "before-call", lambda model, **_: called.append(f"{model.service_model.service_name}:{model.name}")
            )
        deployed = Deployed(settings, WHERE, clients.__getitem__, True, known if parameters is None else parameters)
        yield Running(account, deployed, called)


def _client(account: Account, name: str) -> Any:
    return account.client(name) if name.startswith("personalize") else boto3.client(name, region_name=account.region)


def _copy(account: Account) -> None:
    """Put what was imported where S3 finds it."""
    s3 = boto3.client("s3", region_name=account.region)
    s3.create_bucket(Bucket="movies", CreateBucketConfiguration={"LocationConstraint": account.region})
    for location, body in account.objects.objects.items():
        s3.put_object(Bucket="movies", Key=location.removeprefix("s3://movies/"), Body=body)
