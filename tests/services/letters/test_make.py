"""Letters are made from the plan, for one or many invitees, and stay on record with each of their versions."""

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from outreach.domain.documents import Signatory
from outreach.domain.kinds import Role, Sector, Sex
from outreach.domain.letters.values import Addressee, LetterKind, LetterSettings, LetterState
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AgendaItem, AuditEntry, Letter
from outreach.services.letters import compose, edit_settings, make
from outreach.services.letters.compose import AddresseesMissing, LetterSigned, LetterSubjectMissing, text_of
from outreach.services.letters.compose import compose as save
from outreach.services.letters.facts import NobodyOnTheLetter
from outreach.services.letters.make import NothingToCorrect
from outreach.services.letters.versions import LetterMissing, last_values
from outreach.services.locking import Stale
from tests.support.copied import copied
from tests.world import NOW, a_person, an_invitation, an_organisation, at, draft_activity, fresh

pytestmark = pytest.mark.usefixtures("any_app")


@copied
def kapolres(activity):
    return an_invitation(activity, a_person("", email="polres@example.com", post="Kapolres Metro"))


def a_speaker(activity):
    ani = a_person(
        "Ani Lestari", sex=Sex.FEMALE, title_after="S.H.", post="Psikolog", organisation=an_organisation("UPTD PPA")
    )
    db.session.add(
        AgendaItem(activity=activity, starts_at=at(18, 9), ends_at=at(18, 10), topic="Rujukan korban", speakers=[ani])
    )
    db.session.commit()
    return an_invitation(activity, ani, Role.SPEAKER)


def test_a_letter_says_when_where_and_to_whom(office, activity, kapolres):
    a_speaker(activity)
    letter = make.make(LetterKind.INVITATION, [kapolres.id], by=None, now=NOW)
    values = last_values(letter)
    assert (letter.kind, letter.state, letter.subject) == (LetterKind.INVITATION, LetterState.DRAFT, "Undangan")
    assert values.addressees == (Addressee(("Kapolres Metro",)),)
    assert values.facts == (
        ("hari/tanggal", "Senin, 18 Januari 2027"),
        ("waktu", "pukul 08.00 WIB s.d. selesai"),
        ("tempat", "Aula Bappeda, Jl. Jenderal Sudirman, Metro"),
        ("acara", "Rapat koordinasi pencegahan kekerasan"),
    )
    assert values.opening.startswith("Sehubungan dengan pelaksanaan kegiatan Rapat koordinasi pencegahan kekerasan, ")
    assert [(line.time, line.topic, line.speakers) for line in values.agenda] == [
        ("09.00 – 10.00", "Rujukan korban", "Ani Lestari, S.H.")
    ]
    assert (values.attachments, values.place, values.number, values.dated_on) == ("satu berkas", "Metro", "", None)
    assert values.letterhead.lines[0] == "PEMERINTAH KOTA METRO"
    assert values.check_url.endswith(f"/l/{letter.code[:4]}-{letter.code[4:8]}-{letter.code[8:]}")


def test_a_speaker_is_asked_with_topic_and_turn(office, activity):
    letter = make.make(LetterKind.SPEAKER_REQUEST, [a_speaker(activity).id], by=None, now=NOW)
    values = last_values(letter)
    assert values.addressees == (Addressee(("Ibu Ani Lestari, S.H.", "Psikolog", "UPTD PPA")),)
    assert dict(values.facts)["materi"] == "Rujukan korban"
    assert dict(values.facts)["giliran"] == "pukul 09.00 s.d. 10.00 WIB"


def test_one_letter_for_all_or_one_for_each_invitee(office, activity, kapolres):
    school = an_invitation(activity, an_organisation("SMAN 1 Metro", sector=Sector.SCHOOL), quota=2)
    tuesday = draft_activity(None, None, 19, title="Sosialisasi")
    again = an_invitation(tuesday, kapolres.person)
    together = make.make(LetterKind.INVITATION, [kapolres.id, school.id], by=None, now=NOW)
    assert [one.lines for one in last_values(together).addressees] == [("Kapolres Metro",), ("Pimpinan SMAN 1 Metro",)]
    each = make.make_each(LetterKind.INVITATION, [kapolres.id, school.id, again.id], by=None, now=NOW)
    assert [[one.id for one in letter.invitations] for letter in each] == [[kapolres.id, again.id], [school.id]]
    assert [label for label, _text in last_values(each[0]).facts].count("hari/tanggal") == 2
    assert len({letter.code for letter in [together, *each]}) == 3


def test_nobody_or_only_withdrawn_invitees_make_no_letter(office, activity, kapolres):
    kapolres.state = InvitationState.WITHDRAWN
    db.session.commit()
    with pytest.raises(NobodyOnTheLetter):
        make.make(LetterKind.INVITATION, [kapolres.id], by=None, now=NOW)
    assert db.session.scalars(sa.select(Letter)).all() == []


