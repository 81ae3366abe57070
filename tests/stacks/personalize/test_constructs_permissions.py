"""Who may do what: the provider, Personalize itself, and those who use what it serves. And what can be measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, NestedStack, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Match, Template

from lambdas.personalize_provider.ownership import STACK_TAG
from lambdas.personalize_provider.resources import RESOURCES
from stacks.personalize import (
    Campaign,
    Dataset,
    DatasetGroup,
    EventTracker,
    Filter,
    PersonalizeProvider,
    QualityGate,
    Recommender,
    Schema,
    ServiceRole,
    Solution,
    SolutionVersion,
)
from stacks.personalize.service_role import allow_personalize_read
from tests.stacks.personalize.support.construct_stacks import (
    GIVEN,
    GROUP_ARN,
    PREFIX,
    SOLUTION_ARN,
    VERSION_ARN,
    Kit,
    Resources,
    by_path,
    new_app,
    statements,
)

ARN = "arn:${AWS::Partition}:personalize:${AWS::Region}:${AWS::AccountId}"
HANDLER = "Provider/HandlerRole/DefaultPolicy"
ROLES = [f"arn:aws:iam::123456789012:role/{name}" for name in ("one", "two")]


def given() -> Stack:
    """A stack of its own, for what exists already: it adds nothing to a template."""
    return Stack(new_app(), "Given")


def dataset_of(arn: str) -> Any:
    return Dataset.from_dataset_arn(given(), "Dataset", arn)


# Creating these is a permission on what they belong to as well.
OWNERS = {
    "dataset-group": ["Dataset", "EventTracker", "Filter", "MetricAttribution", "Recommender", "Solution"],
    "dataset": ["DatasetImportJob"],
    "solution": ["Campaign"],
}


WITHOUT_TAGS = ("Schema", "MetricAttribution")
KINDS_OF_ACTION = {"Descri": "read", "GetSol": "read", "ListTa": "read", "Create": "create"}


# -- the provider's role -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def provider() -> Resources:
    """A stack with the provider, which was given two roles to pass on."""
    kit = Kit()
    for number, arn in enumerate(ROLES):
        role = iam.Role.from_role_arn(kit.stack, f"Given{number}", arn)
        kit.group(f"Group{number}", role=role)
        kit.data(dataset_of(f"{GIVEN}:dataset/films/ITEMS"), f"Import{number}", role=role)
    return kit.synthesized()


def as_set(value: str | list[str]) -> frozenset[str]:
    return frozenset([value] if isinstance(value, str) else value)


def allowed(resources: Resources) -> dict[frozenset[str], frozenset[str]]:
    """By the Personalize actions of a statement of the handlers' role, the resources it is about."""
    found = {}
    for statement in statements(resources, HANDLER):
        actions = as_set(statement["Action"])
        if any(action.startswith("personalize:") for action in actions):
            assert statement["Effect"] == "Allow"
            found[frozenset(each.removeprefix("personalize:") for each in actions)] = as_set(statement["Resource"])
    return found


def together(needed: Mapping[str, set[str]]) -> dict[frozenset[str], frozenset[str]]:
    """The same in as few statements as the template has: what only reads, what creates, what changes.

    An action is checked on resources of its own types only, so the others in its statement mean nothing.
    """
    groups: dict[str, tuple[set[str], set[str]]] = {}
    for on, actions in needed.items():
        for action in actions:
            group = "list" if on == "*" else KINDS_OF_ACTION.get(action[:6], "change")
            group = "untagged" if on != "*" and action.endswith(WITHOUT_TAGS) else group
            found, resources = groups.setdefault(group, (set(), set()))
            found.add(action)
            resources.add(on)
    return {frozenset(actions): frozenset(resources) for actions, resources in groups.values()}


