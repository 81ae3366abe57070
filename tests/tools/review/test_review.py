"""`make review`: what it says of changes to the settings."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from lambdas.personalize_provider.resource_type import Effect
from tests.support.checkout import Checkout
from tools.checkout import EXAMPLE_SETTINGS
from tools.review import __main__ as review
from tools.review.comment import as_markdown
from tools.review.diff import Comparison, Kind, ResourceChange, compare
from tools.review.iam import statements
from tools.review.money import costs, is_unpriced, load_prices
from tools.review.page import as_html
from tools.review.rehearsal import Rehearsal, Step, rehearse
from tools.review.report import review_of
from tools.review.review import Commit, Header, Review, Verdict
from tools.review.terminal import as_text
from tools.simulation.assembly import Assembly

from .support.rendering import text

# Long, so it begins early.
pytestmark = pytest.mark.xdist_group("review")

Edit = Callable[[Path], None]
NOTHING = Assembly({}, {})
HEADER = Header("vod", "dev", "", "", Commit("main"), Commit("working tree"), datetime(2026, 11, 26, tzinfo=UTC))
UNREHEARSED = Rehearsal(0.0, (), ())


def reviewed(
    base: Assembly, head: Assembly, comparison: Comparison | None = None, rehearsal: Rehearsal = UNREHEARSED
) -> Review:
    return review_of(HEADER, base, head, comparison or compare(base, head), rehearsal, destroy="destroy it")


@pytest.fixture(scope="module")
def base(dev_assembly: Path) -> Assembly:
    return Assembly.read(dev_assembly)


@pytest.fixture
def after(assembly: Callable[..., Path], tmp_path: Path) -> Callable[[Edit], Assembly]:
    """Synthesizes dev as an edit leaves it."""

    def synthesized(edit: Edit) -> Assembly:
        folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
        edit(folder)
        return Assembly.read(assembly("dev", folder))

    return synthesized


def settings(old: str, new: str) -> Edit:
    def edit(folder: Path) -> None:
        file = folder / "dev.yaml"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    return edit


def trained_automatically(days: int) -> Edit:
    def edit(folder: Path) -> None:
        settings("auto_training_days: null", f"auto_training_days: {days}")(folder)
        settings("follow_latest: false", "follow_latest: true")(folder)

    return edit


def longer_schema(folder: Path) -> None:
    file = folder / "schemas" / "items.avsc"
    schema = json.loads(file.read_text())
    schema["fields"].append({"name": "DIRECTOR", "type": ["null", "string"], "categorical": True})
    file.write_text(json.dumps(schema))


def without_users(folder: Path) -> None:
    file = folder / "dev.yaml"
    file.write_text(file.read_text().replace("  users:\n    schema_file: schemas/users.avsc\n", ""))


def effects(comparison: Comparison) -> dict[str, Effect]:
    """By noun, the effect on each Personalize resource that changes."""
    return {each.noun: each.effect for each in comparison.changes if each.noun}


@pytest.mark.parametrize(
    ("edit", "expected", "topics", "said"),
    [
        (
            settings("min_provisioned_tps: 1", "min_provisioned_tps: 2"),
            {"Campaign": Effect.IN_PLACE},
            ["money"],
            "deploying it: updated in place | recommendations: served throughout, with the old configuration until",
        ),
        (
            settings("active: true", "active: false"),
            {"Recommender": Effect.IN_PLACE},
            ["interruption"],
            "recommendations: a stopped recommender answers no request; started again",
        ),
        (
            settings("IN ($GENRES)", 'IN ("Comedy")'),
            {"Filter": Effect.REPLACED},
            ["another ARN"],
            "deploying it: replaced without interruption | recommendations: served throughout; requests then need",
        ),
        (
            longer_schema,
            {"Schema": Effect.REPLACED, "Dataset": Effect.IN_PLACE},
            ["columns nothing trains on"],
            "deploying it: updated in place, keeps its data; nothing trains on new columns until included",
        ),
        (
            settings("recipe: aws-personalized-ranking-v2", "recipe: aws-personalized-ranking"),
            {"Solution": Effect.REPLACED, "SolutionVersion": Effect.REPLACED, "Campaign": Effect.IN_PLACE},
            ["quality gate"],
            "deploying it: replaced, with retraining | recommendations: the campaign serves its version until",
        ),
        (
            settings('data_version: "1"', 'data_version: "2"'),
            {
                "DatasetImportJob": Effect.REPLACED,
                "SolutionVersion": Effect.REPLACED,
                "Campaign": Effect.IN_PLACE,
            },
            ["quality gate"],
            "deploying it: replaced by a new import | recommendations: served throughout",
        ),
        (
            trained_automatically(3),
            {"Solution": Effect.IN_PLACE, "Campaign": Effect.IN_PLACE},
            ["money"],
            "property: PerformAutoTraining | change: false → true | deploying it: updated in place",
        ),
    ],
)
def test_a_setting_does_this_and_sets_off_that(
    after: Callable[[Edit], Assembly],
    base: Assembly,
    edit: Edit,
    expected: dict[str, Effect],
    topics: list[str],
    said: str,
) -> None:
    head = after(edit)
    comparison = compare(base, head)
    assert effects(comparison) == expected
    assert comparison.stopped == []
    assert [each.topic for each in reviewed(base, head).reasons] == topics
    assert reviewed(base, head).verdict is Verdict.READ_FIRST
    assert said in shown(reviewed(base, head))


def shown(review: Review) -> str:
    """What the terminal says of the changes; nothing is rehearsed, so nothing takes time."""
    return as_text(review).replace(" | takes: 0 s", "")


def longer_interactions(folder: Path) -> None:
    file = folder / "schemas" / "interactions.avsc"
    schema = json.loads(file.read_text())
    schema["fields"].append({"name": "DEVICE", "type": ["null", "string"]})
    file.write_text(json.dumps(schema))


def other_items(folder: Path) -> None:
    file = folder / "schemas" / "items.avsc"
    schema = json.loads(file.read_text())
    (last,) = (field for field in schema["fields"] if field["name"] == "CREATION_TIMESTAMP")
    schema["fields"].append({**last, "name": "RENAMED", "type": "int"})
    file.write_text(json.dumps(schema))


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (longer_interactions, "the schema of Interactions cannot be replaced (field DEVICE is new). Undo the change"),
        (other_items, "the new field RENAMED does not allow null. A schema keeps its fields as they are"),
    ],
)
def test_a_schema_that_the_service_does_not_take_is_refused(
    after: Callable[[Edit], Assembly], base: Assembly, edit: Edit, why: str
) -> None:
    """Cases 4 and 5: the review says so, and why, before anybody deploys it."""
    head = after(edit)
    comparison = compare(base, head)
    assert effects(comparison) == {"Schema": Effect.REPLACED, "Dataset": Effect.IMPOSSIBLE}
    assert reviewed(base, head).verdict is Verdict.REFUSED
    assert why in shown(reviewed(base, head))


def test_a_tag_changes_in_place_everywhere(after: Callable[[Edit], Assembly], base: Assembly) -> None:
    head = after(settings("project: vod", "project: films"))
    comparison = compare(base, head)
    assert {each.effect for each in comparison.changes} == {Effect.IN_PLACE}
    assert {change.name for each in comparison.changes for change in each.properties} == {"Tags"}
    assert reviewed(base, head).headline.startswith("Can be deployed. ")
    assert reviewed(base, head).headline.endswith("with changed tags only.")
    assert "Tags of 15 resources of vod-dev-ranking change in place." in shown(reviewed(base, head))


def test_what_is_refused_in_rehearsal_decides(assembly: Callable[..., Path], tmp_path: Path) -> None:
    """Case 7: the first import into a dataset cannot be an incremental one, which no template says."""
    folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    settings("import_mode: FULL", "import_mode: INCREMENTAL")(folder)
    head = Assembly.read(assembly("dev", folder))
    comparison, rehearsal = compare(NOTHING, head), rehearse(NOTHING, head)
    assert comparison.stopped == []
    found = reviewed(NOTHING, head, comparison, rehearsal)
    assert found.verdict is Verdict.REFUSED
    assert found.headline.startswith(
        "Cannot be deployed: The provider refused it in the rehearsal: The service refused CreateDatasetImportJob for "
    )


def test_a_quality_gate_that_judges_made_up_data_does_not_decide(assembly: Callable[..., Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    settings("coverage: 0.1", "coverage: 0.999")(folder)
    head = Assembly.read(assembly("dev", folder))
    rehearsal = rehearse(NOTHING, head)
    assert rehearsal.reasons == ()
    found = reviewed(NOTHING, head, rehearsal=rehearsal)
    assert found.verdict is Verdict.READ_FIRST
    (reason,) = (each for each in found.reasons if each.topic == "quality gate")
    assert "judges the new version by its metrics, which only your data decides: coverage of at least 0.999" in (
        reason.text
    )


def test_another_domain_is_refused(base: Assembly) -> None:
    text = json.dumps(base.templates["vod-dev-data"]).replace('"Domain": "VIDEO_ON_DEMAND"', '"Domain": "ECOMMERCE"')
    head = Assembly({**base.templates, "vod-dev-data": json.loads(text)}, base.needs)
    comparison = compare(base, head)
    # The schema of interactions cannot be replaced by one of another domain either.
    assert [each.path for each in comparison.stopped] == ["DatasetGroup", "InteractionsDataset"]
    said = reviewed(base, head).headline
    assert said.startswith("Cannot be deployed: DatasetGroup is refused, unless allow_replacement accepts the loss ")
    assert "InteractionsDataset is refused: " in said


def test_a_dataset_that_leaves_takes_its_data_along(after: Callable[[Edit], Assembly], base: Assembly) -> None:
    head = after(without_users)
    comparison = compare(base, head)
    group, lost = comparison.stopped
    assert (group.noun, group.effect, lost.noun, lost.kind) == (
        "DatasetGroup",
        Effect.LOSES_DATA,
        "Dataset",
        Kind.REMOVED,
    )
    assert lost.loses_data
    assert comparison.outputs["vod-dev-data"] == ([], ["UsersDatasetArn", "UsersSchemaArn"])


def test_a_dataset_more_is_refused_by_nobody(assembly: Callable[..., Path], base: Assembly, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    without_users(folder)
    comparison = compare(Assembly.read(assembly("dev", folder)), base)
    assert comparison.stopped == []
    assert "DatasetGroup" not in effects(comparison)


def test_what_the_settings_take_away_is_removed_and_no_longer_billed(
    assembly: Callable[..., Path], base: Assembly, tmp_path: Path
) -> None:
    """Cases 1 and 2: neither ranking nor recommenders, so their stacks are empty."""
    folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    file = folder / "dev.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"ranking": None, "recommenders": {}}))
    head = Assembly.read(assembly("dev", folder))
    comparison = compare(base, head)
    removed = {each.noun for each in comparison.changes if each.kind is Kind.REMOVED and each.noun}
    assert removed == {"Recommender", "Solution", "SolutionVersion", "Campaign"}
    assert {each.kind for each in comparison.changes} == {Kind.REMOVED}
    assert comparison.stopped == []
    rehearsal = rehearse(base, head)
    assert rehearsal.reasons == ()
    report = as_text(reviewed(base, head, comparison, rehearsal))
    assert "RerankCampaign (Campaign) | deploying it: removed" in report
    assert "provisioned for 1 per second (no longer) | before: " in report


def test_what_is_retained_is_not_lost(prod_assembly: Path) -> None:
    prod = Assembly.read(prod_assembly)
    data = json.loads(json.dumps(prod.templates["vod-prod-data"]))
    data["Resources"] = {
        key: each for key, each in data["Resources"].items() if each["Type"] != "Custom::PersonalizeDataset"
    }
    head = Assembly({**prod.templates, "vod-prod-data": data}, prod.needs)
    assert [each for each in compare(prod, head).changes if each.loses_data] == []


def test_who_no_longer_serves_is_said(base: Assembly) -> None:
    recommenders = json.loads(json.dumps(base.templates["vod-dev-recommenders"]))
    (key,) = (key for key in recommenders["Resources"] if key.startswith("TopPicks") and "Wait" not in key)
    del recommenders["Resources"][key]
    head = Assembly({**base.templates, "vod-dev-recommenders": recommenders}, base.needs)
    report = as_text(reviewed(base, head, compare(base, head), UNREHEARSED))
    assert "TopPicks (Recommender) | deploying it: removed: deleted at the end of its stack's update | " in report
    assert "recommendations: it serves nothing any more" in report
    assert "provisioned for 1 per second (no longer) | before: $273.75" in report


def test_what_delays_the_end_is_on_the_critical_path(base: Assembly) -> None:
    """Imports and trainings go on side by side; the longest of them is waited for."""
    rehearsal = rehearse(Assembly({}, {}), base)
    # Imports take equally long. Which of them is seen to end last, their logical ids decide (pace.py).
    assert [step.path for step in rehearsal.critical_path] == [
        "DatasetGroup",
        "ItemsDataset",
        "ItemsImport",
        # Rerank, the solution, is ACTIVE at once.
        "RerankVersion",
        "RerankCampaign",
    ]
    report = reviewed(Assembly({}, {}), base, compare(Assembly({}, {}), base), rehearsal)
    assert "RerankVersion (SolutionVersion) :crit, 2000-01-01 00:1" in as_markdown(report)
    assert "MoreLikeX (Recommender) :2000-01-01 00:1" in as_markdown(report)
    assert '<b class="late" style="left:' in as_html(report)
    assert "* RerankVersion (SolutionVersion)" in as_text(report)


def test_data_is_made_from_the_schema_under_review(
    assembly: Callable[..., Path], base: Assembly, tmp_path: Path
) -> None:
    """Case 6: a column of one's own, and new data."""
    folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    settings('data_version: "1"', 'data_version: "2"')(folder)
    add_fields(folder, "items", {"name": "DURATION", "type": ["null", "float"]})
    rehearsal = rehearse(base, Assembly.read(assembly("dev", folder)))
    assert rehearsal.reasons == ()
    assert rehearsal.seconds_of("vod-dev-data", "ItemsImport") > 300
    assert rehearsal.seconds_of("vod-dev-ranking", "RerankVersion") > 1800


