"""The page that lists all clashes, with their messages, the records involved, and resolutions."""

import re
from dataclasses import replace

import pytest

from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Region, Venue
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning import clashes as clashing
from outreach.services.planning import intended
from outreach.services.planning import rules as planning_rules
from tests.web.reading import text_of
from tests.world import NOW, an_absence, an_invitation, at, draft_activity

pytestmark = pytest.mark.usefixtures("clock_stands")


def page(client, **query) -> str:
    answer = client.get("/findings", query_string=query)
    assert answer.status_code == 200
    return text_of(answer.text)


def test_the_page_says_so_if_nothing_clashes(coordinator_client, activity):
    assert "Nothing clashes" in page(coordinator_client)
    assert "Must be solved" not in page(coordinator_client)


def test_a_double_booking_names_the_person_activity_place_and_end(
    coordinator_client, coordinator, activity, programme, hall
):
    activity.coordinator_id = coordinator.id
    later = draft_activity(
        programme, hall, 18, title="Pelatihan", starts_at=at(18, 10), ends_at=at(18, 13), holds_venue=False
    )
    said = page(coordinator_client)
    assert "Aula Bappeda is taken by “Rapat koordinasi pencegahan kekerasan” (Coordinator): 08:00–12:00 WIB." in said
    assert "Pelatihan Mon, 18 Jan 2027, 10:00–13:00 WIB" in said
    html = coordinator_client.get("/findings").text
    assert f'href="/activities/{activity.id}"' in html
    assert f'href="/activities/{later.id}"' in html


def test_a_resolution_leads_to_the_filled_form(coordinator_client, activity, programme, hall):
    an_absence(venue=hall)
    Venue_two = Venue(name="Balai Kelurahan Yosodadi", capacity=150)
    db.session.add(Venue_two)
    db.session.commit()
    html = coordinator_client.get("/findings").text
    hrefs = re.findall(r'<a class="btn btn-sm" href="([^"]+)">([^<]+)</a>', html)
    words = {said: href.replace("&amp;", "&") for href, said in hrefs}
    assert list(words) == ["Take Balai Kelurahan Yosodadi", "Move it to Tue, 19 Jan 2027, 08:00 WIB"]
    form = coordinator_client.get(words["Move it to Tue, 19 Jan 2027, 08:00 WIB"]).text
    assert 'name="on" type="date" value="2027-01-19"' in form.replace("required ", "")
    form = coordinator_client.get(words["Take Balai Kelurahan Yosodadi"]).text
    assert f'<option selected value="{Venue_two.id}">' in form


def test_for_a_published_activity_the_resolution_leads_to_the_move_page(coordinator_client, activity, hall):
    activity.state, activity.told_at = ActivityState.PUBLISHED, NOW
    an_absence(venue=hall)
    html = coordinator_client.get("/findings").text
    (href,) = re.findall(r'href="(/activities/\d+/move[^"]*)"', html)
    form = coordinator_client.get(href.replace("&amp;", "&")).text
    assert 'value="2027-01-19"' in form
    assert 'value="08:00"' in form


def hidden(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input [^>]*name="(version|csrf_token)"[^>]*value="([^"]*)"', html))


def test_after_a_clash_is_solved_the_page_returns_to_the_next_clash(coordinator_client, programme):
    first, second = (draft_activity(programme, None, day, title=title) for day, title in ((23, "Rakor"), (24, "Senam")))
    html = coordinator_client.get("/findings?severity=warn").text
    assert re.findall(r'<li class="card clash" id="([^"]+)">', html)[:2] == ["clash-1", "clash-2"]
    hrefs = [href.replace("&amp;", "&") for href in re.findall(r'href="(/activities/\d+/edit[^"]*)"', html)]
    href = next(address for address in hrefs if address.startswith(f"/activities/{first.id}/"))
    form = coordinator_client.get(href)
    assert 'href="/findings?severity=warn#clash-1"' in form.text  # of “Cancel”
    fields = {"title": "Rakor", "kind": first.kind.value, "version": str(first.version), "zone": "Asia/Jakarta",
              "on": "2027-01-19", "begins": "08:00", "ends": "12:00", "ends_on": "", "venue_id": "", "region_code": "",
              "respond_on": "", "respond_at": "", "capacity": "", "things_to_bring": "", "seen": "all"}  # fmt: skip
    saved = coordinator_client.post(href, data=fields)
    assert (saved.status_code, saved.location) == (302, "/findings?severity=warn#clash-1")
    assert "Senam" in re.search(r'id="clash-1">.*?</h3>', coordinator_client.get(saved.location).text, re.S)[0]


