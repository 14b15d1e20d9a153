"""The WhatsApp text that is ready for a caller: by situation, as the office wrote it, about everything that is asked."""

import pytest

from outreach.delivery.mail.placeholders import UnknownPlaceholder
from outreach.delivery.mail.texts import CALL_KEYS, Text
from outreach.delivery.words.whatsapp import Sender
from outreach.domain.calls import CallOutcome
from outreach.extensions import db
from outreach.queries.calls import lists, texts
from outreach.queries.calls.lists import CallScope
from outreach.services.calls import record as recording
from outreach.services.calls.callee import CalleeKey
from outreach.services.calls.record import CallResult
from outreach.services.reminders import texts as stored
from outreach.services.reminders.texts import CallTextIncomplete
from tests.support.copied import copied
from tests.world import NOW, at, draft_activity, invite, move, publish

SENDER = Sender("Dinas PPPA Kota Metro", "Rina Wulandari")


@copied
def asked(activity, programme, hall, ani, coordinator):
    """Ani is invited to two days."""
    other_activity = draft_activity(programme, hall, 19, title="Hari kedua", public_title="Hari kedua")
    invite([activity, other_activity], ani, by=coordinator)
    publish(activity, other_activity, by=coordinator)
    return activity


def ready(app, person, now=NOW):
    one = lists.one("person", person.id, CallScope(), now=now)
    with app.test_request_context():
        return texts.reach(one, SENDER, with_link=True, now=now).text


def test_the_text_names_caller_office_and_each_activity_and_asks_for_no_money(app, asked, ani):
    lines = ready(app, ani).splitlines()
    assert lines[:3] == [
        "Yth. Bapak/Ibu Ani Wijaya,",
        "ini Rina Wulandari, Dinas PPPA Kota Metro. Kami belum menerima jawaban Bapak/Ibu atas undangan:",
        "",
    ]
    assert lines[3:6] == ["*Rapat koordinasi lintas sektor*", "Senin, 18 Januari 2027", "08.00–12.00 WIB"]
    assert "*Hari kedua*" in lines
    assert "Mohon jawab melalui tautan ini: http://localhost" in "\n".join(lines)
    assert "tidak dipungut biaya" in lines[-1]
    assert "kekerasan" not in "".join(lines)


def test_the_situation_chooses_the_text(app, asked, ani, coordinator):
    assert "belum menerima jawaban" in ready(app, ani)
    ani.email = ""
    db.session.commit()
    assert "Surel kami tidak sampai" in ready(app, ani)
    about = lists.one("person", ani.id, CallScope(), now=NOW).about
    result = CallResult(CallOutcome.NO_ANSWER, about)
    recording.record(CalleeKey("person", ani.id), result, by=coordinator, now=NOW)
    assert "Mohon telepon kembali bila sempat: Bidang PPA, 0812-0000-0001." in ready(app, ani)
    today = ready(app, ani, at(18, 7))
    assert ("mengingatkan kegiatan hari ini" in today, "http" in today) == (True, False)


def test_the_offices_own_text_is_used_and_the_sentence_about_money_stays(app, asked, ani, coordinator):
    own = Text("", "Halo {nama},", "Ini {pengirim}.\n{daftar_kegiatan}\nSalam")
    stored.save("whatsapp-unanswered", "id", own, by=coordinator, now=NOW)
    lines = ready(app, ani).splitlines()
    assert lines[:3] == [
        "Halo Ani Wijaya,",
        "Ini Rina Wulandari, Dinas PPPA Kota Metro.",
        "*Rapat koordinasi lintas sektor*",
    ]
    assert lines[-3] == "Salam"
    assert "tidak dipungut biaya" in lines[-1]


def test_after_a_move_the_text_tells_the_new_time_in_fixed_words(app, asked, ani):
    move(asked, at(20), at(20, 12))
    assert "Waktu atau tempat berubah" in ready(app, ani)


def test_a_text_with_placeholders_of_mails_or_without_a_greeting_is_refused(app, office, coordinator):
    for text, problem in (
        (Text("", "Halo", "{hari_tanggal}"), UnknownPlaceholder),
        (Text("", "", "Isi"), CallTextIncomplete),
    ):
        with pytest.raises(problem):
            stored.save("whatsapp-today", "id", text, by=coordinator, now=NOW)
    mail = Text("Undangan", "Yth.", "{daftar_kegiatan}")
    with pytest.raises(UnknownPlaceholder):
        stored.save("invitation-cadre", "id", mail, by=coordinator, now=NOW)


@pytest.mark.parametrize("key", CALL_KEYS)
def test_each_text_can_be_edited_and_looked_at_with_an_invitees_values(asked, coordinator_client, key):
    page = coordinator_client.get(f"/texts/{key}/id").text
    assert ('name="subject"' in page, "{asked}" in page, "{day_date}" in page) == (False, True, False)
    preview = coordinator_client.get(f"/texts/{key}/id/preview").text
    assert "*Hari kedua*" in preview
    data = {"greeting": "Halo {nama},", "body": "{daftar_kegiatan}"}
    assert "Halo Ani Wijaya," in coordinator_client.post(f"/texts/{key}/id/preview", data=data).text
    saved = coordinator_client.post(f"/texts/{key}/id", data=data, follow_redirects=True)
    assert "The text is saved." in saved.text
    assert coordinator_client.post(f"/texts/{key}/id/trial", data=data).status_code == 404
