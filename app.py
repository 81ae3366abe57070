"""The app: one settings file becomes three stacks. `-c env=NAME` chooses config/NAME.yaml; default dev."""

from __future__ import annotations

import sys
from pathlib import Path

from aws_cdk import App, Environment, Tags, Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from stacks.data import SAMPLE_DIRECTORY, DataStack
from stacks.personalize import PropsError
from stacks.ranking import RankingStack
from stacks.recommenders import RecommenderStack
from stacks.settings import CONFIG_DIRECTORY, Settings, SettingsError, load_settings


def main() -> int:
    """Synthesize the app; 1 if the settings are wrong, each mistake on a line of its own."""
    app = App()
    try:
        build(app)
    except (SettingsError, PropsError) as error:
        print(error, file=sys.stderr)
        return 1
    app.synth()
    return 0


def build(app: App) -> None:
    """Add the stacks of the environment that the app's context names."""
    config_directory = Path(app.node.try_get_context("config_dir") or CONFIG_DIRECTORY)
    sample_directory = Path(app.node.try_get_context("sample_dir") or SAMPLE_DIRECTORY)
    settings = load_settings(str(app.node.try_get_context("env") or "dev"), config_directory)
    add_stacks(app, settings, sample_directory)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), NIST80053R5Checks(app))


def add_stacks(app: App, settings: Settings, sample_directory: Path) -> None:
    """Add the stacks; all of them, whatever the settings say, so that what leaves the settings leaves its stack."""
    environment = Environment(account=settings.account, region=settings.region)
    data = DataStack(
        app,
        f"{settings.prefix}-data",
        settings=settings,
        sample_directory=sample_directory,
        env=environment,
        description="Amazon Personalize for video on demand: data",
    )
    RecommenderStack(
        app,
        f"{settings.prefix}-recommenders",
        settings=settings,
        data=data,
        env=environment,
        description="Amazon Personalize for video on demand: recommenders",
    )
    RankingStack(
        app,
        f"{settings.prefix}-ranking",
        settings=settings,
        data=data,
        env=environment,
        description="Amazon Personalize for video on demand: ranking",
    )
    for key, value in settings.tags.items():
        Tags.of(app).add(key, value)


if __name__ == "__main__":
    sys.exit(main())
