"""Follow-ups are reminded by mail, settled by staff or by their owner's link, and listed, exported and counted."""

from datetime import date

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.kinds import LinkPurpose, MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.states import FollowUpState, MessageState
from outreach.extensions import db
from outreach.models import AddressFailure, AuditEntry, FollowUp, FollowUpLine, Message, Office
from outreach.queries.messages import log
from outreach.queries.messages.log import MessageFilters
from outreach.queries.minutes import follow_ups as lists
from outreach.queries.minutes.follow_ups import FollowUpFilters, FollowUpGroup
from outreach.queries.overview.page import overview
from outreach.services.locking import Stale
from outreach.services.messages import archive as archiving
from outreach.services.messages import resend
from outreach.services.minutes import follow_ups, remind
from outreach.services.minutes.follow_ups import (
    DueDayMissing,
    FollowUpClosed,
    FollowUpLinkUnknown,
    FollowUpValues,
    OwnerMissing,
    TaskMissing,
)
from outreach.services.privacy import person as privacy
from tests.world import NOW, at, count, draft_activity, drain, fresh

pytestmark = pytest.mark.usefixtures("any_app")
DUE = date(2027, 2, 15)  # a Monday


def note(minutes, person=None, *, organisation=None, what="Kirim daftar nomor piket", due_on=DUE) -> FollowUp:
    values = FollowUpValues(what, person.id if person else None, organisation.id if organisation else None, due_on)
    return follow_ups.add(minutes.activity_id, values, by=None, now=at(18, 17))


def token_of(task: FollowUp) -> str:
    return tokens.tokens_by_nonce(LinkPurpose.FOLLOW_UP)(fresh(task).nonce)


def reminded() -> list[tuple[str, list[tuple[str, int]]]]:
    """Return (address of the reader, their tasks with the lead) of each reminder, in order."""
    db.session.rollback()
    found = []
    for message in db.session.scalars(sa.select(Message).where(Message.kind == "follow_up").order_by(Message.id)):
        lines = db.session.scalars(
            sa.select(FollowUpLine).where(FollowUpLine.message_id == message.id).order_by(FollowUpLine.id)
        )
        owner = message.person or message.organisation
        found.append((owner.email, [(line.follow_up.what, line.lead) for line in lines]))
    return found


def test_a_task_needs_words_one_owner_and_a_day(written, ani, police):
    for wrong, values in (
        (TaskMissing, FollowUpValues(" ", ani.id, None, DUE)),
        (OwnerMissing, FollowUpValues("x", None, None, DUE)),
        (OwnerMissing, FollowUpValues("x", ani.id, police.id, DUE)),
        (DueDayMissing, FollowUpValues("x", ani.id, None, None)),
    ):
        with pytest.raises(wrong):
            follow_ups.add(written.activity_id, values, by=None, now=at(18, 17))
    assert count(FollowUp) == 0


def test_owners_are_reminded_on_the_set_days_and_once_when_overdue_in_one_mail_a_day(approved, ani, police):
    note(approved, ani)
    note(approved, ani, what="Cetak poster")
    note(approved, organisation=police, due_on=date(2027, 2, 14))
    for day, hour in ((7, 9), (8, 7), (8, 9), (8, 10), (9, 9), (13, 9), (14, 9), (15, 9), (16, 9), (17, 9)):
        remind.tick(at(day, hour, month=2))
        drain_nothing(at(day, hour, month=2))
    assert reminded() == [
        ("polres@example.com", [("Kirim daftar nomor piket", 7)]),
        ("ani@example.com", [("Kirim daftar nomor piket", 7), ("Cetak poster", 7)]),
        ("polres@example.com", [("Kirim daftar nomor piket", 1)]),
        ("ani@example.com", [("Kirim daftar nomor piket", 1), ("Cetak poster", 1)]),
        ("polres@example.com", [("Kirim daftar nomor piket", -1)]),
        ("ani@example.com", [("Kirim daftar nomor piket", -1), ("Cetak poster", -1)]),
    ]


def drain_nothing(now) -> None:
    """Mark what is due as sent, without a mail server."""
    db.session.execute(
        sa.update(Message).where(Message.state == MessageState.DUE).values(state=MessageState.SENT, sent_at=now)
    )
    db.session.commit()


