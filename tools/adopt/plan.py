"""What of a dataset group the settings take over, and what they leave alone, with the reason.

The settings' own checks have the last word: what they do not accept is left alone with their sentence, so that what is
written can be deployed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from stacks.outputs import pascal
from stacks.personalize import VideoOnDemand, limits

from . import sections
from .found import Found, FoundDataset, FoundGroup, FoundSolution, NotAdoptableError

NO_RANKING = "none"
_KINDS = ("INTERACTIONS", "ITEMS", "USERS")
_OUT_OF_ITS_STACK = "Take it out of that stack first, so that it stays: docs/migrate.md says how. Then run this again."
_AGAIN = "Delete it or make it work, and run this again."
_CONSTRUCTS = "Leave it to what made it, or declare it with the constructs in an app of yours: docs/library.md."
_LOOKED_AT = "The settings name the group as `existing`: the app makes nothing of this, and reads its ARN."

Check = Callable[[dict[str, Any], dict[str, str]], list[tuple[str, str]]]
"""From the settings and the texts of the schema files: where each mistake is, and the sentence."""


@dataclass(frozen=True)
class Taken:
    """Something that is taken over.

    Attributes:
        found: the resource.
        setting: that names it, such as `recommenders.top_picks`.
        notes: what there is to know of it.
    """

    found: Found
    setting: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Left:
    """Something that stays as it is, without this app.

    Attributes:
        found: the resource.
        why: a sentence.
        instead: what to do, if it is to be taken over.
    """

    found: Found
    why: str
    instead: str


@dataclass(frozen=True)
class Plan:
    """What is written.

    Attributes:
        group: the dataset group.
        is_existing: whether the group is only looked at.
        settings: the document.
        schemas: by the name of the file, the text.
        taken: what is taken over, in the order of the settings.
        left: what is left alone.
    """

    group: FoundGroup
    is_existing: bool
    settings: dict[str, Any]
    schemas: dict[str, str]
    taken: tuple[Taken, ...]
    left: tuple[Left, ...]


@dataclass(frozen=True)
class Wish:
    """What the user says beside the dataset group.

    Attributes:
        app_name: beginning of all names of the app.
        ranking: name of the campaign or the solution to take; `none`; empty: the only one there is.
        schema_files: by dataset type, name of the file for its schema.
    """

    app_name: str
    schema_files: dict[str, str]
    ranking: str = ""


@dataclass(frozen=True)
class _Piece:
    """A section of the settings, and what is taken over with it."""

    path: tuple[str, ...]
    section: dict[str, Any]
    founds: tuple[Found, ...]
    notes: tuple[str, ...] = ()

    @property
    def setting(self) -> str:
        return ".".join(self.path)


@dataclass
class _Draft:
    pieces: list[_Piece] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def leave(self, found: Found, why: str, instead: str) -> None:
        self.left.append(Left(found, why, instead))


def plan_of(group: FoundGroup, wish: Wish, check: Check) -> Plan:
    """Plan the settings for a dataset group.

    Args:
        group: with all that is in it.
        wish: what the user says.
        check: the settings' own checks.

    Raises:
        NotAdoptableError: nothing can be written, or the user has to choose a ranking.
    """
    reason = _why_not_whole(group)
    if reason is None:
        found = _settled(group, wish, check, reason)
        if isinstance(found, Plan):
            return found
        reason = found
    settled = _settled(group, wish, check, reason)
    if isinstance(settled, Plan):
        return settled
    raise NotAdoptableError(f"No settings can be written for '{group.itself.name}': {settled}")


def _why_not_whole(group: FoundGroup) -> str | None:
    """Why the group with its datasets cannot be taken over; None if it can, as far as one can see."""
    description, interactions = group.itself.description, group.datasets.get("INTERACTIONS")
    if not group.itself.is_sound:
        raise NotAdoptableError(f"The dataset group '{group.itself.name}' is {group.itself.status}. {_AGAIN}")
    if not interactions:
        raise NotAdoptableError(
            f"The dataset group '{group.itself.name}' has no interactions dataset, so there is nothing to take over. "
            "Deploy an environment of your own, or add the dataset first."
        )
    if group.domain != VideoOnDemand.DOMAIN:
        kind = f"of the domain {group.domain}" if group.domain else "a custom group"
        return f"The group is {kind}; the app's own are of {VideoOnDemand.DOMAIN} (docs/decisions/0021)."
    if group.itself.owner:
        return f"The group belongs to the stack {group.itself.owner}."
    if description.get("kmsKeyArn") or description.get("roleArn"):
        return "The group is encrypted with a key by a role of its own, and the app would use another role."
    return _why_not_dataset(interactions, "The interactions dataset")


def _why_not_dataset(found: FoundDataset, subject: str) -> str | None:
    if found.itself.owner:
        return f"{subject} belongs to the stack {found.itself.owner}."
    if found.schema.owner:
        return f"{subject} has a schema that belongs to the stack {found.schema.owner}."
    if not found.itself.is_sound:
        return f"{subject} is {found.itself.status}."
    if found.latest is None:
        return f"{subject} has no import that succeeded, by which its data would be known."
    return None


# -- drafting ----------------------------------------------------------------------------------------------------


def _settled(group: FoundGroup, wish: Wish, check: Check, reason: str | None) -> Plan | str:
    """The plan; or why there is none with the group as a whole."""
    draft = _drafted(group, wish, reason)
    texts = {wish.schema_files[kind]: each.schema.description["schema"] for kind, each in group.datasets.items()}
    while True:
        document = _document(group, wish, draft, reason)
        schemas = {file: texts[file] for file in _schema_files(document)}
        mistakes = check(document, schemas)
        if not mistakes:
            return _plan(group, draft, reason, document, schemas)
        refused = _refused(draft, mistakes[0])
        if refused is None or refused.path in (("dataset_group",), ("datasets", "interactions")):
            return ": ".join(mistakes[0])
        draft.pieces.remove(refused)
        for each in refused.founds:
            draft.leave(each, f"The settings cannot say it: {_whole(mistakes[0][1])}", _CONSTRUCTS)


def _refused(draft: _Draft, mistake: tuple[str, str]) -> _Piece | None:
    """The section that a mistake is in, or that its sentence names."""
    where, sentence = mistake
    for piece in draft.pieces:
        if f"{where}.".startswith(f"{piece.setting}."):
            return piece
    return next((piece for piece in draft.pieces if re.search(rf"\b{re.escape(piece.setting)}\b", sentence)), None)


def _drafted(group: FoundGroup, wish: Wish, reason: str | None) -> _Draft:
    draft = _Draft()
    if reason is None:
        draft.pieces.append(_Piece(("dataset_group",), sections.adopted(group.itself), (group.itself,)))
        _add_datasets(draft, group, wish)
    else:
        _look_at(draft, group, reason)
    _add_each(draft, "recommenders", group.recommenders, sections.recommender, _about_recommender)
    _add_ranking(draft, group, wish)
    _add_each(draft, "filters", group.filters, sections.filter_, lambda _: ())
    if reason is None:
        for name, founds, section in (
            ("event_tracker", group.trackers, sections.adopted),
            ("metric_attribution", group.attributions, sections.metric_attribution),
        ):
            for found in _takeable(draft, founds):
                draft.pieces.append(_Piece((name,), section(found), (found,)))
    return draft


def _look_at(draft: _Draft, group: FoundGroup, reason: str) -> None:
    """The data is others' business."""
    draft.leave(group.itself, reason, _instead_of_whole(group))
    for each in group.datasets.values():
        for found in (each.schema, each.itself):
            draft.leave(found, "It goes with its dataset group.", _LOOKED_AT)
    for found in (*group.trackers, *group.attributions):
        draft.leave(found, "It goes with its dataset group.", _LOOKED_AT)


