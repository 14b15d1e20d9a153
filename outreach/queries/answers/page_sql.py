"""SQL statements of queries/answers/page.py. They are built once, which saves time on each page."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from outreach.domain.kinds import LinkPurpose
from outreach.domain.photos import PhotoAudience
from outreach.domain.states import TAKES_A_SEAT, ActivityState, CertificateState, InvitationState, PollState
from outreach.models import (
    Absence,
    ActingPerson,
    Activity,
    AgendaItem,
    Attendance,
    Certificate,
    DatePoll,
    Documentation,
    FeedbackGiven,
    FeedbackQuestions,
    FormerHolder,
    Invitation,
    InvitedPost,
    Link,
    Office,
    Organisation,
    Person,
    PollInvitee,
    Post,
    Programme,
    Venue,
    agenda_speaker,
)
from outreach.models.consents import IS_ADDRESSED_AS_CHILD
from outreach.models.invitations import POST_TITLE


def _columns(*models: Any) -> Iterable[Any]:
    """Return the columns of the models' tables. Reading rows this way is faster than loading objects."""
    return (model.__table__.c for model in models)


def _is_none_of(column: Any, states: Iterable[InvitationState]) -> Any:
    return sa.and_(*(column != state for state in states))


_ACTIVITY, _AGENDA, _INVITATION, _LINKS, _OFFICES, _ORGANISATION, _PERSON, _PROGRAMME, _VENUE = _columns(
    Activity, AgendaItem, Invitation, Link, Office, Organisation, Person, Programme, Venue
)
_EMPLOYERS = sa.alias(Organisation.__table__)
_EMPLOYER = _EMPLOYERS.c
_POST_OFFICES = sa.alias(Organisation.__table__)
_POST_OFFICE = _POST_OFFICES.c
_POLL, _ASKED, _ABSENCE, _ACTING, _FORMER, _CERTIFICATE = _columns(
    DatePoll, PollInvitee, Absence, ActingPerson, FormerHolder, Certificate
)
_ATTENDANCE, _GIVEN, _QUESTIONS, _DOCUMENTATION = _columns(Attendance, FeedbackGiven, FeedbackQuestions, Documentation)
_CONTACT = (
    _OFFICES.short_name,
    _OFFICES.contact_name.label("office_contact_name"),
    _OFFICES.contact_phone.label("office_contact_phone"),
    _OFFICES.phone.label("office_phone"),
)
OFFICE = sa.select(*_CONTACT).order_by(_OFFICES.id).limit(1)
LINK = (
    sa.select(
        _LINKS.id,
        _LINKS.person_id,
        _LINKS.organisation_id,
        _LINKS.expires_at,
        _LINKS.revoked_at,
        _PERSON.name,
        _PERSON.title_before,
        _PERSON.title_after,
        _PERSON.post,
        _PERSON.sex,
        _PERSON.locale,
        IS_ADDRESSED_AS_CHILD.label("child"),
        _PERSON.reminders_stopped_at.label("stopped"),
        _ORGANISATION.name.label("organisation_name"),
        _ORGANISATION.locale.label("organisation_locale"),
        _ORGANISATION.reminders_stopped_at.label("organisation_stopped"),
        sa.func.coalesce(_EMPLOYER.name, "").label("office_name"),
        sa.func.coalesce(_EMPLOYER.short_name, "").label("office_short_name"),
        sa.exists()
        .where(
            _ASKED.poll_id == _POLL.id,
            _POLL.state == PollState.OPEN,
            sa.or_(_ASKED.person_id == _LINKS.person_id, _ASKED.organisation_id == _LINKS.organisation_id),
        )
        .correlate(Link.__table__)
        .label("has_polls"),
        sa.exists()
        .where(sa.or_(_ABSENCE.person_id == _LINKS.person_id, _ABSENCE.organisation_id == _LINKS.organisation_id))
        .correlate(Link.__table__)
        .label("has_absences"),
        sa.exists().where(_FORMER.person_id == _LINKS.person_id).correlate(Link.__table__).label("held_posts"),
        sa.exists()
        .where(
            _INVITATION.person_id == _LINKS.person_id,
            _CERTIFICATE.invitation_id == _INVITATION.id,
            _CERTIFICATE.state == CertificateState.STANDS,
            _CERTIFICATE.acting_id.is_(None),
        )
        .correlate(Link.__table__)
        .label("has_certificates"),
        *_CONTACT,
    )
    .select_from(Link.__table__)
    .outerjoin(Person.__table__, _PERSON.id == _LINKS.person_id)
    .outerjoin(Organisation.__table__, _ORGANISATION.id == _LINKS.organisation_id)
    .outerjoin(_EMPLOYERS, _EMPLOYER.id == _PERSON.organisation_id)
    .outerjoin(
        Office.__table__, _OFFICES.id == sa.select(sa.func.min(sa.alias(Office.__table__).c.id)).scalar_subquery()
    )
    .where(_LINKS.nonce == sa.bindparam("nonce"), _LINKS.purpose == LinkPurpose.ANSWER)
)


