"""What a deployment prints: two lines for a chain of waiting resources, and every failure in full."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.sandbox.progress import Progress, assembly_of

STACK = "vod-dev-data"


def waiting(type_: str, waits_for: str, up_to: str) -> dict[str, Any]:
    return {"Type": f"Custom::Personalize{type_}", "Properties": {"WaitsFor": waits_for, "UpTo": up_to}}


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """Two chains of a resource, and one of a single link."""
    resources = {
        "Logical1": waiting("Wait", "Version: training", "link 1 of 2, 50 minutes each"),
        "Logical2": waiting("Wait", "Version: training", "link 2 of 2, 50 minutes each"),
        "Deletion1": waiting("DeletionWait", "Picks: training, before it is deleted", "link 1 of 2, 50 minutes each"),
        "Deletion2": waiting("DeletionWait", "Picks: training, before it is deleted", "link 2 of 2, 50 minutes each"),
        "Alone": waiting("Wait", "Items: import", "50 minutes"),
        "Bucket": {"Type": "AWS::S3::Bucket"},
    }
    (tmp_path / f"{STACK}.template.json").write_text(json.dumps({"Resources": resources}))
    return tmp_path


def event(status: str, type_: str, logical_id: str, reason: str = "") -> str:
    path = f"Version/Wait/{logical_id}/Default ({logical_id})"
    return f"{STACK} | 31/72 | 7:27:08 PM | {status:<20} | {type_:<40} | {path} {reason}"


def folded(assembly: Path, *lines: str) -> list[str]:
    """What is printed of lines that come a minute apart."""
    minutes = iter(range(100))
    progress = Progress(assembly, clock=lambda: 60.0 * next(minutes))
    return [shown for line in lines if (shown := progress.fold(line)) is not None]


def wait(status: str, logical_id: str, reason: str = "") -> str:
    return event(status, "Custom::PersonalizeWait", logical_id, reason)


def held(status: str, logical_id: str) -> str:
    return event(status, "Custom::PersonalizeDeletionWait", logical_id)


@pytest.mark.parametrize("action", ["CREATE", "UPDATE"])
def test_a_chain_is_two_lines(assembly: Path, action: str) -> None:
    progress, complete = f"{action}_IN_PROGRESS", f"{action}_COMPLETE"
    lines = [wait(status, link) for link in ("Logical1", "Logical2") for status in (progress, progress, complete)]
    assert folded(assembly, *lines) == [f"{STACK} | Version: training", f"{STACK} | Version: training, 1 min"]


def test_a_chain_of_one_link_is_two_lines(assembly: Path) -> None:
    lines = wait("CREATE_IN_PROGRESS", "Alone"), wait("CREATE_COMPLETE", "Alone")
    assert folded(assembly, *lines) == [f"{STACK} | Items: import", f"{STACK} | Items: import, 1 min"]


def test_deletion_goes_from_the_last_link_to_the_first(assembly: Path) -> None:
    lines = [
        held(f"DELETE_{status}", link) for link in ("Deletion2", "Deletion1") for status in ("IN_PROGRESS", "COMPLETE")
    ]
    said = f"{STACK} | Picks: training, before it is deleted"
    assert folded(assembly, *lines) == [said, f"{said}, 1 min"]


def test_links_that_have_nothing_to_wait_for_print_nothing(assembly: Path) -> None:
    lines = [
        held("CREATE_IN_PROGRESS", "Deletion1"),
        held("CREATE_COMPLETE", "Deletion1"),
        wait("DELETE_IN_PROGRESS", "Logical2"),
        wait("DELETE_COMPLETE", "Logical2"),
    ]
    assert folded(assembly, *lines) == []


def test_failures_and_everything_else_are_printed_in_full(assembly: Path) -> None:
    lines = [
        wait("CREATE_FAILED", "Logical2", "Received response status [FAILED] from custom resource. Message returned:"),
        "The solution version 'x' is still CREATE IN_PROGRESS after 7 h of waiting for it to settle.",
        held("DELETE_FAILED", "Deletion1"),
        event("CREATE_IN_PROGRESS", "AWS::S3::Bucket", "Bucket"),
        wait("DELETE_COMPLETE", "HasLeftTheTemplate"),
        "✅  vod-dev-data",
        "",
    ]
    assert folded(assembly, *lines) == lines


def test_a_chain_that_failed_begins_anew_in_the_rollback(assembly: Path) -> None:
    failed = wait("UPDATE_FAILED", "Logical1")
    progress = wait("UPDATE_IN_PROGRESS", "Logical1")
    begun = f"{STACK} | Version: training"
    assert folded(assembly, progress, failed, progress) == [begun, failed, begun]


def test_the_templates_are_where_the_cli_writes_them() -> None:
    assert assembly_of(["deploy", "--all"], Path("/checkout")) == Path("/checkout/cdk.out")
    assert assembly_of(["deploy", "--output", "/other"], Path("/checkout")) == Path("/other")


EVENT = "vod-dev-data | 31/72 | 7:27:08 PM | {status} | Custom::Personalize{type} | {what} (Logical1) "


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (EVENT.format(status="CREATE_COMPLETE     ", type="Dataset      ", what="UsersDataset/Resource/Default"), True),
        (EVENT.format(status="CREATE_IN_PROGRESS  ", type="Wait         ", what="Version/Wait/Link1/Default"), True),
        (EVENT.format(status="CREATE_COMPLETE     ", type="Wait         ", what="Version/Wait/Link1/Default"), False),
        (
            EVENT.format(
                status="CREATE_IN_PROGRESS  ", type="Wait         ", what="Version/Wait/Link2/Default"
            ).replace("Logical1", "Logical2"),
            False,
        ),
        (
            EVENT.format(
                status="CREATE_FAILED       ", type="Wait         ", what="Version/Wait/Link2/Default"
            ).replace("Logical1", "Logical2"),
            True,
        ),
        ("✅  vod-dev-data", True),
        ("Outputs:", False),
    ],
)
def test_progress_is_brief_and_hides_no_failure(assembly: Path, line: str, shown: bool) -> None:
    assert (Progress(assembly).brief(line) is not None) is shown