def _instead_of_whole(group: FoundGroup) -> str:
    if group.itself.owner:
        return f"The settings name it as `existing`. {_OUT_OF_ITS_STACK}"
    return "The settings name it as `existing`: what serves is taken over, the data is not."


def _add_datasets(draft: _Draft, group: FoundGroup, wish: Wish) -> None:
    for kind, found in sorted(group.datasets.items()):
        why = _why_not_dataset(found, "It")
        if kind not in _KINDS:
            why = "The domain VIDEO_ON_DEMAND has no such dataset."
        if why:
            instead = "Import data once, and run this again." if found.latest is None else _AGAIN
            draft.leave(found.schema, "It goes with its dataset.", instead)
            draft.leave(found.itself, why, _OUT_OF_ITS_STACK if found.owner else instead)
            continue
        notes = _about_import(found)
        section = sections.dataset(found, wish.schema_files[kind])
        draft.pieces.append(_Piece(("datasets", kind.lower()), section, (found.schema, found.itself), notes))


def _add_each(
    draft: _Draft,
    name: str,
    founds: Sequence[Found],
    section: Callable[[Found], dict[str, Any]],
    about: Callable[[Found], tuple[str, ...]],
) -> None:
    keys = _Keys(name)
    for found in _takeable(draft, founds):
        path = (name, keys.of(found.name))
        draft.pieces.append(_Piece(path, section(found), (found,), (*about(found), *_about_unsaid(found))))


