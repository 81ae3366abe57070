"""`-c repair=...`: what it names gets a new text in the template; what it does not know is told in a line."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from stacks.personalize import DatasetGroup, Filter, PersonalizeProvider
from stacks.repair import repair
from stacks.settings import SettingsError

FILTER = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'


def app(value: Any) -> tuple[App, Stack]:
    """An app with one stack, and a context."""
    app = App(context={} if value is None else {"repair": value}, analytics_reporting=False)
    stack = Stack(app, "films")
    provider = PersonalizeProvider(stack, "Provider", name_prefix="films")
    group = DatasetGroup(stack, "Group", provider=provider)
    Filter(stack, "Unwatched", provider=provider, dataset_group=group, filter_expression=FILTER)
    return app, stack


def tokens(stack: Stack) -> dict[str, Any]:
    resources = Template.from_stack(stack).to_json()["Resources"].values()
    ours = [each for each in resources if each["Type"].startswith("Custom::Personalize")]
    return {each["Type"].removeprefix("Custom::Personalize"): each["Properties"].get("Repair") for each in ours}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, {"DatasetGroup": None, "Filter": None}),
        ("t1:films/Unwatched", {"DatasetGroup": None, "Filter": "t1"}),
        ("t2:films/Group,films/Unwatched", {"DatasetGroup": "t2", "Filter": "t2"}),
    ],
)
def test_what_is_named_is_repaired(value: str | None, expected: dict[str, str | None]) -> None:
    made, stack = app(value)
    repair(made)
    assert tokens(stack) == expected


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "repair: must be TOKEN:stack/Path,stack/Path, as `make repair` writes it, but is ''."),
        (
            "films/Group",
            "repair: must be TOKEN:stack/Path,stack/Path, as `make repair` writes it, but is 'films/Group'.",
        ),
        (True, "repair: must be TOKEN:stack/Path,stack/Path, as `make repair` writes it, but is true."),
        ("t:films/Seen", "repair: the app has no resource 'films/Seen'. There are films/Group, films/Unwatched."),
        ("t:series/Group", "repair: the app has no resource 'series/Group'. There are films/Group, films/Unwatched."),
        (
            "t:films/Provider",
            "repair: the app has no resource 'films/Provider'. There are films/Group, films/Unwatched.",
        ),
    ],
)
def test_what_it_does_not_know_is_told_in_a_line(value: Any, sentence: str) -> None:
    made, _ = app(value)
    with pytest.raises(SettingsError) as raised:
        repair(made)
    assert str(raised.value) == sentence
