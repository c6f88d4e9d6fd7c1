"""Who is on call, as access asks for it."""

from datetime import datetime
from functools import partial

from chalicelib.crisis.duty import Duty
from chalicelib.crisis.guarding import guarded
from chalicelib.crisis.handlers import desk
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member
from chalicelib.staff.store import DynamoStaff


def stands_on_call(subject: str, programme_id: str, at: datetime) -> bool:
    """Say whether an account is on call for a programme at an instant; an unreadable rota has nobody on duty."""
    member = DynamoStaff().find(programme_id, subject)
    if member is None:
        return False
    duty = guarded(partial(desk().on_call.on_duty, programme_id, at=at), desk=desk())
    return is_on_call(member, duty or Duty())


def is_on_call(member: Member, duty: Duty) -> bool:
    """
    Say whether a member is on call: rostered, or a program admin, who is paged when nobody else answers.

    Where nobody is on duty all of the staff are paged, and so all of them may say that they have it.
    """
    if not member.is_active:
        return False
    rostered = {*duty.primary, *duty.secondary, *duty.supervisor, *duty.everybody}
    return member.id in rostered or Role.PROGRAM_ADMIN in member.roles or not duty.is_covered
