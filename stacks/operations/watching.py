"""Everything that watches the system and tells people: notices, what serves now, alarms, the dashboard."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from aws_cdk import Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

from ..outputs import Outputs
from ..personalize import limits
from ..settings import Settings
from ..settings_operations import OperationsSettings
from ..settings_schedules import most_hours_between
from .alarms import REFRESH_FAILED, Alarms
from .dashboard import Drawn, add_dashboard
from .functions import OperationsFunction
from .notices import Topic, add_notices
from .observing import Observed, add_observing, add_parameters
from .schedules import Schedules
from .serving_hours import add_campaign_throughput, add_serving_hours
from .watched import OwnMetrics, metrics_namespace, watched
from .workflow import machine_arn

# State machines of the app, by the last part of their names.
MACHINES = ("refresh", "gather", "forget-users", "batch")


class Watching(Construct):
    """Watches an environment.

    Attributes:
        topic: where people are told.
        observe: the function that looks at what serves now.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        operations: OperationsSettings,
        topic: Topic,
        schedules: Schedules,
        log_retention: logs.RetentionDays,
        parameter: Callable[[str], str],
        stack_names: Sequence[str],
    ) -> None:
        """Declare what watches.

        Args:
            scope: parent construct.
            id: construct id.
            settings: the environment's settings.
            operations: their section of that name.
            topic: where people are told.
            schedules: where schedules go.
            log_retention: how long the functions' logs keep their events.
            parameter: value of what another stack publishes under a name.
            stack_names: of the app.
        """
        super().__init__(scope, id)
        self._settings = settings
        self._operations = operations
        self._schedules = schedules
        self._log_retention = log_retention
        self._metrics = OwnMetrics(metrics_namespace(settings))
        self._served = watched(self, settings, parameter)
        self.topic = topic
        self._machines = {name: machine_arn(self, f"{settings.prefix}-{name}") for name in MACHINES}
        self._observed = Observed(
            served=self._served,
            dataset_arns={kind: parameter(f"{kind.lower()}_dataset_arn") for kind in settings.used_datasets},
            solution_arn=parameter("rerank_solution_arn") if settings.ranking else None,
            recipe=settings.ranking.recipe if settings.ranking else None,
            machine_arn=self._machines["refresh"],
            follows=bool(settings.ranking and settings.ranking.campaign.follow_latest),
        )
        self._tell()
        self.observe = self._observe(stack_names)
        alarms = self._add_alarms()
        self._change_throughput()
        self._draw(alarms)

    def _tell(self) -> None:
        settings = self._settings
        function = OperationsFunction(
            self,
            "Tell",
            entry="tell",
            description="Tells people what happened, and what to do",
            log_retention=self._log_retention,
            config={
                "topic_arn": self.topic.topic.topic_arn,
                "app": settings.app_name,
                "environment": settings.env,
                "dashboard": settings.prefix,
            },
            undelivered=self.topic.undelivered,
        )
        add_notices(
            self,
            topic=self.topic,
            prefix=settings.prefix,
            not_told=[f"{settings.prefix}{limits.SEPARATOR}{REFRESH_FAILED}"],
            app=settings.app_name,
            env=settings.env,
            function=function,
            machine_arns=list(self._machines.values()),
        )

    def _observe(self, stack_names: Sequence[str]) -> OperationsFunction:
        path = self._settings.parameter_path
        parameters = add_parameters(self, path, self._observed)
        function = OperationsFunction(
            self,
            "Observe",
            entry="observe",
            description="Looks at what serves now, how old it is and what it costs",
            log_retention=self._log_retention,
            config=self._observed.configuration(self._metrics.namespace, path),
            undelivered=self.topic.undelivered,
        )
        add_observing(
            self,
            function=function,
            topic=self.topic,
            schedules=self._schedules,
            namespace=self._metrics.namespace,
            parameter_arns=[each.parameter_arn for each in parameters],
            observed=self._observed,
            stack_names=stack_names,
        )
        return function

    def _add_alarms(self) -> Alarms:
        alarms = Alarms(
            self,
            "Alarms",
            prefix=self._settings.prefix,
            env=self._settings.env,
            settings=self._operations.alarms,
            topic=self.topic.topic,
            metrics=self._metrics,
        )
        for each in self._served:
            alarms.watch(each)
        alarms.watch_refreshes(self._longest_hours())
        alarms.watch_data(list(self._observed.dataset_arns))
        alarms.watch_queue(self.topic.undelivered.queue_name, self.topic.undelivered.queue_url)
        return alarms

    def _longest_hours(self) -> int | None:
        """The most hours from the end of a refresh to the end of the next: between two starts, and while it works."""
        schedules = self._operations.refresh.schedules.values()
        if not schedules:
            return None
        wait = self._settings.max_wait
        seconds = wait.imports + (wait.trainings if self._settings.ranking else 0)
        return min(most_hours_between(each.at) for each in schedules) + math.ceil(seconds / 3600)

    def _change_throughput(self) -> None:
        hours, throughput = self._operations.serving_hours, self._operations.campaign_throughput
        if hours:
            add_serving_hours(
                self,
                self._schedules,
                hours,
                self._served,
                undelivered=self.topic.undelivered,
                log_retention=self._log_retention,
            )
        campaign = next((each for each in self._served if each.kind == "Campaign"), None)
        if throughput and campaign:
            add_campaign_throughput(self._schedules, throughput, campaign)

    def _draw(self, alarms: Alarms) -> None:
        ranking = self._settings.ranking
        dashboard = add_dashboard(
            self,
            name=self._settings.prefix,
            metrics=self._metrics,
            drawn=Drawn(
                served=self._served,
                dataset_arns=self._observed.dataset_arns,
                solution_arn=self._observed.solution_arn,
                minimums=ranking.quality_gate.minimums if ranking else {},
                machine_arns=self._machines,
                alarm_arns=alarms.arns,
            ),
        )
        outputs = Outputs(Stack.of(self), self._settings.parameter_path)
        outputs.publish("notices_topic_arn", self.topic.topic.topic_arn, "Topic of the notices")
        outputs.publish("dashboard_name", dashboard.dashboard_name, "CloudWatch dashboard")