def needed() -> dict[str, set[str]]:
    """What the provider calls, by the resource on which the Service Authorization Reference checks it."""
    found: dict[str, set[str]] = {"*": {f"List{noun}s" for noun in RESOURCES}}
    found["*"] |= {each.operation for row in RESOURCES.values() if row.update for each in row.update.elements.values()}
    for noun, row in RESOURCES.items():
        # A solution version's ARN is below that of its solution, and is checked as such.
        kind = {"SolutionVersion": "solution"}.get(noun) or "".join(
            f"-{letter.lower()}" if letter.isupper() else letter for letter in noun
        ).lstrip("-")
        names = "*" if noun == "EventTracker" else f"{PREFIX}_*"
        calls = found.setdefault(f"{ARN}:{kind}/{names}", set())
        calls |= {f"Create{noun}", f"Describe{noun}"}
        calls |= {f"Delete{noun}"} if row.deletable else set()
        calls |= {row.update.operation} if row.update else set()
        calls |= {call for call in (row.stop, row.pause, row.resume, row.metrics) if call}
        calls |= {"TagResource", "UntagResource", "ListTagsForResource"} if row.taggable else set()
    for owner, nouns in OWNERS.items():
        found[f"{ARN}:{owner}/{PREFIX}_*"] |= {f"Create{noun}" for noun in nouns}
    return found


def test_the_provider_may_do_what_it_does_on_names_of_this_app_and_nothing_else(provider: Resources) -> None:
    given = {frozenset({"CreateDatasetImportJob"}): frozenset({f"{GIVEN}:dataset/films/ITEMS"})}
    assert allowed(provider) == together(needed()) | given


OF_THIS_STACK = ["arn:*:stack/Test/*"]


@pytest.mark.parametrize(
    ("action", "condition"),
    [
        ("CreateFilter", {"StringLikeIfExists": {f"aws:RequestTag/{STACK_TAG}": OF_THIS_STACK}}),
        ("DeleteFilter", {"StringLikeIfExists": {f"aws:ResourceTag/{STACK_TAG}": OF_THIS_STACK}}),
        ("TagResource", {"StringLikeIfExists": {f"aws:ResourceTag/{STACK_TAG}": OF_THIS_STACK}}),
        # So that it can still be said whose something is.
        ("DescribeFilter", None),
        ("ListTagsForResource", None),
        ("ListFilters", None),
        # Schemas have no tags.
        ("DeleteSchema", None),
    ],
)
def test_the_provider_creates_and_changes_what_is_tagged_with_its_stacks(
    provider: Resources, action: str, condition: Any
) -> None:
    (found,) = (each for each in statements(provider, HANDLER) if f"personalize:{action}" in as_set(each["Action"]))
    assert found.get("Condition") == condition


def test_every_stack_that_the_provider_serves_counts_also_one_of_a_stack_that_is_declared_later() -> None:
    app = new_app()
    stack = Stack(app, "Test")
    provider = PersonalizeProvider(stack, "Provider", name_prefix=PREFIX)
    other = Stack(app, "Other", stack_name="films")
    DatasetGroup(other, "Group", provider=provider)
    DatasetGroup(NestedStack(other, "Nested"), "Group", provider=provider)
    conditions = [each["Condition"] for each in statements(by_path(stack), HANDLER) if "Condition" in each]
    tags = ["arn:*:stack/films-*/*", "arn:*:stack/films/*"]
    assert [value for each in conditions for value in each["StringLikeIfExists"].values()] == [tags, tags]


def test_the_conditions_on_tags_can_be_left_off() -> None:
    stack = Stack(new_app(), "Test")
    provider = PersonalizeProvider(stack, "Provider", name_prefix=PREFIX, tag_conditions=False)
    DatasetGroup(stack, "Group", provider=provider)
    assert not any("Condition" in each for each in statements(by_path(stack), HANDLER))