def test_an_import_that_was_incremental_already_is_rehearsed(base: Assembly) -> None:
    """The rehearsal begins without data, to which the service would add nothing; what is deployed has some."""
    text = json.dumps(base.templates["vod-dev-data"]).replace('"ImportMode": "FULL"', '"ImportMode": "INCREMENTAL"')
    deployed, head = (
        Assembly(
            {**base.templates, "vod-dev-data": json.loads(text.replace('"DataVersion": "1"', version))}, base.needs
        )
        for version in ('"DataVersion": "1"', '"DataVersion": "2"')
    )
    rehearsal = rehearse(deployed, head)
    assert (rehearsal.earlier, rehearsal.reasons) == ((), ())
    assert rehearsal.seconds_of("vod-dev-data", "ItemsImport") > 300


def add_fields(folder: Path, dataset: str, *fields: dict[str, object]) -> None:
    file = folder / "schemas" / f"{dataset}.avsc"
    schema = json.loads(file.read_text())
    schema["fields"] += fields
    file.write_text(json.dumps(schema))


def test_any_data_anywhere_is_rehearsed_to_the_end(assembly: Callable[..., Path], tmp_path: Path) -> None:
    """Case 6: every type, categories, nulls, and locations of one's own, with each of the recipes."""
    folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    settings("data: sample", "data: s3://lake/vod/")(folder)
    settings("data_location: null", "data_location: s3://clicks/2026/")(folder)
    settings(
        "recommenders:\n",
        "recommenders:\n  popular: {recipe: aws-vod-most-popular}\n  trending: {recipe: aws-vod-trending-now}\n"
        "  watched: {recipe: aws-vod-because-you-watched-x}\n",
    )(folder)
    kinds = ("string", "int", "long", "float", "double", "boolean")
    add_fields(
        folder,
        "items",
        *({"name": f"OWN_{kind.upper()}", "type": ["null", kind]} for kind in kinds),
        *({"name": f"HAS_{kind.upper()}", "type": kind} for kind in kinds),
        {"name": "MOODS", "type": ["null", "string"], "categorical": True},
        {"name": "PRODUCT_DESCRIPTION", "type": ["null", "string"], "textual": True},
    )
    add_fields(folder, "users", {"name": "SUBSCRIPTION_MODEL", "type": ["null", "string"], "categorical": True})
    add_fields(
        folder,
        "interactions",
        {"name": "EVENT_VALUE", "type": ["null", "float"]},
        {"name": "IMPRESSION", "type": ["null", "string"]},
        {"name": "DEVICE", "type": "string", "categorical": True},
    )
    rehearsal = rehearse(Assembly({}, {}), Assembly.read(assembly("dev", folder)))
    assert rehearsal.reasons == ()
    assert rehearsal.seconds_of("vod-dev-recommenders", "Watched") > 1800


