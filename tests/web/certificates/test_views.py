"""Staff make certificates, look for them, correct and revoke them, and take them as files. Viewers only look."""

import io
import zipfile

import pypdfium2
import pytest
import sqlalchemy as sa

from outreach.domain.kinds import Role
from outreach.domain.states import CertificateState
from outreach.extensions import db
from outreach.models import Activity, Certificate, Reminder
from outreach.services import bundles
from outreach.services.certificates import bundle, make
from tests.web.reading import text_of
from tests.world import a_person, an_invitation, fresh, invitation_of
from tests.world.held import AFTER, were_present

NUMBER = "001/SERT/DP3AP2KB Kota Metro/2027"


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return text_of(answer.text)


def test_one_press_makes_the_certificates_of_an_activity_and_says_whose_name_is_missing(
    coordinator_client, held, chief
):
    were_present(an_invitation(held, chief, Role.SPEAKER))
    list_ = f"/certificates?activity={held.id}"
    before = page(coordinator_client, list_)
    assert "2 people were present and have no certificate yet." in before
    made = coordinator_client.post(f"/activities/{held.id}/certificates", data={"tell": "1"}, follow_redirects=True)
    said = text_of(made.text)
    assert "1 certificate is made." in said
    assert "1 person is known by post or office only" in said
    assert "Kapolres Metro" in said
    one = coordinator_client.post(
        f"/certificates/for/{invitation_of(held, chief).id}", data={"name": "AKBP Rudi, S.I.K.", "tell": ""},
        follow_redirects=True,
    )  # fmt: skip
    assert "AKBP Rudi, S.I.K." in text_of(one.text)
    assert "Everybody who was present has a certificate." in page(coordinator_client, list_)
    assert db.session.scalar(sa.select(sa.func.count()).where(Reminder.kind == "certificate")) == 1


def test_the_activitys_page_counts_them(coordinator_client, held):
    shown = page(coordinator_client, f"/activities/{held.id}")
    assert "Present, without a certificate" in shown
    assert f"/certificates?activity={held.id}" in coordinator_client.get(f"/activities/{held.id}").text


def test_before_the_end_there_is_no_button(coordinator_client, held, clock_stands):
    address = f"/certificates?activity={held.id}"
    assert "Make all certificates" in page(coordinator_client, address)
    clock_stands.now = held.starts_at
    assert "Make all certificates" not in page(coordinator_client, address)
    said = coordinator_client.post(f"/activities/{held.id}/certificates", follow_redirects=True)
    assert "Certificates can be made once the activity is over." in text_of(said.text)


@pytest.mark.parametrize(("q", "found"), [("wijaya", True), ("001/sert", True), ("code", True), ("budi", False)])
def test_the_list_is_searched_by_name_number_and_code(coordinator_client, certificate, q, found):
    typed = certificate.code.lower() if q == "code" else q
    assert ("Ani Wijaya" in page(coordinator_client, f"/certificates?q={typed}")) is found


def test_the_list_needs_no_more_statements_for_more_certificates(coordinator_client, held, statements):
    held_id = held.id

    def shown():
        return len(statements(lambda: coordinator_client.get(f"/certificates?activity={held_id}")))

    make.make_all(held_id, by=None, now=AFTER)
    shown()  # the first request also reads what later ones remember
    few = shown()
    over = db.session.get_one(Activity, held_id)
    were_present(*(an_invitation(over, a_person(f"Orang {number}")) for number in range(12)))
    make.make_all(held_id, by=None, now=AFTER)
    assert shown() == few


def test_a_name_that_has_changed_on_record_is_said_and_corrected(coordinator_client, certificate, ani):
    ani.name, ani.title_after = "Ani Widjaja", "S.E."
    db.session.commit()
    address = f"/certificates/{certificate.id}"
    assert "On record the name is now “Ani Widjaja, S.E.”" in page(coordinator_client, address)
    assert 'value="Ani Widjaja, S.E."' in coordinator_client.get(f"{address}/correct").text
    empty = coordinator_client.post(f"{address}/correct", data={"name": ""})
    assert (empty.status_code, "Please write the name" in empty.text) == (422, True)
    new = coordinator_client.post(
        f"{address}/correct", data={"name": "Ani Widjaja, S.E.", "tell": "y"}, follow_redirects=True
    )
    assert f"It replaces: {NUMBER} (Ani Wijaya)" in text_of(new.text)
    old = page(coordinator_client, address)
    assert "It was replaced by: 002/SERT/DP3AP2KB Kota Metro/2027" in old
    again = coordinator_client.post(f"{address}/correct", data={"name": "Lain"})
    assert (again.status_code, "does not stand any more" in again.text) == (422, True)


def test_revoking_needs_a_reason_that_only_staff_read(coordinator_client, certificate):
    address = f"/certificates/{certificate.id}"
    assert coordinator_client.post(f"{address}/revoke", data={"reason": " "}).status_code == 422
    assert fresh(certificate).state is CertificateState.STANDS
    done = coordinator_client.post(f"{address}/revoke", data={"reason": "Pulang <b>dulu</b>"}, follow_redirects=True)
    assert "Pulang &lt;b&gt;dulu&lt;/b&gt;" in done.text
    assert "certificate revoked" in text_of(done.text)


