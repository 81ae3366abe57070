"""A month of refreshes: what is mailed, what serves, what it costs."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tools.month import __main__ as command
from tools.month.month import DAYS, MINIMUM, Month
from tools.month.page import PICTURE, as_markdown, as_picture

# Of one worker, so that the month passes once.
pytestmark = pytest.mark.xdist_group("month")


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return command.live(tmp_path_factory.mktemp("month") / "of")


def test_every_file_but_the_broken_one_is_imported(month: Month) -> None:
    assert month.imports == DAYS - 1
    assert month.refreshes == {"SUCCEEDED": DAYS - 1, "FAILED": 1}


def test_a_version_is_trained_each_week_and_the_one_of_poor_data_is_refused(month: Month) -> None:
    assert [each.verdict for each in month.trainings] == ["passed", "passed", "passed", "refused"]
    assert [each.metric >= MINIMUM for each in month.trainings] == [True, True, True, False]


def test_people_are_told_of_the_failure_its_end_and_the_refusal_and_of_nothing_else(month: Month) -> None:
    failed, recovered, refused = month.notices
    assert (failed.subject, recovered.subject) == (
        "vod-dev: refresh failed at 'The import failed'",
        "vod-dev: refresh works again",
    )
    assert "TIMESTAMP" in failed.text, "The service's reason is in the mail."
    assert "the campaign stays" in refused.subject
    assert f"minimum {MINIMUM:g}" in refused.text


def test_it_costs_what_the_review_says(month: Month) -> None:
    """A recommender that starts at 7 is active some minutes later: at minute 5, when it is looked at, it is not yet."""
    money = month.money
    assert money.trainings == pytest.approx(money.predicted_trainings)
    assert money.hours["RerankCampaign"] == pytest.approx(money.predicted_hours["RerankCampaign"])
    assert money.hours["TopPicks"] == pytest.approx(money.predicted_hours["TopPicks"] * 15 / 16, rel=0.03)


def test_the_page_has_every_notice_in_its_words_and_the_picture_a_point_for_each_version(
    month: Month, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "live", lambda _: month)
    assert command.main(["--out", str(tmp_path)]) == 0
    page = (tmp_path / "month.md").read_text()
    assert page == as_markdown(month)
    assert all(each.text.rstrip() in page for each in month.notices)
    picture = (tmp_path / PICTURE).read_text()
    assert picture == as_picture(month)
    circles = ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}circle")
    assert len(list(circles)) == len(month.trainings)
