"""The pipeline is well formed and safe, asks only for what this repository has, and its page says what it needs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_cdk import DefaultStackSynthesizer

from stacks.settings_checks import PLACEHOLDER_BUCKET
from tools.checkout import CHECKOUT, EXAMPLE_SETTINGS, QUIET_JSII, UNVALIDATED, isolated_environment
from tools.review.comment import LONGEST

ROOT = CHECKOUT
WORKFLOW = ROOT / ".github" / "workflows" / "pipeline.yaml"
PAGE = ROOT / "docs" / "pipeline.md"
TOOLS = Path(sys.executable).parent
COMMENT_LIMIT = 65_536

PIPELINE: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text())
JOBS: dict[str, Any] = PIPELINE["jobs"]
# YAML 1.1 reads the key `on` as true.
EVENTS = PIPELINE[True]


def schema_errors(workflow: Path) -> str:
    """What GitHub's schema of workflows says against a file; empty if it is right."""
    command = [str(TOOLS / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", str(workflow)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout + result.stderr if result.returncode else ""


def findings(workflow: Path) -> set[str]:
    """The names of what zizmor finds in a file."""
    command = [str(TOOLS / "zizmor"), "--offline", "--no-config", "--no-progress", "--no-exit-codes"]
    result = subprocess.run([*command, "--format=json", str(workflow)], capture_output=True, text=True, check=True)
    return {finding["ident"] for finding in json.loads(result.stdout)}


def runs(job: str) -> list[str]:
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def step(job: str, key: str, value: str) -> dict[str, Any]:
    (found,) = (step for step in JOBS[job]["steps"] if value in step.get(key, ""))
    return found


def granted(permission: str) -> set[str]:
    """The jobs that may write something."""
    return {name for name, job in JOBS.items() if job["permissions"].get(permission) == "write"}


def strings(value: object) -> Iterator[str]:
    """Every string in a piece of YAML, keys aside."""
    if isinstance(value, str):
        yield value
        return
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from strings(child)


def broken(tmp_path: Path, old: str, new: str) -> Path:
    """A copy of the pipeline with a mistake in it."""
    text = WORKFLOW.read_text()
    assert old in text
    copy = tmp_path / ".github" / "workflows" / "pipeline.yaml"
    copy.parent.mkdir(parents=True)
    copy.write_text(text.replace(old, new))
    return copy


def test_it_follows_githubs_schema() -> None:
    assert schema_errors(WORKFLOW) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("timeout-minutes: 90", "timeout-minute: 90"),
        ("  pull_request:", "  pull_requests:"),
        ("contents: read", "contents: some"),
        ("    runs-on: ubuntu-24.04\n", ""),
        ("      - name: Install\n        run:", "      - name: Install\n        runs:"),
    ],
)
def test_a_mistake_of_form_is_found(tmp_path: Path, old: str, new: str) -> None:
    assert schema_errors(broken(tmp_path, old, new))


def test_nothing_in_it_is_unsafe() -> None:
    assert findings(WORKFLOW) == set()


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("run: .ci/run", "run: .ci/run ${{ github.head_ref }}", "template-injection"),
        ("actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1", "actions/checkout@v7", "unpinned-uses"),
        ("persist-credentials: false", "show-progress: false", "artipacked"),
        ("  pull_request:", "  pull_request_target:", "dangerous-triggers"),
    ],
)
def test_what_is_unsafe_is_found(tmp_path: Path, old: str, new: str, finding: str) -> None:
    assert finding in findings(broken(tmp_path, old, new))


