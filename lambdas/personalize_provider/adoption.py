"""Takes over what exists, gives it back, and gives it up: the properties Adopt and Release (docs/decisions/0036).

One call claims a resource: it tags it as ours, with what it was before. From then on the request may be interrupted
and repeated like any other. Runs of jobs and what has no tags are only looked at: nothing is changed, so nothing is
claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from botocore.exceptions import ClientError

from . import errors, errors_adoption
from .agreement import Difference, contradictions, differences
from .api import Api
from .change import Changes
from .control import adopts, is_anothers_run, is_released, newly_adopts
from .deployments import CloudFormation, began, check_wanted, is_gone, is_rollback, is_taken_back
from .describe import attributes, latest_update, update_id
from .errors import ProviderError
from .memento import Memento, is_memento
from .names import physical_name
from .ownership import LOGICAL_TAG, STACK_TAG, all_tags, as_api, holders, made_by, owners, user_tags
from .protocol import Event, Outcome, Progress, as_before, complete, pending
from .resource_type import Members, ResourceType, member_name
from .runs import Runs
from .service_errors import Meaning, meaning
from .statuses import Description, has_failed, is_being_deleted, is_busy, is_paused, is_update, status_of
from .update import HAND_OVER_SECONDS, Updates

# Developer guide, "Guidelines and requirements" of tags; those of AWS itself do not count.
_MOST_TAGS = 50
_OF_AWS = "aws:"
_OWNER_TAGS = frozenset({STACK_TAG, LOGICAL_TAG})
# A cancelled request may have a call under way when CloudFormation already asks for deletion.
_CANCELLATION_SECONDS = 60


class Adoption:
    """Adopts, gives back and releases one row's resources."""

    def __init__(self, row: ResourceType, api: Api, cloudformation: CloudFormation) -> None:
        """Adopt resources of a row of the resource table."""
        self._row = row
        self._api = api
        self._cloudformation = cloudformation
        self._updates = Updates(row, api, cloudformation)

    # -- on_event: only reads ------------------------------------------------------------------------------

    def start_creation(self, event: Event, now: float) -> tuple[str, Progress]:
        """Choose what a Create request takes over.

        Raises:
            ProviderError: there is no such thing, it is not what the template says, or it is somebody's.
        """
        name = Runs(self._row, self._api).choose_adopted(event) if self._row.is_job else physical_name(self._row, event)
        return name, self._start(event, name, Progress(started=now))

    def start_update(self, event: Event, name: str, progress: Progress) -> Progress:
        """Note whether an Update request takes over the resource of a name: another one, or one that was released.

        Raises:
            ProviderError: as above.
        """
        is_undone = is_rollback(progress.deployment)
        was_released = is_released(event["OldResourceProperties"]) and progress.in_place
        if not was_released and (progress.in_place or is_undone or not newly_adopts(self._row, event)):
            return progress
        return self._start(event, name, replace(progress, in_place=progress.in_place and is_undone))

    def _start(self, event: Event, name: str, progress: Progress) -> Progress:
        found = self._api.find(self._row, name, event)
        if found is None and is_rollback(progress.deployment):
            return progress  # As if it had never been released.
        if found is None:
            raise errors_adoption.nothing_to_adopt(self._row, name)
        if is_released(event["ResourceProperties"]):
            return progress
        event = {**event, "PhysicalResourceId": name}
        self._check(event, found, progress)
        if self.claims:
            self._claim_tags(event, found, self._tags(found))
        return replace(progress, adopts=True, update_seen=update_id(latest_update(self._row, found)))

    # -- claim ---------------------------------------------------------------------------------------------

    @property
    def claims(self) -> bool:
        """Whether what is adopted becomes the stack's own."""
        return self._row.taggable and not self._row.is_job

    def claim_step(self, event: Event, found: Description | None, progress: Progress) -> Outcome | None:
        """Go one step towards owning what a request adopts; None once there is nothing left to do for that.

        Raises:
            ProviderError: it is gone, has changed or belongs to somebody.
        """
        if found is None:
            raise errors_adoption.nothing_to_adopt(self._row, event["PhysicalResourceId"])
        tags = self._tags(found)
        if self._is_claimed(event, tags):
            return None
        self._check(event, found, progress)
        if not self.claims:
            return None
        if is_busy(found) and not is_rollback(progress.deployment):
            return pending(status_of(found))
        claim = self._claim_tags(event, found, tags)
        check_wanted(self._cloudformation, self._row, event, progress)
        self._api.call("TagResource", resourceArn=found[self._row.arn_member], tags=as_api(claim))
        # The next look tells whether somebody else has claimed it at the same moment.
        return pending("adopted")

    def _is_claimed(self, event: Event, tags: Mapping[str, str]) -> bool:
        """Whether this deployment has claimed a resource; an earlier one may have, and left it."""
        memento = Memento.of(tags)
        return made_by(tags, event) and memento is not None and memento.since == self._since(event)

    def _claim_tags(self, event: Event, found: Description, tags: Mapping[str, str]) -> dict[str, str]:
        """Tags of the template, of its owner, and of what the resource was before."""
        own = all_tags(event)
        before = Memento(
            self._since(event),
            self._members_to_change(event, found),
            {key: tags[key] for key in own if key in tags},
            is_paused(found),
        )
        claim = {**own, **before.as_tags()}
        count = len([key for key in {**tags, **claim} if not key.startswith(_OF_AWS)])
        if count > _MOST_TAGS:
            raise errors_adoption.too_many_tags(self._row, event["PhysicalResourceId"], count, _MOST_TAGS)
        return claim

    def _members_to_change(self, event: Event, found: Description) -> Members:
        """What the update that follows names, as it is."""
        change = self._change(event, found)
        return Changes(self._row, self._api).find_present(found, change) if change else {}

    def _change(self, event: Event, found: Description) -> Members:
        """What an update has to change, so that the resource is what the template says."""
        if not self._row.update:
            return {}
        changes = Changes(self._row, self._api)
        change = changes.find_asked_for(event, Progress(0.0, adopts=True), found)
        return {name: value for name, value in change.items() if not changes.is_made(found, {name: value}, False)}

    def _tags(self, found: Description) -> dict[str, str]:
        return self._api.tags(found[self._row.arn_member]) if self.claims else {}

    def _since(self, event: Event) -> str:
        """What tells a deployment from the next; its rollback has the same."""
        return str(began(self._cloudformation.deployment(event["StackId"])))

    # -- what may be adopted -------------------------------------------------------------------------------

    def _check(self, event: Event, found: Description, progress: Progress) -> None:
        row, name = self._row, event["PhysicalResourceId"]
        if is_being_deleted(found) or (has_failed(found) and not is_update(found)):
            raise errors_adoption.unsound_to_adopt(row, name, status_of(found), found.get("failureReason"))
        self._check_owner(event, owners(self._tags(found)))
        if is_rollback(progress.deployment):
            return  # It was ours when the update began.
        self._check_owner(event, holders(self._cloudformation, row, found))
        unlike = self._unlike(event, found)
        if unlike:
            raise errors_adoption.unlike_template(row, name, map(str, unlike))
        if row.update and self.claims:
            Changes(row, self._api).check_accepted(event, found, self._change(event, found), is_rollback=False)

    def _check_owner(self, event: Event, known: Iterable[tuple[str, str]]) -> None:
        ours = (event["StackId"], event["LogicalResourceId"])
        for stack_id, logical_id in known:
            if (stack_id, logical_id) != ours and not is_gone(self._cloudformation.deployment(stack_id)):
                owner = f"{logical_id} of stack {stack_id}"
                raise errors_adoption.owned_elsewhere(self._row, event["PhysicalResourceId"], owner)

    def _unlike(self, event: Event, found: Description) -> list[Difference]:
        """What a resource has otherwise than the template, and nothing here may change."""
        properties, update = event["ResourceProperties"], self._row.update
        fixed = (update.properties if not self._row.taggable else update.left_to_refreshes) if update else frozenset()
        change = self._change(event, found) if fixed else {}
        updatable = [
            Difference(name, properties[name], found.get(member_name(name)))
            for name in sorted(fixed)
            if member_name(name) in change
        ]
        compare = differences if adopts(properties) else contradictions
        return [*compare(self._api, self._row, properties, found), *updatable]

    # -- release -------------------------------------------------------------------------------------------

    def release_step(self, event: Event, progress: Progress, found: Description | None, now: float) -> Outcome:
        """Give a resource up: it stays as it is, without the tags that the stack gave it.

        If that takes back that this deployment has adopted it, it becomes what it was.
        """
        if found is None:
            raise errors.deleted_outside(self._row, event["PhysicalResourceId"])
        tags = self._tags(found)
        if is_rollback(progress.deployment) and self._is_claimed(event, tags):
            giving = self._give_back(as_before(event), progress, found, now)
            if not giving.done:
                return giving
        elif made_by(tags, event):
            check_wanted(self._cloudformation, self._row, event, progress)
            self._untag(found, _given(event, tags))
        return complete("released", attributes(self._api, self._row, found))

    def _untag(self, found: Description, keys: list[str]) -> None:
        if keys:
            self._api.call("UntagResource", resourceArn=found[self._row.arn_member], tagKeys=sorted(keys))

    # -- give back -----------------------------------------------------------------------------------------

    def find_reason_to_leave(self, event: Event) -> str:
        """Why a Delete request does nothing, whatever the service says; empty if it may do something."""
        if is_released(event["ResourceProperties"]):
            return "left alone: it is released"
        if is_anothers_run(self._row, event, event["PhysicalResourceId"]):
            return "left alone: a run that was there before"
        return ""

    def give_back_step(
        self, event: Event, progress: Progress, found: Description | None, is_known: bool, now: float
    ) -> Outcome | None:
        """Go one step towards giving back what was adopted; None if it is to be deleted like any other.

        Args:
            event: a Delete request, or a rollback's request with the properties of what it takes back.
            progress: of the request.
            found: what the properties adopt.
            is_known: whether CloudFormation names it; otherwise its request was cancelled before it answered.
            now: seconds since the epoch.
        """
        if not adopts(event["ResourceProperties"]) or self._row.is_job:
            return None
        if not is_known and now - progress.started < _CANCELLATION_SECONDS:
            return pending("watching for what a cancelled request may still change")
        if is_known and not is_taken_back(self._cloudformation.deployment(event["StackId"])):
            return None
        return self._give_back(event, progress, found, now)

    def _give_back(self, event: Event, progress: Progress, found: Description | None, now: float) -> Outcome:
        """Make a resource what it was before the deployment that adopted it, as far as the service accepts that."""
        tags = self._tags(found) if found else {}
        memento = Memento.of(tags)
        if found is None or memento is None or not self._is_claimed(event, tags) or is_being_deleted(found):
            return complete("left alone: this deployment has not adopted it")
        check_wanted(self._cloudformation, self._row, event, progress)
        waits_for = self._restore(event, progress, found, memento)
        if waits_for and now - progress.started < HAND_OVER_SECONDS:
            return pending(waits_for)
        self._restore_tags(event, found, tags, memento.tags)
        return complete("given back as it was")

    def _restore(self, event: Event, progress: Progress, found: Description, memento: Memento) -> str:
        if is_busy(found):
            return status_of(found)
        ours = Progress(started=progress.started, paused=memento.paused)
        try:
            return self._updates.restore(event, ours, found, memento.members)
        except (ProviderError, ClientError) as error:
            if isinstance(error, ClientError) and meaning(error) is not Meaning.INVALID:
                raise
            return ""

    def _restore_tags(self, event: Event, found: Description, tags: Mapping[str, str], had: Mapping[str, str]) -> None:
        """Set the tags that there were before; last those that say whose it is."""
        given = user_tags(event["ResourceProperties"])
        lost = {key: value for key, value in had.items() if key not in _OWNER_TAGS and tags.get(key) != value}
        self._tag(found, lost)
        self._untag(found, [key for key in tags if (_is_ours(key) or key in given) and key not in had])
        self._tag(found, {key: had[key] for key in _OWNER_TAGS & had.keys()})

    def _tag(self, found: Description, tags: Mapping[str, str]) -> None:
        if tags:
            self._api.call("TagResource", resourceArn=found[self._row.arn_member], tags=as_api(tags))


def _given(event: Event, tags: Mapping[str, str]) -> list[str]:
    """Keys of tags that the stack has given to a resource, and that it did not have before."""
    template = user_tags(event["ResourceProperties"]) | user_tags(event.get("OldResourceProperties", {}))
    had = (Memento.of(tags) or Memento("")).tags
    return [key for key in tags if _is_ours(key) or (key in template and key not in had)]


def _is_ours(key: str) -> bool:
    return key in _OWNER_TAGS or is_memento(key)
