"""The waiting resources that follow whatever can outlast CloudFormation's hour (docs/decisions/0003-wait-chains.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import CustomResource, Duration
from constructs import Construct

from . import limits
from .errors import PropsError
from .provider import PersonalizeProvider
from .resource import PersonalizeResource

# CloudFormation gives a custom resource an hour at most (ServiceTimeout); a link ends before that.
_LINK = Duration.minutes(50)
# No page says how long a training may take; 96 links are 80 hours.
_MAX_LINKS = 96


@dataclass(frozen=True)
class Work:
    """What the service does for hours.

    Attributes:
        noun: type of the resource, as the API names it.
        name: of the work, as the template calls it.
        default_max_wait: the longest it may take, unless the user says otherwise.
        can_be_stopped: whether deleting the resource ends the work. If not, deleting has to wait until it is done.
        answers: attributes of the last link that the links of earlier versions did not have. CloudFormation keeps what
            a custom resource answered last, so that an update finds a new attribute only if it calls the link. Names
            in its properties have it called.
    """

    noun: str
    name: str
    default_max_wait: Duration
    can_be_stopped: bool = False
    answers: tuple[str, ...] = ()


IMPORT = Work("DatasetImportJob", "import", Duration.hours(limits.IMPORT_MAX_WAIT_HOURS))
RECOMMENDER_TRAINING = Work(
    "Recommender", "training", Duration.hours(limits.RECOMMENDER_MAX_WAIT_HOURS), answers=("ModelMetrics",)
)
# API: StopSolutionVersionCreation. No other operation ends such work.
VERSION_TRAINING = Work(
    "SolutionVersion", "training", Duration.hours(limits.TRAINING_MAX_WAIT_HOURS), can_be_stopped=True
)


class WaitChain(Construct):
    """Waits until a resource has settled; what depends on the chain comes after that.

    Each link waits for a share of `max_wait`, then hands over to the next; a link with nothing to wait for
    returns at once. Where the work cannot be stopped, a second chain waits when its links are deleted, until the
    resource can be deleted: since its links come first and take seconds, all of them are there when a deployment
    fails while the resource is still in training.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        resource: PersonalizeResource,
        work: Work,
        max_wait: Duration | None = None,
        link: Duration | None = None,
    ) -> None:
        """Declare the links.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            resource: what to wait for; answers `<Noun>Arn` and `Revision`.
            work: what the service does with it.
            max_wait: the longest it may take; default: that of the work.
            link: how long one link waits; default and maximum 50 minutes.

        Raises:
            PropsError: a duration is out of its range.
        """
        super().__init__(scope, id)
        self._provider = provider
        self._noun = work.noun
        self._link_seconds = _checked_link(self, link or _LINK)
        links = _number_of_links(self, max_wait or work.default_max_wait, self._link_seconds)
        waits_for = f"{resource.node.id}: {work.name}"
        # The resource's own deletion waits as long as a link does, so one less is enough.
        held = self._hold_deletion(resource.custom_resource, waits_for, 0 if work.can_be_stopped else links - 1)
        self._last = resource.custom_resource
        for number in range(1, links + 1):
            more = {
                **self._words(waits_for, number, links),
                # Changes with every update of the resource, so that the update is waited for too.
                "Revision": self._last.get_att_string("Revision"),
                "Link": number,
                "Links": links,
                **({"Answers": list(work.answers)} if number == links and work.answers else {}),
            }
            self._last = self._link(f"Link{number}", "Custom::PersonalizeWait", self._last, more)
            if number == 1 and held:
                # One request of a chain at a time: a new account runs ten functions at once, two for each request.
                self._last.node.add_dependency(held)

    def _hold_deletion(self, resource: CustomResource, waits_for: str, links: int) -> CustomResource | None:
        """Declare the links that are waited for before the resource is deleted; answers the last, if any."""
        last = None
        for number in range(1, links + 1):
            words = self._words(f"{waits_for}, before it is deleted", number, links)
            last = self._link(f"Deletion{number}", "Custom::PersonalizeDeletionWait", last or resource, words)
        return last

    def _words(self, waits_for: str, number: int, links: int) -> dict[str, str]:
        """What a link says to readers of the template; the provider makes nothing of it."""
        each = _in_words(self._link_seconds)
        share = f"link {number} of {links}, {each} each" if links > 1 else each
        return {"WaitsFor": waits_for, "UpTo": share}

    def _link(self, id: str, resource_type: str, before: CustomResource, more: Mapping[str, object]) -> CustomResource:
        return CustomResource(
            self,
            id,
            service_token=self._provider.service_token,
            resource_type=resource_type,
            properties={
                **more,
                "ResourceType": self._noun,
                "ResourceArn": before.get_att_string(f"{self._noun}Arn"),
                "LinkSeconds": self._link_seconds,
            },
            service_timeout=Duration.hours(1),
        )

    def attribute(self, name: str) -> str:
        """An attribute of the settled resource."""
        return self._last.get_att_string(name)


def _checked_link(chain: Construct, link: Duration) -> int:
    seconds = int(link.to_seconds())
    if not 1 <= seconds <= _LINK.to_seconds():
        raise PropsError(f"{chain.node.path}: link must be 1 second to 50 minutes, but is {seconds} seconds.")
    return seconds


def _number_of_links(chain: Construct, max_wait: Duration, link_seconds: int) -> int:
    links = math.ceil(max_wait.to_seconds() / link_seconds)
    if not 1 <= links <= _MAX_LINKS:
        raise PropsError(
            f"{chain.node.path}: max_wait must be more than 0 and at most {_MAX_LINKS} links of {link_seconds} "
            f"seconds, but is {int(max_wait.to_seconds())} seconds. Choose a shorter max_wait."
        )
    return links


def _in_words(seconds: int) -> str:
    """`50 minutes`, or seconds where it is not a whole number of minutes."""
    number, unit = (seconds // 60, "minute") if seconds % 60 == 0 else (seconds, "second")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