def test_nobody_is_reminded_before_the_minutes_are_approved_without_an_address_or_against_their_wish(
    written, ani, budi
):
    note(written, ani)
    note(written, budi)
    fresh(budi).email = ""
    db.session.commit()
    assert remind.tick(at(8, 9, month=2)) == 0
    fresh(written).approved_at = at(18, 16)
    db.session.commit()
    assert remind.tick(at(8, 9, month=2)) == 1
    db.session.execute(sa.delete(FollowUpLine))
    fresh(ani).reminders_stopped_at = at(18, 16)
    db.session.commit()
    assert remind.tick(at(8, 9, month=2)) == 0


def test_whoever_has_a_mail_today_gets_the_reminder_tomorrow(approved, ani):
    note(approved, ani)
    db.session.add(
        Message(
            person_id=ani.id, kind="reminder", local_day=date(2027, 2, 8), due_at=at(8, 8, month=2),
            expires_at=at(9, 8, month=2), state=MessageState.SENT, sent_at=at(8, 8, month=2),
        )
    )  # fmt: skip
    db.session.commit()
    assert [remind.tick(at(day, 9, month=2)) for day in (8, 9)] == [0, 1]


def test_the_office_sets_the_days(approved, ani):
    note(approved, ani)
    db.session.scalars(sa.select(Office)).one().follow_up_days = "3"
    db.session.commit()
    assert [remind.tick(at(day, 9, month=2)) for day in (8, 11, 12, 13)] == [0, 0, 1, 0]


def test_the_mail_names_the_task_with_its_page_and_what_is_done_meanwhile_is_left_out(approved, ani, budi, server):
    one, other, his = note(approved, ani), note(approved, ani, what="Cetak: {poster}"), note(approved, budi)
    remind.tick(at(8, 9, month=2))
    follow_ups.settle(one.id, FollowUpState.DONE, fresh(one).version, by=None, now=at(8, 9, month=2))
    follow_ups.settle(his.id, FollowUpState.DROPPED, fresh(his).version, by=None, now=at(8, 9, month=2))
    drain(at(8, 9, 5, month=2))
    (mail,) = [taken.mail for taken in server.taken if "tugas" in taken.mail["Subject"]]
    assert (mail["To"], mail["Subject"]) == ("Ani Wijaya <ani@example.com>", "1 tugas segera jatuh tempo")
    text = " ".join(mail.get_body(("plain",)).get_content().split())
    assert "Paling lambat Senin, 15 Februari 2027: Cetak: {poster} (" in text
    assert f"/j/{token_of(other)}/follow-up" in text
    assert "piket" not in text
    first = db.session.scalars(sa.select(FollowUpLine.message_id).where(FollowUpLine.follow_up_id == other.id)).one()
    fresh(ani).email = "ani.baru@example.com"
    db.session.commit()
    resend.resend(first, by=None, now=at(8, 10, month=2))
    drain(at(8, 10, 5, month=2))
    again = server.taken[-1].mail
    assert (again["To"], again["Subject"]) == ("Ani Wijaya <ani.baru@example.com>", mail["Subject"])
    reasons = db.session.scalars(sa.select(Message.reason).where(Message.state == MessageState.SKIPPED)).all()
    assert SkipReason.FOLLOW_UP_SETTLED in reasons


def test_the_owner_says_by_the_link_that_it_is_done_once_and_opening_changes_nothing(approved, ani, budi, coordinator):
    task = note(approved, ani)
    token = token_of(task)
    assert follow_ups.opened(token).state is FollowUpState.OPEN
    follow_ups.done_by_owner(token, "Sudah dikirim", now=at(20))
    assert (fresh(task).state, fresh(task).note, fresh(task).settled_at, fresh(task).settled_by_id) == (
        FollowUpState.DONE,
        "Sudah dikirim",
        at(20),
        None,
    )
    with pytest.raises(FollowUpClosed):
        follow_ups.done_by_owner(token, "", now=at(20))
    values = FollowUpValues("Kirim", budi.id, None, DUE)
    follow_ups.change(task.id, values, fresh(task).version, by=coordinator, now=at(20))
    with pytest.raises(FollowUpLinkUnknown):
        follow_ups.opened(token)


def test_the_second_of_two_editors_is_told(approved, ani, coordinator):
    task = note(approved, ani)
    seen = fresh(task).version
    follow_ups.settle(task.id, FollowUpState.DONE, seen, by=coordinator, now=at(20))
    with pytest.raises(Stale):
        follow_ups.settle(task.id, FollowUpState.DROPPED, seen, by=coordinator, now=at(20))
    assert db.session.scalars(sa.select(AuditEntry.action).where(AuditEntry.action.like("follow_up.%"))).all() == [
        "follow_up.noted",
        "follow_up.done",
    ]


