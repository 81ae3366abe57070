"""What the provider's role reaches decides which names an update may choose."""

from __future__ import annotations

import pytest

from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import Resources, custom, deployed, template
from tools.simulation.cloud import VirtualCloud
from tools.simulation.framework import words


def prefixed(prefix: str, domain: str | None = None) -> Resources:
    return {
        "Group": custom(
            "DatasetGroup", NamePrefix=prefix, AllowReplacement="true", **({"Domain": domain} if domain else {})
        )
    }


@pytest.mark.parametrize("domain", [None, blocks.VOD])
def test_a_prefix_that_shuts_the_provider_out_of_what_is_there_is_refused(
    cloud: VirtualCloud, domain: str | None
) -> None:
    """Changed in place or replaced: the old one could never be deleted, by a role that is limited to the new names."""
    deployed(cloud, prefixed("vod-dev-group"))
    before = cloud.inventory()
    refused = cloud.cloudformation.deploy("app", template(prefixed("vod-dev_group", domain)))
    assert refused.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "its name does not begin with 'vod-dev_'" in words(refused.reasons[0])
    assert cloud.inventory() == before
    cloud.cloudformation.delete("app")
    assert cloud.inventory() == {}


def test_what_follows_the_underscore_of_a_prefix_may_change(cloud: VirtualCloud) -> None:
    deployed(cloud, prefixed("vod-dev_group"))
    before = cloud.inventory()
    deployed(cloud, prefixed("vod-dev_films"))
    assert cloud.inventory() == before
