"""Alarms: what is measured too high, too low or too old, and what to do about it.

Limits: an alarm looks back at most a day, or 7 days if its period is an hour or longer; its description has at most
1,024 characters (API reference of Amazon CloudWatch, PutMetricAlarm).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from ..personalize import findings, limits
from ..settings_alarms import AlarmSettings
from . import prices
from .watched import OwnMetrics, Watched

_FIVE_MINUTES, _HOUR = Duration.minutes(5), Duration.hours(1)
# Nobody asked, or a recommender is stopped: then there is nothing to measure and nothing wrong.
_NOTHING_IS_FINE = cloudwatch.TreatMissingData.NOT_BREACHING
# Ages are put once an hour. In between, and if that fails (another alarm says so), the last one counts.
_LAST_COUNTS = cloudwatch.TreatMissingData.IGNORE
# The function that tells mails at once why a refresh has failed; this alarm is for the dashboard and for others' rules.
REFRESH_FAILED = "refresh-failed"


@dataclass(frozen=True)
class _When:
    """When an alarm rings.

    Attributes:
        threshold: a value on the wrong side of it is one too many.
        periods: so many in a row, each on the wrong side.
        missing: what a period without a value counts as.
        below: whether lower values are wrong, and not higher ones.
    """

    threshold: float
    periods: int = 1
    missing: cloudwatch.TreatMissingData = _NOTHING_IS_FINE
    below: bool = False

    @property
    def comparison(self) -> cloudwatch.ComparisonOperator:
        operators = cloudwatch.ComparisonOperator
        return operators.LESS_THAN_THRESHOLD if self.below else operators.GREATER_THAN_THRESHOLD


class Alarms(Construct):
    """Everything that rings for an environment; each alarm mails when it begins.

    Attributes:
        arns: of all alarms, for the dashboard.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        prefix: str,
        env: str,
        settings: AlarmSettings,
        topic: sns.ITopic,
        metrics: OwnMetrics,
    ) -> None:
        """Declare no alarm yet.

        Args:
            scope: parent construct.
            id: construct id.
            prefix: beginning of the alarms' names; an underscore follows, which no prefix has.
            env: name of the environment, for commands in descriptions.
            settings: the thresholds.
            topic: where they are told.
            metrics: the app's own.
        """
        super().__init__(scope, id)
        self._prefix = prefix
        self._env = env
        self._settings = settings
        self._action = actions.SnsAction(topic)
        self._metrics = metrics
        self.arns: list[str] = []

    # -- what answers requests -----------------------------------------------------------------------------

    def watch(self, served: Watched) -> None:
        """Add the alarms of a recommender or a campaign.

        Args:
            served: which.
        """
        self._watch_errors(served)
        self._watch_latency(served)
        self._watch_throughput(served)
        self._watch_idleness(served)

    def _watch_errors(self, served: Watched) -> None:
        server, client = self._settings.server_errors_percent, self._settings.client_errors_percent
        if server is not None:
            self._add(
                f"{served.name}-server-errors",
                f"{served.title}: more than {server:g} % of the requests failed at Amazon Personalize for 15 minutes. "
                "Show a list that is not personalized meanwhile. Look at https://health.aws.amazon.com; if nothing is "
                "there, open a case at AWS Support with the ARN.",
                _share(served.failed(period=_FIVE_MINUTES), served.requests(period=_FIVE_MINUTES)),
                _When(server, periods=3),
            )
        if client is not None:
            self._add(
                f"{served.name}-client-errors",
                f"{served.title}: more than {client:g} % of the requests were refused for 15 minutes. The clients' "
                "logs have the exception. ThrottlingException: more was asked than is provisioned; raise "
                f"{served.setting} and deploy. Others: the {served.kind.lower()} is stopped or gone (serving_hours, "
                "active, somebody's hand), or the requests name something that is wrong or gone.",
                _share(served.refused(period=_FIVE_MINUTES), served.requests(period=_FIVE_MINUTES)),
                _When(client, periods=3),
            )

    def _watch_latency(self, served: Watched) -> None:
        longest = self._settings.latency_ms
        if longest is None:
            return
        self._add(
            f"{served.name}-latency",
            f"{served.title}: answers took longer than {longest:g} ms on average for 15 minutes. See on the dashboard "
            f"whether more is asked than is provisioned; if so, raise {served.setting} and deploy. If not, look at "
            "https://health.aws.amazon.com. Clients should have a time-out and a list that is not personalized.",
            served.latency(period=_FIVE_MINUTES),
            _When(longest, periods=3),
        )

    def _watch_throughput(self, served: Watched) -> None:
        """By the hour, as the app puts what is provisioned; it follows what schedules and people change."""
        above, below = self._settings.throughput_above_percent, self._settings.throughput_below_percent
        used = {
            "requests": served.requests(period=_HOUR),
            "provisioned": self._metrics.metric("ProvisionedRequestsPerSecond", served.dimensions),
        }
        percent = "100 * requests / 3600 / provisioned"
        if above is not None:
            self._add(
                f"{served.name}-throughput-high",
                f"{served.title}: more than {above:g} % of its provisioned requests per second were used, for 3 hours. "
                "Beyond them each request is billed, and sudden growth is refused while the service scales. If it "
                f"stays so, raise {served.setting}, see the price with make review ENV={self._env}, and deploy.",
                cloudwatch.MathExpression(expression=percent, using_metrics=used, period=_HOUR, label="Percent"),
                _When(above, periods=3),
            )
        if below is not None:
            self._add(
                f"{served.name}-throughput-low",
                f"{served.title}: less than {below:g} % of its provisioned requests per second were used, for a day. "
                f"What is provisioned is billed whether used or not: lower {served.setting} to what is asked (at least "
                f"1; the service scales up by itself), see what it saves with make review ENV={self._env}, and deploy.",
                # A throughput of 1 cannot be lowered, and one that is stopped has 0.
                cloudwatch.MathExpression(
                    expression=f"IF(provisioned > 1, {percent}, 100)",
                    using_metrics=used,
                    period=_HOUR,
                    label="Percent",
                ),
                _When(below, periods=24, below=True),
            )

    def _watch_idleness(self, served: Watched) -> None:
        days = self._settings.idle_days
        if days is None:
            return
        month = served.cost_per_hour * prices.HOURS_PER_MONTH
        remedy = (
            f"If it is not needed: recommenders.{served.name}.active: false stops it, and keeps what it has learned; "
            "operations.serving_hours stops it for some hours of the day"
            if served.kind == "Recommender"
            else "A campaign cannot be stopped. If it is not needed, remove it: ranking: null"
        )
        self._add(
            f"{served.name}-idle",
            f"{served.title}: nobody has asked it for {days} days, and it costs about {month:.0f} USD a month. If it "
            f"should be asked: look at what the clients call. {remedy}. Then deploy.",
            self._metrics.metric("IdleDays", served.dimensions, period=_FIVE_MINUTES),
            _When(days, missing=_LAST_COUNTS),
        )

    # -- refreshes and data --------------------------------------------------------------------------------

    def watch_refreshes(self, longest_hours: int | None) -> None:
        """Add the alarms of the refresh.

        Args:
            longest_hours: from the end of a refresh to the end of the next, at most; None if no schedule starts any.
        """
        alarm = self._add(
            REFRESH_FAILED,
            "The last refresh failed; it is over once a refresh succeeds. A mail of its own has said which step "
            "failed, and why, and what to do.",
            self._metrics.metric("RefreshFailed", period=_FIVE_MINUTES),
            _When(0, missing=_LAST_COUNTS),
            mails=False,
        )
        findings.acknowledge(
            alarm,
            "NIST.800.53.R5-CloudWatchAlarmAction",
            "The function that tells failures mails at once, and more than an alarm can say; two mails would say less.",
        )
        hours = self._settings.refresh_age_hours or longest_hours
        if hours:
            self._add(
                "refresh-overdue",
                f"No refresh has succeeded for {hours} hours, so recommendations rest on older data. See whether one "
                f"hangs or fails: aws stepfunctions list-executions --state-machine-arn (output RefreshStateMachineArn "
                f"of {self._prefix}-operations). Start one: make refresh ENV={self._env}. Not started at all: look at "
                f"the schedules of group {self._prefix} and at the alarm {self._prefix}_undelivered.",
                self._metrics.metric("RefreshAgeHours", period=_FIVE_MINUTES),
                _When(hours, missing=_LAST_COUNTS),
            )

    def watch_data(self, dataset_types: Sequence[str]) -> None:
        """Add the alarms of data that is too old.

        Args:
            dataset_types: of the datasets that exist.
        """
        for name, hours in self._settings.data_age_hours.items():
            if name.upper() not in dataset_types:
                continue
            self._add(
                f"{name}-data-age",
                f"Nothing has been imported into the {name} dataset for {hours} hours. See whether the job that writes "
                f"the files ran, and whether they are where operations.refresh.datasets.{name} says. Then: make "
                f"refresh ENV={self._env} DATASETS={name}.",
                self._metrics.metric("DataAgeHours", {"DatasetType": name.upper()}, period=_FIVE_MINUTES),
                _When(hours, missing=_LAST_COUNTS),
            )

    # -- what was not delivered ----------------------------------------------------------------------------

    def watch_queue(self, queue_name: str, queue_url: str) -> None:
        """Add the alarm of what could not be delivered.

        Args:
            queue_name: of the dead-letter queue.
            queue_url: where its messages are read.
        """
        messages = cloudwatch.Metric(
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            dimensions_map={"QueueName": queue_name},
            statistic="Maximum",
            period=_FIVE_MINUTES,
        )
        self._add(
            "undelivered",
            "A schedule, an event or a notice did not reach what it was for: a recommender was not started or stopped, "
            "or a mail was not sent. Read what and why: aws sqs receive-message --message-attribute-names All "
            f"--queue-url {queue_url}. Do by hand what it was to do. Then empty the queue: aws sqs purge-queue "
            f"--queue-url {queue_url}.",
            messages,
            _When(0),
        )

    def _add(
        self, name: str, description: str, metric: cloudwatch.IMetric, when: _When, *, mails: bool = True
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{self._prefix}{limits.SEPARATOR}{name}",
            alarm_description=description,
            metric=metric,
            threshold=when.threshold,
            comparison_operator=when.comparison,
            evaluation_periods=when.periods,
            treat_missing_data=when.missing,
        )
        if mails:
            # Not for OK as well: each new alarm becomes OK, and a first deployment would send a mail for each of them.
            # The function that tells says when one is over.
            alarm.add_alarm_action(self._action)
        self.arns.append(alarm.alarm_arn)
        return alarm


def _share(some: cloudwatch.Metric, answered: cloudwatch.Metric) -> cloudwatch.MathExpression:
    """Errors in per cent of all requests.

    The service counts answers and errors apart. In arithmetic a missing value counts as 0, and where both are, the
    division by zero drops the value (CloudWatch user guide, "Math expressions with metrics").
    """
    return cloudwatch.MathExpression(
        expression="100 * errors / (errors + requests)",
        using_metrics={"errors": some, "requests": answered},
        period=_FIVE_MINUTES,
        label="Percent",
    )
