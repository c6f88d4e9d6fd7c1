import time as stopwatch
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.enrollment.channels import Verification
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.roster import Finding, Notice, Row, check, differences, enrolment_of, notices, quiet_notice
from chalicelib.enrollment.service import enrol
from chalicelib.enrollment.upload import COLUMNS, LONGEST_ROW, MOST_BYTES, MOST_ROWS, Line, read
from chalicelib.errors import Invalid
from chalicelib.outreach.domain import DetailLevel
from chalicelib.outreach.quiet import QuietHours
from tests.fakes_enrollment import FakePeople, Ids

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
PROGRAMMES = {
    name: Programme(id=name, name=name) for name in ("iop-couples", "iop-evening", "iop-morning", "iop-young-adult")
}
LINES = {line.number: line for line in read((Path(__file__).parents[2] / "data" / "roster.csv").read_bytes())}
HEADER = ",".join(COLUMNS)
GOOD = {
    "external_id": "A-1",
    "given_name": "Ana",
    "family_name": "Lee",
    "email": "ana@example.com",
    "time_zone": "America/New_York",
    "language": "en",
    "programme": "iop-evening",
    "admitted_on": "2026-11-01",
    "check_in_time": "09:00",
    "check_in_days": "daily",
    "email_consent": "yes",
    "push_consent": "no",
    "detail_level": "discreet",
    "status": "active",
}


def a_line(**changes: str) -> Line:
    return Line(number=2, fields=tuple((GOOD | changes).get(name, "") for name in COLUMNS))


def a_row(**changes: str) -> Row:
    row = check(a_line(**changes), programmes=PROGRAMMES, now=NOW)
    assert isinstance(row, Row), row
    return row


def faults(line: Line) -> list[tuple[int, str]]:
    found = check(line, programmes=PROGRAMMES, now=NOW)
    return [(fault.line, fault.column) for fault in found] if isinstance(found, list) else []


REFUSED = {
    13: "time_zone",
    25: "email",
    39: "email",
    54: "check_in_time",
    70: "recovery_date",
    83: "external_id",
    99: "time_zone",
    115: "recovery_date",
    133: "programme",
    151: "check_in_days",
    168: "given_name",
}


@pytest.mark.parametrize("number", LINES)
def test_the_shipped_roster_is_refused_only_where_its_readme_says(number: int) -> None:
    expected = [(number, REFUSED[number])] if number in REFUSED else []

    assert faults(LINES[number]) == expected


def row_at(number: int) -> Row:
    row = check(LINES[number], programmes=PROGRAMMES, now=NOW)
    assert isinstance(row, Row)
    return row


def test_odd_rows_are_taken_as_they_are() -> None:
    assert row_at(190).person.given_name == '=HYPERLINK("http://example.com")'
    assert row_at(203).email == "UPPER.Case+tag@example.com"
    assert row_at(216).person.preferred_name == "<script>alert(1)</script>"
    assert row_at(228).person.recovery_on == date(2024, 2, 29)
    assert row_at(235).check_in.at == time(2, 30)


def test_every_fault_of_a_row_is_named_in_the_files_order() -> None:
    bad = {
        "external_id": "a b",
        "given_name": "x" * 101,
        "family_name": "a\u202eb",
        "email": "",
        "time_zone": "Mars/Base",
        "language": "de",
        "programme": "",
        "admitted_on": "24.11.2026",
        "recovery_date": "1850-01-01",
        "check_in_time": "9:00",
        "check_in_days": "",
        "quiet_from": "24:00",
        "quiet_to": "x",
        "email_consent": "y",
        "push_consent": "",
        "detail_level": "loud",
        "status": "deceased",
    }

    named = [column for _, column in faults(a_line(**bad))]

    # Whether a date lies ahead can't be said without a zone.
    assert named == [column for column in COLUMNS if column in bad and column != "recovery_date"]
    assert faults(a_line(recovery_date="1850-01-01")) == [(2, "recovery_date")]
    assert faults(a_line(admitted_on="")) == [(2, "admitted_on")]


