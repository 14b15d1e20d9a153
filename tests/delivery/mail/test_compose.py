"""The contents, recipients and structure of a mail."""

import re
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from outreach.delivery import tokens
from outreach.delivery.mail.compose import AddressUnusable, compose
from outreach.domain.activities.values import WAS_POSTPONED
from outreach.domain.kinds import AttendanceSource, Audience, MailKind, Role, Sex
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import ActingPerson, AgendaItem, Attendance, MessageText
from tests.support.apps import with_settings
from tests.world import NOW, a_person, at, draft_activity
from tests.world.composed import (
    calendar_parts,
    dewi,
    event_in,
    html_of,
    line,
    links_in_html,
    mail_of,
    message_of,
    parsed,
    published_invitation,
    reads_a_mailbox,
    text_of,
    words_in_html,
)

INVITATION, REMINDER = MailKind.INVITATION, MailKind.REMINDER


def url_of(person, choice="", activity=None):
    return tokens.page_url(tokens.token(tokens.link_for(db.session, person)), choice and f"{choice}-{activity.id}")


def own_page(invitation):
    return tokens.page_url(tokens.acting_token(invitation.acting.nonce))


def test_a_cadre_gets_an_invitation_in_indonesian(activity, ani):
    mail = mail_of(line(published_invitation(activity, ani), INVITATION))
    assert mail["Subject"] == "Undangan: Rapat koordinasi lintas sektor, Senin, 18 Januari 2027"
    assert mail["To"] == "Ani Wijaya <ani@example.com>"
    assert mail["Content-Language"] == "id"
    text = text_of(mail)
    assert "Yth. Bapak/Ibu Ani Wijaya, kader PATBM Kelurahan Imopuro\n\nDengan hormat,\n" in text
    assert "Kami mengundang Bapak/Ibu mengikuti kegiatan “Rapat koordinasi lintas sektor”.\n" in text
    assert "Acara: Rapat koordinasi pencegahan kekerasan\n" in text
    assert "Waktu: 08.00–12.00 WIB\n" in text
    assert "Registrasi: mulai 07.30 WIB\n" in text
    assert "Tempat: Aula Bappeda, Jl. Jenderal Sudirman, Metro\n" in text
    assert f"Hadir: {url_of(ani, 'hadir', activity)}\n" in text
    assert "membawa" not in text


def test_only_a_mail_with_a_link_for_answering_mentions_that_link(activity, ani):
    invitation = published_invitation(activity, ani)
    asking, telling = (text_of(mail_of(line(invitation, kind))) for kind in (INVITATION, MailKind.POSTPONEMENT))
    about_link = "Tautan ini khusus untuk Bapak/Ibu"
    assert (about_link in " ".join(asking.split()), about_link in " ".join(telling.split())) == (True, False)
    assert "/stop" in telling or "pengingat" in telling.lower()


def test_the_same_mail_is_in_english_for_a_reader_of_english(activity, ani):
    ani.locale = "en"
    activity.things_to_bring = "your identity card"
    mail = mail_of(line(published_invitation(activity, ani), INVITATION))
    assert mail["Subject"] == "Invitation: Rapat koordinasi lintas sektor, Monday, 18 January 2027"
    assert mail["Content-Language"] == "en"
    text = text_of(mail)
    assert "Dear Ani Wijaya, PATBM cadre of Imopuro\n" in text
    assert "Time: 08:00–12:00 WIB\n" in text
    assert "Please bring: your identity card\n" in text
    assert "Questions? Call Bidang PPA, 0812-0000-0001.\n" in text


def test_a_speaker_known_by_post_is_asked_for_the_topic(activity, chief):
    activity.agenda = [
        AgendaItem(starts_at=at(18, 9, 40), ends_at=at(18, 10), topic="Pencegahan dan pelaporan", speakers=[chief]),
        AgendaItem(starts_at=at(18, 10), ends_at=at(18, 11), topic="Penuntutan"),
    ]
    chief.locale = "en"
    mail = mail_of(line(published_invitation(activity, chief, Role.SPEAKER), INVITATION))
    assert mail["Subject"] == "Request to be speaker: Rapat koordinasi lintas sektor, Monday, 18 January 2027"
    text = text_of(mail)
    assert "Dear Kapolres Metro\n" in text
    assert "Topic: Pencegahan dan pelaporan\nLength: 20 minutes, questions included\n" in text
    assert "Registration: from 07:30 WIB\n" in text


def test_a_moderator_without_a_topic_gets_no_line_about_it(activity, chief):
    text = text_of(mail_of(line(published_invitation(activity, chief, Role.MODERATOR), INVITATION)))
    assert "Materi:" not in text
    assert "Giliran:" not in text
    assert "Lama:" not in text


def test_a_speaker_in_an_activity_of_several_days_reads_the_day(activity, chief):
    activity.ends_at = at(19, 12)
    activity.agenda = [AgendaItem(starts_at=at(19, 9), ends_at=at(19, 10), topic="Penuntutan", speakers=[chief])]
    text = text_of(mail_of(line(published_invitation(activity, chief, Role.SPEAKER), INVITATION)))
    assert "Giliran: pukul 09.00–10.00 WIB (Selasa, 19 Januari 2027)\n" in text


@pytest.mark.parametrize(
    ("name", "post", "greeting"),
    [
        ("Agus Hasanah", "Analis", "Dear Agus Hasanah, Analis, Polres Metro\n"),
        ("Agus Hasanah", "Kasat Reskrim Polres Metro", "Dear Agus Hasanah, Kasat Reskrim Polres Metro\n"),
        ("Agus Hasanah", "", "Dear Agus Hasanah, Polres Metro\n"),
        ("", "Kapolres", "Dear Kapolres\n"),
    ],
)
def test_a_letter_has_name_post_and_office_once_each(activity, chief, name, post, greeting):
    chief.name, chief.post, chief.locale = name, post, "en"
    assert greeting in text_of(mail_of(line(published_invitation(activity, chief, Role.PARTICIPANT), INVITATION)))