def test_the_list_is_filtered_and_the_overview_counts_what_is_overdue(approved, ani, police):
    late = note(approved, ani, due_on=date(2027, 1, 19))
    note(approved, organisation=police)
    done = note(approved, ani, what="Selesai")
    follow_ups.settle(done.id, FollowUpState.DONE, fresh(done).version, by=None, now=at(20))

    def found(**wanted) -> list[str]:
        return [row.follow_up.what for row in lists.all_rows(FollowUpFilters(**wanted), now=at(20))]

    assert [len(found(group=group)) for group in (None, *FollowUpGroup)] == [3, 2, 1, 0, 1, 0]
    assert found(q="polres") == ["Kirim daftar nomor piket"]
    assert found(person_id=ani.id, group=FollowUpGroup.DONE) == ["Selesai"]
    assert len(found(programme_id=approved.activity.programme_id)) == 3
    assert found(activity_id=approved.activity_id + 1) == []
    (row,) = [row for row in lists.of_activity(approved.activity_id, now=at(20)) if row.overdue]
    assert row.follow_up.id == late.id
    assert [need.count for need in overview(now=at(20)).needs if need.kind.value == "tasks"] == [1]


def test_an_owner_whom_no_mail_reaches_is_to_be_called_from_a_week_before_on(approved, ani, police):
    note(approved, ani)
    note(approved, organisation=police, what="Tunjuk petugas piket")
    fresh(ani).email = ""
    db.session.commit()

    def to_call(day) -> tuple[list[str], list[int]]:
        rows = lists.all_rows(FollowUpFilters(FollowUpGroup.CALL), now=day)
        needs = overview(now=day).needs
        return [row.follow_up.what for row in rows], [one.count for one in needs if one.kind.value == "tasks_call"]

    assert to_call(at(7, month=2)) == ([], [])
    assert to_call(at(8, month=2)) == (["Kirim daftar nomor piket"], [1])
    db.session.add(AddressFailure(address=police.email, blocked_at=NOW, last_at=NOW))
    db.session.commit()
    assert to_call(at(8, month=2))[1] == [2]


def test_what_the_owner_writes_stands_behind_the_note_of_staff(approved, ani, coordinator):
    task = note(approved, ani)
    values = FollowUpValues(task.what, ani.id, None, DUE, note="Lihat lampiran.")
    follow_ups.change(task.id, values, task.version, by=coordinator, now=at(19))
    follow_ups.done_by_owner(token_of(task), "Sudah dikirim", now=at(20))
    assert fresh(task).note == "Lihat lampiran. – Sudah dikirim"


def test_a_persons_tasks_can_be_taken_and_are_without_note_and_link_once_erased(approved, ani, administrator):
    task = note(approved, ani)
    token = token_of(task)
    assert [one["what"] for one in privacy.export(ani.id, by=administrator, now=at(20))["follow_ups"]] == [task.what]
    privacy.erase(ani.id, by=administrator, now=at(20))
    with pytest.raises(FollowUpLinkUnknown):
        follow_ups.opened(token)
    assert remind.tick(at(8, 9, month=2)) == 0


def test_archived_mails_about_minutes_and_tasks_stay_in_the_activitys_log(approved, ani, server):
    note(approved, ani)
    for day in (8, 14):  # the mail of the 14th is the newest, which stays
        remind.tick(at(day, 9, month=2))
        drain(at(day, 9, month=2))

    def listed(activity_id, *, archived):
        page, _filters = log.find(MessageFilters(activity_id=activity_id, archived=archived))
        return [one.kind for one in page.items]

    before = listed(approved.activity_id, archived=False)
    assert {MailKind.MINUTES, MailKind.FOLLOW_UP} <= set(before[1:])
    archiving.archive(at(1, month=12))
    assert listed(approved.activity_id, archived=False) == before[:1]
    assert listed(approved.activity_id, archived=True) == before[1:]
    assert listed(draft_activity(None, None, 20).id, archived=True) == []


def test_an_address_that_takes_no_mail_is_known_in_the_form_of_the_wire_too(approved, ani):
    ani.email = "ani@xn--bcher-kva.example"
    db.session.add(AddressFailure(address="ani@bücher.example", blocked_at=NOW, last_at=NOW))
    db.session.commit()
    note(approved, ani)
    assert (remind.tick(at(8, 9, month=2)), reminded()) == (0, [])
