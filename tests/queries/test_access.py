"""What an account with an area sees and may change: the SQL of models/access.py says what the rule of domain/access.py says."""

from collections.abc import Iterable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach import reach
from outreach.domain.access import NotYours, Reach, may_change, may_see
from outreach.domain.kinds import CadreKind, Role, StaffRole
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Activity, Cadre, Invitation, Organisation, PeopleGroup, Person, people_group_member
from outreach.models.access import CHANGED, GUARDED, NOBODY, OPEN, CannotFilter, covered
from outreach.services.directory import groups
from outreach.services.directory.groups import GroupValues
from outreach.transactions import writing
from tests.support.long_form import many
from tests.world import NOW, a_person, a_programme, account, draft_activity
from tests.world.access import facts_of
from tests.world.everywhere import one_row_in_each_table

CODES = ("18.72.01", "18.72.04", "18.72.01.1001", "18.72.01.1003", "18.72.04.1001")
IMOPURO, YOSODADI = "18.72.01.1003", "18.72.04.1001"
TYPES: tuple[Any, ...] = (Activity, Person, Organisation, Invitation)
places = st.none() | st.sampled_from(CODES)
areas = st.frozensets(st.sampled_from(CODES), max_size=2)
at = st.integers(0, 3)


def of(*codes: str) -> Reach:
    return Reach(frozenset(codes), frozenset(codes), 77)


def seen(model: Any) -> set[int]:
    return set(db.session.scalars(sa.select(model.id)))


def test_every_table_has_its_condition_or_is_open_to_the_whole_staff(app):
    assert OPEN.isdisjoint(GUARDED)
    assert set(db.metadata.tables) == OPEN | set(GUARDED), "write a line in outreach/models/access.py"
    assert set(CHANGED) <= set(db.metadata.tables)


def test_of_what_lies_in_the_area_each_table_shows_its_row_with_all_its_parents_and_nothing_else(any_app, office):
    user = account(StaffRole.ADMINISTRATOR, "Administrator")
    one_row_in_each_table("Punya", IMOPURO, user.id, in_programme=False)
    one_row_in_each_table("Rangkaian", IMOPURO, user.id)
    one_row_in_each_table("Rahasia", YOSODADI, user.id)
    hidden, orphans = set(), []
    with reach.keeping_to(of(IMOPURO)):
        for name in GUARDED:
            table = db.metadata.tables[name]
            rows = db.session.execute(sa.select(table)).mappings().all()
            assert not any("Rahasia" in str(row) for row in rows), name
            if not rows:
                hidden.add(name)
            for column in table.columns:
                for key in column.foreign_keys:
                    parents = set(db.session.scalars(sa.select(key.column)))
                    if not column.nullable:
                        orphans += [(name, column.name) for row in rows if row[column.name] not in parents]
    assert orphans == []
    by_value = {
        "address_failure",
        "feed",
        "wrong_number",
    }  # an address, an account, a number that none of these rows has
    assert hidden == {name for name, condition in GUARDED.items() if condition == NOBODY} | by_value


