"""What a reviewer has to know of the operations stack: who is not served when, and who has to confirm a mail."""

from __future__ import annotations

from collections.abc import Iterator

from tools.simulation.assembly import Assembly

from .diff import path_of
from .review import Reason, Verdict
from .running import Schedule, active_share, schedules_of
from .stored import Resource
from .values import as_text, listed

_RECOMMENDER, _SUBSCRIPTION = "Custom::PersonalizeRecommender", "AWS::SNS::Subscription"


def operating_reasons(base: Assembly, head: Assembly) -> Iterator[Reason]:
    """Every reason that the operations stack gives.

    Args:
        base: what is deployed.
        head: what would be.
    """
    yield from _stops(base, head)
    yield from _mails(base, head)


def _stops(base: Assembly, head: Assembly) -> Iterator[Reason]:
    """Recommenders that schedules stop at other times than before."""
    before, after = schedules_of(base), schedules_of(head)
    for recommender, path in _of_type(head, _RECOMMENDER):
        hours = _hours(after, recommender)
        share = active_share(after, recommender)
        if share < 1 and hours != _hours(before, recommender):
            yield Reason(
                Verdict.READ_FIRST,
                "serving hours",
                f"Schedules stop {path}, which then serves {share * 24:.3g} hours a day: {listed(hours)}. Whoever asks "
                f"it while it is stopped gets an error.",
                (path,),
            )


def _hours(schedules: list[Schedule], recommender: Resource) -> list[str]:
    """When a recommender is started and stopped, for people."""
    return [
        f"{each.action.removesuffix('Recommender')} {each.expression} {each.time_zone}"
        for each in schedules
        if each.acts_on == recommender and each.action in ("startRecommender", "stopRecommender")
    ]


def _mails(base: Assembly, head: Assembly) -> Iterator[Reason]:
    """Addresses that nobody mailed before (SNS developer guide, "Email notifications": each has to be confirmed)."""
    known = set(_addresses(base))
    new = [each for each in _addresses(head) if each not in known]
    if new:
        yield Reason(
            Verdict.READ_FIRST,
            "confirm by mail",
            f"AWS mails {listed(new)} once the topic is there. Until somebody follows the link in that mail, no notice "
            f"reaches the address.",
        )


def _addresses(assembly: Assembly) -> list[str]:
    return [
        as_text(resource["Properties"]["Endpoint"])
        for template in assembly.templates.values()
        for resource in template["Resources"].values()
        if resource["Type"] == _SUBSCRIPTION and resource["Properties"].get("Protocol") == "email"
    ]


def _of_type(assembly: Assembly, resource_type: str) -> Iterator[tuple[Resource, str]]:
    for stack, template in assembly.templates.items():
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] == resource_type:
                yield (stack, logical_id), path_of(resource, logical_id)
