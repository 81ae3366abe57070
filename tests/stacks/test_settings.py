"""The settings file: one sentence for each mistake."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_logs as logs

from app import build
from stacks.context import read_boundary
from stacks.personalize.limits import LOG_RETENTION_DAYS
from stacks.settings import SettingsError, load_settings
from stacks.settings_checks import PLACEHOLDER_BUCKET
from tools.checkout import CHECKOUT, EXAMPLE_SETTINGS

MAX_WAIT = "max_wait: {imports: 2h, recommenders: 4h, trainings: 6h}"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def line_of(text: str) -> int:
    """Number of a line of dev.yaml."""
    return (EXAMPLE_SETTINGS / "dev.yaml").read_text().splitlines().index(text) + 1


def mistakes(config: Path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings("dev", config)
    return [line.removeprefix(f"{config / 'dev.yaml'}: ") for line in str(caught.value).splitlines()]


BOTH_COLUMNS = """excluded_dataset_columns: {}
    included_dataset_columns: {}"""


@pytest.mark.parametrize("env", sorted(path.stem for path in EXAMPLE_SETTINGS.glob("*.yaml")))
def test_the_settings_in_the_repository_are_right(env: str) -> None:
    settings = load_settings(env, EXAMPLE_SETTINGS)
    assert settings.prefix == f"vod-{env}"
    assert settings.parameter_path == f"/vod/{env}"
    there = settings.existing.dataset_types if settings.existing else list(settings.used_datasets)
    assert there == ["INTERACTIONS", "ITEMS", "USERS"]


@pytest.mark.parametrize("field", ["encryption_key", "data_encryption_key_arn"])
def test_a_key_of_another_region_is_refused(config: Path, field: str) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    edit(config / "dev.yaml", f"{field}: null", f"{field}: {key}")
    load_settings("dev", config)
    edit(config / "dev.yaml", "region: null", "region: eu-west-1")
    assert mistakes(config) == [f"{field}: the key is in us-east-1, but region is eu-west-1. Use a key of that region."]


@pytest.mark.parametrize("field", ["encryption_key", "data_encryption_key_arn"])
def test_a_key_of_another_region_than_the_profile_is_refused(config: Path, field: str) -> None:
    """Case 10: `region: null` deploys where the AWS profile says."""
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    edit(config / "dev.yaml", f"{field}: null", f"{field}: {key}")
    result = app(config, CDK_DEFAULT_REGION="eu-west-1")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        f"{field}: the key is in us-east-1, but region is eu-west-1. Use a key of that region."
    )


@pytest.mark.parametrize(("partition", "region"), [("aws", "cn-north-1"), ("aws-cn", "eu-west-1")])
def test_a_key_has_the_partition_of_its_region(config: Path, partition: str, region: str) -> None:
    key = f"arn:{partition}:kms:{region}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    edit(config / "dev.yaml", "encryption_key: null", f"encryption_key: {key}")
    assert mistakes(config) == [
        f"encryption_key: no key of {region} has an ARN that begins with arn:{partition}. Correct it."
    ]


def test_logs_can_be_kept_as_long_as_cloudwatch_can() -> None:
    """By the CDK's names of the days, each of which becomes these days in a template."""
    stack = Stack()
    for days, name in LOG_RETENTION_DAYS.items():
        logs.LogGroup(stack, name, retention=logs.RetentionDays[name])
        assert stack.resolve(stack.node.find_child(name).node.default_child.retention_in_days) == days
    assert {each.name for each in logs.RetentionDays} == {*LOG_RETENTION_DAYS.values(), "INFINITE"}


def test_durations_are_seconds(config: Path) -> None:
    edit(config / "dev.yaml", "imports: 2h", "imports: 90m")
    assert load_settings("dev", config).max_wait.imports == 5400


def test_what_max_wait_leaves_out_is_waited_for_as_long_as_usual(config: Path) -> None:
    edit(config / "dev.yaml", MAX_WAIT, "max_wait: {trainings: 9h}")
    found = load_settings("dev", config).max_wait
    assert (found.imports, found.recommenders, found.trainings) == (2 * 3600, 4 * 3600, 9 * 3600)


