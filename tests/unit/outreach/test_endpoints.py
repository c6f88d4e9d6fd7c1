"""Somebody gives us an endpoint that is meant to make us call something else."""

import string
from ipaddress import IPv4Address, ip_address
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.outreach.endpoints import endpoint_of, is_origin, is_public

ORIGINS = frozenset(
    {
        "https://fcm.googleapis.com",
        "https://updates.push.services.mozilla.com",
        "https://*.push.apple.com",
        "https://push.example:8443",
        "http://127.0.0.1:4100",
    }
)


@pytest.mark.parametrize(
    ("url", "host", "port", "target"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:def", "fcm.googleapis.com", 443, "/fcm/send/abc:def"),
        ("https://web.push.apple.com/QGn?x=1", "web.push.apple.com", 443, "/QGn?x=1"),
        ("https://a.b.push.apple.com/Q", "a.b.push.apple.com", 443, "/Q"),
        ("https://push.example:8443/1", "push.example", 8443, "/1"),
        ("HTTPS://FCM.googleapis.com/x", "fcm.googleapis.com", 443, "/x"),
        ("http://127.0.0.1:4100/push/1", "127.0.0.1", 4100, "/push/1"),
    ],
)
def test_an_endpoint_at_a_listed_service_is_called_by_its_parts(url: str, host: str, port: int, target: str) -> None:
    endpoint = endpoint_of(url, origins=ORIGINS)

    assert (endpoint.host, endpoint.port, endpoint.target) == (host, port, target)


ATTACKS = {
    "another host": "https://evil.example/1",
    "no TLS": "http://fcm.googleapis.com/1",
    "another scheme": "ftp://fcm.googleapis.com/1",
    "a file": "file:///etc/passwd",
    "user": "https://fcm.googleapis.com@evil.example/1",
    "user and listed host": "https://evil@fcm.googleapis.com/1",
    "user and password": "https://a:b@fcm.googleapis.com/1",
    "empty user": "https://@fcm.googleapis.com/1",
    "host in the user, encoded": "https://fcm.googleapis.com%40evil.example/1",
    "backslash": "https://fcm.googleapis.com\\@evil.example/1",
    "backslash as path": "https://evil.example\\.push.apple.com/1",
    "tab": "https://fcm.goog\tleapis.com/1",
    "new line": "https://fcm.googleapis.com/1\r\nHost: evil.example",
    "space": "https://fcm.googleapis.com /1",
    "leading space": " https://fcm.googleapis.com/1",
    "null byte": "https://fcm.googleapis.com\x00.evil.example/1",
    "fragment": "https://fcm.googleapis.com/1#x",
    "empty fragment": "https://fcm.googleapis.com/1#",
    "fragment as host": "https://evil.example#.push.apple.com/1",
    "query as host": "https://evil.example?.push.apple.com/1",
    "encoded slash in the host": "https://evil.example%2f.push.apple.com/1",
    "trailing dot": "https://fcm.googleapis.com./1",
    "two dots": "https://a..push.apple.com/1",
    "leading dot": "https://.push.apple.com/1",
    "the domain itself": "https://push.apple.com/1",
    "a name that ends alike": "https://evilpush.apple.com/1",
    "the listed name as a subdomain": "https://fcm.googleapis.com.evil.example/1",
    "star": "https://*.push.apple.com/1",
    "homograph": "https://fcm.googleapi\u0455.com/1",
    "homograph, written in ASCII": "https://fcm.xn--googleapi-7rf.com/1",
    "full-width letters": "https://\uff46cm.googleapis.com/1",
    "ideographic full stop": "https://fcm\u3002googleapis.com/1",
    "another port": "https://fcm.googleapis.com:8443/1",
    "the usual port, written": "https://fcm.googleapis.com:443/1",
    "port below a domain": "https://web.push.apple.com:8443/1",
    "empty port": "https://fcm.googleapis.com:/1",
    "port with a zero": "https://push.example:08443/1",
    "port that is no number": "https://fcm.googleapis.com:80a/1",
    "port out of range": "https://fcm.googleapis.com:99999/1",
    "signed port": "https://push.example:+8443/1",
    "loopback": "https://127.0.0.1/1",
    "loopback at another port": "http://127.0.0.1:4101/1",
    "loopback by name": "http://localhost:4100/1",
    "decimal number": "https://2130706433/1",
    "decimal number at the laptop's port": "http://2130706433:4100/1",
    "hexadecimal number": "https://0x7f000001/1",
    "octal number": "http://0177.0.0.1:4100/1",
    "short number": "http://127.1:4100/1",
    "metadata service": "http://169.254.169.254/latest/meta-data/",
    "version 6": "https://[::1]/1",
    "wrapped version 4": "http://[::ffff:127.0.0.1]:4100/1",
    "version 6 with a zone": "https://[fe80::1%25eth0]/1",
    "no host": "https:///1",
    "no path": "https://fcm.googleapis.com",
    "no scheme": "//fcm.googleapis.com/1",
    "nothing": "",
    "not a URL": "https://[/1",
}


