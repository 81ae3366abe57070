"""What the service refuses to create, and with which error."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import RECIPE, ROLE, VOD, Account, refusal
from tools.emulator import Fault, Quotas

KEY = "arn:aws:kms:eu-west-1:000000000000:key/0"
EXPRESSION = 'INCLUDE ItemID WHERE Items.GENRES IN ("War")'
NOWHERE = "arn:aws:personalize:eu-west-1:000000000000:{}/nowhere"


def solution_params(account: Account, **params: Any) -> dict[str, Any]:
    recipe = f"{RECIPE}/aws-personalized-ranking"
    return {"name": "ranking", "datasetGroupArn": account.group, "recipeArn": recipe, **params}


def recommender_params(account: Account, use_case: str = "aws-vod-top-picks", **params: Any) -> dict[str, Any]:
    return {"name": "picks", "datasetGroupArn": account.group, "recipeArn": f"{RECIPE}/{use_case}", **params}


def import_params(account: Account, **params: Any) -> dict[str, Any]:
    location = {"dataLocation": "s3://movies/interactions.csv"}
    dataset = account.datasets["Interactions"]
    return {"jobName": "again", "datasetArn": dataset, "dataSource": location, "roleArn": ROLE, **params}


# -- names and parents -------------------------------------------------------------------------------------


def test_every_kind_refuses_a_name_that_is_taken(movies: Account) -> None:
    client, group = movies.personalize, {"datasetGroupArn": movies.group}
    version = movies.version()
    requests: list[tuple[Any, dict[str, Any]]] = [
        (client.create_dataset_group, {"name": "twice"}),
        (client.create_schema, {"name": "twice", "schema": records.schema("Items")}),
        (client.create_dataset_import_job, import_params(movies)),
        (client.create_recommender, recommender_params(movies)),
        (client.create_solution, solution_params(movies)),
        (client.create_campaign, {"name": "twice", "solutionVersionArn": version}),
        (client.create_filter, {"name": "twice", "filterExpression": EXPRESSION, **group}),
    ]
    for call, params in requests:
        call(**params)
        assert refusal(call, **params)[0] == "ResourceAlreadyExists", call


def test_a_dataset_group_has_one_dataset_of_a_type(movies: Account) -> None:
    schema = movies.schema("Items")
    code, message = refusal(
        movies.personalize.create_dataset,
        name="another",
        datasetGroupArn=movies.group,
        datasetType="ITEMS",
        schemaArn=schema,
    )
    assert code == "ResourceAlreadyExists"
    assert message == f"Another resource with Arn {movies.datasets['Items']} already exists."


def test_a_solution_has_one_version_of_a_name(movies: Account) -> None:
    solution = movies.solution()
    movies.version(solution, name="first")
    movies.version(solution)
    movies.version(solution)
    code, _ = refusal(movies.personalize.create_solution_version, solutionArn=solution, name="first")
    assert code == "ResourceAlreadyExists"


def test_a_version_answers_the_solutions_name_and_the_last_part_of_its_arn(movies: Account) -> None:
    """As recorded in aws-samples/amazon-personalize-samples, update-item-dataset-schema-example.ipynb."""
    solution = movies.solution()
    named, unnamed = movies.version(solution, name="first"), movies.version(solution)
    assert named == f"{solution}/first"
    for arn in (named, unnamed):
        assert movies.describe("SolutionVersion", arn)["name"] == arn.partition(":solution/")[2]
    listed = movies.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]
    assert [each["solutionVersionArn"] for each in listed] == [named, unnamed]
    assert all("name" not in each for each in listed)


def test_a_dataset_group_has_one_event_tracker(movies: Account) -> None:
    movies.tracker()
    code, message = refusal(movies.personalize.create_event_tracker, name="second", datasetGroupArn=movies.group)
    assert code == "ResourceAlreadyExists"
    assert "already has an event tracker" in message


@pytest.mark.parametrize(
    ("operation", "member", "kind"),
    [
        ("create_dataset", "datasetGroupArn", "dataset-group"),
        ("create_dataset", "schemaArn", "schema"),
        ("create_dataset_import_job", "datasetArn", "dataset"),
        ("create_recommender", "datasetGroupArn", "dataset-group"),
        ("create_solution", "datasetGroupArn", "dataset-group"),
        ("create_solution_version", "solutionArn", "solution"),
        ("create_campaign", "solutionVersionArn", "solution"),
        ("create_filter", "datasetGroupArn", "dataset-group"),
        ("create_event_tracker", "datasetGroupArn", "dataset-group"),
        ("create_metric_attribution", "datasetGroupArn", "dataset-group"),
    ],
)
def test_what_a_request_builds_on_must_exist(movies: Account, operation: str, member: str, kind: str) -> None:
    complete = {
        "create_dataset": {
            "name": "new",
            "datasetGroupArn": movies.group,
            "datasetType": "Items",
            "schemaArn": movies.schema("Items"),
        },
        "create_dataset_import_job": import_params(movies),
        "create_recommender": recommender_params(movies),
        "create_solution": solution_params(movies),
        "create_campaign": {"name": "new"},
        "create_filter": {"name": "new", "filterExpression": EXPRESSION},
        "create_event_tracker": {"name": "new"},
        "create_metric_attribution": {"name": "new", **records.attribution(movies.group)},
    }.get(operation, {})
    missing = NOWHERE.format(kind)
    code, message = refusal(getattr(movies.personalize, operation), **{**complete, member: missing})
    assert code == "ResourceNotFound"
    assert missing in message


# -- states ------------------------------------------------------------------------------------------------


def requests_in(account: Account, group: str) -> list[tuple[Any, dict[str, Any]]]:
    """Requests that need an ACTIVE dataset group, besides filters."""
    client, in_group = account.personalize, {"datasetGroupArn": group}
    return [
        (
            client.create_dataset,
            {"name": "d", "datasetType": "Items", "schemaArn": account.schema("Items"), **in_group},
        ),
        (client.create_recommender, {**recommender_params(account), **in_group}),
        (client.create_solution, {**solution_params(account), **in_group}),
        (client.create_event_tracker, {"name": "t", **in_group}),
        (client.create_metric_attribution, {"name": "m", **records.attribution(group)}),
    ]


def test_nothing_is_created_in_a_dataset_group_that_is_not_ready(account: Account) -> None:
    group = account.create("DatasetGroup", domain=VOD)
    for call, params in requests_in(account, group):
        code, message = refusal(call, **params)
        assert (code, "CREATE PENDING" in message) == ("ResourceInUse", True)


def test_nothing_is_created_in_a_dataset_group_that_failed(account: Account) -> None:
    account.service.faults.add(Fault("fail", "CreateDatasetGroup"))
    group = account.created("DatasetGroup", domain=VOD)
    for call, params in requests_in(account, group):
        code, message = refusal(call, **params)
        assert (code, "CREATE FAILED" in message) == ("InvalidInput", True)


def test_a_filter_needs_a_ready_dataset_group_too_but_has_no_error_for_waiting(account: Account) -> None:
    group = account.create("DatasetGroup", domain=VOD)
    params = {"name": "war", "datasetGroupArn": group, "filterExpression": EXPRESSION}
    code, message = refusal(account.personalize.create_filter, **params)
    assert (code, "CREATE PENDING" in message) == ("InvalidInput", True)


def test_data_is_imported_only_into_an_active_dataset(account: Account) -> None:
    account.open_group()
    schema = account.schema("Interactions")
    params = {"datasetGroupArn": account.group, "datasetType": "Interactions", "schemaArn": schema}
    account.datasets["Interactions"] = account.create("Dataset", **params)
    assert refusal(account.personalize.create_dataset_import_job, **import_params(account))[0] == "ResourceInUse"


def test_a_solution_trains_only_once_it_is_active(movies: Account) -> None:
    movies.service.faults.add(Fault("slow", "CreateSolution", seconds=10))
    arn = movies.create("Solution", **{**solution_params(movies), "performAutoTraining": False})
    assert refusal(movies.personalize.create_solution_version, solutionArn=arn)[0] == "ResourceInUse"


def test_the_arn_of_a_solution_names_no_version(movies: Account) -> None:
    """As reported in aws/aws-sdk-js-v3, issue 4982."""
    solution = movies.solution()
    movies.version(solution)
    refused = refusal(movies.personalize.create_campaign, name="early", solutionVersionArn=solution)
    assert refused == ("ResourceNotFound", f"Resource Arn {solution} does not exist.")


def test_a_campaign_deploys_only_an_active_version(movies: Account) -> None:
    version = movies.create("SolutionVersion", solutionArn=movies.solution())
    create = movies.personalize.create_campaign
    assert refusal(create, name="early", solutionVersionArn=version)[0] == "ResourceInUse"
    movies.personalize.stop_solution_version_creation(solutionVersionArn=version)
    assert refusal(create, name="late", solutionVersionArn=version)[0] == "InvalidInput"


def test_a_recommender_needs_active_datasets(account: Account) -> None:
    account.open_group()
    account.dataset("Interactions")
    account.create("Dataset", datasetGroupArn=account.group, datasetType="Items", schemaArn=account.schema("Items"))
    params = recommender_params(account, "aws-vod-more-like-x")
    code, message = refusal(account.personalize.create_recommender, **params)
    assert (code, "/ITEMS" in message) == ("ResourceInUse", True)


# -- dataset groups, schemas, datasets ---------------------------------------------------------------------


@pytest.mark.parametrize("given", [{"kmsKeyArn": KEY}, {"roleArn": ROLE}])
def test_a_key_and_the_role_that_may_use_it_come_together(account: Account, given: dict[str, str]) -> None:
    code, message = refusal(account.personalize.create_dataset_group, name="movies", **given)
    assert (code, "together" in message) == ("InvalidInput", True)
    account.create("DatasetGroup", kmsKeyArn=KEY, roleArn=ROLE)


def test_a_bad_schema_is_refused(account: Account) -> None:
    code, message = refusal(account.personalize.create_schema, name="bad", schema="{")
    assert (code, "not valid JSON" in message) == ("InvalidInput", True)


@pytest.mark.parametrize(("of_schema", "of_group"), [(None, VOD), (VOD, None), ("ECOMMERCE", VOD)])
def test_a_dataset_needs_a_schema_of_its_domain(account: Account, of_schema: str | None, of_group: str | None) -> None:
    account.open_group(of_group)
    document = records.schema("Users")
    schema = account.schema("Users", document, of_schema)
    code, message = refusal(
        account.personalize.create_dataset,
        name="users",
        datasetGroupArn=account.group,
        datasetType="Users",
        schemaArn=schema,
    )
    assert (code, "domain" in message) == ("InvalidInput", True)


def test_a_dataset_needs_a_schema_of_its_type(account: Account) -> None:
    account.open_group()
    params = {"name": "d", "datasetGroupArn": account.group, "schemaArn": account.schema("Users")}
    code, message = refusal(account.personalize.create_dataset, datasetType="Items", **params)
    assert (code, message) == ("InvalidInput", "The schema is for a dataset of type USERS, not ITEMS.")


def test_there_are_only_so_many_dataset_types(account: Account) -> None:
    account.open_group()
    params = {"name": "d", "datasetGroupArn": account.group, "schemaArn": account.schema("Users")}
    code, message = refusal(account.personalize.create_dataset, datasetType="Films", **params)
    assert (code, "not FILMS" in message) == ("InvalidInput", True)


def test_dataset_types_may_be_written_in_any_case(account: Account) -> None:
    account.open_group()
    arn = account.created(
        "Dataset", datasetGroupArn=account.group, datasetType="uSeRs", schemaArn=account.schema("Users")
    )
    assert arn.endswith(f"dataset/{account.group.rpartition('/')[2]}/USERS")
    assert account.describe("Dataset", arn)["datasetType"] == "USERS"


# -- imports -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("location", ["https://movies/interactions.csv", "s3://movies", "s3:///interactions.csv"])
def test_data_comes_from_s3(movies: Account, location: str) -> None:
    params = import_params(movies, dataSource={"dataLocation": location})
    assert refusal(movies.personalize.create_dataset_import_job, **params) == (
        "InvalidInput",
        "Invalid Data location.",
    )


def test_the_first_import_is_a_full_one(account: Account) -> None:
    account.open_group()
    account.dataset("Interactions")
    params = import_params(account, importMode="INCREMENTAL")
    code, message = refusal(account.personalize.create_dataset_import_job, **params)
    assert (code, "FULL" in message) == ("InvalidInput", True)


# -- recommenders ------------------------------------------------------------------------------------------


def test_recommenders_are_for_domain_dataset_groups(account: Account) -> None:
    account.open_group(domain=None)
    refused = refusal(account.personalize.create_recommender, **recommender_params(account))
    assert refused == ("InvalidInput", "Please use a domain-specific Dataset Group to create the Recommender")


@pytest.mark.parametrize("recipe", ["aws-ecomm-recommended-for-you", "aws-user-personalization"])
def test_recommenders_are_for_use_cases_of_their_domain(movies: Account, recipe: str) -> None:
    code, message = refusal(movies.personalize.create_recommender, **recommender_params(movies, recipe))
    assert (code, f"not a use case of the domain {VOD}" in message) == ("InvalidInput", True)


def test_there_must_be_such_a_recipe(movies: Account) -> None:
    recommender, solution = recommender_params(movies, "aws-vod-guess"), f"{RECIPE}/aws-guess"
    for call, params in (
        (movies.personalize.create_recommender, recommender),
        (movies.personalize.create_solution, solution_params(movies, recipeArn=solution)),
    ):
        code, message = refusal(call, **params)
        assert (code, "no recipe" in message) == ("InvalidInput", True)


@pytest.mark.parametrize(
    ("use_case", "missing"),
    [
        ("aws-vod-because-you-watched-x", None),
        ("aws-vod-more-like-x", "ITEMS"),
        ("aws-vod-most-popular", None),
        ("aws-vod-top-picks", None),
        ("aws-vod-trending-now", None),
    ],
)
def test_only_more_like_x_needs_items(account: Account, use_case: str, missing: str | None) -> None:
    account.fill("Interactions")
    params = recommender_params(account, use_case)
    if missing is None:
        account.personalize.create_recommender(**params)
        return
    code, message = refusal(account.personalize.create_recommender, **params)
    assert (code, f"no {missing} dataset" in message) == ("InvalidInput", True)


EXPLORATION = [
    ("explorationWeight", "0", True),
    ("explorationWeight", "1.0", True),
    ("explorationWeight", "1.1", False),
    ("explorationWeight", "-0.1", False),
    ("explorationWeight", "much", False),
    ("explorationWeight", "nan", False),
    ("explorationItemAgeCutOff", "1", True),
    ("explorationItemAgeCutOff", "365", True),
    ("explorationItemAgeCutOff", "0.5", False),
    ("explorationBudget", "1", False),
]


@pytest.mark.parametrize("use_case", ["aws-vod-top-picks", "aws-vod-because-you-watched-x"])
def test_every_use_case_needs_interactions(account: Account, use_case: str) -> None:
    account.open_group()
    account.dataset("Items")
    code, message = refusal(account.personalize.create_recommender, **recommender_params(account, use_case))
    assert (code, "no INTERACTIONS dataset" in message) == ("InvalidInput", True)


@pytest.mark.parametrize(("name", "value", "fits"), EXPLORATION)
def test_exploration_has_ranges(movies: Account, name: str, value: str, fits: bool) -> None:
    config = {"itemExplorationConfig": {name: value}}
    recommender = movies.recommender()
    create, update = movies.personalize.create_recommender, movies.personalize.update_recommender
    new = recommender_params(movies, recommenderConfig=config)
    if fits:
        create(**new)
        update(recommenderArn=recommender, recommenderConfig=config)
        return
    for code, message in (
        refusal(create, **new),
        refusal(update, recommenderArn=recommender, recommenderConfig=config),
    ):
        assert (code, name in message) == ("InvalidInput", True)


def test_exploration_is_for_use_cases_that_explore(movies: Account) -> None:
    config = {"itemExplorationConfig": {"explorationWeight": "0.3"}}
    params = recommender_params(movies, "aws-vod-more-like-x", recommenderConfig=config)
    code, message = refusal(movies.personalize.create_recommender, **params)
    assert (code, "not supported by aws-vod-more-like-x" in message) == ("InvalidInput", True)


def test_metadata_in_recommendations_needs_an_items_dataset(account: Account) -> None:
    """Developer guide, "Enabling metadata in recommendations"."""
    account.fill("Interactions")
    recommender, version = account.recommender(), account.version()
    campaign, client = account.campaign(version), account.personalize
    shown = {"enableMetadataWithRecommendations": True}
    for call, params in (
        (client.create_recommender, recommender_params(account, recommenderConfig=shown)),
        (client.update_recommender, {"recommenderArn": recommender, "recommenderConfig": shown}),
        (client.create_campaign, {"name": "c", "solutionVersionArn": version, "campaignConfig": shown}),
        (client.update_campaign, {"campaignArn": campaign, "campaignConfig": shown}),
    ):
        code, message = refusal(call, **params)
        assert (code, "no ITEMS dataset, which enableMetadata" in message) == ("InvalidInput", True), call


# -- solutions and versions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"recipeArn": f"{RECIPE}/aws-vod-top-picks"}, "use case for recommenders"),
        ({"recipeArn": None}, "recipeArn is required"),
        ({"performAutoML": True}, "recipeArn must be omitted"),
        ({"solutionConfig": {"algorithmHyperParameters": {"depth": "3"}}}, "Provide a hyperparameter"),
        ({"recipeArn": f"{RECIPE}/aws-personalized-ranking-v2", "performHPO": True}, "hyperparameter optimization"),
        ({"performIncrementalUpdate": True}, "semantic-similarity"),
        ({"solutionConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(0 days)"}}}, "from 1 to 30"),
        ({"solutionConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(31 days)"}}}, "from 1 to 30"),
    ],
)
def test_the_options_of_a_solution_must_fit_its_recipe(movies: Account, given: dict[str, Any], words: str) -> None:
    params = {member: value for member, value in solution_params(movies, **given).items() if value is not None}
    code, message = refusal(movies.personalize.create_solution, **params)
    assert (code, words in message) == ("InvalidInput", True), message


@pytest.mark.parametrize(
    ("recipe", "given"),
    [
        ("aws-personalized-ranking", {"solutionConfig": {"algorithmHyperParameters": {"hidden_dimension": "64"}}}),
        ("aws-personalized-ranking", {"performHPO": True}),
        (
            "aws-personalized-ranking-v2",
            {"solutionConfig": {"algorithmHyperParameters": {"apply_recency_bias": "true"}}},
        ),
        ("aws-sims", {"solutionConfig": {"algorithmHyperParameters": {"popularity_discount_factor": "0.5"}}}),
        ("aws-sims", {"solutionConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(1 day)"}}}),
        ("aws-sims", {"solutionConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(30 days)"}}}),
    ],
)
def test_options_that_fit_are_taken(movies: Account, recipe: str, given: dict[str, Any]) -> None:
    arn = movies.solution(recipe, **given)
    description = movies.describe("Solution", arn)
    assert {member: description[member] for member in given} == given


def test_a_schedule_is_a_rate_of_days(movies: Account) -> None:
    config = {"autoTrainingConfig": {"schedulingExpression": "rate(2 weeks)"}}
    code, message = refusal(movies.personalize.create_solution, **solution_params(movies, solutionConfig=config))
    assert (code, "regular expression" in message) == ("Validation", True)


def test_update_training_is_for_user_personalization(movies: Account) -> None:
    solution = movies.solution()
    code, message = refusal(movies.personalize.create_solution_version, solutionArn=solution, trainingMode="UPDATE")
    assert (code, "User-Personalization" in message) == ("InvalidInput", True)


def test_update_training_needs_an_active_version_trained_in_full(movies: Account) -> None:
    solution = movies.solution("aws-user-personalization")
    create = movies.personalize.create_solution_version
    code, message = refusal(create, solutionArn=solution, trainingMode="UPDATE")
    assert (code, "FULL" in message) == ("InvalidInput", True)
    movies.version(solution)
    updated = create(solutionArn=solution, trainingMode="UPDATE")["solutionVersionArn"]
    assert movies.describe("SolutionVersion", updated)["trainingMode"] == "UPDATE"


# -- campaigns ---------------------------------------------------------------------------------------------


def test_latest_stands_for_the_newest_active_version(movies: Account) -> None:
    solution = movies.solution()
    create = movies.personalize.create_campaign
    code, message = refusal(create, name="early", solutionVersionArn=f"{solution}/$LATEST")
    assert (code, "no active solution version" in message) == ("InvalidInput", True)
    movies.version(solution)
    newest = movies.version(solution)
    movies.create("SolutionVersion", solutionArn=solution)
    campaign = movies.create("Campaign", solutionVersionArn=f"{solution}/$LATEST")
    assert movies.describe("Campaign", campaign)["solutionVersionArn"] == newest


@pytest.mark.parametrize("verb", ["create", "update"])
def test_following_the_latest_version_needs_it_to_be_named_so(movies: Account, verb: str) -> None:
    version = movies.version()
    config = {"syncWithLatestSolutionVersion": True}
    if verb == "create":
        call, params = movies.personalize.create_campaign, {"name": "c", "solutionVersionArn": version}
    else:
        call, params = movies.personalize.update_campaign, {"campaignArn": movies.campaign(version)}
    code, message = refusal(call, campaignConfig=config, **params)
    assert (code, "$LATEST" in message) == ("InvalidInput", True)


# -- filters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("INCLUDE ItemID", "expected WHERE, found the end"),
        ('INCLUDE ItemID WHERE Items.DIRECTOR IN ("X")', "has no field DIRECTOR"),
    ],
)
def test_a_bad_filter_is_refused(movies: Account, expression: str, words: str) -> None:
    params = {"name": "f", "datasetGroupArn": movies.group, "filterExpression": expression}
    code, message = refusal(movies.personalize.create_filter, **params)
    assert (code, words in message) == ("InvalidInput", True), message


def test_a_filter_cannot_use_a_dataset_that_is_not_there(account: Account) -> None:
    account.fill("Interactions")
    params = {"name": "f", "datasetGroupArn": account.group, "filterExpression": EXPRESSION}
    code, message = refusal(account.personalize.create_filter, **params)
    assert (code, "no ITEMS dataset" in message) == ("InvalidInput", True)


# -- quotas ------------------------------------------------------------------------------------------------


def limited(**quotas: int) -> Account:
    """A filled account with its quotas lowered."""
    account = Account(quotas=Quotas(**quotas))
    account.fill()
    return account


@pytest.mark.parametrize(
    ("quota", "noun"),
    [
        ("dataset_groups", "DatasetGroup"),
        ("schemas", "Schema"),
        ("recommenders_per_dataset_group", "Recommender"),
        ("solutions_per_dataset_group", "Solution"),
        ("filters_per_dataset_group", "Filter"),
        ("campaigns_per_dataset_group", "Campaign"),
    ],
)
def test_quotas_are_kept(quota: str, noun: str) -> None:
    # What `limited` itself creates counts too.
    already = {"DatasetGroup": 1, "Schema": 3}.get(noun, 0)
    account = limited(**{quota: already + 1})
    version = account.version() if noun == "Campaign" else ""
    needed: dict[str, dict[str, Any]] = {
        "Schema": {"schema": records.schema("Items")},
        "Recommender": {"datasetGroupArn": account.group, "recipeArn": f"{RECIPE}/aws-vod-top-picks"},
        "Solution": {
            "datasetGroupArn": account.group,
            "recipeArn": f"{RECIPE}/aws-sims",
            "performAutoTraining": False,
        },
        "Filter": {"datasetGroupArn": account.group, "filterExpression": EXPRESSION},
        "Campaign": {"solutionVersionArn": version},
    }
    params = needed.get(noun, {})
    arn = account.created(noun, **params)
    code, message = refusal(account.operation("create", noun), name="one-too-many", **params)
    assert code == "LimitExceeded"
    assert message == f"More than {already + 1} resources in ACTIVE state. Please delete some and try again."
    account.delete(noun, arn)
    account.wait()
    account.create(noun, **params)


def test_fifteen_recommenders_are_in_a_region_and_no_more(account: Account) -> None:
    """Developer guide, "Domain recommenders in Amazon Personalize"; five of them in each dataset group."""
    for _ in range(3):
        account.open_group()
        account.dataset("Interactions")
        for _ in range(5):
            recipe = f"{RECIPE}/aws-vod-most-popular"
            account.create("Recommender", datasetGroupArn=account.group, recipeArn=recipe)
    account.open_group()
    account.dataset("Interactions")
    code, message = refusal(account.personalize.create_recommender, **recommender_params(account))
    assert (code, message.startswith("More than 15 resources")) == ("LimitExceeded", True)


# Developer guide, "Common error messages in Amazon Personalize".
PENDING = "More than {} resources with PENDING or IN_PROGRESS status."


def test_five_imports_are_pending_in_a_region_and_no_more(movies: Account) -> None:
    datasets = [movies.datasets["Users"]]
    movies.open_group()
    datasets.append(movies.dataset("Users"))
    for number in range(5):
        movies.start_import("Users", datasetArn=datasets[number % 2])
    for dataset in datasets:
        assert refusal(movies.personalize.create_dataset_import_job, **import_params(movies, datasetArn=dataset)) == (
            "LimitExceeded",
            PENDING.format(5),
        )


@pytest.mark.parametrize("waited", [30.0, 300.0])
def test_imports_pending_and_in_progress_count_and_settled_ones_do_not(movies: Account, waited: float) -> None:
    for _ in range(4):
        movies.start_import("Users", records.csv("Users", records.user_rows()))
    movies.start_import("Users", "no such column\n")
    create, params = movies.personalize.create_dataset_import_job, import_params(movies)
    movies.wait(waited)
    # One has failed when it began, four are still under way.
    statuses = [job["status"] for job in movies.personalize.list_dataset_import_jobs()["datasetImportJobs"]]
    failed = statuses.count("CREATE FAILED")
    assert failed == (waited > 60)
    for _ in range(failed):
        create(**{**params, "jobName": "in-its-place"})
    assert refusal(create, **params) == ("LimitExceeded", PENDING.format(5))
    movies.wait()
    create(**params)


def test_twenty_trainings_are_pending_in_a_region_and_no_more(movies: Account) -> None:
    solutions = [movies.solution(), movies.solution("aws-sims")]
    versions = [movies.create("SolutionVersion", solutionArn=solutions[count % 2]) for count in range(20)]
    create = movies.personalize.create_solution_version
    for solution in solutions:
        assert refusal(create, solutionArn=solution) == ("LimitExceeded", PENDING.format(20))
    movies.personalize.stop_solution_version_creation(solutionVersionArn=versions[0])
    create(solutionArn=solutions[0])
    assert refusal(create, solutionArn=solutions[1]) == ("LimitExceeded", PENDING.format(20))


def test_a_training_that_is_stopping_counts_until_it_has_stopped(movies: Account) -> None:
    solution = movies.solution()
    versions = [movies.create("SolutionVersion", solutionArn=solution) for _ in range(20)]
    movies.wait(600)
    movies.personalize.stop_solution_version_creation(solutionVersionArn=versions[0])
    assert movies.status("SolutionVersion", versions[0]) == "CREATE STOPPING"
    assert refusal(movies.personalize.create_solution_version, solutionArn=solution)[0] == "LimitExceeded"
    movies.wait(60)
    movies.create("SolutionVersion", solutionArn=solution)


def test_quotas_of_a_dataset_group_do_not_count_those_of_others() -> None:
    account = limited(solutions_per_dataset_group=1)
    account.solution()
    other = account.open_group()
    account.dataset("Interactions")
    account.create("Solution", datasetGroupArn=other, recipeArn=f"{RECIPE}/aws-sims")


def test_filters_of_a_group_use_only_so_many_fields_together() -> None:
    account = limited(filter_fields_per_dataset_group=2)
    account.filter('INCLUDE ItemID WHERE Items.GENRES IN ("War") AND Items.PRICE > 1')
    account.filter('EXCLUDE ItemID WHERE Items.GENRES IN ("Drama")')
    code, message = refusal(
        account.personalize.create_filter,
        name="third",
        datasetGroupArn=account.group,
        filterExpression="INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP > 5",
    )
    assert (code, "More than 2 distinct dataset fields" in message) == ("LimitExceeded", True)


def test_a_filter_uses_only_so_many_fields() -> None:
    account = limited(fields_per_filter=1)
    code, message = refusal(
        account.personalize.create_filter,
        name="two-fields",
        datasetGroupArn=account.group,
        filterExpression='INCLUDE ItemID WHERE Items.GENRES IN ("War") AND Items.PRICE > 1',
    )
    assert (code, "at most 1 distinct dataset fields" in message) == ("InvalidInput", True)


# -- datasets that others need -------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["create_solution", "create_event_tracker"])
def test_solutions_and_trackers_need_an_interactions_dataset(account: Account, operation: str) -> None:
    account.open_group()
    account.dataset("Items")
    params = solution_params(account) if operation == "create_solution" else {"name": "t"}
    create = getattr(account.personalize, operation)
    params["datasetGroupArn"] = account.group
    code, message = refusal(create, **params)
    assert (code, "no INTERACTIONS dataset" in message) == ("InvalidInput", True)
    schema = account.schema("Interactions")
    account.create("Dataset", datasetGroupArn=account.group, datasetType="Interactions", schemaArn=schema)
    assert refusal(create, **params)[0] == "ResourceInUse"
    account.wait()
    create(**params)


# -- requests the model itself refuses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "Value null at 'name' failed to satisfy constraint: Member must not be null"),
        ({"name": 7}, "Value at 'name' failed to satisfy constraint: Member must be of type string"),
        ({"name": "x" * 64}, "Member must have length less than or equal to 63"),
        ({"name": ""}, "Member must have length greater than or equal to 1"),
        ({"name": "two words"}, "Member must satisfy regular expression pattern: ^[a-zA-Z0-9][a-zA-Z0-9\\-_]*"),
        ({"name": "x", "domain": "RADIO"}, "Member must satisfy enum value set: [ECOMMERCE, VIDEO_ON_DEMAND]"),
        ({"name": "x", "tags": [{"tagKey": "k"}]}, "Value null at 'tags.1.member.tagValue'"),
    ],
)
def test_what_the_service_model_forbids_is_a_validation_error(
    account: Account, params: dict[str, Any], words: str
) -> None:
    code, message = refusal(account.personalize.create_dataset_group, **params)
    assert (code, words in message) == ("Validation", True), message


def test_all_problems_of_a_request_are_told_at_once(account: Account) -> None:
    code, message = refusal(account.personalize.create_dataset_group, name="", domain="RADIO")
    assert code == "Validation"
    assert message.startswith("3 validation errors detected: ")


@pytest.mark.parametrize("requests_per_second", [0, True])
def test_numbers_have_ranges_and_are_not_flags(movies: Account, requests_per_second: object) -> None:
    config = {"minRecommendationRequestsPerSecond": requests_per_second}
    code, _ = refusal(movies.personalize.create_recommender, **recommender_params(movies, recommenderConfig=config))
    assert code == "Validation"


def test_a_refused_request_leaves_nothing_behind(account: Account) -> None:
    refusal(account.personalize.create_dataset_group, name="movies", kmsKeyArn=KEY)
    assert account.personalize.list_dataset_groups()["datasetGroups"] == []
    account.create("DatasetGroup", name="movies")
