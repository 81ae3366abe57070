"""What a solution may configure, by recipe: hyperparameters, HPO, AutoML, events and objectives."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import RECIPE, Account, refusal

VALUE = {"name": "EVENT_VALUE", "type": ["null", "float"]}


def params(account: Account, recipe: str | None, config: dict[str, Any], **more: Any) -> dict[str, Any]:
    named = {"recipeArn": f"{RECIPE}/{recipe}"} if recipe else {}
    return {"name": "s", "datasetGroupArn": account.group, **named, "solutionConfig": config, **more}


def refused(account: Account, recipe: str | None, config: dict[str, Any], **more: Any) -> str:
    code, message = refusal(account.personalize.create_solution, **params(account, recipe, config, **more))
    assert code == "InvalidInput"
    return message


# -- hyperparameters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "name", "value", "fits"),
    [
        ("aws-user-personalization", "hidden_dimension", "32", True),
        ("aws-user-personalization", "hidden_dimension", "256", True),
        ("aws-user-personalization", "hidden_dimension", "31", False),
        ("aws-user-personalization", "hidden_dimension", "257", False),
        ("aws-user-personalization", "hidden_dimension", "64.5", False),
        ("aws-user-personalization", "recency_mask", "True", True),
        ("aws-user-personalization", "recency_mask", "often", False),
        ("aws-user-personalization-v2", "apply_recency_bias", "false", True),
        ("aws-user-personalization-v2", "apply_recency_bias", "1", False),
        ("aws-personalized-ranking", "bptt", "2", True),
        ("aws-personalized-ranking", "bptt", "33", False),
        ("aws-sims", "popularity_discount_factor", "1.0", True),
        ("aws-sims", "popularity_discount_factor", "1.1", False),
        ("aws-sims", "popularity_discount_factor", "little", False),
        ("aws-sims", "min_cointeraction_count", "0", True),
        ("aws-sims", "min_cointeraction_count", "11", False),
        ("aws-similar-items", "popularity_discount_factor", "0", True),
        ("aws-item-affinity", "hidden_dimension", "149", True),
    ],
)
def test_hyperparameters_have_ranges(movies: Account, recipe: str, name: str, value: str, fits: bool) -> None:
    config = {"algorithmHyperParameters": {name: value}}
    if fits:
        movies.personalize.create_solution(**params(movies, recipe, config))
        return
    assert refused(movies, recipe, config).startswith(f"{name} must be ")


def test_a_hyperparameter_that_the_algorithm_lacks_is_refused_as_recorded(movies: Account) -> None:
    """An answer of AWS in aws-samples/amazon-personalize-samples, issue 156."""
    ranges = [{"name": "model.id_embedding_dim", "minValue": 30, "maxValue": 200}]
    config = {"hpoConfig": {"algorithmHyperParameterRanges": {"integerHyperParameterRanges": ranges}}}
    message = refused(movies, "aws-similar-items", config, performHPO=True)
    arn = "arn:aws:personalize:::algorithm/aws-similar-items"
    assert message == f"Provide a hyperparameter that is used in the algorithm: {arn}"
    assert refused(movies, "aws-similar-items", {"algorithmHyperParameters": {"depth": "3"}}) == message


def test_some_hyperparameters_are_for_hpo_only(movies: Account) -> None:
    """Developer guide, "Similar-Items recipe"."""
    config = {"algorithmHyperParameters": {"item_id_hidden_dim": "100"}}
    assert "by hyperparameter optimization only" in refused(movies, "aws-similar-items", config)


def test_hyperparameters_of_the_transformation_are_apart(movies: Account) -> None:
    name = "max_user_history_length_percentile"
    movies.solution("aws-sims", solutionConfig={"featureTransformationParameters": {name: "0.9"}})
    assert "Provide a hyperparameter" in refused(movies, "aws-sims", {"algorithmHyperParameters": {name: "0.9"}})
    wrong = {"featureTransformationParameters": {name: "90"}}
    assert refused(movies, "aws-sims", wrong) == f"{name} must be a number from 0 to 1, not '90'."


@pytest.mark.parametrize(("value", "fits"), [("1 hour", True), ("1 day", True), ("4 hours", False)])
def test_trends_are_discovered_at_some_frequencies(movies: Account, value: str, fits: bool) -> None:
    """Developer guide, "Trending-Now recipe"."""
    config = {"featureTransformationParameters": {"trend_discovery_frequency": value}}
    if fits:
        movies.solution("aws-trending-now", solutionConfig=config)
        return
    assert "one of 30 minutes, 1 hour, 2 hours, 3 hours, 1 day" in refused(movies, "aws-trending-now", config)


# -- HPO ---------------------------------------------------------------------------------------------------


def hpo(kind: str, **one: Any) -> dict[str, Any]:
    return {"hpoConfig": {"algorithmHyperParameterRanges": {f"{kind}HyperParameterRanges": [one]}}}


def jobs(**most: str) -> dict[str, Any]:
    return {"hpoConfig": {"hpoResourceConfig": most}}


@pytest.mark.parametrize(
    ("config", "fits"),
    [
        (hpo("integer", name="bptt", minValue=2, maxValue=22), True),
        (hpo("integer", name="bptt", minValue=1, maxValue=22), False),
        (hpo("integer", name="bptt", minValue=2, maxValue=40), False),
        (hpo("continuous", name="bptt", minValue=2, maxValue=22), False),
        (hpo("categorical", name="recency_mask", values=["true", "false"]), True),
        (hpo("categorical", name="recency_mask", values=["maybe"]), False),
        (
            {"hpoConfig": {"hpoResourceConfig": {"maxNumberOfTrainingJobs": "40", "maxParallelTrainingJobs": "10"}}},
            True,
        ),
        (jobs(maxNumberOfTrainingJobs="41"), False),
        (jobs(maxParallelTrainingJobs="11"), False),
    ],
)
def test_hpo_stays_within_the_limits(movies: Account, config: dict[str, Any], fits: bool) -> None:
    """Developer guide, "Hyperparameters and HPO"; API reference, HPOResourceConfig."""
    if fits:
        arn = movies.solution("aws-user-personalization", performHPO=True, solutionConfig=config)
        assert movies.describe("Solution", arn)["solutionConfig"] == config
        return
    refused(movies, "aws-user-personalization", config, performHPO=True)


def test_only_tunable_hyperparameters_are_tuned(movies: Account) -> None:
    config = hpo("continuous", name="popularity_discount_factor", minValue=0.1, maxValue=0.2)
    movies.solution("aws-sims", performHPO=True, solutionConfig=config)
    assert "cannot be tuned" in refused(movies, "aws-similar-items", config, performHPO=True)


@pytest.mark.parametrize("recipe", ["aws-user-personalization-v2", "aws-item-affinity", "aws-trending-now"])
def test_not_every_recipe_has_hpo(movies: Account, recipe: str) -> None:
    assert "performHPO" in refused(movies, recipe, {}, performHPO=True)


# -- recipes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["aws-hrnn", "aws-hrnn-coldstart", "aws-hrnn-metadata"])
def test_legacy_recipes_are_no_longer_available(movies: Account, recipe: str) -> None:
    assert "no longer available" in refused(movies, recipe, {})


@pytest.mark.parametrize(
    ("recipe", "missing"),
    [
        ("aws-item-affinity", None),
        ("aws-item-attribute-affinity", "ITEMS"),
        ("aws-next-best-action", "ACTIONS"),
        ("aws-semantic-similarity", "ITEMS"),
    ],
)
def test_a_recipe_needs_its_datasets(account: Account, recipe: str, missing: str | None) -> None:
    account.fill("Interactions")
    if missing is None:
        account.solution(recipe)
        return
    assert f"no {missing} dataset" in refused(account, recipe, {})


def test_incremental_updates_are_for_semantic_similarity(movies: Account) -> None:
    solution = movies.solution("aws-sims")
    call = movies.personalize.update_solution
    code, message = refusal(call, solutionArn=solution, performIncrementalUpdate=True)
    assert (code, "semantic-similarity" in message) == ("InvalidInput", True)


# -- AutoML ------------------------------------------------------------------------------------------------


def auto_ml(account: Account, **config: Any) -> str:
    found = account.create("Solution", **params(account, None, config, performAutoML=True, performAutoTraining=False))
    account.wait()
    return found


@pytest.mark.parametrize("metric", [{}, {"metricName": "coverage"}])
def test_auto_ml_trains_the_best_recipe(movies: Account, metric: dict[str, str]) -> None:
    """API reference, CreateSolution."""
    solution = auto_ml(movies, autoMLConfig=metric)
    before = movies.describe("Solution", solution)
    assert (before["performHPO"], "recipeArn" in before, "autoMLResult" in before) == (True, False, False)
    version = movies.version(solution)
    best = movies.describe("SolutionVersion", version)["recipeArn"]
    assert best in (f"{RECIPE}/aws-user-personalization", f"{RECIPE}/aws-user-personalization-v2")
    assert movies.describe("Solution", solution)["autoMLResult"] == {"bestRecipeArn": best}
    answer = movies.runtime.get_recommendations(campaignArn=movies.campaign(version), userId="u1")
    assert len(answer["itemList"]) == 25


def test_auto_ml_tries_the_recipes_of_its_list(movies: Account) -> None:
    wanted = f"{RECIPE}/aws-user-personalization-v2"
    version = movies.version(auto_ml(movies, autoMLConfig={"recipeList": [wanted]}))
    assert movies.describe("SolutionVersion", version)["recipeArn"] == wanted


@pytest.mark.parametrize("recipe", ["aws-sims", "aws-vod-top-picks", "aws-hrnn", "aws-guess"])
def test_auto_ml_is_for_user_personalization(movies: Account, recipe: str) -> None:
    config = {"autoMLConfig": {"recipeList": [f"{RECIPE}/{recipe}"]}}
    assert recipe in refused(movies, None, config, performAutoML=True)


def test_with_auto_ml_only_its_own_configuration_counts(movies: Account) -> None:
    version = movies.version(auto_ml(movies, algorithmHyperParameters={"depth": "3"}))
    assert movies.status("SolutionVersion", version) == "ACTIVE"


def test_auto_ml_weighs_no_events(movies: Account) -> None:
    config = {"eventsConfig": {"eventParametersList": [{"eventType": "Watch", "weight": 1.0}]}}
    assert "AutoML" in refused(movies, None, config, performAutoML=True)


def test_a_failed_auto_ml_has_no_result(account: Account) -> None:
    account.open_group()
    account.dataset("Interactions")
    solution = auto_ml(account)
    assert account.status("SolutionVersion", account.version(solution)) == "CREATE FAILED"
    assert "autoMLResult" not in account.describe("Solution", solution)


def test_auto_ml_does_not_update_its_model(movies: Account) -> None:
    solution = auto_ml(movies)
    code, message = refusal(movies.personalize.create_solution_version, solutionArn=solution, trainingMode="UPDATE")
    assert (code, "User-Personalization" in message) == ("InvalidInput", True)


# -- events and objectives ---------------------------------------------------------------------------------


def weighed(*events: dict[str, Any]) -> dict[str, Any]:
    return {"eventsConfig": {"eventParametersList": list(events)}}


def with_values(account: Account) -> None:
    """A group whose watches have values from 0 to 1."""
    account.open_group()
    fields = [*records.FIELDS["Interactions"], VALUE]
    account.dataset("Interactions", schemaArn=account.schema("Interactions", records.schema("Interactions", fields)))
    rows = [(*row, n % 2) for n, row in enumerate(records.interaction_rows(each=120))]
    header = [field["name"] for field in fields]
    body = "\n".join(",".join(map(str, row)) for row in [header, *rows])
    assert account.imported("Interactions", body)["status"] == "ACTIVE"


def trained_on(account: Account, recipe: str, **given: Any) -> int:
    """Number of interactions that a training takes, read from the metrics' side: the least number that it may have."""
    arn = account.version(account.solution(recipe, **given))
    version = account.describe("SolutionVersion", arn)
    assert version["status"] == "ACTIVE", version
    model = account.service._regions["eu-west-1"].resources[arn].model
    return len(model._snapshot)