def _takeable(draft: _Draft, founds: Sequence[Found]) -> Iterator[Found]:
    for found in founds:
        if found.owner:
            draft.leave(found, f"It belongs to the stack {found.owner}.", _OUT_OF_ITS_STACK)
        elif not found.is_sound:
            draft.leave(found, f"It is {found.status}.", _AGAIN)
        else:
            yield found


# -- ranking -----------------------------------------------------------------------------------------------------


def _add_ranking(draft: _Draft, group: FoundGroup, wish: Wish) -> None:
    """The settings hold one ranking; everything else that is trained is left alone."""
    candidates = [
        (solution.itself, campaign)
        for solution in group.solutions
        if _why_no_ranking(solution) is None
        for campaign in solution.campaigns
        if campaign.is_sound and not campaign.owner
    ]
    chosen = _chosen(candidates, wish.ranking)
    for solution in group.solutions:
        taken = chosen is not None and chosen[0] is solution.itself
        if not taken:
            why = _why_no_ranking(solution) or "The settings hold one ranking, and this is another."
            instead = _OUT_OF_ITS_STACK if solution.itself.owner else _CONSTRUCTS
            draft.leave(solution.itself, why, instead)
        for campaign in solution.campaigns:
            if not (taken and chosen and campaign is chosen[1]):
                _leave_campaign(draft, campaign, taken)
    if chosen:
        notes = (*_about_ranking(*chosen), *_about_unsaid(chosen[0]), *_about_unsaid(chosen[1]))
        draft.pieces.append(_Piece(("ranking",), sections.ranking(*chosen), chosen, notes))


def _leave_campaign(draft: _Draft, campaign: Found, solution_is_taken: bool) -> None:
    if campaign.owner:
        draft.leave(campaign, f"It belongs to the stack {campaign.owner}.", _OUT_OF_ITS_STACK)
    elif not campaign.is_sound:
        draft.leave(campaign, f"It is {campaign.status}.", _AGAIN)
    else:
        why = "The settings hold one campaign." if solution_is_taken else "Its solution is left alone."
        draft.leave(campaign, why, _CONSTRUCTS)


def _why_no_ranking(solution: FoundSolution) -> str | None:
    found, description = solution.itself, solution.itself.description
    if found.owner:
        return f"It belongs to the stack {found.owner}."
    if not found.is_sound:
        return f"It is {found.status}."
    if found.recipe not in limits.RANKING_RECIPES:
        recipe = f"Its recipe is {found.recipe}" if found.recipe else "AutoML chooses its recipe"
        return f"{recipe}; the settings have solutions for re-ranking only ({', '.join(limits.RANKING_RECIPES)})."
    if description.get("eventType"):
        return f"It trains on the event type {description['eventType']} only, which the settings cannot say."
    if not solution.campaigns:
        return "It has no campaign, and the settings would make one."
    return None