def test_each_change_is_a_version_that_stays_on_record(office, coordinator, activity, kapolres):
    letter = make.make(LetterKind.INVITATION, [kapolres.id], by=coordinator, now=NOW)
    text = replace(
        text_of(last_values(letter)), number="005/12/2027", dated_on=date(2027, 1, 4), closing="Terima kasih."
    )
    save(letter.id, text, letter.version, by=coordinator, now=NOW)
    letter = fresh(letter)
    assert (letter.state, letter.number, letter.dated_on) == (LetterState.COMPOSED, "005/12/2027", date(2027, 1, 4))
    assert [(one.number, one.changed) for one in letter.versions] == [(1, []), (2, ["closing", "dated_on", "number"])]
    save(letter.id, text, letter.version, by=coordinator, now=NOW)  # nothing differs
    assert len(fresh(letter).versions) == 2
    log = db.session.execute(sa.select(AuditEntry.action, AuditEntry.user_id).order_by(AuditEntry.id)).all()
    assert [tuple(row) for row in log if row.action.startswith("letter.")] == [
        ("letter.made", coordinator.id), ("letter.composed", coordinator.id),
    ]  # fmt: skip


def test_of_two_who_change_a_letter_the_second_is_told(office, activity, kapolres):
    letter = make.make(LetterKind.INVITATION, [kapolres.id], by=None, now=NOW)
    text, seen = text_of(last_values(letter)), letter.version
    save(letter.id, replace(text, closing="Satu"), seen, by=None, now=NOW)
    with pytest.raises(Stale):
        save(letter.id, replace(text, closing="Dua"), seen, by=None, now=NOW)


def test_a_letter_needs_a_subject_and_an_addressee(office, activity, kapolres):
    letter = make.make(LetterKind.INVITATION, [kapolres.id], by=None, now=NOW)
    text = text_of(last_values(letter))
    with pytest.raises(LetterSubjectMissing):
        save(letter.id, replace(text, subject=" "), letter.version, by=None, now=NOW)
    with pytest.raises(AddresseesMissing):
        save(letter.id, replace(text, addressees=()), letter.version, by=None, now=NOW)
    with pytest.raises(LetterMissing):
        save(letter.id + 1, text, 1, by=None, now=NOW)


def signed(letter, number="005/12/2027"):
    letter.state, letter.number, letter.dated_on = LetterState.SIGNED, number, date(2027, 1, 4)
    db.session.commit()
    return letter


def test_a_signed_letter_is_not_changed_and_not_withdrawn(office, activity, kapolres):
    letter = signed(make.make(LetterKind.INVITATION, [kapolres.id], by=None, now=NOW))
    with pytest.raises(LetterSigned):
        save(letter.id, text_of(last_values(letter)), letter.version, by=None, now=NOW)
    with pytest.raises(LetterSigned):
        compose.withdraw(letter.id, letter.version, by=None, now=NOW)


def test_a_draft_can_be_given_up_and_stays_on_record(office, activity, kapolres):
    letter = make.make(LetterKind.INVITATION, [kapolres.id], by=None, now=NOW)
    compose.withdraw(letter.id, letter.version, by=None, now=NOW)
    assert fresh(letter).state is LetterState.CANCELLED


def test_after_a_move_a_correction_names_the_first_letter_and_what_changed(office, activity, kapolres):
    first = signed(make.make(LetterKind.INVITATION, [kapolres.id], by=None, now=NOW))
    activity.starts_at, activity.ends_at = at(19, 8), at(19, 12)
    db.session.commit()
    correction = make.follow(first.id, LetterKind.CORRECTION, by=None, now=NOW)
    values = last_values(correction)
    assert correction.corrects_id == first.id
    assert correction.subject == "Ralat Undangan"
    assert "surat kami nomor 005/12/2027 tanggal 4 Januari 2027 hal Undangan" in values.opening
    assert values.facts[0] == ("hari/tanggal", "semula Senin, 18 Januari 2027, menjadi Selasa, 19 Januari 2027")
    cancellation = make.follow(first.id, LetterKind.CANCELLATION, reason="Aula dipakai.", by=None, now=NOW)
    assert last_values(cancellation).facts == (*last_values(first).facts, ("alasan", "Aula dipakai."))


def test_only_a_signed_letter_is_corrected(office, activity, kapolres):
    letter = make.make(LetterKind.INVITATION, [kapolres.id], by=None, now=NOW)
    with pytest.raises(NothingToCorrect):
        make.follow(letter.id, LetterKind.CORRECTION, by=None, now=NOW)
    with pytest.raises(NothingToCorrect):
        make.follow(signed(letter).id, LetterKind.INVITATION, by=None, now=NOW)


def test_the_offices_texts_and_signatory_stand_in_letters_made_from_then_on(office, activity, kapolres):
    before = make.make(LetterKind.INVITATION, [kapolres.id], by=None, now=NOW)
    signatory = Signatory("Kepala Dinas", "Nama Contoh", "Pembina Utama Muda", "NIP", "19700101 199001 1 001")
    edit_settings.save(LetterSettings(signatory=signatory, tells_end=True), 0, by=None, now=NOW)
    after = make.make(LetterKind.INVITATION, [kapolres.id], by=None, now=NOW)
    assert last_values(after).signatory == signatory
    assert dict(last_values(after).facts)["waktu"] == "pukul 08.00 s.d. 12.00 WIB"
    assert last_values(fresh(before)).signatory == Signatory()
