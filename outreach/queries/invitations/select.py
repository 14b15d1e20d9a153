"""The select behind every list of an activity's invitees: filters, order, and the related rows to load."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload, selectinload

from outreach.domain.kinds import Audience, MailKind, Role, Sector
from outreach.domain.states import ActivityState, InvitationState, ReminderState
from outreach.models import Activity, Cadre, Invitation, InvitedPost, MessageLine, Organisation, Person, Reminder, User
from outreach.queries.invitations.counting import COUNTED, IS_SILENT, is_outdated
from outreach.services.addresses import no_mail_reaches
from outreach.services.reminders.audiences import PRESENT

OUT = (InvitationState.NOT_COMING, InvitationState.WITHDRAWN)
_own = aliased(Organisation)  # the invited organisation
_employer = aliased(Organisation)  # the invited person's organisation
_host = aliased(Invitation)  # the invitation of the organisation that nominated
_host_organisation = aliased(Organisation)
_moved = aliased(Activity)


@dataclass(frozen=True)
class InviteeFilters:
    """Filters of the list; empty values filter nothing. region_code: a kecamatan or a kelurahan."""

    q: str = ""
    role: Role | None = None
    state: InvitationState | None = None
    region_code: str = ""
    sector: Sector | None = None
    no_address: bool = False
    unanswered: bool = False  # in each of the states without an answer, and not come
    outdated: bool = False  # their answer is to a day before a move
    unreminded: bool = False  # invited after the last reminder to answer, as `unreminded` says


def row_options() -> tuple[Any, ...]:
    """Return the load options for a row of an invitee; the number of statements is fixed."""
    region = (joinedload(Person.region), joinedload(Person.organisation))
    return (
        joinedload(Invitation.person).options(*region, selectinload(Person.cadre_roles).joinedload(Cadre.region)),
        joinedload(Invitation.organisation).joinedload(Organisation.region),
        joinedload(Invitation.as_post).joinedload(InvitedPost.post),
        joinedload(Invitation.nominated_under).joinedload(Invitation.organisation),
        joinedload(Invitation.answer_recorded_by).lazyload(User.roles),
        joinedload(Invitation.attendance),
        joinedload(Invitation.declined),
        selectinload(Invitation.nominees).load_only(Invitation.state, Invitation.nominated_under_id),
    )


def matching(activity_id: int, filters: InviteeFilters) -> sa.Select[Any]:
    """Return the select of an activity's invitations that match the filters."""
    return narrowed(sa.select(Invitation).where(Invitation.activity_id == activity_id), filters)


def narrowed(wanted: sa.Select[Any], filters: InviteeFilters) -> sa.Select[Any]:
    """Return a select of invitations with only those that match the filters."""
    wanted = (
        wanted.outerjoin(Person, Person.id == Invitation.person_id)
        .outerjoin(_own, _own.id == Invitation.organisation_id)
        .outerjoin(_employer, _employer.id == Person.organisation_id)
        .outerjoin(_host, _host.id == Invitation.nominated_under_id)
        .outerjoin(_host_organisation, _host_organisation.id == _host.organisation_id)
    )
    if filters.q:
        texts = (
            Person.name, Person.post, Invitation.representative_name, _own.name, _own.short_name,
            _employer.name, _employer.short_name, _host_organisation.name, _host_organisation.short_name,
        )  # fmt: skip
        wanted = wanted.where(sa.or_(*(text.icontains(filters.q, autoescape=True) for text in texts)))
    if filters.role:
        wanted = wanted.where(Invitation.role == filters.role)
    if filters.state:
        wanted = wanted.where(Invitation.state == filters.state, COUNTED)
    if filters.unanswered:
        wanted = wanted.where(IS_SILENT, COUNTED)
    if filters.outdated:
        wanted = wanted.join(_moved, _moved.id == Invitation.activity_id).where(is_outdated(_moved), COUNTED)
    if filters.unreminded:
        wanted = wanted.where(unreminded(), COUNTED)
    if filters.region_code:
        wanted = wanted.where(_in_region(filters.region_code))
    if filters.sector:
        wanted = wanted.where(sa.or_(*(o.sector == filters.sector for o in (_own, _employer, _host_organisation))))
    if filters.no_address:
        wanted = wanted.where(unreached())
    return wanted


def invitees_wanted(activity_id: int, filters: InviteeFilters) -> sa.Select[Any]:
    """Return the select of the list of invitees. Withdrawn ones are in it only if the filter asks for that state."""
    wanted = matching(activity_id, filters)
    return wanted if filters.state else wanted.where(Invitation.state != InvitationState.WITHDRAWN)


