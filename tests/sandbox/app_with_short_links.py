"""The app as `cdk` runs it, with links that wait for two seconds: as long, here, as fifty minutes are on AWS."""

from __future__ import annotations

import sys
from pathlib import Path

from aws_cdk import App, CfnResource

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from app import build  # noqa: E402  # the app is no package, so its folder comes first

LINK_SECONDS = 2
LINKS = ("Custom::PersonalizeWait", "Custom::PersonalizeDeletionWait")

if __name__ == "__main__":
    app = App()
    build(app)
    for construct in app.node.find_all():
        if CfnResource.is_cfn_resource(construct) and construct.cfn_resource_type in LINKS:
            construct.add_property_override("LinkSeconds", LINK_SECONDS)
    app.synth()