@settings(max_examples=many(10, 300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    activities=st.lists(st.tuples(places, st.booleans()), min_size=4, max_size=4),
    organisations=st.lists(places, min_size=4, max_size=4),
    people=st.lists(st.tuples(places, st.none() | at, places), min_size=4, max_size=4),
    invitations=st.lists(st.tuples(at, at, st.booleans(), st.sampled_from(InvitationState)), max_size=6),
    reaches=st.lists(st.tuples(st.none() | areas, st.none() | areas), min_size=1, max_size=4),
)
def test_after_any_changes_of_areas_everybody_sees_and_changes_what_the_rule_says(
    any_app, office, activities, organisations, people, invitations, reaches
):
    programme, usual = a_programme(), draft_activity(None, None)
    stored_activities = [
        Activity(
            programme=programme if in_one else None, region_code=code, kind=usual.kind, title="Rapat", zone=usual.zone,
            starts_at=usual.starts_at, ends_at=usual.ends_at, respond_by_at=usual.respond_by_at,
        )
        for code, in_one in activities
    ]  # fmt: skip
    offices = [
        Organisation(name=f"Kantor {n}", sector="other", region_code=code) for n, code in enumerate(organisations)
    ]
    persons = [
        Person(name=f"Orang {n}", region_code=code, organisation=None if office_ is None else offices[office_])
        for n, (code, office_, _volunteer) in enumerate(people)
    ]
    db.session.add_all([*stored_activities, *offices, *persons])
    db.session.add_all(
        Cadre(person=person, kind=CadreKind.PKK, region_code=code)
        for person, (_region, _office, code) in zip(persons, people, strict=True)
        if code
    )
    unique = {}
    for activity, party, is_person, state in invitations:
        unique[activity, party, is_person] = state
    db.session.add_all(
        Invitation(
            activity=stored_activities[activity], role=Role.SPEAKER, state=state,
            **({"person": persons[party]} if is_person else {"organisation": offices[party]}),
        )
        for (activity, party, is_person), state in unique.items()
    )  # fmt: skip
    db.session.commit()
    facts = {model: facts_of(model) for model in TYPES}
    try:
        for sees, changes in reaches:
            kept_to = Reach(sees, changes, 1)
            for model in TYPES:
                with reach.keeping_to(kept_to):
                    assert seen(model) == {id_ for id_, known in facts[model].items() if may_see(kept_to, known)}
                if changes is not None:
                    allowed = covered(
                        db.session(), model.__tablename__, facts[model], CHANGED[model.__tablename__], changes, 1
                    )
                    rule = Reach(changes, changes, 1)
                    assert allowed == {id_ for id_, known in facts[model].items() if may_change(rule, known)}
    finally:
        db.session.rollback()
        for model in (Invitation, Cadre, Activity, Person, Organisation, type(programme)):
            db.session.execute(sa.delete(model))
        db.session.commit()


def test_statements_of_any_kind_see_only_what_lies_in_the_area(any_app, office):
    own, foreign = a_person("Ani", region_code=IMOPURO).id, a_person("Budi", region_code=YOSODADI).id
    persons = Person.__table__
    with reach.keeping_to(of(IMOPURO)):
        assert db.session.execute(sa.text("SELECT name FROM person")).scalars().all() == ["Ani"]
        assert db.session.execute(sa.select(persons.alias("other").c.name)).scalars().all() == ["Ani"]
        both = sa.union_all(sa.select(persons.c.name), sa.select(Person.name))
        assert db.session.execute(both).scalars().all() == ["Ani", "Ani"]
        named = sa.select(Person.name).cte("named")
        assert db.session.execute(sa.select(named.c.name)).scalars().all() == ["Ani"]
        assert db.session.scalar(sa.select(sa.exists().where(Person.id == foreign))) is False
        assert [db.session.get(Person, id_) is None for id_ in (own, foreign)] == [False, True]


def test_outside_a_transaction_of_a_service_nothing_is_written_or_locked(any_app, office):
    person = a_person("Ani", region_code=IMOPURO)
    id_ = person.id
    with reach.keeping_to(of(IMOPURO)):
        for statement in (
            sa.update(Person).values(name="x"),
            sa.delete(Person),
            sa.text("DELETE FROM person"),
            sa.select(Person).where(Person.id == id_).with_for_update() if _locks() else sa.delete(Person),
        ):
            with pytest.raises(CannotFilter):
                db.session.execute(statement, execution_options={"synchronize_session": False})
            db.session.rollback()


def _locks() -> bool:
    return db.engine.dialect.name == "postgresql"


def test_a_service_sees_everything_and_an_account_with_an_area_changes_only_its_own(any_app, office):
    own, foreign = a_person("Ani", region_code=IMOPURO), a_person("Budi", region_code=YOSODADI)
    ids, activity_id = (own.id, foreign.id), draft_activity(None, None, region_code=IMOPURO).id
    with reach.keeping_to(of(IMOPURO)):
        with writing() as session:
            assert set(session.scalars(sa.select(Person.id))) == set(ids)
            session.get_one(Person, ids[0]).note = "changed"
        refused: Iterable[tuple[int, str, object]] = (
            (ids[1], "note", "changed"),
            (ids[0], "region_code", YOSODADI),
            (ids[0], "region_code", None),
        )
        for id_, name, value in refused:
            with pytest.raises(NotYours), writing() as session:
                setattr(session.get_one(Person, id_), name, value)
        for new in (Person(name="Cici", region_code=YOSODADI), Person(name="Dedi")):
            with pytest.raises(NotYours), writing() as session:
                session.add(new)
        with pytest.raises(NotYours), writing() as session:
            session.add(Invitation(activity_id=activity_id, person_id=ids[1], role=Role.SPEAKER))
        with writing() as session:
            session.add(Invitation(activity_id=activity_id, person_id=ids[0], role=Role.SPEAKER))
    stored = db.session.execute(sa.select(Person.name, Person.note, Person.region_code).order_by(Person.id)).all()
    assert [tuple(row) for row in stored] == [("Ani", "changed", IMOPURO), ("Budi", "", YOSODADI)]
    assert db.session.scalars(sa.select(Invitation.person_id)).all() == [ids[0]]


def test_a_group_is_changed_in_its_own_area_alone_also_where_only_its_members_change(any_app, office):
    """A membership has no rule of its own: it is the group that changes."""
    ani, cici, budi = (
        a_person(name, region_code=code).id for name, code in (("A", IMOPURO), ("C", IMOPURO), ("B", YOSODADI))
    )
    group_id = groups.add(GroupValues("Tim inti", [ani]), by=None, now=NOW).id

    def members() -> list[int]:
        db.session.rollback()
        return sorted(db.session.scalars(sa.select(people_group_member.c.person_id)))

    def only_members(*people: int) -> None:
        with writing() as session:
            found = session.scalars(sa.select(Person).where(Person.id.in_(people))).all()
            session.get_one(PeopleGroup, group_id).members = list(found)

    def by_the_form(*people: int) -> None:
        version = db.session.scalar(sa.select(PeopleGroup.version))
        groups.edit(group_id, GroupValues("Tim inti", people), version or 1, by=None, now=NOW)

    for change in (only_members, by_the_form):
        for people in ((ani, budi), (budi,), (ani, cici)):
            with reach.keeping_to(of(YOSODADI)), pytest.raises(NotYours):
                change(*people)
        with reach.keeping_to(of(IMOPURO)), pytest.raises(NotYours):
            change(ani, budi)
    assert members() == [ani]
    with reach.keeping_to(of(IMOPURO)):
        only_members(ani, cici)
    assert members() == [ani, cici]
