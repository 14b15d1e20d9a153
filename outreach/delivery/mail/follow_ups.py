"""The mail that reminds the owner of follow-ups: one a day, with all that is due. Its recheck and its text.

Such a message has FollowUpLines in place of lines. services/minutes/remind.py writes it. domain/follow_ups.py has the rule when
a line is still true.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import force_locale, gettext, ngettext
from sqlalchemy.orm import Session, joinedload

from outreach.delivery import tokens
from outreach.delivery.mail import compose, headers, letter, values
from outreach.delivery.mail.compose import Composed
from outreach.delivery.mail.placeholders import plain
from outreach.delivery.mail.recipient import locale_of, recipient_of
from outreach.delivery.mail.texts import Text
from outreach.delivery.rows.batch import MessageRow
from outreach.delivery.words import formats
from outreach.domain import follow_ups as rules
from outreach.domain.directory import email_addresses
from outreach.domain.follow_ups import OVERDUE, FollowUpFacts
from outreach.domain.kinds import LinkPurpose, MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.zones import DEFAULT
from outreach.models import FollowUp, FollowUpLine, Minutes, Office

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


def written(lines: Lines, row: MessageRow, office: Office | None, *, now: datetime) -> Composed:
    """Return the mail in its owner's language. Raise AddressUnusable if no mail can be sent to the address."""
    address = headers.envelope_address(row.email)
    recipient = recipient_of(row, tokens.tokens_by_nonce()(row.link_nonce))
    with force_locale(locale_of(row)):
        said = _said(lines, recipient.salutation or recipient.name, office)
        text = letter.write([said], recipient, office)
        return compose.as_mail(text, recipient, address, office, row.rfc_message_id, now=now)


def owner_url(follow_up: FollowUp) -> str:
    """Return the absolute address of the page where the owner says that it is done."""
    return f"{tokens.page_url(tokens.tokens_by_nonce(LinkPurpose.FOLLOW_UP)(follow_up.nonce))}/follow-up"


def _said(lines: Lines, name: str, office: Office | None) -> letter.LetterSection:
    late = [line for line in lines if line.lead == OVERDUE]
    count = len(lines)
    if late and len(late) == count:
        subject = ngettext("%(num)d task is overdue", "%(num)d tasks are overdue", count)
    else:
        subject = ngettext("%(num)d task is due soon", "%(num)d tasks are due soon", count)
    parts = [gettext("These tasks were agreed at our meetings, and are yours:")]
    for number, line in enumerate(lines, start=1):
        task = line.follow_up
        day = formats.day(task.due_on)
        until = gettext("was due on %(day)s", day=day) if line.lead == OVERDUE else gettext("due on %(day)s", day=day)
        activity = task.minutes.activity
        held = formats.day(activity.starts_at, activity.zone)
        about = plain(f"({activity.neutral_title}, {held})")
        parts.append(f"{number}. {plain(task.what)} – {until}\n{about}\n{owner_url(task)}")
    parts.append(gettext("If it is done, please press “Done” on its page. No login is needed."))
    text = Text(subject, gettext("Dear %(name)s,", name="{name}"), "\n\n".join(parts))
    return letter.LetterSection(text, {"name": name}, subject, values.contact_of(None, office), MailKind.FOLLOW_UP)
