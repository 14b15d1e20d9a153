"""Pages for printing: the rundown of a programme, and the list of attendance for signing."""

import re

import pypdfium2
import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import Role, Sex
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import AgendaItem, Invitation, Programme, Venue
from outreach.queries.activities import page as showing
from outreach.queries.door import paper
from outreach.services.answers import record as recording
from outreach.services.answers.nominees import Nominee
from tests.web.reading import page, text_of
from tests.world import NOW, a_person, answer, at, draft_activity, fresh, invite, invite_organisation, publish

pytestmark = pytest.mark.usefixtures("any_app", "clock_stands")


def cells(html: str) -> list[list[str]]:
    """Return the text of each row of the page's tables."""
    rows = re.findall(r"<tr>(.*?)</tr>", html.partition("<tbody>")[2], re.DOTALL)
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
        for row in rows
    ]


def test_the_rundown_has_each_day_with_agenda_speakers_and_moderator(
    coordinator_client, programme, activity, hall, chief, ani
):
    activity.agenda = [AgendaItem(starts_at=at(18, 8), ends_at=at(18, 9), topic="Kebijakan daerah", speakers=[chief])]
    later = draft_activity(programme, hall, 19, title="Pelatihan kader")
    draft_activity(programme, hall, 20, title="Dibatalkan", state=ActivityState.CANCELLED)
    invite(activity, ani, role=Role.MODERATOR)
    html = page(coordinator_client, f"/programmes/{programme.id}/rundown")
    assert cells(html) == [["08:00–09:00 WIB", "Kebijakan daerah", "Kapolres Metro"]]
    text = text_of(html)
    assert text.index("Monday, 18 January 2027") < text.index(activity.title) < text.index("Moderator: Ani Wijaya")
    assert text.index("Moderator") < text.index("Tuesday, 19 January 2027") < text.index(later.title)
    assert "Dibatalkan" not in text
    assert "2 activities are still drafts" in text
    assert f'href="/programmes/{programme.id}/rundown"' in page(coordinator_client, f"/programmes/{programme.id}")


def test_a_speaker_who_declined_is_not_on_the_rundown(coordinator_client, programme, activity, chief):
    invite(activity, chief, role=Role.SPEAKER)
    path = f"/programmes/{programme.id}/rundown"
    assert "Speakers: Kapolres Metro" in text_of(page(coordinator_client, path))
    publish(activity)
    answer(activity, chief, Choice.NOT_COMING)
    assert "Kapolres" not in text_of(page(coordinator_client, path))


def test_the_rundown_names_a_speakers_representative(coordinator_client, programme, activity, chief):
    activity.agenda = [AgendaItem(starts_at=at(18, 8), ends_at=at(18, 9), topic="Kebijakan daerah", speakers=[chief])]
    db.session.commit()
    invite(activity, chief, role=Role.SPEAKER)
    publish(activity)
    wakil = Representative("Dedi Kurnia", "Kasat Reskrim", "", "")
    answer(activity, chief, Choice.REPRESENTED, representative=wakil)
    path = f"/programmes/{programme.id}/rundown"
    said = "Kapolres Metro (represented by Dedi Kurnia, Kasat Reskrim)"
    assert cells(page(coordinator_client, path)) == [["08:00–09:00 WIB", "Kebijakan daerah", said]]
    assert said in coordinator_client.get(f"{path}?file=csv").text


def test_the_number_of_statements_of_the_rundown_does_not_grow_with_the_activities(programme, hall, queries):
    def on(day: int) -> None:
        lines = [
            AgendaItem(starts_at=at(day, 8), ends_at=at(day, 9), topic="Topik", speakers=[a_person(f"Sari {day}")])
        ]
        draft_activity(db.session.get(Programme, ids[0]), db.session.get(Venue, ids[1]), day, agenda=lines)

    ids = programme.id, hall.id
    on(18)
    before = queries(lambda: showing.rundown(ids[0]))
    for day in range(5, 12):
        on(day)
    assert queries(lambda: showing.rundown(ids[0])) == before


def test_a_programme_without_activities_has_an_empty_rundown(coordinator_client, programme):
    assert "No activity is planned yet." in page(coordinator_client, f"/programmes/{programme.id}/rundown")
    assert coordinator_client.get("/programmes/999/rundown").status_code == 404


def pages_of(client, activity) -> list[str]:
    """Return the text of each page of the list for signing, with each run of whitespace as one space."""
    answer = client.get(f"/activities/{activity.id}/attendance/paper.pdf")
    assert answer.content_type == "application/pdf"
    with pypdfium2.PdfDocument(answer.data) as document:
        return [" ".join(sheet.get_textpage().get_text_bounded().split()) for sheet in document]


