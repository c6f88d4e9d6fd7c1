"""Every HTTP door of Cairn: a blueprint of each slice's."""

from chalicelib.alumni.routes import doors as alumni
from chalicelib.caring.routes import doors as caring
from chalicelib.caseload.routes import doors as caseload
from chalicelib.checkins.routes import doors as checkins
from chalicelib.crisis.routes import doors as crisis
from chalicelib.edge.openapi import doors as openapi
from chalicelib.enrollment.routes import doors as enrollment
from chalicelib.family.routes import doors as family
from chalicelib.flags.routes import doors as flags
from chalicelib.groups.routes import doors as groups
from chalicelib.helplines.routes import doors as helplines
from chalicelib.mentors.routes import doors as mentors
from chalicelib.milestones.routes import doors as milestones
from chalicelib.notices.routes import doors as notices
from chalicelib.outreach.template_routes import doors as templates
from chalicelib.partners.routes import doors as partners
from chalicelib.plan.routes import doors as plan
from chalicelib.privacy.routes import doors as privacy
from chalicelib.progress.routes import doors as progress
from chalicelib.reports.routes import doors as reports
from chalicelib.routine.routes import doors as routine
from chalicelib.staff.routes import doors as staff
from chalicelib.tasks.routes import doors as tasks

SLICES = (
    alumni,
    caring,
    caseload,
    checkins,
    crisis,
    enrollment,
    family,
    flags,
    groups,
    helplines,
    mentors,
    milestones,
    notices,
    partners,
    plan,
    privacy,
    progress,
    reports,
    routine,
    staff,
    tasks,
    templates,
    openapi,
)
"""All of them; the document that describes the doors (OpenAPI) comes last."""
