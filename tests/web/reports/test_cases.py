"""Cases of the whole city by year: entered with a source, replaced, deleted, and shown beside coverage."""

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import CaseUnit
from outreach.extensions import db
from outreach.models import AuditEntry, CaseCount
from tests.world import at, draft_activity, rows_of
from tests.world.held import held

pytestmark = pytest.mark.usefixtures("clock_stands", "office")
FORM = {"year": "2026", "unit": "victims", "number": "41", "source": "SIMFONI PPA, 2 Januari 2027"}


def stored():
    return [(row.year, row.unit, row.number, row.source) for row in rows_of(CaseCount)]


def test_a_number_is_entered_replaced_and_deleted_each_in_the_audit_log(coordinator_client):
    assert coordinator_client.post("/reports/cases", data=FORM).status_code == 302
    coordinator_client.post("/reports/cases", data={**FORM, "unit": "cases", "number": "30"})
    coordinator_client.post("/reports/cases", data={**FORM, "number": "43"})
    source = FORM["source"]
    assert stored() == [(2026, CaseUnit.VICTIMS, 43, source), (2026, CaseUnit.CASES, 30, source)]
    first = rows_of(CaseCount)[0].id
    assert coordinator_client.post(f"/reports/cases/{first}/delete").status_code == 302
    assert coordinator_client.post(f"/reports/cases/{first}/delete").status_code == 404
    assert stored() == [(2026, CaseUnit.CASES, 30, source)]
    wanted = sa.select(AuditEntry.action).where(AuditEntry.subject_type == "case_count").order_by(AuditEntry.id)
    assert db.session.scalars(wanted).all() == [
        f"case_count.{verb}" for verb in ("added", "added", "edited", "deleted")
    ]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"year": "2028"}, "Please write a year from 2000 to 2027."),
        ({"year": ""}, "Please write a year from 2000 to 2027."),
        ({"number": ""}, "Please write how many, as a whole number from 0 on."),
        ({"source": " "}, "Please write who published the number"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_stored(coordinator_client, wrong, sentence):
    response = coordinator_client.post("/reports/cases", data={**FORM, **wrong})
    assert (response.status_code, sentence in response.text, stored()) == (422, True, [])


def test_a_viewer_reads_the_numbers_beside_coverage_and_what_rising_reports_can_mean(viewer_client, programme, hall):
    db.session.add(CaseCount(year=2026, unit=CaseUnit.VICTIMS, number=41, source="SIMFONI PPA"))
    held(
        draft_activity(
            programme, hall, starts_at=at(5, month=1).replace(year=2026), ends_at=at(5, 12).replace(year=2026)
        )
    )
    for path in ("/reports/coverage", "/reports/cases"):
        html = viewer_client.get(path).text
        assert "SIMFONI PPA" in html
        assert "More reports can mean that more people dare to report" in html
        assert 'data-label="Number in the whole city"><span>41</span>' in html
        assert 'data-label="What is counted"><span>Victims</span>' in html
        assert 'data-label="Activities held"><span>1</span>' in html
        assert "<form" not in html.partition("<main")[2].partition("Source")[2]
    assert viewer_client.post("/reports/cases", data=FORM).status_code == 403


def test_the_form_has_no_field_for_a_place_or_a_person(coordinator_client):
    html = coordinator_client.get("/reports/cases").text.partition('action="/reports/cases"')[2].partition("</form>")[0]
    names = [part.partition('"')[0] for part in html.split(' name="')[1:]]
    assert set(names) - {"csrf_token"} == {"year", "unit", "number", "source"}