def test_a_single_max_wait_is_for_everything(config: Path) -> None:
    """As it was before there was one for each."""
    edit(config / "dev.yaml", MAX_WAIT, "max_wait: 12h")
    found = load_settings("dev", config).max_wait
    assert (found.imports, found.recommenders, found.trainings) == (12 * 3600,) * 3
    assert found.is_one_for_all


@pytest.mark.parametrize(
    ("old", "new", "setting"),
    [
        ("data: sample", "data: s3://{}/vod/", "data"),
        ("data_location: null", "data_location: s3://{}/clicks.csv", "datasets.interactions.data_location"),
        (
            "metric_attribution: null",
            "metric_attribution: {{metrics: {{m: {{event_type: Watch, expression: SAMPLECOUNT()}}}}, reports: s3://{}/r/}}",
            "metric_attribution.reports",
        ),
        (
            "operations: null",
            "operations: {{refresh: {{datasets: {{items: {{data_location: s3://{}/items/}}}}}}}}",
            "operations.refresh.datasets.items.data_location",
        ),
    ],
)
def test_the_placeholder_of_a_bucket_is_compared_but_not_deployed(
    config: Path, sample_directory: Path, old: str, new: str, setting: str
) -> None:
    """The CDK CLI deploys nothing while a stack has an error; `cdk destroy` does not look."""
    context = {"config_dir": str(config), "sample_dir": str(sample_directory)}
    edit(config / "dev.yaml", old, new.format(PLACEHOLDER_BUCKET))
    assert errors_of(context) == [
        f"{setting}: {PLACEHOLDER_BUCKET} stands for a bucket of yours. Write the name of that bucket."
    ]
    edit(config / "dev.yaml", PLACEHOLDER_BUCKET, f"{PLACEHOLDER_BUCKET}-2")
    assert errors_of(context) == []


def errors_of(context: dict[str, str]) -> list[str]:
    app = App(context=context, analytics_reporting=False)
    build(app)
    said = app.node.find_child("vod-dev-data").node.metadata
    return [str(each.data) for each in said if each.type == "aws:cdk:error"]


@pytest.mark.parametrize(("setting", "is_said"), [(MAX_WAIT, False), ("max_wait: 4h", True)])
def test_synth_says_that_one_max_wait_for_everything_makes_more_resources(
    config: Path, setting: str, is_said: bool
) -> None:
    edit(config / "dev.yaml", MAX_WAIT, setting)
    edit(config / "dev.yaml", "data: sample", "data: s3://bucket/vod/")
    app = App(context={"config_dir": str(config)}, analytics_reporting=False)
    build(app)
    said = app.node.find_child("vod-dev-data").node.metadata
    assert any("makes fewer waiting resources" in str(each.data) for each in said) is is_said


def test_data_folder_and_data_version_apply_to_each_dataset_unless_it_has_its_own(config: Path) -> None:
    edit(config / "dev.yaml", "data: sample", "data: s3://lake/vod/")
    edit(config / "dev.yaml", "data_location: null", "data_location: s3://other/clicks.csv\n    data_version: 7")
    settings = load_settings("dev", config)
    assert settings.location_of("INTERACTIONS") == "s3://other/clicks.csv"
    assert settings.location_of("ITEMS") == "s3://lake/vod/items.csv"
    assert settings.data_version_of("INTERACTIONS") == "7"
    assert settings.data_version_of("ITEMS") == "1"


