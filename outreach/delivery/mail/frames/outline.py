"""What the messages of a batch say, without the recipients' own values. Messages with the same key share it.

The key and the fingerprint contain, by value, everything else that a mail depends on. Two recipients therefore share
only what is the same for both.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.delivery.mail import attached, compose, texts, values
from outreach.delivery.mail import recipient as recipients
from outreach.delivery.mail.blocks import Button, Paragraph, blocks_of
from outreach.delivery.mail.compose import Composed, Item
from outreach.delivery.mail.frames import slots
from outreach.delivery.mail.letter import addressed
from outreach.delivery.mail.placeholders import clean
from outreach.delivery.mail.recipient import Recipient
from outreach.delivery.rows.batch import LineRow, MessageRow, SharedRows
from outreach.domain.kinds import MailKind
from outreach.domain.reminders.due import days_ahead
from outreach.extensions import current_settings

ValuePattern = tuple[int, ...]  # which values are empty (-1), and which equal an earlier one


@dataclass
class Outline:
    """What a message says, without its recipient's own values. All messages with the same key in a batch share it."""

    locale: str
    items: list[Item]
    wanted: frozenset[str]
    fingerprint: tuple[Any, ...]
    shares_phone: bool = False
    child: bool = False
    framed: dict[ValuePattern, Any] = field(default_factory=dict)  # frames found for it by mail/frames/frame.py


class OutlineBatch:
    """What the messages of a batch share, looked up once."""

    def __init__(self, session: Session, shared: SharedRows, now: datetime) -> None:
        self.session = session
        self.shared = shared
        self.now = now
        self.date_field = compose.date_field(now, shared.office)
        self.stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}".encode()
        self.token_of = tokens.tokens_by_nonce()
        self._texts = texts.stored(session, list(shared.activities.values()))
        self._kinds = {id_: reminder.kind for id_, reminder in shared.reminders.items()}
        self._speakers = {
            id_: frozenset(speaker.id for item in activity.agenda for speaker in item.speakers)
            for id_, activity in shared.activities.items()
        }
        self._columns: dict[tuple[type, int], tuple[Any, ...]] = {}
        self._outlines: dict[tuple[Any, ...], Outline] = {}

    def has_topics(self, row: MessageRow, lines: Sequence[LineRow]) -> bool:
        """Return whether the recipient speaks at one of the activities, because their topics are theirs alone."""
        return any(row.person_id in self._speakers[line.activity_id] for line in lines)

    def outline(self, row: MessageRow, lines: Sequence[LineRow]) -> Outline:
        key = (
            recipients.locale_of(row),
            row.person_id is None,
            row.shares_phone,
            row.child,
            *[self._key(row, line) for line in lines],
        )
        found = self._outlines.get(key)
        if found is None:
            found = self._outlines[key] = self._new_outline(key, row, lines)
        return found

    def represented(self, row: MessageRow, lines: Sequence[LineRow]) -> Composed:
        naming = next(line for line in row.lines if line.invitation_id == row.representative_of_id)
        return self._composed(self.outline(row, lines), row, lines, recipients.recipient_of(row, "", naming))

    def ordinary(self, outline: Outline, row: MessageRow, lines: Sequence[LineRow], token: str) -> Composed:
        return self._composed(outline, row, lines, recipients.recipient_of(row, token))

    def exemplar(self, outline: Outline, marks: Sequence[str]) -> tuple[Composed, frozenset[str]]:
        """Return the mail to a recipient whose values are these marks, in the order of values_of.

        For a mail with several activities, also return the texts in its sections. Text that all sections share is said
        once, and a value equal to such a text could be taken for it.
        """
        recipient, items = _exemplar(outline, marks)
        composed = compose.written(items, recipient, self.shared.office, slots.MESSAGE_ID, now=self.now)
        return composed, self._said(items, recipient) if len(items) > 1 else frozenset()

    def _composed(self, outline: Outline, row: MessageRow, lines: Sequence[LineRow], recipient: Recipient) -> Composed:
        items = [replace(item, line=line) for item, line in zip(outline.items, lines, strict=True)]
        return compose.written(items, recipient, self.shared.office, row.rfc_message_id, now=self.now)

    def _said(self, items: Sequence[Item], recipient: Recipient) -> frozenset[str]:
        with recipients.spoken_to(recipient):
            said = [compose.say(item, recipient, self.shared.office, now=self.now) for item in items]
            blocks = [block for line in said for block in blocks_of(addressed(line.text).body, line.values)]
        parts = [
            part
            for block in blocks if not isinstance(block, Button)
            for line in (block.lines if isinstance(block, Paragraph) else [row.parts for row in block.rows])
            for part in line
        ]  # fmt: skip
        return frozenset(part.text for part in parts)

    def _key(self, row: MessageRow, line: LineRow) -> tuple[Any, ...]:
        kind, activity = self._kinds[line.reminder_id], self.shared.activities[line.activity_id]
        return (
            line.reminder_id,
            line.activity_id,
            line.role,
            line.state,
            line.quota,
            line.revision,
            values.answer_until(line, activity, self.now),
            line.answered_at is None,
            line.answered_sequence,
            line.nominated_under_id is None,
            line.representative_email == "",
            values.representative(line, kind) == "",
            line.moves,
            attached.of_mail(kind, line.letters),
            compose.expected_otherwise(self.session, row, line, kind) if kind is MailKind.WITHDRAWAL else None,
        )

    def _new_outline(self, key: tuple[Any, ...], row: MessageRow, lines: Sequence[LineRow]) -> Outline:
        items = [
            self._item(row, line, in_calendar=not line_key[-1]) for line, line_key in zip(lines, key[4:], strict=True)
        ]
        wanted = frozenset().union(*[item.text.names for item in items])
        fingerprint = (key, current_settings(), self._values_of(self.shared.office), *map(self._fingerprint, items))
        return Outline(key[0], items, wanted, fingerprint, shares_phone=key[2], child=key[3])

    def _item(self, row: MessageRow, line: LineRow, *, in_calendar: bool) -> Item:
        reminder, activity = self.shared.reminders[line.reminder_id], self.shared.activities[line.activity_id]
        moves = [self.shared.reminders[id_] for id_ in line.moves]
        key = compose.text_key(row, line, reminder, moves)
        text = texts.chosen(self._texts, key, recipients.locale_of(row), activity, reminder.text_key)
        return compose.item_of(self.session, line, reminder, activity, text, moves=moves, in_calendar=in_calendar)

    def _fingerprint(self, item: Item) -> tuple[Any, ...]:
        """Return, by value, everything that an item's text depends on, except its key and its recipient."""
        activity = item.activity
        return (
            item.text,
            json.dumps(item.detail, sort_keys=True, default=str),
            tuple(sorted(item.counted.items())),
            item.asks_feedback,
            days_ahead(activity.starts_at, self.now, activity.zone),
            *[self._values_of(owner) for owner in (activity, activity.programme, activity.venue)],
        )

    def _values_of(self, stored: Any) -> tuple[Any, ...]:
        if stored is None:
            return ()
        key = (type(stored), stored.id)
        if key not in self._columns:
            names = sa.inspect(type(stored)).column_attrs.keys()
            self._columns[key] = tuple(getattr(stored, name) for name in names)
        return self._columns[key]


