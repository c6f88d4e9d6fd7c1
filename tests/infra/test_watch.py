"""What wakes someone up: every alarm reaches somebody, watches what is published, and has a runbook."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.crisis.paging import NEWER_AFTER
from chalicelib.outreach.sqs import LONGEST_DELAY
from chalicelib.outreach.ticking import HURRIED, LEAD
from infra.package import ROOT, resources

TEMPLATE = resources()["Resources"]
ALARMS = {name: made["Properties"] for name, made in TEMPLATE.items() if made.get("Type") == "AWS::CloudWatch::Alarm"}
QUERIES = {name: made for name, made in TEMPLATE.items() if made.get("Type") == "AWS::Logs::QueryDefinition"}
SOURCES = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "chalicelib").rglob("*.py"))


def dashboard() -> list[dict[str, Any]]:
    """Return the dashboard's widgets."""
    body = TEMPLATE["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    widgets: list[dict[str, Any]] = json.loads(body)["widgets"]
    return widgets


def is_published(metric: str) -> bool:
    """Say whether our own code publishes this metric of ours."""
    outcome = metric.removeprefix("Occurrences")
    if outcome != metric:
        return re.sub(r"(?<!^)([A-Z])", r"_\1", outcome).upper() in SOURCES
    return f'"{metric}"' in SOURCES


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm() -> None:
    text = (ROOT / "docs/runbooks.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (`.*)$", text, re.MULTILINE)

    written = [name for heading in headings for name in re.findall(r"`(\w+)`", heading)]

    assert len(written) == len(set(written))
    assert set(written) == set(ALARMS)


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarm_reaches_somebody_and_says_in_words_what_is_wrong(name: str) -> None:
    alarm = ALARMS[name]

    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    assert len(alarm["AlarmDescription"]) > 40
    assert alarm["TreatMissingData"] in {"breaching", "notBreaching", "ignore"}
    # CloudWatch looks back a day at most.
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 86400


@pytest.mark.parametrize("name", sorted(name for name, alarm in ALARMS.items() if alarm["Namespace"] == "Cairn"))
def test_an_alarm_watches_a_metric_that_is_published(name: str) -> None:
    alarm = ALARMS[name]

    assert alarm["Dimensions"] == [{"Name": "service", "Value": "cairn"}]
    assert is_published(alarm["MetricName"])


def test_anything_due_that_has_not_ended_for_five_minutes_wakes_someone_up() -> None:
    alarm = ALARMS["DueNotEnded"]

    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (60, 5, 5)
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Maximum", 0)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


def test_a_pause_is_not_forgotten_for_more_than_an_hour() -> None:
    alarm = ALARMS["PausedForAnHour"]

    assert alarm["Period"] * alarm["DatapointsToAlarm"] == 3600
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("Paused", "Minimum", 0)


def test_mail_is_watched_by_the_rates_at_which_aws_reviews_an_account() -> None:
    bounces, complaints = ALARMS["BounceRate"], ALARMS["ComplaintRate"]

    assert (bounces["MetricName"], bounces["Threshold"]) == ("Reputation.BounceRate", 0.05)
    assert (complaints["MetricName"], complaints["Threshold"]) == ("Reputation.ComplaintRate", 0.001)
    assert {bounces["ComparisonOperator"], complaints["ComparisonOperator"]} == {"GreaterThanOrEqualToThreshold"}


def test_crisis_numbers_that_nobody_checked_for_90_days_wake_someone_up() -> None:
    alarm = ALARMS["CrisisNumbersUnchecked"]

    assert (alarm["MetricName"], alarm["Threshold"]) == ("CrisisResourcesAgeDays", 90)


@pytest.mark.parametrize("widget", dashboard(), ids=lambda widget: widget["properties"]["title"])
def test_the_dashboard_shows_what_exists(widget: dict[str, Any]) -> None:
    named = set(re.findall(r"\$\{(\w+)", json.dumps(widget))) - {"AWS"}
    # Chalice makes these.
    made = {"Escalate", "Tick", "Sweep", "Deliver", "ImportRoster", "RecordReceipt", "APIHandler", "Operate"}

    assert named <= set(TEMPLATE) | made
    for metric in widget["properties"].get("metrics", []):
        if metric[0] == "Cairn":
            assert metric[2:4] == ["service", "cairn"]
            assert is_published(metric[1]), metric[1]


def test_the_dashboard_shows_lateness_as_half_95_and_99_in_a_hundred() -> None:
    shown = [
        metric[4]["stat"]
        for widget in dashboard()
        for metric in widget["properties"].get("metrics", [])
        if metric[1] == "Lateness"
    ]

    assert shown == ["p50", "p95", "p99"]


def test_every_alarm_is_on_the_dashboard_and_every_function_among_those_that_fail() -> None:
    (shown,) = [widget["properties"]["alarms"] for widget in dashboard() if widget["type"] == "alarm"]

    functions = {name.removesuffix("Errors") for name, alarm in ALARMS.items() if alarm["Namespace"] == "AWS/Lambda"}
    functions &= {name.removesuffix("Errors") for name in ALARMS if name.endswith("Errors")}
    (failing,) = [one["properties"] for one in dashboard() if one["properties"].get("title") == "Functions: errors"]

    assert set(shown) == {f"${{{name}.Arn}}" for name in ALARMS if name.removesuffix("Errors") not in functions}
    assert {metric[3] for metric in failing["metrics"]} == {f"${{{name}}}" for name in functions}


def test_the_query_of_errors_reads_the_logs_of_every_function() -> None:
    """Runbooks begin with it, whichever function fails."""
    logs = {name for name, made in TEMPLATE.items() if made.get("Type") == "AWS::Logs::LogGroup"} - {"GatewayLog"}

    assert {group["Ref"] for group in QUERIES["ErrorsByPlace"]["Properties"]["LogGroupNames"]} == logs


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_saved_query_reads_groups_and_fields_that_there_are(name: str) -> None:
    query = QUERIES[name]

    assert query["Condition"] == "InCloud"
    assert {group["Ref"] for group in query["Properties"]["LogGroupNames"]} <= set(TEMPLATE)
    text = query["Properties"]["QueryString"]
    for message in re.findall(r'message = "([^"]+)"', text):
        assert f'"{message}"' in SOURCES
    for column in re.findall(r"\b(correlation_id|outcome|reason|channel|attempt|lateness_seconds|door)\b", text):
        assert f'"{column}"' in SOURCES or f"{column}=" in SOURCES


def test_the_queue_keeps_a_message_for_longer_than_any_is_put_off_and_no_longer_than_help_is_worth() -> None:
    kept = TEMPLATE["DeliverQueue"]["Properties"]["MessageRetentionPeriod"]

    assert LONGEST_DELAY < kept <= 2 * LONGEST_DELAY


def test_a_page_is_kept_until_the_tick_would_bring_it_again_and_waits_behind_nothing_older() -> None:
    page = TEMPLATE["PageQueue"]["Properties"]

    assert HURRIED + 2 * LEAD <= timedelta(seconds=page["MessageRetentionPeriod"]) <= NEWER_AFTER
    # It is never set aside: as long as it may still help, its row brings it again.
    assert "RedrivePolicy" not in page
