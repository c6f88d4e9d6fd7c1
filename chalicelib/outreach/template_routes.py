"""The doors to the templates: which there are, and what a message will look like. They hold nothing of anybody."""

from typing import Annotated, Literal

from pydantic import Field as Described

from chalicelib.edge.http import Answer, Asked, Doors, Wire
from chalicelib.outreach.catalogue import To, names, template, versions
from chalicelib.outreach.domain import DetailLevel
from chalicelib.outreach.previewing import preview
from chalicelib.privacy.domain import Act, Field, Rule

doors = Doors(__name__)


class PreviewQuery(Wire):
    """Which of a template's messages."""

    locale: Annotated[Literal["en", "es"], Described(description="In which language.")] = "en"
    level: Annotated[DetailLevel, Described(description="How much it tells.")] = DetailLevel.DISCREET
    version: Annotated[
        int | None,
        Described(ge=1, le=9999, description="Which version; without it the one that is sent now."),
    ] = None


class ShownTemplate(Wire):
    """A template: the newest version is the one that is sent."""

    name: str
    versions: list[int]
    to: To
    variables: Annotated[list[str], Described(description="What differs from person to person, or message to message.")]


class TemplateList(Wire):
    """All templates, by name."""

    items: list[ShownTemplate]


class InboxRow(Wire):
    """What an inbox shows of an e-mail before it is opened."""

    sender: str
    subject: str
    preheader: str


class LockScreen(Wire):
    """What a locked screen shows of a push."""

    title: str
    body: str


class ShownPreview(Wire):
    """A message of the template, for a made-up person."""

    template: Annotated[str, Described(description="Name and version, as the ledger writes them down.")]
    locale: str
    level: DetailLevel
    inbox: InboxRow
    lock_screen: LockScreen
    text: Annotated[str, Described(description="The e-mail's plain text part.")]
    html: Annotated[str, Described(description="The e-mail's HTML part.")]


@doors.door(
    "GET",
    "/templates",
    summary="Which templates there are, and their versions",
    rule=Rule(act=Act.LIST, field=Field.TEMPLATES, purpose="see the templates"),
    answer=TemplateList,
)
def list_templates(_asked: Asked) -> Answer:
    """List them."""
    newest = [template(name) for name in names()]
    return Answer(
        body=TemplateList(
            items=[
                ShownTemplate(
                    name=each.name, versions=versions(each.name), to=each.to, variables=sorted(each.variables)
                )
                for each in newest
            ]
        )
    )


@doors.door(
    "GET",
    "/templates/{template_name}/preview",
    summary="What a message will look like: in the inbox, on a locked screen, and opened",
    rule=Rule(act=Act.READ, field=Field.TEMPLATES, purpose="see what a message will look like"),
    query=PreviewQuery,
    answer=ShownPreview,
)
def preview_template(asked: Asked, template_name: str) -> Answer:
    """Show it for a made-up person."""
    shown = preview(template_name, language=asked.query.locale, level=asked.query.level, version=asked.query.version)
    return Answer(
        body=ShownPreview(
            template=shown.template,
            locale=shown.language,
            level=shown.level,
            inbox=InboxRow(sender=shown.sender, subject=shown.subject, preheader=shown.preheader),
            lock_screen=LockScreen(title=shown.push_title, body=shown.push_body),
            text=shown.text,
            html=shown.html,
        )
    )
