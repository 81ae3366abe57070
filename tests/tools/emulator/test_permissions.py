"""Who may call what: the permissions a request is checked for, and what a denial says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import ACCOUNT, RECIPE, REGION, ROLE, Account, refusal
from tests.tools.emulator.support.batch import batch_params
from tools.emulator import AccessDeniedError, AllowAll

ANN = f"arn:aws:sts::{ACCOUNT}:assumed-role/editor/ann"
ARN = f"arn:aws:personalize:{REGION}:{ACCOUNT}"
Asked = tuple[str, str]


class Notary:
    """Notes what it is asked, and denies what it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, str, str, dict[str, str]]] = []
        self.denied: set[str] = set()
        self.words = ""

    def authorize(self, caller: object, action: str, resource: str, context: dict[str, str]) -> None:
        self.asked.append((caller, action, resource, context))
        if action in self.denied:
            raise AccessDeniedError(self.words)

    @contextmanager
    def noting(self) -> Iterator[list[Asked]]:
        """The actions and resources asked about from here on."""
        noted: list[Asked] = []
        before = len(self.asked)
        yield noted
        noted += [(action, resource) for _, action, resource, _ in self.asked[before:]]


@pytest.fixture
def notary() -> Notary:
    return Notary()


@pytest.fixture
def watched(notary: Notary) -> Account:
    """A filled account whose requests are noted."""
    account = Account(authorizer=notary)
    account.fill()
    return account


def test_nothing_is_denied_unless_there_is_somebody_to_ask() -> None:
    AllowAll().authorize("anybody", "personalize:DeleteDatasetGroup", "*", {})
    Account().create("DatasetGroup")


def test_the_caller_is_the_one_who_signed(notary: Notary) -> None:
    client = Account(authorizer=notary).client("personalize", caller=ANN)
    client.list_dataset_groups()
    assert notary.asked == [(ANN, "personalize:ListDatasetGroups", "*", {})]


def test_creating_is_a_permission_on_what_is_created_and_on_its_owner(watched: Account, notary: Notary) -> None:
    group = {"datasetGroupArn": watched.group}
    in_group, version = [watched.group], watched.version()
    source = {"dataLocation": "s3://movies/x.csv"}
    new_import = {"jobName": "new", "datasetArn": watched.datasets["Users"], "dataSource": source, "roleArn": ROLE}
    requests: list[tuple[str, dict[str, Any], str, list[str]]] = [
        ("DatasetGroup", {"name": "new"}, "dataset-group/new", []),
        ("Schema", {"name": "new", "schema": records.schema("Items")}, "schema/new", []),
        ("DatasetImportJob", new_import, "dataset-import-job/new", [watched.datasets["Users"]]),
        ("Solution", {"name": "new", "recipeArn": f"{RECIPE}/aws-sims", **group}, "solution/new", in_group),
        (
            "Recommender",
            {"name": "new", "recipeArn": f"{RECIPE}/aws-vod-top-picks", **group},
            "recommender/new",
            in_group,
        ),
        ("Campaign", {"name": "new", "solutionVersionArn": version}, "campaign/new", [version.rpartition("/")[0]]),
        (
            "Filter",
            {"name": "new", "filterExpression": "INCLUDE ItemID WHERE Items.PRICE > 1", **group},
            "filter/new",
            in_group,
        ),
    ]
    for noun, params, path, owners in requests:
        with notary.noting() as asked:
            watched.operation("create", noun)(**params)
        covered = [resource for action, resource in asked if action == f"personalize:Create{noun}"]
        assert covered == [f"{ARN}:{path}", *owners]


