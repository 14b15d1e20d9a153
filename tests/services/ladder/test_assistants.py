"""The rung that writes to an adjutant or secretary: what they get, what they answer, and when no mail goes to them."""

import re
from datetime import timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, MailKind, Role
from outreach.domain.ladder.rungs import LadderName, RungKind, RungRule, RungState, RungTiming
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AddressFailure, Assistant, Message
from outreach.queries.answers import page as answer_page
from outreach.queries.ladder import rungs as pages
from outreach.services.activities import agenda
from outreach.services.activities.agenda import AgendaValues
from outreach.services.answers import answer as answering
from outreach.services.answers.answer import LinkAnswer
from outreach.services.directory import assistants
from outreach.services.invitations import invite as inviting
from outreach.services.invitations.links import LinkReplaced
from outreach.services.ladder import climb, edit
from outreach.services.reminders import remind_now
from outreach.services.reminders import tick as reminding
from tests.world import (
    NOW,
    a_person,
    an_organisation,
    at,
    at_once,
    draft_activity,
    drain,
    fresh,
    invitation_of,
    invite,
    publish,
    send_through,
    token_of,
)
from tests.world.composed import text_of
from tests.world.letters.signed import signed_letter

AFTER = RungTiming.AFTER_INVITATION
LADDER = (RungRule(RungKind.ASSISTANT, AFTER, 2), RungRule(RungKind.CALL, AFTER, 6))  # Thursday 7 January, 09.00
DONE, MISSED, WAITING, ENDED = RungState.DONE, RungState.MISSED, RungState.WAITING, RungState.ENDED
DUE = at(7, 9)
FILE = b"%PDF-1.7\r\nsigned\r\n%%EOF"


@pytest.fixture
def climbing(current_app_, server, activity, chief, coordinator):
    """The police chief, who has an adjutant, is invited to speak on 18 January; the speakers' ladder writes to adjutants."""
    send_through(current_app_, server)
    assistants.write(chief, "Rina Astuti", "+6281200000001", "rina@example.com")
    db.session.commit()
    edit.save(LadderName.SPEAKERS, LADDER, by=coordinator, now=NOW)
    items = [AgendaValues(at(18, 9), at(18, 10), "Perlindungan saksi", (chief.id,))]
    agenda.set_agenda(activity.id, items, by=None, now=NOW)
    signed_letter(invitation_of(activity, chief), data=FILE)
    publish(activity)
    work(NOW)
    server.taken.clear()
    return activity


def work(now):
    climb.tick(now)
    reminding.tick(now)
    drain(now)
    db.session.rollback()


def rungs(activity, person):
    found = pages.of_invitation(invitation_of(activity, person).id)
    return [(rung.state, rung.reason) for rung in found]


def sent(server):
    return {taken.recipient: taken.mail for taken in server.taken}


def link_in(mail):
    return re.search(r"/j/([\w-]{38})", text_of(mail))[1]


def test_the_adjutant_gets_the_facts_the_letter_and_a_link_and_the_invitee_gets_no_mail(climbing, server):
    work(DUE)
    mail = sent(server)["rina@example.com"]
    said = " ".join(text_of(mail).split())
    assert list(sent(server)) == ["rina@example.com"]
    assert mail["Subject"].startswith("Mohon bantuan menyampaikan undangan")
    for words in (
        "Yth. Bapak/Ibu Rina Astuti, ajudan atau sekretaris Kapolres Metro",
        "menyampaikan undangan kami", "kepada Kapolres Metro", "Senin, 18 Januari 2027", "Jawaban paling lambat",
        "tidak pernah memungut biaya", "0725", "Terlampir surat undangan nomor 400.2/7/2027",
    ):  # fmt: skip
        assert words in said
    assert said.count("kami ucapkan terima kasih") == 1
    html = mail.get_body(("html",)).get_content()
    assert ("gilirannya pukul 09.00–10.00 WIB" in html, "giliran Bapak/Ibu" in html) == (True, False)
    files = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
    assert [sha256(part.get_payload(decode=True)).digest() for part in files] == [sha256(FILE).digest()]
    assert [part for part in mail.walk() if part.get_content_type() == "text/calendar"] == []


def test_the_adjutant_answers_by_the_link_and_the_invitation_says_so(climbing, server, chief):
    work(DUE)
    token = link_in(sent(server)["rina@example.com"])
    page = answer_page.read(token, now=DUE)
    assert (page.invitee.name, page.invitee.assistant) == ("Kapolres Metro", "Rina Astuti")
    assert answering.answer_all(token, {climbing.id: LinkAnswer(Choice.COMING)}, now=DUE) == {}
    invitation = invitation_of(climbing, chief)
    assert (invitation.state, invitation.answer_source) == (InvitationState.COMING, AnswerSource.ASSISTANT)
    work(DUE + timedelta(minutes=1))
    assert rungs(climbing, chief) == [(DONE, ""), (ENDED, "answered")]


def test_a_mail_to_the_adjutant_is_not_one_that_the_invitee_had_today(climbing, server, chief):
    work(DUE)
    edit.save(LadderName.SPEAKERS, (RungRule(RungKind.MAIL, AFTER, 2),), by=None, now=DUE)
    message = db.session.scalars(sa.select(Message).where(Message.kind == MailKind.ASSISTANCE)).one()
    assert (message.address, message.person_id) == ("rina@example.com", chief.id)

    remind_now.remind(climbing.id, [invitation_of(climbing, chief).id], by=None, now=at(7, 10))
    server.taken.clear()
    work(at(7, 10))
    assert list(sent(server)) == ["kapolres@example.com"]