def _chosen(candidates: Sequence[tuple[Found, Found]], wanted: str) -> tuple[Found, Found] | None:
    if wanted == NO_RANKING or not (candidates or wanted):
        return None
    matching = [each for each in candidates if not wanted or wanted in (each[0].name, each[1].name)]
    if len(matching) == 1:
        return matching[0]
    listed = ", ".join(f"'{campaign.name}' (of the solution '{solution.name}')" for solution, campaign in candidates)
    problem = "there are several campaigns for re-ranking, and the settings hold one"
    if not matching:
        problem = f"no campaign or solution for re-ranking is called '{wanted}'"
    raise NotAdoptableError(
        f"RANKING: {problem}. There are: {listed or 'none'}. Name the campaign with RANKING=name, or RANKING=none."
    )


# -- what there is to know ---------------------------------------------------------------------------------------


def _about_import(found: FoundDataset) -> tuple[str, ...]:
    assert found.latest
    return (f"Its data is known by the import {found.latest['jobName']}; nothing is imported.",)


def _about_recommender(found: Found) -> tuple[str, ...]:
    return () if sections.recommender(found)["active"] else ("It is stopped, and stays so.",)


def _about_ranking(solution: Found, campaign: Found) -> tuple[str, ...]:
    section = sections.ranking(solution, campaign)
    served = f"The campaign goes on serving version {section['solution_version']}; nothing is trained."
    days = section["auto_training_days"]
    if days is None or section["campaign"]["follow_latest"]:
        return (served,)
    return served, f"The service trains it every {days} days, and bills that; no campaign serves those versions."


def _about_unsaid(found: Found) -> tuple[str, ...]:
    members = ", ".join(sections.unsaid(found))
    return (f"The settings have no word for {members}; that stays as it is.",) if members else ()


# -- the document ------------------------------------------------------------------------------------------------


class _Keys:
    """Names of settings from names of resources, each once."""

    def __init__(self, section: str) -> None:
        self._beginning = section.removesuffix("s")
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
        snake = re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")
        key = first = snake if snake[0].isalpha() else f"{self._beginning}_{snake}"
        number = 1
        while pascal(key) in self._taken:
            number += 1
            key = f"{first}_no_{number}"
        self._taken.add(pascal(key))
        return key


def _document(group: FoundGroup, wish: Wish, draft: _Draft, reason: str | None) -> dict[str, Any]:
    _, _, _, region, account, *_ = group.itself.arn.split(":")
    document: dict[str, Any] = {"app_name": wish.app_name, "account": account, "region": region}
    if reason is None:
        assert group.datasets["INTERACTIONS"].latest
        location = group.datasets["INTERACTIONS"].latest["dataSource"]["dataLocation"]
        document |= {"removal_policy": "retain", "data": f"{location.rpartition('/')[0]}/"}
    else:
        kinds = [kind.lower() for kind in _KINDS if kind in group.datasets]
        document["existing"] = {"name": group.itself.name, "datasets": kinds, "event_tracker": bool(group.trackers)}
    for piece in draft.pieces:
        where = document
        for part in piece.path[:-1]:
            where = where.setdefault(part, {})
        where[piece.path[-1]] = piece.section
    return document


def _schema_files(document: dict[str, Any]) -> list[str]:
    return [each["schema_file"] for each in document.get("datasets", {}).values()]


def _plan(
    group: FoundGroup, draft: _Draft, reason: str | None, document: dict[str, Any], schemas: dict[str, str]
) -> Plan:
    taken = [
        # What there is to know is said once, of the last: the dataset, the campaign.
        Taken(found, piece.setting, piece.notes if found is piece.founds[-1] else ())
        for piece in draft.pieces
        for found in piece.founds
    ]
    order = {id(each): at for at, each in enumerate(group.all_of_it())}
    left = sorted(draft.left, key=lambda each: order[id(each.found)])
    return Plan(group, reason is not None, document, schemas, tuple(taken), tuple(left))


def _whole(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."