def test_an_organisation_is_asked_for_names(activity, police):
    police.locale = "en"
    mail = mail_of(line(published_invitation(activity, police, Role.PARTICIPANT, quota=2), INVITATION))
    assert mail["To"] == "Polres Metro <polres@example.com>"
    assert "Participants: up to 2\n" in text_of(mail)
    assert f"Send people: {url_of(police, 'hadir', activity)}\n" in text_of(mail)
    assert f"Send nobody: {url_of(police, 'tidak', activity)}\n" in text_of(mail)
    assert "Dear Head of Polres Metro\n" in text_of(mail)


def test_an_organisation_has_its_own_words_for_reminders_and_changes(activity, police):
    police.locale = "en"
    invitation = published_invitation(activity, police, Role.PARTICIPANT, quota=2)
    text = text_of(mail_of(line(invitation, REMINDER, Audience.UNANSWERED), now=at(15)))
    assert "We have not had the names of those coming from Polres Metro yet.\n" in text
    assert "Represented" not in text
    text = text_of(mail_of(line(invitation, MailKind.CHANGE, Audience.EXPECTED, detail=change())))
    assert "Please check the names of those you send for the new time and place" in text
    assert "Represented" not in text


@pytest.mark.parametrize("text_key", ["", "invitation-nominee"])
def test_a_nominee_reads_the_name_of_their_organisation(app, activity, police, ani, text_key):
    reads_a_mailbox(app)
    asked = published_invitation(activity, police, Role.PARTICIPANT, quota=2)
    ani.locale = "en"
    nominee = published_invitation(
        activity, ani, Role.PARTICIPANT, state=InvitationState.COMING, nominated_under_id=asked.id
    )
    mail = mail_of(line(nominee, INVITATION, Audience.ONE, text_key=text_key))
    text = text_of(mail)
    assert "Polres Metro has chosen you to go to “Rapat koordinasi lintas sektor”.\n" in text
    assert "Your answer: Coming\n" in text
    assert f"Change your answer: {url_of(ani)}\n" in text
    (part,) = calendar_parts(mail)
    assert part["Content-Type"].params["method"] == "REQUEST"
    assert event_in(part)["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"


@pytest.mark.parametrize(
    ("sex", "said"), [(Sex.FEMALE, "Yth. Ibu Ani"), (Sex.MALE, "Yth. Bapak Ani"), (None, "Yth. Bapak/Ibu Ani")]
)
def test_a_letter_says_bapak_or_ibu_where_the_sex_is_known(activity, ani, sex, said):
    ani.sex = sex
    assert said in text_of(mail_of(line(published_invitation(activity, ani), INVITATION)))


@pytest.mark.parametrize(
    ("now", "subject"),
    [
        (at(15), "In three days: Rapat koordinasi lintas sektor"),
        (at(7), "In 11 days: Rapat koordinasi lintas sektor"),
        (at(16, 23, 59), "In two days: Rapat koordinasi lintas sektor"),
        (at(17), "Tomorrow: Rapat koordinasi lintas sektor"),
        (at(18, 0, 1), "Today: Rapat koordinasi lintas sektor"),
    ],
)
def test_a_late_reminder_says_the_real_number_of_days_left(activity, ani, now, subject):
    ani.locale = "en"
    mail = mail_of(line(published_invitation(activity, ani), REMINDER, Audience.UNANSWERED), now=now)
    assert mail["Subject"] == subject
    assert "We have not had your answer yet." in text_of(mail)


def test_the_subject_has_only_the_neutral_title(activity, ani):
    mail = mail_of(line(published_invitation(activity, ani), INVITATION))
    assert "kekerasan" not in mail["Subject"]
    assert "kekerasan" in text_of(mail)


def test_without_a_neutral_title_the_subject_has_the_kind(activity, ani):
    activity.public_title = ""
    mail = mail_of(line(published_invitation(activity, ani), INVITATION))
    assert mail["Subject"] == "Undangan: Rapat koordinasi, Senin, 18 Januari 2027"
    (part,) = calendar_parts(mail)
    assert event_in(part)["SUMMARY"] == "Rapat koordinasi"


def test_a_title_equal_to_the_neutral_one_appears_once(activity, ani):
    activity.title = activity.public_title
    assert "Acara:" not in text_of(mail_of(line(published_invitation(activity, ani), INVITATION)))


def test_a_person_who_accepted_is_reminded_with_their_answer(activity, ani):
    ani.locale = "en"
    invitation = published_invitation(activity, ani, state=InvitationState.COMING)
    mail = mail_of(line(invitation, REMINDER, Audience.COMING), now=at(17))
    assert mail["Subject"] == "Tomorrow: Rapat koordinasi lintas sektor, 08:00 WIB"
    assert "Your answer: Coming\n" in text_of(mail)


def test_whoever_acts_for_a_speaker_is_told_where_to_send_materials(activity, ani):
    state = InvitationState.REPRESENTED
    invitation = published_invitation(activity, ani, Role.SPEAKER, state=state, acting=dewi())
    told = text_of(mail_of(line(invitation, REMINDER, Audience.NO_MATERIALS), to_representative=True))
    assert f": {own_page(invitation)}\n" in told.split("\n-- \n")[0]  # not only in the foot
    assert "Bila berhalangan" not in told


def test_a_representative_with_an_address_is_reminded_without_the_invitees_link(activity, ani):
    ani.locale = "en"
    invitation = published_invitation(
        activity,
        ani,
        state=InvitationState.REPRESENTED,
        acting=dewi(),
    )
    message = message_of(line(invitation, REMINDER, Audience.COMING), to_representative=True)
    composed = compose(message, message.lines, now=at(17))
    mail = parsed(composed.data)
    assert composed.recipient == "dewi@example.com"
    assert mail["To"] == "Dewi <dewi@example.com>"
    assert "Dear Dewi, representing Ani Wijaya\n" in text_of(mail)
    assert "If you cannot come, please call us: Bidang PPA, 0812-0000-0001.\n" in text_of(mail)
    assert url_of(ani) not in text_of(mail) + html_of(mail)
    assert f"Your own page: {own_page(invitation)}\n" in text_of(mail)


@pytest.mark.parametrize("kind", [MailKind.CHANGE, MailKind.CANCELLATION])
def test_both_the_representative_and_the_invitee_are_notified_of_a_change_and_a_cancellation(activity, ani, kind):
    ani.locale = "en"
    invitation = published_invitation(
        activity, ani, state=InvitationState.REPRESENTED, acting=dewi(), answered_sequence=0,
    )  # fmt: skip
    news = {"audience": Audience.EXPECTED, "detail": change(old_starts_at=at(17).isoformat())}
    to_invitee = mail_of(line(invitation, kind, **news))
    to_dewi = mail_of(line(invitation, kind, **news), to_representative=True)
    assert to_invitee["To"] == "Ani Wijaya <ani@example.com>"
    assert "Dewi" not in text_of(to_invitee)
    assert to_dewi["To"] == "Dewi <dewi@example.com>"
    assert "Dear Dewi, representing Ani Wijaya\n" in text_of(to_dewi)
    assert url_of(ani) not in text_of(to_dewi) + html_of(to_dewi)
    assert "answer" not in text_of(to_dewi)
    (part,) = calendar_parts(to_dewi)
    assert url_of(ani) not in event_in(part).get("DESCRIPTION", "")


@pytest.mark.parametrize(
    ("kind", "said"), [(MailKind.CHANGE, "Yang mewakili: Dewi\n"), (MailKind.CANCELLATION, "juga kepada: Dewi\n")]
)
def test_the_invitee_is_asked_to_tell_a_representative_without_an_address(activity, ani, kind, said):
    invitation = published_invitation(
        activity, ani, state=InvitationState.REPRESENTED, acting=ActingPerson(name="Dewi")
    )
    assert said in text_of(mail_of(line(invitation, kind, Audience.EXPECTED, detail=change())))


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (INVITATION, InvitationState.INVITED),
        (REMINDER, InvitationState.INVITED),
        (REMINDER, InvitationState.COMING),
        (MailKind.SEAT, InvitationState.COMING),
        (MailKind.CONFIRMATION, InvitationState.COMING),
        (MailKind.LINK, InvitationState.COMING),
    ],
)
def test_a_speakers_turn_stands_beside_the_activitys_hours(activity, chief, ani, kind, state):
    activity.agenda = [AgendaItem(starts_at=at(18, 9), ends_at=at(18, 10), topic="Penuntutan", speakers=[chief])]
    mail = mail_of(line(published_invitation(activity, chief, Role.SPEAKER, state=state), kind))
    assert "Waktu: 08.00–12.00 WIB\nGiliran: pukul 09.00–10.00 WIB\n" in text_of(mail)
    shown = "Senin, 18 Januari 2027, 08.00–12.00 WIB · giliran Bapak/Ibu pukul 09.00–10.00 WIB · Aula Bappeda"
    assert shown in words_in_html(html_of(mail))
    assert "iliran" not in text_of(mail_of(line(published_invitation(activity, ani, state=state), kind)))