def test_the_provider_has_no_other_permissions(provider: Resources) -> None:
    others = [each for each in statements(provider, HANDLER) if "personalize:" not in str(each["Action"])]
    assert others == [
        {
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Effect": "Allow",
            "Resource": "${Provider/Logs.Arn}",
        },
        {
            "Action": "cloudformation:DescribeStacks",
            "Effect": "Allow",
            "Resource": "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/Test/*",
        },
        {
            "Action": "iam:PassRole",
            "Condition": {"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}},
            "Effect": "Allow",
            "Resource": ROLES,
        },
    ]
    assert "ManagedPolicyArns" not in provider["Provider/HandlerRole"]["Properties"]


def test_the_provider_passes_no_role_unless_given_one() -> None:
    kit = Kit()
    kit.group()
    assert not any(each["Action"] == "iam:PassRole" for each in statements(kit.synthesized(), HANDLER))


@pytest.mark.parametrize("role", ["HandlerRole", "OnEventRole", "WaiterRole"])
def test_only_lambda_may_assume_the_roles_of_the_provider(provider: Resources, role: str) -> None:
    assert provider[f"Provider/{role}"]["Properties"]["AssumeRolePolicyDocument"]["Statement"] == [
        {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    ]


@pytest.mark.parametrize(("role", "starts"), [("OnEventRole", True), ("WaiterRole", False)])
def test_the_framework_may_only_run_the_handlers_and_log(provider: Resources, role: str, starts: bool) -> None:
    actions = [each["Action"] for each in statements(provider, f"Provider/{role}/DefaultPolicy")]
    flat = {action for each in actions for action in ([each] if isinstance(each, str) else each)}
    expected = {"logs:CreateLogStream", "logs:PutLogEvents", "lambda:InvokeFunction", "lambda:GetFunction"}
    assert flat == expected | ({"states:StartExecution"} if starts else set())


def test_the_handlers_run_from_the_folder_of_functions(provider: Resources) -> None:
    for id, entry in (("OnEvent", "on_event"), ("IsComplete", "is_complete")):
        properties = provider[f"Provider/{id}"]["Properties"]
        assert properties["Handler"] == f"personalize_provider.handler.{entry}"
        assert properties["Runtime"] == "python3.14"
        assert properties["Architectures"] == ["arm64"]
        assert properties["Timeout"] == 240
        assert properties["Role"] == "${Provider/HandlerRole.Arn}"
        assert properties["LoggingConfig"] == {"LogGroup": "${Provider/Logs}"}


def test_the_waiter_writes_no_execution_data(provider: Resources) -> None:
    """Execution data holds the ResponseURL, a credential."""
    assert "LoggingConfiguration" not in provider["Provider/Framework/waiter-state-machine"]["Properties"]


def test_polls_and_logs_can_be_set() -> None:
    stack = Stack(new_app(), "Test")
    PersonalizeProvider(
        stack,
        "Provider",
        name_prefix=PREFIX,
        query_interval=Duration.seconds(20),
        log_retention=logs.RetentionDays.ONE_WEEK,
    )
    Template.from_stack(stack).has_resource_properties("AWS::Logs::LogGroup", {"RetentionInDays": 7})
    resources = by_path(stack)
    waiter = resources["Provider/Framework/waiter-state-machine"]["Properties"]["DefinitionString"]
    assert '"IntervalSeconds":20,' in waiter
    assert interval_of(resources) == "20"


def test_the_waiter_asks_every_ten_seconds_for_an_hour_and_the_function_knows(provider: Resources) -> None:
    waiter = provider["Provider/Framework/waiter-state-machine"]["Properties"]["DefinitionString"]
    assert '"IntervalSeconds":10,"MaxAttempts":360,' in waiter
    assert interval_of(provider) == "10"


def interval_of(resources: Resources) -> str:
    return str(resources["Provider/IsComplete"]["Properties"]["Environment"]["Variables"]["QUERY_INTERVAL_SECONDS"])


# -- the service role and the bucket -------------------------------------------------------------------------------

FROM_THIS_ACCOUNT = {
    "StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"},
    "ArnLike": {"aws:SourceArn": f"{ARN}:*"},
}


@pytest.fixture(scope="module")
def reading() -> Resources:
    """A role that reads two places, and a bucket that lets it."""
    stack = Stack(new_app(), "Test")
    role = ServiceRole(stack, "Role")
    bucket = s3.Bucket(stack, "Bucket")
    role.allow_read(bucket)
    role.allow_read(s3.Bucket.from_bucket_name(stack, "Lake", "lake"), "vod/")
    allow_personalize_read(bucket)
    return by_path(stack)


def test_only_personalize_for_this_account_may_assume_the_service_role(reading: Resources) -> None:
    assert reading["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Action": "sts:AssumeRole",
            "Condition": FROM_THIS_ACCOUNT,
            "Effect": "Allow",
            "Principal": {"Service": "personalize.amazonaws.com"},
        }
    ]


def test_the_service_role_reads_what_it_is_given(reading: Resources) -> None:
    lake = "arn:${AWS::Partition}:s3:::lake"
    assert statements(reading, "Role/DefaultPolicy") == [
        {"Action": "s3:ListBucket", "Effect": "Allow", "Resource": ["${Bucket.Arn}", lake]},
        {"Action": "s3:GetObject", "Effect": "Allow", "Resource": [f"{lake}/vod/*", "${Bucket.Arn}/*"]},
    ]


