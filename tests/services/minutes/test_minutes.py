"""Minutes are written, approved by the chair on a link, and sent to all who were present or represented."""

import io
from dataclasses import replace
from datetime import timedelta

import pypdfium2
import pytest
import sqlalchemy as sa
from docx import Document

from outreach.delivery import tokens
from outreach.delivery.documents.word.minutes import shipped
from outreach.delivery.mail.texts import Text
from outreach.domain.kinds import AttendanceSource, LinkPurpose, MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.minutes.content import Participant
from outreach.domain.states import MessageState, MinutesState
from outreach.extensions import db
from outreach.models import AuditEntry, Message, Minutes, MinutesMail, MinutesReply, MinutesVersion
from outreach.queries import bell
from outreach.queries.messages import log
from outreach.queries.messages.log import MessageFilters
from outreach.queries.minutes import page as minutes_pages
from outreach.services.door import attendance
from outreach.services.locking import Stale
from outreach.services.messages import resend
from outreach.services.messages.resend import NothingToResend
from outreach.services.minutes import approval, edit, reading, send, versions, word
from outreach.services.minutes.approval import (
    ChangesUnnamed,
    MinutesClosed,
    MinutesLinkEnded,
    MinutesLinkUnknown,
    MinutesNotAsked,
    MinutesNotDraft,
)
from outreach.services.minutes.edit import ChairMissing, MinutesTitleMissing
from outreach.services.minutes.send import MinutesNotApproved
from outreach.services.privacy import person as privacy
from outreach.services.reminders import texts
from tests.world import a_person, at, count, drain, fresh, invitation_of, written_minutes

pytestmark = pytest.mark.usefixtures("any_app")


def approval_page(token: str) -> str:
    return f"{tokens.page_url(token)}/minutes"


def token_of(minutes: Minutes) -> str:
    return tokens.tokens_by_nonce(LinkPurpose.MINUTES)(fresh(minutes).nonce)


def text_of(minutes: Minutes):
    return versions.last_values(fresh(minutes)).text


def waiting() -> list[tuple[str, str]]:
    """Return who gets a mail that waits, and for what."""
    found = db.session.execute(
        sa.select(Message, MinutesMail.purpose)
        .join(MinutesMail, MinutesMail.message_id == Message.id)
        .where(Message.state == MessageState.DUE)
        .order_by(Message.id)
    )
    return [
        (
            one.representative_of.representative_name
            if one.representative_of
            else (one.person or one.organisation or one.user).display_name,
            purpose.value,
        )
        for one, purpose in found
    ]


def test_who_was_there_is_read_from_attendance_and_from_who_acted(held):
    assert reading.participants(db.session, held.id, with_reasons=False) == reading.Participants(
        present=(Participant("Ani Wijaya"), Participant("Dodi Pranata")),
        represented=(Participant("Kapolres Metro", organisation="Polres Metro", by="Rini Astuti, Kanit PPA"),),
        excused=(Participant("Budi Santoso"),),
        absent=(Participant("Citra Lestari"),),
    )
    (excused,) = reading.participants(db.session, held.id, with_reasons=True).excused
    assert excused.reason == "Tugas luar kota"


def test_unwritten_minutes_are_filled_in_from_the_plan_and_nothing_is_stored(held, coordinator):
    page = minutes_pages.page(held.id, coordinator, now=at(18, 14))
    values = page.values
    assert (values.day, values.hours, page.may_write, page.version) == (
        "Senin, 18 Januari 2027",
        "pukul 08.00 s.d. 12.00 WIB",
        True,
        0,
    )
    text = values.text
    assert (text.title, text.chair, text.taker) == (held.title, "Kapolres Metro", coordinator.name)
    assert [(item.time, item.topic, item.speakers) for item in text.items] == [
        ("08.00 – 09.00", "Alur rujukan", "Kapolres Metro")
    ]
    assert count(Minutes) == 0


def test_each_save_is_a_version_and_the_second_of_two_editors_is_told(written, chief, coordinator, administrator):
    text = replace(text_of(written), further="Ditambah.")
    seen = fresh(written).version
    edit.save(written.activity_id, text, chief.id, seen, by=coordinator, now=at(18, 15))
    with pytest.raises(Stale):
        edit.save(written.activity_id, replace(text, further="Lain."), chief.id, seen, by=administrator, now=at(18, 15))
    edit.save(written.activity_id, text, chief.id, fresh(written).version, by=coordinator, now=at(18, 16))  # the same
    assert [(one.number, one.values["text"].get("further")) for one in fresh(written).versions] == [
        (1, "Rapat berikutnya bulan depan."),
        (2, "Ditambah."),
    ]