def test_only_events_of_the_threshold_or_more_are_trained_on(account: Account) -> None:
    """Developer guide, "Choosing the item interaction data used for training"."""
    with_values(account)
    every = trained_on(account, "aws-sims")
    high = trained_on(account, "aws-sims", solutionConfig={"eventValueThreshold": "0.5"})
    watched = trained_on(account, "aws-sims", eventType="watch")
    both = trained_on(account, "aws-sims", eventType="watch", solutionConfig={"eventValueThreshold": "0.5"})
    assert (every, high, watched, both) == (3600, 1800, 2400, 1200)


def test_only_the_event_types_named_are_trained_on(account: Account) -> None:
    """Developer guide, "Optimizing a solution with events configuration"."""
    with_values(account)
    config = weighed({"eventType": "Watch", "eventValueThreshold": 0.5, "weight": 0.3}, {"eventType": "Click"})
    assert trained_on(account, "aws-user-personalization-v2", solutionConfig=config) == 2400


def test_events_are_weighed_by_some_recipes(movies: Account) -> None:
    config = weighed({"eventType": "Watch", "weight": 0.3})
    assert "eventsConfig" in refused(movies, "aws-user-personalization", config)
    for recipe, fits in (("aws-personalized-ranking-v2", True), ("aws-personalized-ranking", False)):
        call, solution = movies.personalize.update_solution, movies.solution(recipe)
        if fits:
            call(solutionArn=solution, solutionUpdateConfig=config)
        else:
            code, message = refusal(call, solutionArn=solution, solutionUpdateConfig=config)
            assert (code, "eventsConfig" in message) == ("InvalidInput", True)


