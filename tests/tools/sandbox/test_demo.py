"""`make demo`, as the README promises it."""

from __future__ import annotations

import subprocess

import pytest

from tools.checkout import CHECKOUT

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("deploying 4")]


def test_the_demonstration_works_and_leaves_nothing() -> None:
    result = subprocess.run(["make", "demo"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    for part in ("RerankCampaignArn", "Top picks for user", "More like ", "re-ranked for user", "(filter 'genre')"):
        assert part in result.stdout
    assert "NormalizedDiscountedCumulativeGainAt25" in result.stdout
    for part in ("a refresh starts by itself", "serves now", "refused", "The campaign still serves version "):
        assert part in result.stdout
    for part in ("a new version is too poor to serve", "users forgotten, "):
        assert f"Subject: vod-dev: {part}" in result.stdout
    assert "The campaign still serves what the refresh has trained." in result.stdout
    assert "Updated in place: arn:aws:personalize:" in result.stdout
    assert "== What is left\nNothing." in result.stdout
