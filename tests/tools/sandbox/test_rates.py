"""The limit on Personalize's control plane in the local cloud, on request."""

from __future__ import annotations

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tools.sandbox.cloud import Cloud, client

pytestmark = pytest.mark.xdist_group("sandbox")


def test_requests_beyond_the_rate_are_throttled() -> None:
    with Cloud(requests_per_second=0.001) as endpoint:
        personalize = client(endpoint, "personalize", config=Config(retries={"total_max_attempts": 1}))
        personalize.list_schemas()
        with pytest.raises(ClientError, match="ThrottlingException"):
            personalize.list_schemas()
        personalize.list_dataset_groups()
