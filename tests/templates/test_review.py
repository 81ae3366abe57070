"""`make review`: what it says of changes to the settings."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lambdas.personalize_provider.resources import Effect
from sandbox.review import __main__ as review
from sandbox.review.diff import Comparison, Kind, ResourceChange, compare
from sandbox.review.document import as_html, as_markdown
from sandbox.review.iam import statements
from sandbox.review.rehearsal import Rehearsal
from sandbox.review.report import document, stops, verdict
from sandbox.virtual.assembly import Assembly
from stacks.settings import CONFIG_DIRECTORY

Edit = Callable[[Path], None]


@pytest.fixture(scope="module")
def base(dev_assembly: Path) -> Assembly:
    return Assembly.read(dev_assembly)


@pytest.fixture
def changed(assembly: Callable[..., Path], base: Assembly, tmp_path: Path) -> Callable[[Edit], Comparison]:
    """Compares dev with dev as an edit leaves it."""

    def compared(edit: Edit) -> Comparison:
        folder = Path(shutil.copytree(CONFIG_DIRECTORY, tmp_path / "config"))
        edit(folder)
        return compare(base, Assembly.read(assembly("dev", folder)))

    return compared


def settings(old: str, new: str) -> Edit:
    def edit(folder: Path) -> None:
        file = folder / "dev.yaml"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

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
    ("edit", "expected"),
    [
        (settings("min_provisioned_tps: 1", "min_provisioned_tps: 2"), {"Campaign": Effect.IN_PLACE}),
        (settings("IN ($GENRES)", 'IN ("Comedy")'), {"Filter": Effect.REPLACED}),
        (longer_schema, {"Schema": Effect.REPLACED, "Dataset": Effect.IN_PLACE}),
        (
            settings("recipe: aws-personalized-ranking-v2", "recipe: aws-personalized-ranking"),
            {"Solution": Effect.REPLACED, "SolutionVersion": Effect.REPLACED, "Campaign": Effect.IN_PLACE},
        ),
        (
            settings('data_version: "1"', 'data_version: "2"'),
            {
                "DatasetImportJob": Effect.REPLACED,
                "SolutionVersion": Effect.REPLACED,
                "Campaign": Effect.IN_PLACE,
            },
        ),
        (settings("auto_training_days: null", "auto_training_days: 3"), {"Solution": Effect.IN_PLACE}),
    ],
)
def test_a_setting_does_this_and_sets_off_that(
    changed: Callable[[Edit], Comparison], edit: Edit, expected: dict[str, Effect]
) -> None:
    comparison = changed(edit)
    assert effects(comparison) == expected
    assert stops(comparison) == []
    assert verdict(comparison).startswith("Can be deployed.")


def test_a_tag_changes_in_place_everywhere(changed: Callable[[Edit], Comparison]) -> None:
    comparison = changed(settings("project: vod", "project: films"))
    assert {each.effect for each in comparison.changes} == {Effect.IN_PLACE}
    assert {change.name for each in comparison.changes for change in each.properties} == {"Tags"}


def test_another_domain_is_refused(base: Assembly) -> None:
    text = json.dumps(base.templates["vod-dev-data"]).replace('"Domain": "VIDEO_ON_DEMAND"', '"Domain": "ECOMMERCE"')
    head = Assembly({**base.templates, "vod-dev-data": json.loads(text)}, base.needs)
    comparison = compare(base, head)
    assert [each.path for each in stops(comparison)] == ["DatasetGroup"]
    assert verdict(comparison) == "**Do not deploy this as it is**: DatasetGroup is refused."


def test_a_dataset_that_leaves_takes_its_data_along(changed: Callable[[Edit], Comparison]) -> None:
    comparison = changed(without_users)
    (lost,) = stops(comparison)
    assert (lost.noun, lost.kind, lost.loses_data) == ("Dataset", Kind.REMOVED, True)
    assert comparison.outputs["vod-dev-data"] == ([], ["UsersDatasetArn", "UsersSchemaArn"])


def test_what_is_retained_is_not_lost(prod_assembly: Path) -> None:
    prod = Assembly.read(prod_assembly)
    data = json.loads(json.dumps(prod.templates["vod-prod-data"]))
    data["Resources"] = {
        key: each for key, each in data["Resources"].items() if each["Type"] != "Custom::PersonalizeDataset"
    }
    head = Assembly({**prod.templates, "vod-prod-data": data}, prod.needs)
    assert [each for each in compare(prod, head).changes if each.loses_data] == []


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
    assert passing.startswith("Role vod-dev-data/Provider/HandlerRole may iam:PassRole on <ServiceRole")
    assert passing.endswith("if StringEquals iam:PassedToService personalize.amazonaws.com")
    listing = next(text for text in found if "personalize:ListDatasetGroups" in text)
    assert found[listing] == ("*",)
    assert "Role vod-dev-data/Provider/HandlerRole can be assumed by lambda.amazonaws.com" in found
    assert any("may not s3:*" in text and not wildcards for text, wildcards in found.items())


def test_a_report_is_safe_and_whole(changed: Callable[[Edit], Comparison], base: Assembly) -> None:
    comparison = changed(settings('IN ("Watch")', 'IN ("<Watch>")'))
    report = document("dev", "main", base, base, comparison, Rehearsal(0.0, (), ("It said <no>.",)))
    page, comment = as_html(report), as_markdown(report)
    assert "&lt;Watch&gt;" in page
    assert "<Watch>" not in page
    assert "It said &lt;no&gt;." in page
    assert "http" not in page.replace("http-equiv", "")
    for title in ("Verdict", "What deploying it does", "Time", "Permissions", "Outputs", "Resources"):
        assert f"<h2>{title}</h2>" in page
        assert f"## {title}" in comment


def test_the_command_compares_the_working_tree_with_a_ref(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert review.main(["--env", "prod", "--base", "no-such-ref", "--out", str(tmp_path)]) == 1
    assert "git worktree add failed" in capsys.readouterr().err
    assert review.main(["--env", "prod", "--base", "HEAD", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "review-prod.html").is_file()
    assert "# Review of prod against HEAD" in (tmp_path / "review-prod.md").read_text()
    lost = ResourceChange("s", "X", "Users", "Custom::PersonalizeDataset", Kind.REMOVED, loses_data=True)
    monkeypatch.setattr(review, "compare", lambda *_: Comparison([lost]))
    assert review.main(["--env", "prod", "--base", "HEAD", "--out", str(tmp_path)]) == 2
    assert "Do not deploy this as it is: Users loses its data." in capsys.readouterr().out
