"""Every door of Cairn: the HTTP routes of each slice, the tick, the queues and the events. No logic lives here."""

from typing import Any

from chalice.app import CloudWatchEvent, DynamoDBEvent, Rate, SQSEvent

from chalicelib.edge.app import Cairn, Wiring
from chalicelib.edge.config import config, function_name


def wire() -> Wiring:
    """Put together what the HTTP doors need."""
    from chalicelib.crisis.standing import stands_on_call
    from chalicelib.edge.idempotency import DynamoReplays
    from chalicelib.edge.identity import PublishedKeys, Tokens
    from chalicelib.enrollment.standing_store import Standings
    from chalicelib.family.handlers import INVITED, KinHolders, everybody, supporter_ties
    from chalicelib.mentors.store import mentor_ties
    from chalicelib.partners.store import partner_ties
    from chalicelib.plan.handlers import has_plan
    from chalicelib.privacy.domain import Relationship
    from chalicelib.privacy.store import DynamoAuditLog
    from chalicelib.staff.handlers import StaffHolders

    settings = config()
    return Wiring(
        tokens=Tokens(issuer=settings.issuer, client_id=settings.client_id, keys=PublishedKeys(settings.jwks_url)),
        standings=Standings(
            {
                Relationship.PARTNER: partner_ties,
                Relationship.SUPPORTER: supporter_ties,
                Relationship.MENTOR: mentor_ties,
            },
            stands_on_call,
        ),
        audit=DynamoAuditLog(),
        replays=DynamoReplays(),
        web_origin=settings.web_origin,
        holders={"staff": StaffHolders(), "kin": KinHolders()},
        everybody=everybody(),
        invited=INVITED,
        has_plan=has_plan,
    )


def fan_out_desks() -> dict[str, Any]:
    """Return what each thing that is fanned out works with, by the word under which its messages name it."""
    from chalicelib.enrollment.store import people
    from chalicelib.groups import handlers as groups
    from chalicelib.notices import handlers as notices

    return {"notice": notices.fan_out_desk(people()), "bell": groups.fan_out_desk()}


app = Cairn("cairn", wire=wire)

# All routes are one function; the others must not pay for importing them (docs/decisions/0004-cold-start.md).
if function_name() in {None, "api"}:
    from chalicelib.doors import SLICES

    for doors in SLICES:
        app.register_blueprint(doors)


@app.schedule(Rate(1, Rate.MINUTES))
def escalate(_event: CloudWatchEvent) -> dict[str, int]:
    """
    Every minute, page for all crises whose next step came; then look over the rotas of who is on call.

    A function of its own: neither it nor the tick may hold up the other (docs/decisions/0047).
    """
    from chalicelib.crisis import handlers as crisis
    from chalicelib.crisis import rota_handlers as rota

    return {"paged": crisis.sweep(), "gaps": rota.look_over()}


@app.schedule(Rate(1, Rate.MINUTES))
def tick(event: CloudWatchEvent) -> dict[str, int]:
    """Every minute, hand over what falls due in the next, and publish what alarms watch."""
    from chalicelib.groups import handlers as groups
    from chalicelib.helplines import handlers as helplines
    from chalicelib.outreach import fanning_handlers as fanning
    from chalicelib.outreach import handlers, wiring
    from chalicelib.staff import handlers as staff

    helplines.watch(event.to_dict())
    handed = handlers.tick(event.to_dict(), using=wiring.ticking())
    told = staff.climb()
    meetings = groups.look()
    pushed = fanning.push_on(event.to_dict(), desks=fan_out_desks())
    return handed | {"told": told, "pushed": pushed, "bells": meetings}


@app.on_sqs_message(queue="cairn-sweep", batch_size=1)
def sweep(event: SQSEvent) -> int:
    """Hand over a partition that holds more than a tick has time for."""
    from chalicelib.outreach import handlers, wiring

    return handlers.sweep(event.to_dict(), using=wiring.ticking())


