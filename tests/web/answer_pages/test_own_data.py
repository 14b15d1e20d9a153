"""“Your data” on one's own link: opening changes nothing, a stranger with the link learns no phone, buttons do what they say."""

import json

from pypdfium2 import PdfDocument

from outreach.delivery import tokens
from outreach.domain.kinds import LinkPurpose
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import AuditEntry, DataRequest, Message
from outreach.services.privacy import requests
from outreach.web.answer_pages.forms import form_token
from tests.support.copied import copied
from tests.world import an_invitation, fresh, give_link, rows_of


@copied
def client(app):
    return app.test_client()


@copied
def link(app, ani):
    give_link(ani)
    return tokens.token(tokens.link_for(db.session(), ani))


def press(client, token, page="data", **values):
    return client.post(f"/j/{token}/{page}?lang=en", data={"csrf_token": form_token(token), **values})


def test_the_page_says_in_words_what_is_held_and_shows_phone_and_address_only_in_part(client, link, ani):
    shown = client.get(f"/j/{link}/data?lang=en")
    text = shown.get_data(as_text=True)
    assert "Ani Wijaya" in text
    assert "a…@example.com" in text
    assert "ani@example.com" not in text
    assert "81234567890" not in text.replace("-", "")
    assert len(shown.data) < 14_000
    headers = shown.headers
    assert (headers["Referrer-Policy"], headers["X-Robots-Tag"]) == ("no-referrer", "noindex, nofollow")
    assert (rows_of(DataRequest), rows_of(Message)) == ([], [])


def test_the_copy_is_taken_by_the_mailed_link_as_pdf_or_json_under_a_name_that_names_nobody(client, link, ani):
    assert "is on its way" in client.get(press(client, link, wish="copy").location).get_data(as_text=True)
    (asked,) = rows_of(DataRequest)
    copy = requests.link_of(asked, LinkPurpose.COPY)
    assert "<h1>The copy of your data</h1>" in client.get(f"/j/{copy}/copy?lang=en").get_data(as_text=True)
    assert [entry for entry in rows_of(AuditEntry) if entry.action == "person.exported"] == []
    data = press(client, copy, "copy", type="json")
    assert json.loads(data.data)["person"]["phone"] == "+6281234567890"
    pdf = press(client, copy, "copy", type="pdf")
    text = "".join(page.get_textpage().get_text_range() for page in PdfDocument(pdf.data))
    assert [word in text for word in ("a copy of the data;", "patbm", "PATBM")] == [True, False, True]
    assert [one.headers["Content-Disposition"] for one in (data, pdf)] == [
        "attachment; filename=data.json",
        "attachment; filename=data.pdf",
    ]
    assert [one.headers["Referrer-Policy"] for one in (data, pdf)] == ["no-referrer"] * 2
    assert client.get(f"/j/{link}/copy").status_code == 404  # the own link is not the link to the copy


def test_the_page_names_activities_by_the_titles_for_others(client, link, ani, activity):
    an_invitation(activity, ani)
    activity.state = ActivityState.PUBLISHED
    activity.public_title = "Pertemuan warga"
    db.session.commit()
    shown = client.get(f"/j/{link}/data").text
    assert ("Pertemuan warga" in shown, activity.title in shown) == (True, False)


def test_a_correction_waits_for_staff_and_stopping_works_at_once(client, link, ani):
    assert press(client, link, wish="correct", phone="bukan nomor").status_code == 422
    assert press(client, link, wish="correct").status_code == 422
    assert press(client, link, wish="correct", post="Ketua Kader").status_code == 303
    press(client, link, wish="stop")
    assert (fresh(ani).post, ani.reminders_stopped_at is not None) == ("", True)
    (asked, stopped) = rows_of(DataRequest)
    assert (asked.wanted, stopped.done_at is not None) == ({"post": "Ketua Kader"}, True)


def test_a_post_from_another_page_asks_for_nothing(client, link):
    assert client.post(f"/j/{link}/data", data={"wish": "erase"}).status_code == 400
    assert rows_of(DataRequest) == []


def test_each_answer_page_and_each_page_by_link_leads_to_the_privacy_page(client, link):
    for page in ("", "/data", "/stop"):
        assert 'href="/privacy?lang=' in client.get(f"/j/{link}{page}").get_data(as_text=True)
    assert f'href="/j/{link}/data' in client.get(f"/j/{link}").get_data(as_text=True)
