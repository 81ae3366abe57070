"""The custom resource provider: Lambda functions, waiter and permissions. Declared once, shared by every stack."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import cast

import jsii
from aws_cdk import (
    ArnFormat,
    CrossStackReferences,
    Duration,
    Fn,
    IStableListProducer,
    Lazy,
    ReferenceStrength,
    RemovalPolicy,
    Stack,
    Token,
)
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import custom_resources as cr
from constructs import Construct, IConstruct

from .errors import PropsError
from .findings import (
    acknowledge,
    acknowledge_functions,
    acknowledge_log_encryption,
    acknowledge_own_policies,
    acknowledge_wildcards,
)
from .imported import ImportedArn
from .limits import NAME_PREFIX_MAX_LENGTH, PREFIX_PATTERN, REGIONS, SEPARATOR, STACK_TAG
from .permissions import TAG_OPERATIONS, TypePermissions, declared, is_changing, is_creation, is_reading, unique

_HERE = Path(__file__).parent
# The functions' source: in the wheel within this package, in the checkout beside it.
_ASSET = next(folder for folder in (_HERE / "lambdas", _HERE.parents[1] / "lambdas") if folder.is_dir())

# Condition keys (Service Authorization Reference): the tags that a request brings, and those of what it is about.
_REQUEST_TAG = f"aws:RequestTag/{STACK_TAG}"
_RESOURCE_TAG = f"aws:ResourceTag/{STACK_TAG}"


def _name_pattern(stack: Stack) -> str:
    """A stack's name, or the beginning of it: the physical name of a nested stack begins with that of its root."""
    root = stack
    while root.nested_stack_parent:
        root = root.nested_stack_parent
    return root.stack_name if root is stack else f"{root.stack_name}-*"


@jsii.implements(IStableListProducer)
class _StackTags:
    """Values of the ownership tag, read when the template is written, so that stacks served later count too."""

    def __init__(self, served: list[Stack]) -> None:
        self._served = served

    def produce(self) -> list[str]:
        return sorted({f"arn:*:stack/{_name_pattern(stack)}/*" for stack in self._served})


def refer_strongly(producer: IConstruct) -> None:
    """Let no stack delete a resource that another stack refers to, whatever the app's default.

    Stacks need the provider and the dataset group until their own last resource is deleted, so CloudFormation has
    to refuse to take these away before.
    """
    CrossStackReferences.of(producer).produce(ReferenceStrength.STRONG)


def _check_prefix(id: str, prefix: str) -> None:
    if not re.fullmatch(PREFIX_PATTERN, prefix) or len(prefix) > NAME_PREFIX_MAX_LENGTH:
        raise PropsError(
            f"{id}: name_prefix must be 1 to {NAME_PREFIX_MAX_LENGTH} letters, digits and hyphens, and begin with a "
            f"letter or digit, but is '{prefix}'."
        )


def _check_region(id: str, region: str) -> None:
    if not Token.is_unresolved(region) and region not in REGIONS:
        raise PropsError(f"{id}: Amazon Personalize is not in {region}. Use a stack in one of {', '.join(REGIONS)}.")


