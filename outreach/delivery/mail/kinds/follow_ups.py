"""The mail that reminds the owner of follow-ups: one a day, with all that is due. Its recheck and its text.

Such a message has FollowUpLines in place of lines. services/minutes/remind.py writes it. domain/minutes/follow_ups.py has the
rule when a line is still true.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session, joinedload

from outreach.delivery import tokens
from outreach.delivery.mail import compose, headers, letter, texts, values
from outreach.delivery.mail.compose import Composed
from outreach.delivery.mail.placeholders import clean
from outreach.delivery.mail.recipient import Recipient, recipient_of, spoken_to
from outreach.delivery.mail.texts import FOLLOW_UP_TEXT
from outreach.delivery.rows.batch import MessageRow
from outreach.delivery.words import formats
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import LinkPurpose, MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.minutes import follow_ups as rules
from outreach.domain.minutes.follow_ups import OVERDUE, FollowUpFacts
from outreach.domain.zones import DEFAULT
from outreach.models import Activity, FollowUp, FollowUpLine, Minutes, Office

Lines = Sequence[FollowUpLine]


def lines_of(session: Session, rows: Collection[MessageRow]) -> Mapping[int, Lines]:
    """Return the follow-ups that these messages remind of, by message. Without such messages, nothing is read."""
    ids = [row.id for row in rows if row.kind is MailKind.FOLLOW_UP]
    if not ids:
        return {}
    found: dict[int, list[FollowUpLine]] = defaultdict(list)
    for line in session.scalars(
        sa.select(FollowUpLine)
        .where(FollowUpLine.message_id.in_(ids))
        .options(joinedload(FollowUpLine.follow_up).joinedload(FollowUp.minutes).joinedload(Minutes.activity))
        .order_by(FollowUpLine.due_on, FollowUpLine.id)
        .execution_options(populate_existing=True)
    ):
        found[line.message_id or 0].append(line)
    return found


def true_lines(
    lines: Lines, row: MessageRow, blocked: Collection[str], office: Office | None, *, now: datetime
) -> tuple[Lines, SkipReason | None]:
    """Return the lines that are still true, and if there is none, why."""
    because = rules.mail_skip_because(
        erased=row.erased, stopped=row.stopped, has_address=bool(row.email),
        blocked=email_addresses.key(row.email) in blocked if row.email else False, expires_at=row.expires_at, now=now,
    )  # fmt: skip
    if because is not None:
        return (), because
    today = now.astimezone(office.zone if office else DEFAULT).date()
    judged = [(line, _judged(line, row, today)) for line in lines]
    true = [line for line, reason in judged if reason is None]
    if true:
        return true, None
    return (), next((reason for _line, reason in judged if reason), SkipReason.FOLLOW_UP_SETTLED)


def _judged(line: FollowUpLine, row: MessageRow, today: date) -> SkipReason | None:
    found = line.follow_up
    return rules.skip_because(
        FollowUpFacts(
            state=found.state,
            still_owner=(found.person_id, found.organisation_id) == (row.person_id, row.organisation_id),
            due_on=found.due_on,
            told_due_on=line.due_on,
            lead=line.lead,
            today=today,
        )
    )


def written(session: Session, lines: Lines, row: MessageRow, office: Office | None, *, now: datetime) -> Composed:
    """Return the mail in its owner's language. Raise AddressUnusable if no mail can be sent to the address."""
    address = headers.envelope_address(row.email)
    recipient = recipient_of(row, tokens.tokens_by_nonce()(row.link_nonce))
    with spoken_to(recipient):
        said = _said(session, lines, recipient, office)
        text = letter.write([said], recipient, office)
        return compose.as_mail(text, recipient, address, office, row.rfc_message_id, now=now)


def owner_url(follow_up: FollowUp) -> str:
    """Return the absolute address of the page where the owner says that it is done."""
    return f"{tokens.page_url(tokens.tokens_by_nonce(LinkPurpose.FOLLOW_UP)(follow_up.nonce))}/follow-up"


def sample(activity: Activity, link: str, today: date) -> dict[str, str]:
    """Return the values for a preview of the text, as if there were one task."""
    row = _row("…", today, activity, link, late=False)
    return {"tasks": row, "tasks_due": ngettext("%(num)d task is due soon", "%(num)d tasks are due soon", 1)}


def _said(session: Session, lines: Lines, recipient: Recipient, office: Office | None) -> letter.LetterSection:
    count, contact = len(lines), values.contact_of(None, office)
    if all(line.lead == OVERDUE for line in lines):
        due = ngettext("%(num)d task is overdue", "%(num)d tasks are overdue", count)
    else:
        due = ngettext("%(num)d task is due soon", "%(num)d tasks are due soon", count)
    found = {
        "tasks": "\n".join(
            _row(one.what, one.due_on, one.minutes.activity, owner_url(one), late=line.lead == OVERDUE)
            for line in lines
            if (one := line.follow_up)
        ),
        "tasks_due": due,
        "name": recipient.name,
        "salutation": recipient.salutation or recipient.name,
        "office": recipient.organisation,
        "contact": values.contact_line(*contact),
        "contact_name": contact[0],
        "contact_phone": formats.phone(contact[1]),
        "unit": office.short_name if office else "",
    }
    text = texts.of_office(session, FOLLOW_UP_TEXT, recipient.locale)
    return letter.LetterSection(text, found, due, contact, MailKind.FOLLOW_UP)


def _row(what: str, due_on: date, activity: Activity, link: str, *, late: bool) -> str:
    """Return a line of the list: until when, what, from which meeting, and the page of the task."""
    day = formats.day(due_on)
    until = gettext("Was due on %(day)s", day=day) if late else gettext("Due on %(day)s", day=day)
    held = formats.day(activity.starts_at, activity.zone)
    return f"{until}: {clean(what)} ({clean(activity.neutral_title)}, {held}) {link}"
