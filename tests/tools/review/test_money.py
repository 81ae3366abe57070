"""How old prices are, what metadata costs, and how many interactions an estimate reckons with."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from stacks.settings import Settings, load_settings
from tools.checkout import EXAMPLE_SETTINGS
from tools.data import synthetic
from tools.review import __main__ as review
from tools.review.interactions import prices_for
from tools.review.money import costs, load_prices
from tools.simulation.assembly import Assembly


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "today's"),
        (1, "1 day old"),
        (90, "90 days old"),
        (91, "91 days old; `make prices` writes today's"),
    ],
)
def test_a_review_says_how_old_the_prices_are(days: int, said: str) -> None:
    prices = load_prices()
    assert prices.age(prices.oldest + timedelta(days=days)) == said


def test_the_oldest_price_counts() -> None:
    prices = load_prices()
    newer = prices.amounts.imports.model_copy(update={"as_of": prices.oldest + timedelta(days=400), "source": "list"})
    table = prices.table.model_copy(update={"prices": prices.amounts.model_copy(update={"imports": newer})})
    mixed = type(prices)(table, prices.assumptions)
    assert mixed.oldest == prices.oldest
    assert mixed.sources == ["list", *prices.sources]


@pytest.mark.parametrize(("recipe", "costs_extra"), [("aws-personalized-ranking-v2", False), ("aws-sims", True)])
def test_metadata_costs_nothing_extra_with_a_v2_recipe(recipe: str, costs_extra: bool) -> None:
    """Developer guide, "Creating a campaign"."""
    properties = {"RecipeArn": f"arn:aws:personalize:::recipe/{recipe}", "PerformAutoTraining": "false"}
    solution = {"Type": "Custom::PersonalizeSolution", "Properties": properties}
    campaign = {
        "Type": "Custom::PersonalizeCampaign",
        "Properties": {
            "SolutionVersionArn": {"Ref": "Solution"},
            "CampaignConfig": {"EnableMetadataWithRecommendations": "true"},
        },
    }
    (cost,) = costs(
        Assembly({"app": {"Resources": {"Solution": solution, "Campaign": campaign}}}, {"app": frozenset()}),
        load_prices(),
    )
    assert ("metadata costs extra" in cost.what) is costs_extra


# -- interactions ------------------------------------------------------------------------------------------------


def settings(folder: Path, data: str = "sample") -> Settings:
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, folder / "config"))
    file = config / "dev.yaml"
    text = file.read_text()
    assert "\ndata: sample" in text
    file.write_text(text.replace("\ndata: sample", f"\ndata: {data}"))
    return load_settings("dev", config)


def test_the_sample_is_counted(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text("USER_ID,ITEM_ID,TIMESTAMP\nu,i,1\nu,i,2\n")
    found = prices_for(settings(tmp_path), folder=tmp_path).assumptions
    assert (found.interactions, found.interactions_are) == (2, "the sample's rows")


def test_a_sample_that_is_not_made_yet_is_the_generated_one(tmp_path: Path) -> None:
    found = prices_for(settings(tmp_path), folder=tmp_path).assumptions
    assert found.interactions == len(synthetic.generate().interactions)


def test_data_elsewhere_is_not_read_but_assumed(tmp_path: Path) -> None:
    found = prices_for(settings(tmp_path, "s3://vod-example-data/"), folder=tmp_path)
    assert found == load_prices()
    assert "INTERACTIONS=" in found.assumptions.interactions_are


def test_data_that_others_look_after_is_reckoned_with_as_assumed(tmp_path: Path) -> None:
    """No setting says where it is."""
    assert prices_for(load_settings("existing", EXAMPLE_SETTINGS), folder=tmp_path) == load_prices()


def test_a_number_that_is_given_counts(tmp_path: Path) -> None:
    found = prices_for(settings(tmp_path), 2_500_000, tmp_path).assumptions
    assert (found.interactions, found.interactions_are) == (2_500_000, "given by INTERACTIONS")


@pytest.mark.parametrize("text", ["0", "-5", "many", "1.5", "٣"])
def test_a_number_that_is_none_is_refused_in_a_sentence(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert review.main(["--env", "dev", f"--interactions={text}", "--out", str(tmp_path)]) == 3
    assert "is no whole number above 0" in capsys.readouterr().err
