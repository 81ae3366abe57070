"""`make review ENV=prod BASE=<git ref>`: both sides synthesized and compared, without credentials or network.

Exit status 0 if the change can be deployed, 2 if it would be refused or would lose data, 1 if it cannot be compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from lambdas.personalize_provider.log import printable
from stacks.personalize import PropsError
from stacks.settings import SettingsError
from tools.checkout import CHECKOUT, QUIET_JSII, STATE_DIRECTORY, UNVALIDATED, isolated_environment
from tools.data import synthetic
from tools.simulation.assembly import Assembly
from tools.synth import synthesize

from .diff import compare
from .document import as_html, as_markdown, as_text
from .rehearsal import rehearse
from .report import document, is_stopped

_NOTHING = Assembly({}, {})


class ReviewError(Exception):
    """The two sides cannot be compared; str() is what the user reads."""


def main(arguments: list[str] | None = None) -> int:
    """Compare, write the report, print the verdict."""
    options = _options(arguments)
    try:
        return review(options.env, options.base, options.out)
    except (ReviewError, SettingsError, PropsError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1


def review(env: str, base: str, out: Path) -> int:
    """Compare the working tree with a git ref, and write `<out>/review-<env>.html` and `.md`.

    Raises:
        ReviewError: the ref does not exist, or its app cannot be synthesized.
        SettingsError: the settings of the working tree are wrong.
    """
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder, "data")
        synthetic.generate().write(sample)
        head = Assembly.read(synthesize(env, Path(folder, "head"), sample, CHECKOUT / "config"))
        before = _base(env, base, Path(folder), sample)
        comparison = compare(before, head)
        rehearsal = rehearse(before, head)
        report = document(env, base, before, head, comparison, rehearsal)
    out.mkdir(parents=True, exist_ok=True)
    page, comment = out / f"review-{env}.html", out / f"review-{env}.md"
    page.write_text(as_html(report))
    comment.write_text(as_markdown(report))
    print(printable(as_text(report, "Verdict", "What deploying it does", "Time", "Money")))
    print(f"The whole review, with permissions, outputs and all resources: {page} and {comment}")
    return 2 if is_stopped(comparison, rehearsal) else 0


def _base(env: str, ref: str, folder: Path, sample: Path) -> Assembly:
    """The assembly of a git ref, made by the code and the settings it had."""
    tree, out = folder / "tree", folder / "base"
    _git("worktree", "add", "--detach", "--quiet", str(tree), ref)
    try:
        if not (tree / "config" / f"{env}.yaml").is_file():
            return _NOTHING
        _synthesize_there(env, tree, out, sample)
    finally:
        _git("worktree", "remove", "--force", str(tree))
    return Assembly.read(out)


def _synthesize_there(env: str, tree: Path, out: Path, sample: Path) -> None:
    context = json.loads((tree / "cdk.json").read_text())["context"]
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
    if result.returncode:
        raise ReviewError(f"The app of the base cannot be synthesized:\n{result.stderr}")


def _git(*arguments: str) -> None:
    result = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise ReviewError(f"git {' '.join(arguments[:2])} failed: {result.stderr.strip()}")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.review", description=__doc__)
    parser.add_argument("--env", default="dev", help="config/ENV.yaml (default: dev)")
    parser.add_argument("--base", default="HEAD", help="git ref of what is deployed (default: HEAD)")
    parser.add_argument("--out", type=Path, default=STATE_DIRECTORY, help="folder of the report (default: .sandbox)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
