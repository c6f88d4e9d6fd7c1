from datetime import UTC, date, datetime

import pytest

from chalicelib.enrollment.domain import admission_faults

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("on", "faults"),
    [
        (date.min, 1),
        (date(1899, 12, 31), 1),
        (date(1900, 1, 1), 0),
        (date(2027, 11, 25), 0),
        (date(2027, 11, 26), 1),
        (date.max, 1),
    ],
)
def test_an_admission_is_neither_before_1900_nor_more_than_a_year_ahead(on: date, faults: int) -> None:
    assert len(admission_faults(on, zone="America/New_York", now=NOW)) == faults
