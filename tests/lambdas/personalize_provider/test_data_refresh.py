"""An ordinary refresh of the data passes the quality gate of production, whatever the new data do to metrics."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from lambdas.personalize_provider.names import last_part
from stacks.settings import QualityGateSettings, load_settings
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import Resources, template
from tools.checkout import CHECKOUT, EXAMPLE_SETTINGS
from tools.data import movielens, synthetic
from tools.data.catalogue import Catalogue
from tools.simulation.cloud import VirtualCloud
from tools.simulation.conditions import REALISTIC

pytestmark = pytest.mark.unmeasured

REFRESHES = 5
CACHE = CHECKOUT / "data" / ".cache"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """MovieLens, or the generated catalogue where it cannot be fetched."""
    try:
        return movielens.load(CACHE)
    except movielens.NotAvailableError:
        return synthetic.generate()


def put_sample(cloud: VirtualCloud, catalogue: Catalogue, seed: int) -> None:
    """The interactions of a third of the users, other ones for each seed."""
    users = sorted({event.user_id for event in catalogue.interactions})
    kept = frozenset(random.Random(seed).sample(users, len(users) // 3))
    rows = (
        f"{event.user_id},{event.item_id},{event.event_type},{event.timestamp}"
        for event in catalogue.interactions
        if event.user_id in kept
    )
    cloud.objects.put(f"{blocks.BUCKET}/interactions.csv", "\n".join(["USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP", *rows]))


def app(data_version: str, gate: QualityGateSettings) -> Resources:
    """The app whose data and trainings have a version."""
    return blocks.gated(
        {"InteractionsData": data_version},
        data_version,
        Minimums={metric: str(least) for metric, least in gate.minimums.items()},
        CompareWithDeployed=str(gate.compare_with_deployed).lower(),
        Tolerance=str(gate.tolerance),
        ComparedMetrics=gate.compared_metrics,
        FailOnOtherData=str(gate.fail_on_other_data).lower(),
    )


def verdicts(cloud: VirtualCloud, catalogue: Catalogue, gate: QualityGateSettings) -> Iterator[str]:
    """Deploy, then refresh the data five times; what the gate says of each new version, which then serves."""
    blocks.put_data(cloud)
    for number in range(REFRESHES + 1):
        put_sample(cloud, catalogue, number)
        stack = cloud.cloudformation.deploy("app", template(app(str(number), gate)))
        assert stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), stack.reasons
        campaign = stack.resources["Campaign"].attributes["CampaignArn"]
        serving = cloud.personalize.describe_campaign(campaignArn=campaign)["campaign"]["solutionVersionArn"]
        assert serving == stack.resources["VersionSettled"].attributes["SolutionVersionArn"]
        if number:
            yield stack.resources["Gate"].attributes["Verdict"]


def test_five_refreshes_pass_the_gate_of_prod(catalogue: Catalogue) -> None:
    """Under the conditions of AWS, so that what the gate asks for fits into the service's rate."""
    cloud = VirtualCloud(conditions=REALISTIC)
    ranking = load_settings("prod", EXAMPLE_SETTINGS).ranking
    assert ranking
    assert ranking.quality_gate.compare_with_deployed
    found = list(verdicts(cloud, catalogue, ranking.quality_gate))
    trained = cloud.personalize.list_solution_versions()["solutionVersions"]
    assert len({last_part(one["solutionVersionArn"]) for one in trained}) == REFRESHES + 1
    # Some are worse than what they replace by more than the tolerance, which is no more than chance.
    warnings = [verdict for verdict in found if verdict != "passed"]
    assert warnings
    assert all(verdict.startswith("passed, but it was trained on other data than version") for verdict in warnings)
