"""How a real account differs from an ideal one: what takes time, what is limited, what is visible only later."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Conditions:
    """What deployments meet on AWS. By default nothing, so that tests can count on exact times.

    Attributes:
        call_seconds: how long one attempt of a call to Personalize or CloudFormation takes; estimated.
        request_seconds: how long a custom resource request takes by itself: CloudFormation's own round, the
            framework's functions and its state machine; estimated.
        propagation_seconds: how long permissions that a deployment has made or widened stay without effect (IAM user
            guide, "Troubleshoot IAM", "Changes that I make are not always immediately visible"; aws/aws-cdk issues
            18237 and 37675 report a minute and more).
        requests_per_second: what Personalize's control plane takes of each operation; None for any number. With a
            limit each execution environment has its own client, which retries as botocore does.
        lambda_concurrency: how many executions Lambda allows at once in the account; None for any number. New accounts
            have as few as 10 (Lambda developer guide, "Lambda quotas").
    """

    call_seconds: float = 0.0
    request_seconds: float = 0.0
    propagation_seconds: float = 0.0
    requests_per_second: float | None = None
    lambda_concurrency: int | None = None


IDEAL = Conditions()
REALISTIC = Conditions(
    call_seconds=0.2,
    request_seconds=5.0,
    propagation_seconds=60.0,
    requests_per_second=1.0,
    lambda_concurrency=10,
)
