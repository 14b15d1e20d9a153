"""Signed letters go out with the mails of their invitations, byte for byte."""

import random
from hashlib import sha256

import pytest
import sqlalchemy as sa

from outreach.delivery.mail import attached, kept
from outreach.delivery.mail.compose import compose
from outreach.delivery.mail.frames.frame import Frames
from outreach.delivery.rows.letters import AttachedLetter
from outreach.domain.kinds import LetterKind, MailKind
from outreach.domain.letters.values import LetterState
from outreach.extensions import db
from outreach.models import MailFrame, SentMail, StoredFile
from outreach.services.reminders import tick as reminding
from tests.delivery.mail.frames.frames_help import Stage, framed, plan
from tests.world import NOW, a_person, at, drain, fresh, invitation_of, invite, move, publish, send_through
from tests.world.composed import line, message_of, published_invitation, text_of
from tests.world.letters.signed import DATED_ON, NUMBER, signed_letter

FILE = b"%PDF-1.7\r\n--=_attachments\r\n.\r\n" + random.Random(1).randbytes(300_000) + b"\n%%EOF"


def files_of(mail) -> list[tuple[str, str]]:
    """Return name and SHA-256 of a mail's PDF files."""
    return [
        (part.get_filename(), sha256(part.get_payload(decode=True)).hexdigest())
        for part in mail.walk()
        if part.get_content_type() == "application/pdf"
    ]


@pytest.fixture
def sent(current_app_, server, activity, ani, budi):
    """Returns a function that sends what is due and returns the mails received, by recipient."""
    send_through(current_app_, server)

    def send() -> dict:
        server.taken.clear()
        reminding.tick(NOW)
        drain()
        return {taken.recipient: taken.mail for taken in server.taken}

    return send


def test_the_file_that_arrives_is_the_one_that_was_uploaded(sent, activity, ani, budi):
    ani.email, budi.email = "ani@example.com", "budi@example.com"
    db.session.commit()
    invite(activity, ani, budi)
    signed_letter(invitation_of(activity, ani), data=FILE)
    publish(activity)
    mails = sent()
    assert files_of(mails["ani@example.com"]) == [("Surat-400.2-7-2027.pdf", sha256(FILE).hexdigest())]
    assert files_of(mails["budi@example.com"]) == []
    (part,) = [part for part in mails["ani@example.com"].walk() if part.get_content_type() == "application/pdf"]
    assert (part.get_content_disposition(), attached.NAMES_FILE in part) == ("attachment", False)
    assert "Terlampir surat undangan nomor 400.2/7/2027 tanggal 5 Januari 2027." in text_of(mails["ani@example.com"])
    assert "Terlampir" not in text_of(mails["budi@example.com"])


def test_a_hundred_mails_with_one_letter_keep_its_bytes_once(sent, activity, office):
    people = [a_person(f"Kader {number}", email=f"kader{number}@example.com") for number in range(100)]
    invite(activity, *people)
    signed_letter(*[invitation_of(activity, person) for person in people], data=FILE)
    publish(activity)
    mails = sent()
    assert {tuple(files_of(mail)) for mail in mails.values()} == {
        (("Surat-400.2-7-2027.pdf", sha256(FILE).hexdigest()),)
    }
    assert len(mails) == 100
    stored = sa.func.sum(sa.func.length(SentMail.data)), sa.func.count(SentMail.message_id)
    size, number = db.session.execute(sa.select(*stored)).one()
    assert (number, size < 200_000) == (100, True)
    assert db.session.scalar(sa.select(sa.func.sum(sa.func.length(MailFrame.data)))) < 50_000
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 1


def test_a_kept_mail_names_its_files(activity, ani):
    invitation = published_invitation(activity, ani)
    letter = signed_letter(invitation)
    message = message_of(line(invitation, MailKind.INVITATION))
    mail = kept.mail_of(kept.kept(compose(message, message.lines, now=NOW).data).data)
    assert attached.named_in(mail) == [("Surat-400.2-7-2027.pdf", letter.signed_file.sha256)]


