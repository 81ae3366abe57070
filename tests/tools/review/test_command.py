"""`make review` as a command: exit status and sentence for the mistakes that people make."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.support.checkout import Checkout
from tools.checkout import CHECKOUT, QUIET_JSII, UNVALIDATED, isolated_environment
from tools.review import __main__ as review

# One checkout for all of them, and one synthesis of its base.
pytestmark = pytest.mark.xdist_group("review command")

Edit = Callable[[Path], None]


@dataclass(frozen=True)
class Answer:
    """What the command says.

    Attributes:
        status: its exit status.
        text: both of its outputs.
        comment: the report as Markdown; empty if there is none.
    """

    status: int
    text: str
    comment: str


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Checkout.make(tmp_path_factory.mktemp("review") / "checkout").folder


@pytest.fixture(scope="module")
def synthesize_base(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """As the review synthesizes a base, but the same files only once: most tests change the working tree alone."""
    made: dict[tuple[str, str], Path] = {}
    synthesize = review._synthesize_there

    def synthesize_once(env: str, tree: Path, out: Path, sample: Path) -> None:
        files = subprocess.run(
            ["git", "rev-parse", "HEAD^{tree}"], cwd=tree, capture_output=True, text=True, check=True
        )
        key = (env, files.stdout)
        if key not in made:
            folder = tmp_path_factory.mktemp("base") / "cdk.out"
            synthesize(env, tree, folder, sample)
            made[key] = folder
        shutil.copytree(made[key], out)

    return synthesize_once


@pytest.fixture
def command(
    checkout: Path,
    synthesize_base: Callable[..., None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Answer]]:
    """Edits the settings of the working tree, and reviews them against a ref."""
    monkeypatch.setattr(review, "CHECKOUT", checkout)
    monkeypatch.setattr(review, "_synthesize_there", synthesize_base)

    def answered(edit: Edit, env: str = "dev", base: str = "HEAD") -> Answer:
        edit(checkout / "config")
        status = review.main(["--env", env, "--base", base, "--out", str(tmp_path)])
        comment = tmp_path / f"review-{env}.md"
        said = capsys.readouterr()
        return Answer(status, said.out + said.err, comment.read_text() if comment.exists() else "")

    yield answered
    subprocess.run(["git", "reset", "--quiet", "--hard", "origin/main"], cwd=checkout, check=True)
    subprocess.run(["git", "clean", "--quiet", "-fd", "config"], cwd=checkout, check=True)


def nothing(config: Path) -> None:
    """Leave the settings as they are."""


def committed(edit: Edit) -> Edit:
    """The same, but in what is deployed."""

    def edited(config: Path) -> None:
        edit(config)
        identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com")
        subprocess.run(["git", "add", "--all"], cwd=config, check=True)
        subprocess.run(["git", *identity, "commit", "--quiet", "--message", "Edited"], cwd=config, check=True)

    return edited


def settings(**changes: object) -> Edit:
    """Other values of some settings of dev; what is None leaves them."""

    def edit(config: Path) -> None:
        file = config / "dev.yaml"
        values = yaml.safe_load(file.read_text()) | changes
        file.write_text(yaml.safe_dump({key: value for key, value in values.items() if value is not None}))

    return edit


def filters(**expressions: str) -> Edit:
    def edit(config: Path) -> None:
        file = config / "dev.yaml"
        values = yaml.safe_load(file.read_text())
        file.write_text(yaml.safe_dump(values | {"filters": values["filters"] | expressions}))

    return edit


def schema(dataset: str, *fields: dict[str, object], without: str = "") -> Edit:
    """A schema with fields more, or one less, or another in its place."""
    names = {without, *(each["name"] for each in fields)}

    def edit(config: Path) -> None:
        file = config / "schemas" / f"{dataset}.avsc"
        document = json.loads(file.read_text())
        document["fields"] = [each for each in document["fields"] if each["name"] not in names] + list(fields)
        file.write_text(json.dumps(document))

    return edit


def both(*edits: Edit) -> Edit:
    def edit(config: Path) -> None:
        for each in edits:
            each(config)

    return edit


def test_a_base_that_does_not_exist(command: Callable[..., Answer]) -> None:
    answer = command(nothing, base="nope")
    assert answer.status == 3
    assert "Cannot be compared: BASE: git knows no commit 'nope'. Name a branch, " in answer.text
    assert "Review of dev: cannot be compared (status 3)\n" in answer.text
    assert answer.comment == ""


def test_settings_of_the_base_that_no_longer_parse(command: Callable[..., Answer]) -> None:
    right = "INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)"
    answer = command(both(committed(filters(genre="nonsense")), filters(genre=right)))
    assert answer.status == 3
    assert "Cannot be compared: The app of the base cannot be synthesized: config/dev.yaml: filters" in answer.text
    assert "Traceback" not in answer.text


def test_an_app_of_the_base_that_breaks(command: Callable[..., Answer], checkout: Path) -> None:
    def break_(config: Path) -> None:
        (config.parent / "app.py").write_text("raise ValueError('this is no app')\n")

    def mend(config: Path) -> None:
        subprocess.run(["git", "checkout", "--quiet", "origin/main", "--", "app.py"], cwd=checkout, check=True)

    answer = command(both(committed(break_), mend))
    assert answer.status == 3
    assert "The app of the base cannot be synthesized: ValueError: this is no app\n" in answer.text
    assert "Traceback" not in answer.text


def test_a_template_that_the_rehearsal_does_not_know(command: Callable[..., Answer], checkout: Path) -> None:
    condition = "aws_cdk.CfnCondition(data, 'Night', expression=aws_cdk.Fn.condition_equals('a', 'b'))"

    def add_a_condition(config: Path) -> None:
        file = config.parent / "app.py"
        before = "    for mistake in check_placeholders"
        file.write_text(file.read_text().replace(before, f"    import aws_cdk\n    {condition}\n{before}"))

    def mend(config: Path) -> None:
        subprocess.run(["git", "checkout", "--quiet", "origin/main", "--", "app.py"], cwd=checkout, check=True)

    answer = command(both(committed(add_a_condition), mend))
    assert answer.status == 3
    assert "hold something that the rehearsal does not know: NotImplementedError: Conditions\n" in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("INCLUDE ItemID WHERE Items.GENRES NOT IN ($GENRES)", "at character 43: the placeholder $GENRES cannot be "),
        (
            'EXCLUD ItemID WHERE Items.GENRES IN ("a")',
            "at character 1: expected INCLUDE or EXCLUDE, but found 'EXCLUD'",
        ),
        ('EXCLUDE ItemID WHERE Items.GENRES IN ("a"', "at character 42: expected "),
    ],
)
def test_a_filter_that_cannot_be(command: Callable[..., Answer], expression: str, sentence: str) -> None:
    """Case 7: refused before anything is compared, with the place in the expression."""
    answer = command(filters(genre=expression))
    assert answer.status == 2
    assert f"Cannot be deployed: config/dev.yaml: filters.genre: {sentence}" in answer.text
    assert answer.text.endswith("Review of dev: cannot be deployed (status 2)\n")
    assert "Cannot be deployed" in answer.comment


def test_filters_that_are_right(command: Callable[..., Answer]) -> None:
    """Case 8."""
    answer = command(
        filters(
            small='EXCLUDE itemId WHERE INTERACTIONS.event_type in ("Watch")',
            current="INCLUDE ItemID WHERE Items.GENRES IN CurrentItem.GENRES",
        )
    )
    assert (answer.status, "Can be deployed. 4 added." in answer.text) == (0, True)


@pytest.mark.parametrize(
    ("changes", "sentence", "bill"),
    [
        ({"ranking": None}, "Nobody gets recommendations from RerankCampaign any more", "$394.20 less"),
        ({"recommenders": {}}, "Nobody gets recommendations from MoreLikeX, TopPicks any more", "$547.50 less"),
    ],
)
def test_a_section_taken_away(
    command: Callable[..., Answer], changes: dict[str, object], sentence: str, bill: str
) -> None:
    """Cases 1 and 2: what happens to it, and a saving that is real because the deployment deletes it."""
    answer = command(settings(**changes))
    assert answer.status == 0
    assert "Can be deployed, but read this: interruption. " in answer.text
    assert sentence in answer.text
    assert "removed: deleted at the end of its stack's update" in answer.text
    assert bill in answer.text
    assert answer.text.endswith("Review of dev: can be deployed, but read this (status 0)\n")


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (
            schema("interactions", {"name": "DEVICE", "type": ["null", "string"]}),
            "InteractionsDataset is refused: the schema of Interactions cannot be replaced (field DEVICE is new). ",
        ),
        (
            both(
                schema("items", {"name": "YEAR", "type": "string"}, without="TITLE"), settings(explore={"title": None})
            ),
            "ItemsDataset is refused: field TITLE is gone, field YEAR changes from int or null to string. A schema ",
        ),
    ],
)
def test_a_schema_that_the_service_refuses(command: Callable[..., Answer], edit: Edit, sentence: str) -> None:
    """Cases 4 and 5."""
    answer = command(edit)
    assert answer.status == 2
    assert f"Cannot be deployed: {sentence}" in answer.text
    assert "Not known: the rehearsal failed after about " in answer.text


def test_a_column_of_ones_own_and_new_data(command: Callable[..., Answer]) -> None:
    """Cases 5 and 6: rehearsed to the end, with the hint that nothing trains on the column yet."""
    answer = command(both(schema("items", {"name": "DURATION", "type": ["null", "float"]}), settings(data_version="2")))
    assert answer.status == 0
    assert "Can be deployed, but read this: columns nothing trains on, quality gate, time. " in answer.text
    assert "Nothing trains on the new columns DURATION of ItemsDataset until included_dataset_columns" in answer.text
    assert "This failed in the rehearsal" not in answer.text
    assert "fields.DURATION: (none) → " in answer.text
    assert "0 s" not in answer.text.replace("10 s", "").replace("40 s", "").replace("20 s", "")


@pytest.mark.parametrize("renamed", ["app", "environment"])
def test_another_name_leaves_the_old_stacks_behind(command: Callable[..., Answer], renamed: str) -> None:
    def rename(config: Path) -> None:
        (config / "dev.yaml").rename(config / "test.yaml")

    answer = command(settings(app_name="films")) if renamed == "app" else command(rename, env="test")
    assert answer.status == 0
    assert "Can be deployed, but read this: stacks left behind, " in answer.text
    assert "The app no longer has the stacks vod-dev-data, vod-dev-recommenders, vod-dev-ranking" in answer.text
    assert "they stay and bill. Destroy them first: git worktree add --detach ../deployed HEAD " in answer.text
    # A new folder has nothing installed, and no sample, without which the app cannot be synthesized.
    assert "cd ../deployed && make data && npx cdk destroy --all -c env=dev" in answer.text
    assert "about $1,883.40 a month" in answer.text


def test_an_environment_that_has_gone(command: Callable[..., Answer]) -> None:
    answer = command(lambda config: (config / "dev.yaml").unlink())
    assert answer.status == 2
    assert "Cannot be deployed: env: there is no file config/dev.yaml." in answer.text
    assert "Its stacks stay and bill until you destroy them: git worktree add " in answer.text


def test_the_bucket_of_nobody(command: Callable[..., Answer]) -> None:
    """What `cdk deploy` refuses cannot be deployed."""

    def as_it_comes(config: Path) -> None:
        file = config / "prod.yaml"
        file.write_text(file.read_text().replace("vod-example-data", "my-company-vod-data"))

    answer = command(as_it_comes, env="prod")
    assert answer.status == 2
    assert "Cannot be deployed: " in answer.text
    assert "my-company-vod-data" in answer.text


def test_the_sentence_of_a_mistake_outside_of_tests(tmp_path: Path) -> None:
    """Under pytest the CDK raises its report, and elsewhere it prints it and raises where to find it."""
    outside = {name: value for name, value in isolated_environment().items() if not name.startswith("PYTEST")}
    code = (
        "import sys; from pathlib import Path; from aws_cdk import Annotations, Stack; "
        "from tools.review.__main__ import _mistakes; from tools.synth import empty_app\n"
        "folder = Path(sys.argv[1]); app = empty_app('dev', folder, folder, folder)\n"
        "Annotations.of(Stack(app, 'vod-dev-data')).add_error('data: is wrong. Correct it.')\n"
        "try:\n    app.synth()\nexcept RuntimeError as error:\n    print(_mistakes(error))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=CHECKOUT,
        env=outside | QUIET_JSII | UNVALIDATED,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (result.stdout, result.stderr) == ("data: is wrong. Correct it.\n", "")
