"""A link's holder downloads their own certificates, and nobody else's."""

import pypdfium2
import pytest

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.services.certificates import make
from tests.web.reading import text_of
from tests.world import answer, at, give_link, invitation_of, token_of
from tests.world.held import AFTER, were_present


def texts_of(data):
    with pypdfium2.PdfDocument(data) as document:
        return document[0].get_textpage().get_text_range()


def test_the_own_page_leads_to_the_certificate_and_its_download(phone, certificate, ani):
    token = token_of(ani)
    assert f"/j/{token}/certificates" in phone.get(f"/j/{token}").text
    page = phone.get(f"/j/{token}/certificates")
    assert ("Ani Wijaya" in page.text, "001/SERT/DP3AP2KB Kota Metro/2027" in page.text) == (True, True)
    assert "no-store" in page.headers["Cache-Control"]
    taken = phone.get(f"/j/{token}/certificates/{certificate.id}")
    assert (taken.status_code, taken.content_type) == (200, "application/pdf")
    assert (taken.headers["X-Robots-Tag"], "attachment" in taken.headers["Content-Disposition"]) == (
        "noindex, nofollow",
        True,
    )
    assert "Ani Wijaya" in texts_of(taken.data)


def test_nobody_downloads_what_is_not_theirs(phone, held, certificate, budi, police):
    give_link(police)
    for other in (budi, police):
        token = token_of(other)
        assert "/certificates" not in phone.get(f"/j/{token}").text
        assert phone.get(f"/j/{token}/certificates/{certificate.id}").status_code == 404
        assert "Ani" not in phone.get(f"/j/{token}/certificates").text
    assert phone.get(f"/j/{token_of(budi)[:-4]}aaaa/certificates").status_code in (404, 410)


def test_what_is_replaced_or_revoked_is_not_offered_any_more(phone, certificate, ani):
    token = token_of(ani)
    new = make.correct(certificate.id, "Ani Widjaja", by=None, now=AFTER)
    assert phone.get(f"/j/{token}/certificates/{certificate.id}").status_code == 404
    assert "Ani Widjaja" in phone.get(f"/j/{token}/certificates").text
    make.revoke(new.id, "Keliru", by=None, now=AFTER)
    assert phone.get(f"/j/{token}/certificates/{new.id}").status_code == 404
    assert "/certificates" not in phone.get(f"/j/{token}").text


@pytest.mark.parametrize("late", [False, True])
def test_who_acted_downloads_theirs_by_their_own_link_also_when_it_is_made_late(phone, held, budi, clock_stands, late):
    who = Representative("Rina Dewi, S.Pd.", email="rina@example.com")
    answer(held, budi, Choice.REPRESENTED, representative=who)
    were_present(invitation_of(held, budi))
    clock_stands.now = at(18).replace(month=6) if late else AFTER
    made = make.make_all(held.id, by=None, now=clock_stands.now).certificates
    [hers] = [one for one in made if one.acting_id]
    token = tokens.acting_token(invitation_of(held, budi).acting.nonce)
    assert f"/j/{token}/certificates" in phone.get(f"/j/{token}").text
    assert "Rina Dewi, S.Pd." in texts_of(phone.get(f"/j/{token}/certificates/{hers.id}").data)
    # The invitee was not there, so nothing is theirs; and Rina gets nothing of Ani's.
    assert "Rina" not in phone.get(f"/j/{token_of(budi)}/certificates").text
    [anis] = [one for one in made if not one.acting_id]
    assert phone.get(f"/j/{token}/certificates/{anis.id}").status_code == 404


def test_the_page_says_so_if_there_is_nothing(phone, held, ani):
    assert "Saat ini tidak ada sertifikat di sini." in text_of(phone.get(f"/j/{token_of(ani)}/certificates").text)