def test_marking_a_clash_as_intended_leads_back_to_it(coordinator_client, activity):
    an_absence(venue=activity.venue)
    html = coordinator_client.get("/findings").text.replace("&amp;", "&")
    (mark,) = set(re.findall(r'href="(/findings/intended[^"]*)"', html))
    marked = coordinator_client.post(mark, data={"reason": "Beliau hanya membuka acara."})
    assert marked.location == "/findings#clash-1"


def test_a_resolution_on_an_activitys_or_programmes_page_leads_back_to_that_page(
    coordinator_client, activity, programme, hall
):
    draft_activity(programme, hall, 18, title="Pelatihan", starts_at=at(18, 10), ends_at=at(18, 13), holds_venue=False)
    html = coordinator_client.get(f"/activities/{activity.id}").text
    assert f"back=%2Factivities%2F{activity.id}" in html
    of_programme = coordinator_client.get(f"/programmes/{programme.id}").text
    assert f"back=%2Fprogrammes%2F{programme.id}" in of_programme


def test_an_absent_person_can_be_left_out(coordinator_client, activity, ani):
    invitation = an_invitation(activity, ani, Role.CADRE)
    an_absence(person=ani, starts_at=at(18, 9), ends_at=at(18, 10), reason="Posyandu")
    said = page(coordinator_client)
    assert "Ani Wijaya (Cadre) is away: 09:00–10:00 WIB, Posyandu." in said
    assert "Do without Ani Wijaya" in said
    assert f'href="/invitations/{invitation.id}/withdraw?back=%2Ffindings' in coordinator_client.get("/findings").text


def test_one_clash_of_several_people_is_shown_once(coordinator_client, activity, programme, ani, budi):
    other_activity = draft_activity(programme, None, 18, title="Pelatihan")
    for person in (ani, budi):
        for meeting in (activity, other_activity):
            an_invitation(meeting, person, Role.CADRE)
    said = page(coordinator_client)
    assert "Ani Wijaya and Budi Santoso are expected at" in said
    assert "All 1" in said
    assert "Do without" not in said


def test_a_programme_can_be_extended_to_an_activity_outside_it(coordinator_client, programme, hall):
    draft_activity(programme, hall, 22)
    said = page(coordinator_client)
    assert "It lies outside its programme “Empat hari penguatan perlindungan perempuan dan anak”" in said
    html = coordinator_client.get("/findings").text
    href = re.search(rf'href="(/programmes/{programme.id}/edit[^"]+)"', html)[1].replace("&amp;", "&")
    form = coordinator_client.get(href).text
    assert 'name="days"' in form
    assert 'value="5"' in form


def test_the_list_is_filtered_by_severity_and_programme(coordinator_client, activity, programme, hall):
    an_absence(venue=hall)
    draft_activity(None, None, 23, title="Sosialisasi Sabtu")
    assert "All 2 Must be solved 1 To look at 1" in page(coordinator_client)
    grave = page(coordinator_client, severity="block")
    assert "Aula Bappeda is not available" in grave
    assert "Sosialisasi Sabtu" not in grave
    alone = page(coordinator_client, programme="alone")
    assert "Sosialisasi Sabtu" in alone
    assert "Aula Bappeda is not available" not in alone
    its = page(coordinator_client, programme=programme.id)
    assert "Aula Bappeda is not available" in its
    assert "Sosialisasi Sabtu" not in its
    assert "Nothing clashes here" in page(coordinator_client, programme=99999)


