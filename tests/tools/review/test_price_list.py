"""`make prices` writes the prices of an AWS Price List file, and says which it did not find."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tools.review import price_list
from tools.review.money import PRICES, Table, load_table
from tools.review.price_list import PriceListError, as_yaml, with_prices

REGION = "us-east-1"
# Made up, in the form that AWS documents: usage type, description, unit, price, beginning of the tier.
OFFERED = {
    "INGEST": [("USE1-DataIngestion", "per GB of data ingested", "GB", "0.06", "0")],
    "ACTIVE": [("USE1-Recommender", "per hour of an active recommender", "Hrs", "0.40", "0"),
               ("USE1-Recommender", "per hour of an active recommender, next tier", "Hrs", "0.20", "100000")],
    "ASKED": [("USE1-Recommender-Requests", "per 1,000 requests to a recommender", "1K requests", "0.09", "0")],
    "V2ASKED": [("USE1-v2-Recommendations", "per recommendation of a v2 recipe", "Recommendations", "0.00016", "0")],
    "V2TRAIN": [("USE1-v2-Training", "per 1,000,000 interactions in training", "Million", "2.1", "0")],
    "TPS": [("USE1-TPS", "per real-time TPS-hour", "TPS-hours", "0.18", "0")],
    "TRAIN": [("USE1-Training", "per training hour", "Hours", "0.25", "0")],
    "FREE": [("USE1-Other", "free tier of recommender hours", "Hrs", "0", "0")],
}  # fmt: skip
# Once more, by hand, for the units of the table.
AMOUNTS = {
    "imports": 0.06,
    "recommender": 0.40,
    "recommender_requests": 0.09,
    "v2_requests": 0.16,
    "v2_training": 0.0021,
    "other_requests": 0.05,
    "other_training": 0.25,
}


def offer(offered: Any = None, region: str = REGION) -> dict[str, Any]:
    """A price list file."""
    products, terms = {}, {}
    for sku, tiers in (OFFERED if offered is None else offered).items():
        attributes = {
            "servicecode": "AmazonPersonalize",
            "location": "US East (N. Virginia)",
            "locationType": "AWS Region",
            "usagetype": tiers[0][0],
            "regionCode": region,
        }
        products[sku] = {"sku": sku, "productFamily": "Amazon Personalize", "attributes": attributes}
        dimensions = {
            f"{sku}.JRTCKXETXF.{number}": {
                "rateCode": f"{sku}.JRTCKXETXF.{number}",
                "description": f"${price} {description}",
                "beginRange": begins,
                "endRange": "Inf",
                "unit": unit,
                "pricePerUnit": {"USD": price},
                "appliesTo": [],
            }
            for number, (_, description, unit, price, begins) in enumerate(reversed(tiers))
        }
        terms[sku] = {f"{sku}.JRTCKXETXF": {"offerTermCode": "JRTCKXETXF", "sku": sku, "priceDimensions": dimensions}}
    return {
        "formatVersion": "v1.0",
        "offerCode": "AmazonPersonalize",
        "version": "20270102030405",
        "publicationDate": "2027-01-02T03:04:05Z",
        "products": products,
        "terms": {"OnDemand": terms},
    }


def test_every_price_is_found_for_its_unit_with_source_and_date() -> None:
    before = load_table()
    outcome = with_prices(before, offer())
    assert outcome.stayed == ()
    after = dict(outcome.table.prices)
    assert {name: after[name].amount for name in AMOUNTS} == pytest.approx(AMOUNTS)
    assert {each.as_of for name, each in after.items() if name in AMOUNTS} == {date(2027, 1, 2)}
    assert after["imports"].source == "AWS Price List, version 20270102030405, SKU INGEST"
    assert after["recommender_included"] == dict(before.prices)["recommender_included"]


def test_what_the_guide_calls_startingrange_is_read_too() -> None:
    renamed = json.loads(json.dumps(offer()).replace("beginRange", "startingRange"))
    assert dict(with_prices(load_table(), renamed).table.prices)["recommender"].amount == 0.40


def test_a_price_that_is_not_there_stays_and_is_named_with_what_is_there() -> None:
    outcome = with_prices(load_table(), offer({sku: tiers for sku, tiers in OFFERED.items() if sku != "TRAIN"}))
    (sentence,) = outcome.stayed
    assert sentence.startswith("other_training stays as it was: no product has the words ['training', 'hour', '!v2'].")
    assert "USE1-DataIngestion" in sentence
    assert outcome.table.prices.other_training == load_table().prices.other_training
    assert outcome.table.prices.imports.amount == 0.06


def test_two_products_with_different_prices_are_not_chosen_between() -> None:
    twice = OFFERED | {"MORE": [("USE1-Training-Large", "per training hour", "Hours", "0.50", "0")]}
    (sentence,) = with_prices(load_table(), offer(twice)).stayed
    assert "several products have the words" in sentence
    assert "USE1-Training-Large" in sentence


def test_two_products_with_the_same_price_are_one() -> None:
    twice = OFFERED | {"MORE": [("USE1-Training-Large", "per training hour", "Hours", "0.25", "0")]}
    assert with_prices(load_table(), offer(twice)).stayed == ()


@pytest.mark.parametrize("price", ["0.04", "1.3"])
def test_a_price_of_another_unit_is_not_taken(price: str) -> None:
    other = OFFERED | {"TRAIN": [("USE1-Training", "per training hour", "Hours", price, "0")]}
    (sentence,) = with_prices(load_table(), offer(other)).stayed
    assert f"other_training stays as it was: {price} for hour is too far from 0.24" in sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (offer(region="eu-west-1"), "no prices of Amazon Personalize in us-east-1 and USD"),
        (offer() | {"offerCode": "AmazonS3"}, "the price list of AmazonS3, not of AmazonPersonalize"),
        ({}, "not a price list file in JSON as AWS writes it: KeyError('offerCode')"),
        ([], "not a price list file in JSON as AWS writes it"),
        (offer() | {"products": []}, "not a price list file in JSON as AWS writes it"),
    ],
)
def test_another_file_is_refused_in_a_sentence(content: Any, sentence: str) -> None:
    with pytest.raises(PriceListError) as caught:
        with_prices(load_table(), copy.deepcopy(content))
    assert sentence in str(caught.value)


# -- the command -------------------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command writes."""
    written = tmp_path / "prices.yaml"
    monkeypatch.setattr(price_list, "PRICES", written)
    return written