RECIPES = (
    "aws-vod-because-you-watched-x, aws-vod-more-like-x, aws-vod-most-popular, aws-vod-trending-now, aws-vod-top-picks"
)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "recipe: aws-vod-more-like-x",
            "recipe: aws-vod-foo",
            "recommenders.more_like_x.recipe: 'aws-vod-foo' is not a recipe of the VIDEO_ON_DEMAND domain. "
            f"Use one of {RECIPES}.",
        ),
        (
            "encryption_key: null",
            "encryption_key: arn:aws:kms:eu-west-1:123456789012:alias/vod",
            "encryption_key: 'arn:aws:kms:eu-west-1:123456789012:alias/vod' must be the ARN of a KMS key, "
            "arn:aws:kms:REGION:ACCOUNT:key/ID, and not that of an alias.",
        ),
        (
            "log_retention_days: 30",
            "log_retention_days: 31",
            "log_retention_days: 31 must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, "
            "1096, 1827, 2192, 2557, 2922, 3288, 3653.",
        ),
        (
            "app_name: vod",
            "app_name: my vod",
            "app_name: 'my vod' must be 1 to 20 letters, digits and hyphens, and begin with a letter.",
        ),
        (
            "min_provisioned_tps: 1",
            "min_provisioned_tps: 0",
            "ranking.campaign.min_provisioned_tps: must be at least 1, but is 0.",
        ),
        (
            "allow_replacement: false",
            "allow_replacment: false",
            "allow_replacment: is not a setting. Did you mean allow_replacement? Remove it, or correct its name.",
        ),
        (
            "min_provisioned_tps: 1",
            "min_provisoned_tps: 1",
            "ranking.campaign.min_provisoned_tps: is not a setting. Did you mean min_provisioned_tps? "
            "Remove it, or correct its name.",
        ),
        (
            "    recipe: aws-vod-top-picks\n",
            "    recipe: aws-vod-most-popular\n",
            "recommenders.top_picks: recipe 'aws-vod-most-popular' does not explore. Remove item_exploration_config.",
        ),
        ("removal_policy: destroy", "", "removal_policy: is missing. Add it."),
        (
            "removal_policy: destroy",
            "removal_policy: keep",
            "removal_policy: must be 'destroy' or 'retain', but is 'keep'.",
        ),
        (
            "account: null",
            "account: 123456789012",
            "account: must be text (in quotes, if it looks like a number), but is 123456789012.",
        ),
        ("account: null", 'account: "1234"', "account: '1234' must be 12 digits in quotes."),
        (
            "region: null",
            "region: eu-north-1",
            "region: 'eu-north-1' has no Amazon Personalize. Use one of us-east-1, us-east-2, us-west-2, ca-central-1, "
            "eu-west-1, eu-central-1, ap-south-1, ap-northeast-1, ap-northeast-2, ap-southeast-1, ap-southeast-2, "
            "cn-north-1.",
        ),
        (
            "  project: vod",
            "  project: R&D",
            "tags: the value of 'project' has '&', and tags consist of letters, digits, spaces and _.:/=+-@. "
            "Leave it out.",
        ),
        (
            "imports: 2h",
            "imports: 4 days",
            "max_wait.imports: '4 days' must be a number of minutes or hours, such as 90m or 4h.",
        ),
        (MAX_WAIT, "max_wait: 4 days", "max_wait: '4 days' must be a number of minutes or hours, such as 90m or 4h."),
        (MAX_WAIT, "max_wait: 49h", "max_wait: '49h' must be 1h to 48h."),
        (
            "imports: 2h",
            "import: 2h",
            "max_wait.import: is not a setting. Did you mean imports? Remove it, or correct its name.",
        ),
        ("data: sample", "data: s3://bucket/x", "data: 's3://bucket/x' must be a folder and end in a slash."),
        ("data: sample", "data: ./x", "data: './x' must be sample or a folder such as s3://bucket/folder/."),
        (
            "data_location: null",
            "data_location: /tmp/x.csv",
            "datasets.interactions.data_location: '/tmp/x.csv' must be a location such as s3://bucket/folder/.",
        ),
        (
            "import_mode: FULL",
            "import_mode: full",
            "datasets.interactions.import_mode: must be 'FULL' or 'INCREMENTAL', but is 'full'.",
        ),
        (
            "auto_training_days: null",
            "auto_training_days: 31",
            "ranking.auto_training_days: must be at most 30, but is 31.",
        ),
        (
            "auto_training_days: null",
            "auto_training_days: often",
            "ranking.auto_training_days: must be a whole number, but is 'often'.",
        ),
        (
            "auto_training_days: null",
            "auto_training_days: 7",
            "ranking: auto_training_days creates versions that cost money, but the campaign does not serve them. Set "
            "campaign.follow_latest to true, or auto_training_days to null.",
        ),
        (
            "events_config: null",
            "events_config: {Watch: {weight: 2}}",
            "ranking.events_config.Watch.weight: must be at most 1, but is 2.",
        ),
        (
            "recipe: aws-personalized-ranking-v2",
            "recipe: aws-personalized-ranking\n  events_config: {Watch: {weight: 1}} #",
            "ranking: recipe 'aws-personalized-ranking' does not take events_config. Remove it.",
        ),
        (
            "perform_hpo: false",
            "perform_hpo: true",
            "ranking: recipe 'aws-personalized-ranking-v2' does not take perform_hpo. Set it to false.",
        ),
        (
            "algorithm_hyper_parameters: {}",
            "algorithm_hyper_parameters: {apply_recency_bias: often}",
            "ranking: hyperparameter apply_recency_bias must be true or false, but is 'often'.",
        ),
        (
            "recipe: aws-personalized-ranking-v2",
            "recipe: aws-personalized-ranking\n  algorithm_hyper_parameters: {bptt: 64} #",
            "ranking: hyperparameter bptt must be a whole number, 2 to 32, but is '64'.",
        ),
        (
            "coverage: 0.1",
            "coverage: 10",
            "ranking.quality_gate.minimums.coverage: must be at most 1, but is 10.",
        ),
        (
            "tolerance: 0.05",
            "tolerance: 1",
            "ranking.quality_gate.tolerance: must be less than 1, but is 1.",
        ),
        (
            "compared_metrics: [normalized_discounted_cumulative_gain_at_25, mean_reciprocal_rank_at_25]",
            "compared_metrics: []",
            "ranking.quality_gate.compared_metrics: must not be empty.",
        ),
        (
            "included_dataset_columns: {}",
            "included_dataset_columns: {items: [BUDGET]}",
            "recommenders.more_like_x.included_dataset_columns.items: 'BUDGET' is not a column of that dataset. "
            "It has ITEM_ID, TITLE, GENRES, YEAR, CREATION_TIMESTAMP.",
        ),
        (
            "excluded_dataset_columns: {}",
            "excluded_dataset_columns: {interactions: [EVENT_TYPE]}",
            "recommenders.more_like_x.excluded_dataset_columns.interactions: 'EVENT_TYPE' cannot be left out of "
            "training. Remove it from the list.",
        ),
        (
            BOTH_COLUMNS,
            BOTH_COLUMNS.replace("{}\n", "{items: [YEAR]}\n").replace(
                "columns: {}", "columns: {items: [YEAR, GENRES]}"
            ),
            "recommenders.more_like_x.excluded_dataset_columns.items: 'YEAR' is in included_dataset_columns as well. "
            "Remove it from one of them.",
        ),
        (
            "excluded_dataset_columns: {}",
            "excluded_dataset_columns: {items: [BUDGET]}",
            "recommenders.more_like_x.excluded_dataset_columns.items: 'BUDGET' is not a column of that dataset. "
            "It has ITEM_ID, TITLE, GENRES, YEAR, CREATION_TIMESTAMP.",
        ),
        (
            "Items.GENRES",
            "Items.GENRE",
            "filters.genre: at character 22: 'Items.GENRE' is not a column of the items dataset. "
            "It has ITEM_ID, TITLE, GENRES, YEAR, CREATION_TIMESTAMP.",
        ),
        (
            "Items.GENRES",
            "Movies.GENRES",
            "filters.genre: at character 22: expected Interactions, Items, Users, Actions, Action_Interactions or "
            "CurrentUser, but found 'Movies'.",
        ),
        (
            "IN ($GENRES)",
            "NOT IN ($GENRES)",
            "filters.genre: at character 43: the placeholder $GENRES cannot be used with NOT IN. "
            "Use IN, and INCLUDE in place of EXCLUDE or the reverse.",
        ),
        (
            "INCLUDE ItemID WHERE",
            "EXCLUD ItemID WERE",
            "filters.genre: at character 1: expected INCLUDE or EXCLUDE, but found 'EXCLUD'.",
        ),
        (
            "IN ($GENRES)",
            "IN ($GENRES",
            "filters.genre: at character 46: expected ')' or ',', but found the end of the expression.",
        ),
        (
            "exploration_weight: 0.3",
            "exploration_wait: 0.3",
            "recommenders.top_picks.item_exploration_config.exploration_wait: is not a setting. "
            "Did you mean exploration_weight? Remove it, or correct its name.",
        ),
        (
            "  top_picks:\n    recipe:",
            "  recipe:\n    recipes: x\n    recipe:",
            "recommenders.recipe.recipes: is not a setting. Did you mean recipe? Remove it, or correct its name.",
        ),
        (
            "  project: vod",
            "  aws:project: vod",
            "tags: 'aws:project' begins with aws:, which AWS reserves. Rename it.",
        ),
        (
            "tags:",
            "tags: [",
            f"line {line_of('removal_policy: destroy')}, column 1: expected ',' or ']', but got '?'. Correct the YAML.",
        ),
        (
            "event_tracker: true",
            "data: sample",
            f"line {line_of('event_tracker: true')}, column 1: 'data' appears twice. Correct the YAML.",
        ),
        ("tags:\n  project: vod", "tags: none", "tags: must be a section of settings, but is 'none'."),
        ("  project: vod", "  project: ''", "tags.project: must not be empty."),
        (
            "  project: vod",
            "  project: vod\n  Project: vod",
            "tags: 'Project' and 'project' are the same key to IAM, whose roles carry them. Remove one.",
        ),
        (
            "  project: vod",
            "  cloudformation:stack-id: vod",
            "tags: 'cloudformation:stack-id' is a tag that tells the provider who owns a resource. Rename it.",
        ),
        (
            "data: sample",
            "data: s3://vod..films/data/",
            "data: 'vod..films' cannot be the name of a bucket: a dot must be between letters or digits, and an IP "
            "address is not allowed. Correct it.",
        ),
        (
            "data_location: null",
            "data_location: s3://192.168.1.1/data/",
            "datasets.interactions.data_location: '192.168.1.1' cannot be the name of a bucket: a dot must be "
            "between letters or digits, and an IP address is not allowed. Correct it.",
        ),
        (
            "data: sample",
            "data: s3://vod/${env}/",
            "data: 's3://vod/${env}/' contains ${, but placeholders do not work here. Write the location itself.",
        ),
    ],
)
def test_mistake(config: Path, old: str, new: str, sentence: str) -> None:
    file = config / "dev.yaml"
    if "algorithm_hyper_parameters: {bptt" in new:
        edit(file, "  algorithm_hyper_parameters: {}\n", "")
    if "events_config: {Watch: {weight: 1}" in new:
        edit(file, "  events_config: null\n", "")
    edit(file, old, new)
    assert mistakes(config) == [sentence]