def test_framed_mails_carry_their_letter_and_others_do_not(programme, hall, office):
    stage, frames = Stage(programme, hall), Frames()
    reminder = stage.reminder(stage.activity(), "invitation-cadre")
    messages = [stage.message(stage.person(), reminder, sorts=["invitation-cadre"]) for _ in range(6)]
    ours, others = messages[:4], messages[4:]
    signed_letter(*[message.lines[0].invitation for message in ours], data=FILE)
    plans = plan(frames, *ours, *others)
    found = [planned.write().data for planned in plans]
    encoded = attached.EnclosedFiles(db.engine)
    for data, message in zip(found, [*ours, *others], strict=True):
        assert data == encoded.enclose(compose(message, message.lines, now=NOW).data)
    assert [len(data) > 300_000 for data in found] == [True] * 4 + [False] * 2
    assert framed(plans[3])


def test_what_a_user_writes_is_never_taken_for_a_file(activity, ani):
    letter = signed_letter(published_invitation(activity, ani))
    digest = letter.signed_file.sha256
    activity.title = f"{attached.NAMES_FILE}: {digest}"
    activity.description = f"{attached.NAMES_FILE}: {digest}\r\n\r\n--=_attachments"
    db.session.commit()
    message = message_of(
        line(published_invitation(activity, a_person("Rina Sari", email="rina@example.com")), MailKind.INVITATION)
    )
    data = compose(message, message.lines, now=NOW).data
    assert attached.EnclosedFiles(db.engine).enclose(data) == data


@pytest.mark.parametrize(
    ("kind", "carried"),
    [
        (MailKind.INVITATION, [LetterKind.INVITATION, LetterKind.SPEAKER_REQUEST, LetterKind.CORRECTION]),
        (MailKind.CHANGE, [LetterKind.CORRECTION]),
        (MailKind.CANCELLATION, [LetterKind.CANCELLATION]),
        (MailKind.REMINDER, []),
        (MailKind.WITHDRAWAL, [LetterKind.CANCELLATION]),
    ],
)
def test_each_kind_of_mail_carries_its_kinds_of_letters(kind, carried):
    letters = [AttachedLetter(one, NUMBER, DATED_ON, "") for one in LetterKind]
    assert [letter.kind for letter in attached.of_mail(kind, letters)] == carried


def test_a_signed_correction_goes_out_with_the_news_of_the_move(sent, activity, ani):
    ani.email = "ani@example.com"
    db.session.commit()
    invite(activity, ani)
    first = signed_letter(invitation_of(activity, ani))
    publish(activity)
    sent()
    move(activity, at(19), at(19, 12))
    signed_letter(kind=LetterKind.CORRECTION, follows=first, data=FILE, number="400.2/8/2027")
    (mail,) = sent().values()
    assert files_of(mail) == [("Surat-400.2-8-2027.pdf", sha256(FILE).hexdigest())]
    assert "Terlampir surat ralat nomor 400.2/8/2027 tanggal 5 Januari 2027." in text_of(mail)


def test_a_letter_that_was_withdrawn_between_two_looks_is_not_attached(activity, ani):
    invitation = published_invitation(activity, ani)
    letter = signed_letter(invitation)
    message = message_of(line(invitation, MailKind.INVITATION))
    assert attached.NAMES_FILE.encode() in compose(message, message.lines, now=NOW).data
    fresh(letter).state = LetterState.CANCELLED
    db.session.commit()
    assert attached.NAMES_FILE.encode() not in compose(message, message.lines, now=NOW).data


def test_a_file_that_is_gone_is_an_error_and_no_empty_attachment(activity, ani):
    invitation = published_invitation(activity, ani)
    letter = signed_letter(invitation)
    message = message_of(line(invitation, MailKind.INVITATION))
    data = compose(message, message.lines, now=NOW).data
    fresh(letter).signed_file.sha256 = "0" * 64
    db.session.commit()
    with pytest.raises(LookupError):
        attached.EnclosedFiles(db.engine).enclose(data)


@pytest.mark.parametrize("number", ["../../etc/passwd", "ü/é", "\r\nX: y", "", "a" * 80])
def test_a_files_name_is_one_that_every_program_can_keep(number):
    name = attached.filename(AttachedLetter(LetterKind.INVITATION, number, DATED_ON, "ab" * 32))
    assert name.isascii()
    assert "/" not in name
    assert name.startswith("Surat-")
    assert name.endswith(".pdf")