def preheader(mail) -> str:
    """Return what lists of mails show beside the subject."""
    shown = re.search(r'<div style="display:none[^>]*>([^&]*)', html_of(mail))[1]
    return shown.partition(" · jawab paling lambat")[0]


def test_lists_of_mails_show_a_speaker_their_own_turn(activity, chief, ani):
    activity.agenda = [AgendaItem(starts_at=at(18, 9), ends_at=at(18, 10), topic="Penuntutan", speakers=[chief])]
    speaks = published_invitation(activity, chief, Role.SPEAKER, state=InvitationState.COMING)
    assert preheader(mail_of(line(speaks, MailKind.CONFIRMATION))) == (
        f"Senin, 18 Januari 2027 · giliran Bapak/Ibu pukul 09.00–10.00 WIB · {HALL}"
    )
    listens = published_invitation(activity, ani, state=InvitationState.COMING)
    assert preheader(mail_of(line(listens, MailKind.CONFIRMATION))) == (
        f"Senin, 18 Januari 2027, 08.00–12.00 WIB · {HALL}"
    )
    activity.ends_at = at(19, 12)
    assert preheader(mail_of(line(speaks, MailKind.CONFIRMATION))) == (
        f"giliran Bapak/Ibu pukul 09.00–10.00 WIB (Senin, 18 Januari 2027) · {HALL}"
    )


def test_a_speaker_gets_the_topic_and_the_new_time_slot_in_a_change(activity, chief, ani):
    activity.agenda = [AgendaItem(starts_at=at(18, 9), ends_at=at(18, 10), topic="Penuntutan", speakers=[chief])]
    news = {"audience": Audience.EXPECTED, "detail": change(old_starts_at=at(17).isoformat())}
    text = text_of(mail_of(line(published_invitation(activity, chief, Role.SPEAKER), MailKind.CHANGE, **news)))
    assert "Materi: Penuntutan\nGiliran: pukul 09.00–10.00 WIB\n" in text
    text = text_of(mail_of(line(published_invitation(activity, ani), MailKind.CHANGE, **news)))
    assert "Materi" not in text
    assert "Giliran" not in text