@pytest.mark.parametrize(
    "expression",
    [
        'EXCLUDE itemId WHERE INTERACTIONS.event_type in ("Watch")',
        "INCLUDE ItemID WHERE Items.GENRES IN CurrentItem.GENRES",
    ],
)
def test_a_filter_that_is_right_is_taken(config: Path, expression: str) -> None:
    """Case 8."""
    edit(config / "dev.yaml", "INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)", expression)
    assert load_settings("dev", config).filters["genre"].expression == expression


def test_all_filters_together_have_a_limit_of_columns(config: Path) -> None:
    schema = config / "schemas" / "items.avsc"
    document = json.loads(schema.read_text())
    document["fields"] += [{"name": f"C{n}", "type": ["null", "float"]} for n in range(20)]
    schema.write_text(json.dumps(document))
    ten, twenty = (" AND ".join(f"Items.C{n} = 1" for n in range(low, low + 10)) for low in (0, 10))
    more = f"  ten: INCLUDE ItemID WHERE {ten}\n  twenty: EXCLUDE ItemID WHERE {twenty}\n"
    edit(config / "dev.yaml", "filters:\n", f"filters:\n{more}")
    assert mistakes(config) == [
        "filters: use 22 distinct columns, at most 20 are allowed in all filters together. Use fewer columns."
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "  genre: 'INCLUDE",
            "  genre1: 'INCLUDE ItemID WHERE Items.YEAR > 1990'\n  genre_1: 'INCLUDE",
            "filters.genre_1: becomes the same as 'genre1' in the template. Rename one of them.",
        ),
        (
            "  genre: 'INCLUDE",
            "  genre_arn: 'INCLUDE ItemID WHERE Items.YEAR > 1990'\n  genre: 'INCLUDE",
            "filters.genre: becomes the same as 'genre_arn' in the template. Rename one of them.",
        ),
        (
            "  top_picks:\n",
            "  more_likex: {recipe: aws-vod-more-like-x}\n  mor_e_likex: {recipe: aws-vod-more-like-x}\n  top_picks:\n",
            None,
        ),
        (
            "  top_picks:\n",
            "  recommender_more_like_x_arn: {recipe: aws-vod-most-popular}\n  top_picks:\n",
            "recommenders.recommender_more_like_x_arn: becomes the same as 'more_like_x' in the template. "
            "Rename one of them.",
        ),
        (
            "  more_like_x:\n",
            "  bootstrap_version:\n",
            "recommenders.bootstrap_version: is a name that the CDK uses itself. Rename it.",
        ),
        (
            "  more_like_x:\n",
            "  default: {recipe: aws-vod-trending-now}\n  resource:\n",
            "recommenders.resource: becomes the same as 'default' in the template. Rename one of them.",
        ),
        ("  more_like_x:\n", "  resource:\n", None),
    ],
)
def test_names_that_become_one_are_one_line(config: Path, old: str, new: str, sentence: str | None) -> None:
    """Case 14: different in the file, the same as an id in the template."""
    edit(config / "dev.yaml", old, new)
    if sentence is None:
        load_settings("dev", config)
    else:
        assert mistakes(config) == [sentence]