def test_minutes_need_a_title_and_a_chair(held, coordinator):
    text = reading.prefilled(db.session, held, coordinator)
    with pytest.raises(MinutesTitleMissing):
        edit.save(held.id, replace(text, title=" "), None, 0, by=coordinator, now=at(18, 14))
    with pytest.raises(ChairMissing):
        edit.save(held.id, replace(text, chair=""), None, 0, by=coordinator, now=at(18, 14))
    assert count(MinutesVersion) == 0


def test_the_chair_agrees_by_the_link_once_and_staff_are_told(written, coordinator):
    assert approval.ask(written.activity_id, written.version, by=coordinator, now=at(18, 15))
    assert waiting() == [("Kapolres Metro", "ask")]
    token, nonce = token_of(written), fresh(written).nonce
    assert approval.opened(token, now=at(18, 17)).takes_reply
    assert (count(MinutesReply), fresh(written).state) == (0, MinutesState.ASKED)
    approval.reply(token, True, "", now=at(18, 16))
    (said,) = fresh(written).replies
    assert (said.agrees, said.number, said.name, said.nonce, said.said_at) == (
        True,
        1,
        "Kapolres Metro",
        nonce,
        at(18, 16),
    )
    assert (fresh(written).state, fresh(written).approved_at) == (MinutesState.APPROVED, at(18, 16))
    with pytest.raises(MinutesClosed):
        approval.reply(token, False, "Lain", now=at(18, 17))
    assert (coordinator.display_name, "replied") in waiting()
    assert [news.name for news in bell.current(now=at(18, 17)).news if news.kind.value == "minutes_approved"] == [
        "Kapolres Metro"
    ]


def test_a_chair_who_asks_for_changes_says_which_and_the_old_link_ends(written, coordinator):
    approval.ask(written.activity_id, written.version, by=coordinator, now=at(18, 15))
    with pytest.raises(MinutesNotDraft):
        approval.ask(written.activity_id, fresh(written).version, by=coordinator, now=at(18, 15))
    token = token_of(written)
    with pytest.raises(ChangesUnnamed):
        approval.reply(token, False, "  ", now=at(18, 16))
    approval.reply(token, False, "Nama polsek salah", now=at(18, 16))
    assert fresh(written).state is MinutesState.DRAFT
    approval.ask(written.activity_id, fresh(written).version, by=coordinator, now=at(19, 8))
    with pytest.raises(MinutesLinkUnknown):
        approval.opened(token, now=at(18, 17))
    assert approval.opened(token_of(written), now=at(18, 17)).takes_reply


def test_a_change_of_approved_minutes_has_to_be_approved_again(approved, chief, coordinator):
    text = replace(text_of(approved), further="Setelah disetujui.")
    edit.save(approved.activity_id, text, chief.id, fresh(approved).version, by=coordinator, now=at(19))
    assert fresh(approved).state is MinutesState.DRAFT
    assert [versions.is_approved(fresh(approved), number) for number in (1, 2)] == [True, False]
    with pytest.raises(MinutesNotApproved):
        send.send(approved.activity_id, fresh(approved).version, by=coordinator, now=at(19))


def test_a_chairs_link_shows_what_they_were_asked_about_and_no_later_draft(approved, ani, chief, coordinator):
    token = token_of(approved)
    asked = text_of(approved).further
    text = replace(text_of(approved), further="Nama korban tidak disebut.")
    edit.save(approved.activity_id, text, ani.id, fresh(approved).version, by=coordinator, now=at(19))
    found = approval.opened(token, now=at(18, 17))
    assert (found.values.text.further, found.values.text.chair) == (asked, chief.full_name)
    assert found.reply.agrees
    assert not found.takes_reply


def test_the_link_of_a_chair_who_has_not_answered_shows_no_later_draft(written, ani, coordinator):
    approval.ask(written.activity_id, written.version, by=coordinator, now=at(18, 15))
    token, asked = token_of(written), text_of(written).further
    text = replace(text_of(written), further="Nama korban tidak disebut.")
    edit.save(written.activity_id, text, ani.id, fresh(written).version, by=coordinator, now=at(19))
    found = approval.opened(token, now=at(18, 17))
    assert found.values.text.further == asked
    assert not found.takes_reply