def test_an_activity_without_a_venue_says_that_the_place_will_follow(activity, ani):
    ani.locale = "en"
    activity.venue = None
    invitation = published_invitation(activity, ani)
    mail = mail_of(line(invitation, INVITATION))
    assert "Place: to be announced\n" in text_of(mail)
    (part,) = calendar_parts(mail)
    assert event_in(part)["LOCATION"] == "to be announced"
    text = text_of(mail_of(line(invitation, MailKind.CHANGE, Audience.EXPECTED, detail=change())))
    assert "Now: Monday, 18 January 2027, 08:00–12:00 WIB, place to be announced\n" in text


def test_an_offer_of_a_free_seat_names_the_representative(activity, ani):
    ani.locale = "en"
    invitation = published_invitation(
        activity, ani, state=InvitationState.REPRESENTED, acting=ActingPerson(name="Dewi")
    )
    assert "Your answer: Represented\nRepresented by: Dewi\n" in text_of(mail_of(line(invitation, MailKind.SEAT)))


def test_a_representative_without_an_address_is_named_to_the_invitee(activity, ani):
    ani.locale = "en"
    invitation = published_invitation(
        activity, ani, state=InvitationState.REPRESENTED, acting=ActingPerson(name="Dewi")
    )
    mail = mail_of(line(invitation, REMINDER, Audience.COMING), now=at(17))
    assert mail["To"] == "Ani Wijaya <ani@example.com>"
    assert "Represented by: Dewi\n" in text_of(mail)


HALL = "Aula Bappeda, Jl. Jenderal Sudirman, Metro"


def change(**values):
    before = {"old_starts_at": at(18).isoformat(), "old_ends_at": at(18, 12).isoformat(), "old_zone": "Asia/Jakarta"}
    return {**before, "old_venue": HALL, "reason": "bentrok", **values}


@pytest.mark.parametrize(
    ("day", "old_venue", "subject"),
    [
        (19, HALL, "CHANGED time: Rapat koordinasi lintas sektor, {}"),
        (18, "Gedung Wanita", "CHANGED place: Rapat koordinasi lintas sektor, {}"),
        (19, "Gedung Wanita", "CHANGED time and place: Rapat koordinasi lintas sektor, {}"),
    ],
)
def test_a_change_lists_what_changed(activity, ani, day, old_venue, subject):
    ani.locale = "en"
    activity.starts_at, activity.ends_at = at(day), at(day, 12)
    invitation = published_invitation(activity, ani, state=InvitationState.COMING)
    mail = mail_of(line(invitation, MailKind.CHANGE, Audience.EXPECTED, detail=change(old_venue=old_venue)))
    assert mail["Subject"] == subject.format({18: "Monday, 18", 19: "Tuesday, 19"}[day] + " January 2027")
    text = text_of(mail)
    assert f"Before: Monday, 18 January 2027, 08:00–12:00 WIB, {old_venue}\n" in text
    assert "Reason: bentrok\n" in text
    assert "Your earlier answer: Coming\n" in text
    assert "Registration: from 07:30 WIB\n" in text
    assert "Please confirm your answer for the new time and place.\n" in text


def test_people_without_an_answer_before_a_move_are_asked_whether_they_can_come(activity, ani):
    ani.locale = "en"
    text = text_of(
        mail_of(line(published_invitation(activity, ani), MailKind.CHANGE, Audience.EXPECTED, detail=change()))
    )
    assert "Please tell us whether you can come at the new time and place.\n" in text
    assert "earlier answer" not in text


def test_two_moves_on_one_day_are_described_from_before_the_first(activity, ani):
    ani.locale = "en"
    activity.starts_at, activity.ends_at = at(20), at(20, 12)
    invitation = published_invitation(activity, ani)
    first = line(invitation, MailKind.CHANGE, detail=change())
    second = line(
        invitation, MailKind.CHANGE, due_at=NOW + timedelta(hours=1),
        detail=change(old_starts_at=at(19).isoformat(), old_ends_at=at(19, 12).isoformat(), reason="banjir"),
    )  # fmt: skip
    text = text_of(mail_of(first, second))
    assert "Before: Monday, 18 January 2027" in text
    assert "Now: Wednesday, 20 January 2027" in text
    assert "Reason: banjir\n" in text


def test_people_invited_after_the_deadline_are_asked_to_answer_until_the_start(activity, ani):
    ani.locale = "en"
    mail = mail_of(line(published_invitation(activity, ani, invited_at=at(17)), INVITATION), now=at(17))
    assert "Please answer by: Monday, 18 January 2027 at 08:00 WIB\n" in text_of(mail)
    assert url_of(ani, "hadir", activity) in links_in_html(html_of(mail))


@pytest.mark.parametrize("kind", [INVITATION, MailKind.CHANGE])
def test_a_mail_that_comes_after_the_deadline_asks_for_a_call_and_for_no_answer_by_link(activity, ani, kind):
    ani.locale = "en"
    detail = change(old_venue="Gedung Wanita") if kind is MailKind.CHANGE else {}
    invited = line(published_invitation(activity, ani, invited_at=NOW), kind, detail=detail)
    mail = mail_of(invited, now=at(17))
    for text in (text_of(mail), words_in_html(html_of(mail))):
        assert "answer by" not in text.lower()
        assert "Answers by link have closed. Please call us to tell whether you come: Bidang PPA" in text
    assert url_of(ani, "hadir", activity) not in links_in_html(html_of(mail))


@pytest.mark.parametrize("kind", [REMINDER, MailKind.SEAT, MailKind.CONFIRMATION])
@pytest.mark.parametrize("state", [InvitationState.COMING, InvitationState.REPRESENTED])
def test_a_mail_about_an_answer_offers_to_change_it_until_the_deadline_and_then_by_phone(activity, ani, kind, state):
    ani.locale = "en"
    answered = line(published_invitation(activity, ani, state=state, invited_at=NOW), kind)
    assert "Change your answer" in text_of(mail_of(answered, now=NOW))
    mail = mail_of(answered, now=at(17))
    for text in (text_of(mail), words_in_html(html_of(mail))):
        assert "change your answer" not in text.lower()
        assert "change it" not in text
        assert "Answers by link have closed. If your plan changes, please call us: Bidang PPA" in text
    assert url_of(ani) not in links_in_html(html_of(mail))


