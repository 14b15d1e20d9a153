"""A child reads "Ananda" wherever an adult reads "Bapak/Ibu": in mails of every kind, texts for phones, pages and letters."""

import pytest
from flask_babel import force_locale, gettext, lazy_gettext, ngettext

from outreach.delivery import tokens
from outreach.delivery.mail import texts
from outreach.delivery.mail.kinds import follow_ups
from outreach.delivery.mail.kinds import minutes as minutes_mail
from outreach.delivery.mail.kinds import poll as poll_mail
from outreach.delivery.mail.kinds import privacy as privacy_mail
from outreach.delivery.rows import stored
from outreach.delivery.words import addressing, whatsapp
from outreach.delivery.words.whatsapp import Sender
from outreach.domain.kinds import CadreKind, MailKind, Role
from outreach.domain.letters.values import LetterKind
from outreach.domain.minutes.content import MinutesPurpose
from outreach.domain.privacy.requests import RequestKind, RequestOutcome, RequestWay
from outreach.extensions import db
from outreach.models import (
    ActingPerson,
    Assistant,
    DataRequest,
    FollowUp,
    FollowUpLine,
    Minutes,
    MinutesMail,
    PrivacyMail,
)
from outreach.queries import polls
from outreach.queries.reminders import texts as previews
from outreach.services.letters import make
from outreach.services.letters.versions import last_values
from tests.world import NOW, a_cadre, a_person, an_invitation, give_link, publish, token_of
from tests.world.composed import html_of, mail_of, parsed, text_of
from tests.world.composed import line as line_of
from tests.world.polls import a_poll, asked

ADULT, CHILD = "Bapak/Ibu", "Ananda"
LATE = lazy_gettext("What would you like?")
SENDER = Sender("Dinas Contoh", "Rina")
NOT_TO_THE_INVITEE = {"assistance"}


@pytest.fixture
def sari(office):
    """A member of the Forum Anak. The only one in this test whose form of address is "Ananda"."""
    sari = a_cadre("Sari", CadreKind.FORUM_ANAK, "18.72.01.1003")
    give_link(sari)
    return sari


def words_of(data: bytes) -> str:
    mail = parsed(data)
    return "\n".join([mail["Subject"], text_of(mail), html_of(mail)])


def test_the_word_is_replaced_in_sentences_and_not_in_the_values_that_they_are_given(app):
    with force_locale("id"):
        assert gettext("What would you like?") == f"Apa yang {ADULT} inginkan?"
        with addressing.addressing(child=True):
            assert (gettext("What would you like?"), str(LATE)) == (f"Apa yang {CHILD} inginkan?",) * 2
            one = ngettext(
                "You are invited to the following activity.", "You are invited to the following %(num)d activities.", 2
            )
            assert one == f"{CHILD} diundang ke 2 kegiatan berikut."
            assert (
                gettext("You come in place of %(name)s.", name="Bapak/Ibu Budi")
                == f"{CHILD} hadir mewakili Bapak/Ibu Budi."
            )
            with addressing.addressing(child=False):
                assert ADULT in gettext("What would you like?")
        assert str(LATE) == f"Apa yang {ADULT} inginkan?"
    assert addressing.to("bapak / ibu hadir", child=True) == f"{CHILD} hadir"


def test_each_text_of_mails_and_whatsapp_addresses_a_child(activity, sari, subtests):
    ani = a_person("Ani", email="ani@example.com")
    publish(activity, tick=False)
    to_adult, to_child = (an_invitation(activity, one, Role.CADRE).id for one in (ani, sari))

    def said(key: str, invitation_id: int) -> str:
        if key in texts.CALL_KEYS:
            return previews.preview_of_call(key, "id", None, invitation_id, sender=SENDER, now=NOW)
        found = previews.preview(key, "id", None, invitation_id, now=NOW)
        return "\n".join([found.subject, found.text, found.html])

    for key in [*texts.KEYS, *texts.CALL_KEYS]:
        with subtests.test(key):
            child, adult = said(key, to_child), said(key, to_adult)
            assert ADULT in adult
            assert (ADULT in child) == (key in NOT_TO_THE_INVITEE)


def test_a_mail_about_several_activities_and_what_happens_after_a_move_address_a_child(programme, hall, activity, sari):
    publish(activity, tick=False)
    one = an_invitation(activity, sari, Role.SPEAKER)
    lines = [line_of(one, MailKind.INVITATION), line_of(one, MailKind.CHANGE), line_of(one, MailKind.THANKS)]
    for some in (lines[:1], lines[1:2], lines[2:], lines):
        mail = mail_of(*some)
        assert ADULT not in mail["Subject"] + text_of(mail) + html_of(mail)


