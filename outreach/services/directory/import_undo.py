"""Taking an import back within a day: added people are removed, and changed ones get their former values.

People who were changed or invited since stay as they are, and are listed. import_people.py notes what it touches.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from outreach.domain.kinds import AgeGroup, CadreKind, Sex
from outreach.domain.problems import Problem
from outreach.extensions import Model, db
from outreach.models import Cadre, Person, PersonImport, PersonImportLine, User
from outreach.services import audit
from outreach.services.directory.import_rows import ImportRow
from outreach.transactions import writing

UNDO_WITHIN = timedelta(days=1)
AT_ONCE = 500
MOST_NAMED = 200
_FIELDS = (
    "name", "title_before", "title_after", "post", "organisation_id", "region_code", "sex", "email", "phone", "locale", "note",
    "age_group",
)  # fmt: skip
_ENUMS: dict[str, type[StrEnum]] = {"sex": Sex, "age_group": AgeGroup}
_AUDITED = {"roles": "kinds"}  # fields that have another name in the audit log
_OURS = {Cadre.__tablename__, PersonImportLine.__tablename__}  # tables that refer to people, but do not count as a use


class ImportMissing(Problem):
    message = "There is no such import any more. An import can be undone for a day."


class ImportUndone(Problem):
    message = "This import has been undone already."


class WhyKept(StrEnum):
    """Why an undone import leaves a person as it is."""

    CHANGED = "changed"
    USED = "used"  # invited, or has an answer link, an absence and the like
    ERASED = "erased"


@dataclass(frozen=True)
class Touched:
    """A person that an import added or changed, to be noted."""

    person_id: int
    digest: str
    uses: int = 0
    before: dict[str, Any] | None = None

    @classmethod
    def added(cls, person_id: int, entry: ImportRow, uses: int = 0) -> "Touched":
        roles = [[kind, entry.region_code, True] for kind in sorted(entry.kinds)]
        name = entry.name
        values = (
            name.name, name.before, name.after, entry.post, entry.organisation_id, entry.region_code, entry.sex, entry.email,
            entry.phone, "id", "", entry.age_group,
        )  # fmt: skip
        return cls(person_id, _digest(values, roles, False), uses)

    @classmethod
    def changed(cls, person: Person, before: dict[str, Any], uses: int) -> "Touched":
        return cls(person.id, _digest_of(person), uses, before)


@dataclass(frozen=True)
class Line:
    """A person of an import. kept: why undoing leaves the person as it is; None if it does not."""

    person_id: int
    added: bool
    kept: WhyKept | None = None


@dataclass(frozen=True)
class UndoPreview:
    """What undoing an import does, or has done. left: the people it leaves, with the reason; the first MOST_NAMED."""

    removed: int
    restored: int
    left: tuple[tuple[Person, WhyKept], ...]
    left_count: int


def whole(session: Session, person_ids: Iterable[int]) -> Sequence[Person]:
    """Return people with their roles as a cadre."""
    return session.scalars(
        sa.select(Person).where(Person.id.in_(list(person_ids))).options(selectinload(Person.cadre_roles))
    ).all()


def values_of(person: Person) -> dict[str, Any]:
    """Return a person's values as JSON values, to write them back."""
    found = {name: _plain(getattr(person, name)) for name in _FIELDS}
    return {**found, "roles": _roles(person)}


def note(session: Session, import_id: int, touched: Collection[Touched]) -> None:
    """Keep what an import did to these people, in the caller's transaction."""
    rows = [
        {"import_id": import_id, "person_id": t.person_id, "digest": t.digest, "uses": t.uses, "before": t.before, "kept": ""}
        for t in touched
    ]  # fmt: skip
    if rows:
        session.connection().execute(sa.insert(PersonImportLine), rows)


def uses(session: Session, person_ids: Any) -> dict[int, int]:
    """Return how often other records refer to each of these people: invitations, links, absences and so on.

    person_ids: ids, or a select of them.
    """
    found: dict[int, int] = {}
    for column in _references():
        counted = sa.select(column, sa.func.count()).where(column.in_(person_ids)).group_by(column)
        for person_id, count in session.execute(counted):
            found[person_id] = found.get(person_id, 0) + count
    return found


