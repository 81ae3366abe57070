"""A review as plain data: what is found out about a change, before anybody draws it.

Every text is plain: no markup, nothing escaped. Whoever draws it escapes it. Names, values and commands have fields of
their own, so that they can be set apart. An empty text means that there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Verdict(Enum):
    """What is to be done with a change; the value is what a person reads."""

    DEPLOYABLE = "Can be deployed"
    READ_FIRST = "Can be deployed, but read this"
    REFUSED = "Cannot be deployed"

    @property
    def status(self) -> int:
        """Exit status of the command."""
        return 2 if self is Verdict.REFUSED else 0

    @staticmethod
    def gravest(verdicts: Sequence[Verdict]) -> Verdict:
        """The one that decides."""
        return max(verdicts, key=list(Verdict).index, default=Verdict.DEPLOYABLE)


@dataclass(frozen=True)
class Commit:
    """A side of the comparison.

    Attributes:
        name: what the user calls it (`origin/main`), or "working tree".
        id: short id of the commit; empty if there is none.
        subject: first line of its message.
        is_changed: whether files differ from the commit.
    """

    name: str
    id: str = ""
    subject: str = ""
    is_changed: bool = False


@dataclass(frozen=True)
class Header:
    """Who, what and when.

    Attributes:
        app: `app_name` of the settings.
        environment: name of the environment.
        account, region: where it is deployed; empty if the settings leave it to the credentials.
        base: what is deployed.
        head: what would be.
        date: when the review was made, in UTC.
    """

    app: str
    environment: str
    account: str
    region: str
    base: Commit
    head: Commit
    date: datetime


@dataclass(frozen=True)
class Reason:
    """Something that a reviewer has to know, or that stops the deployment.

    Attributes:
        verdict: what it alone would lead to; never DEPLOYABLE.
        topic: what it is about, in a word or two: "money", "time", "interruption", "another ARN", "refused".
        text: one sentence or a few.
        paths: the resources that it is about.
        command: what to type; empty if nothing.
    """

    verdict: Verdict
    topic: str
    text: str
    paths: tuple[str, ...] = ()
    command: str = ""

    def adds_to(self, sentence: str) -> bool:
        """Whether it says more than a sentence that has been said already."""
        return bool(self.command) or self.text not in sentence


@dataclass(frozen=True)
class Difference:
    """Two values that differ, as texts, within a property; None on the side where there is none.

    Attributes:
        path: of the value in the property, as `SolutionConfig.EventsConfig`; empty if it is the whole property.
        before, after: the values; may have several lines.
    """

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Property:
    """A changed property of a resource.

    Attributes:
        name: of the property.
        differences: what differs in it; empty if only what it refers to is replaced.
        follows: path of the resource whose replacement gives it a new value; empty if the template itself differs.
        what: what deploying it does.
        why: why it is refused, and what to do instead.
        meanwhile: whether recommendations are served while it is deployed.
        verdict: what it alone would lead to.
    """

    name: str
    differences: tuple[Difference, ...]
    follows: str
    what: str
    why: str
    meanwhile: str
    verdict: Verdict


@dataclass(frozen=True)
class Change:
    """What happens to a resource.

    Attributes:
        path: of its construct, in its stack.
        type: `Campaign` for ours, `AWS::SSM::Parameter` for CloudFormation's.
        kind: "added", "removed", or "changed".
        what: what deploying it does, for the whole resource.
        takes: how long that takes; empty if it takes no time.
        meanwhile: whether recommendations are served while it is deployed.
        verdict: what it alone would lead to.
        properties: those that change, if it is on both sides.
        spelled_out: the properties of a resource that is added or removed which say what it is (a recipe, an
            expression), each with its value.
        hint: what else there is to know, such as that it is probably another one renamed.
        is_adopted: whether it exists already, and the stack takes it over.
    """

    path: str
    type: str
    kind: str
    what: str
    takes: str
    meanwhile: str
    verdict: Verdict
    properties: tuple[Property, ...] = ()
    spelled_out: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    is_adopted: bool = False

    @property
    def recommendations(self) -> str:
        """Whether recommendations are served meanwhile, as the resource and its properties say it, each once.

        What is added has served nothing before.
        """
        is_new = self.kind == "added" and not self.is_adopted
        said = () if is_new else (self.meanwhile, *(each.meanwhile for each in self.properties))
        return "; ".join(dict.fromkeys(each for each in said if each))

    @property
    def is_detailed(self) -> bool:
        """Whether there is something to say of it besides that it comes or goes."""
        says_more = self.properties or self.spelled_out or self.hint or self.is_adopted
        return bool(says_more) or self.verdict is not Verdict.DEPLOYABLE


@dataclass(frozen=True)
class StackChanges:
    """What happens to a stack.

    Attributes:
        name: of the stack.
        what: what deploying does with it ("created", "updated", "not changed", "stays").
        changes: resources that change, but for those of which only tags do.
        tagged: how many resources get other tags, in place.
        new_values: outputs and parameters that get a new value because something is replaced.
    """

    name: str
    what: str
    changes: tuple[Change, ...] = ()
    tagged: int = 0
    new_values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bar:
    """Something that takes time, in minutes from the beginning; `is_critical` if it delays the end."""

    path: str
    type: str
    begins: float
    ends: float
    is_critical: bool = False

    @property
    def label(self) -> str:
        """What it is called in a picture."""
        return f"{self.path} ({self.type})"

    @property
    def when(self) -> str:
        """From when to when, in hours and minutes."""
        return f"{clock(self.begins)} to {clock(self.ends)}"


def clock(minutes: float) -> str:
    """Minutes as `01:05`."""
    hours, rest = divmod(int(minutes), 60)
    return f"{hours:02}:{rest:02}"


@dataclass(frozen=True)
class Time:
    """How long the deployment takes.

    Attributes:
        total: in words; empty if nothing takes time.
        bars: what takes time, in the order in which it begins.
        failures: what failed in the rehearsal, in the provider's words.
        notes: where the figures come from, what they depend on, what happens later.
    """

    total: str
    bars: tuple[Bar, ...]
    failures: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class MoneyLine:
    """A resource on the bill. Amounts are texts; empty where nothing is billed, "not known" where that is so.

    Attributes:
        path: stack and path of its construct.
        what: is billed, and how the figure comes about.
        per_hour: while it exists and nobody asks.
        before, per_month: of a month, before and after the change.
        per_training: of one training.
        is_gone: whether it leaves the bill.
        is_changed: whether the month costs another amount than before.
    """

    path: str
    what: str
    per_hour: str
    before: str
    per_month: str
    per_training: str
    is_gone: bool = False
    is_changed: bool = False


@dataclass(frozen=True)
class Money:
    """What it costs.

    Attributes:
        before, after: of a month in which nobody asks for recommendations.
        per_hour: the same of an hour, after the change.
        difference: "$10.00 more", "no change".
        goes_up: whether the month costs more than before.
        lines: what is billed.
        once: what the deployment itself costs, in sentences.
        notes: where the prices come from and what they leave out.
    """

    before: str
    after: str
    per_hour: str
    difference: str
    goes_up: bool
    lines: tuple[MoneyLine, ...]
    once: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Permission:
    """An IAM statement, in one line.

    Attributes:
        text: who may do what on which resources; after the change if it is on both sides.
        wildcards: its actions, resources and principals that reach more than one thing.
        kind: "added", "removed", "changed", or "unchanged".
        differences: of a changed one, by part ("actions", "resources", "principals", "conditions"), what left and what
            came: texts that are there before only, and after only.
    """

    text: str
    wildcards: tuple[str, ...]
    kind: str
    differences: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Outputs:
    """Outputs of a stack that come and go."""

    stack: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class Resources:
    """Resources of one type in one stack, after the change; `leaving` is what happens when one leaves the stack."""

    stack: str
    type: str
    number: int
    leaving: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Review:
    """Everything a reviewer reads.

    Attributes:
        verdict: the gravest of the reasons.
        sentence: what follows the words of the verdict.
        reasons: what led to it, the gravest first.
        header: who, what and when.
        stacks: all stacks of either side, also those that nothing happens to.
    """

    verdict: Verdict
    sentence: str
    reasons: tuple[Reason, ...]
    header: Header
    stacks: tuple[StackChanges, ...]
    time: Time
    money: Money
    permissions: tuple[Permission, ...]
    outputs: tuple[Outputs, ...]
    resources: tuple[Resources, ...]

    @property
    def is_compared(self) -> bool:
        """Whether there is more to say than why the settings are refused."""
        return bool(self.stacks)

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        return f"{self.verdict.value}{'.' if self.verdict is Verdict.DEPLOYABLE else ':'} {self.sentence}"
