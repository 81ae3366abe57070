"""The functions of the refresh, with what the template lets them do: no more than they need, and no less."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lambdas.personalize_operations import handler
from tests.lambdas.personalize_operations.support.account import BUCKET, INCOMING, PREFIX, Account
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.stacks.operations.support.asking import AROUND, Asked, without
from tests.stacks.operations.support.resolved import actions_of, statements_of
from tests.support.iam import permits
from tests.support.synthesized import Templates
from tools.simulation.cloud import REGION, VirtualCloud
from tools.simulation.stacks import Stack

ACCOUNT = "000000000000"


def resources_of(action: str, members: Mapping[str, Any]) -> list[str]:
    """What IAM checks a call on (Service Authorization Reference)."""
    if action == "s3:ListObjectsV2":
        return []  # its permission is s3:ListBucket, which asked_of_s3 looks at
    return ["*"] if ":List" in action else [value for key, value in members.items() if key.endswith("Arn")]


@pytest.fixture(scope="module")
def looked(prod: Templates) -> tuple[Asked, dict[str, list[dict[str, Any]]], set[str]]:
    """Both functions have looked at a refresh: what they asked, their policies, and the prefixes that were listed."""
    account = Account(VirtualCloud())
    blocks.put_data(account.cloud)
    stack = account.deploy()
    asked = Asked(account.clients, resources_of)
    prefixes: set[str] = set()
    asked.client("s3").meta.events.register(
        "provide-client-params.*", lambda params, **_: prefixes.add(params["Prefix"])
    )
    solution, campaign = (stack.resources[name].attributes[f"{name}Arn"] for name in ("Solution", "Campaign"))
    find(account, stack, asked, solution)
    account.put(f"{INCOMING}/items/a.csv", "ITEM_ID\n1\n")
    find(account, stack, asked, solution)
    version = account.cloud.personalize.create_solution_version(solutionArn=solution, name="new")["solutionVersionArn"]
    account.cloud.time.sleep(12 * 3600)
    # Metrics that no version reaches, so that other data is looked for.
    gate = {"CompareWithDeployed": "true", "Tolerance": "-9", "ComparedMetrics": ["coverage"]}
    event = {"solution_arn": solution, "solution_version_arn": version, "campaign_arn": campaign, "gate": gate}
    handler.run_judge(event, asked.client, account.cloud.time)
    # That was this test.
    asked.calls.discard(("personalize:CreateSolutionVersion", solution))
    refs = references_to(prod["operations"], solution, campaign)
    roles = {name: statements_of(prod["operations"], f"Refresh{name}Role", refs) for name in ("FindNewData", "Judge")}
    return asked, roles, prefixes


def find(account: Account, stack: Stack, asked: Asked, solution: str) -> None:
    datasets = [
        {
            "type": "ITEMS",
            "dataset_arn": stack.resources["ItemsDataset"].attributes["DatasetArn"],
            "location": f"{INCOMING}/items/",
            "import_mode": "INCREMENTAL",
        }
    ]
    event = {"datasets": datasets, "job_prefix": PREFIX, "train": "if-new", "events_count": True}
    handler.run_find_new_data({**event, "solution_arn": solution}, asked.client, account.cloud.time)


def references_to(template: dict[str, Any], solution: str, campaign: str) -> dict[str, str]:
    """What references in the template are, in the account."""
    made = {"rerank_solution_arn": solution, "rerank_campaign_arn": campaign, "bucket_name": BUCKET}
    parameters = {
        key: made.get(each["Default"].rpartition("/")[2], f"arn:aws:personalize:{REGION}:{ACCOUNT}:none/{key}")
        for key, each in template["Parameters"].items()
        if each["Type"] == "AWS::SSM::Parameter::Value<String>"
    }
    return {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, **parameters}


Looked = tuple[Asked, dict[str, list[dict[str, Any]]], set[str]]


def test_their_roles_together_let_them_do_what_they_do(looked: Looked) -> None:
    asked, roles, _ = looked
    assert len({action for action, _ in asked.calls}) >= 8
    assert asked.denied([*roles["FindNewData"], *roles["Judge"]]) == set()


@pytest.mark.parametrize("name", ["FindNewData", "Judge"])
def test_its_role_lets_it_do_nothing_else(looked: Looked, name: str) -> None:
    asked, roles, _ = looked
    for action in actions_of(roles[name]) - AROUND - {"s3:ListBucket"}:
        assert asked.denied(without(roles[name], action)) - asked.denied(roles[name]), f"{action} is not needed."


def test_only_where_new_data_is_anything_is_listed(looked: Looked) -> None:
    """The setting names a folder; what is listed is its name without the slash."""
    _, roles, prefixes = looked
    assert prefixes == {"incoming/items"}
    bucket = "arn:aws:s3:::vod-example-data"
    allowed = {"s3:prefix": "personalize/interactions"}
    assert permits(roles["FindNewData"], "s3:ListBucket", bucket, allowed)
    for prefix in ("personalize/interactions2", "personalize/", ""):
        assert not permits(roles["FindNewData"], "s3:ListBucket", bucket, {"s3:prefix": prefix})