@pytest.mark.parametrize("query", [{"severity": "ignore"}, {"severity": "x"}, {"programme": "x"}, {"page": "99"}])
def test_an_invalid_filter_is_ignored(coordinator_client, activity, hall, query):
    an_absence(venue=hall)
    assert "Aula Bappeda is not available" in page(coordinator_client, **query)


def test_a_viewer_sees_what_clashes_and_why_but_no_buttons(viewer_client, activity, hall):
    an_absence(venue=hall)
    html = viewer_client.get("/findings").text
    assert "Aula Bappeda is not available" in html
    assert "Move it to" not in html
    assert 'href="/planning-rules"' in html  # to read


def test_every_kind_has_a_message(coordinator_client, activity, programme, hall, ani, budi):
    """One clash of each kind, if the office's rules permit it."""
    blocking = dict.fromkeys(ClashKind, Severity.WARN)
    office_planning_rules.save(replace(planning_rules.values(), severities=blocking), by=None, now=NOW)
    budi.region_code = "18.72.04.1001"
    small = Venue(name="Ruang kecil", capacity=1, region_code="18.72.04.1001")
    friday = draft_activity(
        None, small, 22, title="Jumat", starts_at=at(22, 6), ends_at=at(22, 12, 30), respond_by_at=at(22, 7),
        kind=ActivityKind.OUTREACH, region_code="18.72.04.1001",
    )  # fmt: skip
    friday_two = draft_activity(
        None, hall, 22, title="Jumat dua", starts_at=at(22, 8), ends_at=at(22, 9),
        kind=ActivityKind.OUTREACH, region_code="18.72.04.1001",
    )  # fmt: skip
    next_one = draft_activity(None, hall, 22, title="Sesudahnya", starts_at=at(22, 12, 40), ends_at=at(22, 14))
    for due_activity in (friday, friday_two, next_one):
        an_invitation(due_activity, ani, Role.SPEAKER)
        an_invitation(due_activity, budi, Role.CADRE)
    for day, title in ((5, "Libur"), (9, "Sabtu")):
        draft_activity(None, None, day, title=title)
    draft_activity(programme, None, 25, title="Di luar")
    draft_activity(None, None, 4, title="Sudah mulai")
    draft_activity(None, None, 10, title="Puasa", starts_at=at(10, 7, month=2), ends_at=at(10, 9, month=2))
    draft_activity(None, None, 5, title="Cuti", starts_at=at(5, 8, month=2), ends_at=at(5, 9, month=2))
    said = page(coordinator_client)
    for sentence in (
        "2 people are expected, and Ruang kecil has room for 1.",
        "Ani Wijaya is expected at “Jumat” at the same time",
        "Ani Wijaya has 10 minutes to get from “Jumat” (until 12:30 WIB) to “Sesudahnya” (from 12:40 WIB); about 40 minutes",
        "Budi Santoso is expected at",
        "Answers are wanted by Friday, 22 January 2027 at 07:00 WIB, which is after the start.",
        "Tuesday, 5 January 2027 is a day off: Isra Mikraj Nabi Muhammad.",
        "Friday, 5 February 2027 is a day off: Cuti Bersama Tahun Baru Imlek.",
        "Saturday, 9 January 2027 is at the weekend.",
        "Office hours on Friday, 22 January 2027 are 07:30 to 16:30.",
        "Office hours on Wednesday, 10 February 2027, in Ramadan, are 08:00 to 15:00.",
        "It runs into Friday prayer: Friday, 22 January 2027, 11:30 to 13:00.",
        "Invitees hear of it 1 day before; your office wants 7 days’ notice.",
        "It starts in the past: it cannot be published so, and no invitation or reminder is sent.",
        "“Jumat” is in Metro Timur too, on the same half day",
    ):
        assert sentence in said


def intend(client, activity, reason="Beliau hanya membuka acara") -> str:
    """Follow "It is intended …" on the page of all clashes, and give the reason."""
    way = re.search(r'href="(/findings/intended\?[^"]*)"', client.get("/findings").text)[1].replace("&amp;", "&")
    assert "Nothing" not in text_of(client.get(way).text)
    return client.post(way, data={"reason": reason}, follow_redirects=True).text


