"""A mail's text as a letter: a subject, and one body as plain text and as HTML with the same content.

mail/compose.py chooses text and values. The templates are in templates/email/message/.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask import current_app
from flask_babel import gettext

from outreach.delivery.mail import placeholders
from outreach.delivery.mail.blocks import Block, Button, MailTable, Paragraph, asks, blocks_of
from outreach.delivery.mail.door_code import ShownCode
from outreach.delivery.mail.placeholders import TextPart
from outreach.delivery.mail.recipient import Recipient
from outreach.delivery.mail.texts import Text
from outreach.delivery.mail.values import contact_line
from outreach.delivery.words import addressing, formats
from outreach.domain.kinds import MailKind
from outreach.extensions import current_settings
from outreach.models import Office

_SAYS_FREE = re.compile(
    r"\b(?:tidak|tanpa)\b[^.\n]{0,30}\bbiaya\b|\bgratis\b|\bfree of charge\b|\bno fee\b", re.IGNORECASE
)
MailBlock = Block | ShownCode
_OPENING = {"id": "Dengan hormat,", "en": ""}  # the formal opening of an Indonesian letter; English has none


@dataclass(frozen=True)
class LetterSection:
    """One thing to say: its text, its values, and its heading if there are several."""

    text: Text
    values: dict[str, str]
    heading: str
    contact: tuple[str, str]  # name and number for questions
    kind: MailKind | None = None
    takes_answers: bool = True  # False: the time for answering has passed, so it does not ask
    letters: tuple[str, ...] = ()  # sentences about signed letters that are attached
    code: ShownCode | None = None  # for the door
    feedback: tuple[Block, ...] = ()  # the invitation to give it
    about_materials: bool = False  # it asks for a speaker's materials, not for an answer

    @property
    def asks(self) -> bool:
        return self.takes_answers and asks(self.text.body)

    @property
    def is_for_whoever_acts(self) -> bool:
        """Return whether its links are for the representative, too. Other mails ask the invitee only."""
        return self.about_materials or self.kind in (MailKind.APPOINTMENT, MailKind.CERTIFICATE)

    @property
    def keeps_answer(self) -> bool:
        """Return whether it only offers to change an answer that is on record."""
        return self.kind not in (MailKind.INVITATION, MailKind.CHANGE) and bool(self.values.get("answer"))


@dataclass(frozen=True)
class Section:
    heading: str
    groups: list[list[MailBlock]]


@dataclass(frozen=True)
class MailContent:
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class _Content:
    """preheader: what lists of mails show beside the subject. intro, lead, asked: shown first in HTML, so that the button
    stands on a phone's first screen; html_sections is the rest."""

    subject: str
    preheader: str
    locale: str
    letterhead: str
    letterhead_detail: str
    greeting: str
    opening: list[str]
    sections: list[Section]
    intro: list[MailBlock]
    lead: str
    asked: list[list[MailBlock]]
    html_sections: list[Section]
    contacts: list[TextPart]
    closing: str
    unit: str
    footer: list[list[TextPart]] = field(default_factory=list)


def write(
    said: Sequence[LetterSection], recipient: Recipient, office: Office | None, *, common_subject: str = ""
) -> MailContent:
    """Return the letter in the current words (recipient.spoken_to). common_subject: of a letter with several sections."""
    said = [replace(section, text=addressed(section.text)) for section in said]
    first = said[0]
    several = len(said) > 1
    sections = [_section(section, recipient, several=several) for section in said]
    asking = [section for section in said if section.asks]
    if several:
        sections, closing = _said_once(sections)
        closing = _asked_once(said, closing, recipient.link) if recipient.link and asking else closing
        sections += [Section("", closing)] if closing else []
    intro, asked, rest = _first_screen(sections)
    content = _Content(
        subject=common_subject if several else subject_of(first),
        preheader=_preheader(said, asking=bool(asking)),
        locale=recipient.locale,
        letterhead=placeholders.clean(office.name) if office else "",
        letterhead_detail=_letterhead_detail(office),
        greeting=placeholders.fill(first.text.greeting, first.values),
        opening=[words for words in (_OPENING[recipient.locale], _introduction(said) if several else "") if words],
        sections=sections,
        intro=intro,
        lead="" if several or not asked else _joined(first.values, ("when", "turn", "venue")),
        asked=asked,
        html_sections=rest,
        contacts=_contacts(said, recipient, asking=any(asks(line.text.body) for line in said)),
        closing=gettext("Thank you for your attention and your time.") if asking else "",
        unit=placeholders.clean(office.short_name) if office else "",
        footer=_footer(
            recipient,
            office,
            first.kind,
            linked=bool(asking),
            says_free=any(_SAYS_FREE.search(section.text.body) for section in said),
        ),
    )
    env = current_app.jinja_env
    return MailContent(
        content.subject,
        env.get_template("email/message/body.txt").render(letter=content).strip() + "\n",
        env.get_template("email/message/body.html").render(letter=content),
    )