def test_a_reminder_to_answer_that_comes_after_the_deadline_asks_for_a_call(activity, ani):
    ani.locale = "en"
    mail = mail_of(line(published_invitation(activity, ani, invited_at=NOW), REMINDER), now=at(17))
    assert "Answers by link have closed. Please call us to tell whether you come: Bidang PPA" in text_of(mail)
    assert url_of(ani, "hadir", activity) not in links_in_html(html_of(mail))


def test_a_cancellation_gives_the_reason(activity, ani):
    ani.locale = "en"
    invitation = published_invitation(activity, ani, state=InvitationState.COMING)
    mail = mail_of(line(invitation, MailKind.CANCELLATION, detail={"reason": "banjir"}))
    assert mail["Subject"] == "CANCELLED: Rapat koordinasi lintas sektor, Monday, 18 January 2027"
    assert "Reason: banjir\n" in text_of(mail)


def postponed(activity, invitee, kind):
    """Compose the mail that a postponed activity's invitee gets. kind: that it is postponed, or cancelled since then."""
    invitation = published_invitation(activity, invitee, state=InvitationState.COMING)
    off = ActivityState.CANCELLED if kind is MailKind.CANCELLATION else ActivityState.POSTPONED
    activity.state, activity.published_at, activity.told_at = off, NOW, None
    return line(invitation, kind, Audience.EXPECTED, detail={"reason": "banjir"})


def test_a_cancellation_of_a_postponed_activity_calls_its_time_the_former_time(activity, ani):
    ani.locale = "en"
    mail = mail_of(postponed(activity, ani, MailKind.CANCELLATION))
    assert mail["Subject"] == "CANCELLED: Rapat koordinasi lintas sektor, before: Monday, 18 January 2027"
    assert "Date: before: Monday, 18 January 2027\n" in text_of(mail)


@pytest.mark.parametrize("kind", [MailKind.POSTPONEMENT, MailKind.CANCELLATION])
def test_in_a_mail_about_several_activities_a_postponed_ones_day_is_called_the_former_day(
    programme, hall, activity, ani, kind
):
    ani.locale = "en"
    other = draft_activity(programme, hall, 20, public_title="Pelatihan kader")
    mail = mail_of(postponed(activity, ani, kind), line(published_invitation(other, ani), INVITATION))
    former = "Rapat koordinasi lintas sektor, before: Monday, 18 January 2027"
    assert former in text_of(mail)
    assert words_in_html(html_of(mail)).startswith(f"{former}; Pelatihan kader, Wednesday, 20 January 2027")


def test_the_thanks_give_the_number_of_people_present(activity, ani, budi, chief):
    ani.locale = "en"
    for person, role, present in ((ani, Role.CADRE, True), (budi, Role.CADRE, True), (chief, Role.SPEAKER, False)):
        invitation = published_invitation(activity, person, role, state=InvitationState.COMING)
        db.session.add(
            Attendance(invitation=invitation, present=present, source=AttendanceSource.HAND, recorded_at=at(18, 12))
        )
        if person is ani:
            thanked = invitation
    db.session.commit()
    text = text_of(mail_of(line(thanked, MailKind.THANKS, Audience.PRESENT), now=at(19)))
    assert "People present: 2\nFrom: 2 kelurahan\n" in text


def test_one_mail_has_each_of_four_invitations_once(programme, hall, ani):
    ani.locale = "en"
    titles = ["Rapat", "Penguatan kader", "Sekolah aman", "Organisasi perempuan"]
    activities = [draft_activity(programme, hall, 18 + n, title=t, public_title=t) for n, t in enumerate(titles)]
    mail = mail_of(*[line(published_invitation(activity, ani), INVITATION) for activity in reversed(activities)])
    assert mail["Subject"] == "Invitation: 4 activities, 18–21 January 2027"
    text = text_of(mail)
    assert text.count("Dear Ani Wijaya") == 1
    assert text.count("The event is free.") == 1
    assert text.count("Questions?") == 1
    assert "We invite you to the following activities.\n" in text
    assert [text.index(f"You are invited to “{title}”.") for title in titles] == sorted(
        text.index(f"You are invited to “{title}”.") for title in titles
    )
    assert "Rapat, Monday, 18 January 2027\n-----" in text
    assert "All these invitations can be answered on one page; no account is needed.\n" in text
    assert f"Answer the invitations: {url_of(ani)}\n" in text
    assert "whether you can come" not in text
    assert "pilih=" not in text


@pytest.mark.parametrize("kind", [INVITATION, MailKind.CHANGE, REMINDER])
def test_two_activities_with_one_title_have_their_own_headings(programme, hall, ani, police, kind):
    activities = [draft_activity(programme, hall, day, title=f"Kelurahan {day}", public_title="") for day in (18, 19)]
    for invitee, role in ((ani, Role.CADRE), (police, Role.PARTICIPANT)):
        lines = [
            line(published_invitation(activity, invitee, role), kind, Audience.EXPECTED, detail=change())
            for activity in activities
        ]
        text = text_of(mail_of(*lines, now=at(15)))
        end = text.partition("satu halaman")[2]
        assert "kegiatan “Rapat koordinasi”" in text
        assert "“Rapat koordinasi”" not in end
        assert text.count("kegiatan “Rapat koordinasi”") == 2


def under(text, title):
    """Return the text of a combined mail under the heading that begins with a title."""
    return text.partition(f"\n{title}, ")[2].partition("\n---")[2].partition("\n---")[0]