def test_a_clash_is_marked_as_intended_with_a_reason_and_taken_back(coordinator_client, activity, programme, hall):
    draft_activity(programme, hall, 18, title="Pelatihan", starts_at=at(18, 10), ends_at=at(18, 13), holds_venue=False)
    assert "Please write why it is meant so" in text_of(intend(coordinator_client, activity, reason=" "))
    said = text_of(intend(coordinator_client, activity))
    assert "Noted as intended." in said
    assert "Aula Bappeda is taken" not in said
    assert "Venue taken" in said
    assert "Beliau hanya membuka acara" in said
    assert "Beliau hanya membuka acara" in text_of(coordinator_client.get(f"/activities/{activity.id}").text)
    back = re.search(r'action="(/findings/intended/\d+/take-back[^"]*)"', coordinator_client.get("/findings").text)[1]
    said = text_of(coordinator_client.post(back, follow_redirects=True).text)
    assert "Taken back." in said
    assert "Aula Bappeda is taken" in said
    assert "has been taken back already" in text_of(coordinator_client.post(back, follow_redirects=True).text)


def test_a_clash_that_is_gone_cannot_be_marked(coordinator_client, activity):
    way = f"/findings/intended?activity={activity.id}&clash=abc"
    said = text_of(coordinator_client.get(way, follow_redirects=True).text)
    assert "This clash does not exist any more, or has changed meanwhile." in said


def test_a_viewer_sees_which_clashes_are_intended_and_cannot_mark_one(viewer_client, activity, programme, hall):
    draft_activity(programme, hall, 18, title="Pelatihan", starts_at=at(18, 10), ends_at=at(18, 13), holds_venue=False)
    html = viewer_client.get("/findings").text
    assert "Aula Bappeda is taken" in text_of(html)
    assert "findings/intended?" not in html
    (clash,) = [clash for clash in clashing.everything(now=NOW).clashes if clash.kind is ClashKind.VENUE_TAKEN]
    intended.mark(clash.ids, clash.substance, "Beliau hanya membuka acara", by=None, now=NOW)
    html = viewer_client.get("/findings").text
    assert "Beliau hanya membuka acara" in html
    assert "take-back" not in html


def drafts_in(*kelurahan: int) -> list[Activity]:
    """One draft for each kelurahan at one time; given: how many kelurahan each kecamatan has."""
    drafts = []
    for first, count in enumerate(kelurahan, start=11):
        for n in range(count):
            code = f"18.72.{first}.{1001 + n}"
            for at_level in range(2, 5):
                part = ".".join(code.split(".")[:at_level])
                if db.session.get(Region, part) is None:
                    parent = part.rpartition(".")[0] if at_level > 2 else None
                    db.session.add(Region(code=part, name=part, level=at_level, parent_code=parent))
                    db.session.flush()
            drafts.append(draft_activity(None, None, kind=ActivityKind.OUTREACH, title="Sosialisasi", region_code=code))
    return drafts


def findings(html: str) -> int:
    return len(re.findall(r'class="card clash', html))


def test_twenty_two_drafts_on_one_day_are_one_finding_with_a_link_to_timetabling(coordinator_client, office):
    drafts = drafts_in(5, 4, 4, 4, 5)
    assert len(drafts) == 22
    html = coordinator_client.get("/findings").text
    assert findings(html) == 1
    assert "These 22 drafts do not go together on one day: 38 × " in text_of(html)
    way = re.search(r'href="(/placements/new\?[^"]*)"', html)[1].replace("&amp;", "&")
    form = coordinator_client.get(way).text
    assert {int(id) for id in re.findall(r'name="pick" value="(\d+)"[^>]*checked', form)} == {
        draft.id for draft in drafts
    }
    assert "1 thing in the plan to look at again" in text_of(coordinator_client.get("/").text)


def test_a_few_drafts_on_one_day_stay_separate_findings(coordinator_client, office):
    drafts_in(4)
    assert findings(coordinator_client.get("/findings").text) == 6
