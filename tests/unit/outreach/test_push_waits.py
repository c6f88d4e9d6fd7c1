"""How long a push service that takes nothing now is left alone, and by whom."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.outreach.ports import NotAccepted
from chalicelib.outreach.push import Busy
from tests.push_service import Service, a_push, device, give, send


@pytest.mark.parametrize("status", [500, 502, 503, 507])
def test_a_service_that_fails_is_asked_again(service: Service, vapid: ec.EllipticCurvePrivateKey, status: int) -> None:
    service.status = status
    push = a_push(service, vapid)

    for _ in range(2):
        with pytest.raises(NotAccepted):
            give(push, device(service))
    assert service.asked == 2


def test_a_subscription_that_gets_too_much_is_left_alone_as_long_as_asked(
    service: Service, vapid: ec.EllipticCurvePrivateKey, counted: Callable[[], set[str]]
) -> None:
    service.status, service.extra = 429, (("Retry-After", "300"),)
    push = a_push(service, vapid)
    for minutes in (0, 1, 4):
        with pytest.raises(Busy) as busy:
            give(push, device(service), minutes=minutes)
        assert busy.value.wait <= timedelta(minutes=5.5 - minutes)
    assert service.asked == 1
    assert counted() == {"PushWaits"}

    service.status = 201
    give(push, device(service, number=2))
    give(push, device(service), minutes=6)
    assert service.asked == 3


def test_a_date_to_wait_for_is_read_by_the_clock_that_wrote_it(
    service: Service, vapid: ec.EllipticCurvePrivateKey
) -> None:
    # The test's server puts the date of this computer on its answer, which may be years from ours.
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)  # noqa: TID251
    service.status, service.extra = 429, (("Retry-After", later),)

    with pytest.raises(Busy) as busy:
        send(service, vapid)

    assert timedelta(minutes=4.9) < busy.value.wait <= timedelta(minutes=5)


@pytest.mark.parametrize(
    "date",
    [
        "Wed, 25 Nov 2026 14:00:00 GMT",
        "Wed, 25 Nov 2026 14:00:00",
        "Wed, 25 Nov 2026 14:00:00 -0000",
        "Wed, 25 Nov 2026 15:00:00 +0100",
        "Wed, 25 Nov 99999999999999999999 14:00:00 GMT",
        "soon",
        "",
    ],
)
@pytest.mark.parametrize("until", ["Wed, 25 Nov 2026 14:05:00 GMT", "Wed, 25 Nov 2026 14:05:00 -0000"])
def test_a_clock_without_a_zone_is_read_as_utc_and_one_that_says_nothing_is_ours(
    service: Service, vapid: ec.EllipticCurvePrivateKey, date: str, until: str
) -> None:
    service.status, service.date, service.extra = 429, date, (("Retry-After", until),)

    with pytest.raises(Busy) as busy:
        send(service, vapid)

    assert busy.value.wait == timedelta(minutes=5)


def test_nobody_waits_longer_than_the_message_is_worth(service: Service, vapid: ec.EllipticCurvePrivateKey) -> None:
    service.status, service.extra = 429, (("Retry-After", "3000"),)

    with pytest.raises(Busy) as busy:
        give(a_push(service, vapid), device(service), closes=timedelta(minutes=2))

    assert busy.value.wait == timedelta(minutes=2)


def test_a_service_that_is_down_for_a_while_is_left_alone_by_all(
    service: Service, vapid: ec.EllipticCurvePrivateKey
) -> None:
    service.status, service.extra = 503, (("Retry-After", "120"),)
    push = a_push(service, vapid)
    for number in range(3):
        with pytest.raises(Busy):
            give(push, device(service, number=number))

    assert service.asked == 1