def test_weighed_events_have_types(account: Account) -> None:
    account.open_group(domain=None)
    plain = [field for field in records.FIELDS["Interactions"] if field["name"] != "EVENT_TYPE"]
    schema = account.schema("Interactions", records.schema("Interactions", plain), domain=None)
    account.dataset("Interactions", schemaArn=schema)
    assert "EVENT_TYPE" in refused(account, "aws-personalized-ranking-v2", weighed({"eventType": "Watch"}))


@pytest.mark.parametrize(
    ("recipe", "column", "fits"),
    [
        ("aws-user-personalization", "CREATION_TIMESTAMP", True),
        ("aws-personalized-ranking", "CREATION_TIMESTAMP", True),
        ("aws-sims", "CREATION_TIMESTAMP", False),
        ("aws-user-personalization", "PRICE", False),
        ("aws-user-personalization", "GENRES", False),
        ("aws-user-personalization", "LENGTH", False),
    ],
)
def test_an_objective_is_a_numeric_column(movies: Account, recipe: str, column: str, fits: bool) -> None:
    """Developer guide, "Optimizing a solution for an additional objective"; PRICE may be null."""
    config = {"optimizationObjective": {"itemAttribute": column, "objectiveSensitivity": "LOW"}}
    if fits:
        movies.solution(recipe, solutionConfig=config)
        return
    assert "optimizationObjective" in refused(movies, recipe, config)