def test_a_moved_activity_beside_two_cancellations_still_asks_for_an_answer(programme, hall, ani):
    ani.locale = "en"
    titles = ["Rapat", "Penguatan kader", "Sekolah aman"]
    first, second, moved = [
        draft_activity(programme, hall, 18 + n, title=t, public_title=t) for n, t in enumerate(titles)
    ]
    lines = [
        line(
            published_invitation(activity, ani, state=InvitationState.COMING),
            MailKind.CANCELLATION,
            detail={"reason": "banjir"},
        )
        for activity in (first, second)
    ]
    lines.append(line(published_invitation(moved, ani, state=InvitationState.COMING), MailKind.CHANGE, detail=change()))
    text = text_of(mail_of(*lines))
    stay_away = "You do not need to come"
    assert stay_away in under(text, "Rapat")
    assert stay_away in under(text, "Penguatan kader")
    assert stay_away not in under(text, "Sekolah aman")
    assert "Please confirm your answer for the new time and place.\n" in under(text, "Sekolah aman")
    assert f"Answer the invitations: {url_of(ani)}\n" in text


def test_an_invitation_beside_two_withdrawals_does_not_say_to_stay_away(programme, hall, ani):
    ani.locale = "en"
    titles = ["Rapat", "Penguatan kader", "Sekolah aman"]
    first, second, other = [
        draft_activity(programme, hall, 18 + n, title=t, public_title=t) for n, t in enumerate(titles)
    ]
    lines = [
        line(published_invitation(activity, ani, state=InvitationState.WITHDRAWN), MailKind.WITHDRAWAL)
        for activity in (first, second)
    ]
    lines.append(line(published_invitation(other, ani), INVITATION))
    text = text_of(mail_of(*lines))
    assert text.count("You do not need to come") == 2
    assert "You do not need to come" not in under(text, "Sekolah aman")
    assert "Please tell us whether you can come; no account is needed.\n" in under(text, "Sekolah aman")


def test_a_change_and_a_reminder_each_ask_their_own_question(programme, hall, ani):
    ani.locale = "en"
    moved, near = [
        draft_activity(programme, hall, day, title=t, public_title=t) for day, t in ((20, "Rapat"), (18, "Kader"))
    ]
    text = text_of(
        mail_of(
            line(published_invitation(moved, ani, state=InvitationState.COMING), MailKind.CHANGE, detail=change()),
            line(published_invitation(near, ani), REMINDER, Audience.UNANSWERED),
            now=at(15),
        )
    )
    assert "Please confirm your answer for the new time and place.\n" in under(text, "Rapat")
    assert "We have not had your answer yet.\n" in under(text, "Kader")
    assert "Please choose Coming, Not coming or Represented." in under(text, "Kader")
    assert "All answers asked for here can be given on one page; no account is needed.\n" in text


def test_two_cancellations_alone_share_their_closing_words(programme, hall, ani):
    ani.locale = "en"
    lines = [
        line(
            published_invitation(draft_activity(programme, hall, day), ani),
            MailKind.CANCELLATION,
            detail={"reason": "banjir"},
        )
        for day in (18, 19)
    ]
    text = text_of(mail_of(*lines))
    assert text.count("You do not need to come") == 1
    assert "/j/" not in text.partition("You get this mail")[0]


def test_a_mail_with_different_news_has_both_kinds_in_its_subject(programme, hall, activity, ani):
    ani.locale = "en"
    other_activity = draft_activity(programme, hall, 20, title="Sekolah aman", public_title="Sekolah aman")
    cancelled = line(
        published_invitation(activity, ani, state=InvitationState.COMING), MailKind.CANCELLATION, detail={"reason": "x"}
    )
    mail = mail_of(line(published_invitation(other_activity, ani), INVITATION), cancelled)
    assert mail["Subject"] == "Cancellation, Invitation: 2 activities, 18–20 January 2027"
    text = text_of(mail)
    assert text.index("is cancelled.") < text.index("You are invited to “Sekolah aman”.")


def test_the_headers_name_the_office_as_sender_and_for_replies(activity, ani):
    message = message_of(line(published_invitation(activity, ani), INVITATION))
    composed = compose(message, message.lines, now=NOW)
    mail = parsed(composed.data)
    assert mail["From"] == "DP3AP2KB Kota Metro <outreach@example.com>"
    assert mail["Reply-To"] == "DP3AP2KB Kota Metro <dp3ap2kb@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(mail["Date"]) == NOW
    assert mail["Date"] == "Mon, 04 Jan 2027 08:00:00 +0700"
    assert composed.sender == "outreach@example.com"
    assert composed.recipient == "ani@example.com"
    assert composed.subject == mail["Subject"]


def test_replies_to_an_office_without_an_address_go_to_the_mailbox_if_one_is_read(app, office, activity, ani):
    invitation = published_invitation(activity, ani)
    office.email = ""
    assert mail_of(line(invitation, INVITATION))["Reply-To"] is None
    reads_a_mailbox(app)
    assert mail_of(line(invitation, INVITATION))["Reply-To"] == "DP3AP2KB Kota Metro <jawaban@example.com>"
    office.email = "dp3ap2kb@example.com"
    assert mail_of(line(invitation, INVITATION))["Reply-To"] == "DP3AP2KB Kota Metro <jawaban@example.com>"


