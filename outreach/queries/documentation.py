"""The photos and the press text of an activity: for staff, for those who were there, and for everybody. It only reads.

A photo's data is read only to be sent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from outreach.domain.photos import PhotoAudience, PhotoMissing
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Activity, ActivityPhoto, Attendance, Documentation, Invitation, Material, StoredFile
from outreach.queries import representation
from outreach.queries.answers import page as answer_page
from outreach.queries.answers.page import Contact, LinkInvitee
from outreach.queries.representation import ActingPage

IN_ORDER = (ActivityPhoto.position, ActivityPhoto.id)


@dataclass(frozen=True)
class ShownDocumentation:
    """row: None if nothing was set. size: of the photos' files together, in bytes. materials: files of speakers."""

    activity: Activity
    row: Documentation | None
    photos: Sequence[ActivityPhoto]
    size: int
    materials: int

    @property
    def audience(self) -> PhotoAudience:
        return self.row.audience if self.row else PhotoAudience.STAFF

    @property
    def version(self) -> int:
        return self.row.version if self.row else 0


def of_activity(activity: Activity) -> ShownDocumentation:
    photos = db.session.scalars(
        sa.select(ActivityPhoto).where(ActivityPhoto.activity_id == activity.id).order_by(*IN_ORDER)
    ).all()
    size = db.session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(StoredFile.size), 0))
        .join(ActivityPhoto, ActivityPhoto.file_id == StoredFile.id)
        .where(ActivityPhoto.activity_id == activity.id)
    )
    materials = db.session.scalar(
        sa.select(sa.func.count()).select_from(Material).where(Material.activity_id == activity.id)
    )
    row = db.session.scalar(sa.select(Documentation).where(Documentation.activity_id == activity.id))
    return ShownDocumentation(activity, row, photos, size or 0, materials or 0)


def number_of_photos(activity_id: int) -> int:
    return (
        db.session.scalar(
            sa.select(sa.func.count()).select_from(ActivityPhoto).where(ActivityPhoto.activity_id == activity_id)
        )
        or 0
    )


def picture(activity_id: int, photo_id: int, *, large: bool) -> StoredFile:
    """Return a photo's file, or its small one. Raise PhotoMissing."""
    which = ActivityPhoto.file_id if large else ActivityPhoto.thumbnail_id
    wanted = sa.select(which).where(ActivityPhoto.id == photo_id, ActivityPhoto.activity_id == activity_id)
    found = db.session.scalar(sa.select(StoredFile).where(StoredFile.id.in_(wanted)).options(undefer(StoredFile.data)))
    if found is None:
        raise PhotoMissing
    return found


def files_of(activity_id: int) -> Iterator[tuple[str, bytes]]:
    """Yield each photo's caption and data, in order, one at a time."""
    rows = db.session.execute(
        sa.select(ActivityPhoto.caption, ActivityPhoto.file_id)
        .where(ActivityPhoto.activity_id == activity_id)
        .order_by(*IN_ORDER)
    ).all()
    for row in rows:
        data = db.session.scalar(sa.select(StoredFile.data).where(StoredFile.id == row.file_id))
        if data is not None:
            yield row.caption, data


def public(key: str) -> ShownDocumentation:
    """Return what everybody may see who has the address with this key. Raise PhotoMissing."""
    row = db.session.scalar(
        sa.select(Documentation).where(Documentation.public_key == key, Documentation.audience == PhotoAudience.PUBLIC)
    )
    if row is None:
        raise PhotoMissing
    return of_activity(row.activity)


def by_link(
    token: str, activity_id: int, *, acting: bool, now: datetime
) -> tuple[ShownDocumentation, LinkInvitee | ActingPage, Contact]:
    """Return what the holder of a link sees, the holder, and the contact. acting: the link is of who acts for an invitee.

    Raise a link's problem, or PhotoMissing for who was not there, and while only staff see it.
    """
    invitations: list[int]
    reader: LinkInvitee | ActingPage
    if acting:
        own = representation.read(token, now=now)
        reader, contact = own, own.contact
        invitations = [card.me.invitation_id for card in own.cards if card.acts]
        state: Any = Invitation.state == InvitationState.REPRESENTED
    else:
        found = answer_page.read(token, now=now)
        reader, contact = found.invitee, found.contact
        invitations = [] if found.invitee.organisation else [one.invitation_id for one in found.activities]
        state = Invitation.state != InvitationState.REPRESENTED
    there = sa.select(Invitation.id).where(
        Invitation.id.in_(invitations), Invitation.activity_id == activity_id, state, WAS_THERE
    )
    activity = db.session.get(Activity, activity_id)
    if activity is None or db.session.scalar(there.limit(1)) is None:
        raise PhotoMissing
    shown = of_activity(activity)
    if shown.audience is PhotoAudience.STAFF or not (shown.photos or (shown.row and shown.row.press_title)):
        raise PhotoMissing
    return shown, reader, contact


WAS_THERE = sa.exists().where(Attendance.invitation_id == Invitation.id, Attendance.present).correlate(Invitation)
