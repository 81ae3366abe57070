"""`make review ENV=prod BASE=<git ref>`: both sides synthesized and compared, without credentials or network.

Only a change that takes over what exists is compared with an account too: with PROFILE=name one of AWS, or else the
local cloud, if one runs.

Exit status: 0 if the change can be deployed, also if there is something to read first; 2 if it cannot be deployed,
because it would be refused or would lose data; 3 if the two sides cannot be compared. `make` itself ends with 2
whatever the status; the last line of the output says which it was.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.personalize_provider.log import printable
from stacks.personalize import PropsError
from stacks.settings import Settings, SettingsError, load_settings
from tools.checkout import CHECKOUT, QUIET_JSII, STATE_DIRECTORY, UNVALIDATED, isolated_environment
from tools.data import synthetic
from tools.deployed import NotDeployedError, reach
from tools.sandbox import shared
from tools.simulation.assembly import Assembly
from tools.synth import synthesize

from .comment import as_markdown
from .diff import compare
from .existing import Existing, adopting, existing_in, looks_up
from .interactions import prices_for
from .page import as_html
from .rehearsal import rehearse
from .report import refused_review, review_of
from .review import Commit, Header, Reason, Review, Verdict
from .terminal import as_text

_NOTHING = Assembly({}, {})
# An error annotation, or a rule that is broken, in what the CDK raises (aws-cdk-lib, core/lib/validation).
_CDK_ERROR = re.compile(r"^(?:ValidationFailed: )?ERROR (.+?)(?: \(Annotation\))?$", re.MULTILINE)
_NOT_COMPARED = 3
_NOT_UNDERSTOOD = "The templates of the base and of the working tree hold something that the rehearsal does not know:"


class ReviewError(Exception):
    """The two sides cannot be compared; str() is what the user reads."""


@dataclass(frozen=True)
class At:
    """Where to look for what exists.

    Attributes:
        profile: of the AWS configuration files; None: the local cloud, if one runs.
        region: of AWS; None: that of the settings, or of the profile.
    """

    profile: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class _Base:
    """What is deployed.

    Attributes:
        assembly: of the git ref.
        env: name that the environment has there; empty if it is not there.
    """

    assembly: Assembly
    env: str


def main(arguments: list[str] | None = None) -> int:
    """Compare, write the report, print the verdict."""
    options = _options(arguments)
    page, comment = (options.out / f"review-{options.env}.{suffix}" for suffix in ("html", "md"))
    try:
        account = At(options.profile, options.region)
        found = review(options.env, options.base, _interactions(options.interactions), account)
    except ReviewError as error:
        for left in (page, comment):
            left.unlink(missing_ok=True)  # of an earlier review
        print(printable(f"Cannot be compared: {error}"), file=sys.stderr)
        return _end(options.env, "cannot be compared", _NOT_COMPARED)
    options.out.mkdir(parents=True, exist_ok=True)
    page.write_text(as_html(found), encoding="utf-8")
    comment.write_text(as_markdown(found), encoding="utf-8")
    print(printable(as_text(found)))
    print(f"The whole review, with permissions, outputs and all resources: {page} and {comment}")
    return _end(options.env, found.verdict.value.lower(), found.verdict.status)


def _interactions(text: str) -> int | None:
    """The number that somebody gives; None if nobody does."""
    if not text:
        return None
    digits = text.replace(",", "").replace("_", "")
    if not digits.isascii() or not digits.isdigit() or int(digits) < 1:
        raise ReviewError(f"INTERACTIONS: '{text}' is no whole number above 0, such as 2,500,000.")
    return int(digits)


def _end(env: str, what: str, status: int) -> int:
    print(f"Review of {env}: {what} (status {status})")
    return status


def review(env: str, base: str, interactions: int | None = None, at: At = At()) -> Review:
    """Compare the working tree with a git ref.

    Args:
        env: name of the environment.
        base: the git ref of what is deployed.
        interactions: how many there are to train on; by default the sample's, or what assumptions.yaml says.
        at: where to look for what exists, if the change takes something over.

    Raises:
        ReviewError: the ref does not exist, its app cannot be synthesized, or the account cannot be read.
    """
    deployed = _deployed(base)
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder, "data")
        synthetic.generate().write(sample)
        try:
            settings = load_settings(env, CHECKOUT / "config")
            out = synthesize(env, Path(folder, "head"), sample, CHECKOUT / "config")
        except (SettingsError, PropsError, RuntimeError) as error:
            mistakes = _mistakes(error).replace(f"{CHECKOUT}/", "")
            return refused_review(_header(env, None, deployed), mistakes, list(_gone(env, base)))
        head, before = Assembly.read(out), _base(env, base, Path(folder), sample)
        existing = _existing(before.assembly, head, settings, at)
        try:
            differences = compare(before.assembly, head, existing)
            rehearsal = rehearse(before.assembly, head, existing)
        except (ClientError, BotoCoreError) as error:
            raise ReviewError(f"{existing.where if existing else 'The rehearsal'} did not answer: {error}") from error
        except Exception as error:
            # Templates of somebody's own code, today's or an earlier day's, may hold anything.
            raise ReviewError(f"{_NOT_UNDERSTOOD} {type(error).__name__}: {error}") from error
        return review_of(
            _header(env, settings, deployed),
            before.assembly,
            head,
            differences,
            rehearsal,
            errors=_annotated_errors(out),
            destroy=_destroy(base, before.env),
            prices=prices_for(settings, interactions),
        )


def _existing(base: Assembly, head: Assembly, settings: Settings, at: At) -> Existing | None:
    """The account, if something in it is taken over or looked up, and somebody names it or a local cloud runs."""
    if not (set(adopting(head)) - set(adopting(base)) or looks_up(head)):
        return None
    if not (at.profile or shared.find()):
        return None
    try:
        account = reach(at.profile, at.region or settings.region)
        if settings.account and account.id and settings.account != account.id:
            raise ReviewError(
                f"The settings say account {settings.account}, but these credentials are of {account.id}. Name another "
                f"profile with PROFILE=name."
            )
        return existing_in(account, head.templates)
    except (NotDeployedError, ClientError, BotoCoreError) as error:
        raise ReviewError(str(error)) from error


def _mistakes(error: Exception) -> str:
    """What is wrong, a mistake on each line; of what the CDK says, without its rules and stack traces."""
    if isinstance(error, SettingsError | PropsError):
        return str(error)
    found = _CDK_ERROR.findall(str(error))
    return "\n".join(dict.fromkeys(found)) or f"Synthesis fails: {str(error).strip().splitlines()[0]}"


def _gone(env: str, base: str) -> Iterator[Reason]:
    """What to say of an environment whose settings have gone."""
    file = f"config/{env}.yaml"
    if not (CHECKOUT / file).exists() and file in _git("ls-tree", "--name-only", f"{base}^{{commit}}", file).split():
        yield Reason(
            Verdict.READ_FIRST,
            "stacks left behind",
            f"{file} is in the base, and gone from the working tree. Its stacks stay and bill until you destroy them:",
            command=_destroy(base, env),
        )


def _annotated_errors(assembly: Path) -> tuple[str, ...]:
    """Errors that synth writes into the assembly, for which `cdk deploy` refuses it."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"].values()
    messages = [one for each in artifacts for found in each.get("metadata", {}).values() for one in found]
    return tuple(dict.fromkeys(str(each["data"]) for each in messages if each["type"] == "aws:cdk:error"))