def test_a_mail_program_can_stop_reminders_by_one_click(app, activity, ani):
    with_settings(app, base_url="https://undangan.example.com")
    mail = mail_of(line(published_invitation(activity, ani), INVITATION))
    token = tokens.token(tokens.link_for(db.session, ani))
    assert mail["List-Unsubscribe"] == f"<https://undangan.example.com/j/{token}/stop>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_footer_links_to_the_page_that_stops_reminders_and_to_the_privacy_page(activity, ani):
    mail = mail_of(line(published_invitation(activity, ani), INVITATION))
    stop, privacy = text_of(mail).rstrip().splitlines()[-2:]
    assert stop.endswith(f": {url_of(ani)}/stop")
    assert privacy.endswith("/privacy")
    page = mail.get_body(("html",)).get_content()
    assert f'href="{url_of(ani)}/stop"' in page


def test_one_click_needs_https_and_is_not_offered_to_a_representative(activity, ani):
    invitation = published_invitation(
        activity, ani, state=InvitationState.REPRESENTED, acting=dewi(),
    )  # fmt: skip
    to_invitee = mail_of(line(invitation, MailKind.CHANGE, detail=change()))
    assert to_invitee["List-Unsubscribe"] == f"<{url_of(ani)}/stop>"
    assert to_invitee["List-Unsubscribe-Post"] is None
    to_dewi = mail_of(line(invitation, MailKind.CHANGE, detail=change()), to_representative=True)
    assert to_dewi["List-Unsubscribe"] is None


def test_a_repeated_mail_is_unchanged(activity, ani):
    message = message_of(line(published_invitation(activity, ani), INVITATION))
    first, second = (parsed(compose(message, message.lines, now=NOW).data) for _ in range(2))
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].endswith("@example.com>")
    message.rfc_message_id = "<given@example.com>"
    assert parsed(compose(message, message.lines, now=NOW).data)["Message-ID"] == "<given@example.com>"


def test_two_messages_have_two_ids(activity, ani, budi):
    anis_mail, budis_mail = (
        mail_of(line(published_invitation(activity, person), INVITATION)) for person in (ani, budi)
    )
    assert anis_mail["Message-ID"] != budis_mail["Message-ID"]


@pytest.mark.parametrize("address", ["", "ani", "ani@", "ani wijaya@example.com", "änî@example.com", "a@b@example.com"])
def test_an_invalid_address_is_refused(activity, ani, address):
    ani.email = address
    message = message_of(line(published_invitation(activity, ani), INVITATION))
    with pytest.raises(AddressUnusable):
        compose(message, message.lines, now=NOW)


def test_an_internationalised_domain_is_written_in_its_wire_form(activity, ani):
    ani.email = "ani@bücher.example"
    message = message_of(line(published_invitation(activity, ani), INVITATION))
    assert compose(message, message.lines, now=NOW).recipient == "ani@xn--bcher-kva.example"


def test_the_plain_text_has_a_short_letterhead_and_a_signature(activity, ani):
    rows = text_of(mail_of(line(published_invitation(activity, ani), INVITATION))).split("\n")
    head = rows[: rows.index("-" * 30)]
    assert " ".join(head[:2]) == (
        "Dinas Pemberdayaan Perempuan, Perlindungan Anak, Pengendalian Penduduk dan KB Kota Metro"
    )
    assert all(len(row) < 78 for row in head)
    assert "-- " in rows


def test_text_and_html_say_the_same(activity, ani):
    mail = mail_of(line(published_invitation(activity, ani), INVITATION))
    seen = "".join(words_in_html(html_of(mail)).split())
    for said in text_of(mail).splitlines():
        label, _, value = said.partition(": ")
        for part in (label, value) if value else (said,):
            assert "".join(part.split()).strip("-") in seen


def test_lists_of_mails_show_day_place_and_deadline_beside_the_subject(activity, ani):
    html = html_of(mail_of(line(published_invitation(activity, ani), INVITATION)))
    assert words_in_html(html).startswith(
        "Senin, 18 Januari 2027, 08.00–12.00 WIB · Aula Bappeda, Jl. Jenderal Sudirman, Metro · "
        "jawab paling lambat Sabtu, 16 Januari 2027 pukul 16.00 WIB"
    )
    cancelled = html_of(mail_of(line(published_invitation(activity, ani, Role.PARTICIPANT), MailKind.CANCELLATION)))
    assert words_in_html(cancelled).startswith("Senin, 18 Januari 2027, 08.00–12.00 WIB · Aula Bappeda")
    assert "jawab paling lambat" not in words_in_html(cancelled)


def test_a_number_to_call_is_a_link_in_sentences_and_tables(activity, ani, office):
    text = MessageText(key="invitation-cadre", locale="id", subject="x", greeting="y", body="Narahubung: {narahubung}")
    db.session.add(text)
    links = links_in_html(html_of(mail_of(line(published_invitation(activity, ani), INVITATION))))
    assert links.count("tel:+6281200000001") == 2


def test_the_reader_is_told_whose_link_it_is_and_to_whom_it_may_be_passed_on(activity, ani):
    said = "Tautan ini khusus untuk Bapak/Ibu"
    text = " ".join(text_of(mail_of(line(published_invitation(activity, ani), INVITATION))).split())
    assert said in text
    assert "Mohon hanya diteruskan kepada yang menjawab untuk Bapak/Ibu." in text  # a head of office passes it on
    represented = published_invitation(
        activity, ani, Role.PARTICIPANT, state=InvitationState.REPRESENTED, acting=dewi(),
    )  # fmt: skip
    assert said not in text_of(mail_of(line(represented, REMINDER, Audience.COMING), to_representative=True))


@pytest.mark.parametrize(
    ("kind", "role"),
    [(INVITATION, Role.CADRE), (INVITATION, Role.SPEAKER), (INVITATION, Role.PARTICIPANT), (REMINDER, Role.CADRE)],
)
def test_the_usual_texts_lead_straight_to_each_choice(activity, ani, kind, role):
    mail = mail_of(line(published_invitation(activity, ani, role), kind, Audience.UNANSWERED))
    assert [f"{label}: {url_of(ani, choice, activity)}" in text_of(mail) for label, choice in (
        ("Hadir", "hadir"), ("Tidak hadir", "tidak"), ("Diwakili", "wakil"))] == [True] * 3  # fmt: skip