def test_the_list_for_signing_has_all_who_may_come_by_name_and_a_sheet_for_those_on_stage(
    coordinator_client, activity, ani, budi, chief, police
):
    citra, dewi = a_person("Citra Dewi", sex=Sex.FEMALE), a_person("Dewi Anggraini", sex=Sex.FEMALE)
    invite(activity, ani, budi, citra)
    invite(activity, dewi, role=Role.SPEAKER)
    invite(activity, chief, role=Role.PARTICIPANT)
    db.session.add(Invitation(activity=activity, organisation=police, role=Role.PARTICIPANT, quota=2,
                              state=InvitationState.PREPARED))  # fmt: skip
    db.session.commit()
    publish(activity)
    answer(activity, budi, Choice.NOT_COMING)
    wakil = Representative("Dedi Kurnia", "Kasat Reskrim", "", "")
    answer(activity, chief, Choice.REPRESENTED, representative=wakil)
    first, second = pages_of(coordinator_client, activity)
    said = (
        "PEMERINTAH KOTA METRO", "DAFTAR HADIR PESERTA", activity.title, "Senin, 18 Januari 2027",
        "No. Nama Instansi/jabatan L/P Tanda tangan", "Ani Wijaya", "Imopuro", "Citra Dewi P",
        "Dedi Kurnia Kasat Reskrim, mewakili Kapolres Metro", "Polres Metro", "Halaman 1 dari 2",
    )  # fmt: skip
    assert [words for words in said if words not in first] == []
    assert first.count("Polres Metro") == 2  # a line for each seat
    assert f"{5 + paper.EMPTY_LINES}." in first
    assert ("Budi" in first, "Dewi Anggraini" in first, "0812" in first) == (False, False, False)
    assert [
        words for words in ("DAFTAR HADIR NARASUMBER", "Dewi Anggraini P", "Halaman 2 dari 2") if words not in second
    ] == []


def test_an_office_may_show_phone_numbers_and_the_head_row_stands_on_every_page(
    coordinator_client, activity, ani, office
):
    fresh(office).phones_on_lists = True
    db.session.commit()
    invite(activity, ani, *(a_person(f"Kader {n:02}") for n in range(45)))
    sheets = pages_of(coordinator_client, activity)
    assert len(sheets) > 1
    assert ["No. Nama Instansi/jabatan L/P No. HP Tanda tangan" in sheet for sheet in sheets] == [True] * len(sheets)
    assert "Ani Wijaya Imopuro 0812-" in sheets[0]


def test_markup_in_names_is_printed_as_it_is(coordinator_client, activity, ani):
    ani.name = "#panic[Ani] *tebal* $x$ \u202eiwaj"
    db.session.commit()
    invite(activity, ani)
    assert "#panic[Ani] *tebal* $x$ iwaj" in pages_of(coordinator_client, activity)[0]


def test_a_name_that_no_font_can_print_is_named(coordinator_client, activity, ani):
    ani.name = "Ani \U0001f600"
    db.session.commit()
    invite(activity, ani)
    answered = coordinator_client.get(f"/activities/{activity.id}/attendance/paper.pdf", follow_redirects=True)
    assert "cannot be printed" in answered.text


def test_a_viewer_can_open_both_pages_and_a_stranger_neither(current_app_, viewer_client, programme, activity):
    paths = (f"/programmes/{programme.id}/rundown", f"/activities/{activity.id}/attendance/paper.pdf")
    assert [viewer_client.get(path).status_code for path in paths] == [200, 200]
    assert current_app_.test_client().get("/activities/999/attendance/paper.pdf").status_code in (302, 404)
    assert viewer_client.get("/activities/999/attendance/paper.pdf").status_code == 404


def test_an_offices_list_of_names_says_whom_it_has_to_tell_itself(coordinator_client, viewer_client, activity, police):
    invite_organisation(activity, police)
    publish(activity)
    office = db.session.scalars(sa.select(Invitation).where(Invitation.organisation_id == police.id)).one()
    named = [Nominee("Aipda Rudi", "Kanit PPA", email="rudi@example.com"), Nominee("Bripka Sari")]
    recording.nominate_for(office.id, named, by=None, now=NOW)
    path = f"/invitations/{office.id}/names"
    assert cells(page(coordinator_client, path)) == [  # the last column is for signing
        ["1", "Aipda Rudi Kanit PPA Told by e-mail", ""],
        ["2", "Bripka Sari Told by the organisation: no mail reaches them", ""],
    ]
    assert viewer_client.get(path).status_code == 200
    assert f'href="{path}"' in coordinator_client.get(f"/invitations/{office.id}").text
