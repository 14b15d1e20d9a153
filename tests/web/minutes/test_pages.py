"""Staff write minutes and note tasks on pages; the chair and an owner answer on theirs, without login."""

from datetime import date

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.kinds import LinkPurpose
from outreach.domain.states import FollowUpState, MinutesState
from outreach.extensions import db
from outreach.models import AuditEntry, FollowUp, Minutes
from outreach.services.minutes import approval, follow_ups, versions
from outreach.services.minutes.follow_ups import FollowUpValues
from outreach.web.answer_pages.forms import form_token
from tests.web.reading import text_of
from tests.world import at, count, fresh

pytestmark = pytest.mark.usefixtures("any_app")


@pytest.fixture(autouse=True)
def afternoon(clock_stands):
    clock_stands.now = at(18, 14)


def typed(minutes=None, **changed) -> dict[str, str]:
    return {
        "version": str(fresh(minutes).version) if minutes else "0", "title": "Rapat koordinasi", "chair": "0",
        "chair_name": "Siti Rahmawati", "items-0-topic": "Alur rujukan", "items-0-discussion": "Lambat.\r\n\r\n- satu",
        "items-0-decisions": "Nomor piket", "items-1-topic": "", **changed,
    }  # fmt: skip


def test_staff_write_the_minutes_from_what_is_filled_in(coordinator_client, held):
    page = f"/activities/{held.id}/minutes"
    shown = text_of(coordinator_client.get(f"{page}?lang=en").text)
    for words in ("Filled in from the plan and the attendance", "Alur rujukan", "Ani Wijaya", "Citra Lestari"):
        assert words in shown
    assert count(Minutes) == 0
    assert coordinator_client.post(page, data=typed()).status_code == 302
    (minutes,) = db.session.scalars(sa.select(Minutes)).all()
    text = versions.last_values(minutes).text
    assert (text.chair, [(one.topic, one.discussion, one.decisions) for one in text.items]) == (
        "Siti Rahmawati",
        [("Alur rujukan", "Lambat.\n\n- satu", "Nomor piket")],
    )
    assert "Minutes Draft" in text_of(coordinator_client.get(f"/activities/{held.id}").text)


def test_one_more_item_keeps_what_was_typed_and_a_stale_form_loses_nothing(coordinator_client, written):
    page = f"/activities/{written.activity_id}/minutes"
    more = coordinator_client.post(page, data=typed(written, further="Ketikan", add="1")).text
    assert 'name="items-2-topic"' in more
    assert "Ketikan" in more
    refused = coordinator_client.post(f"{page}?lang=en", data=typed(written, version="1", further="Ketikan"))
    assert refused.status_code == 422
    assert "Somebody else saved this meanwhile" in text_of(refused.text)
    assert "Ketikan" in refused.text
    assert f'value="{fresh(written).version}"' in refused.text


def test_a_viewer_reads_and_takes_the_files_and_writes_nothing(viewer_client, written):
    page = f"/activities/{written.activity_id}/minutes"
    shown = viewer_client.get(page).text
    assert "<textarea" not in shown
    assert "Rujukan lambat." in text_of(shown)
    assert viewer_client.get(f"{page}/pdf").data[:5] == b"%PDF-"
    assert viewer_client.get("/follow-ups").status_code == 200
    for address in (page, f"{page}/ask", f"{page}/reply", f"{page}/send", f"{page}/follow-ups"):
        assert viewer_client.post(address, data={"version": "1"}).status_code == 403
    assert fresh(written).state is MinutesState.DRAFT


def test_the_chair_reads_and_agrees_without_login(coordinator_client, phone, written):
    page = f"/activities/{written.activity_id}/minutes"
    coordinator_client.post(f"{page}/ask", data={"version": fresh(written).version})
    token = tokens.tokens_by_nonce(LinkPurpose.MINUTES)(fresh(written).nonce)
    own = f"/j/{token}/minutes"
    assert own in coordinator_client.get(page).text
    shown = phone.get(own)
    for words in ("Rujukan lambat.", "Satu nomor telepon", "Citra Lestari", "Setuju", "Minta perbaikan"):
        assert words in text_of(shown.text)
    assert "script" not in shown.text
    assert "no-store" in shown.headers["Cache-Control"]
    phone.head(own)
    assert fresh(written).state is MinutesState.ASKED
    forged = phone.post(own, data={"said": "agrees", "csrf_token": "x"})
    nothing = phone.post(own, data={"csrf_token": form_token(token)})
    changes = phone.post(own, data={"said": "changes", "csrf_token": form_token(token)})
    assert [one.status_code for one in (forged, nothing, changes)] == [400, 422, 422]
    assert "Mohon tulis apa yang perlu diperbaiki." in text_of(changes.text)
    assert phone.post(own, data={"said": "agrees", "csrf_token": form_token(token)}).status_code == 303
    assert fresh(written).state is MinutesState.APPROVED
    assert "Bapak/Ibu menyetujuinya" in text_of(phone.get(own).text)
    assert phone.post(own, data={"said": "agrees", "csrf_token": form_token(token)}).status_code == 409
    assert phone.get(f"/j/{token[:-1]}x/minutes").status_code == 404


