"""The section `operations`: what it is without a word, and what each mistake in it says."""

from __future__ import annotations

from stacks.settings_operations import OperationsSettings


def test_what_it_leaves_out_has_a_default() -> None:
    settings = OperationsSettings.model_validate({})
    assert (settings.time_zone, settings.flexible_window, settings.emails) == ("UTC", 15, [])
    assert settings.serving_hours is settings.forget_users is None
    assert settings.campaign_throughput == {}
    refresh = settings.refresh
    assert (refresh.datasets, refresh.train, refresh.training_mode, refresh.schedules) == ({}, "if-new", "FULL", {})
    assert (refresh.on_new_files, refresh.when_files_come.train) == (None, None)
