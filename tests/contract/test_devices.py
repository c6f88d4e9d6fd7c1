"""The addresses of apps: the fake and SNS; and the doors by which a person's devices are added and renewed."""

from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto.sns.models import sns_backends

from chalicelib.edge import aws as clients
from chalicelib.edge import config
from chalicelib.enrollment import contact_routes
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.categories import confirm_kind
from chalicelib.outreach.platforms import Devices, NotSetUp, Platform
from chalicelib.outreach.sns import SnsDevices
from chalicelib.outreach.store import DueItem
from tests.contract.test_people_routes import DEVICE, Api
from tests.fakes_devices import FakeDevices
from tests.toy import NOW

pytestmark = pytest.mark.usefixtures("aws")

TOKEN, OTHER = "fcm-token-of-the-app:1", "fcm-token-of-the-app:2"
APPLE = "0a" * 32


class OnSns(SnsDevices):
    """What the suite asks beyond the port."""

    def __init__(self) -> None:
        clients.client.cache_clear()
        sns = boto3.client("sns")
        made = {
            platform: sns.create_platform_application(Name="cairn", Platform=name, Attributes={})[
                "PlatformApplicationArn"
            ]
            for platform, name in ((Platform.FCM, "GCM"), (Platform.APNS, "APNS"))
        }
        super().__init__(made)
        self.sns = sns

    def disable(self, address: str) -> None:
        self.sns.set_endpoint_attributes(EndpointArn=address, Attributes={"Enabled": "false"})

    def token_of(self, address: str) -> str | None:
        endpoints = sns_backends["123456789012"]["us-east-1"].platform_endpoints
        found = endpoints.get(address)
        return str(found.attributes["Token"]) if found and found.enabled else None


@pytest.fixture(params=[FakeDevices, OnSns])
def devices(request: pytest.FixtureRequest) -> FakeDevices | OnSns:
    found: FakeDevices | OnSns = request.param()
    return found


def test_an_app_is_registered_once(devices: FakeDevices | OnSns) -> None:
    port: Devices = devices
    first = port.register(Platform.FCM, TOKEN, owner="ana", known=None)
    again = port.register(Platform.FCM, TOKEN, owner="ana", known=first.address)

    assert first.is_new
    assert (again.address, again.is_new) == (first.address, False)
    assert devices.token_of(first.address) == TOKEN


def test_without_knowing_its_address_an_app_gets_the_same_again(devices: FakeDevices | OnSns) -> None:
    first = devices.register(Platform.FCM, TOKEN, owner="ana", known=None)

    assert devices.register(Platform.FCM, TOKEN, owner="ana", known=None).address == first.address


def test_another_token_of_the_same_app_keeps_its_address(devices: FakeDevices | OnSns) -> None:
    first = devices.register(Platform.FCM, TOKEN, owner="ana", known=None)

    rotated = devices.register(Platform.FCM, OTHER, owner="ana", known=first.address)

    assert (rotated.address, rotated.is_new) == (first.address, True)
    assert devices.token_of(first.address) == OTHER


def test_an_app_that_was_given_up_is_taken_back(devices: FakeDevices | OnSns) -> None:
    first = devices.register(Platform.FCM, TOKEN, owner="ana", known=None)
    devices.disable(first.address)
    assert devices.token_of(first.address) is None

    again = devices.register(Platform.FCM, TOKEN, owner="ana", known=first.address)

    assert (again.address, again.is_new) == (first.address, True)
    assert devices.token_of(first.address) == TOKEN


def test_an_address_that_is_no_more_is_made_anew(devices: FakeDevices | OnSns) -> None:
    first = devices.register(Platform.FCM, TOKEN, owner="ana", known=None)
    for _ in range(2):
        devices.forget(first.address)

    again = devices.register(Platform.FCM, TOKEN, owner="ana", known=first.address)

    assert again.is_new
    assert devices.token_of(again.address) == TOKEN


def test_on_a_phone_that_changed_hands_nothing_comes_for_who_had_it(devices: FakeDevices | OnSns) -> None:
    before = devices.register(Platform.FCM, TOKEN, owner="ana", known=None)

    now = devices.register(Platform.FCM, TOKEN, owner="ben", known=None)

    assert now.address != before.address
    assert devices.token_of(before.address) is None
    assert devices.token_of(now.address) == TOKEN


def test_somebody_elses_address_is_not_taken_for_ones_own(devices: FakeDevices | OnSns) -> None:
    hers = devices.register(Platform.FCM, TOKEN, owner="ana", known=None)

    his = devices.register(Platform.FCM, OTHER, owner="ben", known=hers.address)

    assert his.address != hers.address
    assert devices.token_of(hers.address) == TOKEN