def test_an_objective_needs_items(account: Account) -> None:
    account.fill("Interactions")
    config = {"optimizationObjective": {"itemAttribute": "PRICE", "objectiveSensitivity": "LOW"}}
    assert "PRICE" in refused(account, "aws-user-personalization", config)


def test_a_threshold_is_a_number(movies: Account) -> None:
    assert "eventValueThreshold" in refused(movies, "aws-sims", {"eventValueThreshold": "half"})


# -- campaigns ---------------------------------------------------------------------------------------------


def deploy(account: Account, recipe: str, **config: Any) -> dict[str, Any]:
    return {"name": "c", "solutionVersionArn": account.version(recipe=recipe), "campaignConfig": config}


def test_exploration_is_configured_in_campaigns_of_user_personalization(movies: Account) -> None:
    """API reference, CampaignConfig; developer guide, "Use case and recipe features"."""
    explores = {"itemExplorationConfig": {"explorationWeight": "0.5"}}
    movies.campaign(recipe="aws-user-personalization", campaignConfig=explores)
    for recipe in ("aws-user-personalization-v2", "aws-sims"):
        code, message = refusal(movies.personalize.create_campaign, **deploy(movies, recipe, **explores))
        assert (code, "itemExplorationConfig" in message) == ("InvalidInput", True)


def test_campaigns_are_checked_when_they_change(movies: Account) -> None:
    campaign = movies.campaign(recipe="aws-sims")
    config = {"itemExplorationConfig": {"explorationWeight": "0.5"}}
    code, _ = refusal(movies.personalize.update_campaign, campaignArn=campaign, campaignConfig=config)
    assert code == "InvalidInput"


def test_the_ranking_is_influenced_for_semantic_similarity_only(movies: Account) -> None:
    given = deploy(movies, "aws-sims", rankingInfluence={"POPULARITY": 0.5})
    assert refusal(movies.personalize.create_campaign, **given)[1] == "rankingInfluence is not supported by aws-sims."


def test_no_campaign_deploys_user_segments(movies: Account) -> None:
    code, message = refusal(movies.personalize.create_campaign, **deploy(movies, "aws-item-affinity"))
    assert (code, "batch segment jobs" in message) == ("InvalidInput", True)
