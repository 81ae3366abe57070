"""What becomes of a version that a refresh has trained."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.personalize_operations import handler
from lambdas.personalize_operations.errors import TryAgainError
from tests.lambdas.personalize_operations.support.account import HOUR, Account
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tools.simulation.stacks import Stack

METRICS = {"coverage": 0.5, "mean_reciprocal_rank_at_25": 0.4}


@pytest.fixture
def scores(account: Account, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, float]]:
    """Metrics by the ARN of the version; of others, METRICS."""
    by_arn: dict[str, dict[str, float]] = {}

    def answer(params: Any, **_: Any) -> Any:
        arn = str(params["body"].decode()).partition('"solutionVersionArn": "')[2].partition('"')[0]
        found = {"solutionVersionArn": arn, "metrics": by_arn.get(arn, METRICS)}
        return type("Response", (), {"status_code": 200}), found

    account.cloud.personalize.meta.events.register("before-call.personalize.GetSolutionMetrics", answer)
    return by_arn


def train(account: Account, stack: Stack, name: str = "refresh-1") -> str:
    """Train as a refresh does."""
    solution = stack.resources["Solution"].attributes["SolutionArn"]
    arn = account.cloud.personalize.create_solution_version(solutionArn=solution, name=name)
    account.cloud.time.sleep(12 * HOUR)
    return str(arn["solutionVersionArn"])


def judge(account: Account, stack: Stack, version: str, **gate: Any) -> dict[str, Any]:
    event = {
        "solution_arn": stack.resources["Solution"].attributes["SolutionArn"],
        "solution_version_arn": version,
        "campaign_arn": stack.resources["Campaign"].attributes["CampaignArn"],
        "gate": {"CompareWithDeployed": "true", **gate},
    }
    return handler.run_judge(event, account.clients, account.cloud.time)


def serving(account: Account, stack: Stack) -> str:
    arn = stack.resources["Campaign"].attributes["CampaignArn"]
    return str(account.cloud.personalize.describe_campaign(campaignArn=arn)["campaign"]["solutionVersionArn"])


def test_a_version_that_is_as_good_passes(account: Account, scores: dict[str, dict[str, float]]) -> None:
    stack = account.deploy()
    before, version = serving(account, stack), train(account, stack)
    assert judge(account, stack, version) == {
        "verdict": "passed",
        "text": "Version refresh-1 passed.",
        "metrics": METRICS,
        "serving": before,
    }
    warned = judge(account, stack, version, Minimums={"beauty": "0.1"})
    assert warned["text"] == "Version refresh-1 passed, but beauty is not reported."


def test_a_version_that_is_worse_is_refused_with_a_table(account: Account, scores: dict[str, dict[str, float]]) -> None:
    stack = account.deploy()
    before, version = serving(account, stack), train(account, stack)
    scores[version] = {**METRICS, "mean_reciprocal_rank_at_25": 0.3}
    answer = judge(account, stack, version, Minimums={"coverage": "0.1"})
    assert (answer["verdict"], answer["metrics"], answer["serving"]) == ("refused", scores[version], before)
    assert answer["text"].splitlines() == [
        "Version refresh-1 is below what is asked of it:",
        "  coverage: 0.5000, minimum 0.1000",
        f"  mean_reciprocal_rank_at_25: 0.3000, 5% below the 0.4000 of version {before.rpartition('/')[2]} is 0.3800"
        "  <- below",
    ]


def test_the_campaign_stays_on_a_newer_version(account: Account, scores: dict[str, dict[str, float]]) -> None:
    stack = account.deploy()
    version = train(account, stack)
    account.deploy("2")
    now = serving(account, stack)
    answer = judge(account, stack, version)
    assert (answer["verdict"], answer["serving"]) == ("overtaken", now)
    assert answer["text"] == (
        f"Version refresh-1 passed, but the campaign already serves a newer one: {now.rpartition('/')[2]}."
    )
    # The other way round, it moves on.
    assert judge(account, stack, train(account, stack, "refresh-2"))["verdict"] == "passed"


def test_the_campaign_stays_on_another_solution(account: Account, scores: dict[str, dict[str, float]]) -> None:
    stack = account.deploy()
    version = train(account, stack)
    resources = blocks.gated({"TrainingTrigger": "1"})
    resources["Solution"]["Properties"]["PerformHPO"] = True
    event = stack.resources["Solution"].attributes["SolutionArn"]
    campaign = stack.resources["Campaign"].attributes["CampaignArn"]
    blocks.deployed(account.cloud, resources)
    answer = handler.run_judge(
        {"solution_arn": event, "solution_version_arn": version, "campaign_arn": campaign, "gate": {}},
        account.clients,
        account.cloud.time,
    )
    assert answer["verdict"] == "overtaken"
    assert "a deployment has let the campaign serve another solution: arn:aws:" in answer["text"]


def test_a_deployment_that_is_moving_the_campaign_counts(account: Account, scores: dict[str, dict[str, float]]) -> None:
    stack = account.deploy()
    version = train(account, stack)
    solution = stack.resources["Solution"].attributes["SolutionArn"]
    newer = account.cloud.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    account.cloud.time.sleep(12 * HOUR)
    before = serving(account, stack)
    account.cloud.personalize.update_campaign(
        campaignArn=stack.resources["Campaign"].attributes["CampaignArn"], solutionVersionArn=newer
    )
    answer = judge(account, stack, version)
    assert (answer["verdict"], answer["serving"]) == ("overtaken", before)


def test_judging_again_after_the_campaign_has_moved_passes(
    account: Account, scores: dict[str, dict[str, float]]
) -> None:
    """As a redrive does."""
    stack = account.deploy()
    version = train(account, stack)
    account.cloud.personalize.update_campaign(
        campaignArn=stack.resources["Campaign"].attributes["CampaignArn"], solutionVersionArn=version
    )
    account.cloud.time.sleep(HOUR)
    assert judge(account, stack, version)["verdict"] == "passed"


def test_metrics_that_cannot_be_read_now_are_read_later(account: Account) -> None:
    stack = account.deploy()
    version = train(account, stack)

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "GetSolutionMetrics")

    account.cloud.personalize.meta.events.register("before-call.personalize.GetSolutionMetrics", refuse)
    with pytest.raises(TryAgainError, match="Could not judge the new version: GetSolutionMetrics failed with 'Rate"):
        judge(account, stack, version)