class PersonalizeProvider(Construct):
    """Carries out the requests of every `Custom::Personalize...` resource.

    Its role reaches only resources whose name begins with `name_prefix` and an underscore, and of these it changes
    none whose ownership tag names a stack that it does not serve, so that two apps in one account cannot touch each
    other's.

    Attributes:
        name_prefix: first part of every generated name, with the underscore that follows.
        service_token: ARN that custom resources name as their ServiceToken.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name_prefix: str,
        query_interval: Duration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        tag_conditions: bool = True,
    ) -> None:
        """Declare the provider.

        Args:
            scope: parent construct.
            id: construct id.
            name_prefix: first part of every name the provider may create, at most 31 letters, digits and hyphens; an
                underscore follows.
            query_interval: time between the waiter's polls; default 10 seconds. Of a request older than two minutes
                most are answered without a call.
            log_retention: how long its log groups keep their events.
            tag_conditions: whether its role may create and change only what is tagged with a stack that it serves,
                as far as the service tells IAM the tags.

        Raises:
            PropsError: names cannot begin with the prefix, it leaves too little room for what follows, or the service
                is not in the stack's region.
        """
        super().__init__(scope, id)
        _check_prefix(id, name_prefix)
        _check_region(id, Stack.of(self).region)
        # A prefix has no underscore, so "vod-dev" reaches nothing that belongs to "vod-dev2" or "vod-dev-eu".
        self.name_prefix = f"{name_prefix}{SEPARATOR}"
        log_group = logs.LogGroup(self, "Logs", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
        self._served: list[Stack] = []
        self._tag_conditions = tag_conditions
        self._with_arns = [each for each in declared().values() if each.operations]
        # Statements that name resources, with the types of ARNs that their operations are checked on.
        self._on_names: list[tuple[set[str], iam.PolicyStatement]] = []
        self._adopted: list[str] = []
        self._tagging: iam.PolicyStatement | None = None
        self._looks_at_any_stack = False
        self._held_on: dict[Stack, iam.ManagedPolicy] = {}
        self._stack_tags = Lazy.list(_StackTags(self._served))
        self._role = self._lambda_role("HandlerRole", log_group, "Personalize operations of the custom resources")
        self._grant_operations()
        self._on_event = self._function("OnEvent", "on_event", log_group)
        self._is_complete = self._function("IsComplete", "is_complete", log_group)
        interval = query_interval or Duration.seconds(10)
        self._is_complete.add_environment("QUERY_INTERVAL_SECONDS", str(int(interval.to_seconds())))
        provider = cr.Provider(
            self,
            "Framework",
            on_event_handler=self._on_event,
            is_complete_handler=self._is_complete,
            query_interval=interval,
            total_timeout=Duration.hours(1),
            log_group=log_group,
            framework_on_event_role=self._lambda_role("OnEventRole", log_group, "Provider framework, onEvent"),
            framework_complete_and_timeout_role=self._lambda_role(
                "WaiterRole", log_group, "Provider framework, isComplete and onTimeout"
            ),
            # Execution data holds the ResponseURL, a credential; the handlers log every poll themselves.
            disable_waiter_state_machine_logging=True,
        )
        refer_strongly(provider.node.find_child("framework-onEvent"))
        self.service_token = provider.service_token
        self._acknowledge_findings(provider)

    def allow_pass_role(self, role: iam.IRole) -> None:
        """Let the provider hand a role to Personalize (iam:PassRole, to that service only).

        Args:
            role: the role.
        """
        self._role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}},
            )
        )

    def allow_creation(self, noun: str, parent_arn: ImportedArn) -> None:
        """Let the provider create resources of a type in one that this app has not made.

        Creating is a permission on what it is done in too (Service Authorization Reference, "Actions, resources, and
        condition keys for Amazon Personalize"), and solution versions have no other ARN than one below their solution.

        Args:
            noun: the type to create, as the API names it, or QualityGate.
            parent_arn: the dataset group, dataset, solution or solution version that it is created in or from.
        """
        resources = list(parent_arn.permitted_on)
        for operation in declared()[noun].checked_on_parent:
            # The tags of a resource that somebody else has made say nothing about what is created in it.
            self._allow([operation], resources, _REQUEST_TAG if is_creation(operation) else None)
        acknowledge_wildcards(
            self._role,
            "The last part of a solution version's ARN is an id that the service generates.",
            resources=[arn for arn in resources if arn.endswith("/*")],
        )

    def allow_adoption(self, noun: str, path: str | None, stack: Stack) -> iam.ManagedPolicy | None:
        """Let the provider take over a resource that exists, and whatever is in it.

        Args:
            noun: its type, as the API names it.
            path: what follows the account in its ARN; None if the service generates that, and no name narrows it.
            stack: declares it.

        Returns:
            A policy that has to stay until what is adopted has left the stack, if there is one.
        """
        self._reach_adopted(noun, path)
        return self._hold_on(stack) if self._tag_conditions else None

    def _reach_adopted(self, noun: str, path: str | None) -> None:
        self._look_at_any_stack()
        if path is None:
            return
        own, (_, name, *_) = declared()[noun], path.split("/")
        if not name.startswith(self.name_prefix):
            self._reach(path)
            if own.contains:
                self._reach(f"{own.contains}/{name}/*")
        if own.taggable and self._tag_conditions:
            self._allow_tagging(self.arn_of(path))

    def allow_looking(self, operation: str, path: str) -> None:
        """Let the provider read a resource that somebody else has made.

        Args:
            operation: changes nothing, such as DescribeFilter.
            path: what follows the account in its ARN; may end with a wildcard.
        """
        self._allow([operation], [self.arn_of(path)])
        if path.endswith("*"):
            self._acknowledge(path, "Somebody else has chosen the name of what is looked at.")

    def arn_of(self, path: str) -> str:
        """ARN of a resource of the service in the account and region of the provider.

        Args:
            path: what follows the account, such as filter/NAME.
        """
        resource, _, name = path.partition("/")
        return Stack.of(self).format_arn(
            service="personalize", resource=resource, resource_name=name, arn_format=ArnFormat.SLASH_RESOURCE_NAME
        )

    def serve(self, stack: Stack) -> None:
        """Let the provider ask CloudFormation whether a deployment of the stack still goes on.

        Args:
            stack: holds resources that the provider carries out, or may hold them later.
        """
        if stack in self._served:
            return
        self._served.append(stack)
        arn = stack.format_arn(service="cloudformation", resource="stack", resource_name=f"{_name_pattern(stack)}/*")
        self._role.add_to_policy(iam.PolicyStatement(actions=["cloudformation:DescribeStacks"], resources=[arn]))
        acknowledge_wildcards(
            self._role, "The last part of a stack's ARN is an id that CloudFormation generates.", resources=[arn]
        )

    def check_name(self, construct: Construct, name: str) -> None:
        """Refuse a fixed name that the provider's role does not reach.

        Args:
            construct: what has the name, for the message.
            name: the name.

        Raises:
            PropsError: the name does not begin with the provider's prefix.
        """
        if not name.startswith(self.name_prefix):
            raise PropsError(
                f"{construct.node.path}: name '{name}' must begin with '{self.name_prefix}', because the provider's "
                f"role is limited to names that do. Rename it, or leave name out to have one generated."
            )

    def _acknowledge_findings(self, provider: cr.Provider) -> None:
        acknowledge_functions(self)
        acknowledge_own_policies(self)
        acknowledge_log_encryption(self)
        named = "Names are made at deployment, so the role reaches every name with this app's prefix."
        for each in self._with_arns:
            by_service = f"The service generates the ids of {each.words}s, so no narrower ARN is known before."
            reason = by_service if each.name_is_generated else named
            acknowledge_wildcards(self._role, reason, resources=[self._arn(each)])
        acknowledge_wildcards(
            self._role, "The List* actions have no resource type, so IAM takes no narrower resource.", resources=["*"]
        )
        for framework in ("OnEventRole", "WaiterRole"):
            acknowledge_wildcards(
                self.node.find_child(framework),
                "Invokes any version of the provider's own two functions.",
                resources=[f"{function.function_arn}:*" for function in (self._on_event, self._is_complete)],
            )
        waiter = provider.node.find_child("waiter-state-machine")
        functions = [provider.node.find_child(f"framework-{entry}") for entry in ("isComplete", "onTimeout")]
        acknowledge_wildcards(
            waiter,
            "Invokes any version of the framework's own two functions.",
            resources=[f"{cast(lambda_.Function, function).function_arn}:*" for function in functions],
        )
        acknowledge(
            waiter,
            "AwsSolutions-SF1",
            "Execution data holds the ResponseURL, a credential; the functions log every poll themselves.",
        )
        acknowledge(waiter, "AwsSolutions-SF2", "One function in a loop: its log lines tell what a trace would.")

    def _lambda_role(self, id: str, log_group: logs.ILogGroup, description: str) -> iam.Role:
        role = iam.Role(self, id, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), description=description)
        log_group.grant_write(role)
        return role

    def _function(self, id: str, entry: str, log_group: logs.ILogGroup) -> lambda_.Function:
        return lambda_.Function(
            self,
            id,
            description=f"Amazon Personalize custom resources: {entry}",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"personalize_provider.handler.{entry}",
            code=lambda_.Code.from_asset(str(_ASSET), exclude=["**/__pycache__", "**/*.pyc", "personalize_operations"]),
            memory_size=256,
            # An update may wait for two minutes until it may look, and its last call may take one and a half.
            timeout=Duration.minutes(4),
            role=self._role,
            log_group=log_group,
        )

    def _grant_operations(self) -> None:
        """Allow what the provider does, in few statements: IAM takes 10,240 characters for a role.

        Operations are checked on resources of their own types only, so that listing them together allows no more.
        """
        self._grant_on_tagged([each for each in self._with_arns if each.taggable])
        # What has no tags no condition can narrow.
        others = [each for each in self._with_arns if not each.taggable]
        self._allow_on([name for each in others for name in each.operations], others)
        # The List* actions have no resource type, so IAM takes no narrower resource; the Sid says so in the template.
        lists = [name for each in self._with_arns for name in each.list_operations]
        self._allow(lists, ["*"], sid="ListActionsHaveNoResourceType")

    def _reach(self, path: str) -> None:
        """Add what is adopted to all statements whose operations are checked on such an ARN."""
        if any(fnmatchcase(path, each) for each in self._adopted):
            return
        self._adopted.append(path)
        for types, statement in self._on_names:
            if path.partition("/")[0] in types:
                statement.add_resources(self.arn_of(path))
        if path.endswith("/*"):
            self._acknowledge(path, "What is in an adopted resource has ARNs that begin with the name of that.")

    def _allow_tagging(self, arn: str) -> None:
        """Let the provider put its tags on what another stack has left, and still carries the tag of."""
        if self._tagging is None:
            self._tagging = self._allow(["TagResource"], [arn], _REQUEST_TAG)
        else:
            self._tagging.add_resources(arn)

    def _hold_on(self, stack: Stack) -> iam.ManagedPolicy:
        """Let the provider delete, or give back, what carries a stack's tag, when no template names it any more.

        CloudFormation updates policies first, in a rollback too, and deletes afterwards what has left the template.
        So this one is the same whatever is adopted, and goes after the last of it.
        """
        if stack not in self._held_on:
            refer_strongly(self._role)
            policy = iam.ManagedPolicy(
                stack,
                f"Adopted{self.node.addr[-6:]}",
                description="Deletes or gives back what carries the tag of this stack, whatever its name",
                roles=[self._role],
                statements=self._on_what_carries_the_tag(stack),
            )
            arn = self.arn_of("*/*")
            acknowledge_wildcards(policy, "Changes only what carries this stack's own tag.", resources=[arn])
            self._held_on[stack] = policy
        return self._held_on[stack]

    def _on_what_carries_the_tag(self, stack: Stack) -> list[iam.PolicyStatement]:
        ended = [each for each in self._with_arns if each.can_be_ended]
        reading = unique(name for each in ended for name in each.operations if is_reading(name))
        changing = unique(name for each in ended if each.taggable for name in each.operations if is_changing(name))
        return [
            # What is gone has no tags, and has to be looked at too.
            self._on_tagged_as(stack, [*reading, "ListTagsForResource"], "StringLikeIfExists"),
            self._on_tagged_as(stack, [*changing, "TagResource", "UntagResource"], "StringLike"),
        ]

    def _on_tagged_as(self, stack: Stack, operations: Sequence[str], condition: str) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            actions=[f"personalize:{name}" for name in operations],
            resources=[self.arn_of("*/*")],
            conditions={condition: {_RESOURCE_TAG: [f"arn:*:stack/{_name_pattern(stack)}/*"]}},
        )

    def _look_at_any_stack(self) -> None:
        """Let the provider ask which stack has what is adopted, and whether the stack is gone that a tag names.

        Then the role no longer keeps requests of other stacks away, so that the functions are told whom they serve.
        """
        if self._looks_at_any_stack:
            return
        self._looks_at_any_stack = True
        arn = Stack.of(self).format_arn(service="cloudformation", resource="stack", resource_name="*")
        # Which stack it is, is what is asked. The service authorization reference has stacks as the resource type; that
        # IAM is asked about `*` where no stack is named, is inferred.
        for action, resource in (("DescribeStacks", arn), ("DescribeStackResources", "*")):
            self._role.add_to_policy(iam.PolicyStatement(actions=[f"cloudformation:{action}"], resources=[resource]))
        acknowledge_wildcards(
            self._role, "What is adopted may have come from any stack, and may be in any one.", resources=[arn, "*"]
        )
        for function in (self._on_event, self._is_complete):
            function.add_environment("SERVED_STACKS", Fn.join(",", self._stack_tags))

    def _acknowledge(self, path: str, reason: str) -> None:
        acknowledge_wildcards(self._role, reason, resources=[self.arn_of(path)])

    def _grant_on_tagged(self, types: Sequence[TypePermissions]) -> None:
        """To change something, the stack's tag must be on it; to create something, in the request."""
        operations = unique(name for each in types for name in (*each.operations, *TAG_OPERATIONS))
        reading, creating = list(filter(is_reading, operations)), list(filter(is_creation, operations))
        self._allow_on(reading, types)
        self._allow_on(creating, types, _REQUEST_TAG)
        self._allow_on([name for name in operations if name not in (*reading, *creating)], types, _RESOURCE_TAG)

    def _allow_on(
        self, operations: Sequence[str], types: Sequence[TypePermissions], tag_key: str | None = None
    ) -> None:
        """Allow operations of some types on what they are checked on: their own ARNs, and those of their parents."""
        arn_types = {each.own_arn_type for each in types} | {each.created_in for each in types}
        arns = unique(self._arn(each) for each in self._with_arns if each.own_arn_type in arn_types)
        self._on_names.append((arn_types, self._allow(operations, arns, tag_key)))

    def _allow(
        self, operations: Sequence[str], resources: list[str], tag_key: str | None = None, sid: str | None = None
    ) -> iam.PolicyStatement:
        actions = [f"personalize:{name}" for name in operations]
        # IfExists: a resource without the tag is nobody's, and a service that sends no tags refuses nothing.
        narrowed = {"StringLikeIfExists": {tag_key: self._stack_tags}} if tag_key and self._tag_conditions else None
        statement = iam.PolicyStatement(sid=sid, actions=actions, resources=resources, conditions=narrowed)
        self._role.add_to_policy(statement)
        return statement

    def _arn(self, permissions: TypePermissions) -> str:
        name = "*" if permissions.name_is_generated else f"{self.name_prefix}*"
        return self.arn_of(f"{permissions.own_arn_type}/{name}")