def test_without_an_adjutant_the_rung_is_missed_and_says_why(climbing, server, chief):
    assistants.write(fresh(chief), "", "", "")
    db.session.commit()
    work(DUE)
    assert (rungs(climbing, chief)[0], list(sent(server))) == ((MISSED, "no_assistant"), [])


def test_an_adjutant_without_an_address_counts_as_none(climbing, server, chief):
    assistants.write(fresh(chief), "Rina Astuti", "+6281200000001", "")
    db.session.commit()
    work(DUE)
    assert rungs(climbing, chief)[0] == (MISSED, "no_assistant")


def test_no_mail_goes_to_a_blocked_address(climbing, server, chief):
    db.session.add(AddressFailure(address="rina@example.com", blocked_at=NOW, last_at=NOW))
    db.session.commit()
    work(DUE)
    assert (rungs(climbing, chief)[0], list(sent(server))) == ((MISSED, "no_mail"), [])


def test_an_adjutant_who_stops_the_mails_stops_only_those_to_them(climbing, server, chief):
    work(DUE)
    mail = sent(server)["rina@example.com"]
    stop = re.search(r"/j/([\w-]{38})/stop", mail["List-Unsubscribe"])[1]
    answering.stop_reminders(stop, now=DUE)
    assert db.session.scalars(sa.select(Assistant)).one().stopped_at == DUE
    assert (fresh(chief).reminders_stopped_at, answer_page.read_invitee(stop, now=DUE).invitee.stopped) == (None, True)
    again = draft_activity(climbing.programme, None, starts_at=at(25, 8), ends_at=at(25, 12), respond_by_at=at(22))
    invite(again, chief, role=Role.SPEAKER)
    publish(again)
    work(DUE)
    work(at(12, 9))
    assert rungs(again, chief)[0] == (MISSED, "no_mail")


def test_an_address_that_wants_no_mails_gets_none_after_its_name_is_corrected(climbing, server, chief):
    work(DUE)
    answering.stop_reminders(link_in(sent(server)["rina@example.com"]), now=DUE)
    assistants.write(fresh(chief), "Rina Astuti, S.H.", "", "rina@example.com")
    db.session.commit()
    assert fresh(chief).assistant.stopped_at == DUE
    assistants.write(fresh(chief), "Dewi", "", "dewi@example.com")
    db.session.commit()
    assert fresh(chief).assistant.stopped_at is None


def test_an_answer_that_came_first_stops_a_mail_that_is_written_already(climbing, server, chief):
    climb.tick(DUE)
    reminding.tick(DUE)
    answering.answer(token_of(chief), climbing.id, Choice.NOT_COMING, now=DUE)
    drain(DUE)
    assert "rina@example.com" not in sent(server)


def test_two_chiefs_with_one_secretary_are_asked_about_on_two_days(climbing, server, chief):
    deputy = a_person("", post="Wakapolres Metro", email="wakapolres@example.com", phone="")
    assistants.write(deputy, "Rina Astuti", "", "rina@example.com")
    db.session.commit()
    invite(climbing, deputy, role=Role.SPEAKER)
    work(at(4, 10))
    server.taken.clear()
    work(DUE)
    assert ([taken.recipient for taken in server.taken], rungs(climbing, deputy)[0]) == (
        ["rina@example.com"],
        (WAITING, ""),
    )
    work(at(8, 9))
    assert [taken.recipient for taken in server.taken] == ["rina@example.com", "rina@example.com"]
    assert (rungs(climbing, chief)[0], rungs(climbing, deputy)[0]) == ((DONE, ""), (DONE, ""))


def test_two_activities_of_one_chief_make_one_mail(climbing, server, chief):
    other = draft_activity(climbing.programme, None, starts_at=at(20, 8), ends_at=at(20, 12), respond_by_at=at(16))
    invite(other, chief, role=Role.SPEAKER)
    publish(other)
    work(at(4, 10))
    server.taken.clear()
    work(DUE)
    assert [taken.recipient for taken in server.taken].count("rina@example.com") == 1
    assert (rungs(climbing, chief)[0], rungs(other, chief)[0]) == ((DONE, ""), (DONE, ""))


def test_the_link_opens_the_page_of_the_adjutants_own_invitee_among_many(climbing, chief, police, ani, budi):
    invite(climbing, ani, budi, role=Role.CADRE)
    school = an_organisation("SMPN 1")
    for office in (school, police):
        inviting.invite_organisations([climbing.id], {office.id: 1}, by=None, now=NOW)
    for invitee, name in ((ani, "Dewi"), (budi, "Wati"), (school, "Rini"), (police, "Tono")):
        assistants.write(fresh(invitee), name, "", f"{name.lower()}@example.com")
        db.session.commit()
    opened = []
    for invitee in (ani, budi, chief, school, police):
        token = tokens.assistant_token(fresh(invitee).assistant.nonce)
        opened.append(answer_page.read(token, now=NOW).invitee.name)
    assert opened == [fresh(one).display_name for one in (ani, budi, chief, school, police)]


def test_the_link_of_an_earlier_adjutant_opens_nothing_any_more(climbing, server, chief):
    work(DUE)
    token = link_in(sent(server)["rina@example.com"])
    assistants.write(fresh(chief), "Dewi", "", "dewi@example.com")
    db.session.commit()
    with pytest.raises(LinkReplaced):
        answer_page.read(token, now=DUE)


def test_three_engines_at_once_write_to_the_adjutant_once(any_app, climbing, server):

    db.session.rollback()
    assert at_once(any_app, [lambda: climb.tick(DUE)] * 3) == ["done"] * 3
    reminding.tick(DUE)
    drain(DUE)
    assert [taken.recipient for taken in server.taken] == ["rina@example.com"]
