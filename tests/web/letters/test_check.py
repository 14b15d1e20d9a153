"""The check page: anybody learns of a signed letter only what stands on it, and whether it stands."""

import pytest

from outreach.domain.documents import shown_code
from outreach.domain.letters.values import LetterKind, LetterState
from outreach.extensions import db, limiter
from outreach.services.activities import publish as publishing
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, an_invitation, at, fresh, move, publish
from tests.world.letters.signed import signed_letter

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def client(current_app_):
    return current_app_.test_client()


@copied
def letter(office, activity, ani):
    publish(activity, tick=False)
    return signed_letter(an_invitation(activity, ani))


def read(client, letter, query=""):
    return client.get(f"/l/{shown_code(letter.code)}{query}")


def end(letter, state, kind):
    """Store a signed letter that ends this one."""
    later = signed_letter(kind=kind, follows=letter, number="400.2/8/2027")
    fresh(letter).state = state
    db.session.commit()
    return later


def test_a_letter_that_stands_is_shown_with_number_day_and_office_and_nothing_more(client, letter, activity, ani):
    page = read(client, letter)
    text = text_of(page.text)
    assert "Surat ini dari DP3AP2KB Kota Metro, dan berlaku." in text
    assert "400.2/7/2027, 5 Januari 2027" in text
    assert "Senin, 18 Januari 2027" in text
    assert "tidak pernah dipungut biaya" in text
    for hidden in (ani.name, activity.title, "Aula", "surat.pdf"):
        assert hidden not in page.text
    assert len(page.data) < 14_000
    assert "<script" not in page.text
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_the_title_is_the_one_on_the_letter_unless_the_activity_has_a_neutral_one(client, office, activity, ani):
    activity.public_title = ""
    db.session.commit()
    publish(activity, tick=False)
    letter = signed_letter(an_invitation(activity, ani))
    title = activity.title
    activity.title = "Judul yang diubah sesudahnya"
    db.session.commit()
    page = text_of(read(client, letter).text)
    assert (title in page, activity.title in page) == (True, False)
    assert "Cocokkan semua ini dengan surat" in page
    fresh(activity).public_title = "Rapat"
    db.session.commit()
    page = text_of(read(client, letter).text)
    assert (title in page, "Rapat" in page, "dapat lebih rinci" in page) == (False, True, True)


@pytest.mark.parametrize(
    "written", [str.lower, lambda code: code.replace("-", ""), lambda code: code.replace("-", " ")]
)
def test_a_code_is_read_as_people_type_it(client, letter, written):
    answer = client.get("/l/", query_string={"code": written(shown_code(letter.code))})
    assert answer.headers["Location"] == f"/l/{shown_code(letter.code)}"
    assert client.get(f"/l/{written(shown_code(letter.code))}").status_code == 200


def test_a_moved_activity_is_said_until_the_correction_is_signed(client, letter, activity):
    move(activity, at(19), at(19, 12))
    assert "telah berubah sejak itu" in text_of(read(client, letter).text)
    later = end(letter, LetterState.CORRECTED, LetterKind.CORRECTION)
    assert "Surat ini diralat dengan surat nomor 400.2/8/2027 tanggal 5 Januari 2027." in text_of(
        read(client, letter).text
    )
    assert "dan berlaku" in text_of(read(client, later).text)


def test_a_cancelled_activity_is_said_with_the_letter_that_cancels(client, letter, activity):
    publishing.cancel(activity.id, "alasan", by=None, now=NOW)
    assert "dibatalkan" in text_of(read(client, letter).text)
    end(letter, LetterState.CANCELLED, LetterKind.CANCELLATION)
    text = text_of(read(client, letter).text)
    assert "Surat ini dibatalkan dengan surat nomor 400.2/8/2027 tanggal 5 Januari 2027." in text


def test_a_draft_is_no_letter_and_looks_like_a_wrong_code(client, letter):
    wrong = client.get("/l/2345-6789-ABCD")
    fresh(letter).signed_file_id = None
    db.session.commit()
    draft = read(client, letter)
    assert (wrong.status_code, draft.status_code) == (404, 404)
    assert draft.text.replace(shown_code(letter.code), "") == wrong.text.replace("2345-6789-ABCD", "")


def test_in_english(client, letter):
    assert "This letter is from DP3AP2KB Kota Metro, and it stands." in text_of(read(client, letter, "?lang=en").text)


def test_wrong_codes_are_limited_and_right_ones_are_not(client, letter):
    limiter.reset()
    for _ in range(20):
        assert read(client, letter).status_code == 200
    wrong = [client.get(f"/l/2345-6789-ABC{number}").status_code for number in range(2, 10)]
    wrong += [client.get(f"/l/2345-6789-ABD{number}").status_code for number in range(2, 10)]
    assert wrong == [404] * 10 + [429] * 6
    stopped = client.get("/l/2345-6789-ABE2")
    assert int(stopped.headers["Retry-After"]) > 0


@pytest.mark.parametrize("typed", ["", "x" * 500, "<script>alert(1)</script>", "' OR 1=1 --", "%00"])
def test_odd_codes_are_answered_plainly(client, office, typed):
    answer = client.get("/l/", query_string={"code": typed})
    assert answer.status_code == (200 if not typed else 404)
    assert "<script>" not in answer.text
