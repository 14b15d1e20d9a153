"""The rows of whole lists for spreadsheets: the selects of the lists' pages, without pages. Reads only.

Long lists come as plain columns and are read in batches, so that a hundred thousand rows need little time and memory.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from outreach.extensions import db
from outreach.models import (
    Activity,
    ArchivedLine,
    ArchivedMessage,
    Assistant,
    Attendance,
    Cadre,
    GivenAnswer,
    IncomingMail,
    Invitation,
    Message,
    MessageLine,
    Organisation,
    Person,
    Region,
    User,
)
from outreach.queries import inbox
from outreach.queries import polls as polls_page
from outreach.queries import posts as post_lists
from outreach.queries.activities import lists
from outreach.queries.activities.lists import ActivityFilter, ActivityRow, ProgrammeRow
from outreach.queries.directory import lists as directory
from outreach.queries.directory.lists import PeopleFilters
from outreach.queries.inbox import InboxFilters
from outreach.queries.invitations.select import InviteeFilters, invitees_wanted, order
from outreach.queries.messages import archive
from outreach.queries.messages import log as messages_log
from outreach.queries.messages.log import MessageFilters
from outreach.queries.office import audit_log
from outreach.queries.office.audit_log import AuditFilter
from outreach.queries.polls import PollRow, Which

BATCH = 1000
SEPARATOR = "|"  # separates the values of one cell; no kind of cadre contains it


def every(select: Any) -> Iterator[Any]:
    """Yield the rows of a select in batches; objects if it selects one entity."""
    found = db.session.execute(select.execution_options(yield_per=BATCH))
    yield from found.scalars() if len(select.column_descriptions) == 1 else found


def people(filters: PeopleFilters) -> Iterator[Any]:
    parent, employer = aliased(Region), aliased(Organisation)
    kinds = (
        sa.select(sa.func.aggregate_strings(Cadre.kind.cast(sa.String), SEPARATOR))
        .where(Cadre.person_id == Person.id, Cadre.active)
        .correlate(Person)
        .scalar_subquery()
    )
    return every(
        directory.people_select(filters)
        .outerjoin(employer, employer.id == Person.organisation_id)
        .outerjoin(Region, Region.code == Person.region_code)
        .outerjoin(parent, sa.and_(parent.code == Region.parent_code, Region.level == 4))
        .outerjoin(Assistant, Assistant.person_id == Person.id)
        .with_only_columns(
            Person.name, Person.title_before, Person.title_after, Person.post, Person.sex, Person.age_group, Person.email,
            Person.phone, Person.note, Person.reminders_stopped_at, employer.name.label("organisation"),
            Region.name.label("region"), parent.name.label("district"), kinds.label("kinds"),
            Assistant.name.label("assistant_name"), Assistant.phone.label("assistant_phone"),
            Assistant.email.label("assistant_email"),
            maintain_column_froms=True,
        )
    )  # fmt: skip


def groups(q: str) -> Iterator[Any]:
    """Yield (group, member); a group without people gives no row."""
    for group in db.session.scalars(directory.groups_select(q)).unique():
        for person in group.members:
            yield group, person


def posts(q: str) -> Iterator[Any]:
    """Yield (post, holder), the first holder first; a post that nobody ever held gives one row with None."""
    for post in db.session.scalars(post_lists.posts_select(q)).unique():
        for holder in post.holders or [None]:
            yield post, holder


def organisations(q: str, sector: Any, *, no_address: bool) -> Iterator[Any]:
    wanted = directory.organisations_select(q, sector, no_address=no_address)
    return every(wanted.options(joinedload(Organisation.assistant)))


def venues(q: str) -> Iterator[Any]:
    return every(directory.venues_select(q))


def programmes(q: str) -> Iterator[ProgrammeRow]:
    for batch in _batches(lists.programmes_select(q)):
        yield from lists.programme_rows(batch)


def activities(wanted: ActivityFilter, *, now: datetime) -> Iterator[ActivityRow]:
    for batch in _batches(lists.activities_select(wanted, now=now)):
        yield from lists.activity_rows(batch)


def polls(which: Which | None) -> Iterator[PollRow]:
    for batch in _batches(polls_page.polls_select(which)):
        yield from polls_page.poll_rows(batch)


def mails_received(filters: InboxFilters) -> Iterator[Any]:
    return every(
        inbox.mail_select(filters).options(joinedload(IncomingMail.person), joinedload(IncomingMail.organisation))
    )


def audit_entries(wanted: AuditFilter, *, zone: ZoneInfo) -> Iterator[Any]:
    return every(audit_log.entries_select(wanted, zone=zone))


def messages(filters: MessageFilters) -> Iterator[Any]:
    """Yield one row for each message, the newest first, with the titles of its activities."""
    message: Any = ArchivedMessage if filters.archived else Message
    line: Any = ArchivedLine if filters.archived else MessageLine
    reader, organisation, account = aliased(Person), aliased(Organisation), aliased(User)
    titles = (
        sa.select(sa.func.aggregate_strings(Activity.title, "; "))
        .select_from(line)
        .join(Invitation, Invitation.id == line.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(line.message_id == message.id)
        .correlate(message)
        .scalar_subquery()
    )
    name = sa.func.coalesce(organisation.name, sa.func.nullif(account.name, ""), account.email)
    chosen = _archived(filters) if filters.archived else messages_log.message_select(filters)
    return every(
        chosen.outerjoin(reader, reader.id == message.person_id)
        .outerjoin(organisation, organisation.id == message.organisation_id)
        .outerjoin(account, account.id == message.user_id)
        .with_only_columns(
            message.kind, message.subject, message.address, message.state, message.reason, message.due_at,
            message.sent_at, message.attempts, message.server_reply, reader.name, reader.title_before,
            reader.title_after, reader.post, name.label("organisation"), titles.label("activities"),
            maintain_column_froms=True,
        )
        .order_by(None)
        .order_by(message.id.desc())
    )  # fmt: skip


def invitees(activity_id: int, filters: InviteeFilters) -> Iterator[Any]:
    """Yield one row for each invitee, in the order of the list."""
    own, employer, host = aliased(Organisation), aliased(Organisation), aliased(Organisation)
    under, region = aliased(Invitation), aliased(Region)
    recorder, given = aliased(User), aliased(GivenAnswer)
    by_acting = (
        sa.select(given.acting_id).where(given.invitation_id == Invitation.id).order_by(given.id.desc()).limit(1)
    )
    return every(
        invitees_wanted(activity_id, filters)
        .join(Activity, Activity.id == Invitation.activity_id)
        .outerjoin(own, own.id == Invitation.organisation_id)
        .outerjoin(employer, employer.id == Person.organisation_id)
        .outerjoin(under, under.id == Invitation.nominated_under_id)
        .outerjoin(host, host.id == under.organisation_id)
        .outerjoin(region, region.code == sa.func.coalesce(Person.region_code, own.region_code))
        .outerjoin(Attendance, Attendance.invitation_id == Invitation.id)
        .outerjoin(Invitation.declined)
        .outerjoin(recorder, recorder.id == Invitation.answer_recorded_by_id)
        .with_only_columns(
            Invitation.role, Invitation.state, Invitation.quota, Invitation.invited_at, Invitation.answered_at,
            Invitation.answer_source, Invitation.answer_note, GivenAnswer.reason, GivenAnswer.wished_on,
            Invitation.representative_name,
            Invitation.representative_post, Invitation.representative_phone, Person.name, Person.title_before,
            Person.title_after, Person.post, sa.func.coalesce(Person.email, own.email).label("email"),
            sa.func.coalesce(Person.phone, own.phone).label("phone"), own.name.label("invited_organisation"),
            employer.name.label("employer"), host.name.label("host"), region.name.label("region"),
            Attendance.present, Attendance.source.label("attendance_source"), Activity.zone,
            sa.func.coalesce(sa.func.nullif(recorder.name, ""), recorder.email).label("recorded_by"),
            by_acting.correlate(Invitation).scalar_subquery().label("answered_acting_id"),
            maintain_column_froms=True,
        )
        .order_by(*order())
    )  # fmt: skip


def _batches(select: sa.Select[Any]) -> Iterator[list[Any]]:
    rows = db.session.scalars(select.execution_options(yield_per=BATCH))
    for batch in rows.partitions():
        yield list(batch)


def _archived(filters: MessageFilters) -> sa.Select[Any]:
    return archive.matching(
        person_id=filters.person_id, organisation_id=filters.organisation_id, activity_id=filters.activity_id,
        q=filters.q.strip(),
    )  # fmt: skip