def test_the_platforms_are_kept_apart(devices: FakeDevices | OnSns) -> None:
    google = devices.register(Platform.FCM, TOKEN, owner="ana", known=None)

    apple = devices.register(Platform.APNS, APPLE, owner="ana", known=google.address)

    assert apple.address != google.address
    assert devices.token_of(google.address) == TOKEN


def test_a_platform_that_is_not_set_up_takes_no_app() -> None:
    for devices in (FakeDevices(set_up=()), SnsDevices({})):
        port: Devices = devices
        with pytest.raises(NotSetUp):
            port.register(Platform.APNS, APPLE, owner="ana", known=None)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    sns = OnSns()
    monkeypatch.setenv(
        "CAIRN_FCM_APPLICATION",
        sns.sns.list_platform_applications()["PlatformApplications"][0]["PlatformApplicationArn"],
    )
    config.config.cache_clear()
    contact_routes._apps.cache_clear()  # noqa: SLF001 (each test has its own SNS)
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


@pytest.fixture
def ana(api: Api) -> str:
    person = api.enrol()
    api.send("PUT", f"/people/{person}/sign-in", {"subject": "ana"})
    api.as_whom = "ana=iop-evening/participant"
    return person


def an_app(**changes: Any) -> dict[str, Any]:
    return {"kind": "mobile", "app": {"platform": "fcm", "token": TOKEN, "deviceId": "phone-of-ana", **changes}}


def asked(person: str) -> list[str]:
    """Return the kinds of what is due for a person."""
    return sorted(item.sk.split("#")[2] for item in DueItem.scan() if item.sk.split("#")[1:2] == [person])


def channel(person: str, channel_id: str) -> Any:
    record = DynamoPeople().record(person)
    assert record is not None
    return record.channel(channel_id)


def test_an_app_is_added_and_asked_over_itself(api: Api, ana: str) -> None:
    told = api.send("POST", f"/people/{ana}/channels", an_app())

    assert (told.status, told.json["kind"], told.json["usable"], told.json["address"]) == (201, "mobile", False, None)
    assert confirm_kind(told.json["id"], 1) in asked(ana)
    assert TOKEN not in told.text
    assert channel(ana, told.json["id"]).address.startswith("arn:aws:sns:")


def test_the_same_app_again_changes_nothing_and_another_token_is_asked_over(api: Api, ana: str) -> None:
    first = api.send("POST", f"/people/{ana}/channels", an_app()).json

    again = api.send("POST", f"/people/{ana}/channels", an_app()).json
    assert (again["id"], channel(ana, first["id"]).revision) == (first["id"], 1)

    rotated = api.send("POST", f"/people/{ana}/channels", an_app(token=OTHER)).json
    assert (rotated["id"], channel(ana, first["id"]).revision) == (first["id"], 2)
    assert not rotated["usable"]
    assert confirm_kind(first["id"], 2) in asked(ana)


def test_an_app_that_was_given_up_is_used_again_once_it_is_confirmed(api: Api, ana: str) -> None:
    first = api.send("POST", f"/people/{ana}/channels", an_app()).json
    DynamoPeople().channel_is_gone(ana, first["id"], why="refused by the provider", now=NOW)

    again = api.send("POST", f"/people/{ana}/channels", an_app()).json

    assert (again["id"], again["goneWhy"], again["verification"]) == (first["id"], None, "pending")


def test_an_app_that_forgot_its_name_is_still_the_same_app(api: Api, ana: str) -> None:
    first = api.send("POST", f"/people/{ana}/channels", an_app()).json

    again = api.send("POST", f"/people/{ana}/channels", an_app(deviceId="phone-of-ana-anew")).json

    assert again["id"] == first["id"]
    assert channel(ana, first["id"]).device_id == "phone-of-ana-anew"


def test_an_app_that_is_removed_has_no_address_any_more(api: Api, ana: str) -> None:
    added = api.send("POST", f"/people/{ana}/channels", an_app()).json

    assert api.send("DELETE", f"/people/{ana}/channels/{added['id']}").status == 204
    assert not sns_backends["123456789012"]["us-east-1"].platform_endpoints


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (an_app(token="short"), "app.token"),
        (an_app(token="x" * 5000), "app.token"),
        (an_app(token=TOKEN + "\n"), "app.token"),
        (an_app(platform="apns", token=TOKEN), "app.token"),
        (an_app(platform="apns", token=APPLE), "app.platform"),
        (an_app(platform="windows"), "app.platform"),
        (an_app(deviceId="../../etc"), "app.deviceId"),
        (an_app(deviceId="short"), "app.deviceId"),
        ({"kind": "mobile"}, "app"),
        ({**an_app(), "address": "ana@example.com"}, "app"),
        ({**an_app(), "kind": "email"}, "address"),
        ({**an_app(), "detail": "standard"}, "detail"),
    ],
)
def test_what_cannot_be_right_about_an_app_is_named(api: Api, ana: str, body: dict[str, Any], field: str) -> None:
    told = api.send("POST", f"/people/{ana}/channels", body)

    assert (told.status, [one["field"] for one in told.json["errors"]]) == (422, [field])
    record = DynamoPeople().record(ana)
    assert record is not None
    assert len(record.channels) == 1