_WAS_THERE = (
    sa.exists().where(_ATTENDANCE.invitation_id == _INVITATION.id, _ATTENDANCE.present).correlate(Invitation.__table__)
)
_SHOWS_PHOTOS = sa.and_(
    sa.exists()
    .where(_DOCUMENTATION.activity_id == _ACTIVITY.id, _DOCUMENTATION.audience != PhotoAudience.STAFF)
    .correlate(Activity.__table__),
    _WAS_THERE,
)
# Feedback is asked of who was there and has given none (services/feedback/give.py: `asked_by`).
_ASKS_FEEDBACK = sa.and_(
    sa.or_(_ACTIVITY.state == ActivityState.PUBLISHED, _ACTIVITY.state == ActivityState.HELD),
    _ACTIVITY.ends_at <= sa.bindparam("now", type_=_ACTIVITY.ends_at.type),
    _ACTIVITY.ends_at > sa.bindparam("feedback_since", type_=_ACTIVITY.ends_at.type),
    _WAS_THERE,
    ~sa.exists().where(_GIVEN.invitation_id == _INVITATION.id).correlate(Invitation.__table__),
    ~sa.exists().where(_QUESTIONS.activity_id == _ACTIVITY.id, ~_QUESTIONS.asked).correlate(Activity.__table__),
)


def _invitations(invitee: Any) -> sa.Select:
    """Return the statement for people or organisations. Seats are counted only for invitees who may still need one."""
    other = sa.alias(Invitation.__table__).c
    seats = sa.func.coalesce(_ACTIVITY.capacity, _VENUE.capacity)
    taken = (
        sa.select(sa.func.count(sa.distinct(other.person_id)))
        .where(
            other.activity_id == _ACTIVITY.id,
            other.person_id.is_not(None),
            sa.or_(*(other.state == state for state in sorted(TAKES_A_SEAT))),
        )
        .correlate(Activity.__table__)
        .scalar_subquery()
    )
    needs = sa.and_(
        seats.is_not(None), _is_none_of(_INVITATION.state, TAKES_A_SEAT), _ACTIVITY.state == ActivityState.PUBLISHED
    )
    return (
        sa.select(
            _INVITATION.id.label("invitation_id"),
            _INVITATION.role,
            _INVITATION.state,
            _INVITATION.invited_at,
            _INVITATION.answered_sequence,
            _INVITATION.quota,
            *(
                sa.func.coalesce(_ACTING[part], "").label(f"representative_{part}")
                for part in ("name", "post", "phone", "email", "rank")
            ),
            _ACTING.position,
            _ACTING.named_by,
            _ACTING.confirmed_at,
            _INVITATION.notices_wanted,
            _INVITATION.answered_at,
            _INVITATION.answer_source,
            _INVITATION.answer_device,
            _INVITATION.answer_replaced,
            _ACTIVITY.id,
            _ACTIVITY.title,
            _ACTIVITY.public_title,
            _ACTIVITY.zone,
            _ACTIVITY.starts_at,
            _ACTIVITY.ends_at,
            _ACTIVITY.registration_at,
            _ACTIVITY.respond_by_at,
            _ACTIVITY.things_to_bring,
            _ACTIVITY.state.label("activity_state"),
            _ACTIVITY.cancelled_reason,
            _ACTIVITY.sequence,
            _VENUE.name.label("venue"),
            _VENUE.address.label("venue_address"),
            _VENUE.latitude,
            _VENUE.longitude,
            _PROGRAMME.contact_name,
            _PROGRAMME.contact_phone,
            seats.label("seats"),
            sa.case((needs, taken)).label("taken"),
            _ACTIVITY.materials_published_at,
            _ASKS_FEEDBACK.label("asks_feedback"),
            sa.func.coalesce(POST_TITLE, "").label("as_post"),
            sa.func.coalesce(_POST_OFFICE.name, "").label("post_office"),
            sa.func.coalesce(_POST_OFFICE.short_name, "").label("post_office_short_name"),
            _SHOWS_PHOTOS.label("shows_photos"),
        )
        .select_from(Invitation.__table__)
        .join(Activity.__table__, _ACTIVITY.id == _INVITATION.activity_id)
        .outerjoin(ActingPerson.__table__, sa.and_(_ACTING.invitation_id == _INVITATION.id, _ACTING.acting))
        .outerjoin(InvitedPost.__table__, InvitedPost.invitation_id == _INVITATION.id)
        .outerjoin(Post.__table__, Post.id == InvitedPost.post_id)
        .outerjoin(_POST_OFFICES, _POST_OFFICE.id == Post.organisation_id)
        .outerjoin(Venue.__table__, _VENUE.id == _ACTIVITY.venue_id)
        .outerjoin(Programme.__table__, _PROGRAMME.id == _ACTIVITY.programme_id)
        .where(
            invitee == sa.bindparam("invitee"),
            _ACTIVITY.state != ActivityState.DRAFT,
            _INVITATION.state != InvitationState.PREPARED,
            # A withdrawn invitation is shown to invitees who had received it, unless the activity is over.
            sa.or_(
                _INVITATION.state != InvitationState.WITHDRAWN,
                sa.and_(
                    _INVITATION.invited_at.is_not(None),
                    sa.or_(
                        _ACTIVITY.state == ActivityState.POSTPONED,
                        sa.and_(
                            _ACTIVITY.state == ActivityState.PUBLISHED,
                            _ACTIVITY.ends_at > sa.bindparam("now", type_=_ACTIVITY.ends_at.type),
                        ),
                    ),
                ),
            ),
            sa.or_(
                _ACTIVITY.ends_at > sa.bindparam("since", type_=_ACTIVITY.ends_at.type),
                _ACTIVITY.state == ActivityState.POSTPONED,
            ),
        )
        .order_by(_ACTIVITY.starts_at, _ACTIVITY.id, _INVITATION.role)
    )


