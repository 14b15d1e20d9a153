"""The check page: anybody learns what stands on a certificate, initials of the name, and whether it stands."""

from outreach.domain.documents import shown_code
from outreach.extensions import db, limiter
from outreach.services.certificates import make
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import at
from tests.world.held import AFTER


@copied
def client(current_app_):
    return current_app_.test_client()


def read(client, certificate, query=""):
    return client.get(f"/s/{shown_code(certificate.code)}{query}")


def test_a_certificate_that_stands_is_shown_with_number_day_office_and_initials_and_nothing_more(
    client, held, certificate, ani
):
    page = read(client, certificate)
    text = text_of(page.text)
    assert "Sertifikat ini dari DP3AP2KB Kota Metro, dan berlaku." in text
    assert "001/SERT/DP3AP2KB Kota Metro/2027, 19 Januari 2027" in text
    assert "Inisial nama A. W." in text
    assert "Senin, 18 Januari 2027" in text
    for hidden in ("Ani", "Wijaya", held.title, "Aula", ani.phone):
        assert hidden not in page.text
    assert len(page.data) < 14_000
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_the_title_is_the_one_on_the_certificate_unless_the_activity_has_a_neutral_one(client, held):
    held.public_title = ""
    db.session.commit()
    [one] = make.make_all(held.id, by=None, now=AFTER).certificates
    title, held.title = held.title, "Judul yang diubah sesudahnya"
    db.session.commit()
    assert title in text_of(read(client, one).text)


def test_a_replaced_one_names_its_successor_and_a_revoked_one_the_day(client, certificate):
    new = make.correct(certificate.id, "Ani Widjaja", by=None, now=AFTER)
    said = text_of(read(client, certificate).text)
    assert "Sertifikat ini telah diganti dengan sertifikat nomor 002/SERT/DP3AP2KB Kota Metro/2027." in said
    assert "berlaku" in text_of(read(client, new).text)
    make.revoke(new.id, "Alasan yang hanya untuk petugas", by=None, now=at(25))
    page = read(client, new).text
    assert "Sertifikat ini dicabut pada 25 Januari 2027 dan tidak berlaku." in text_of(page)
    assert "hanya untuk petugas" not in page


def test_a_code_is_read_as_people_type_it_and_a_letters_address_knows_no_certificate(client, certificate):
    typed = shown_code(certificate.code).lower()
    assert client.get("/s/", query_string={"code": typed}).headers["Location"] == f"/s/{shown_code(certificate.code)}"
    assert client.get("/s/").status_code == 200
    assert client.get("/s/", query_string={"code": "salah"}).status_code == 404
    assert client.get(f"/l/{certificate.code}").status_code == 404


def test_in_english(client, certificate):
    assert "This certificate is from DP3AP2KB Kota Metro, and it stands." in text_of(
        read(client, certificate, "?lang=en").text
    )


def test_wrong_codes_are_limited_and_right_ones_are_not(client, certificate):
    limiter.reset()
    assert {read(client, certificate).status_code for _time in range(12)} == {200}
    wrong = [client.get(f"/s/2345-6789-AB{letter}D").status_code for letter in "23456789ABC"]
    assert wrong == [404] * 10 + [429]