def test_natives_are_judged_by_their_registry_schemas(base: Assembly) -> None:
    text = json.dumps(base.templates["vod-dev-data"])
    text = text.replace('"Name": "/vod/dev/bucket_name"', '"Name": "/vod/dev/other"')
    text = text.replace('"MemorySize": 256', '"MemorySize": 512')
    comparison = compare(base, Assembly({**base.templates, "vod-dev-data": json.loads(text)}, base.needs))
    by_type = {each.type: each.effect for each in comparison.changes}
    assert by_type["AWS::SSM::Parameter"] is Effect.REPLACED
    assert by_type["AWS::Lambda::Function"] is Effect.IN_PLACE


def test_permissions_are_said_in_plain_lines_with_their_wildcards(base: Assembly) -> None:
    found = {each.text: each.wildcards for each in statements(base)}
    passing = next(text for text in found if "iam:PassRole" in text)
    assert passing.startswith("Role vod-dev-data/Provider/HandlerRole may iam:PassRole on <ServiceRole>, if ")
    assert passing.endswith("if StringEquals iam:PassedToService personalize.amazonaws.com")
    listing = next(text for text in found if "personalize:ListDatasetGroups" in text)
    assert found[listing] == ("*",)
    assert listing.endswith("on * (ListActionsHaveNoResourceType)")
    assert not [text for text in found if "Fn::" in text]
    assert "Role vod-dev-data/Provider/HandlerRole can be assumed by lambda.amazonaws.com" in found
    assert any("may not s3:*" in text and not wildcards for text, wildcards in found.items())