def test_every_version_stands_beside_its_hash() -> None:
    uses = re.findall(r"uses: (.*)", WORKFLOW.read_text())
    assert uses
    assert [line for line in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


@pytest.mark.parametrize("job", JOBS)
def test_no_command_has_an_expression_in_it(job: str) -> None:
    assert [command for command in runs(job) if "${{" in command] == []


@pytest.mark.parametrize("job", JOBS)
def test_every_job_ends(job: str) -> None:
    assert 0 < JOBS[job]["timeout-minutes"] <= 360, "a hosted runner ends a job after 360 minutes"


@pytest.mark.parametrize("job", JOBS)
def test_what_is_referred_to_exists(job: str) -> None:
    steps = {step["id"] for step in JOBS[job]["steps"] if "id" in step}
    assert set(re.findall(r"steps\.(\w+)\.", "\n".join(strings(JOBS[job])))) <= steps
    assert {JOBS[job].get("needs", job)} <= JOBS.keys()


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = {target for job in JOBS for command in runs(job) for target in re.findall(r"\bmake ([\w-]+)", command)}
    assert {"install", "check", "review", "audit"} <= used <= targets


def test_it_runs_the_checks_of_the_repository() -> None:
    assert runs("test") == [".ci/run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_no_job_has_a_permission_it_does_not_need() -> None:
    assert PIPELINE["permissions"] == {}
    assert granted("id-token") == {"deploy"}
    assert granted("pull-requests") == {"review"}
    assert granted("contents") == set()


def test_only_a_tested_push_to_main_is_deployed() -> None:
    deploy = JOBS["deploy"]
    assert deploy["needs"] == "test"
    assert deploy["if"] == "github.event_name == 'push' && vars.AWS_DEPLOY_ROLE_ARN != ''"
    assert EVENTS["push"] == {"branches": ["main"]}
    assert deploy["environment"] == "prod"


def test_deployments_neither_overlap_nor_are_cancelled() -> None:
    assert JOBS["deploy"]["concurrency"] == {"group": "deploy-prod", "cancel-in-progress": False}


def test_credentials_come_after_the_installation_and_last_as_long_as_the_job() -> None:
    steps = JOBS["deploy"]["steps"]
    credentials = step("deploy", "uses", "aws-actions/configure-aws-credentials@")
    assert steps.index(step("deploy", "run", "make install")) < steps.index(credentials)
    assert credentials["with"]["role-duration-seconds"] == JOBS["deploy"]["timeout-minutes"] * 60


@pytest.mark.parametrize(
    ("data", "made"),
    [("sample", True), ("sample   # as dev does", True), ("s3://sample/", False), ("s3://vod/ # no sample", False)],
)
def test_sample_data_is_made_only_if_it_is_deployed(tmp_path: Path, data: str, made: bool) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "prod.yaml").write_text(f"app_name: vod\ndata: {data}\nfilters: {{}}\n")
    (tmp_path / "Makefile").write_text("data:\n\ttouch made\n")
    run_step(tmp_path, "deploy", "Make the sample data")
    assert (tmp_path / "made").is_file() is made


def test_the_data_are_checked_before_the_review() -> None:
    steps = JOBS["review"]["steps"]
    check = step("review", "run", "make check ENV=prod")
    sample = step("review", "name", "Make the sample data")
    assert sample["run"] == step("deploy", "name", "Make the sample data")["run"]
    assert steps.index(sample) < steps.index(check) < steps.index(step("review", "id", "review"))
    assert "continue-on-error" not in check


@pytest.mark.parametrize("bucket", [PLACEHOLDER_BUCKET, "films"])
def test_prod_is_deployed_once_its_bucket_is_filled_in(tmp_path: Path, bucket: str) -> None:
    """And with nothing else: no account, no region. The CLI reads the app as it does before it deploys."""
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    settings = yaml.safe_load((config / "prod.yaml").read_text())
    assert (settings["account"], settings["region"]) == (None, None)
    (config / "prod.yaml").write_text(yaml.safe_dump({**settings, "data": f"s3://{bucket}/personalize/"}))
    cdk = [str(ROOT / "node_modules" / ".bin" / "cdk"), "synth", "--quiet", "--output", str(tmp_path / "cdk.out")]
    context = ["--context", "env=prod", "--context", f"config_dir={config}"]
    environment = isolated_environment() | QUIET_JSII | UNVALIDATED | {"CDK_DISABLE_CLI_TELEMETRY": "true"}
    environment["PATH"] = f"{TOOLS}{os.pathsep}{environment['PATH']}"
    result = subprocess.run([*cdk, *context], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    is_refused = "data: my-company-vod-data stands for a bucket of yours." in result.stderr + result.stdout
    assert (result.returncode != 0, is_refused) == (bucket == PLACEHOLDER_BUCKET,) * 2


def test_a_review_is_shown_before_it_fails_the_job() -> None:
    steps = JOBS["review"]["steps"]
    assert step("review", "id", "review")["continue-on-error"] is True
    assert steps[-2] == step("review", "name", "Comment")
    assert (steps[-1]["if"], steps[-1]["run"]) == ("steps.review.outcome == 'failure'", "exit 1")


def test_a_fork_gets_no_comment() -> None:
    comment = step("review", "name", "Comment")
    assert "github.event.pull_request.head.repo.full_name == github.repository" in comment["if"]
    assert [name for name in JOBS if "github.token" in "\n".join(strings(JOBS[name]))] == ["review"]


def run_step(folder: Path, job: str, name: str, **variables: str) -> None:
    """Run a step's script as GitHub does."""
    # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step(job, "name", name)["run"]]
    subprocess.run(command, cwd=folder, env={"PATH": os.environ["PATH"]} | variables, check=True)


def comment_of(tmp_path: Path, report: str | None, url: str = "https:/") -> str:
    """What the step writes as a comment, which is also the summary of the run."""
    if report is not None:
        (tmp_path / ".sandbox").mkdir()
        (tmp_path / ".sandbox" / "review-prod.md").write_text(report)
    summary = tmp_path / "summary"
    variables = {"PAGE": f"{url}/page", "RUN": f"{url}/run", "GITHUB_STEP_SUMMARY": str(summary)}
    run_step(tmp_path, "review", "Write the comment", **variables)
    comment = (tmp_path / ".sandbox" / "comment.md").read_text()
    assert summary.read_text() == comment
    return comment


def test_a_review_is_the_comment_with_a_link_to_the_page(tmp_path: Path) -> None:
    report = "# Review\n\n```mermaid\ngantt\n```\n\n| é |\n| --- |\n"
    assert comment_of(tmp_path, report) == (
        f"{report}\n[The whole review as a page](https://page), from [this run](https://run).\n"
    )


def test_the_longest_review_fits_with_what_is_added(tmp_path: Path) -> None:
    """That a review is never longer, tests/tools/review/test_comment.py says."""
    comment = comment_of(tmp_path, "x" * LONGEST, url="https://" + "u" * 2000)
    assert comment.startswith("x" * LONGEST)
    assert len(comment) <= COMMENT_LIMIT


def test_a_review_that_failed_is_said_to_have(tmp_path: Path) -> None:
    assert comment_of(tmp_path, None) == (
        "The change cannot be compared with its base: see the log of [this run](https://run).\n"
    )


def policies() -> list[dict[str, Any]]:
    """The policies that the page says to set up, in its order."""
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)]