def unreached() -> sa.ColumnElement[bool]:
    """Return the condition, in a select of `narrowed`, that no mail reaches the invitee."""
    return no_mail_reaches(sa.func.coalesce(Person.email, _own.email))


def unreminded() -> sa.ColumnElement[bool]:
    """Return the condition, in a select of `narrowed`, that an invitee was never reminded to answer, and that no rule will.

    They were invited on the day of the activity's last reminder, by a rule or by hand, or later. Left out are those that
    no reminder by hand would reach: without an address, with reminders stopped, or invited after the deadline.
    """
    asking = sa.and_(
        Reminder.activity_id == Invitation.activity_id,
        Reminder.kind == MailKind.REMINDER,
        Reminder.audience == Audience.UNANSWERED,
    )
    went = Reminder.state.in_((ReminderState.EXPANDED, ReminderState.MISSED))
    own = sa.and_(MessageLine.invitation_id == Invitation.id, MessageLine.reminder_id == Reminder.id)
    stopped = sa.func.coalesce(Person.reminders_stopped_at, _own.reminders_stopped_at)
    return sa.and_(
        Invitation.state == InvitationState.INVITED,
        ~PRESENT,
        ~unreached(),
        stopped.is_(None),
        sa.exists()
        .where(
            Activity.id == Invitation.activity_id,
            Activity.state == ActivityState.PUBLISHED,
            Activity.respond_by_at > Invitation.invited_at,
        )
        .correlate(Invitation),
        sa.exists().where(asking, went).correlate(Invitation),
        ~sa.exists().where(asking, Reminder.state == ReminderState.SCHEDULED).correlate(Invitation),
        ~sa.exists().where(own, Reminder.kind == MailKind.REMINDER).correlate(Invitation),
    )


def phone() -> sa.ColumnElement[str]:
    """Return, in a select of `narrowed`, the invitee's own phone number, or ""."""
    return sa.func.coalesce(Person.phone, _own.phone, "")


def to_call(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition, in a select of `narrowed` joined with Activity, that the invitee needs a call.

    These are all who have not answered; after a move also those who answered before it; after a cancellation or
    postponement all who were expected and get no mail. Declined and withdrawn invitees are not told of changes, as with
    mails. While an activity's invitations wait for their moment, invitees who wait for one are not called. If the
    activity is cancelled before that moment, they are never told.
    """
    told = Activity.told_at <= now
    waits = sa.and_(Activity.told_at.is_not(None), Activity.told_at > now)
    expected = Invitation.state.not_in(OUT)
    outdated = sa.func.coalesce(Invitation.answered_sequence, 0) < Activity.sequence
    published = Activity.state == ActivityState.PUBLISHED
    return sa.or_(
        sa.and_(Activity.state.in_((ActivityState.PUBLISHED, ActivityState.HELD)), IS_SILENT),
        sa.and_(published, Invitation.state == InvitationState.PREPARED, sa.not_(waits), unreached(), ~PRESENT),
        sa.and_(published, expected, outdated, Invitation.state != InvitationState.PREPARED, ~PRESENT),
        sa.and_(
            Activity.state == ActivityState.CANCELLED,
            expected,
            sa.or_(told, Invitation.state != InvitationState.PREPARED),
            unreached(),
        ),
        sa.and_(
            Activity.state == ActivityState.POSTPONED,
            expected,
            unreached(),
            Invitation.state != InvitationState.PREPARED,
        ),
    )


def displayed_name() -> sa.ColumnElement[str]:
    """Return, in a select of `narrowed`, the invitee's name as lists are ordered by it."""
    return sa.func.lower(sa.func.coalesce(_own.name, sa.case((Person.name == "", Person.post), else_=Person.name)))


def rank() -> sa.ColumnElement[int]:
    """Return the position of an invitation's role in lists: speakers first."""
    return sa.case({role.value: n for n, role in enumerate(Role)}, value=sa.cast(Invitation.role, sa.String))


def _in_region(code: str) -> sa.ColumnElement[bool]:
    volunteers = sa.select(Cadre.person_id).where(Cadre.region_code.startswith(code, autoescape=True))
    return sa.or_(
        Person.region_code.startswith(code, autoescape=True),
        _own.region_code.startswith(code, autoescape=True),
        Invitation.person_id.in_(volunteers),
    )


def order() -> tuple[Any, ...]:
    """Return the order of a list: by role, then name; nominees come after the organisation that nominated them."""
    name = sa.case((Person.name == "", Person.post), else_=Person.name)
    group = sa.func.coalesce(_host_organisation.name, _own.name, name)
    return rank(), sa.func.lower(group), Invitation.nominated_under_id.is_not(None), sa.func.lower(name), Invitation.id