def test_a_report_is_safe_and_whole(after: Callable[[Edit], Assembly], base: Assembly) -> None:
    head = after(settings('IN ("Watch")', 'IN ("<Watch>")'))
    comparison = compare(base, head)
    report = reviewed(base, head, comparison, Rehearsal(0.0, (), ("It said <no>.",)))
    page, comment = as_html(report), as_markdown(report)
    assert 'IN("<Watch>")' in text(page)
    assert "<Watch>" not in page
    assert "It said &lt;no&gt;." in page
    assert not re.search(r'(src|href)="[^#]|url\(|@import', page), "the page needs something else"
    assert report.verdict.value in page
    assert report.verdict.value in comment
    for title in ("What deploying it does", "Time", "Money", "Permissions", "Outputs", "Resources"):
        assert f"<h2>{title}</h2>" in page
        assert re.search(f"^(## |<details><summary>){title}", comment, re.MULTILINE)


# -- money -------------------------------------------------------------------------------------------------------


def priced(assembly: Assembly) -> dict[str, tuple[float | None, float | None]]:
    """By path, what a resource costs per hour and per training."""
    found = costs(assembly, load_prices())
    return {
        f"{each.path}{' auto' if each.automatic_days else ''}": (each.per_hour, each.per_training) for each in found
    }