@pytest.mark.parametrize("section", ["recommenders", "filters"])
def test_names_have_at_most_a_hundred_characters(config: Path, section: str) -> None:
    """Case 25: a long name fits, or one line says what fits."""
    entry = {"recommenders": "{recipe: aws-vod-most-popular}", "filters": "'INCLUDE ItemID WHERE Items.YEAR > 1990'"}
    edit(config / "dev.yaml", f"\n{section}:\n", f"\n{section}:\n  {'x' * 100}: {entry[section]}\n")
    load_settings("dev", config)
    edit(config / "dev.yaml", "x" * 100, "x" * 101)
    assert mistakes(config) == [
        f"{section}.{'x' * 101}: '{'x' * 101}' has 101 characters, at most 100 are allowed. Shorten it."
    ]


def test_each_filter_is_an_output_of_which_a_template_has_two_hundred(config: Path) -> None:
    """Case 12: another of CloudFormation's limits; its user guide, "Understand CloudFormation quotas"."""
    more = "".join(f"  newer_than_{year}: 'INCLUDE ItemID WHERE Items.YEAR > {year}'\n" for year in range(149))
    edit(config / "dev.yaml", "\nfilters:\n", f"\nfilters:\n{more}")
    assert mistakes(config) == ["filters: is too long, at most 150 are allowed."]