def test_jobs_are_a_permission_on_themselves_and_on_what_the_reference_lists(watched: Account, notary: Notary) -> None:
    version, users = watched.version(), watched.datasets["Users"]
    source, output = {"dataLocation": "s3://movies/x.csv"}, {"s3DataDestination": {"path": "s3://movies/out/"}}
    requests: list[tuple[str, dict[str, Any], str, list[str]]] = [
        ("BatchInferenceJob", batch_params(version), "batch-inference-job", [version.rpartition("/")[0]]),
        ("BatchSegmentJob", batch_params(watched.version(recipe="aws-item-affinity")), "batch-segment-job", []),
        (
            "DatasetExportJob",
            {"datasetArn": users, "jobOutput": output, "roleArn": ROLE},
            "dataset-export-job",
            [users],
        ),
        (
            "DataDeletionJob",
            {"datasetGroupArn": watched.group, "dataSource": source, "roleArn": ROLE},
            "data-deletion-job",
            [watched.group],
        ),
    ]
    for noun, params, path, owners in requests:
        with notary.noting() as asked:
            watched.operation("create", noun)(jobName="new", **params)
        action = f"personalize:Create{noun}"
        covered = [(action, on) for on in (f"{ARN}:{path}/new", *owners)]
        assert asked == [*covered, ("iam:PassRole", ROLE)]


def test_training_is_a_permission_on_the_solution(watched: Account, notary: Notary) -> None:
    solution = watched.solution()
    with notary.noting() as asked:
        watched.create("SolutionVersion", solutionArn=solution)
    assert asked == [("personalize:CreateSolutionVersion", solution)]


def test_other_operations_are_permissions_on_what_they_name(watched: Account, notary: Notary) -> None:
    client, group, items = watched.personalize, watched.group, watched.datasets["Items"]
    recommender, version = watched.recommender(), watched.version()
    campaign = watched.campaign(version)
    recipe = f"{RECIPE}/aws-sims"
    requests: list[tuple[Any, dict[str, Any], Asked]] = [
        (client.describe_dataset_group, {"datasetGroupArn": group}, ("DescribeDatasetGroup", group)),
        (client.describe_recipe, {"recipeArn": recipe}, ("DescribeRecipe", recipe)),
        (client.list_datasets, {"datasetGroupArn": group}, ("ListDatasets", "*")),
        (client.list_recipes, {}, ("ListRecipes", "*")),
        (client.tag_resource, {"resourceArn": items, "tags": []}, ("TagResource", items)),
        (client.get_solution_metrics, {"solutionVersionArn": version}, ("GetSolutionMetrics", version)),
        (client.update_campaign, {"campaignArn": campaign, "minProvisionedTPS": 2}, ("UpdateCampaign", campaign)),
        (client.stop_recommender, {"recommenderArn": recommender}, ("StopRecommender", recommender)),
        (
            watched.runtime.get_personalized_ranking,
            {"campaignArn": campaign, "userId": "u0", "inputList": ["i1"]},
            ("GetPersonalizedRanking", campaign),
        ),
        (
            watched.events.put_events,
            {
                "trackingId": watched.tracker(),
                "sessionId": "s",
                "eventList": [{"eventType": "Watch", "sentAt": 1}],
            },
            ("PutEvents", "*"),
        ),
    ]
    for call, params, (action, resource) in requests:
        with notary.noting() as asked:
            call(**params)
        assert asked == [(f"personalize:{action}", resource)]


def test_a_service_role_has_to_be_passed(watched: Account, notary: Notary) -> None:
    before = len(notary.asked)
    watched.start_import("Users", records.csv("Users", records.user_rows()))
    passed = [one for one in notary.asked[before:] if one[1] == "iam:PassRole"]
    assert passed == [("test", "iam:PassRole", ROLE, {"iam:PassedToService": "personalize.amazonaws.com"})]