def test_the_trust_policy_is_for_this_environment_only() -> None:
    (statement,) = policies()[0]["Statement"]
    conditions = statement["Condition"]["StringEquals"]
    assert list(statement["Condition"]) == ["StringEquals"]
    assert conditions["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    subject = conditions["token.actions.githubusercontent.com:sub"]
    assert subject.endswith(f":environment:{JOBS['deploy']['environment']}")
    assert "*" not in subject


def test_the_role_may_assume_the_bootstrap_roles_and_nothing_else() -> None:
    (statement,) = policies()[1]["Statement"]
    arns = [
        DefaultStackSynthesizer.DEFAULT_DEPLOY_ROLE_ARN,
        DefaultStackSynthesizer.DEFAULT_FILE_ASSET_PUBLISHING_ROLE_ARN,
        DefaultStackSynthesizer.DEFAULT_LOOKUP_ROLE_ARN,
    ]
    values = {
        "${AWS::Partition}": "PARTITION",
        "${AWS::AccountId}": "ACCOUNT",
        "${AWS::Region}": "REGION",
        "${Qualifier}": DefaultStackSynthesizer.DEFAULT_QUALIFIER,
    }
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Resource"] == [re.sub(r"\$\{.*?\}", lambda found: values[found[0]], arn) for arn in arns]


def test_the_page_names_every_variable_and_the_session_it_needs() -> None:
    page = PAGE.read_text()
    for variable in set(re.findall(r"vars\.(\w+)", WORKFLOW.read_text())):
        assert f"`{variable}`" in page
    assert "21600" in page
    assert step("deploy", "uses", "configure-aws-credentials")["with"]["role-duration-seconds"] == 21600
