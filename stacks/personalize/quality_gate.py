"""Quality gate: holds back a solution version that is evaluated too poorly to serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import CustomResource
from constructs import Construct

from .config import check_range
from .errors import PropsError
from .imported import ImportedArn
from .limits import GATE_METRICS, GATE_TOLERANCE, METRIC_RANGE
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .solution import ISolution
from .solution_version import ISolutionVersion, SolutionVersionBase

# It creates nothing: it reads.
declare(TypePermissions("QualityGate", on_parent=("DescribeSolutionVersion", "GetSolutionMetrics")))


def quality_gate_properties(
    *,
    minimums: Mapping[str, float],
    compare_with_deployed: bool,
    tolerance: float,
    compared_metrics: Sequence[str],
    fail_on_other_data: bool,
) -> dict[str, Any]:
    """What a version must reach, as Custom::PersonalizeQualityGate takes it.

    Args:
        minimums: see QualityGate.
        compare_with_deployed: see QualityGate.
        tolerance: see QualityGate.
        compared_metrics: see QualityGate.
        fail_on_other_data: see QualityGate.
    """
    return {
        "Minimums": {metric: f"{minimum:g}" for metric, minimum in sorted(minimums.items())},
        "CompareWithDeployed": compare_with_deployed,
        "Tolerance": f"{tolerance:g}",
        "ComparedMetrics": list(compared_metrics),
        "FailOnOtherData": fail_on_other_data,
    }


class QualityGate(Construct, SolutionVersionBase):
    """Lets a solution version pass whose metrics reach the minimums; otherwise the deployment fails.

    What serves takes `solution_version_arn` from the gate, so it stays on the version it has.

    Attributes:
        verdict: "passed", or "passed, but ..." with what it was warned of.
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
        tolerance: float = GATE_TOLERANCE,
        compared_metrics: Sequence[str] = GATE_METRICS,
        fail_on_other_data: bool = False,
    ) -> None:
        """Declare a quality gate.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            solution: the solution of the version.
            solution_version: the version to judge.
            minimums: the least value of each metric, 0 to 1, by the names of GetSolutionMetrics; one that the service
                leaves out fails nothing, and `verdict` says so.
            compare_with_deployed: whether the version may be no worse than those that campaigns of the solution serve
                now.
            tolerance: by how much, as a share of the deployed version's metric, a metric may be below it; 0 to less
                than 1.
            compared_metrics: which metrics are compared with the deployed version; at least one.
            fail_on_other_data: whether to fail also where data were imported since the deployed version was trained.
                By default that is only a warning, in `verdict`: the developer guide ("Evaluating an Amazon
                Personalize solution version with metrics") advises against comparing metrics of versions trained on
                different data.

        Raises:
            PropsError: a minimum or the tolerance is out of range, or there is no metric to compare.
        """
        super().__init__(scope, id)
        for metric, minimum in minimums.items():
            check_range(id, f"the minimum of {metric}", minimum, METRIC_RANGE)
        if not 0 <= tolerance < 1:
            raise PropsError(f"{id}: tolerance must be 0 or more and less than 1, but is {tolerance}.")
        if not compared_metrics:
            raise PropsError(f"{id}: compared_metrics must name at least one metric.")
        version_arn = solution_version.solution_version_arn
        gate = CustomResource(
            self,
            "Resource",
            service_token=provider.service_token,
            resource_type="Custom::PersonalizeQualityGate",
            properties={
                "SolutionArn": solution.solution_arn,
                "SolutionVersionArn": version_arn,
                **quality_gate_properties(
                    minimums=minimums,
                    compare_with_deployed=compare_with_deployed,
                    tolerance=tolerance,
                    compared_metrics=compared_metrics,
                    fail_on_other_data=fail_on_other_data,
                ),
            },
        )
        passed = gate.get_att_string("SolutionVersionArn")
        if isinstance(version_arn, ImportedArn):
            provider.allow_creation("QualityGate", version_arn)
            passed = ImportedArn(passed, permitted_on=version_arn.permitted_on)
        self._passed_arn = passed
        self._solution_arn = solution.solution_arn
        self.verdict: str = gate.get_att_string("Verdict")

    @property
    def _arn(self) -> str:
        return self._passed_arn