def test_the_bucket_lets_personalize_read_for_this_account(reading: Resources) -> None:
    assert statements(reading, "Bucket/Policy") == [
        {
            "Sid": "PersonalizeReads",
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Condition": FROM_THIS_ACCOUNT,
            "Effect": "Allow",
            "Principal": {"Service": "personalize.amazonaws.com"},
            "Resource": ["${Bucket.Arn}", "${Bucket.Arn}/*"],
        }
    ]


# -- a key of the app's own ----------------------------------------------------------------------------------------

KEY_ACTIONS = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:ListGrants"]


@pytest.fixture(scope="module")
def keyed() -> Resources:
    """A dataset group and a bucket under a key of the same stack."""
    kit = Kit()
    key = kms.Key(kit.stack, "Key")
    kit.group(role=kit.role, encryption_key=key)
    kit.role.allow_read(s3.Bucket(kit.stack, "Bucket", encryption_key=key))
    return kit.synthesized()


def test_a_key_of_the_app_lets_the_service_role_and_personalize_use_it(keyed: Resources) -> None:
    """Case 17."""
    found = [each for each in keyed["Key"]["Properties"]["KeyPolicy"]["Statement"] if "Sid" in each]
    assert found == [
        {
            "Sid": "PersonalizeUsesTheKey",
            "Action": ["kms:CreateGrant", *KEY_ACTIONS],
            "Effect": "Allow",
            "Principal": {"AWS": "${ServiceRole.Arn}", "Service": "personalize.amazonaws.com"},
            "Resource": "*",
        }
    ]


def test_the_service_role_may_use_the_key(keyed: Resources) -> None:
    """Case 17."""
    found = [each for each in statements(keyed, "ServiceRole/DefaultPolicy") if "kms:Decrypt" in each["Action"]]
    assert found == [{"Action": KEY_ACTIONS, "Effect": "Allow", "Resource": "${Key.Arn}"}]


# -- grants --------------------------------------------------------------------------------------------------------

FILTERS = [Filter.from_filter_arn(given(), name, f"{GIVEN}:filter/{name}") for name in ("a", "b")]
RECOMMENDER: Any = Recommender.from_recommender_arn(given(), "Recommender", f"{GIVEN}:recommender/films")
CAMPAIGN: Any = Campaign.from_campaign_arn(given(), "Campaign", f"{GIVEN}:campaign/films")
DATASET = dataset_of(f"{GIVEN}:dataset/films/ITEMS")
TRACKER: Any = EventTracker.from_event_tracker_arn(given(), "Tracker", f"{GIVEN}:event-tracker/1")


@pytest.mark.parametrize(
    ("grant", "action", "resource"),
    [
        (RECOMMENDER.grant_get_recommendations, "GetRecommendations", f"{GIVEN}:recommender/films"),
        (
            lambda role: RECOMMENDER.grant_get_recommendations(role, FILTERS),
            "GetRecommendations",
            [f"{GIVEN}:filter/a", f"{GIVEN}:filter/b", f"{GIVEN}:recommender/films"],
        ),
        (CAMPAIGN.grant_get_recommendations, "GetRecommendations", f"{GIVEN}:campaign/films"),
        (CAMPAIGN.grant_get_personalized_ranking, "GetPersonalizedRanking", f"{GIVEN}:campaign/films"),
        (
            lambda role: CAMPAIGN.grant_get_personalized_ranking(role, FILTERS[:1]),
            "GetPersonalizedRanking",
            [f"{GIVEN}:campaign/films", f"{GIVEN}:filter/a"],
        ),
        (DATASET.grant_put_items, "PutItems", f"{GIVEN}:dataset/films/ITEMS"),
        (DATASET.grant_put_users, "PutUsers", f"{GIVEN}:dataset/films/ITEMS"),
        # IAM knows no resource for it (service authorization reference).
        (TRACKER.grant_put_events, "PutEvents", "*"),
        (lambda role: TRACKER.grant(role, "personalize:TagResource"), "TagResource", f"{GIVEN}:event-tracker/1"),
        *(
            (lambda role, given=given: given.grant(role, "personalize:TagResource"), "TagResource", arn)
            for given, arn in (
                (RECOMMENDER, f"{GIVEN}:recommender/films"),
                (DATASET, f"{GIVEN}:dataset/films/ITEMS"),
                (DATASET.dataset_group, GROUP_ARN),
                (Schema.from_schema_arn(given(), "Schema", f"{GIVEN}:schema/films"), f"{GIVEN}:schema/films"),
                (Solution.from_solution_arn(given(), "Solution", SOLUTION_ARN), SOLUTION_ARN),
                (SolutionVersion.from_solution_version_arn(given(), "Version", VERSION_ARN), VERSION_ARN),
                (FILTERS[0], f"{GIVEN}:filter/a"),
            )
        ),
    ],
)
def test_a_grant_allows_one_operation_on_what_it_is_for(
    grant: Callable[[iam.IGrantable], iam.Grant], action: str, resource: Any
) -> None:
    stack = Stack(new_app(), "Test")
    grant(iam.Role(stack, "Client", assumed_by=iam.AccountRootPrincipal()))
    assert statements(by_path(stack), "Client/DefaultPolicy") == [
        {"Action": f"personalize:{action}", "Effect": "Allow", "Resource": resource}
    ]