def addressed(text: Text) -> Text:
    """Return a text as it addresses the current reader: an adult, or a child."""
    child = addressing.reads_child()
    return Text(*(addressing.to(part, child=child) for part in (text.subject, text.greeting, text.body)))


def subject_of(said: LetterSection) -> str:
    filled = placeholders.fill_line(said.text.subject, said.values) or []
    return "".join(part.text for part in filled).strip()


def _first_screen(sections: Sequence[Section]) -> tuple[list[MailBlock], list[list[MailBlock]], list[Section]]:
    """Return what HTML shows first (the first words and the groups with buttons), and the rest of the sections."""
    asked = [
        group for section in sections for group in section.groups if any(isinstance(block, Button) for block in group)
    ]
    first = sections[0].groups[0] if sections[0].groups and not sections[0].heading else []
    intro = first if asked and first not in asked and all(isinstance(block, Paragraph) for block in first) else []
    rest = [
        Section(section.heading, [g for g in section.groups if g not in asked and g is not intro])
        for section in sections
    ]
    return intro, asked, [section for section in rest if section.heading or section.groups]


def _preheader(said: Sequence[LetterSection], *, asking: bool) -> str:
    """Return day, hours, place and deadline; of several activities their titles and days. A speaker reads their turn."""
    if len(said) > 1:
        return "; ".join(section.heading for section in said)[:200]
    values = said[0].values
    if said[0].kind is MailKind.POSTPONEMENT:  # its day would look like an invitation
        return " · ".join(part for part in (gettext("The new date follows."), _joined(values, ("reason",))) if part)
    deadline = values.get("deadline", "") if asking else ""
    until = gettext("answer by %(deadline)s", deadline=deadline) if deadline else ""
    at = "turn_on" if values.get("turn_on") and said[0].kind is not MailKind.CANCELLATION else "when"
    return " · ".join(part for part in (_joined(values, (at, "venue")), until) if part)


def _joined(values: Mapping[str, str], names: Sequence[str]) -> str:
    return " · ".join(placeholders.clean(values[name]) for name in names if values.get(name))


def _section(said: LetterSection, recipient: Recipient, *, several: bool) -> Section:
    unasked = (bool(recipient.represents) and not said.is_for_whoever_acts) or not said.takes_answers
    blocks = blocks_of(said.text.body, said.values, without_buttons=several, without_asking=unasked)
    shown = [*blocks, *map(_paragraph, said.letters), *([said.code] if said.code else []), *said.feedback]
    return Section(said.heading if several else "", _grouped(shown))


def _said_once(sections: list[Section]) -> tuple[list[Section], list[list[MailBlock]]]:
    """Move what every section says in exactly the same words to the end, where it is said once.

    What only some sections say stays under their headings. What names an activity stays, too, even if it is the same in
    all: at the end it could be read as being about the others.
    """
    common = [
        group
        for group in sections[0].groups
        if not any(_naming(block) for block in group) and all(group in other.groups for other in sections)
    ]
    return [Section(s.heading, [g for g in s.groups if g not in common]) for s in sections], common


def _asked_once(said: Sequence[LetterSection], closing: list[list[MailBlock]], link: str) -> list[list[MailBlock]]:
    """Return the closing with one request for an answer and one link for everything."""
    if all(section.kind is MailKind.INVITATION for section in said):
        words = gettext("All these invitations can be answered on one page; no account is needed.")
        wanted = [group for group in closing if not _asking(group)]  # the sentence above replaces them
        return [[_paragraph(words), Button(gettext("Answer the invitations"), link)], *wanted]
    words = gettext("All answers asked for here can be given on one page; no account is needed.")
    before = [group for group in closing if _asking(group)]
    after = [group for group in closing if not _asking(group)]
    return [*before, [_paragraph(words), Button(gettext("Answer the invitations"), link)], *after]


def _asking(group: list[MailBlock]) -> bool:
    return any(isinstance(block, Paragraph) and block.asks for block in group)


def _naming(block: MailBlock) -> bool:
    return isinstance(block, Paragraph | MailTable) and block.names


def _introduction(said: Sequence[LetterSection]) -> str:
    if all(section.kind is MailKind.INVITATION for section in said):
        return gettext("We invite you to the following activities.")
    return gettext("We write to you about several activities.")


def _paragraph(words: str) -> Paragraph:
    return Paragraph(((TextPart(words),),))


