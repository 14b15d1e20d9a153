"""A mail's words as a letter: subject, and one body twice, as plain text and as HTML that say the same.

Which text and which values is for compose.py; the shells are templates/email/message/.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import current_app
from flask_babel import gettext

from outreach.delivery import placeholders, wording
from outreach.delivery.blocks import Block, Button, Paragraph, blocks_of
from outreach.delivery.placeholders import Part
from outreach.delivery.readers import Reader
from outreach.delivery.texts import Text
from outreach.delivery.values import contact_line
from outreach.models import Office


@dataclass(frozen=True)
class Said:
    """One thing to say: its text, the values in it, and the heading it gets beside others."""

    text: Text
    values: dict[str, str]
    neutral: dict[str, str]  # values that stand in the subject in place of the others
    heading: str
    contact: tuple[str, str]  # name and number of whom to call


@dataclass(frozen=True)
class Section:
    heading: str
    groups: list[list[Block]]


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class _Content:
    subject: str
    locale: str
    letterhead: str
    letterhead_detail: str
    greeting: str
    sections: list[Section]
    contacts: list[str]
    unit: str
    footer: list[list[Part]] = field(default_factory=list)


def write(said: Sequence[Said], reader: Reader, office: Office | None, *, common_subject: str = "") -> Letter:
    """Return the letter in the current locale. common_subject: the subject of a letter that says several things."""
    first = said[0]
    several = len(said) > 1
    sections = [_section(one, reader, several=several) for one in said]
    if several:
        sections, closing = _said_once(sections)
        if reader.link and any(_asks(one) for one in said):
            ask = Paragraph(((Part(gettext("You can answer for all of them on one page; no account is needed.")),),))
            closing.append([ask, Button(gettext("Answer"), reader.link)])
        sections += [Section("", closing)] if closing else []
    contacts = dict.fromkeys(contact_line(*one.contact) for one in said)
    content = _Content(
        subject=common_subject if several else subject_of(first),
        locale=reader.locale,
        letterhead=placeholders.clean(office.name) if office else "",
        letterhead_detail=_letterhead_detail(office),
        greeting=placeholders.fill(first.text.greeting, first.values),
        sections=sections,
        contacts=[contact for contact in contacts if contact],
        unit=placeholders.clean(office.short_name) if office else "",
        footer=_footer(reader, office),
    )
    env = current_app.jinja_env
    return Letter(
        content.subject,
        env.get_template("email/message/body.txt").render(letter=content).strip() + "\n",
        env.get_template("email/message/body.html").render(letter=content),
    )


def subject_of(said: Said) -> str:
    filled = placeholders.fill_line(said.text.subject, said.values | said.neutral) or []
    return "".join(part.text for part in filled).strip()


def _section(said: Said, reader: Reader, *, several: bool) -> Section:
    blocks = blocks_of(said.text.body, said.values, without_answer_links=several or reader.represents)
    return Section(said.heading if several else "", _grouped(blocks))


def _said_once(sections: list[Section]) -> tuple[list[Section], list[list[Block]]]:
    """Take out what several sections say in the very same words, to be said once at the end."""
    times = Counter(tuple(group) for section in sections for group in section.groups)
    common = [list(group) for group, count in times.items() if count > 1]
    return [Section(s.heading, [g for g in s.groups if g not in common]) for s in sections], common


def _grouped(blocks: Sequence[Block]) -> list[list[Block]]:
    """Buttons that follow each other are one group, as are a sentence and the buttons under it."""
    groups: list[list[Block]] = []
    for block in blocks:
        last = groups[-1][-1] if groups else None
        if isinstance(block, Button) and isinstance(last, Button | Paragraph):
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _asks(said: Said) -> bool:
    return len(blocks_of(said.text.body, said.values)) > len(
        blocks_of(said.text.body, said.values, without_answer_links=True)
    )


def _letterhead_detail(office: Office | None) -> str:
    if office is None:
        return ""
    parts = (office.address, wording.phone(office.phone), office.email)
    return " · ".join(placeholders.clean(part) for part in parts if part)


def _footer(reader: Reader, office: Office | None) -> list[list[Part]]:
    name = placeholders.clean(office.short_name) if office else ""
    if reader.represents:
        who = placeholders.clean(reader.holder.display_name)
        return [[Part(gettext("You get this mail because %(name)s named you to come in their place.", name=who))]]
    why = gettext("You get this mail because %(office)s invited you to an activity.", office=name)
    if not reader.link:
        return [[Part(why)]]
    return [[Part(why)], [Part(gettext("To stop reminders, open your page:") + " "), Part(reader.link, link=True)]]
