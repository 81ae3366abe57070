"""An account in which what a stack of ours deploys runs: state machines, schedules, rules, and the real functions.

Each call of a task is a call of boto3, to the Personalize emulator or to one of the small services beside it. Left out:
permissions (roles have tests of their own), dead-letter queues, and what AWS repeats or delivers twice.
"""

from __future__ import annotations

import inspect
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from lambdas.personalize_operations import handler
from tools.aws import sdk
from tools.aws.schedule import next_run

from .answers import Refusal, answered
from .buckets import Buckets
from .cloud import REGION, VirtualCloud
from .event_bus import EventBus, Rule
from .framework import copied
from .natives import Made, NativeType, Request
from .small_services import Metrics, StacksApi, Topics
from .stacks import Stack
from .state_machines import StateMachines
from .workflow import TASKS, StateError

ACCOUNT = "000000000000"
_OURS = "personalize_operations.handler."
# Lambda developer guide, "Asynchronous invocation": two more attempts, a minute and two minutes later.
_AGAIN = (60.0, 120.0)


@dataclass
class OperatedCloud(VirtualCloud):
    """An account in virtual time whose stacks run.

    Attributes:
        files: by their names, what the sample's upload puts into the bucket.
        undelivered: what a schedule or an event could not start, and why.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    undelivered: list[str] = field(default_factory=list)

    def _prepare(self) -> None:
        self.bus = EventBus(self.time, self._deliver, account=ACCOUNT, region=REGION)
        self.buckets = self.objects = Buckets(self.time, self.bus.publish)
        self.metrics = Metrics(self.time)
        self.topics = Topics(self.time)
        self.machines = StateMachines(
            self.time, self._call, self.bus.publish, prefix=f"arn:aws:states:{REGION}:{ACCOUNT}"
        )
        self.service_options = {"metrics": self.metrics, **self.service_options}
        self.cloudformation_options = {"watch": self._tell_of_stack, **self.cloudformation_options}
        self._functions: dict[str, Callable[[Any], Any]] = {}
        self._schedules: dict[str, Request] = {}
        self._clients: dict[str, Any] = {}
        self._random = random.Random(0)

    def _natives(self) -> Mapping[str, NativeType]:
        return {
            **super()._natives(),
            "AWS::Events::Rule": NativeType(self._put_rule, self._remove_rule),
            "AWS::Lambda::Function": NativeType(self._put_function, self._remove_function),
            "AWS::S3::Bucket": NativeType(self._put_bucket, self._remove_bucket),
            "AWS::SNS::Topic": NativeType(_put_topic, _nothing),
            "AWS::Scheduler::Schedule": NativeType(self._put_schedule, self._remove_schedule),
            "AWS::StepFunctions::StateMachine": NativeType(self._put_machine, self._remove_machine),
            "Custom::CDKBucketDeployment": NativeType(self._upload, _nothing),
        }

    def service_client(self, service: str) -> Any:
        """A boto3 client of any service that our functions and machines call."""
        if service not in self._clients:
            self._clients[service] = self._new_client(service)
        return self._clients[service]

    def _new_client(self, service: str) -> Any:
        answering = {
            "cloudformation": lambda: StacksApi(self.cloudformation),
            "cloudwatch": lambda: self.metrics,
            "events": lambda: _Events(self.bus),
            "s3": lambda: self.buckets,
            "sns": lambda: self.topics,
            "ssm": lambda: self.parameters,
            "stepfunctions": lambda: self.machines,
        }
        if service in answering:
            return answered(service, REGION, answering[service]())
        return self.client(service)

    # -- calls -----------------------------------------------------------------------------------------------

    def _call(self, resource: str, arguments: Any, _role_arn: str) -> Any:
        """Make the call of a task."""
        if resource == f"{TASKS}lambda:invoke":
            return self._invoked(arguments)
        if resource.startswith(sdk.STATES):
            return self._called(sdk.action(resource), arguments)
        raise NotImplementedError(f"tasks of {resource}")

    def _invoked(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        try:
            answer = self.invoke(arguments["FunctionName"], arguments.get("Payload", {}))
        except Exception as error:
            # Lambda developer guide, "Lambda function errors in Python"; its name is what a retrier matches.
            name = type(error).__name__
            raise StateError(name, json.dumps({"errorMessage": str(error), "errorType": name})) from error
        return {"ExecutedVersion": "$LATEST", "Payload": answer, "StatusCode": 200}

    def _called(self, action: sdk.Action, arguments: Mapping[str, Any]) -> dict[str, Any]:
        client = self.service_client(action.service)
        try:
            answer = client._make_api_call(action.model.name, action.members(arguments))
        except ClientError as error:
            said, status = error.response["Error"]["Message"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            about = f"(Service: {action.client}, Status Code: {status}, Request ID: virtual) (SDK Attempt Count: 1)"
            raise StateError(action.error_name(error), f"{said} {about}") from error
        return action.result(answer)

    def invoke(self, function_arn: str, payload: Any) -> Any:
        """Invoke one of our functions, by its real handler."""
        return copied(self._functions[function_arn.rpartition(":")[2]](copied(payload)))

    # -- events ----------------------------------------------------------------------------------------------

    def _tell_of_stack(self, stack: Stack) -> None:
        """CloudFormation user guide, "Managing CloudFormation events using Amazon EventBridge"."""
        detail = {"stack-id": stack.stack_id, "status-details": {"status": stack.status, "status-reason": ""}}
        self.bus.publish("aws.cloudformation", "CloudFormation Stack Status Change", [stack.stack_id], detail)

    def _deliver(self, target: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        if target.keys() & {"InputPath", "InputTransformer"}:
            raise NotImplementedError("targets that change their events")
        self._start(target["Arn"], json.loads(target["Input"]) if "Input" in target else event)

    def _start(self, arn: str, data: Any) -> None:
        """Start what an event or a schedule is for; nobody waits for it."""
        kind = arn.split(":")[2]
        try:
            if arn.startswith(sdk.SCHEDULER):
                self._called(sdk.action(arn), data)
            elif kind == "states":
                self.machines.start_execution(stateMachineArn=arn, input=json.dumps(data))
            elif kind == "lambda":
                self._invoke_until_it_succeeds(arn, data)
            else:
                raise NotImplementedError(f"targets such as {arn}")
        except (StateError, Refusal) as error:
            self.undelivered.append(f"{arn}: {error}")

    def _invoke_until_it_succeeds(self, arn: str, data: Any) -> None:
        for pause in (*_AGAIN, None):
            try:
                self.invoke(arn, data)
                return
            except Exception as error:
                if pause is None:
                    self.undelivered.append(f"{arn}: {type(error).__name__}: {error}")
                    return
            self.time.sleep(pause)

    # -- resources -------------------------------------------------------------------------------------------

    def _put_rule(self, request: Request) -> Made:
        name, properties = request.properties.get("Name", request.name), request.properties
        if "EventPattern" not in properties:
            raise NotImplementedError("rules with a schedule")
        self.bus.put_rule(name, Rule(properties["EventPattern"], properties.get("Targets", [])))
        return Made(name, {"Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"})

    def _remove_rule(self, name: str) -> None:
        self.bus.rules.pop(name, None)

    def _put_function(self, request: Request) -> Made:
        """Functions of others, such as the CDK's own, are names only."""
        name = request.properties.get("FunctionName", request.name)
        _, ours, entry = str(request.properties.get("Handler", "")).partition(_OURS)
        if ours:
            variables = request.properties.get("Environment", {}).get("Variables", {})
            self._functions[name] = self._entry(entry, json.loads(variables.get("CONFIG", "null")))
        return Made(name, {"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"})

    def _entry(self, name: str, config: Any) -> Callable[[Any], Any]:
        run = getattr(handler, f"run_{name}")
        more = (config,) if "config" in inspect.signature(run).parameters else ()
        return lambda event: run(event, self.service_client, self.time, *more)

    def _remove_function(self, name: str) -> None:
        self._functions.pop(name, None)

    def _put_bucket(self, request: Request) -> Made:
        name = request.name.lower()
        events = request.properties.get("NotificationConfiguration", {}).get("EventBridgeConfiguration", {})
        if str(events.get("EventBridgeEnabled", events != {})).lower() == "true":
            self.buckets.tell.add(name)
        return Made(name)

    def _remove_bucket(self, name: str) -> None:
        """Its objects went before it: the stack has a resource for that."""
        self.buckets.empty(name)

    def _upload(self, request: Request) -> Made:
        bucket, folder = (request.properties[f"DestinationBucket{what}"] for what in ("Name", "KeyPrefix"))
        for name, body in self.files.items():
            self.buckets.put(f"s3://{bucket}/{folder}/{name}", body)
        return Made(request.name)

    def _put_machine(self, request: Request) -> Made:
        """Machines of others, which have their definition as text, are names only: the simulation plays the waiter."""
        properties = request.properties
        if "Definition" not in properties:
            return Made(request.name, {"Arn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{request.name}"})
        definition = _substituted(properties["Definition"], properties.get("DefinitionSubstitutions", {}))
        name = properties["StateMachineName"]
        arn = self.machines.put(name, definition, properties["RoleArn"])
        return Made(arn, {"Arn": arn, "Name": name})

    def _remove_machine(self, arn: str) -> None:
        if arn in self.machines.machines:
            self.machines.remove(arn)

    def _put_schedule(self, request: Request) -> Made:
        name = request.properties["Name"]
        self._schedules[name] = request
        since = self._now()
        self.time.spawn(lambda: self._keep_to(name, request, since), in_background=True)
        return Made(name, {"Arn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{name}"})

    def _remove_schedule(self, name: str) -> None:
        self._schedules.pop(name, None)

    def _keep_to(self, name: str, request: Request, since: datetime) -> None:
        """Start the target whenever a schedule says, until it is changed or deleted."""
        properties, run = request.properties, since
        window = properties["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0) * 60.0
        while True:
            zone = properties.get("ScheduleExpressionTimezone", "UTC")
            following = next_run(properties["ScheduleExpression"], zone, run, since)
            if following is None:
                return
            run = following
            self.time.sleep(run.timestamp() - self.time.time() + window * self._random.random())
            if self._schedules.get(name) is not request:
                return
            target = properties["Target"]
            data = json.loads(target.get("Input", "{}"))
            self.time.spawn(lambda target=target, data=data: self._start(target["Arn"], data))  # type: ignore[misc]

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.time.time(), UTC)


@dataclass(frozen=True)
class _Events:
    """EventBridge as machines and functions put events into it."""

    bus: EventBus

    def put_events(self, **members: Any) -> dict[str, Any]:
        """Take events."""
        for each in members["Entries"]:
            self.bus.publish(each["Source"], each["DetailType"], each.get("Resources", ()), json.loads(each["Detail"]))
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "virtual"} for _ in members["Entries"]]}


def _put_topic(request: Request) -> Made:
    name = request.properties.get("TopicName", request.name)
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"
    return Made(arn, {"TopicArn": arn, "TopicName": name})


def _substituted(value: Any, substitutions: Mapping[str, str]) -> Any:
    """A definition with its `${...}` replaced (template reference, AWS::StepFunctions::StateMachine)."""
    if isinstance(value, Mapping):
        return {key: _substituted(inner, substitutions) for key, inner in value.items()}
    if isinstance(value, list):
        return [_substituted(inner, substitutions) for inner in value]
    if isinstance(value, str):
        for name, said in substitutions.items():
            value = value.replace(f"${{{name}}}", str(said))
    return value


def _nothing(_: str) -> None:
    """Nothing has to be undone."""