def _contacts(said: Sequence[LetterSection], recipient: Recipient, *, asking: bool) -> list[TextPart]:
    """Return the phone contacts as a sentence, each number as a link.

    A representative is asked for no answer of the invitee's, so they call if they cannot come. So do invitees who are
    asked too late to answer.
    """
    late = [line for line in said if asks(line.text.body) and not line.takes_answers]
    found = "; ".join(
        contact for contact in dict.fromkeys(contact_line(*section.contact) for section in said) if contact
    )
    if not found:
        return []
    if recipient.represents and asking and not any(section.is_for_whoever_acts for section in said):
        sentence = gettext("If you cannot come, please call us: %(contacts)s.", contacts=found)
    elif late and all(line.keeps_answer for line in late):
        sentence = gettext(
            "Answers by link have closed. If your plan changes, please call us: %(contacts)s.", contacts=found
        )
    elif late:
        sentence = gettext(
            "Answers by link have closed. Please call us to tell whether you come: %(contacts)s.", contacts=found
        )
    else:
        sentence = gettext("Questions? Call %(contacts)s.", contacts=found)
    parts = [TextPart(sentence)]
    for number in dict.fromkeys(formats.phone(section.contact[1]) for section in said):
        called = placeholders.called(parts[-1].text, {"contact_phone": number}) if number else []
        parts = [*parts[:-1], *called] if len(called) > 1 else parts
    return parts


def _grouped(blocks: Sequence[MailBlock]) -> list[list[MailBlock]]:
    """Group consecutive buttons, and a paragraph with the buttons that follow it."""
    groups: list[list[MailBlock]] = []
    for block in blocks:
        last = groups[-1][-1] if groups else None
        if isinstance(block, Button) and isinstance(last, Button | Paragraph):
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _letterhead_detail(office: Office | None) -> str:
    if office is None:
        return ""
    parts = (office.address, formats.phone(office.phone), office.email)
    return " · ".join(placeholders.clean(part) for part in parts if part)


def _footer(
    recipient: Recipient, office: Office | None, kind: MailKind | None, *, linked: bool, says_free: bool
) -> list[list[TextPart]]:
    """Return the small print. linked: whether the letter has a link to the recipient's own page. says_free: whether its text
    says already that nothing is to be paid.
    """
    name = placeholders.clean(office.short_name) if office else ""
    # Fraud in an office's name is common, so each mail to people outside says it, whatever its text is.
    never = "" if says_free else gettext("No fee is ever asked.")
    beware = gettext("If somebody asks for money in our name, do not pay, and tell us.")
    free = [TextPart(" ".join(filter(None, (never, beware))))]
    if recipient.represents:
        who = placeholders.clean(recipient.represents)
        why = gettext("You get this mail because %(name)s named you to come in their place.", name=who)
        own_page = [[TextPart(gettext("Your own page:") + " "), TextPart(recipient.link, link=True)]]
        return [[TextPart(why)], free, *(own_page if recipient.link else []), _privacy()]
    if recipient.assists:
        who = placeholders.clean(recipient.assists)
        why = gettext(
            "You get this mail because our office knows you as the adjutant or secretary of %(name)s.", name=who
        )
        power = gettext("Everyone who has the link can answer in the name of %(name)s.", name=who)
        stop = [TextPart(gettext("To get no more such mails:") + " "), TextPart(recipient.stop_link, link=True)]
        return [[TextPart(why)], free, *([[TextPart(power)]] if linked else []), stop, _privacy()]
    if kind is MailKind.DIGEST:
        why = gettext(
            "You get this summary because you asked for it in Outreach. You can stop it there, under the bell."
        )
    elif kind is MailKind.ACCOUNT:
        return [
            [TextPart(gettext("You get this mail because you have an account in %(office)s's Outreach.", office=name))]
        ]
    elif kind is MailKind.FOLLOW_UP:
        why = gettext("You get this mail because %(office)s noted that you take care of this.", office=name)
    elif kind is MailKind.MINUTES and not recipient.link:
        return [[TextPart(gettext("You get this mail because you sent these minutes for approval."))]]
    elif kind is MailKind.PRIVACY:
        why = gettext("You get this mail because of a request about personal data that %(office)s holds.", office=name)
    elif kind is MailKind.POLL:
        why = gettext("You get this mail because %(office)s is planning an activity with you.", office=name)
    else:
        why = gettext("You get this mail because %(office)s invited you to an activity.", office=name)
    if not recipient.link:
        return [[TextPart(why)]] if kind is MailKind.DIGEST else [[TextPart(why)], free, _privacy()]
    personal = gettext(
        "The link is meant for you: everyone who has it can answer in your name. "
        "Please pass it on only to the person who answers for you."
    )
    return [
        [TextPart(why)],
        free,
        *([[TextPart(personal)]] if linked else []),
        [TextPart(gettext("To stop reminders:") + " "), TextPart(recipient.stop_link, link=True)],
        _privacy(),
    ]


def _privacy() -> list[TextPart]:
    """Return the footer's line that leads to the office's privacy page."""
    page = f"{current_settings().base_url.rstrip('/')}/privacy"
    return [TextPart(gettext("How we handle your data:") + " "), TextPart(page, link=True)]
