"""Demo sign-ins: one for each role of a programme, made in the emulator's Cognito pool, and tokens for them."""

import json
import secrets
from contextlib import suppress
from typing import Any

from infra.keys import AwsClient
from infra.local.places import SECRETS
from infra.local.stack import aws

ROLES = (
    "participant",
    "clinician",
    "case-manager",
    "peer-specialist",
    "accountability-partner",
    "supporter",
    "alumni",
    "mentor",
    "program-admin",
    "privacy-officer",
)
PROGRAMMES = ("iop-evening", "iop-morning", "iop-young-adult", "iop-couples")
OPERATOR = "operator@staff.cairn.example"
"""Runs the demo: admin and case manager of all of its programmes."""


def password() -> str:
    """Return the password of all demo sign-ins on this computer, made up when first asked for."""
    if not SECRETS.exists():
        SECRETS.touch(mode=0o600)
        SECRETS.write_text(json.dumps({"password": f"demo-{secrets.token_urlsafe(12)}"}))
    return str(json.loads(SECRETS.read_text())["password"])


class SignIns:
    """The user pool, as the AWS console shows it to an admin."""

    def __init__(self, cognito: AwsClient, *, pool: str, client: str) -> None:
        self._cognito = cognito
        self._pool = pool
        self._client = client

    def make(self, email: str, *, programme: str, role: str) -> None:
        """Make a sign-in with a role in a programme; fine if it is there."""
        group = f"{programme}/{role}"
        with suppress(self._cognito.exceptions.GroupExistsException):
            self._cognito.create_group(UserPoolId=self._pool, GroupName=group)
        with suppress(self._cognito.exceptions.UsernameExistsException):
            self._cognito.admin_create_user(
                UserPoolId=self._pool,
                Username=email,
                MessageAction="SUPPRESS",
                TemporaryPassword=password(),
                UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            )
        self._cognito.admin_set_user_password(
            UserPoolId=self._pool, Username=email, Password=password(), Permanent=True
        )
        self._cognito.admin_add_user_to_group(UserPoolId=self._pool, Username=email, GroupName=group)

    def token(self, email: str) -> str:
        """Sign in and return the access token."""
        answer = self._cognito.initiate_auth(
            ClientId=self._client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password()},
        )
        return str(answer["AuthenticationResult"]["AccessToken"])

    def subject(self, email: str) -> str:
        """Return Cognito's own id (sub) of a sign-in."""
        found = self._cognito.admin_get_user(UserPoolId=self._pool, Username=email)
        return next(str(a["Value"]) for a in found["UserAttributes"] if a["Name"] == "sub")


def address_of(role: str, programme: str) -> str:
    """Return the address that the demo's sign-in for a role has."""
    return f"{role}.{programme}@staff.cairn.example"


def sign_ins(found: dict[str, Any]) -> SignIns:
    """Return the user pool of the running stack."""
    return SignIns(aws("cognito-idp"), pool=found["user_pool"], client=found["client_id"])
