"""The addresses of apps at Amazon SNS: one platform endpoint for each token, whose owner is the only one."""

import re
from collections.abc import Mapping

from botocore.exceptions import ClientError

from chalicelib.edge.aws import client
from chalicelib.outreach.platforms import NotSetUp, Platform, Registered, TokenRefused

_TAKEN = re.compile(r"Endpoint (arn:[^\s]+) already exists with the same [Tt]oken")
"""How SNS says that an endpoint has this token already, and which (Amazon SNS Developer Guide, mobile tokens)."""


class SnsDevices:
    """Implements ``platforms.Devices``. ``applications`` are the ARNs of the platform applications."""

    def __init__(self, applications: Mapping[Platform, str]) -> None:
        self._applications = applications
        self._client = client("sns")

    def register(self, platform: Platform, token: str, *, owner: str, known: str | None) -> Registered:
        """
        Return the address at which ``token`` is reached; see the port.

        In the order that AWS recommends: create, then look at what there is, then set what differs. Each step may be
        repeated, so a registration that broke off is finished by the next.
        """
        application = self._applications.get(platform)
        if not application:
            raise NotSetUp(platform.value)
        if known and known.split(":")[5].split("/")[1] == application.split(":")[5].split("/")[1]:
            kept = self._attributes(known)
            if kept and kept.get("CustomUserData") == owner:
                if _is_live(kept, token, owner):
                    return Registered(address=known, is_new=False)
                if self._set(known, token, owner):
                    return Registered(address=known, is_new=True)
        address = self._create(application, token, owner)
        if not _is_live(self._attributes(address) or {}, token, owner):
            self._set(address, token, owner)
        return Registered(address=address, is_new=True)

    def forget(self, address: str) -> None:
        """Give an address up; gone already is fine."""
        self._client.delete_endpoint(EndpointArn=address)

    def _create(self, application: str, token: str, owner: str) -> str:
        wanted = {"PlatformApplicationArn": application, "Token": token, "CustomUserData": owner}
        try:
            return str(self._client.create_platform_endpoint(**wanted)["EndpointArn"])
        except ClientError as error:
            taken = _taken(error)
            if taken is None:
                raise
        # Somebody else's, on a phone that has changed hands. Deleted, so that nothing meant for them comes here.
        self.forget(taken)
        return str(self._client.create_platform_endpoint(**wanted)["EndpointArn"])

    def _attributes(self, address: str) -> Mapping[str, str] | None:
        try:
            found: Mapping[str, str] = self._client.get_endpoint_attributes(EndpointArn=address)["Attributes"]
        except ClientError as error:
            if _code(error) in {"NotFound", "InvalidParameter"}:
                return None
            raise
        return found

    def _set(self, address: str, token: str, owner: str) -> bool:
        """Give an endpoint this token; False if it is gone, or another one has the token."""
        attributes = {"Token": token, "Enabled": "true", "CustomUserData": owner}
        try:
            self._client.set_endpoint_attributes(EndpointArn=address, Attributes=attributes)
        except ClientError as error:
            if _code(error) == "NotFound" or _taken(error) is not None:
                return False
            raise
        return True


def _is_live(kept: Mapping[str, str], token: str, owner: str) -> bool:
    named = (kept.get("Token"), kept.get("CustomUserData"))
    return named == (token, owner) and kept.get("Enabled", "").lower() == "true"


def _taken(error: ClientError) -> str | None:
    """
    Return the endpoint that has the token already; None if that isn't what is wrong.

    :raises TokenRefused: if it is the token that is wrong
    """
    if _code(error) != "InvalidParameter":
        return None
    text = str(error.response["Error"].get("Message", ""))
    taken = _TAKEN.search(text)
    if taken:
        return taken[1]
    if "Token" in text:
        raise TokenRefused("the platform doesn't take this token") from error
    return None


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"]).removesuffix("Exception")
