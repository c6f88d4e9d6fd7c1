"""What a fresh stack needs to be of use: a verified sender, sign-ins, the demo programmes, their roster, and devices."""

from collections.abc import Callable
from typing import Any

from infra.local.people import PROGRAMMES, ROLES, SignIns, address_of
from infra.local.stack import FROM_ADDRESS


def sender(ses: Any) -> None:
    """Verify the domain that Cairn's email comes from; the emulator believes it at once."""
    try:
        ses.create_email_identity(EmailIdentity=FROM_ADDRESS.partition("@")[2])
    except ses.exceptions.AlreadyExistsException:
        pass


def demo(found: dict[str, Any], sign_ins: SignIns, say: Callable[[str], None]) -> None:
    """Make the sign-ins, programmes and people of the demo; whatever is there already stays as it is."""
    for role in ROLES:
        sign_ins.make(address_of(role, PROGRAMMES[0]), programme=PROGRAMMES[0], role=role)
    for programme in PROGRAMMES[1:]:
        sign_ins.make(address_of("program-admin", programme), programme=programme, role="program-admin")
    say("there is a sign-in for each role")