def test_grants_on_resources_of_the_app_name_their_attributes() -> None:
    kit = Kit()
    client = iam.Role(kit.stack, "Client", assumed_by=iam.AccountRootPrincipal())
    of_group: dict[str, Any] = {"provider": kit.provider, "dataset_group": kit.group()}
    recommender = Recommender(kit.stack, "Recommender", recipe="aws-vod-top-picks", **of_group)
    version = SolutionVersion.from_solution_version_arn(kit.stack, "Given", VERSION_ARN)
    campaign = Campaign(kit.stack, "Campaign", provider=kit.provider, solution_version=version)
    dataset = kit.dataset(of_group["dataset_group"], kit.schema())
    recommender.grant_get_recommendations(
        client,
        [Filter(kit.stack, "Filter", filter_expression='INCLUDE ItemID WHERE Items.GENRES IN ("War")', **of_group)],
    )
    campaign.grant_get_personalized_ranking(client)
    dataset.grant_put_items(client)
    dataset.grant_put_users(client)
    EventTracker(kit.stack, "Tracker", **of_group).grant_put_events(client)
    found = {str(each["Action"]): each["Resource"] for each in statements(kit.synthesized(), "Client/DefaultPolicy")}
    assert found == {
        # Of the last link, so that a client deployed with it comes after the training.
        "personalize:GetRecommendations": ["${Filter.FilterArn}", "${Recommender/Wait/Link5.RecommenderArn}"],
        "personalize:GetPersonalizedRanking": "${Campaign.CampaignArn}",
        "['personalize:PutItems', 'personalize:PutUsers']": "${Dataset.DatasetArn}",
        "personalize:PutEvents": "*",
    }


# -- metrics -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", "_latency", "_4xx_errors", "_5xx_errors"])
@pytest.mark.parametrize(
    ("serving", "operation", "dimensions"),
    [
        (RECOMMENDER, "get_recommendations", {"RecommenderArn": f"{GIVEN}:recommender/films"}),
        (CAMPAIGN, "get_recommendations", {"CampaignArn": f"{GIVEN}:campaign/films"}),
        (CAMPAIGN, "get_personalized_ranking", {"CampaignArn": f"{GIVEN}:campaign/films"}),
    ],
)
def test_a_metric_is_that_of_the_service(serving: Any, operation: str, dimensions: dict[str, str], suffix: str) -> None:
    metric = getattr(serving, f"metric_{operation}{suffix}")()
    camel = {"": "", "_latency": "Latency", "_4xx_errors": "4xxErrors", "_5xx_errors": "5xxErrors"}[suffix]
    assert metric.namespace == "AWS/Personalize"
    assert metric.metric_name == operation.title().replace("_", "") + camel
    assert metric.dimensions == dimensions
    assert metric.statistic == ("Average" if suffix == "_latency" else "Sum")
    assert metric.period.to_seconds() == 300


def test_options_of_a_metric_override_its_defaults() -> None:
    metric = RECOMMENDER.metric_get_recommendations_latency(statistic="p99", period=Duration.minutes(1), label="slow")
    assert (metric.statistic, metric.period.to_seconds(), metric.label) == ("p99", 60, "slow")
    own = CAMPAIGN.metric("Anything", statistic="Maximum")
    assert (own.metric_name, own.statistic) == ("Anything", "Maximum")