@app.on_sqs_message(queue="cairn-deliver", batch_size=10)
def deliver(event: SQSEvent) -> dict[str, Any]:
    """Deliver what is due."""
    from chalicelib.alumni import handlers as alumni
    from chalicelib.caring import handlers as caring
    from chalicelib.caseload.handlers import cadences_due
    from chalicelib.checkins import handlers as checkins
    from chalicelib.crisis import handlers as crisis
    from chalicelib.crisis import rota_handlers as rota
    from chalicelib.family import handlers as family
    from chalicelib.groups import handlers as groups
    from chalicelib.mentors import handlers as mentors
    from chalicelib.milestones import kudos_handlers as kudos
    from chalicelib.notices import handlers as notices
    from chalicelib.outreach import handlers, wiring
    from chalicelib.partners import handlers as partners
    from chalicelib.routine import handlers as routine
    from chalicelib.staff import handlers as staff

    asked = (alumni, caring, checkins, crisis, family, groups, kudos, mentors, notices, partners, rota, routine, staff)
    using = wiring.delivering(
        family.everybody(),
        *(one.still_true for one in asked),
        count=family.number_for(staff.due_today(cadences_due)),
        moment=groups.moment,
        signer=caring.signer,
    )
    return handlers.deliver(event.to_dict(), using=using)


@app.on_sqs_message(queue="cairn-import", batch_size=1)
def import_roster(event: SQSEvent) -> dict[str, Any]:
    """Enrol the people of a part of a roster."""
    from chalicelib.enrollment import handlers

    return handlers.import_roster(event.to_dict())


@app.on_sqs_message(queue="cairn-fan-out", batch_size=1)
def fan_out(event: SQSEvent) -> dict[str, Any]:
    """Put a page of somebody's to be told in line: of a notice's recipients, or of a meeting's."""
    from chalicelib.outreach import fanning_handlers as fanning

    return fanning.fan_out(event.to_dict(), desks=fan_out_desks())


@app.on_sqs_message(queue="cairn-report", batch_size=1)
def make_report(event: SQSEvent) -> dict[str, Any]:
    """Make a page of a programme's report."""
    from chalicelib.enrollment.store import people
    from chalicelib.reports import handlers

    return handlers.make_report(event.to_dict(), people=people())


@app.on_dynamodb_record(stream_arn="table", batch_size=100, starting_position="TRIM_HORIZON")
def achieve(event: DynamoDBEvent) -> dict[str, Any]:
    """Do what follows from what was stored: tasks told of, awards, silence and absence, the caseload, reminders."""
    from chalicelib.alumni.handlers import Graduates, Hellos
    from chalicelib.caring.handlers import CaringContacts
    from chalicelib.caseload.handlers import Caseload
    from chalicelib.checkins.handlers import Silence
    from chalicelib.edge import stream
    from chalicelib.edge.clock import utc_now
    from chalicelib.enrollment.store import people
    from chalicelib.family.handlers import AlertedSupporters
    from chalicelib.groups.handlers import Entries, Memberships
    from chalicelib.mentors.handlers import Steps, Walks
    from chalicelib.milestones.handlers import Awards
    from chalicelib.partners.handlers import QuietPartners
    from chalicelib.plan.handlers import FollowedUp
    from chalicelib.routine.handlers import Absence, Edits
    from chalicelib.staff.handlers import Opened

    who = people()
    after_answers = (Awards, Silence, Absence, QuietPartners)
    of_records = (Edits, CaringContacts, FollowedUp, Graduates, Hellos, Memberships, Entries, Walks, Steps)
    followers = (
        Opened(),
        AlertedSupporters(),
        *(listener(who) for listener in (*after_answers, *of_records, Caseload)),
    )
    return stream.follow(event.to_dict(), followers, now=utc_now())


@app.lambda_function(name="operate")
def operate(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 (Lambda's own)
    """Carry out what an operator orders in the AWS console, for example to pause outreach (docs/runbooks.md)."""
    from functools import partial

    from chalicelib.caseload.handlers import rebuild
    from chalicelib.edge.clock import utc_now
    from chalicelib.edge.ids import new_id
    from chalicelib.enrollment.store import people
    from chalicelib.family.handlers import everybody
    from chalicelib.outreach import operate

    desk = operate.Desk(
        now=utc_now(),
        request_id=context.aws_request_id,
        new_id=new_id,
        recipients=everybody(),
        rebuild=partial(rebuild, people()),
    )
    return operate.operate(event, desk=desk)


@app.on_cw_event({"source": ["aws.ses"]})
def record_receipt(event: CloudWatchEvent) -> bool:
    """Take SES's word on what became of a message."""
    from chalicelib.family.handlers import everybody
    from chalicelib.outreach import receipts

    return receipts.record_receipt(event.to_dict(), addresses=everybody())
