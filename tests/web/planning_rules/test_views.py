"""The page of the office's planning rules: severities, hours, Ramadan, notice, travel."""

from dataclasses import replace
from datetime import date, time

import pytest

from outreach.domain.planning.office_hours import DayRange, OfficeHours
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.extensions import db
from outreach.models import AuditEntry
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning import rules as planning_rules
from tests.web.reading import fields, filled_in, text_of
from tests.world import NOW

pytestmark = pytest.mark.usefixtures("clock_stands")


URL = "/planning-rules"


def filled_rules(client, **changed) -> dict:
    """Return the form's current values, with some fields changed."""
    return filled_in(client.get(URL).text) | changed


@pytest.mark.parametrize("client_name", ["coordinator_client", "viewer_client"])
def test_all_staff_read_it_and_only_administrators_change_it(request, client_name):
    client = request.getfixturevalue(client_name)
    severities = {ClashKind.WEEKEND: Severity.BLOCK}
    office_planning_rules.save(replace(planning_rules.values(), severities=severities, notice_days=9), by=None, now=NOW)
    html = client.get(URL).text
    assert "<form" not in html.partition('id="main"')[2]
    page = text_of(html)
    assert "On a Saturday or Sunday. Block" in page
    assert "Notice before an activity (days) 9" in page
    assert "Friday 07:30–16:30, break 11:30–13:00" in page
    assert "1448 H 8 February – 9 March 2027 computed" in page
    assert client.post(URL, data={"notice_days": "3"}).status_code == 403
    assert planning_rules.current().notice_days == 9


def test_saving_the_shown_values_changes_nothing(administrator_client):
    answer = administrator_client.post(URL, data=filled_rules(administrator_client))
    assert answer.status_code == 302
    assert planning_rules.current() == Rules()
    assert db.session.query(AuditEntry).count() == 0


def test_each_kind_of_clash_can_be_set(administrator_client):
    html = administrator_client.get(URL).text
    assert all(f'name="severity_{kind}"' in html for kind in ClashKind)
    answer = administrator_client.post(
        URL,
        data=filled_rules(administrator_client, severity_weekend="ignore", severity_travel="block"),
        follow_redirects=True,
    )
    assert "Saved." in answer.text
    assert planning_rules.current().severity(ClashKind.WEEKEND) is Severity.IGNORE
    assert planning_rules.current().severity(ClashKind.TRAVEL) is Severity.BLOCK
    assert "Default: Warn" in text_of(answer.text)


def test_hours_notice_and_travel_are_stored(administrator_client):
    data = filled_rules(
        administrator_client,
        friday_break_from="11.15",
        notice_days="10",
        speed_km_h="30",
        detour="1.5",
        buffer_min="20",
    )
    assert administrator_client.post(URL, data=data).status_code == 302
    rules = planning_rules.current()
    assert rules.hours.friday.break_from == time(11, 15)
    assert rules.hours.usual == OfficeHours().usual
    assert rules.notice_days == 10
    assert (rules.travel.speed_km_h, rules.travel.detour, rules.travel.buffer_min) == (30.0, 1.5, 20)


def test_ramadan_is_estimated_until_it_is_official(administrator_client):
    html = text_of(administrator_client.get(URL).text)
    assert "1448 H computed: 8 February – 9 March 2027" in html
    assert "1450 H" in html
    assert "1451 H" not in html
    data = filled_rules(administrator_client, ramadan_1448_first="2027-02-09", ramadan_1448_last="2027-03-09")
    assert administrator_client.post(URL, data=data).status_code == 302
    assert planning_rules.values().ramadans == {1448: DayRange(date(2027, 2, 9), date(2027, 3, 9))}
    assert "official" in text_of(administrator_client.get(URL).text)
    data = filled_rules(administrator_client, ramadan_1448_first="", ramadan_1448_last="")
    administrator_client.post(URL, data=data)
    assert planning_rules.values().ramadans == {}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"friday_closes": "11:00"}, "The times must be in order"),
        ({"usual_opens": ""}, "Please write a time, such as 08:00."),
        ({"usual_opens": "7 pagi"}, "Please write a time, such as 08:00."),
        ({"notice_days": "91"}, "Please write a number from 0 to 90."),
        ({"notice_days": ""}, "Please write a whole number"),
        ({"speed_km_h": "0"}, "Please write a number from 1 to 200."),
        ({"detour": "0.5"}, "Please write a number from 1 to 5."),
        ({"detour": "x"}, "Please write a number such as 1.4."),
        ({"detour": "NaN"}, "Please write a number from 1 to 5."),
        ({"severity_weekend": "panic"}, "Please choose one from the list."),
        ({"ramadan_1448_first": "2027-02-09"}, "please give its first and its last day"),
        ({"ramadan_1448_first": "2027-05-09", "ramadan_1448_last": "2027-06-07"}, "Ramadan has 29 or 30 days"),
    ],
)
def test_invalid_input_is_reported_at_its_field_and_nothing_is_saved(administrator_client, changed, sentence):
    answer = administrator_client.post(URL, data=filled_rules(administrator_client, notice_days="10") | changed)
    assert answer.status_code == 422
    assert sentence in text_of(answer.text)
    assert planning_rules.current() == Rules()


def test_the_defaults_can_be_filled_in_and_apply_only_when_saved(administrator_client):
    data = filled_rules(administrator_client, usual_opens="08:00", severity_weekend="block", speed_km_h="40")
    administrator_client.post(URL, data=data)
    for part, name, value in (
        ("hours", "usual_opens", "07:30"),
        ("severities", "severity_weekend", "warn"),
        ("travel", "speed_km_h", "25"),
    ):
        answer = administrator_client.post(URL, data=filled_rules(administrator_client, restore=part))
        assert answer.status_code == 200
        assert fields(answer.text)[name] == [value]
    assert planning_rules.current().hours.usual.opens == time(8)


def test_the_second_to_save_is_refused_and_can_save_then(administrator_client):
    data = filled_rules(administrator_client, notice_days="9")
    office_planning_rules.save(planning_rules.PlanValues(notice_days=3), by=None, now=NOW)
    answer = administrator_client.post(URL, data=data)
    assert answer.status_code == 422
    assert "Somebody else saved this meanwhile" in answer.text
    again = {name: found[0] for name, found in fields(answer.text).items()}
    assert administrator_client.post(URL, data=again).status_code == 302
    assert planning_rules.current().notice_days == 9