def test_metrics_of_a_recommender_of_the_app_name_its_attribute() -> None:
    kit = Kit()
    recommender = Recommender(
        kit.stack, "Recommender", provider=kit.provider, dataset_group=kit.group(), recipe="aws-vod-top-picks"
    )
    dimensions = recommender.metric_get_recommendations().dimensions
    kit.synthesized()
    assert kit.read(dimensions) == {"RecommenderArn": "${Recommender/Wait/Link5.RecommenderArn}"}


# -- what exists already -------------------------------------------------------------------------------------------


def permissions_beside_names() -> dict[str, set[str]]:
    """Personalize actions that the provider has on resources of other names."""
    resources = kit_with_imports().synthesized()
    own = set(needed())
    found: dict[str, set[str]] = {}
    for statement in statements(resources, HANDLER):
        for on in [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]:
            if ":personalize:" in on and on not in own:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                found.setdefault(on, set()).update(each.removeprefix("personalize:") for each in actions)
    return found


def kit_with_imports() -> Kit:
    kit = Kit()
    group: Any = DatasetGroup.from_dataset_group_arn(kit.stack, "Given", GROUP_ARN)
    of_group: dict[str, Any] = {"provider": kit.provider, "dataset_group": group}
    Recommender(kit.stack, "Recommender", recipe="aws-vod-top-picks", **of_group)
    Filter(kit.stack, "Filter", filter_expression='INCLUDE ItemID WHERE Items.GENRES IN ("War")', **of_group)
    EventTracker(kit.stack, "Tracker", **of_group)
    Solution(kit.stack, "Solution", recipe="aws-personalized-ranking", **of_group)
    kit.data(dataset_of(f"{GIVEN}:dataset/films/ITEMS"), "Import")
    solution = Solution.from_solution_attributes(
        kit.stack, "GivenSolution", solution_arn=SOLUTION_ARN, dataset_group=group
    )
    SolutionVersion(kit.stack, "Version", provider=kit.provider, solution=solution)
    version = SolutionVersion.from_solution_version_arn(kit.stack, "Series", f"{GIVEN}:solution/series/1a2b")
    Campaign(kit.stack, "Campaign", provider=kit.provider, solution_version=version)
    judged = SolutionVersion.from_solution_version_arn(kit.stack, "JudgedVersion", f"{GIVEN}:solution/judged/3c4d")
    minimums = {"coverage": 0.1}
    gate = QualityGate(
        kit.stack, "Gate", provider=kit.provider, solution=solution, solution_version=judged, minimums=minimums
    )
    Campaign(kit.stack, "Judged", provider=kit.provider, solution_version=gate)
    return kit


def test_creating_in_what_exists_already_brings_the_permission_along() -> None:
    of_versions = {"CreateSolutionVersion", "DescribeSolutionVersion", "StopSolutionVersionCreation"}
    of_versions |= {"GetSolutionMetrics", "TagResource", "UntagResource", "ListTagsForResource"}
    assert permissions_beside_names() == {
        GROUP_ARN: {"CreateRecommender", "CreateFilter", "CreateEventTracker", "CreateSolution"},
        f"{GIVEN}:dataset/films/ITEMS": {"CreateDatasetImportJob"},
        SOLUTION_ARN: of_versions,
        f"{GIVEN}:solution/films/*": of_versions,
        f"{GIVEN}:solution/series": {"CreateCampaign"},
        f"{GIVEN}:solution/judged": {"DescribeSolutionVersion", "GetSolutionMetrics", "CreateCampaign"},
    }


def test_the_solution_of_a_version_that_is_known_when_it_is_deployed_is_worked_out_there() -> None:
    kit = Kit()
    parameter = CfnParameter(kit.stack, "VersionArn").value_as_string
    version = SolutionVersion.from_solution_version_arn(kit.stack, "Given", parameter)
    Campaign(kit.stack, "Campaign", provider=kit.provider, solution_version=version)
    parts = {"Fn::Split": ["/", {"Ref": "VersionArn"}]}
    solution = {"Fn::Join": ["/", [{"Fn::Select": [0, parts]}, {"Fn::Select": [1, parts]}]]}
    statement = {"Action": "personalize:CreateCampaign", "Effect": "Allow", "Resource": solution}
    statement |= {"Condition": {"StringLikeIfExists": {f"aws:RequestTag/{STACK_TAG}": OF_THIS_STACK}}}
    Template.from_stack(kit.stack).has_resource_properties(
        "AWS::IAM::Policy", {"PolicyDocument": {"Statement": Match.array_with([statement])}}
    )