@pytest.mark.parametrize("url", ATTACKS.values(), ids=ATTACKS.keys())
def test_nothing_else_may_be_called_and_the_refusal_repeats_nothing_of_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^is not (a URL|a plain URL|at a push service that is allowed here)$"):
        endpoint_of(url, origins=ORIGINS)


@given(
    st.one_of(
        st.text(max_size=60),
        st.builds(
            "{}{}{}{}".format,
            st.sampled_from(["https://", "http://", "https:/\\", "HTTPS://"]),
            st.text(alphabet=string.ascii_lowercase + "@:/\\#?.%0", max_size=20),
            st.sampled_from(["fcm.googleapis.com", "web.push.apple.com", "127.0.0.1:4100", "evil.example"]),
            st.text(alphabet=string.ascii_lowercase + "@:/\\#?.%0 ", max_size=20),
        ),
    )
)
@example("https://fcm.googleapis.com:443@evil.example/")
def test_whatever_is_let_through_goes_to_a_listed_host(url: str) -> None:
    try:
        endpoint = endpoint_of(url, origins=ORIGINS)
    except ValueError:
        return
    listed = {"fcm.googleapis.com", "updates.push.services.mozilla.com", "push.example", "127.0.0.1"}
    assert endpoint.host in listed or endpoint.host.endswith(".push.apple.com")
    assert urlsplit(url).hostname == endpoint.host
    assert endpoint.target.startswith("/")
    assert "\n" not in endpoint.target


@pytest.mark.parametrize(
    "origin",
    ["https://fcm.googleapis.com", "https://*.push.apple.com", "https://push.example:8443", "http://127.0.0.1:4100"],
)
def test_an_origin_may_be_listed(origin: str) -> None:
    assert is_origin(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "http://push.example",
        "http://127.0.0.1",
        "http://127.0.0.1:x",
        "https://127.0.0.1",
        "https://*",
        "https://*.com",
        "https://push.example/",
        "https://push.example:",
        "https://a@push.example",
        "*",
        "",
    ],
)
def test_an_origin_that_says_too_little_may_not_be_listed(origin: str) -> None:
    assert not is_origin(origin)


@pytest.mark.parametrize("address", ["142.250.72.10", "2607:f8b0:4004:c07::5f", "64:ff9b::8efa:480a", "17.188.1.1"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 (an address to refuse)
        "224.0.0.1",
        "239.1.1.1",
        "255.255.255.255",
        "192.0.2.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:142.250.72.10.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:c0a8:101::1",
        "2001:db8::1",
        "fec0::1",
        "::a00:1",
        "::a9fe:a9fe",
        "::8efa:480a",
        "64:ff9b:1::a00:1",
        "::ffff:0:a00:1",
        "::ffff:0:8efa:480a",
        "4000::1",
        "5f00::1",
        "fcm.googleapis.com",
        "",
    ],
)
def test_an_address_of_somebodys_own_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_no_more_public_for_being_wrapped(address: IPv4Address) -> None:
    number = int(address)
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}"):
        assert is_public(wrapped) <= (ip_address(address).is_global and not address.is_multicast)
