"""What leaves and comes at once is probably one resource under another name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.review.support.templates import HEADER, Resources, assembly, ours
from tools.review.diff import compare
from tools.review.rehearsal import Rehearsal
from tools.review.renames import renames_of
from tools.review.report import review_of
from tools.review.review import Review, Verdict

TOP_PICKS = {"RecipeArn": "recipe/aws-vod-top-picks", "RecommenderConfig": {"MinRecommendationRequestsPerSecond": 1}}


def reviewed(before: Resources, after: Resources) -> Review:
    base, head = assembly(before), assembly(after)
    return review_of(HEADER, base, head, compare(base, head), Rehearsal(0.0, (), ()))


def pairs(before: Resources, after: Resources) -> list[tuple[str, str]]:
    base, head = assembly(before), assembly(after)
    return [(each.old.path, each.new.path) for each in renames_of(base, head, compare(base, head))]


@pytest.mark.parametrize(
    ("noun", "properties", "consequence"),
    [
        ("Recommender", TOP_PICKS, "A new one with another ARN is trained, then the old one is deleted: clients need"),
        ("Filter", {"FilterExpression": "EXCLUDE ..."}, "A new one with another ARN is created, then the old one"),
        ("Dataset", {"DatasetType": "ITEMS"}, "A new dataset has another ARN and is empty"),
    ],
)
def test_a_rename(noun: str, properties: dict[str, Any], consequence: str) -> None:
    before = {"Old": ours(noun, NamePrefix="vod_old", **properties)}
    after = {"New": ours(noun, NamePrefix="vod_new", **properties)}
    found = reviewed(before, after)
    reason = next(each for each in found.reasons if each.topic == "renamed")
    assert (reason.paths, reason.verdict) == (("Old", "New"), Verdict.READ_FIRST)
    assert reason.text.startswith(f"Old is probably renamed to New. {consequence}")
    new, old = found.stacks[0].changes
    assert new.hint.startswith("Probably Old under another name. ")
    assert old.hint.startswith("Probably renamed to New. ")


def test_a_renamed_recommender_serves_under_its_new_name() -> None:
    found = reviewed({"Old": ours("Recommender", **TOP_PICKS)}, {"New": ours("Recommender", **TOP_PICKS)})
    assert [each.topic for each in found.reasons] == ["renamed"]


def test_another_recipe_is_no_rename() -> None:
    after = {"New": ours("Recommender", RecipeArn="recipe/aws-vod-most-popular")}
    assert pairs({"Old": ours("Recommender", **TOP_PICKS)}, after) == []


def test_the_most_alike_is_the_one() -> None:
    small, large = ({**TOP_PICKS, "RecommenderConfig": {"MinRecommendationRequestsPerSecond": n}} for n in (1, 5))
    before = {"Old": ours("Recommender", **large)}
    after = {"A": ours("Recommender", **small), "B": ours("Recommender", **large)}
    assert pairs(before, after) == [("Old", "B")]


def test_what_only_comes_or_goes_is_no_rename() -> None:
    filters = {name: ours("Filter", FilterExpression="EXCLUDE ...") for name in ("A", "B")}
    assert pairs({}, filters) == pairs(filters, {}) == []
    assert pairs(filters, {"A": filters["A"]}) == []
