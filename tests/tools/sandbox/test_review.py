"""What a review says of a change is what deploying it with the real CDK CLI then does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.personalize_provider.resource_type import Effect
from tests.tools.sandbox.conftest import App
from tests.tools.sandbox.support.arns import noun_of
from tools.review.diff import Comparison, compare
from tools.sandbox import inventory
from tools.simulation.assembly import Assembly

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("deploying 4")]

DATA, RECOMMENDERS, RANKING = "vod-dev-data", "vod-dev-recommenders", "vod-dev-ranking"
ANOTHER_DOMAIN = {"domain": "ECOMMERCE"}


def test_a_branch_of_six_changes(app: App) -> None:
    """A tag, a minimum TPS, a filter's expression, the items schema, the ranking recipe, the domain."""
    base = synthesized(app)
    result = app.deploy()
    assert result.exit_status == 0, result.output
    change_five(app)
    check_another_domain_is_refused(app, compare(base, synthesized(app, **ANOTHER_DOMAIN)))
    check_the_others_do_what_was_said(app, compare(base, synthesized(app)))
    result = app.destroy()
    assert result.exit_status == 0, result.output
    assert inventory.leftovers(app.endpoint) == {}


def synthesized(app: App, **changes: str) -> Assembly:
    """The assembly of the app as its settings are now."""
    return Assembly.read(app.synthesize(**changes))


def change_five(app: App) -> None:
    app.edit("project: vod", "project: video")
    app.edit("min_provisioned_tps: 1", "min_provisioned_tps: 2")
    app.edit("IN ($GENRES)", 'IN ("Comedy")')
    app.edit("recipe: aws-personalized-ranking-v2", "recipe: aws-personalized-ranking")
    add_a_column(app.folder / "config" / "schemas" / "items.avsc")


def add_a_column(schema_file: Path) -> None:
    schema = json.loads(schema_file.read_text())
    schema["fields"].append({"name": "DIRECTOR", "type": ["null", "string"], "categorical": True})
    schema_file.write_text(json.dumps(schema))


def said(comparison: Comparison, path: str, name: str) -> Effect:
    """The review's word on a property."""
    change = next(each for each in comparison.changes if each.path == path)
    return next(each.effect for each in change.properties if each.name == name)


def check_another_domain_is_refused(app: App, comparison: Comparison) -> None:
    assert [each.path for each in comparison.stopped] == ["DatasetGroup"]
    before, jobs = inventory.personalize_state(app.endpoint), runs(app)
    result = app.deploy(**ANOTHER_DOMAIN)
    assert result.exit_status != 0
    assert "Changing Domain would replace" in result.output
    assert app.status(DATA) == "UPDATE_ROLLBACK_COMPLETE"
    after = inventory.personalize_state(app.endpoint)
    assert before.keys() == after.keys()
    assert runs(app) == jobs
    assert {each["tags"].get("project") for arn, each in after.items() if ":schema/" not in arn} == {"vod"}


def check_the_others_do_what_was_said(app: App, comparison: Comparison) -> None:
    assert comparison.stopped == []
    assert said(comparison, "DatasetGroup", "Tags") is Effect.IN_PLACE
    assert said(comparison, "RerankCampaign", "MinProvisionedTPS") is Effect.IN_PLACE
    assert said(comparison, "FilterGenre", "FilterExpression") is Effect.REPLACED
    assert said(comparison, "ItemsDataset", "SchemaArn") is Effect.IN_PLACE
    assert said(comparison, "Rerank", "RecipeArn") is Effect.REPLACED
    assert said(comparison, "RerankVersion", "SolutionArn") is Effect.REPLACED
    assert said(comparison, "RerankCampaign", "SolutionVersionArn") is Effect.IN_PLACE
    before, jobs, outputs = inventory.personalize_state(app.endpoint), runs(app), app.outputs
    with served_throughout(app, outputs):
        result = app.deploy()
    assert result.exit_status == 0, result.output
    after = inventory.personalize_state(app.endpoint)

    replaced = {f"{each.noun}" for each in comparison.changes if each.noun and each.effect is Effect.REPLACED}
    gone = {noun_of(arn) for arn in before.keys() - after.keys()}
    assert gone == replaced == {noun_of(arn) for arn in after.keys() - before.keys()}
    assert {each["tags"].get("project") for arn, each in after.items() if ":schema/" not in arn} == {"video"}

    personalize, now = app.client("personalize"), app.outputs
    assert now[DATA]["ItemsDatasetArn"] == outputs[DATA]["ItemsDatasetArn"]
    dataset = personalize.describe_dataset(datasetArn=now[DATA]["ItemsDatasetArn"])["dataset"]
    assert dataset["schemaArn"] == now[DATA]["ItemsSchemaArn"] != outputs[DATA]["ItemsSchemaArn"]
    assert runs(app) == jobs, "nothing is imported again"
    assert now[RANKING]["RerankCampaignArn"] == outputs[RANKING]["RerankCampaignArn"]
    campaign = personalize.describe_campaign(campaignArn=now[RANKING]["RerankCampaignArn"])["campaign"]
    assert campaign["minProvisionedTPS"] == 2
    assert campaign["solutionVersionArn"] == now[RANKING]["RerankSolutionVersionArn"]
    solution = personalize.describe_solution(solutionArn=now[RANKING]["RerankSolutionArn"])["solution"]
    assert solution["recipeArn"] == "arn:aws:personalize:::recipe/aws-personalized-ranking"


def runs(app: App) -> list[Any]:
    """Import jobs, newest first."""
    return list(app.client("personalize").list_dataset_import_jobs()["datasetImportJobs"])


@contextmanager
def served_throughout(app: App, outputs: Any) -> Iterator[None]:
    """Ask for recommendations all the time, and see that there always is a genre filter to ask with."""
    runtime, personalize = app.client("personalize-runtime"), app.client("personalize")
    campaign, recommender = outputs[RANKING]["RerankCampaignArn"], outputs[RECOMMENDERS]["RecommenderTopPicksArn"]
    group = outputs[DATA]["DatasetGroupArn"]
    questions: dict[str, Callable[[], Any]] = {
        "campaign": lambda: runtime.get_personalized_ranking(campaignArn=campaign, inputList=["i1", "i2"], userId="u1")[
            "personalizedRanking"
        ],
        "recommender": lambda: runtime.get_recommendations(recommenderArn=recommender, userId="u1")["itemList"],
        "filter": lambda: [
            each
            for each in personalize.list_filters(datasetGroupArn=group)["Filters"]
            if each["name"].startswith("vod-dev_filter-genre") and each["status"] == "ACTIVE"
        ],
    }
    asked, failures, over = 0, [], threading.Event()

    def ask() -> None:
        nonlocal asked
        while not over.wait(0.2):
            for what, question in questions.items():
                try:
                    answered = question()
                except ClientError as error:
                    failures.append(f"{what}: {error}")
                else:
                    asked += 1
                    if not answered:
                        failures.append(f"{what}: nothing")

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()
    assert asked > 0
    assert failures == []