def test_staff_are_told_of_an_undone_attendance_on_each_page(coordinator_client, held, certificate, ani):
    were_present(invitation_of(held, ani), present=False)
    for address in (f"/certificates?activity={held.id}", f"/activities/{held.id}"):
        assert "1 certificate stands although the attendance was undone" in page(coordinator_client, address)
    assert "The attendance was undone after" in page(coordinator_client, f"/certificates/{certificate.id}")
    assert "Ani Wijaya" in page(coordinator_client, "/certificates?show=undone")
    were_present(invitation_of(held, ani))
    assert "although the attendance was undone" not in page(coordinator_client, f"/activities/{held.id}")


def test_viewers_read_and_make_nothing(viewer_client, held, certificate):
    shown = viewer_client.get(f"/certificates?activity={held.id}").text
    assert ("Ani Wijaya" in shown, "<form" in shown.partition("search")[0], "bundle" in shown) == (True, False, False)
    one = viewer_client.get(f"/certificates/{certificate.id}").text
    assert ("/revoke" in one, "/correct" in one, f"/certificates/{certificate.id}/pdf" in one) == (False, False, True)
    for address in (
        f"/certificates/{certificate.id}/revoke",
        "/certificates/bundle",
        f"/activities/{held.id}/certificates",
    ):
        assert viewer_client.post(address, data={"reason": "x", "form": "pdf"}).status_code == 403
    assert fresh(certificate).state is CertificateState.STANDS


def test_a_certificate_is_shown_as_a_picture_and_downloaded_as_pdf(coordinator_client, certificate):
    shown = coordinator_client.get(f"/certificates/{certificate.id}/preview")
    assert (shown.text.count("data:image/png;base64,"), "sandbox" in shown.headers["Content-Security-Policy"]) == (
        1,
        True,
    )
    taken = coordinator_client.get(f"/certificates/{certificate.id}/pdf")
    assert taken.headers["Content-Disposition"].startswith("attachment; filename=sertifikat_001")
    with pypdfium2.PdfDocument(taken.data) as document:
        assert "Ani Wijaya" in document[0].get_textpage().get_text_range()


def test_those_that_stand_become_one_pdf_for_printing(coordinator_client, held, certificate, budi, monkeypatch):
    monkeypatch.setattr(bundles, "_launch", lambda _key: None)  # the test runs the process itself
    were_present(invitation_of(held, budi))
    make.make_all(held.id, by=None, now=AFTER)
    make.correct(certificate.id, "Ani W.", by=None, now=AFTER)
    begun = coordinator_client.post(f"/certificates/bundle?activity={held.id}", data={"form": "pdf"})
    address = begun.headers["Location"]
    assert "0 of 2 documents" in coordinator_client.get(address).text
    bundle.work(address.rpartition("/")[2])
    taken = coordinator_client.get(f"{address}/file")
    assert taken.headers["Content-Disposition"] == "attachment; filename=sertifikat-2027-01-19.pdf"
    with pypdfium2.PdfDocument(taken.data) as document:
        texts = [one.get_textpage().get_text_range() for one in document]
    assert ["Budi Santoso" in texts[0], "Ani W." in texts[1], len(texts)] == [True, True, 2]
    nothing = coordinator_client.post("/certificates/bundle?show=revoked", data={"form": "zip"}, follow_redirects=True)
    assert "No certificate of this list stands" in text_of(nothing.text)
    assert coordinator_client.post("/certificates/bundle", data={"form": "exe"}).status_code == 422


def test_the_list_as_a_file_has_numbers_names_and_states(coordinator_client, certificate):
    make.correct(certificate.id, "=cmd|' /C calc'!A0", by=None, now=AFTER)
    answer = coordinator_client.get("/certificates?file=csv")
    rows = answer.get_data().decode("utf-8-sig").splitlines()
    assert len(rows) == 3
    assert NUMBER in rows[1]
    assert "'=cmd" in rows[1]
    assert "Replaced" in rows[2]


def test_unknown_certificates_are_not_found(coordinator_client, held, budi):
    for address in ("/certificates/99", "/certificates/99/pdf", "/certificates/entitled", "/certificates?activity=99"):
        assert coordinator_client.get(address).status_code == 404
    assert coordinator_client.get(f"/certificates/for/{invitation_of(held, budi).id}").status_code == 404
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Certificate)) == 0


def test_the_zip_has_a_file_for_each(coordinator, certificate):
    key = bundle.start([certificate.id], bundles.BundleForm.ZIP, by=coordinator, now=AFTER, launch=lambda _key: None)
    bundle.work(key)
    _found, path = bundles.result(key, by=coordinator)
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.namelist() == ["001-SERT-DP3AP2KB Kota Metro-2027 Ani Wijaya.pdf"]


def test_the_history_and_the_bell_lead_to_the_certificate(coordinator_client, held, certificate, ani, clock_stands):
    make.revoke(make.correct(certificate.id, "Ani W.", by=None, now=AFTER).id, "Keliru", by=None, now=AFTER)
    own_page = coordinator_client.get(f"/people/{ani.id}").text
    assert own_page.count(f'href="/certificates/{certificate.id}"') >= 1
    shown = coordinator_client.get(f"/people/{ani.id}/history").text
    assert f'href="/certificates/{certificate.id}"' in shown
    assert "Certificate 002/SERT/DP3AP2KB Kota Metro/2027 revoked" in text_of(shown)
    [again] = [make.make_one(invitation_of(held, ani).id, by=None, now=AFTER)]
    were_present(invitation_of(held, ani), present=False)
    news = coordinator_client.get("/bell").text
    assert f'href="/certificates/{again.id}"' in news
    assert "The attendance of Ani Wijaya was undone. Please revoke certificate 003" in text_of(news)