@pytest.mark.parametrize(("kind", "more", "first"), [
    (INVITATION, {}, "Mengirim peserta"),
    (REMINDER, {}, "Mengirim peserta"),
    (MailKind.CHANGE, {}, "Periksa nama peserta"),
    (MailKind.CHANGE, {WAS_POSTPONED: "yes"}, "Periksa nama peserta"),
])  # fmt: skip
def test_the_usual_texts_lead_an_organisation_to_its_two_choices(activity, police, kind, more, first):
    invitation = published_invitation(activity, police, Role.PARTICIPANT, quota=2)
    text = text_of(mail_of(line(invitation, kind, Audience.UNANSWERED, detail=change(**more)), now=at(15)))
    for label, choice in ((first, "hadir"), ("Tidak mengirim", "tidak")):
        assert f"{label}: {url_of(police, choice, activity)}\n" in text


def test_a_withdrawn_invitation_is_called_a_cancellation_of_the_invitation(activity, ani):
    mail = mail_of(line(published_invitation(activity, ani, state=InvitationState.WITHDRAWN), MailKind.WITHDRAWAL))
    assert mail["Subject"].startswith("Pembatalan undangan: ")
    assert "tarik" not in text_of(mail)


def test_links_are_buttons_in_html_and_shown_in_text(activity, ani):
    html = html_of(mail_of(line(published_invitation(activity, ani), INVITATION)))
    for choice in ("hadir", "tidak", "wakil"):
        assert links_in_html(html).count(url_of(ani, choice, activity)) == 2
        assert url_of(ani, choice, activity) in words_in_html(html)


def test_a_map_is_linked_only_where_the_venues_position_is_known(activity, hall, ani):
    invitation = published_invitation(activity, ani)
    assert "Peta" not in text_of(mail_of(line(invitation, INVITATION)))
    hall.latitude, hall.longitude = -5.1131, 105.3067
    mail = mail_of(line(invitation, INVITATION))
    url = "https://www.openstreetmap.org/?mlat=-5.11310&mlon=105.30670&zoom=17"
    assert f"Peta: {url}\n" in text_of(mail)
    assert url in links_in_html(html_of(mail))


def test_the_programmes_contact_is_preferred_to_the_offices(activity, programme, ani):
    invitation = published_invitation(activity, ani)
    assert "Bidang PPA, 0812-0000-0001." in text_of(mail_of(line(invitation, INVITATION)))
    programme.contact_name, programme.contact_phone = "Rina", "+6281211112222"
    assert "Rina, 0812-1111-2222." in text_of(mail_of(line(invitation, INVITATION)))


def a_text(subject, **values):
    db.session.add(
        MessageText(
            **{"key": "invitation-cadre", "locale": "id", "subject": subject, "greeting": "Halo", "body": "B", **values}
        )
    )
    db.session.commit()


def test_the_most_specific_text_is_used(activity, programme, ani):
    invitation = published_invitation(activity, ani)
    for subject, scope in (
        ("Kantor", {}),
        ("Rangkaian", {"programme_id": programme.id}),
        ("Sendiri", {"activity_id": activity.id}),
    ):
        a_text(subject, **scope)
        assert mail_of(line(invitation, INVITATION))["Subject"] == subject


def test_a_rules_own_text_is_used_in_the_languages_it_was_written_in(activity, ani):
    invitation = published_invitation(activity, ani)
    a_text("Pengingat khusus", key="rule-three-days-before")
    own = {"audience": Audience.UNANSWERED, "text_key": "rule-three-days-before"}
    assert mail_of(line(invitation, REMINDER, **own))["Subject"] == "Pengingat khusus"
    ani.locale = "en"
    assert (
        mail_of(line(invitation, REMINDER, **own), now=at(17))["Subject"] == "Tomorrow: Rapat koordinasi lintas sektor"
    )


def test_a_representative_of_two_invitees_gets_one_mail_for_each_by_name(activity, ani, budi):
    """Two readers at one address are still two people; each mail has its own name."""
    budi.email = ani.email
    assert mail_of(line(published_invitation(activity, budi), INVITATION))["To"] == "Budi Santoso <ani@example.com>"
    assert (
        mail_of(line(published_invitation(activity, a_person("Cici")), INVITATION))["To"] == "Cici <cici@example.com>"
    )


def test_the_helpline_is_named_unless_the_activity_does_without_or_the_phone_is_shared(activity, ani):
    attended = published_invitation(activity, ani, state=InvitationState.COMING)
    thanks = (attended, MailKind.THANKS, Audience.PRESENT)
    assert "hubungi SAPA 129" in text_of(mail_of(line(*thanks)))
    ani.shares_phone = True
    db.session.commit()
    assert "129" not in text_of(mail_of(line(*thanks)))
    ani.shares_phone, activity.names_helpline = False, False
    db.session.commit()
    mail = mail_of(line(*thanks))
    assert "129" not in text_of(mail)
    assert "Terima kasih telah hadir" in text_of(mail)


@pytest.mark.parametrize(
    ("kind", "in_text", "in_footer"), [(INVITATION, True, False), (MailKind.CANCELLATION, False, True)]
)
def test_the_small_print_says_that_no_fee_is_asked_only_where_the_text_does_not(
    activity, ani, kind, in_text, in_footer
):
    text = " ".join(text_of(mail_of(line(published_invitation(activity, ani), kind))).split())
    assert ("Kegiatan ini tidak dipungut biaya." in text, "Kami tidak pernah memungut biaya." in text) == (
        in_text,
        in_footer,
    )
    assert "Bila ada yang meminta uang atas nama kami, mohon jangan dibayar dan sampaikan kepada kami." in text