@pytest.mark.parametrize(
    ("app_name", "start", "what"),
    [("AwsVod", "aws", "an SSM parameter"), ("ssm", "ssm", "an SSM parameter"), ("xn--vod", "xn--", "a bucket")],
)
def test_app_names_that_names_elsewhere_cannot_begin_with(config: Path, app_name: str, start: str, what: str) -> None:
    edit(config / "dev.yaml", "app_name: vod", f"app_name: {app_name}")
    assert mistakes(config) == [
        f"app_name: '{app_name}' begins with {start}, and the name of {what} cannot. Choose another name."
    ]


@pytest.mark.parametrize("name", ["vod_x", "", "x" * 21])
def test_the_separator_of_names_is_in_no_part_of_them(config: Path, name: str) -> None:
    """So that no environment's names begin like another's."""
    edit(config / "dev.yaml", "app_name: vod", f"app_name: '{name}'")
    assert mistakes(config) == [
        f"app_name: '{name}' must be 1 to 20 letters, digits and hyphens, and begin with a letter."
    ]
    with pytest.raises(SettingsError, match="must be 1 to 10 letters, digits and hyphens"):
        load_settings("dev_eu", config)


def without_items(file: Path) -> None:
    edit(file, "  items:\n    schema_file: schemas/items.avsc\n", "")
    edit(file, "  genre: 'INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)'\n", "")
    edit(file, "explore: {title: TITLE, genres: GENRES}\n", "")


