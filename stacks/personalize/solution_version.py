"""Solution version: a trained model of a solution, with its evaluation."""

from __future__ import annotations

import re
from typing import Any, Protocol

import jsii
from aws_cdk import Duration, Fn, IStableAnyProducer, Lazy, Token
from constructs import Construct

from .adoption import check_parent
from .errors import PropsError
from .grants import Grantable, IPersonalizeResource
from .imported import ImportedArn, ImportedResource, checked_arn, existing_name
from .limits import NAME_PATTERN
from .permissions import TAG_OPERATIONS, TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource
from .solution import ISolution
from .wait_chain import VERSION_TRAINING, WaitChain

_OPERATIONS = (
    "CreateSolutionVersion",
    "DescribeSolutionVersion",
    "StopSolutionVersionCreation",
    "GetSolutionMetrics",
)
declare(
    TypePermissions(
        "SolutionVersion",
        operations=_OPERATIONS,
        # Its ARN is below that of its solution, and is checked as one of a solution.
        arn_type="solution",
        on_parent=(*_OPERATIONS, *TAG_OPERATIONS),
    )
)

_TRAINING_MODES = ("FULL", "UPDATE")
_LATEST = "$LATEST"


class ISolutionVersion(IPersonalizeResource, Protocol):
    """A trained version, of this app or imported."""

    @property
    def solution_version_arn(self) -> str:
        """ARN of the solution version."""
        ...

    @property
    def solution_arn(self) -> str:
        """ARN of its solution."""
        ...


class SolutionVersionBase(Grantable):
    """What stands for one trained version: a solution version, or a quality gate before it."""

    _solution_arn: str

    @property
    def solution_version_arn(self) -> str:
        """ARN of the solution version; of one of this app, known once it is trained."""
        return self._arn

    @property
    def solution_arn(self) -> str:
        """ARN of its solution."""
        return self._solution_arn


class _ImportedSolutionVersion(ImportedResource, SolutionVersionBase):
    def __init__(self, scope: Construct, id: str, solution_version_arn: str) -> None:
        arn = checked_arn("solution_version_arn", solution_version_arn, "solution")
        self._solution_arn = _solution_of(arn)
        super().__init__(scope, id, ImportedArn(arn, permitted_on=[self._solution_arn]))


def _solution_of(solution_version_arn: str) -> str:
    """ARN of the solution: all but the last part."""
    if not Token.is_unresolved(solution_version_arn):
        return solution_version_arn.rpartition("/")[0] or solution_version_arn
    parts = Fn.split("/", solution_version_arn)
    return Fn.join("/", [Fn.select(0, parts), Fn.select(1, parts)])


class SolutionVersion(PersonalizeResource, SolutionVersionBase):
    """A solution version (API: CreateSolutionVersion), waited for until it is trained.

    It is trained again when the solution is replaced, when other data is imported into the dataset group, or
    when `training_trigger` changes. The service deletes versions only together with their solution.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        solution: ISolution,
        training_trigger: str = "1",
        training_mode: str = "FULL",
        name: str | None = None,
        adopt: str | None = None,
        max_wait: Duration | None = None,
    ) -> None:
        """Declare a solution version.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            solution: what to train, once all data of its dataset group is imported.
            training_trigger: any text; changing it trains again.
            training_mode: FULL, or UPDATE for recipes that can learn in increments; says how the next training
                is done, so changing it alone trains nothing.
            name: a fixed name, which a second training cannot use again; default: generated.
            adopt: the version to take over, instead of training one: the id that its ARN ends with, or `$LATEST`. Any
                later change of what it depends on trains, as ever (library.md).
            max_wait: the longest the training may take; default 6 hours.

        Raises:
            PropsError: the training mode is unknown, or no version can have the id.
        """
        if training_mode not in _TRAINING_MODES:
            raise PropsError(
                f"{id}: training_mode must be one of {', '.join(_TRAINING_MODES)}, but is '{training_mode}'."
            )
        group = solution.dataset_group
        solution_arn = solution.solution_arn
        if adopt is not None:
            _check_adopted(id, adopt)
            check_parent(id, adopt, solution_arn, "solution")
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="SolutionVersion",
            name=name,
            adopt=adopt or False,
            adopted_path=f"solution/{existing_name(solution_arn)}/{'*' if adopt == _LATEST else adopt}",
            properties={
                "SolutionArn": solution_arn,
                "TrainingMode": training_mode,
                # Text known at synth rather than ARNs of the imports: `cdk deploy` skips a stack whose
                # template has not changed, and would leave the model on the data it had.
                "Triggers": Lazy.any(_Triggers(training_trigger, group.contents.data_versions)),
            },
        )
        self._solution_arn = solution_arn
        self.custom_resource.node.add_dependency(group.contents.imported_data)
        self._settled = WaitChain(
            self, "Wait", provider=provider, resource=self, work=VERSION_TRAINING, max_wait=max_wait
        )

    @staticmethod
    def from_solution_version_arn(scope: Construct, id: str, solution_version_arn: str) -> ISolutionVersion:
        """Use a version that is trained already.

        Args:
            scope: parent construct.
            id: construct id.
            solution_version_arn: its ARN, which begins with that of its solution.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedSolutionVersion(scope, id, solution_version_arn)

    @property
    def _arn(self) -> str:
        arn = self._settled.attribute("SolutionVersionArn")
        # A campaign of it is created in its solution.
        return ImportedArn(arn, self._solution_arn.permitted_on) if isinstance(self._solution_arn, ImportedArn) else arn

    def evaluation_metric(self, name: str) -> str:
        """A metric of GetSolutionMetrics, known once the version is trained.

        Args:
            name: the service's name, such as precision_at_5; which ones there are depends on the recipe.
        """
        return self._settled.attribute("".join(part.capitalize() for part in name.split("_")))


def _check_adopted(id: str, version: str) -> None:
    if version != _LATEST and not re.fullmatch(NAME_PATTERN, version):
        raise PropsError(
            f"{id}: adopt must be the id that the version's ARN ends with, or {_LATEST}, but is '{version}'."
        )


@jsii.implements(IStableAnyProducer)
class _Triggers:
    """Read when the template is written, so that imports declared after the version count too."""

    def __init__(self, training_trigger: str, data_versions: Any) -> None:
        self._training_trigger = training_trigger
        self._data_versions = data_versions

    def produce(self) -> dict[str, str]:
        versions = {key: version() for key, version in sorted(self._data_versions.items())}
        return {"TrainingTrigger": self._training_trigger, **versions}