def _deployed(ref: str) -> Commit:
    _git("rev-parse", "--git-dir")  # which says so if this is no repository
    try:
        return _commit(ref)
    except ReviewError:
        raise ReviewError(
            f"BASE: git knows no commit '{ref}'. Name a branch, a tag or a commit; if it is on the server only, fetch "
            f"it first."
        ) from None


def _destroy(base: str, env: str) -> str:
    """How to destroy what is deployed, with the settings and the code that it was deployed with."""
    return (
        f"git worktree add --detach ../deployed {base} && cd ../deployed && make data && "
        f"npx cdk destroy --all -c env={env}"
    )


def _header(env: str, settings: Settings | None, base: Commit) -> Header:
    head = _commit("HEAD")
    is_changed = bool(_git("status", "--porcelain"))
    return Header(
        app=settings.app_name if settings else "",
        environment=env,
        account=settings.account or "" if settings else "",
        region=settings.region or "" if settings else "",
        base=base,
        head=Commit("working tree", head.id, head.subject, is_changed),
        date=datetime.now(UTC),
    )


def _commit(ref: str) -> Commit:
    """A commit by what the user calls it."""
    commit = _git("rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}")
    short, _, subject = _git("log", "-1", "--format=%h %s", commit, "--").partition(" ")
    return Commit(ref, short, subject)