def test_more_like_x_trains_on_items(config: Path) -> None:
    """Developer guide, "VIDEO_ON_DEMAND use cases": the datasets of each; the others need interactions only."""
    without_items(config / "dev.yaml")
    assert mistakes(config) == [
        "datasets.items: is missing, and recommenders.more_like_x trains on it. Add it, or remove "
        "recommenders.more_like_x."
    ]
    edit(config / "dev.yaml", "recipe: aws-vod-more-like-x", "recipe: aws-vod-because-you-watched-x")
    load_settings("dev", config)


@pytest.mark.parametrize("user", ["recommenders.popular", "ranking.campaign"])
def test_metadata_is_returned_from_items(config: Path, user: str) -> None:
    """Developer guide, "Metadata in recommendations": the columns are those of the Items dataset."""
    file, setting = config / "dev.yaml", "enable_metadata_with_recommendations"
    without_items(file)
    edit(file, "more_like_x:\n    recipe: aws-vod-more-like-x", "popular:\n    recipe: aws-vod-most-popular")
    load_settings("dev", config)
    where = "" if user.startswith("recommenders") else "    min_provisioned_tps: 1\n"
    edit(file, f"{where}    {setting}: false", f"{where}    {setting}: true")
    assert mistakes(config) == [
        f"datasets.items: is missing, and {user}.{setting} returns columns of it. Add it, or remove {user}.{setting}."
    ]


def test_schema_without_event_type_is_one_sentence(config: Path) -> None:
    file = config / "schemas" / "interactions.avsc"
    file.write_text(re.sub(r'\{"name": "EVENT_TYPE"[^}]*\},\s*', "", file.read_text()))
    assert mistakes(config) == ["datasets.interactions.schema_file: EVENT_TYPE: this field is required, as string."]


def test_schema_that_is_not_there_or_not_json(config: Path) -> None:
    edit(config / "dev.yaml", "schemas/items.avsc", "schemas/films.avsc")
    (config / "schemas" / "users.avsc").write_text("{")
    first, second = mistakes(config)
    assert first == (
        f"datasets.items.schema_file: 'schemas/films.avsc' cannot be read from {config}: No such file or directory."
    )
    assert second.startswith("datasets.users.schema_file: 'schemas/users.avsc' is not JSON: line 1, ")


def test_every_mistake_is_reported_at_once(config: Path) -> None:
    edit(config / "dev.yaml", "app_name: vod", "app_name: '!'")
    edit(config / "dev.yaml", "min_provisioned_tps: 1", "min_provisioned_tps: 0")
    assert len(mistakes(config)) == 2


def test_unknown_environment_names_those_that_exist(config: Path) -> None:
    with pytest.raises(SettingsError, match=r"Environments in .*config: adopted, dev, existing, prod\."):
        load_settings("staging", config)


def test_environment_names_are_short(config: Path) -> None:
    with pytest.raises(SettingsError, match=r"^env: '../x' must be 1 to 10 letters, digits and hyphens"):
        load_settings("../x", config)


def test_a_folder_of_settings_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    with pytest.raises(SettingsError, match=f"^config_dir: there is no folder {folder}. Correct the path.$"):
        load_settings("dev", folder)


