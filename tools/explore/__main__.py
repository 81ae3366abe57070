"""`make explore ENV=dev [USERS=1,2] [OPEN=1]`: a page that shows what a deployed environment recommends.

It asks the environment that runs, in the local cloud or on AWS, and changes nothing. Exit status 1 if there is none, or
if its data cannot be read.
"""

from __future__ import annotations

import argparse
import sys
import webbrowser
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.personalize_provider.log import printable
from stacks.settings import CONFIG_DIRECTORY, SettingsError
from tools.checkout import STATE_DIRECTORY
from tools.deployed import Deployed, NotDeployedError, find

from . import quality
from .catalogue import Catalogue, read_catalogue
from .found import Found
from .page import as_html
from .questions import RERANKED, Filter, Questions
from .records import Records, UnreadableError, Watched, count, imported, of_users
from .service import Personalize

# Without USERS, those with the most interactions.
_USERS = 4
_MOST_USERS = 12
_DEPLOY = "Deploy this environment again."


def main(arguments: list[str] | None = None) -> int:
    """Write the page; its exit status."""
    options = _options(arguments)
    try:
        deployed = find(options.env, options.config_dir, options.profile, options.region)
        _say(f"Asking {deployed.name} in {deployed.where}.")
        found = explore(deployed, options.users, _say)
    except (SettingsError, NotDeployedError, UnreadableError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(printable(f"Amazon Personalize did not answer: {error}"), file=sys.stderr)
        return 1
    page = options.out / f"explore-{options.env}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(as_html(found), encoding="utf-8")
    _say(f"The page: {page}")
    if options.open:
        webbrowser.open(page.resolve().as_uri())
    return 0


def explore(deployed: Deployed, users: list[str], say: Callable[[str], None]) -> Found:
    """Ask everything that the page shows.

    Args:
        deployed: the environment.
        users: ids; none: those with the most interactions.
        say: is given a line about what is being done.

    Raises:
        NotDeployedError: the stacks do not publish what is needed.
        UnreadableError: the data cannot be read.
        ClientError, BotoCoreError: the control plane does not answer.
    """
    call, s3 = Personalize(deployed), deployed.client("s3")
    filters = list(_filters(call, deployed))
    say("Reading what was imported.")
    interactions = imported(call, s3, deployed.parameter("interactions_dataset_arn", _DEPLOY))
    watched = count(interactions.rows())
    chosen = users or [user for user, _ in watched.users.most_common(_USERS)]
    rows = of_users(interactions.rows(), chosen)
    catalogue = _catalogue(call, deployed, filters)
    recommenders = list(quality.recommenders(call, deployed.parameters))
    questions = Questions(
        deployed.client("personalize-runtime"),
        catalogue,
        recommenders,
        deployed.parameters.get("rerank_campaign_arn"),
        filters,
        [item for item, _ in watched.items.most_common(RERANKED)],
    )
    answered = []
    for user in chosen:
        say(f"Asking for user {user}.")
        answered.append(questions.about(user, rows[user]))
    say("Reading the metrics.")
    ranking = quality.ranking(call, deployed.settings, deployed.parameters)
    data = list(_about(interactions, watched))
    return Found(deployed.name, deployed.where, datetime.now(UTC), data, answered, recommenders, ranking)


def _filters(call: Personalize, deployed: Deployed) -> list[Filter]:
    names = {
        name.removeprefix("filter_").removesuffix("_arn"): arn
        for name, arn in sorted(deployed.parameters.items())
        if name.startswith("filter_")
    }
    return [
        Filter(name, arn, call("describe_filter", "filter", filterArn=arn)["filterExpression"])
        for name, arn in names.items()
    ]


def _catalogue(call: Personalize, deployed: Deployed, filters: list[Filter]) -> Catalogue:
    arn = deployed.parameters.get("items_dataset_arn")
    if arn is None:
        return Catalogue()
    columns = {column.partition(".")[2] for each in filters for column in each.placeholders.values()}
    return read_catalogue(deployed.settings, imported(call, deployed.client("s3"), arn).rows(), columns)


def _about(interactions: Records, watched: Watched) -> list[str]:
    locations = [*interactions.locations[:2], *(["..."] if len(interactions.locations) > 2 else [])]
    users, items = f"{len(watched.users):,} users", f"{len(watched.items):,} items"
    cut = ["Only the first 200 MB of the interactions were read."] if interactions.is_cut else []
    return [
        f"{watched.users.total():,} interactions of {users} with {items}",
        f"imported from {', '.join(locations)}",
        *cut,
        "Events that were recorded since are not shown.",
    ]


def _say(line: str) -> None:
    print(printable(line), flush=True)


def _users(text: str) -> list[str]:
    found = list(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    if len(found) > _MOST_USERS:
        raise argparse.ArgumentTypeError(f"at most {_MOST_USERS} users, but there are {len(found)}.")
    return found


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.explore", description=__doc__)
    parser.add_argument("--env", default="dev", help="config/ENV.yaml (default: dev)")
    parser.add_argument("--users", type=_users, default=[], help="ids, with commas (default: those who watch the most)")
    parser.add_argument("--profile", help="of the AWS configuration files (default: the local cloud, if one runs)")
    parser.add_argument("--region", help="of AWS (default: that of the settings, or of the profile)")
    parser.add_argument("--open", action="store_true", help="show the page in the browser")
    parser.add_argument("--config-dir", type=Path, default=CONFIG_DIRECTORY, help="folder of the settings")
    parser.add_argument("--out", type=Path, default=STATE_DIRECTORY, help="folder of the page (default: .sandbox)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
