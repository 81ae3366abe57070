"""`make prices`: writes prices.yaml again, from the AWS Price List.

The file's form: AWS Billing user guide, "Reading the service price list file for an AWS service". What the products of
Personalize are called there no public page says, so the words they are found by, in prices.yaml, are inferred. A price
that they do not find, or whose amount looks like one of another unit, stays as it is and is named.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from lambdas.personalize_provider.log import printable

from .money import PRICES, Price, Table, load_table

_URL = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonPersonalize/current/{region}/index.json"
_OFFER = "AmazonPersonalize"
_SECONDS = 30
# How many of what we count one unit of the list is. A request a second, for an hour, is as many as it has seconds.
_UNITS = {r"\btps\b": 3600, r"million": 1_000_000, r"1[,.]?000\b|1 ?k\b|thousand": 1000}
# A price that is so much larger or smaller than before is one of another unit.
_MOST = 5.0
_HEADER = """\
# What Amazon Personalize charges, for the estimates of `make review`. Your bill is what AWS says it is.
# `make prices` writes amount, source and as_of again, from the AWS Price List (assumptions.yaml holds the rest).
# product: words by which it finds a price there, each a regular expression; "!" before one: not with this word.
"""


class PriceListError(Exception):
    """There is no price list to read; str() is what the user reads."""


@dataclass(frozen=True)
class Product:
    """A product of the list, with its first tier's price.

    Attributes:
        sku: its code.
        text: everything that is said of it.
        unit: what the amount is for, in the list's words.
        amount: for one unit.
    """

    sku: str
    text: str
    unit: str
    amount: float


@dataclass(frozen=True)
class Outcome:
    """The table as it is then, and a sentence for each price that stays as it was."""

    table: Table
    stayed: tuple[str, ...]


def main(arguments: list[str] | None = None) -> int:
    """Write the prices that the list has; 1 if there is one that it has not."""
    parser = argparse.ArgumentParser(prog="python -m tools.review.price_list", description=__doc__)
    parser.add_argument("--file", type=Path, help="a price list file, instead of the one on AWS's server")
    options = parser.parse_args(arguments)
    before = load_table()
    try:
        outcome = with_prices(before, _offer(options.file, before.region))
    except PriceListError as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    PRICES.write_text(as_yaml(outcome.table))
    for (name, old), (_, new) in zip(before.prices, outcome.table.prices, strict=True):
        if new is not old:
            print(printable(f"{name}: {new.amount:g} {outcome.table.currency} for {new.unit} (was {old.amount:g})"))
    for sentence in outcome.stayed:
        print(printable(sentence), file=sys.stderr)
    return 1 if outcome.stayed else 0


def as_yaml(table: Table) -> str:
    """The text of prices.yaml."""
    return _HEADER + str(yaml.safe_dump(table.model_dump(mode="json"), sort_keys=False, width=120))


def with_prices(table: Table, offer: Mapping[str, Any]) -> Outcome:
    """The table with the prices of a price list.

    Args:
        table: as it is.
        offer: the content of a price list file of Amazon Personalize.

    Raises:
        PriceListError: it is not such a file, or has no prices in the table's region and currency.
    """
    products = list(products_of(offer, table.region, table.currency))
    if not products:
        raise PriceListError(
            f"The price list has no prices of Amazon Personalize in {table.region} and {table.currency}. "
            f"Give the file of that region."
        )
    prices, stayed = {}, []
    for name, price in table.prices:
        found = _found(price, products) if price.product else []
        problem = _problem(name, price, found, products) if price.product else ""
        if problem:
            stayed.append(problem)
        prices[name] = _renewed(price, found[0], offer) if found and not problem else price
    return Outcome(table.model_copy(update={"prices": table.prices.model_copy(update=prices)}), tuple(stayed))


def products_of(offer: Mapping[str, Any], region: str, currency: str) -> Iterator[Product]:
    """What a price list offers in a region that costs something; of several tiers, the first.

    Raises:
        PriceListError: it is not a price list file of Amazon Personalize.
    """
    try:
        if offer["offerCode"] != _OFFER:
            raise PriceListError(f"This is the price list of {offer['offerCode']}, not of {_OFFER}.")
        terms = offer["terms"].get("OnDemand", {})
        for sku, product in offer["products"].items():
            attributes = product.get("attributes", {})
            if attributes.get("regionCode", region) == region:
                yield from _priced(sku, " ".join(map(str, attributes.values())), terms.get(sku, {}), currency)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PriceListError(f"This is not a price list file in JSON as AWS writes it: {error!r}.") from None


def _priced(sku: str, attributes: str, terms: Mapping[str, Any], currency: str) -> Iterator[Product]:
    tiers = [each for term in terms.values() for each in term["priceDimensions"].values()]
    costing = [each for each in tiers if float(each["pricePerUnit"].get(currency, 0))]
    if costing:
        # The guide says startingRange, the files say beginRange.
        first = min(costing, key=lambda each: float(each.get("beginRange", each.get("startingRange", 0))))
        text = f"{attributes} {first['description']}"
        yield Product(sku, text, str(first["unit"]), float(first["pricePerUnit"][currency]))


def _found(price: Price, products: Sequence[Product]) -> list[Product]:
    """Products with all words of a price."""

    def has(product: Product, word: str) -> bool:
        found = re.search(word.removeprefix("!"), f"{product.text} {product.unit}", re.IGNORECASE)
        return bool(found) is not word.startswith("!")

    return [each for each in products if all(has(each, word) for word in price.product)]


def _problem(name: str, price: Price, found: Sequence[Product], products: Sequence[Product]) -> str:
    """Why a price cannot be written; empty if it can."""
    words, amounts = list(price.product), {_amount(price, each) for each in found}
    if not found:
        return f"{name} stays as it was: no product has the words {words}. Correct them. There is: {_listed(products)}."
    if len(amounts) > 1:
        return f"{name} stays as it was: several products have the words {words}. Add one. Found: {_listed(found)}."
    (amount,) = amounts
    if not 1 / _MOST <= amount / price.amount <= _MOST:
        return (
            f"{name} stays as it was: {amount:g} for {price.unit} is too far from {price.amount:g} "
            f"({_listed(found)}). If it is right, write it yourself."
        )
    return ""


def _listed(products: Sequence[Product]) -> str:
    return "; ".join(f"{each.text} ({each.amount:g} for {each.unit})" for each in products)


def _amount(price: Price, product: Product) -> float:
    """What a product costs, for the unit of a price."""
    return round(product.amount * _count(price.unit) / _count(product.unit), 10)


def _count(unit: str) -> int:
    return next((count for pattern, count in _UNITS.items() if re.search(pattern, unit, re.IGNORECASE)), 1)


def _renewed(price: Price, product: Product, offer: Mapping[str, Any]) -> Price:
    source = f"AWS Price List, version {offer['version']}, SKU {product.sku}"
    as_of = date.fromisoformat(str(offer["publicationDate"])[:10])
    return price.model_copy(update={"amount": _amount(price, product), "source": source, "as_of": as_of})


def _offer(file: Path | None, region: str) -> Any:
    try:
        if file:
            return json.loads(file.read_text(encoding="utf-8"))
        with urllib.request.urlopen(_URL.format(region=region), timeout=_SECONDS) as answer:
            return json.load(answer)
    except ValueError as error:
        raise PriceListError(f"The price list is no JSON: {error}.") from None
    except OSError as error:
        raise PriceListError(
            f"The price list cannot be read: {error}. Download {_URL.format(region=region)} and say "
            f"`make prices FILE=...`."
        ) from None


if __name__ == "__main__":
    sys.exit(main())