def test_no_reason_repeats_the_value() -> None:
    line = a_line(
        email="secret-value", time_zone="secret-value", check_in_days="secret-value", programme="secret-value"
    )
    found = check(line, programmes=PROGRAMMES, now=NOW)

    assert isinstance(found, list)
    assert not any("secret-value" in fault.reason for fault in found)


def test_a_row_with_other_fields_than_the_header_is_refused_as_a_row() -> None:
    lines = read(f"{HEADER}\r\na,b,c\r\n".encode())

    assert faults(lines[0]) == [(2, "row")]


def test_today_is_no_future_where_the_person_is() -> None:
    assert faults(a_line(recovery_date="2026-11-25", time_zone="Asia/Tokyo")) == []
    assert faults(a_line(recovery_date="2026-11-25", time_zone="America/New_York")) == [(2, "recovery_date")]


@given(st.permutations(COLUMNS))
def test_columns_may_stand_in_any_order(order: list[str]) -> None:
    upload = f"{','.join(order)}\n{','.join(GOOD.get(name, '') for name in order)}\n".encode()

    assert read(upload)[0].fields == a_line().fields


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (HEADER.replace("email,", "", 1), ["email"]),
        (HEADER + ",phone", ["column 19"]),
        (HEADER + ",email", ["email"]),
        ("", list(COLUMNS)),
        (HEADER.replace("time_zone", "Time Zone"), ["time_zone", "column 6"]),
    ],
)
def test_a_header_that_is_not_a_rosters_is_refused(header: str, fields: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        read(f"{header}\r\n{','.join(GOOD.values())}\r\n".encode()) if header else read(b"")

    assert [fault.field for fault in refusal.value.faults] == fields


@pytest.mark.parametrize(
    ("upload", "reason"),
    [
        (HEADER.encode() + b"\r\n", "has no rows"),
        (HEADER.encode() + b"\r\nJos\xe9", "line 2 is not UTF-8"),
        (HEADER.encode() + b"\r\na\0b", "line 2 holds a NUL"),
        (HEADER.encode() + b'\r\n"a', "line 2 is not proper CSV"),
        (HEADER.encode() + b"\r\n" + b"a" * (LONGEST_ROW + 1), f"line 2 is longer than {LONGEST_ROW} characters"),
        (HEADER.encode() + b"\r\na" * (MOST_ROWS + 1), f"has more than {MOST_ROWS} rows"),
        (b"a" * (MOST_BYTES + 1), "is larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(upload: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read(upload)

    assert [(fault.field, fault.reason) for fault in refusal.value.faults] == [("file", reason)]


def test_lines_are_numbered_as_in_the_file() -> None:
    quoted = ",".join({**GOOD, "preferred_name": '"two\nlines"'}.get(name, "") for name in COLUMNS)
    plain = ",".join({**GOOD, "external_id": "A-2"}.get(name, "") for name in COLUMNS)

    lines = read(f"\ufeff{HEADER}\r\n{quoted}\r\n\r\n{plain}\r\n{plain}\r\n".encode())

    assert [(line.number, line.repeats) for line in lines] == [(2, None), (5, None), (6, 5)]


def test_five_thousand_rows_are_checked_in_under_two_seconds() -> None:
    body = "\r\n".join(
        ",".join((GOOD | {"external_id": f"A-{number}"}).get(name, "") for name in COLUMNS) for number in range(5000)
    )
    began = stopwatch.process_time()

    rows = [check(line, programmes=PROGRAMMES, now=NOW) for line in read(f"{HEADER}\r\n{body}".encode())]

    assert len(rows) == 5000
    assert stopwatch.process_time() - began < 2


@pytest.mark.parametrize(
    ("changes", "scopes"),
    [
        ({}, {"contact_email": None}),
        ({"email_consent": "no"}, {}),
        ({"push_consent": "yes"}, {"contact_email": None, "contact_push": None}),
        (
            {"detail_level": "detailed"},
            {"contact_email": None, "detail_level": "detailed", "email_risk_ack": None},
        ),
        (
            {"detail_level": "standard", "email_consent": "no", "push_consent": "yes"},
            {"contact_push": None, "detail_level": "standard"},
        ),
        ({"status": "alumni"}, {"contact_email": None}),
    ],
)
def test_a_row_gives_the_consents_that_its_programme_stands_for(
    changes: dict[str, str], scopes: dict[str, str | None]
) -> None:
    assert dict(enrolment_of(a_row(**changes), person_id="p", import_id="i").consents) == scopes


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, []),
        ({"check_in_time": "07:30"}, [Notice.QUIET_HOURS]),
        ({"check_in_time": "07:30", "quiet_to": "07:00"}, []),
        ({"check_in_time": "22:30"}, [Notice.NEVER_SENT]),
        ({"status": "alumni"}, [Notice.ALUMNI]),
        ({"email_consent": "no"}, [Notice.NO_CONSENT]),
        ({"email_consent": "no", "push_consent": "yes"}, [Notice.NO_DEVICE]),
    ],
)
def test_staff_learn_where_less_is_sent_than_they_may_think(changes: dict[str, str], kinds: list[Notice]) -> None:
    assert [finding.notice for finding in notices(a_row(**changes))] == kinds


@pytest.mark.parametrize(
    ("at", "quiet", "kind"),
    [
        ("23:00", ("22:00", "03:00"), Notice.QUIET_HOURS),
        ("13:30", ("13:00", "14:00"), Notice.QUIET_HOURS),
        ("14:00", ("13:00", "14:00"), None),
        ("08:00", ("21:00", "08:00"), None),
        ("09:00", ("09:00", "09:00"), None),
    ],
)
def test_quiet_hours_are_weighed_as_they_are_when_sending(at: str, quiet: tuple[str, str], kind: Notice | None) -> None:
    hours = QuietHours(start=time.fromisoformat(quiet[0]), end=time.fromisoformat(quiet[1]))

    found = quiet_notice(time.fromisoformat(at), hours)

    assert (found[0] if found else None) is kind


CHANGES = {
    "given_name": "Anna",
    "family_name": "Li",
    "preferred_name": "An",
    "email": "Ana@example.com",
    "time_zone": "America/Denver",
    "language": "es",
    "programme": "iop-morning",
    "admitted_on": "2026-11-02",
    "recovery_date": "2026-10-01",
    "check_in_time": "09:01",
    "check_in_days": "mon",
    "quiet_from": "20:00",
    "quiet_to": "06:00",
    "email_consent": "no",
    "push_consent": "yes",
    "detail_level": "standard",
    "status": "on_hold",
}


@given(st.sets(st.sampled_from(sorted(CHANGES))))
def test_a_row_differs_in_just_the_columns_that_say_something_else(columns: set[str]) -> None:
    people = FakePeople()
    row = a_row()
    enrolment = enrolment_of(row, person_id="p", import_id="i")
    record = enrol(
        enrolment,
        programme=row.programme,
        will=Will(by="admin", via=Via.ROSTER),
        now=NOW,
        people=people,
        new_id=Ids(),
    )

    changed = a_row(**{column: CHANGES[column] for column in columns})

    assert differences(changed, record, at=NOW) == tuple(column for column in COLUMNS if column in columns)
    assert record.channels[0].verification is Verification.ATTESTED
    assert record.channels[0].detail is DetailLevel.DISCREET


def test_a_domain_is_the_same_in_any_case() -> None:
    assert a_row(email="ana@EXAMPLE.com").email == a_row().email
    assert a_row(check_in_days="Mon, WED fri").check_in == a_row(check_in_days="mon,wed,fri").check_in


def test_a_repeated_id_names_the_line_that_has_it_first() -> None:
    assert check(replace(a_line(), repeats=82), programmes=PROGRAMMES, now=NOW) == [
        Finding(line=2, column="external_id", reason="is repeated: line 82 has it first")
    ]
