"""The chapter of `make demo` in which the system runs itself: new data, a poor version, a user who is forgotten."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from lambdas.personalize_provider.log import printable
from tools.executions import Ended, follow

from .cloud import CloudError, Endpoint, client, request

# What stands in the settings of the demo in place of `operations: null`, and what the quality gate asks besides: what
# the sample reaches easily, and data that mean nothing do not.
SECTION = """\
operations:
  emails: [somebody@example.com]
  refresh:
    datasets: {interactions: {import_mode: INCREMENTAL}}
    on_new_files: 1m
  forget_users: {train: false}
"""
MINIMUM = "normalized_discounted_cumulative_gain_at_25: 0.08"
_METRICS = ("normalized_discounted_cumulative_gain_at_25", "mean_reciprocal_rank_at_25", "coverage")
_HEADER = "USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP"
_GOOD, _POOR = 3000, 20_000
# Between two looks at an execution, which works 1800 times as fast as on AWS.
_EVERY = 0.3
_PATIENCE_SECONDS = 90
_SHOWN_LINES = 6
# The same data every time.
_SEED = 14

Row = Mapping[str, str]


@dataclass(frozen=True)
class Operations:
    """What happens between deployments.

    Attributes:
        endpoint: the local cloud.
        outputs: of the stacks, by name.
        interactions: the sample's, that were deployed.
        items: ids of the catalogue.
        headline: shows the title of a step.
    """

    endpoint: Endpoint
    outputs: Mapping[str, str]
    interactions: Sequence[Row]
    items: Sequence[str]
    headline: Callable[[str], None]

    def run(self, user: str) -> None:
        """Go through the chapter.

        Args:
            user: who is forgotten.

        Raises:
            CloudError: something did not go as it should.
        """
        self._new_interactions()
        self._poor_version()
        self._forget(user)
        self._notices()

    def _new_interactions(self) -> None:
        self.headline(f"{_GOOD:,} new interactions arrive in the bucket, and a refresh starts by itself")
        before = self._serving
        ended = self._refresh("day-1.csv", self._likely(_GOOD))
        after = self._serving
        if ended.output.get("verdict") != "passed" or before == after:
            raise CloudError(f"The campaign should serve a new version, but: {ended.output}")
        self._compare("served before", before, "serves now", after)

    def _poor_version(self) -> None:
        self.headline(f"A client sends {_POOR:,} interactions that mean nothing: the quality gate refuses the version")
        before = self._serving
        ended = self._refresh("day-2.csv", self._meaningless(_POOR))
        if ended.output.get("verdict") != "refused" or self._serving != before:
            raise CloudError(f"The quality gate should refuse the version, but: {ended.output}")
        self._compare("serves", before, "refused", str(ended.output["solution_version_arn"]))
        _say(f"The campaign still serves version {_id(before)}.")

    def _forget(self, user: str) -> None:
        self.headline(f"User {user} wants to be forgotten: a list of users arrives in the bucket")
        machine = self.outputs["RefreshStateMachineArn"].replace("-refresh", "-forget-users")
        ended = self._after(machine, lambda: self._put("deletions/requests.csv", f"USER_ID\n{user}\n"))
        if not ended.is_good:
            raise CloudError(f"The user should be forgotten, but at '{ended.step}': {ended.error}: {ended.cause}")

    def _notices(self) -> None:
        self.headline("What was mailed meanwhile")
        for notice in self._mailed(2):  # of the refusal, and of the user
            _say(f"Subject: {notice['subject']}")
            for line in islice(filter(None, notice["message"].splitlines()), _SHOWN_LINES):
                _say(f"  {line}")

    def _mailed(self, count: int) -> list[dict[str, str]]:
        """All notices, once there are so many: they are written after what they are about."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            with request(self.endpoint, "GET", "/_sandbox/notices") as answer:
                notices: list[dict[str, str]] = json.load(answer)["notices"]
            if len(notices) >= count:
                return notices
            time.sleep(_EVERY)
        raise CloudError(f"{count} notices should have been mailed within {_PATIENCE_SECONDS} s, but only {notices}.")

    # -- a refresh -----------------------------------------------------------------------------------------

    def _refresh(self, name: str, rows: Iterable[str]) -> Ended:
        body = "\n".join([_HEADER, *rows, ""])
        machine = self.outputs["RefreshStateMachineArn"]
        ended = self._after(machine, lambda: self._put(f"incoming/interactions/{name}", body))
        if not ended.is_good:
            raise CloudError(f"The refresh failed at '{ended.step}': {ended.error}: {ended.cause}")
        return ended

    def _after(self, machine: str, happens: Callable[[], None]) -> Ended:
        """Follow the execution that starts by itself after something has happened."""
        known = set(self._executions(machine))
        happens()
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            started = [each for each in self._executions(machine) if each not in known]
            if started:
                return follow(self._stepfunctions, started[0], lambda line: _say(f"  {line}"), every=_EVERY)
            time.sleep(_EVERY)
        raise CloudError(f"{machine} should have started by itself within {_PATIENCE_SECONDS} s.")

    def _executions(self, machine: str) -> list[str]:
        found = self._stepfunctions.list_executions(stateMachineArn=machine)["executions"]
        return [each["executionArn"] for each in found]

    def _put(self, key: str, body: str) -> None:
        bucket = self.outputs["BucketName"]
        client(self.endpoint, "s3").put_object(Bucket=bucket, Key=key, Body=body.encode())
        _say(f"s3://{bucket}/{key}")

    @cached_property
    def _stepfunctions(self) -> Any:
        return client(self.endpoint, "stepfunctions")

    @cached_property
    def _personalize(self) -> Any:
        return client(self.endpoint, "personalize")

    @property
    def _serving(self) -> str:
        described = self._personalize.describe_campaign(campaignArn=self.outputs["RerankCampaignArn"])["campaign"]
        return str(described["solutionVersionArn"])

    def _compare(self, name: str, arn: str, other_name: str, other_arn: str) -> None:
        """Show the metrics of two versions side by side."""
        metrics = [
            self._personalize.get_solution_metrics(solutionVersionArn=each)["metrics"] for each in (arn, other_arn)
        ]
        _say(f"  {'':<45}{name:>15}{other_name:>15}")
        for metric in _METRICS:
            _say(f"  {metric:<45}" + "".join(f"{each[metric]:>15.4f}" for each in metrics))

    # -- what the clients send -----------------------------------------------------------------------------

    def _likely(self, count: int) -> Iterator[str]:
        """Watches of what others watched who have watched the same."""
        chance = random.Random(_SEED)
        by_user, by_item = _by(self.interactions, "USER_ID"), _by(self.interactions, "ITEM_ID")
        users = sorted(by_user)
        begins = self._newest + 60
        for at in range(count):
            user = chance.choice(users)
            alike = chance.choice(by_item[chance.choice(by_user[user])["ITEM_ID"]])["USER_ID"]
            yield f"{user},{chance.choice(by_user[alike])['ITEM_ID']},Watch,{begins + at}"

    def _meaningless(self, count: int) -> Iterator[str]:
        """Any user, any item."""
        chance = random.Random(_SEED)
        users, items = sorted(_by(self.interactions, "USER_ID")), sorted(self.items)
        begins = self._newest + 86_400
        yield from (f"{chance.choice(users)},{chance.choice(items)},Watch,{begins + at}" for at in range(count))

    @property
    def _newest(self) -> int:
        return max(int(row["TIMESTAMP"]) for row in self.interactions)


def _by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def _id(version_arn: str) -> str:
    return version_arn.rpartition("/")[2]


def _say(line: str) -> None:
    print(printable(line), flush=True)
