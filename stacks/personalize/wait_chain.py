"""The chains of waiting resources that follow whatever can outlast CloudFormation's hour."""

from __future__ import annotations

import math
from collections.abc import Mapping

from aws_cdk import CustomResource, Duration
from constructs import Construct

from .errors import PropsError
from .provider import PersonalizeProvider
from .resource import PersonalizeResource

DEFAULT_MAX_WAIT = Duration.hours(4)
# CloudFormation gives a custom resource an hour at most (ServiceTimeout); a link ends before that.
_LINK = Duration.minutes(50)
# No page says how long a training may take; 96 links are 80 hours.
_MAX_LINKS = 96


class WaitChain(Construct):
    """Waits until a resource has settled; what depends on the chain comes after that.

    Each link waits for a share of `max_wait`, then hands over to the next; a link with nothing to wait for
    returns at once. A second chain waits when its links are deleted, until the resource can be deleted: since its
    links come first and take seconds, all of them are there when a deployment fails while the resource is still in
    training.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        resource: PersonalizeResource,
        noun: str,
        max_wait: Duration | None = None,
        link: Duration | None = None,
    ) -> None:
        """Declare the links.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            resource: what to wait for; answers `<Noun>Arn` and `Revision`.
            noun: its type as the API names it.
            max_wait: the longest it may take; default 4 hours.
            link: how long one link waits; default and maximum 50 minutes.

        Raises:
            PropsError: a duration is out of its range.
        """
        super().__init__(scope, id)
        link_seconds = _checked_link(self, link or _LINK)
        links = _number_of_links(self, max_wait or DEFAULT_MAX_WAIT, link_seconds)
        self._provider = provider
        self._noun = noun
        held = resource.custom_resource
        # The resource's own deletion waits as long as a link does, so one less is enough.
        for number in range(1, links):
            held = self._link(f"Deletion{number}", "Custom::PersonalizeDeletionWait", held, link_seconds, {})
        self._last = resource.custom_resource
        for number in range(1, links + 1):
            more = {
                # Changes with every update of the resource, so that the update is waited for too.
                "Revision": self._last.get_att_string("Revision"),
                "Link": number,
                "Links": links,
            }
            self._last = self._link(f"Link{number}", "Custom::PersonalizeWait", self._last, link_seconds, more)
            if number == 1 and links > 1:
                # One request of a chain at a time: a new account runs ten functions at once, two for each request.
                self._last.node.add_dependency(held)

    def _link(
        self, id: str, resource_type: str, before: CustomResource, link_seconds: int, more: Mapping[str, object]
    ) -> CustomResource:
        return CustomResource(
            self,
            id,
            service_token=self._provider.service_token,
            resource_type=resource_type,
            properties={
                "ResourceType": self._noun,
                "ResourceArn": before.get_att_string(f"{self._noun}Arn"),
                **more,
                "LinkSeconds": link_seconds,
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
