"""After any changes of roles and areas, pages and files show what the rule of access says, and no more."""

import io
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from outreach.domain import access as rule
from outreach.domain.access import Grant, Reach, StandIn
from outreach.domain.kinds import Role, StaffRole
from outreach.extensions import db
from outreach.models import Activity, Organisation, Person, User
from outreach.services.office import staff
from outreach.services.office.staff import UserValues
from tests.support.copied import copied
from tests.support.long_form import many
from tests.world import NOW, a_person, an_organisation, draft_activity, invite, log_in
from tests.world.access import facts_of

KECAMATAN, IMOPURO, YOSODADI = "18.72.01", "18.72.01.1003", "18.72.04.1001"
PAGES: dict[Any, str] = {Activity: "/activities", Person: "/people", Organisation: "/organisations"}
DAYS = (date(2027, 1, 3), date(2027, 1, 4), date(2027, 1, 5))
NEW = tuple(UserValues(name, f"{name.lower()}@example.com", StaffRole.COORDINATOR, "en") for name in ("Siti", "Wati"))
given_areas = st.none() | st.sets(st.sampled_from((KECAMATAN, IMOPURO, YOSODADI)), min_size=1, max_size=2)
# (which account, its new role, where, whether the first one stands in for the second, and from and until when)
changes = st.tuples(
    st.integers(0, 1),
    st.sampled_from(StaffRole),
    given_areas,
    st.booleans(),
    st.sampled_from(DAYS),
    st.sampled_from(DAYS),
)


@copied
def world(app: Flask, office, regions, programme, browsers) -> dict[Any, dict[int, str]]:
    """Activities, people and organisations of two kelurahan and of none, and speakers from elsewhere: names by id."""
    made = [
        draft_activity(None, None, 18, title="Rapat Imopuro", region_code=IMOPURO),
        draft_activity(None, None, 19, title="Rapat Yosodadi", region_code=YOSODADI),
        draft_activity(programme, None, 20, title="Rapat rangkaian", region_code=YOSODADI),
        draft_activity(None, None, 21, title="Rapat kantor"),
    ]
    school = an_organisation("Sekolah Yosodadi", region_code=YOSODADI)
    people = [
        a_person("Ani Imopuro", region_code=IMOPURO), a_person("Budi Yosodadi", region_code=YOSODADI),
        a_person("Cici Sekolah", organisation=school), a_person("Dedi Nirwilayah"),
    ]  # fmt: skip
    an_organisation("Kantor Imopuro", region_code=IMOPURO)
    an_organisation("Kantor Kota")
    invite(made[0], people[2], people[3], role=Role.SPEAKER)
    invite(made[2], people[0], role=Role.SPEAKER)
    names = {Activity: "title", Person: "name", Organisation: "name"}
    return {
        model: {row.id: getattr(row, name) for row in db.session.query(model).all()} for model, name in names.items()
    }


@copied
def accounts(world, administrator: User) -> list[int]:
    made = [staff.add(values, by=administrator, now=NOW).user for values in NEW]
    for user in made:
        user.password_ends_at = None  # they have chosen their own
    db.session.commit()
    return [user.id for user in made]


@settings(max_examples=many(5, 150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(changes, min_size=1, max_size=4))
def test_pages_and_files_show_each_record_if_the_rule_says_so(app: Flask, world, accounts, administrator: User, steps):
    values, ids = [*NEW], list(accounts)
    anew = [(which, StaffRole.COORDINATOR, None, False, *DAYS[:2]) for which in (0, 1)]
    for which, role, codes, stands_in, first, last in (*anew, *steps):
        areas = None if role is StaffRole.ADMINISTRATOR else codes
        values[which] = replace(values[which], role=role, areas=areas)
        if which == 0:
            days = (min(first, last), max(first, last)) if stands_in else (None, None)
            whom = ids[1] if stands_in else None
            values[0] = replace(values[0], stands_in_for_id=whom, stands_in_from=days[0], stands_in_until=days[1])
        staff.edit(ids[which], values[which], by=administrator, now=NOW)
    role, reach = _expected(values[0], values[1])
    client = log_in(app, db.session.get_one(User, ids[0]))
    for model, names in world.items():
        facts = facts_of(model)
        seen = {id_ for id_, known in facts.items() if rule.may_see(reach, known)}
        changed = {id_ for id_ in seen if role is not StaffRole.VIEWER and rule.may_change(reach, facts[id_])}
        page = PAGES[model]
        assert {id_ for id_ in names if client.get(f"{page}/{id_}").status_code == 200} == seen, model
        assert {id_ for id_ in names if client.get(f"{page}/{id_}/edit").status_code == 200} == changed, model
        listed = {names[id_] for id_ in seen}
        for found in (client.get(page).text, *_files(client, page)):
            assert {name for name in names.values() if name in found} == listed, model


def _expected(mine: UserValues, absent: UserValues) -> tuple[StaffRole, Reach]:
    """Return what the rule makes of what was saved last."""
    lent = mine.stands_in_from and mine.stands_in_until
    stand_in = StandIn(_grant(absent), mine.stands_in_from, mine.stands_in_until) if lent else None
    return rule.effective(_grant(mine), stand_in, NOW.date())


def _grant(values: UserValues) -> Grant:
    assert values.role is not None
    return Grant(values.role, None if values.areas is None else frozenset(values.areas))


def _files(client: FlaskClient, page: str) -> tuple[str, str]:
    csv = client.get(f"{page}?file=csv").data.decode("utf-8-sig")
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"{page}?file=xlsx").data))
    return csv, str(sheets.get_sheet_by_index(0).to_python())