QUALIFIER, BOUNDARY = "@aws-cdk/core:bootstrapQualifier", "@aws-cdk/core:permissionsBoundary"
NO_NAME = "The CDK only fills in ${Qualifier}, ${AWS::AccountId}, ${AWS::Region}."
NO_BOUNDARY = 'must be the name or the ARN of a policy, or in cdk.json {"name": NAME} or {"arn": ARN}.'


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("config_dir", 5, "must be the path of a folder, but is 5."),
        ("config_dir", ["config"], "must be the path of a folder, but is a list."),
        ("sample_dir", True, "must be the path of a folder, but is true."),
        (QUALIFIER, "", "must be 1 to 10 letters, digits, underscores and hyphens, but is ''."),
        (
            QUALIFIER,
            "team-for-films",
            "must be 1 to 10 letters, digits, underscores and hyphens, but is 'team-for-films'.",
        ),
        (QUALIFIER, 5, "must be 1 to 10 letters, digits, underscores and hyphens, but is 5."),
        (BOUNDARY, "", f"'' cannot be the name of a policy. {NO_NAME}"),
        (BOUNDARY, "a b", f"'a b' cannot be the name of a policy. {NO_NAME}"),
        (BOUNDARY, "x-${AWS::Partition}", f"'x-${{AWS::Partition}}' cannot be the name of a policy. {NO_NAME}"),
        (BOUNDARY, {"arn": "arn:x"}, f"'arn:x' cannot be the ARN of a policy. {NO_NAME}"),
        (BOUNDARY, {"nam": "x"}, NO_BOUNDARY),
        (BOUNDARY, 5, NO_BOUNDARY),
        (
            BOUNDARY,
            "x-${AWS::AccountId}",
            "'x-${AWS::AccountId}' contains ${AWS::AccountId}, but account in the settings is empty. Set it.",
        ),
    ],
)
def test_a_mistake_in_the_context_is_one_line(config: Path, key: str, value: object, sentence: str) -> None:
    """Cases 13 and 29: the CDK raises for some of these, and passes over others without a word."""
    with pytest.raises(SettingsError) as caught:
        build(App(context={"config_dir": str(config), key: value}))
    assert str(caught.value) == f"{key}: {sentence}"


@pytest.mark.parametrize("boundary", ["cdk-${Qualifier}-${AWS::AccountId}-${AWS::Region}", "team/limits"])
def test_a_boundary_may_hold_what_the_settings_tell(config: Path, boundary: str) -> None:
    """Case 29: the name that `cdk bootstrap` itself would choose."""
    edit(config / "dev.yaml", "account: null", "account: '123456789012'")
    edit(config / "dev.yaml", "region: null", "region: eu-west-1")
    app = App(context={"config_dir": str(config), BOUNDARY: boundary})
    read_boundary(app, load_settings("dev", config))
    assert app.node.get_context(BOUNDARY) == {"name": boundary}


def app(config: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the app as the CDK CLI does."""
    context = f'{{"config_dir": "{config}"}}'
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=CHECKOUT,
        env={**os.environ, "CDK_CONTEXT_JSON": context, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_stack_that_is_too_large_is_one_line(config: Path, tmp_path: Path) -> None:
    """Case 12: five recommenders, each waited for for two days."""
    edit(config / "dev.yaml", MAX_WAIT, "max_wait: 48h")
    edit(config / "dev.yaml", "data: sample", "data: s3://bucket/vod/")
    more = "".join(f"  popular_{number}: {{recipe: aws-vod-most-popular}}\n" for number in range(3))
    edit(config / "dev.yaml", "  more_like_x:\n", f"{more}  more_like_x:\n")
    result = app(config, CDK_OUTDIR=str(tmp_path / "cdk.out"))
    assert result.returncode == 1
    assert re.fullmatch(
        r"max_wait: the stack vod-dev-recommenders would have 5\d\d resources, most of which only wait\. "
        r"CloudFormation allows at most 500\. Lower max_wait, or have fewer recommenders or filters\.",
        result.stderr.splitlines()[-1],
    )
    assert "Traceback" not in result.stderr


def test_the_region_of_the_profile_is_one_that_has_the_service(config: Path) -> None:
    """Case 10: `region: null` deploys where the AWS profile says, which the CDK CLI tells the app."""
    result = app(config, CDK_DEFAULT_REGION="eu-north-1")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(
        "region: is empty, and eu-north-1, the region of your AWS profile, has no Amazon Personalize. Set it to one of "
    )


def test_the_app_prints_the_sentence_and_exits_with_1(config: Path) -> None:
    edit(config / "dev.yaml", "min_provisioned_tps: 1", "min_provisioned_tps: 0")
    result = app(config)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        f"{config / 'dev.yaml'}: ranking.campaign.min_provisioned_tps: must be at least 1, but is 0."
    )
    assert "Traceback" not in result.stderr