def test_staff_record_what_the_chair_said_to_them(coordinator_client, written, coordinator):
    page = f"/activities/{written.activity_id}/minutes"
    approval.ask(written.activity_id, fresh(written).version, by=coordinator, now=at(18, 14))
    coordinator_client.post(f"{page}/reply", data={"version": fresh(written).version, "said": "agrees"})
    (said,) = fresh(written).replies
    assert (said.agrees, said.recorded_by_id, said.nonce) == (True, coordinator.id, "")


def test_a_forecast_says_who_gets_the_minutes_before_they_are_sent(coordinator_client, approved):
    page = f"/activities/{approved.activity_id}/minutes"
    shown = text_of(coordinator_client.get(f"{page}/send?lang=en").text)
    for words in ("3 mails with the approved minutes go out.", "Rini Astuti", "Dodi Pranata"):
        assert words in shown
    assert fresh(approved).state is MinutesState.APPROVED
    coordinator_client.post(f"{page}/send", data={"version": fresh(approved).version})
    assert fresh(approved).state is MinutesState.SENT
    assert "Dodi Pranata" in text_of(coordinator_client.get(page).text)


def test_tasks_are_noted_listed_exported_and_settled(coordinator_client, approved, ani):
    page = f"/activities/{approved.activity_id}/minutes"
    refused = coordinator_client.post(f"{page}/follow-ups", data={"what": "Kirim", "owner": "", "due_on": "2027-02-15"})
    assert refused.status_code == 422
    task_data = {"what": "=Kirim", "owner": f"p{ani.id}", "due_on": "2027-01-15"}
    assert coordinator_client.post(f"{page}/follow-ups", data=task_data).status_code == 302
    (task,) = db.session.scalars(sa.select(FollowUp)).all()
    for address in ("/follow-ups", f"/activities/{approved.activity_id}", f"/people/{ani.id}", "/"):
        shown = text_of(coordinator_client.get(address).text)
        assert "=Kirim" in shown or "1 task from a meeting is overdue" in shown
    listed = coordinator_client.get("/follow-ups?file=csv&show=overdue", headers={"Sec-Fetch-Site": "same-origin"})
    assert "'=Kirim" in listed.data.decode("utf-8-sig")
    (taken,) = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "list.downloaded")).all()
    assert (taken.subject_name, taken.detail["filters"]) == ("follow_ups", {"show": "overdue"})
    settled = {"state": "done", "version": fresh(task).version}
    coordinator_client.post(f"/follow-ups/{task.id}/settle", data=settled)
    assert fresh(task).state is FollowUpState.DONE
    changed = {**task_data, "what": "Kirim ulang", "version": fresh(task).version}
    assert coordinator_client.post(f"/follow-ups/{task.id}", data=changed).status_code == 302
    assert fresh(task).what == "Kirim ulang"


def test_an_owner_presses_done_on_their_page_without_login(phone, coordinator_client, approved, ani):
    task = follow_ups.add(
        approved.activity_id, FollowUpValues("Kirim", ani.id, None, date(2027, 2, 15)), by=None, now=at(18, 14)
    )
    opened = coordinator_client.post(f"/follow-ups/{task.id}/whatsapp")
    assert "https://wa.me/6281234567890?text=" in opened.text
    token = tokens.tokens_by_nonce(LinkPurpose.FOLLOW_UP)(fresh(task).nonce)
    own = f"/j/{token}/follow-up"
    assert "Kirim" in text_of(phone.get(own).text)
    assert phone.post(own, data={"csrf_token": "x"}).status_code == 400
    assert fresh(task).state is FollowUpState.OPEN
    assert phone.post(own, data={"csrf_token": form_token(token), "note": "Beres"}).status_code == 303
    assert (fresh(task).state, fresh(task).note) == (FollowUpState.DONE, "Beres")
    assert phone.post(own, data={"csrf_token": form_token(token)}).status_code == 409
    assert "Tugas ini sudah selesai." in text_of(phone.get(own).text)