def test_what_bills_while_idle_and_per_training(base: Assembly) -> None:
    """By hand: 3,600 requests an hour at $0.15 per 1,000; a million interactions at $0.002 per 1,000."""
    assert priced(base) == {
        "MoreLikeX": (pytest.approx(0.375), 0),
        "TopPicks": (pytest.approx(0.375), 0),
        "RerankCampaign": (pytest.approx(0.54), 0),
        "RerankVersion": (0, pytest.approx(2.0)),
    }


@pytest.mark.parametrize(
    ("edit", "path", "expected"),
    [
        # Requests of the minimum beyond the 4,000 included: 3 x 3,600 - 4,000 = 6,800 at $0.0833 per 1,000.
        (settings("min_recommendation_requests_per_second: 1", "min_recommendation_requests_per_second: 3"),
         "MoreLikeX", (0.375 + 6.8 * 0.0833, 0)),
        (settings("min_provisioned_tps: 1", "min_provisioned_tps: 5"), "RerankCampaign", (5 * 0.54, 0)),
        (settings("recipe: aws-personalized-ranking-v2", "recipe: aws-personalized-ranking"),
         "RerankCampaign", (3.6 * 0.0556, 0)),
        (settings("recipe: aws-personalized-ranking-v2", "recipe: aws-personalized-ranking"),
         "RerankVersion", (0, 10 * 0.24)),
        (trained_automatically(5), "Rerank auto", (0, 2.0)),
    ],
)  # fmt: skip
def test_a_setting_changes_the_bill(
    assembly: Callable[..., Path], tmp_path: Path, edit: Edit, path: str, expected: tuple[float, float]
) -> None:
    folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    edit(folder)
    assert priced(Assembly.read(assembly("dev", folder)))[path] == pytest.approx(expected)