def test_the_command_writes_a_table_that_can_be_read(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "index.json"
    file.write_text(json.dumps(offer()))
    assert price_list.main(["--file", str(file)]) == 0
    assert "other_training: 0.25 USD for hour (was 0.24)" in capsys.readouterr().out
    monkeypatch.setattr("tools.review.money.PRICES", table)
    assert load_table().prices.other_training.amount == 0.25


def test_the_command_ends_with_1_if_a_price_stays(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "index.json"
    file.write_text(json.dumps(offer({"INGEST": OFFERED["INGEST"]})))
    assert price_list.main(["--file", str(file)]) == 1
    assert "v2_training stays as it was" in capsys.readouterr().err
    assert "0.06" in table.read_text()


@pytest.mark.parametrize("content", [None, "no JSON", "\xff"])
def test_the_command_says_what_to_do_about_a_file_that_cannot_be_read(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    file = tmp_path / "index.json"
    if content is not None:
        file.write_bytes(content.encode("latin-1"))
    assert price_list.main(["--file", str(file)]) == 1
    assert capsys.readouterr().err.startswith("The price list ")
    assert not table.exists()


def test_the_table_in_the_repository_is_as_the_command_writes_it() -> None:
    assert PRICES.read_text() == as_yaml(load_table())


def test_every_price_has_a_source_and_a_date() -> None:
    table: Table = load_table()
    assert all(each.source and each.as_of <= date.today() for _, each in table.prices)