def test_whoever_comes_in_a_childs_place_or_helps_them_is_addressed_as_an_adult(activity, sari):
    publish(activity, tick=False)
    one = an_invitation(activity, sari, Role.CADRE)
    one.acting = ActingPerson(name="Dewi", email="dewi@example.com")
    db.session.commit()
    text = text_of(mail_of(line_of(one, MailKind.APPOINTMENT), to_representative=True))
    assert "Yth. Bapak/Ibu Dewi, mewakili Sari" in text
    assert "Bapak/Ibu ditunjuk" in text


def test_mails_that_are_about_no_invitation_address_a_child(activity, sari, office):
    row = stored.invitee_row(sari, id=1, link_nonce=tokens.new_nonce(), rfc_message_id="<1@example.com>")
    session = db.session()
    poll = asked(a_poll(sari), sari)
    minutes = Minutes(activity=activity, chair=sari, nonce=tokens.new_nonce(), changed_at=NOW)
    task = FollowUp(minutes=minutes, what="Membuat poster", due_on=NOW.date(), nonce=tokens.new_nonce())
    found = [
        poll_mail.written(session, poll, row, office, now=NOW),
        follow_ups.written(session, [FollowUpLine(follow_up=task, due_on=NOW.date(), lead=1)], row, office, now=NOW),
    ]
    for purpose in (MinutesPurpose.ASK, MinutesPurpose.COPY):
        mail = minutes_mail.ConcernedMail(MinutesMail(minutes=minutes, purpose=purpose, number=1), 1)
        found.append(minutes_mail.written(session, mail, row, office, now=NOW))
    request = DataRequest(
        person=sari, kind=RequestKind.CORRECT, way=RequestWay.LINK, received_at=NOW, nonce=tokens.new_nonce(),
        outcome=RequestOutcome.DONE, what_done="email",
    )  # fmt: skip
    for about in privacy_mail.TO_PERSON:
        mail = PrivacyMail(request=request, purpose=about, address="sari@example.com")
        found.append(privacy_mail.written(mail, row, office, now=NOW))
    session.rollback()
    assert len(found) == 9
    for composed in found:
        assert ADULT not in words_of(composed.data)
        unconfirmed = composed.subject.startswith("Apakah ini alamat")  # perhaps a stranger's, so it names nobody
        assert (f"Yth. {CHILD}," if unconfirmed else f"Yth. {CHILD} Sari") in words_of(composed.data)


def test_a_child_reads_their_pages_as_a_child_and_an_adult_as_before(app, activity, sari):
    client = app.test_client()
    ani = a_person("Ani", email="ani@example.com")
    publish(activity, tick=False)
    for one in (sari, ani):
        an_invitation(activity, one, Role.CADRE)
        give_link(one)
    poll = a_poll(sari, ani)
    paths = ["", "/data", "/calendar", "/away", f"/polls/{poll.id}", "/stop", "/data?lang=en"]
    tokens_of = [token_of(sari), token_of(ani), token_of(sari)]
    for path in paths:
        pages = [client.get(f"/j/{token}{path}").text for token in tokens_of]
        assert [ADULT in page for page in pages] == [False, "lang=en" not in path, False], path
    adjutant = Assistant(person=sari, name="Dewi", email="dewi@example.com", nonce=tokens.new_nonce())
    db.session.add(adjutant)
    db.session.commit()
    page = client.get(f"/j/{tokens.assistant_token(adjutant.nonce)}").text
    assert "Dewi, Bapak/Ibu menjawab di sini untuk Sari" in page


def test_texts_for_phones_and_letters_address_a_child_and_a_letter_to_adults_too_does_not(activity, sari, office):
    budi = a_person("Budi")
    publish(activity, tick=False)
    one, other = (an_invitation(activity, person, Role.CADRE) for person in (sari, budi))
    poll = a_poll(sari)
    assert f"{CHILD} ke: " in whatsapp.call_about([one], "", SENDER, now=NOW).text
    assert f"cocok bagi {CHILD} " in polls.call_to(asked(poll, sari), SENDER).text

    def opening(*invitations) -> str:
        letter = make.make(LetterKind.INVITATION, [each.id for each in invitations], by=None, now=NOW)
        return last_values(letter).opening

    assert f"mengundang {CHILD} untuk" in opening(one)
    assert f"mengundang {ADULT} untuk" in opening(other)
    assert f"mengundang {ADULT} untuk" in opening(one, other)
