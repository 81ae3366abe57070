"""This checkout, and the environment in which the tools run programs: nothing in it leads to a real account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
# Settings for the demonstration, the pages, the benchmarks and the tests; those in config/ are the user's, who may
# change or delete them.
EXAMPLE_SETTINGS = CHECKOUT / "tools" / "example_settings"
# What the tools keep while they run, and the reports they write.
STATE_DIRECTORY = CHECKOUT / ".sandbox"
# Without the CDK's own validation of templates, which is two thirds of a synthesis's processor time.
UNVALIDATED = {"CDK_VALIDATION": "false"}
# jsii warns about Node 20, which works; the variable holds the versions to be silent about.
QUIET_JSII = {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"}
# What would lead AWS clients of a shell elsewhere, past the variables that point them at a local cloud: other
# credentials, another endpoint, a proxy. AWS_ENDPOINT_URL_<SERVICE> come on top, one for each service.
MISLEADING = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION"),
    *("AWS_ACCOUNT_ID", "AWS_ACCOUNT_ID_ENDPOINT_MODE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
    *("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"),
)
# The account's own configuration files must not name profiles, endpoints or credentials either.
NO_CONFIGURATION = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def isolated_environment(source: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without anything that leads to a real AWS account or through a proxy."""
    environment = {
        name: value
        for name, value in (os.environ if source is None else source).items()
        if not name.startswith(("AWS_", "CDK_", "MINISTACK_", "LOCALSTACK_", "LAMBDA_", "SFN_"))
    }
    environment |= NO_CONFIGURATION
    environment |= {
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
    }
    return environment
