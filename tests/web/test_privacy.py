"""The office's privacy page with its versions, requests entered by staff, and a parent's consent."""

from datetime import date

from outreach.delivery import tokens
from outreach.domain.kinds import CadreKind
from outreach.domain.privacy.requests import Corrections
from outreach.extensions import db
from outreach.models import Consent, DataRequest, PrivacyText
from outreach.services.privacy import requests
from tests.support.copied import copied
from tests.world import NOW, a_cadre, fresh, give_link, rows_of


@copied
def client(app):
    return app.test_client()


def texts(**values):
    return {"id": "# Judul\nKami {office}.\n\n{periods}", "en": "# Title\nWe are {office}.\n\n{periods}", **values}


def test_everybody_reads_the_shipped_page_with_the_offices_own_periods(client, office):
    shown = client.get("/privacy?lang=en")
    text = shown.get_data(as_text=True)
    assert shown.status_code == 200
    assert "within 3 × 24 hours" in text
    assert "5 years after their last activity" in text
    assert "Bidang PPA" in text
    assert len(shown.data) < 14_000
    assert (shown.headers["X-Robots-Tag"], client.get("/privacy/9").status_code) == ("noindex, nofollow", 404)


def test_each_change_is_a_version_with_number_and_day_and_older_ones_stay_readable(administrator_client, client):
    assert administrator_client.post("/privacy-texts/", data=texts(en="")).status_code == 422
    administrator_client.post("/privacy-texts/", data=texts())
    administrator_client.post("/privacy-texts/", data=texts())  # nothing new
    administrator_client.post("/privacy-texts/", data=texts(en="Newer <b>words</b>"))
    assert [row.number for row in rows_of(PrivacyText)] == [1, 2]
    newest = client.get("/privacy?lang=en").get_data(as_text=True)
    assert "Newer &lt;b&gt;words&lt;/b&gt;" in newest
    assert "Version 3 of 4 January 2027" in newest
    assert "We are" in client.get("/privacy/1?lang=en").get_data(as_text=True)
    assert "Why we hold your data" in client.get("/privacy/0?lang=en").get_data(as_text=True)


def test_only_administrators_change_the_text(coordinator_client):
    assert coordinator_client.get("/privacy-texts/").status_code == 403


def test_a_request_by_phone_is_entered_settled_and_downloaded_without_names(coordinator_client, ani):
    values = {
        "q": "Ani", "person_id": str(ani.id), "kind": "copy", "way": "phone", "on": "2027-01-03", "at": "10:00",
        "words": "minta salinan",
    }  # fmt: skip
    assert coordinator_client.post("/data-requests/new", data={**values, "person_id": "", "q": ""}).status_code == 422
    made = coordinator_client.post("/data-requests/new", data=values)
    assert made.status_code == 302
    overview = coordinator_client.get("/").get_data(as_text=True)
    assert "1 request about personal data waits" in overview
    assert "Ani Wijaya asks about their data" in coordinator_client.get("/bell").get_data(as_text=True)
    (request,) = rows_of(DataRequest)
    assert coordinator_client.post(f"/data-requests/{request.id}/settle", data={}).status_code == 422
    coordinator_client.post(f"/data-requests/{request.id}/settle", data={"outcome": "done", "what_done": "dicetak"})
    file = coordinator_client.get("/data-requests/?state=done&file=csv")
    assert "dicetak" in file.get_data(as_text=True)
    assert "Ani" not in file.get_data(as_text=True) + file.headers["Content-Disposition"]


def test_a_correction_is_shown_beside_what_is_stored_and_carried_out_by_one_press(coordinator_client, ani):
    give_link(ani)
    link = tokens.token(tokens.link_for(db.session(), ani))
    asked = requests.ask_to_correct(link, Corrections(post="Ketua Kader", email="baru@example.com"), now=NOW)
    page = coordinator_client.get(f"/data-requests/{asked.id}").get_data(as_text=True)
    assert "Ketua Kader" in page
    assert "not confirmed yet" in page
    coordinator_client.post(f"/data-requests/{asked.id}/apply")
    assert fresh(ani).post == ""
    assert "I have checked otherwise" in page
    coordinator_client.post(f"/data-requests/{asked.id}/apply", data={"checked": "1"})
    assert fresh(ani).post == "Ketua Kader"
    assert "Mail to the person" in coordinator_client.get(f"/data-requests/{asked.id}").get_data(as_text=True)
    assert "email, post" in coordinator_client.get("/data-requests/?state=done").get_data(as_text=True)


def test_viewers_see_no_requests(viewer_client):
    assert viewer_client.get("/data-requests/").status_code == 403


def test_a_parents_consent_is_recorded_with_its_version_and_withdrawn(coordinator_client):
    child = a_cadre("Sari", CadreKind.FORUM_ANAK, "18.72.01.1003")
    page = f"/people/{child.id}/consent"
    assert "Nothing is sent to this person" in coordinator_client.get(f"/people/{child.id}").get_data(as_text=True)
    ahead = {"given_by": "Ibu Sari", "given_on": "2027-01-05", "way": "paper"}
    assert coordinator_client.post(page, data=ahead).status_code == 422
    coordinator_client.post(page, data={**ahead, "given_on": "2027-01-04"})
    (consent,) = rows_of(Consent)
    assert (consent.given_by, consent.given_on, consent.text_number) == ("Ibu Sari", date(2027, 1, 4), 0)
    coordinator_client.post(f"{page}/withdraw")
    (consent,) = rows_of(Consent)
    assert consent.withdrawn_at is not None
    assert "consent withdrawn" in coordinator_client.get(page).text  # "withdrawn" alone is said of invitations
