"""The files of activities that go into a bundle: which there are, without their data, and the names that no caption may hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from outreach.domain.directory.names import tidy
from outreach.domain.kinds import AgeGroup
from outreach.domain.letters.values import LetterState
from outreach.domain.states import CertificateState
from outreach.extensions import db
from outreach.models import (
    ActivityPhoto,
    Certificate,
    Invitation,
    Letter,
    Material,
    Person,
    SignedList,
    StoredFile,
)
from outreach.models.letters import letter_invitation

SHORTEST_NAME = 3  # letters of a part of a name that is looked for in captions
_PICTURE = "image/png"


@dataclass(frozen=True)
class KeptFile:
    """A stored file without its data."""

    id: int
    media_type: str
    name: str


@dataclass(frozen=True)
class BundledLetter:
    """signed: the file that came back; None if it has to be set as konsep."""

    id: int
    title: str
    signed: KeptFile | None


@dataclass(frozen=True)
class BundledPhoto:
    """caption: "" if it has none, or names a child (names_child)."""

    file_id: int
    caption: str
    names_child: bool = False


def letters(activity_id: int) -> list[BundledLetter]:
    """Return the letters that were composed or signed, by id."""
    its = (
        sa.select(letter_invitation.c.letter_id)
        .join(Invitation, Invitation.id == letter_invitation.c.invitation_id)
        .where(Invitation.activity_id == activity_id)
    )
    rows: Any = db.session.execute(
        sa.select(Letter.id, Letter.number, Letter.code, Letter.subject, *_FILE)
        .outerjoin(StoredFile, StoredFile.id == Letter.signed_file_id)
        .where(Letter.id.in_(its), Letter.state.not_in((LetterState.CANCELLED, LetterState.DRAFT)))
        .order_by(Letter.id)
    )
    return [
        BundledLetter(id_, f"{number or code} · {subject}", KeptFile(*file) if file[0] is not None else None)
        for id_, number, code, subject, *file in rows
    ]


def signed_lists(activity_id: int) -> list[KeptFile]:
    """Return the files of the signed list. The pictures that were made of a PDF's pages are left out."""
    found = _files(
        sa.select(*_FILE)
        .join(SignedList, SignedList.file_id == StoredFile.id)
        .where(SignedList.activity_id == activity_id)
        .order_by(SignedList.id)
    )
    stems = {one.name.rpartition(".")[0] for one in found if one.media_type == "application/pdf"}
    return [one for one in found if one.media_type != _PICTURE or one.name.rpartition(" ")[0] not in stems]


def materials(activity_id: int) -> list[KeptFile]:
    return _files(
        sa.select(*_FILE)
        .join(Material, Material.file_id == StoredFile.id)
        .where(Material.activity_id == activity_id)
        .order_by(Material.id)
    )


def certificates(activity_id: int) -> Sequence[tuple[int, str]]:
    """Return the certificates that stand: (id, number)."""
    rows = db.session.execute(
        sa.select(Certificate.id, Certificate.number)
        .where(Certificate.activity_id == activity_id, Certificate.state == CertificateState.STANDS)
        .order_by(Certificate.year, Certificate.running)
    )
    return [(id_, number) for id_, number in rows]


def photos(activity_id: int) -> list[BundledPhoto]:
    """Return the photos in their order. A caption that holds a part of the name of a child who is known here is left out."""
    rows = db.session.execute(
        sa.select(ActivityPhoto.file_id, ActivityPhoto.caption)
        .where(ActivityPhoto.activity_id == activity_id)
        .order_by(ActivityPhoto.position, ActivityPhoto.id)
    ).all()
    names = _names_of_children(activity_id) if any(row.caption for row in rows) else frozenset()
    return [
        BundledPhoto(file_id, "", names_child=True) if _words(caption) & names else BundledPhoto(file_id, caption)
        for file_id, caption in rows
    ]


def data_of(file_id: int) -> bytes | None:
    """Return a file's data; None if it was deleted meanwhile."""
    return db.session.scalar(sa.select(StoredFile.data).where(StoredFile.id == file_id))


def _names_of_children(activity_id: int) -> frozenset[str]:
    """Return the parts of the names of those on the activity's list who are under 18."""
    names = db.session.scalars(
        sa.select(Person.name)
        .join(Invitation, Invitation.person_id == Person.id)
        .where(Invitation.activity_id == activity_id, Person.age_group == AgeGroup.UNDER_18)
    )
    return frozenset(word for name in names for word in _words(name) if len(word) >= SHORTEST_NAME)


def _words(text: str) -> set[str]:
    parted = "".join(letter if letter.isalpha() else " " for letter in tidy(text))
    return {word.casefold() for word in parted.split()}


def _files(statement: Any) -> list[KeptFile]:
    return [KeptFile(*row) for row in db.session.execute(statement)]


_FILE = (StoredFile.id, StoredFile.media_type, StoredFile.name)
