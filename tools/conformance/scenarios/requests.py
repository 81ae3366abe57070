"""What holds for requests of every type: wrong members, what is not there, lists, pages, regions, the rate."""

from __future__ import annotations

from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

from tools.conformance.run import Run
from tools.conformance.step import Endpoint, Expected, Step

from .materials import MISSING, VALIDATION, refused, taken

_WITHOUT_PERSONALIZE = "eu-west-3"
_BURST = 30
# By the noun of their operations, what ARNs begin with.
_PATHS = {
    "dataset_group": "dataset-group",
    "schema": "schema",
    "dataset": "dataset",
    "dataset_import_job": "dataset-import-job",
    "recommender": "recommender",
    "solution": "solution",
    "solution_version": "solution",
    "campaign": "campaign",
    "filter": "filter",
    "event_tracker": "event-tracker",
    "metric_attribution": "metric-attribution",
}
_NEVER_DELETED = ("dataset_import_job", "solution_version")
_LISTED_BY_GROUP = ("datasets", "recommenders", "solutions", "filters", "event_trackers", "metric_attributions")


def _wrong_members(run: Run) -> None:
    create = run.personalize.create_dataset_group
    run.ask(create)
    run.ask(create, name="")
    run.ask(create, name="x" * 64)
    run.ask(create, name="a b")
    run.ask(create, name=run.name("domain"), domain="MUSIC")
    run.ask(create, name="-", domain="MUSIC", kmsKeyArn="key")
    run.ask(run.personalize.list_dataset_groups, maxResults=0)


def _nothing_there(run: Run) -> None:
    for noun in _PATHS:
        run.ask(getattr(run.personalize, f"describe_{noun}"), **{_arn_member(noun): _nowhere(run, noun)})
    for noun in _PATHS:
        if noun not in _NEVER_DELETED:
            run.ask(getattr(run.personalize, f"delete_{noun}"), **{_arn_member(noun): _nowhere(run, noun)})


def _arn_member(noun: str) -> str:
    first, *others = noun.split("_")
    return f"{first}{''.join(map(str.title, others))}Arn"


def _nowhere(run: Run, noun: str) -> str:
    return f"arn:aws:personalize:{run.region}:{run.account}:{_PATHS[noun]}/{run.name('none')}"


def _list_of_nothing(run: Run) -> None:
    for noun in _LISTED_BY_GROUP:
        run.ask(getattr(run.personalize, f"list_{noun}"), datasetGroupArn=_nowhere(run, "dataset_group"))
    run.ask(run.personalize.list_dataset_import_jobs, datasetArn=_nowhere(run, "dataset"))
    run.ask(run.personalize.list_campaigns, solutionArn=_nowhere(run, "solution"))
    run.ask(run.personalize.list_solution_versions, solutionArn=_nowhere(run, "solution"))


def _page(run: Run) -> None:
    token = run.personalize.list_schemas(maxResults=1)["nextToken"]
    run.ask(run.personalize.list_schemas, maxResults=2, nextToken=token)
    run.ask(run.personalize.list_dataset_groups, nextToken=token)
    run.ask(run.personalize.list_schemas, nextToken="none")
    run.ask(run.personalize.list_schemas, maxResults=101)
    run.ask(run.personalize.list_schemas)


def _list_datasets(run: Run) -> None:
    run.personalize.list_datasets(datasetGroupArn=run.recall("vod"))
    run.personalize.list_filters(datasetGroupArn=run.recall("vod"))


def _region_without(run: Run) -> None:
    client = run.client("personalize", region_name=_WITHOUT_PERSONALIZE)
    try:
        client.list_schemas()
        came = "an answer"
    except EndpointConnectionError:
        came = "no such host"
    except ClientError as error:
        came = str(error.response["Error"]["Code"])
    run.note("what came", came, expected="no such host")


def _burst(run: Run) -> None:
    client = run.client("personalize", config=Config(retries={"total_max_attempts": 1}))
    codes = []
    for _ in range(_BURST):
        try:
            client.list_event_trackers()
            codes.append("")
        except ClientError as error:
            codes.append(str(error.response["Error"]["Code"]))
    run.note("requests before the first refusal", next((n for n, code in enumerate(codes) if code), _BURST))
    run.note("codes of refusals", sorted({code for code in codes if code}), expected=["ThrottlingException"])


STEPS = (
    Step(
        "requests.wrong_members",
        "Leaves out, empties, lengthens and misspells members of requests.",
        _wrong_members,
        rules=("requests.shapes",),
        expects=(*refused("CreateDatasetGroup", VALIDATION, 6), *refused("ListDatasetGroups", VALIDATION)),
    ),
    Step(
        "requests.nothing_there",
        "Describes and deletes what does not exist, once of each type.",
        _nothing_there,
        rules=("requests.what_exists",),
        expects=(*refused("DescribeDatasetGroup", MISSING), *refused("DeleteFilter", MISSING)),
    ),
    Step(
        "requests.lists_of_nothing",
        "Lists what belongs to dataset groups, datasets and solutions that do not exist.",
        _list_of_nothing,
        rules=("requests.lists_of_nothing",),
        expects=(*taken("ListDatasets"), *taken("ListCampaigns"), *refused("ListSolutionVersions", MISSING)),
    ),
    Step(
        "requests.pages",
        "Pages through schemas; uses a token for another list, one that never was, and too large a page.",
        _page,
        rules=("requests.pages",),
        needs=("schemas.created",),
        expects=(
            Expected("ListDatasetGroups", "InvalidNextTokenException"),
            Expected("ListSchemas", "InvalidNextTokenException", which=2),
            Expected("ListSchemas", VALIDATION, which=3),
            Expected("ListSchemas", members=("schemas[].schemaArn", "schemas[].name")),
        ),
    ),
    Step(
        "requests.lists",
        "Lists the datasets and filters of a group.",
        _list_datasets,
        rules=("requests.pages",),
        needs=("filters.same_name",),
        expects=(
            Expected("ListDatasets", members=("datasets[].datasetType", "datasets[].status")),
            Expected("ListFilters", members=("Filters[].filterArn", "Filters[].status")),
        ),
    ),
    Step(
        "requests.region_without",
        f"Asks in {_WITHOUT_PERSONALIZE}, where the service is not.",
        _region_without,
        rules=("requests.regions",),
        endpoints=frozenset({Endpoint.EMULATOR, Endpoint.AWS}),
    ),
    Step(
        "requests.burst",
        f"Sends {_BURST} requests of an operation as fast as it can: how many are taken before the first is refused?",
        _burst,
        rules=("requests.rate",),
        minutes=1,
        endpoints=frozenset({Endpoint.AWS}),
    ),
)
