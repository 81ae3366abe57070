"""Event tracker: takes in events as they happen."""

from __future__ import annotations

from typing import Protocol

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from constructs import Construct

from .adoption import check_exists, check_parent
from .dataset_group import IDatasetGroup, take_place
from .errors import PropsError
from .grants import Grantable, IPersonalizeResource, grant_operation
from .imported import ImportedResource, checked_arn
from .lookup import Lookup
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource

declare(
    TypePermissions(
        "EventTracker",
        operations=("CreateEventTracker", "DescribeEventTracker", "DeleteEventTracker"),
        created_in="dataset-group",
        name_is_generated=True,
    )
)


class IEventTracker(IPersonalizeResource, Protocol):
    """An event tracker, of this app or imported."""

    @property
    def event_tracker_arn(self) -> str:
        """ARN of the event tracker."""
        ...

    @property
    def tracking_id(self) -> str:
        """Id that clients name in PutEvents; of an imported one only if it was given."""
        ...

    def grant_put_events(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal record events (personalize:PutEvents).

        Args:
            grantee: who gets the permission.
        """
        ...


class _EventTrackerBase(Grantable):
    @property
    def event_tracker_arn(self) -> str:
        """ARN of the event tracker."""
        return self._arn

    def grant(self, grantee: iam.IGrantable, *actions: str) -> iam.Grant:
        """Let a principal use actions on this event tracker.

        Args:
            grantee: who gets the permission.
            *actions: IAM actions of Personalize, such as personalize:DescribeEventTracker.

        Raises:
            PropsError: an action is not one of Personalize, or it is personalize:PutEvents, which IAM never allows on
                an event tracker.
        """
        if "personalize:PutEvents" in actions:
            raise PropsError("grant: IAM knows no resource for personalize:PutEvents. Use grant_put_events.")
        return super().grant(grantee, *actions)

    def grant_put_events(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal record events (personalize:PutEvents), with every tracker of the account.

        IAM takes no narrower resource for PutEvents than `*`, so what keeps the principal to this tracker is the
        tracking id that it is told (API reference, PutEvents; service authorization reference: the action has neither
        a resource type nor condition keys).

        Args:
            grantee: who gets the permission.
        """
        return grant_operation(grantee, "PutEvents", ["*"])


class _ImportedEventTracker(ImportedResource, _EventTrackerBase):
    def __init__(self, scope: Construct, id: str, event_tracker_arn: str, tracking_id: str | None = None) -> None:
        super().__init__(scope, id, event_tracker_arn)
        self._tracking_id = tracking_id

    @property
    def tracking_id(self) -> str:
        if self._tracking_id is None:
            raise PropsError(
                f"{self.node.path}: an ARN does not tell the tracking id. Use "
                f"EventTracker.from_event_tracker_attributes."
            )
        return self._tracking_id


class EventTracker(PersonalizeResource, _EventTrackerBase):
    """An event tracker (API: CreateEventTracker); a dataset group has one at most."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        dataset_group: IDatasetGroup,
        name: str | None = None,
        adopt: bool = False,
        release: bool = False,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Declare an event tracker.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            dataset_group: the group whose interactions dataset the events go to.
            name: a fixed name; default: generated.
            adopt: whether to take over the event tracker of that `name` instead of making one (library.md).
            release: whether to give up what was adopted: it stays, without the tags of this app (library.md).
            removal_policy: RETAIN_ON_UPDATE_OR_DELETE keeps the event tracker when the stack is deleted, RETAIN also
                what a failed first deployment has made; default DESTROY.

        Raises:
            PropsError: the name is not valid, or the group has an event tracker already.
        """
        check_parent(id, adopt, dataset_group.dataset_group_arn, "dataset group")
        # API reference, CreateEventTracker.
        take_place(dataset_group, "event tracker", 1, scope, id)
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="EventTracker",
            name=name,
            adopt=adopt,
            release=release,
            removal_policy=removal_policy,
            properties={"DatasetGroupArn": dataset_group.dataset_group_arn},
        )
        # Events need the interactions dataset.
        self.node.add_dependency(dataset_group.contents.datasets)

    @staticmethod
    def from_event_tracker_arn(scope: Construct, id: str, event_tracker_arn: str) -> IEventTracker:
        """Use an event tracker that exists already, without its tracking id.

        Args:
            scope: parent construct.
            id: construct id.
            event_tracker_arn: its ARN.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedEventTracker(scope, id, checked_arn("event_tracker_arn", event_tracker_arn, "event-tracker"))

    @staticmethod
    def from_event_tracker_attributes(
        scope: Construct, id: str, *, event_tracker_arn: str, tracking_id: str
    ) -> IEventTracker:
        """Use an event tracker that exists already.

        Args:
            scope: parent construct.
            id: construct id.
            event_tracker_arn: its ARN.
            tracking_id: id that clients name in PutEvents.

        Raises:
            PropsError: it is not such an ARN.
        """
        arn = checked_arn("event_tracker_arn", event_tracker_arn, "event-tracker")
        return _ImportedEventTracker(scope, id, arn, tracking_id)

    @staticmethod
    def from_lookup(
        scope: Construct, id: str, *, provider: PersonalizeProvider, dataset_group: IDatasetGroup
    ) -> IEventTracker:
        """Use the event tracker of a dataset group that exists already: looked up at deployment.

        Args:
            scope: parent construct.
            id: construct id.
            provider: looks.
            dataset_group: the group, which this app has not made; it has one event tracker at most.

        Raises:
            PropsError: this app makes the group.
        """
        group_arn = dataset_group.dataset_group_arn
        check_exists(id, "from_lookup", group_arn, "dataset group")
        # The role reads every event tracker, since the service generates the ids in their ARNs.
        found = Lookup(scope, id, provider=provider, noun="EventTracker", path=None, DatasetGroupArn=group_arn)
        return _ImportedEventTracker(found, "EventTracker", found.arn, found.attribute("TrackingId"))

    @property
    def tracking_id(self) -> str:
        """Id that clients name in PutEvents."""
        return self.attribute("TrackingId")
