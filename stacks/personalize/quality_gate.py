"""Quality gate: holds back a solution version that is evaluated too poorly to serve."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CustomResource
from constructs import Construct

from .errors import PropsError
from .imported import ImportedArn
from .provider import PersonalizeProvider
from .solution import ISolution
from .solution_version import ISolutionVersion


class QualityGate(Construct):
    """Lets a solution version pass whose metrics reach the minimums; otherwise the deployment fails.

    What serves takes `solution_version_arn` from the gate, so it stays on the version it has.

    Attributes:
        solution_version_arn: ARN of the version, once it has passed.
        solution_arn: ARN of its solution.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        solution: ISolution,
        solution_version: ISolutionVersion,
        minimums: Mapping[str, float],
        compare_with_deployed: bool = False,
    ) -> None:
        """Declare a quality gate.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            solution: the solution of the version.
            solution_version: the version to judge.
            minimums: the least value of each metric, 0 to 1, by the names of GetSolutionMetrics.
            compare_with_deployed: whether no metric may be below that of the version that campaigns of the
                solution serve now.

        Raises:
            PropsError: a minimum is not between 0 and 1.
        """
        super().__init__(scope, id)
        for metric, minimum in minimums.items():
            if not 0 <= minimum <= 1:
                raise PropsError(f"{id}: the minimum of {metric} must be 0 to 1, but is {minimum}.")
        version_arn = solution_version.solution_version_arn
        gate = CustomResource(
            self,
            "Resource",
            service_token=provider.service_token,
            resource_type="Custom::PersonalizeQualityGate",
            properties={
                "SolutionArn": solution.solution_arn,
                "SolutionVersionArn": version_arn,
                "Minimums": {metric: f"{minimum:g}" for metric, minimum in sorted(minimums.items())},
                "CompareWithDeployed": compare_with_deployed,
            },
        )
        passed = gate.get_att_string("SolutionVersionArn")
        if isinstance(version_arn, ImportedArn):
            provider.allow_creation("QualityGate", version_arn)
            passed = ImportedArn(passed, permitted_on=version_arn.permitted_on)
        self.solution_version_arn: str = passed
        self.solution_arn: str = solution.solution_arn
