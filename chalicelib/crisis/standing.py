"""Who is on call, as access asks for it."""

from datetime import datetime

from chalicelib.crisis.duty import Duty
from chalicelib.crisis.rota_handlers import on_call
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member
from chalicelib.staff.store import DynamoStaff


class OnCallStandings(DynamoPeople):
    """People, and who is on call for a programme."""

    def is_on_call(self, subject: str, programme_id: str, *, now: datetime) -> bool:
        """Say whether an account is on call for a programme at this instant."""
        member = DynamoStaff().find(programme_id, subject)
        return member is not None and is_on_call(member, on_call().on_duty(programme_id, at=now))


def is_on_call(member: Member, duty: Duty) -> bool:
    """
    Say whether a member is on call: rostered, or a program admin, who is paged when nobody else answers.

    Where nobody is on duty all of the staff are paged, and so all of them may say that they have it.
    """
    if not member.is_active:
        return False
    rostered = {*duty.primary, *duty.secondary, *duty.supervisor, *duty.everybody}
    return member.id in rostered or Role.PROGRAM_ADMIN in member.roles or not duty.is_covered