def test_without_passrole_nothing_is_imported(watched: Account, notary: Notary) -> None:
    notary.denied = {"iam:PassRole"}
    params = {"datasetArn": watched.datasets["Users"], "dataSource": {"dataLocation": "s3://movies/users.csv"}}
    code, message = refusal(watched.personalize.create_dataset_import_job, jobName="import", roleArn=ROLE, **params)
    assert code == "AccessDenied"
    assert message == (
        f"User: test is not authorized to perform: iam:PassRole on resource: {ROLE} "
        "because no identity-based policy allows the iam:PassRole action"
    )
    notary.denied = set()
    assert len(watched.personalize.list_dataset_import_jobs()["datasetImportJobs"]) == 3


def test_tags_on_creation_are_a_permission_of_their_own(watched: Account, notary: Notary) -> None:
    notary.denied = {"personalize:TagResource"}
    create = watched.personalize.create_dataset_group
    code, message = refusal(create, name="tagged", tags=[{"tagKey": "team", "tagValue": "a"}])
    assert (code, "personalize:TagResource" in message) == ("AccessDenied", True)
    create(name="plain")


def test_conditions_can_look_at_tags(watched: Account, notary: Notary) -> None:
    arn = watched.created("DatasetGroup", tags=[{"tagKey": "team", "tagValue": "a"}])
    created = next(context for _, action, _, context in reversed(notary.asked) if action.endswith("CreateDatasetGroup"))
    assert created == {"aws:RequestTag/team": "a"}
    watched.describe("DatasetGroup", arn)
    assert notary.asked[-1][3] == {"aws:ResourceTag/team": "a"}


def test_tagging_what_is_created_in_something_looks_at_its_tags_too(watched: Account, notary: Notary) -> None:
    """A solution version's permissions are checked on its solution."""
    solution = watched.solution(tags=[{"tagKey": "team", "tagValue": "a"}])
    watched.create("SolutionVersion", solutionArn=solution, tags=[{"tagKey": "run", "tagValue": "1"}])
    context = {"aws:ResourceTag/team": "a", "aws:RequestTag/run": "1"}
    assert [(action, found) for _, action, on, found in notary.asked[-2:] if on == solution] == [
        ("personalize:CreateSolutionVersion", context),
        ("personalize:TagResource", context),
    ]


def test_a_denial_names_the_caller_the_action_and_the_resource(watched: Account, notary: Notary) -> None:
    notary.denied = {"personalize:DeleteDatasetGroup"}
    client = watched.client("personalize", caller=ANN)
    code, message = refusal(client.delete_dataset_group, datasetGroupArn=watched.group)
    assert code == "AccessDenied"
    assert message == (
        f"User: {ANN} is not authorized to perform: personalize:DeleteDatasetGroup on resource: {watched.group} "
        "because no identity-based policy allows the personalize:DeleteDatasetGroup action"
    )
    assert watched.status("DatasetGroup", watched.group) == "ACTIVE"


def test_a_denial_can_be_worded_by_whoever_decides(watched: Account, notary: Notary) -> None:
    notary.denied, notary.words = {"personalize:ListSchemas"}, "Not on Sundays."
    assert refusal(watched.personalize.list_schemas) == ("AccessDenied", "Not on Sundays.")


def test_what_is_denied_is_not_looked_up(watched: Account, notary: Notary) -> None:
    notary.denied = {"personalize:DescribeDatasetGroup"}
    missing = f"{ARN}:dataset-group/missing"
    assert refusal(watched.personalize.describe_dataset_group, datasetGroupArn=missing)[0] == "AccessDenied"


def test_a_denial_has_the_status_of_its_protocol(watched: Account, notary: Notary) -> None:
    recommender = watched.recommender()
    notary.denied = {"personalize:GetRecommendations", "personalize:DescribeRecommender"}
    with pytest.raises(ClientError) as json_api:
        watched.personalize.describe_recommender(recommenderArn=recommender)
    with pytest.raises(ClientError) as rest_api:
        watched.runtime.get_recommendations(recommenderArn=recommender, userId="u0")
    statuses = [one.value.response["ResponseMetadata"]["HTTPStatusCode"] for one in (json_api, rest_api)]
    assert statuses == [400, 403]