def test_the_copies_go_to_the_present_and_the_represented_with_the_pdf(approved, server, coordinator):
    readers = send.forecast(fresh(approved))
    assert [(one.name, one.instead_of, one.reached) for one in readers] == [
        ("Ani Wijaya", "", True),
        ("Dodi Pranata", "", False),
        ("Kapolres Metro", "", True),
        ("Rini Astuti", "Kapolres Metro", True),
    ]
    send.send(approved.activity_id, fresh(approved).version, by=coordinator, now=at(18, 16))
    drain(at(18, 16))  # the office's hours for mails are over
    drain(at(19, 8, 30))
    copies = {taken.recipient: taken.mail for taken in server.taken if "Notula:" in taken.mail["Subject"]}
    assert set(copies) == {"ani@example.com", "kapolres@example.com", "rini@example.com"}
    (attached,) = copies["rini@example.com"].iter_attachments()
    assert attached.get_filename() == "Notula-2027-01-18.pdf"
    with pypdfium2.PdfDocument(attached.get_content()) as document:
        said = " ".join("\n".join(page.get_textpage().get_text_bounded() for page in document).split())
    for words in (
        "NOTULA", "Senin, 18 Januari 2027", "pukul 08.00 s.d. 12.00 WIB", "Alur rujukan", "Rujukan lambat.",
        "puskesmas", "Satu nomor telepon", "Rapat berikutnya bulan depan.", "Lampiran: daftar peserta",
        "Kapolres Metro (diwakili Rini Astuti, Kanit PPA)", "Budi Santoso", "Citra Lestari",
        "Disetujui oleh Kapolres Metro pada 18 Januari 2027 pukul 16.00 WIB",
    ):  # fmt: skip
        assert words in said
    assert "KONSEP" not in said
    assert "Tugas luar kota" not in said
    told = [taken for taken in server.taken if taken.recipient == coordinator.email]
    assert "Kapolres Metro agrees" in told[0].mail.get_body(("plain",)).get_content()
    sent = db.session.scalar(sa.select(AuditEntry.detail).where(AuditEntry.action == "minutes.sent"))
    assert sent == {"mails": 3, "without_mail": 1}
    assert fresh(approved).state is MinutesState.SENT


def test_a_copy_is_not_sent_if_the_minutes_or_the_attendance_changed_meanwhile(
    approved, server, ani, chief, coordinator
):
    send.send(approved.activity_id, fresh(approved).version, by=coordinator, now=at(18, 16))
    hers = invitation_of(approved.activity, ani).id
    attendance.tick(approved.activity_id, [], [hers], AttendanceSource.HAND, by=coordinator, now=at(18, 16, 30))
    text = replace(text_of(approved), further="Diubah.")
    edit.save(approved.activity_id, text, chief.id, fresh(approved).version, by=coordinator, now=at(18, 16, 35))
    drain(at(18, 16, 40))
    assert [taken for taken in server.taken if "Notula:" in taken.mail["Subject"]] == []
    reasons = db.session.scalars(sa.select(Message.reason).where(Message.state == MessageState.SKIPPED)).all()
    assert reasons.count(SkipReason.MINUTES_CHANGED) == 3


def test_the_word_file_says_the_same_and_is_marked_until_it_is_approved(written):
    with io.BytesIO(word.word(fresh(written))) as file:
        document = Document(file)
    said = "\n".join(one.text for one in document.paragraphs)
    cells = "\n".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    for words in (
        "KONSEP",
        "NOTULA",
        "1. Alur rujukan",
        "•\tpuskesmas",
        "1.\tSatu nomor telepon",
        "Tidak hadir tanpa kabar (1)",
    ):
        assert words in said
    for words in ("Senin, 18 Januari 2027", "Kapolres Metro (diwakili Rini Astuti, Kanit PPA)", "Citra Lestari"):
        assert words in cells
    assert "{" not in said + cells
    assert shipped()[:2] == b"PK"


def test_an_erased_persons_name_leaves_all_versions_and_their_data_can_be_taken(approved, ani, administrator):
    assert privacy.export(ani.id, by=administrator, now=at(20))["minutes"] == [
        {"activity": approved.activity.title, "state": "approved"}
    ]
    privacy.erase(ani.id, by=administrator, now=at(20))
    assert [one.name for one in versions.last_values(fresh(approved)).participants.present] == [
        "(erased)",
        "Dodi Pranata",
    ]