def test_an_apps_messages_stay_discreet(api: Api, ana: str) -> None:
    added = api.send("POST", f"/people/{ana}/channels", an_app()).json

    told = api.send("PATCH", f"/people/{ana}/channels/{added['id']}", {"detail": "detailed"})

    assert (told.status, told.json["errors"][0]["field"]) == (422, "detail")


def a_browser(name: str, **changes: Any) -> dict[str, Any]:
    return {**DEVICE, "endpoint": f"https://push.example/{name}", **changes}


@pytest.fixture
def browser(api: Api, ana: str) -> str:
    told = api.send("POST", f"/people/{ana}/channels", {"kind": "push", "subscription": a_browser("old")})
    assert told.status == 201, told.text
    return str(told.json["id"])


def renew(api: Api, person: str, *, old: str, **changes: Any) -> Any:
    body = {"oldEndpoint": f"https://push.example/{old}", "subscription": a_browser("new", **changes)}
    return api.send("PUT", f"/people/{person}/subscription", body)


def test_a_browsers_new_subscription_takes_the_place_of_the_old_one(api: Api, ana: str, browser: str) -> None:
    DynamoPeople().channel_is_gone(ana, browser, why="refused by the provider", now=NOW)

    told = [renew(api, ana, old="old") for _ in range(2)]

    assert [(one.status, one.json["id"], one.json["goneWhy"]) for one in told] == [(200, browser, None)] * 2
    now = channel(ana, browser)
    assert (now.address, now.revision, now.verification) == ("https://push.example/new", 2, "pending")
    assert asked(ana).count(confirm_kind(browser, 2)) == 1


def test_somebody_elses_subscription_is_not_replaced(api: Api, ana: str, browser: str) -> None:
    api.as_whom = "admin=iop-evening/program-admin"
    ben = api.enrol(externalId="TBH-2", email="ben@example.com")
    api.send("PUT", f"/people/{ben}/sign-in", {"subject": "ben"})
    api.as_whom = "ben=iop-evening/participant"

    assert renew(api, ben, old="old").status == 404
    assert renew(api, ana, old="old").status == 404
    assert channel(ana, browser).address == "https://push.example/old"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"endpoint": "https://evil.example/1"}, "subscription.endpoint"),
        ({"endpoint": "https://push.example@evil.example/1"}, "subscription.endpoint"),
        ({"keys": {"p256dh": "x", "auth": "A" * 22}}, "subscription.keys.p256dh"),
        ({"keys": {"p256dh": "BA" + "A" * 85, "auth": "A" * 22}}, "subscription.keys.p256dh"),
        ({"expirationTime": 1.0}, "subscription.expirationTime"),
        ({"expirationTime": 1e300}, "subscription.expirationTime"),
        ({"expirationTime": -1e300}, "subscription.expirationTime"),
    ],
)
def test_what_cannot_be_right_about_a_subscription_is_named(
    api: Api, ana: str, browser: str, changes: dict[str, Any], field: str
) -> None:
    told = renew(api, ana, old="old", **changes)

    assert (told.status, [one["field"] for one in told.json["errors"]]) == (422, [field])
    assert channel(ana, browser).revision == 1


def test_a_subscription_is_not_used_after_it_has_run_out(api: Api, ana: str, browser: str) -> None:
    ends_at = NOW + timedelta(days=3)
    assert renew(api, ana, old="old", expirationTime=ends_at.timestamp() * 1000).status == 200

    known = channel(ana, browser).confirmed(revision=2, at=NOW)

    assert known.ends_at == ends_at
    assert known.is_usable(at=ends_at - timedelta(seconds=1))
    assert not known.is_usable(at=ends_at)


def test_a_device_that_was_given_up_is_told_to_subscribe_anew(api: Api, ana: str, browser: str) -> None:
    path = f"/people/{ana}/channels/{browser}/heartbeat"
    assert api.send("POST", path).status == 204
    DynamoPeople().channel_is_gone(ana, browser, why="refused by the provider", now=NOW)

    told = api.send("POST", path)

    assert (told.status, told.kind) == (409, "conflict")
    assert api.send("POST", f"/people/{ana}/channels/none/heartbeat").status == 404


def test_a_person_has_so_many_devices_and_no_more(api: Api, ana: str) -> None:
    def add(number: int) -> int:
        body = an_app(token=f"{TOKEN}{number}", deviceId=f"phone-of-ana-{number}")
        return api.send("POST", f"/people/{ana}/channels", body).status

    assert [add(number) for number in range(10)] == [201] * 9 + [409]
    assert add(3) == 201, "the same app again is not one more"