def forecast(done: PersonImport) -> UndoPreview:
    """Return what undoing would do now; for an undone import, what it left."""
    session = db.session()
    if done.undone_at is not None:
        kept = session.execute(
            sa.select(PersonImportLine.person_id, PersonImportLine.kept)
            .where(PersonImportLine.import_id == done.id, PersonImportLine.kept != "")
            .order_by(PersonImportLine.person_id)
        ).all()
        return _told(session, 0, 0, [(person_id, WhyKept(why)) for person_id, why in kept])
    removed = restored = 0
    left = []
    for line in _judged(session, done.id):
        if line.kept is not None:
            left.append((line.person_id, line.kept))
        elif line.added:
            removed += 1
        else:
            restored += 1
    return _told(session, removed, restored, left)


def undo(import_id: int, *, by: User | None, now: datetime) -> UndoPreview:
    """Take an import back in one transaction. Raise ImportMissing or ImportUndone. Return what was done."""
    with writing() as session:
        done = session.get(PersonImport, import_id, with_for_update=True, populate_existing=True)
        if done is None or not is_undoable(done, now):
            raise ImportMissing
        if done.undone_at is not None:
            raise ImportUndone
        _lock(session, import_id)
        lines = list(_judged(session, import_id))
        gone = [line.person_id for line in lines if line.kept is None and line.added]
        back = [line.person_id for line in lines if line.kept is None and not line.added]
        left = [(line.person_id, line.kept) for line in lines if line.kept is not None]
        for why in WhyKept:
            for ids in _portions([person_id for person_id, kept in left if kept is why]):
                marked = sa.update(PersonImportLine).where(PersonImportLine.person_id.in_(ids))
                session.execute(marked.where(PersonImportLine.import_id == import_id).values(kept=why.value))
        for ids in _portions(back):
            _restore(session, import_id, ids, by, now)
        _remove(session, import_id, len(gone))
        done.undone_at = now
        counts = {"removed": len(gone), "restored": len(back), "left": len(left)}
        session.add(audit.entry_of_many(by, "person.import_undone", Person, done.filename, now=now, **counts))
        result = _told(session, len(gone), len(back), left)
        session.flush()
    return result


def is_undoable(done: PersonImport, now: datetime) -> bool:
    """Return whether an import can still be undone, or its undoing looked at."""
    return done.at > now - UNDO_WITHIN


def forget_old(now: datetime, *, stop: Callable[[], bool] = lambda: False) -> int:
    """Delete the values that imports replaced, once these can no longer be undone. Return of how many imports.

    Whom an import added or changed stays known, for their history.
    """
    line = PersonImportLine
    old = sa.select(PersonImport.id).where(
        PersonImport.at <= now - UNDO_WITHIN, sa.exists().where(line.import_id == PersonImport.id, line.digest != "")
    )
    forgotten = 0
    for import_id in db.session.scalars(old.order_by(PersonImport.id)).all():
        if stop():
            break
        with writing() as session:
            its = sa.update(line).where(line.import_id == import_id)
            session.execute(its.where(line.before.is_not(None)).values(before={}))
            session.execute(its.values(digest=""))
        forgotten += 1
    db.session.rollback()
    return forgotten


def held(session: Session, person_id: int) -> list[dict[str, Any]]:
    """Return the imports that added or changed a person, as JSON values, with the values they replaced, if still kept."""
    rows = session.execute(
        sa.select(PersonImport.at, PersonImport.filename, PersonImportLine.before)
        .join(PersonImport, PersonImport.id == PersonImportLine.import_id)
        .where(PersonImportLine.person_id == person_id)
        .order_by(PersonImport.id)
    )
    return [{"at": at.isoformat(), "file": filename, "before": before} for at, filename, before in rows]


def forget(session: Session, person_id: int) -> None:
    """Delete a person's former values from imports. Undoing an import then leaves the erased person unchanged."""
    session.execute(
        sa.update(PersonImportLine).where(PersonImportLine.person_id == person_id).values(before={}, digest="")
    )


def _judged(session: Session, import_id: int) -> Iterator[Line]:
    """Yield each person of an import, with the reason to leave the person unchanged.

    It reads plain rows, because there may be a hundred thousand.
    """
    ids = _people_of(import_id)
    used = uses(session, ids)
    roles: dict[int, list[list[Any]]] = {}
    held = sa.select(Cadre.person_id, Cadre.kind, Cadre.region_code, Cadre.active).where(Cadre.person_id.in_(ids))
    for person_id, kind, region_code, active in session.execute(held.order_by(Cadre.person_id, Cadre.kind)):
        roles.setdefault(person_id, []).append([kind.value, region_code, active])
    line = PersonImportLine
    rows = session.execute(
        sa.select(
            line.person_id, line.digest, line.uses, line.before.is_(None), Person.erased_at, Person.reminders_stopped_at,
            *(getattr(Person, name) for name in _FIELDS),
        )
        .join(Person, Person.id == line.person_id)
        .where(line.import_id == import_id)
        .order_by(line.person_id)
    )  # fmt: skip
    for person_id, digest, uses_then, added, erased_at, stopped_at, *values in rows:
        if erased_at is not None:
            kept: WhyKept | None = WhyKept.ERASED
        elif used.get(person_id, 0) > uses_then:
            kept = WhyKept.USED
        else:
            same = _digest(values, roles.get(person_id, []), stopped_at is not None) == digest
            kept = None if same else WhyKept.CHANGED
        yield Line(person_id, added, kept)