def test_others_keep_their_names_when_somebody_with_a_part_of_these_names_is_erased(held, chief, administrator):
    came = [a_person(name) for name in ("Ani", "Aniswati", "Ani Rahma")]
    for one in came:
        attendance.walk_in(held.id, one.id, source=AttendanceSource.HAND, by=administrator, now=at(18, 10))
    minutes = written_minutes.write(held, chief, by=administrator)
    text = versions.last_values(minutes).text
    edit.save(
        held.id, replace(text, further="Ani dan Aniswati menyusun daftar."), chief.id, minutes.version,
        by=administrator, now=at(18, 15),
    )  # fmt: skip
    privacy.erase(came[0].id, by=administrator, now=at(20))
    said = versions.last_values(fresh(minutes))
    assert said.text.further == "(erased) dan Aniswati menyusun daftar."
    assert {"(erased)", "Aniswati", "Ani Rahma"} <= {one.name for one in said.participants.present}


def test_what_the_chair_said_can_be_taken_and_is_erased(written, chief, coordinator, administrator):
    approval.ask(written.activity_id, written.version, by=coordinator, now=at(18, 15))
    approval.reply(token_of(written), False, "Nomor piket saya salah.", now=at(18, 16))
    said = privacy.export(chief.id, by=administrator, now=at(20))["minutes_replies"]
    assert [(one["agrees"], one["note"]) for one in said] == [(False, "Nomor piket saya salah.")]
    privacy.erase(chief.id, by=administrator, now=at(20))
    assert db.session.scalars(sa.select(MinutesReply.note)).all() == [""]


def about(activity_id) -> list[str]:
    """Return the subjects of the messages about an activity's minutes and tasks in its message log."""
    page, _filters = log.find(MessageFilters(activity_id=activity_id))
    return [one.subject for one in page.items if one.kind in (MailKind.MINUTES, MailKind.FOLLOW_UP)]


def test_the_chair_is_asked_again_at_a_corrected_address_with_the_same_link(written, chief, coordinator, server):
    approval.ask(written.activity_id, written.version, by=coordinator, now=at(18, 15))
    token = token_of(written)
    drain(at(18, 15))
    message_id = db.session.scalars(sa.select(MinutesMail.message_id)).one()
    fresh(chief).email = "kapolres.baru@example.com"
    db.session.commit()
    resend.resend(message_id, by=coordinator, now=at(20, 9))
    drain(at(20, 9))
    mail = server.taken[-1].mail
    assert "kapolres.baru@example.com" in mail["To"]
    assert approval_page(token) in mail.get_body(("plain",)).get_content()
    assert about(written.activity_id) == [mail["Subject"]] * 2
    approval.reply(token, True, "", now=at(20, 10))
    with pytest.raises(NothingToResend):
        resend.resend(message_id, by=coordinator, now=at(20, 11))


def test_the_chairs_link_ends_after_its_days_and_staff_make_a_new_one(written, coordinator):
    approval.ask(written.activity_id, written.version, by=coordinator, now=at(18, 15))
    token, ends_at = token_of(written), at(18, 15) + timedelta(days=30)
    assert approval.opened(token, now=ends_at - timedelta(seconds=1)).takes_reply
    with pytest.raises(MinutesLinkEnded):
        approval.opened(token, now=ends_at)
    with pytest.raises(MinutesLinkEnded):
        approval.reply(token, True, "", now=ends_at)
    assert approval.ask_again(written.activity_id, fresh(written).version, by=coordinator, now=ends_at)
    with pytest.raises(MinutesLinkUnknown):
        approval.opened(token, now=ends_at)
    approval.reply(token_of(written), True, "", now=ends_at + timedelta(hours=1))
    assert [(one.number, one.agrees) for one in fresh(written).replies] == [(1, True)]
    with pytest.raises(MinutesNotAsked):
        approval.ask_again(written.activity_id, fresh(written).version, by=coordinator, now=ends_at)


def test_an_offices_own_text_is_used_for_the_mail_to_the_chair(written, coordinator, server):
    own = Text("Notula: {kegiatan}", "Yth. {nama}", "Mohon dibaca sampai {batas}.\n\nBaca: {tautan}")
    texts.save("minutes-ask", "id", own, by=coordinator, now=at(18, 14))
    approval.ask(written.activity_id, written.version, by=coordinator, now=at(18, 15))
    drain(at(18, 15))
    said = server.taken[-1].mail.get_body(("plain",)).get_content()
    assert "Mohon dibaca sampai Rabu, 17 Februari 2027" in " ".join(said.split())
    assert approval_page(token_of(written)) in said
