"""Photos that staff upload: each is decoded and written again, and only that is kept.

What cannot be taken is named; the others of the same upload are kept.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from outreach.delivery.pictures import scale
from outreach.delivery.pictures.scale import Scaled
from outreach.domain.directory.names import tidy
from outreach.domain.photos import (
    MOST_IN_A_CAPTION,
    THUMBNAIL,
    CaptionTooLong,
    NoPhotoChosen,
    PhotoMissing,
    TooManyPhotos,
    check_is_photo,
    ordered,
)
from outreach.domain.problems import Problem
from outreach.extensions import current_settings
from outreach.models import ActivityPhoto, StoredFile, User
from outreach.services import audit, files
from outreach.services.locking import activity_for_change
from outreach.transactions import writing

NAME = "foto.jpg"  # of every photo: the name of a file may be that of a child
log = structlog.get_logger()


class UploadedPhoto(NamedTuple):
    """A file as it was sent. filename: as its sender calls it."""

    data: bytes
    filename: str


class UploadedPhotos(NamedTuple):
    """number: of the photos that were kept. refused: why the others were not."""

    number: int
    refused: tuple[Problem, ...]


def add(activity_id: int, sent: Sequence[UploadedPhoto], *, by: User | None, now: datetime) -> UploadedPhotos:
    """Keep the photos among the files that were sent, behind those that are there. Raise ActivityMissing or NoPhotoChosen."""
    if not sent:
        raise NoPhotoChosen
    scaled, refused = [], []
    most = current_settings().photos_most
    for one in sent[: most + 1]:
        try:
            scaled.append((files.plain_name(one.filename), _scaled(one)))
        except Problem as problem:
            log.warning("photo refused", why=type(problem).__name__, bytes=len(one.data), activity_id=activity_id)
            refused.append(problem)
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        here = _ids(session, activity_id)
        room = max(0, most - len(here))
        for place, (_name, (large, small)) in enumerate(scaled[:room], start=len(here)):
            session.add(
                ActivityPhoto(
                    activity_id=activity_id, position=place, width=large.width, height=large.height,
                    file=_keep(session, large, by, now), thumbnail=_keep(session, small, by, now),
                )
            )  # fmt: skip
        refused += [TooManyPhotos(most=most, filename=name) for name, _pictures in scaled[room:]]
        number = len(scaled[:room])
        if number:
            audit.record(session, by, "activity.photos_added", activity, now=now, count=number)
    return UploadedPhotos(number, tuple(refused))


def describe(activity_id: int, captions: Mapping[int, str], *, by: User | None, now: datetime) -> int:
    """Set the captions of photos, by id, and return how many have changed. Raise ActivityMissing or CaptionTooLong."""
    tidied = {id_: tidy(caption) for id_, caption in captions.items()}
    if any(len(caption) > MOST_IN_A_CAPTION for caption in tidied.values()):
        raise CaptionTooLong(most=MOST_IN_A_CAPTION)
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        changed = [one for one in _photos(session, activity_id, tidied) if one.caption != tidied[one.id]]
        for one in changed:
            one.caption = tidied[one.id]
        if changed:
            audit.record(session, by, "activity.photos_described", activity, now=now, count=len(changed))
    return len(changed)


def move(activity_id: int, photo_id: int, places: int, *, by: User | None, now: datetime) -> None:
    """Move a photo forward (places < 0) or back. Raise ActivityMissing or PhotoMissing."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        ids = _ids(session, activity_id)
        if photo_id not in ids:
            raise PhotoMissing
        after = ordered(ids, photo_id, places)
        if after == ids:
            return
        for one in _photos(session, activity_id, ids):
            one.position = after.index(one.id)
        audit.record(session, by, "activity.photos_ordered", activity, now=now)


def remove(activity_id: int, photo_id: int, *, by: User | None, now: datetime) -> None:
    """Delete a photo with its files. Raise ActivityMissing or PhotoMissing."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        found = next(iter(_photos(session, activity_id, [photo_id])), None)
        if found is None:
            raise PhotoMissing
        kept = [found.file_id, found.thumbnail_id]
        session.delete(found)
        session.flush()
        session.execute(sa.delete(StoredFile).where(StoredFile.id.in_(kept)))
        for place, one in enumerate(_photos(session, activity_id, _ids(session, activity_id))):
            one.position = place
        audit.record(session, by, "activity.photo_removed", activity, now=now)


def _scaled(one: UploadedPhoto) -> tuple[Scaled, Scaled]:
    name = files.plain_name(one.filename)
    check_is_photo(one.data, name, current_settings().photo_limit_mb * 1024**2)
    large, small = scale.scale(one.data, name, (current_settings().photo_long_side_px, THUMBNAIL))
    return large, small


def _keep(session: Session, picture: Scaled, by: User | None, now: datetime) -> StoredFile:
    return files.keep(session, picture.data, NAME, scale.MEDIA_TYPE, by=by, now=now)


def _ids(session: Session, activity_id: int) -> list[int]:
    wanted = sa.select(ActivityPhoto.id).where(ActivityPhoto.activity_id == activity_id)
    return [*session.scalars(wanted.order_by(ActivityPhoto.position, ActivityPhoto.id))]


def _photos(session: Session, activity_id: int, ids: Collection[int]) -> Sequence[ActivityPhoto]:
    return session.scalars(
        sa.select(ActivityPhoto)
        .where(ActivityPhoto.activity_id == activity_id, ActivityPhoto.id.in_(ids))
        .order_by(ActivityPhoto.position, ActivityPhoto.id)
    ).all()
