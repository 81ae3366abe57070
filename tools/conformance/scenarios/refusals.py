"""Recommenders, solutions and campaigns that cannot be: nothing is trained, because no dataset has any data.

What the service takes after all is deleted as soon as that is possible.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.conformance.run import Run
from tools.conformance.step import Expected, Step

from .materials import IN_USE, INVALID, LIMIT, refused, schema
from .schemas import VOD

RECIPE = "arn:aws:personalize:::recipe/"
TOP_PICKS, MORE_LIKE = f"{RECIPE}aws-vod-top-picks", f"{RECIPE}aws-vod-more-like-x"
RANKING = f"{RECIPE}aws-personalized-ranking-v2"
_SOLUTIONS_OF_A_GROUP = 10
_RANGE = {"name": "hidden_dimension", "minValue": 1, "maxValue": 100_000}


def _create_bare(run: Run) -> None:
    arn = run.personalize.create_dataset_group(name=run.name("bare"), domain=VOD)["datasetGroupArn"]
    run.remember("bare", arn)
    run.settled("DatasetGroup", arn)


def _recommend_without_datasets(run: Run) -> None:
    _recommend(run, "bare", "top", recipeArn=TOP_PICKS)


def _solve_without_interactions(run: Run) -> None:
    _solve(run, "bare", "early", recipeArn=RANKING)


def _give_interactions(run: Run) -> None:
    text = schema("Interactions")
    made = run.personalize.create_schema(name=run.name("bare"), schema=text, domain=VOD)["schemaArn"]
    run.remember("bare-schema", made)
    dataset = run.personalize.create_dataset(
        name=run.name("bare"), datasetGroupArn=run.recall("bare"), datasetType="Interactions", schemaArn=made
    )["datasetArn"]
    run.remember("bare-Interactions", dataset)
    # While the dataset is pending.
    _solve(run, "bare", "pending", recipeArn=RANKING)
    run.settled("Dataset", dataset)


def _recommend_without_items(run: Run) -> None:
    _recommend(run, "bare", "more-like", recipeArn=MORE_LIKE)
    config = {"enableMetadataWithRecommendations": True}
    _recommend(run, "bare", "metadata", recipeArn=TOP_PICKS, recommenderConfig=config)


def _recommend_elsewhere(run: Run) -> None:
    _recommend(run, "custom", "no-domain", recipeArn=TOP_PICKS)
    _recommend(run, "vod", "other-domain", recipeArn=f"{RECIPE}aws-ecomm-popular-items-by-views")
    _recommend(run, "vod", "recipe", recipeArn=RANKING)
    _recommend(run, "vod", "no-recipe", recipeArn=f"{RECIPE}none")


def _explore_wrongly(run: Run) -> None:
    for number, (recipe, config) in enumerate(
        (
            (MORE_LIKE, {"explorationWeight": "0.3"}),
            (TOP_PICKS, {"explorationWeight": "2"}),
            (TOP_PICKS, {"explorationItemAgeCutOff": "0"}),
            (TOP_PICKS, {"explorationSpeed": "1"}),
        )
    ):
        config_of_all = {"itemExplorationConfig": config}
        _recommend(run, "vod", f"explore-{number}", recipeArn=recipe, recommenderConfig=config_of_all)


def _exclude_wrongly(run: Run) -> None:
    for number, columns in enumerate(
        (
            {"INTERACTIONS": ["EVENT_TYPE"]},
            {"INTERACTIONS": ["TIMESTAMP"]},
            {"ITEMS": ["ITEM_ID"]},
            {"ITEMS": ["DIRECTOR"]},
        )
    ):
        config = {"trainingDataConfig": {"excludedDatasetColumns": columns}}
        _recommend(run, "vod", f"exclude-{number}", recipeArn=TOP_PICKS, recommenderConfig=config)


def _solve_with_wrong_recipes(run: Run) -> None:
    _solve(run, "custom", "none")
    _solve(run, "custom", "unknown", recipeArn=f"{RECIPE}none")
    _solve(run, "custom", "use-case", recipeArn=TOP_PICKS)
    _solve(run, "custom", "both", recipeArn=RANKING, performAutoML=True)


def _solve_with_wrong_options(run: Run) -> None:
    parameters = {"algorithmHyperParameters": {"no_such_parameter": "1"}}
    _solve(run, "custom", "parameter", recipeArn=RANKING, solutionConfig=parameters)
    _solve(run, "custom", "hpo", recipeArn=RANKING, performHPO=True)
    _solve(run, "custom", "incremental", recipeArn=RANKING, performIncrementalUpdate=True)


def _solve_outside_ranges(run: Run) -> None:
    recipe = f"{RECIPE}aws-user-personalization"
    for number, config in enumerate(
        (
            {"algorithmHyperParameters": {"hidden_dimension": "100000"}},
            {"algorithmHyperParameters": {"bptt": "many"}},
            {"hpoConfig": {"hpoResourceConfig": {"maxNumberOfTrainingJobs": "41"}}},
            {"hpoConfig": {"algorithmHyperParameterRanges": {"integerHyperParameterRanges": [_RANGE]}}},
        )
    ):
        _solve(run, "custom", f"range-{number}", recipeArn=recipe, solutionConfig=config)


def _solve_for_events(run: Run) -> None:
    events = {"eventsConfig": {"eventParametersList": [{"eventType": "Watch", "weight": 1.0}]}}
    _solve(run, "custom", "events", recipeArn=f"{RECIPE}aws-user-personalization", solutionConfig=events)
    threshold = {"eventValueThreshold": "much"}
    _solve(run, "custom", "threshold", recipeArn=RANKING, eventType="Watch", solutionConfig=threshold)


def _solve_for_objectives(run: Run) -> None:
    for name, recipe, column in (
        ("v2", RANKING, "CREATION_TIMESTAMP"),
        ("category", f"{RECIPE}aws-user-personalization", "GENRES"),
        ("null", f"{RECIPE}aws-user-personalization", "YEAR"),
        ("unknown", f"{RECIPE}aws-user-personalization", "LENGTH"),
    ):
        objective = {"optimizationObjective": {"itemAttribute": column, "objectiveSensitivity": "LOW"}}
        _solve(run, "custom", f"objective-{name}", recipeArn=recipe, solutionConfig=objective)


def _solve_by_auto_ml(run: Run) -> None:
    others = {"autoMLConfig": {"metricName": "precision_at_25", "recipeList": [f"{RECIPE}aws-similar-items"]}}
    _solve(run, "custom", "auto-others", performAutoML=True, solutionConfig=others)
    _solve(run, "custom", "auto", performAutoML=True)


def _schedule_wrongly(run: Run) -> None:
    for number, expression in enumerate(("rate(31 days)", "rate(0 days)", "daily")):
        config = {"autoTrainingConfig": {"schedulingExpression": expression}}
        _solve(run, "custom", f"schedule-{number}", recipeArn=RANKING, solutionConfig=config)


def _create_solution(run: Run) -> None:
    made = run.personalize.create_solution(
        name=run.name("ranking"), datasetGroupArn=run.recall("custom"), recipeArn=RANKING, performAutoTraining=False
    )["solutionArn"]
    run.remember("solution", made)
    run.settled("Solution", made)


def _update_solution(run: Run) -> None:
    solution = run.recall("solution")
    config = {"autoTrainingConfig": {"schedulingExpression": "rate(3 days)"}}
    run.ask(
        run.personalize.update_solution, solutionArn=solution, performAutoTraining=False, solutionUpdateConfig=config
    )
    run.ask(run.personalize.update_solution, solutionArn=solution, performAutoTraining=False)
    run.settled("Solution", solution)
    # Leaves the schedule out: does it stay?
    run.ask(run.personalize.update_solution, solutionArn=solution, performAutoTraining=False, solutionUpdateConfig={})
    run.settled("Solution", solution)


def _update_nothing(run: Run) -> None:
    run.ask(run.personalize.update_solution, solutionArn=run.recall("solution"), performAutoTraining=False)
    run.settled("Solution", run.recall("solution"))


def _train_update_first(run: Run) -> None:
    run.ask(run.personalize.create_solution_version, solutionArn=run.recall("solution"), trainingMode="UPDATE")


def _deploy_nothing(run: Run) -> None:
    solution = run.recall("solution")
    create = run.personalize.create_campaign
    run.ask(create, name=run.name("latest"), solutionVersionArn=f"{solution}/$LATEST")
    run.ask(create, name=run.name("none"), solutionVersionArn=f"{solution}/none")
    follows = {"syncWithLatestSolutionVersion": True}
    run.ask(create, name=run.name("follows"), solutionVersionArn=f"{solution}/none", campaignConfig=follows)


def _create_many(run: Run) -> None:
    made = [
        run.ask(
            run.personalize.create_solution,
            name=run.name(f"many-{number}"),
            datasetGroupArn=run.recall("bare"),
            recipeArn=RANKING,
            performAutoTraining=False,
        )
        for number in range(_SOLUTIONS_OF_A_GROUP + 1)
    ]
    arns = [answer["solutionArn"] for answer in made if answer]
    for arn in arns:
        run.settled("Solution", arn)
    for arn in arns:
        run.personalize.delete_solution(solutionArn=arn)
    for arn in arns:
        run.settled("Solution", arn)


def _recommend(run: Run, group: str, name: str, **options: Any) -> None:
    create = run.personalize.create_recommender
    made = run.ask(create, name=run.name(name), datasetGroupArn=run.recall(group), **options)
    if made:
        run.settled("Recommender", made["recommenderArn"])
        run.personalize.delete_recommender(recommenderArn=made["recommenderArn"])
        run.settled("Recommender", made["recommenderArn"])


def _solve(run: Run, group: str, name: str, **options: Any) -> None:
    """Without automatic training, which would begin within the hour."""
    create = run.personalize.create_solution
    wanted: Mapping[str, Any] = {"performAutoTraining": False, **options}
    made = run.ask(create, name=run.name(name), datasetGroupArn=run.recall(group), **wanted)
    if made:
        run.settled("Solution", made["solutionArn"])
        run.personalize.delete_solution(solutionArn=made["solutionArn"])
        run.settled("Solution", made["solutionArn"])


_DATASETS = ("datasets.created",)

STEPS = (
    Step(
        "groups.bare",
        "Makes a dataset group without datasets, for what needs some.",
        _create_bare,
        rules=("statuses.order",),
        minutes=2,
    ),
    Step(
        "recommenders.without_datasets",
        "Makes a recommender where no dataset is.",
        _recommend_without_datasets,
        rules=("recommenders.datasets",),
        needs=("groups.bare",),
        expects=refused("CreateRecommender", INVALID),
    ),
    Step(
        "solutions.without_interactions",
        "Makes a solution where no dataset is.",
        _solve_without_interactions,
        rules=("solutions.interactions",),
        needs=("groups.bare",),
        expects=refused("CreateSolution", INVALID),
    ),
    Step(
        "datasets.interactions_alone",
        "Gives that group a dataset of interactions, and makes a solution while it is pending.",
        _give_interactions,
        rules=("datasets.fit_schema", "solutions.interactions"),
        needs=("recommenders.without_datasets", "solutions.without_interactions", "trackers.without_interactions"),
        minutes=1,
        expects=refused("CreateSolution", IN_USE),
    ),
    Step(
        "recommenders.without_items",
        "Makes a recommender that needs items, and one with metadata, where no items are.",
        _recommend_without_items,
        rules=("recommenders.datasets", "recommenders.metadata"),
        needs=("datasets.interactions_alone",),
        expects=refused("CreateRecommender", INVALID, 2),
    ),
    Step(
        "recommenders.elsewhere",
        "Makes recommenders in a group without a domain, of another domain, of a recipe, and of none.",
        _recommend_elsewhere,
        rules=("recommenders.domain",),
        needs=_DATASETS,
        expects=refused("CreateRecommender", INVALID, 4),
    ),
    Step(
        "recommenders.exploration",
        "Makes recommenders with exploration that does not fit.",
        _explore_wrongly,
        rules=("recommenders.exploration",),
        needs=_DATASETS,
        expects=refused("CreateRecommender", INVALID, 4),
    ),
    Step(
        "recommenders.excluded_columns",
        "Makes recommenders that leave out what cannot be left out, or is not there.",
        _exclude_wrongly,
        rules=("recommenders.columns",),
        needs=_DATASETS,
        expects=refused("CreateRecommender", INVALID, 4),
    ),
    Step(
        "solutions.wrong_recipes",
        "Makes solutions without a recipe, with an unknown one, a use case, and both a recipe and AutoML.",
        _solve_with_wrong_recipes,
        rules=("solutions.recipe",),
        needs=_DATASETS,
        expects=refused("CreateSolution", INVALID, 4),
    ),
    Step(
        "solutions.wrong_options",
        "Makes solutions with options that their recipes do not have.",
        _solve_with_wrong_options,
        rules=("solutions.options",),
        needs=_DATASETS,
        expects=refused("CreateSolution", INVALID, 3),
    ),
    Step(
        "solutions.outside_ranges",
        "Makes solutions with hyperparameters, ranges and numbers of training jobs beyond their limits.",
        _solve_outside_ranges,
        rules=("solutions.ranges", "solutions.hpo"),
        needs=_DATASETS,
        expects=refused("CreateSolution", INVALID, 4),
    ),
    Step(
        "solutions.wrong_events",
        "Makes a solution that weighs events with a recipe that cannot, and one with a threshold that is no number.",
        _solve_for_events,
        rules=("solutions.events", "solutions.threshold"),
        needs=_DATASETS,
        expects=refused("CreateSolution", INVALID, 2),
    ),
    Step(
        "solutions.wrong_objectives",
        "Makes solutions with objectives that are not for their recipe, or no numeric column without null.",
        _solve_for_objectives,
        rules=("solutions.objective",),
        needs=_DATASETS,
        expects=refused("CreateSolution", INVALID, 4),
    ),
    Step(
        "solutions.auto_ml",
        "Makes a solution with AutoML among recipes that it does not try, then one that may try all.",
        _solve_by_auto_ml,
        rules=("solutions.auto_ml",),
        needs=_DATASETS,
        minutes=1,
        expects=(Expected("CreateSolution", INVALID, which=0), Expected("CreateSolution", which=1)),
    ),
    Step(
        "solutions.wrong_schedules",
        "Makes solutions that train every 31 days, every 0 days, and `daily`.",
        _schedule_wrongly,
        rules=("solutions.schedule",),
        needs=_DATASETS,
        expects=(
            Expected("CreateSolution", INVALID, which=0),
            Expected("CreateSolution", INVALID, which=1),
            Expected("CreateSolution", "ValidationException", which=2),
        ),
    ),
    Step(
        "solutions.created",
        "Makes a solution and follows its statuses.",
        _create_solution,
        rules=("statuses.order", "solutions.empty_config"),
        needs=_DATASETS,
        minutes=1,
        expects=(Expected("DescribeSolution", members=("solution.recipeArn", "solution.performAutoTraining")),),
    ),
    Step(
        "solutions.updated",
        "Gives the solution a schedule, updates it meanwhile, then leaves the schedule out of an update.",
        _update_solution,
        rules=("statuses.updates", "statuses.one_update", "statuses.whole_configs"),
        needs=("solutions.created",),
        minutes=2,
        expects=(Expected("UpdateSolution", which=0), Expected("UpdateSolution", IN_USE, which=1)),
    ),
    Step(
        "solutions.no_change",
        "Updates the solution to what it is.",
        _update_nothing,
        rules=("statuses.no_change",),
        needs=("solutions.updated",),
        minutes=1,
    ),
    Step(
        "solutions.update_before_full",
        "Trains the solution in mode UPDATE before it was ever trained, with a recipe that has no such mode.",
        _train_update_first,
        rules=("solutions.update_training",),
        needs=("solutions.updated",),
        expects=refused("CreateSolutionVersion", INVALID),
    ),
    Step(
        "campaigns.without_version",
        "Deploys the latest version of a solution that has none, and a version that is not there.",
        _deploy_nothing,
        rules=("campaigns.version", "requests.what_exists"),
        needs=("solutions.updated",),
        expects=(
            Expected("CreateCampaign", INVALID, which=0),
            Expected("CreateCampaign", "ResourceNotFoundException", which=1),
        ),
    ),
    Step(
        "quotas.solutions",
        f"Makes {_SOLUTIONS_OF_A_GROUP + 1} solutions in a group, which trains none of them.",
        _create_many,
        rules=("quotas.resources",),
        needs=("datasets.interactions_alone",),
        minutes=4,
        expects=(Expected("CreateSolution", LIMIT),),
    ),
)