def test_what_has_no_price_in_the_table_is_said_to_be_unknown() -> None:
    """CloudWatch bills the metrics of a metric attribution; of another new type nobody has said anything."""
    types = ("Custom::PersonalizeMetricAttribution", "Custom::PersonalizeFilter", "AWS::S3::Bucket")
    resources = {f"R{number}": {"Type": each, "Properties": {}} for number, each in enumerate(types)}
    (cost,) = costs(Assembly({"app": {"Resources": resources}}, {"app": frozenset()}), load_prices())
    assert (cost.path, cost.per_hour) == ("R0", None)
    assert not is_unpriced("Custom::PersonalizeFilter")


def test_automatic_trainings_are_in_the_month(assembly: Callable[..., Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    trained_automatically(5)(folder)
    (automatic,) = (
        each for each in costs(Assembly.read(assembly("dev", folder)), load_prices()) if each.automatic_days
    )
    assert automatic.per_month(24 * 30) == pytest.approx(6 * 2.0)


def test_what_the_template_does_not_tell_is_said_to_be_unknown(base: Assembly) -> None:
    """A campaign of a solution version from elsewhere."""
    ranking = json.loads(json.dumps(base.templates["vod-dev-ranking"]))
    campaign = {"Type": "Custom::PersonalizeCampaign", "Properties": {"SolutionVersionArn": "arn:aws:elsewhere"}}
    ranking["Resources"]["Imported"] = campaign
    head = Assembly({**base.templates, "vod-dev-ranking": ranking}, base.needs)
    assert priced(head)["Imported"] == (None, 0)
    report = reviewed(base, head, compare(base, head), UNREHEARSED)
    assert "per hour: not known | per month: not known" in as_text(report)
    assert "<strong>not known</strong> |" in as_markdown(report)


def test_a_change_is_shown_with_its_time_and_its_price(after: Callable[[Edit], Assembly], base: Assembly) -> None:
    head = after(settings('data_version: "1"', 'data_version: "2"'))
    comparison = compare(base, head)
    step = Step("vod-dev-ranking", "RerankVersion", "SolutionVersion", 600.0, 4200.0)
    found = reviewed(base, head, comparison, Rehearsal(4800.0, (step,), ()))
    comment, report = as_markdown(found), as_text(found)
    (row,) = (line for line in comment.splitlines() if line.startswith("| <code>RerankVersion</code>"))
    assert "replaced, with retraining" in row
    assert "| 1 h 0 min (20 min to 1 h 0 min) |" in row
    assert "Deploying it trains RerankVersion once: $2.00." in report
    assert "imports InteractionsImport, ItemsImport, UsersImport: $0.05 per GB." in report
    assert "the service itself trains MoreLikeX, TopPicks again from it, within 7 days." in report
    assert "about $941.70 a month ($1.29 an hour); before, $941.70: no change." in report


def test_the_command_compares_the_working_tree_with_a_ref(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "CHECKOUT", Checkout.make(tmp_path / "checkout").folder)
    assert review.main(["--env", "prod", "--base", "no-such-ref", "--out", str(tmp_path)]) == 3
    assert "Cannot be compared: BASE: git knows no commit 'no-such-ref'." in capsys.readouterr().err
    assert review.main(["--env", "prod", "--base", "HEAD", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "review-prod.html").is_file()
    assert "# Review of prod against HEAD" in (tmp_path / "review-prod.md").read_text()
    lost = ResourceChange("s", "X", "Users", "Custom::PersonalizeDataset", Kind.REMOVED, loses_data=True)
    monkeypatch.setattr(review, "compare", lambda *_: Comparison([lost]))
    assert review.main(["--env", "prod", "--base", "HEAD", "--out", str(tmp_path)]) == 2
    assert "Cannot be deployed: Users loses its data." in capsys.readouterr().out