def _people_of(import_id: int) -> sa.Select[Any]:
    return sa.select(PersonImportLine.person_id).where(PersonImportLine.import_id == import_id)


def _lock(session: Session, import_id: int) -> None:
    """Lock the people, so that nobody invites or changes them between the check and the change."""
    people = sa.select(Person.id).where(Person.id.in_(_people_of(import_id)))
    session.execute(people.order_by(Person.id).with_for_update()).all()


def _restore(session: Session, import_id: int, person_ids: Sequence[int], by: User | None, now: datetime) -> None:
    noted = session.execute(
        sa.select(PersonImportLine.person_id, PersonImportLine.before).where(
            PersonImportLine.import_id == import_id, PersonImportLine.person_id.in_(person_ids)
        )
    )
    befores = {person_id: before for person_id, before in noted}  # noqa: C416
    for person in whole(session, person_ids):
        before, now_held = befores[person.id] or {}, values_of(person)
        for name in _FIELDS:
            value = before.get(name)
            setattr(person, name, _ENUMS[name](value) if value and name in _ENUMS else value)
        kept = {CadreKind(kind): (region_code, active) for kind, region_code, active in before["roles"]}
        for role in list(person.cadre_roles):
            if role.kind in kept:
                role.region_code, role.active = kept[role.kind]
            else:
                person.cadre_roles.remove(role)
        changed = sorted(_AUDITED.get(name, name) for name, value in before.items() if value != now_held[name])
        session.add(audit.entry(by, "person.edited", person, now=now, changed=changed))
    session.flush()


def _remove(session: Session, import_id: int, people: int) -> None:
    """Delete the people that the import added, without those to keep, and the lines of everybody who is not kept."""
    line = PersonImportLine
    if people:
        gone = _people_of(import_id).where(line.kept == "", line.before.is_(None))
        for table, column in ((Cadre, Cadre.person_id), (Person, Person.id)):  # the person's line goes with it
            deleted = sa.delete(table).where(column.in_(gone)).execution_options(synchronize_session=False)
            session.execute(deleted)
    session.execute(sa.delete(line).where(line.import_id == import_id, line.kept == ""))


def _told(session: Session, removed: int, restored: int, left: Sequence[tuple[int, WhyKept]]) -> UndoPreview:
    named = [person_id for person_id, _ in left[:MOST_NAMED]]
    people = {p.id: p for p in session.scalars(sa.select(Person).where(Person.id.in_(named)))}
    rows = tuple((people[person_id], why) for person_id, why in left[:MOST_NAMED])
    return UndoPreview(removed, restored, rows, len(left))


def _references() -> Iterator[sa.ColumnElement[Any]]:
    """Yield every column of other tables that names a person."""
    for table in Model.metadata.sorted_tables:
        if table.name in _OURS:
            continue
        for key in table.foreign_keys:
            if key.column.table.name == Person.__tablename__:
                yield key.parent


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value


def _roles(person: Person) -> list[list[Any]]:
    return [
        [role.kind.value, role.region_code, role.active] for role in sorted(person.cadre_roles, key=lambda r: r.kind)
    ]  # fmt: skip


def _digest_of(person: Person) -> str:
    values = tuple(getattr(person, name) for name in _FIELDS)
    return _digest(values, _roles(person), person.reminders_stopped_at is not None)


def _digest(values: Sequence[Any], roles: list[list[Any]], stopped: bool) -> str:
    said = "\x1f".join("" if value is None else str(value) for value in values)
    said = said.removesuffix("\x1f")  # without an age group, as before there were any
    held = "\x1f".join(f"{kind} {region_code} {active}" for kind, region_code, active in roles)
    return blake2b(f"{said}\x1e{held}\x1e{stopped}".encode(), digest_size=12).hexdigest()
