"""Rules of EventBridge, and what S3, CloudWatch and SNS answer in the simulation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tools.simulation.answers import answered
from tools.simulation.buckets import Buckets
from tools.simulation.event_bus import EventBus, Rule, matches
from tools.simulation.parameters import Parameters
from tools.simulation.small_services import Metrics, Topics
from tools.simulation.time import VirtualTime

_REGION = "eu-west-1"


# -- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "is_wanted"),
    [
        ({"source": ["aws.s3"]}, True),
        ({"source": ["aws.s3", "other"], "detail-type": ["Object Created"]}, True),
        ({"source": ["other"]}, False),
        ({"detail": {"object": {"key": [{"prefix": "incoming/"}]}}}, True),
        ({"detail": {"object": {"key": [{"prefix": "deletions/"}, {"suffix": ".csv"}]}}}, True),
        ({"detail": {"object": {"key": [{"suffix": ".json"}]}}}, False),
        ({"detail": {"bucket": {"name": ["other"]}, "object": {"key": [{"prefix": "incoming/"}]}}}, False),
        ({"detail": {"bucket": {"name": [{"anything-but": ["other"]}]}}}, True),
        ({"detail": {"reason": ["PutObject"]}}, False),
        ({"resources": ["arn:aws:s3:::b"]}, True),
    ],
)
def test_a_pattern_is_for_an_event(pattern: dict[str, Any], is_wanted: bool) -> None:
    """User guide, "Creating EventBridge event patterns"."""
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "resources": ["arn:aws:s3:::a", "arn:aws:s3:::b"],
        "detail": {"bucket": {"name": "b"}, "object": {"key": "incoming/x.csv"}},
    }
    assert matches(pattern, event) is is_wanted


def test_an_operator_that_is_not_modelled_raises() -> None:
    bus = EventBus(VirtualTime(), lambda *_: None, account="000000000000", region=_REGION)
    with pytest.raises(NotImplementedError, match="numeric"):
        bus.put_rule("rule", Rule({"detail": {"n": [{"numeric": [">", 1]}]}}, []))


def test_every_rule_that_is_for_an_event_gets_it() -> None:
    time, got = VirtualTime(), list[Any]()
    bus = EventBus(time, lambda target, event: got.append((target["Arn"], event["time"])), account="0", region=_REGION)
    bus.put_rule("one", Rule({"source": ["ours"]}, [{"Arn": "a"}, {"Arn": "b"}]))
    bus.put_rule("two", Rule({"source": ["theirs"]}, [{"Arn": "c"}]))
    bus.publish("ours", "Done", [], {})
    time.run()
    assert got == [("a", "2023-11-14T22:13:20Z"), ("b", "2023-11-14T22:13:20Z")]


# -- S3 ---------------------------------------------------------------------------------------------------------------


def bucket(time: VirtualTime) -> tuple[Buckets, list[Any]]:
    told = list[Any]()
    return Buckets(time, lambda *event: told.append(event)), told


def keys(pages: Iterable[Any]) -> list[str]:
    return [each["Key"] for page in pages for each in page.get("Contents", ())]


def test_objects_are_listed_in_pages_with_the_time_they_were_put_and_a_tag_of_their_content() -> None:
    time = VirtualTime()
    buckets, _ = bucket(time)
    for name in ("b/2.csv", "a/1.csv", "a/2.csv"):
        buckets.put(f"s3://data/{name}", name)
        time.sleep(60)
    s3 = answered("s3", _REGION, buckets)
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="data", PaginationConfig={"PageSize": 2}))
    assert keys(pages) == ["a/1.csv", "a/2.csv", "b/2.csv"]
    assert len(pages) == 2
    first = pages[0]["Contents"][0]
    assert first["LastModified"] == datetime.fromtimestamp(time.time() - 120, UTC)
    assert first["ETag"] != pages[0]["Contents"][1]["ETag"]
    assert keys([s3.list_objects_v2(Bucket="data", Prefix="c/")]) == []
    assert s3.head_object(Bucket="data", Key="a/1.csv")["ContentLength"] == 7


def test_a_bucket_that_is_to_tell_of_its_objects_does() -> None:
    """User guide, "EventBridge event message structure"."""
    buckets, told = bucket(VirtualTime())
    buckets.put("s3://data/a.csv", "quiet")
    buckets.tell.add("data")
    buckets.put("s3://data/b.csv", "loud")
    ((source, kind, _, detail),) = told
    assert (source, kind, detail["object"]["key"]) == ("aws.s3", "Object Created", "b.csv")


# -- the others -------------------------------------------------------------------------------------------------------


def test_a_refusal_reaches_boto3_as_the_services_error_and_a_wrong_member_does_not_get_there() -> None:
    ssm = answered("ssm", _REGION, Parameters())
    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.get_parameter(Name="/a")
    with pytest.raises(ParamValidationError):
        ssm.get_parameter(Nome="/a")
    ssm.put_parameter(Name="/a", Value="1", Type="String")
    with pytest.raises(ClientError, match="ParameterAlreadyExists"):
        ssm.put_parameter(Name="/a", Value="2", Type="String")
    assert ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "1"


def test_metrics_are_summed_up_by_period_and_dimensions() -> None:
    time = VirtualTime(start=3600.0)
    metrics = Metrics(time)
    client = answered("cloudwatch", _REGION, metrics)
    dimensions = [{"Name": "Campaign", "Value": "rerank"}]
    for value in (1, 2, 4):
        data = {"MetricName": "Requests", "Value": value, "Dimensions": dimensions}
        client.put_metric_data(Namespace="vod/dev", MetricData=[data, {"MetricName": "Requests", "Value": 100}])
        time.sleep(1800)
    asked = {
        "Namespace": "vod/dev",
        "MetricName": "Requests",
        "Dimensions": dimensions,
        "StartTime": datetime.fromtimestamp(0, UTC),
        "EndTime": datetime.fromtimestamp(time.time(), UTC),
    }
    found = client.get_metric_statistics(**asked, Period=3600, Statistics=["Sum", "Maximum"])["Datapoints"]
    assert [(each["Sum"], each["Maximum"]) for each in found] == [(3, 2), (4, 4)]
    stat = {
        "Metric": {key: asked[key] for key in ("Namespace", "MetricName", "Dimensions")},
        "Period": 3600,
        "Stat": "Average",
    }
    (result,) = client.get_metric_data(
        MetricDataQueries=[{"Id": "a", "MetricStat": stat}], StartTime=asked["StartTime"], EndTime=asked["EndTime"]
    )["MetricDataResults"]
    assert result["Values"] == [4, 1.5]
    assert [each.value for each in metrics.of("vod/dev", "Requests", Campaign="rerank")] == [1, 2, 4]


def test_messages_are_kept_with_their_time() -> None:
    time = VirtualTime()
    topics = Topics(time)
    answered("sns", _REGION, topics).publish(TopicArn="arn:aws:sns:::notices", Subject="Failed", Message="It did.")
    (message,) = topics.messages
    assert (message.at, message.subject, message.text) == (time.time(), "Failed", "It did.")