def _base(env: str, ref: str, folder: Path, sample: Path) -> _Base:
    """The assembly of a git ref, made by the code and the settings it had."""
    tree, out = folder / "tree", folder / "base"
    _git("worktree", "add", "--detach", "--quiet", str(tree), f"{ref}^{{commit}}")
    try:
        there = _environment_there(env, tree)
        if not there:
            return _Base(_NOTHING, "")
        _synthesize_there(there, tree, out, sample)
        return _Base(Assembly.read(out), there)
    finally:
        _git("worktree", "remove", "--force", str(tree))


def _environment_there(env: str, tree: Path) -> str:
    """Name of the environment in another tree: one that has gone since, if it is not there by its own name."""
    here, there = CHECKOUT / "config", tree / "config"
    if (there / f"{env}.yaml").is_file():
        return env
    gone = [each for each in sorted(there.glob("*.yaml")) if not (here / each.name).exists()]
    text = (here / f"{env}.yaml").read_text()

    def likeness(file: Path) -> float:
        return difflib.SequenceMatcher(None, file.read_text(), text).ratio()

    return max(gone, key=likeness).stem if gone else ""


def _synthesize_there(env: str, tree: Path, out: Path, sample: Path) -> None:
    try:
        context = json.loads((tree / "cdk.json").read_text())["context"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReviewError(f"The base has no cdk.json that can be read: {error}.") from None
    own = {"env": env, "sample_dir": str(sample), "aws:cdk:enable-path-metadata": True}
    variables = {"CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps({**context, **own})}
    result = subprocess.run(
        [sys.executable, "app.py"],
        cwd=tree,
        # What the base is has been judged before.
        env=isolated_environment() | QUIET_JSII | UNVALIDATED | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode or not (out / "manifest.json").is_file():
        raise ReviewError(f"The app of the base cannot be synthesized: {_last_words(result.stderr, tree)}")


def _last_words(text: str, tree: Path) -> str:
    """What a program says at its end; of a traceback, what was raised."""
    lines = [line.replace(f"{tree}/", "") for line in text.splitlines() if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        raised = [line for line in lines if not line.startswith((" ", "Traceback"))]
        return raised[-1] if raised else lines[-1]
    return "\n".join(lines) or "it ended without a word."


def _git(*arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise ReviewError(f"git {' '.join(arguments[:2])} failed: {result.stderr.strip()}")
    return result.stdout.strip()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.review", description=__doc__)
    parser.add_argument("--env", default="dev", help="config/ENV.yaml (default: dev)")
    parser.add_argument("--base", default="HEAD", help="git ref of what is deployed (default: HEAD)")
    parser.add_argument("--interactions", default="", help="rows to train on (default: the sample's, or as assumed)")
    parser.add_argument("--profile", help="of the AWS configuration files: compares what is taken over with an account")
    parser.add_argument("--region", help="of AWS (default: that of the settings, or of the profile)")
    parser.add_argument("--out", type=Path, default=STATE_DIRECTORY, help="folder of the report (default: .sandbox)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