def values_of(outline: Outline, row: MessageRow, lines: Sequence[LineRow]) -> list[str]:
    """Return the recipient's values, each on one line: the name, then those that the texts use."""
    found = [recipients.display_name(row)]
    wanted = outline.wanted
    if "salutation" in wanted:
        found.append(recipients.salutation_of(row))
    if "cadre_kind" in wanted:
        found.append(recipients.cadre_kinds(row))
    if "kelurahan" in wanted:
        found.append(recipients.kelurahan(row))
    if "office" in wanted:
        found += [clean(line.organisation_name or row.office_name) for line in lines]
    if "representative" in wanted:
        found += [
            clean(values.representative(line, item.kind)) for item, line in zip(outline.items, lines, strict=True)
        ]
    return found


def _exemplar(outline: Outline, marks: Sequence[str]) -> tuple[Recipient, list[Item]]:
    """Return a Recipient whose values are these marks, in the order of values_of, and the items with their marks."""
    left = iter(marks)
    wanted, items = outline.wanted, outline.items
    recipient = Recipient(
        next(left),
        slots.ADDRESS,
        outline.locale,
        next(left) if "salutation" in wanted else "",
        slots.TOKEN,
        cadre_kinds=next(left) if "cadre_kind" in wanted else "",
        kelurahan=next(left) if "kelurahan" in wanted else "",
        shares_phone=outline.shares_phone,
        child=outline.child,
    )
    offices = [next(left) if "office" in wanted else "" for _ in items]
    people = [next(left) if "representative" in wanted else "" for _ in items]
    return recipient, [
        replace(item, line=_marked(item, organisation_name=office, name=name))
        for item, office, name in zip(items, offices, people, strict=True)
    ]


def _marked(item: Item, *, organisation_name: str, name: str) -> LineRow:
    """Return the item's line with these marks; without a mark if nobody is named."""
    named = name if values.representative(item.line, item.kind) else ""
    return item.line._replace(
        organisation_name=organisation_name, representative_name=named, representative_post="", unreached=named
    )