OF_PERSON = _invitations(_INVITATION.person_id)
OF_ORGANISATION = _invitations(_INVITATION.organisation_id)


def _polls(invitee: Any) -> sa.Select:
    return (
        sa.select(_POLL.id, _POLL.public_title, _POLL.kind, _POLL.closes_at, _POLL.zone, _ASKED.answered_at)
        .select_from(PollInvitee.__table__)
        .join(DatePoll.__table__, _POLL.id == _ASKED.poll_id)
        .where(
            invitee == sa.bindparam("invitee"),
            _POLL.state == PollState.OPEN,
            _POLL.closes_at > sa.bindparam("now", type_=_POLL.closes_at.type),
        )
        .order_by(_POLL.closes_at, _POLL.id)
    )


POLLS_OF_PERSON, POLLS_OF_ORGANISATION = _polls(_ASKED.person_id), _polls(_ASKED.organisation_id)
TOPICS = (
    sa.select(_AGENDA.activity_id, _AGENDA.starts_at, _AGENDA.ends_at, _AGENDA.topic)
    .select_from(AgendaItem.__table__)
    .join(agenda_speaker, agenda_speaker.c.agenda_item_id == _AGENDA.id)
    .where(
        agenda_speaker.c.person_id == sa.bindparam("invitee"),
        _AGENDA.activity_id.in_(sa.bindparam("ids", expanding=True)),
    )
    .order_by(_AGENDA.starts_at, _AGENDA.id)
)
_OWN = _PERSON.organisation_id == sa.bindparam("invitee")  # organisations see no details of other people
NOMINEES = (
    sa.select(
        _INVITATION.nominated_under_id.label("under"),
        _INVITATION.id,
        _INVITATION.state,
        _PERSON.name,
        _PERSON.title_before,
        _PERSON.title_after,
        *(
            sa.case((_OWN, column), else_="").label(column.name)
            for column in (_PERSON.post, _PERSON.phone, _PERSON.email)
        ),
    )
    .select_from(Invitation.__table__)
    .join(Person.__table__, _PERSON.id == _INVITATION.person_id)
    .where(
        _INVITATION.nominated_under_id.in_(sa.bindparam("ids", expanding=True)),
        _INVITATION.state != InvitationState.WITHDRAWN,
    )
    .order_by(_INVITATION.list_position, _INVITATION.id)
)
