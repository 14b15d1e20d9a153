"""The page of received mails: what to read first, in plain words, and the coordinator's actions."""

from dataclasses import replace

import sqlalchemy as sa

from outreach.domain.kinds import IncomingKind, IncomingOutcome, MailKind, Role, Sector
from outreach.domain.mail.failures import ChannelTrouble
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import AuditEntry, Channel, IncomingMail, Invitation, Message, Organisation, User
from tests.support.copied import copied
from tests.web.reading import page
from tests.world import NOW, a_person, at, draft_activity, stop_clock
from tests.world.incoming import blocked, mail


@copied
def reading(app):
    """An office whose mailbox is read."""
    app.extensions["outreach"] = replace(app.extensions["outreach"], imap_server="imap.example.com")


def test_a_letter_is_first_with_its_person_and_a_link_to_record_an_answer(anis_invitation_id, ani, coordinator_client):
    letter = mail(
        person=ani, invitation_id=anis_invitation_id, subject="Datang terlambat", text="Saya datang pukul 10."
    )
    shown = page(coordinator_client)
    assert "Datang terlambat" in shown
    assert "Saya datang pukul 10." in shown
    assert f'href="/people/{ani.id}"' in shown
    assert f'href="/invitations/{anis_invitation_id}"' in shown
    assert f'href="/invitations/{anis_invitation_id}/answer?mail={letter.id}"' in shown


def test_the_former_day_of_a_postponed_activity_is_not_shown_as_its_day(anis_invitation_id, ani, coordinator_client):
    letter = mail(person=ani, invitation_id=anis_invitation_id)
    db.session.get_one(Invitation, anis_invitation_id).activity.state = ActivityState.POSTPONED
    db.session.commit()
    for path in ("/incoming", f"/incoming/{letter.id}"):
        shown = page(coordinator_client, path)
        assert "Waits for a new date (before: Mon, 18 Jan 2027)" in shown
        assert shown.count("18 Jan 2027") == 1


def test_words_and_subject_are_shown_as_text_and_never_as_a_link(coordinator_client):
    letter = mail(
        subject="<b>Hadiah</b>", text='<script>alert(1)</script> http://example.com/x <img src="x">', sender_name="<i>A"
    )
    for path in ("/incoming", f"/incoming/{letter.id}"):
        shown = page(coordinator_client, path)
        assert "&lt;script&gt;alert(1)&lt;/script&gt; http://example.com/x &lt;img" in shown
        assert "&lt;b&gt;Hadiah&lt;/b&gt;" in shown
        assert 'href="http://example.com' not in shown
        assert "<i>A" not in shown


def test_a_refused_answer_has_a_reason(coordinator_client):
    mail(IncomingKind.ANSWER, IncomingOutcome.REFUSED, reason="tentative", text="")
    mail(IncomingKind.UNREADABLE, reason="broken", subject="", text="??")
    mail(IncomingKind.ANSWER, IncomingOutcome.REFUSED, reason="of a later version", text="")
    shown = page(coordinator_client)
    assert "They may come: neither yes nor no." in shown
    assert "It could not be read here. Please open it in the mailbox." in shown
    assert "(no subject)" in shown
    assert "of a later version" not in shown


def test_each_list_has_its_own_mails(coordinator_client):
    for kind, outcome in (
        (IncomingKind.LETTER, IncomingOutcome.TO_READ), (IncomingKind.ANSWER, IncomingOutcome.APPLIED),
        (IncomingKind.BOUNCE, IncomingOutcome.APPLIED), (IncomingKind.DELAY, IncomingOutcome.APPLIED),
        (IncomingKind.AUTOMATIC, IncomingOutcome.IGNORED), (IncomingKind.ANSWER, IncomingOutcome.REFUSED),
    ):  # fmt: skip
        mail(kind, outcome, subject=f"{kind.value} {outcome.value}.")
    every = [
        f"{received.kind.value} {received.outcome.value}." for received in db.session.scalars(sa.select(IncomingMail))
    ]

    def found(path):
        shown = page(coordinator_client, path)
        return [subject for subject in every if subject in shown]

    assert found("/incoming") == ["letter to_read.", "answer refused."]
    assert found("/incoming?show=letters") == ["letter to_read."]
    assert found("/incoming?show=answers") == ["answer applied.", "answer refused."]
    assert found("/incoming?show=reports") == ["bounce applied.", "delay applied."]
    assert found("/incoming?show=all") == every
    assert found("/incoming?show=nonsense") == ["letter to_read.", "answer refused."]
    assert found("/incoming?show=all&q=AUTOMATIC") == ["automatic ignored."]


def test_the_list_of_one_person_has_their_mails(ani, budi, coordinator_client):
    mail(person=ani, subject="Dari Ani")
    mail(person=budi, subject="Dari Budi")
    shown = page(coordinator_client, f"/incoming?show=all&person={ani.id}")
    assert ("Dari Ani" in shown, "Dari Budi" in shown, "From Ani Wijaya" in shown) == (True, False, True)
    assert "Dari Ani" in page(coordinator_client, f"/people/{ani.id}")


def test_marking_a_mail_as_handled_removes_it_from_the_list_and_is_logged(coordinator, coordinator_client):
    letter = mail(subject="Datang terlambat").id
    answered = coordinator_client.post(f"/incoming/{letter}/dealt-with")
    assert (answered.status_code, answered.location) == (302, f"/incoming?marked={letter}")
    assert "Datang terlambat" not in page(coordinator_client)
    assert "Handled on" in page(coordinator_client, f"/incoming/{letter}")
    coordinator_client.post(f"/incoming/{letter}/dealt-with")
    coordinator_client.post(f"/incoming/{letter}/reopen")
    assert "Datang terlambat" in page(coordinator_client)
    done = db.session.execute(
        sa.select(AuditEntry.action, AuditEntry.subject_id, AuditEntry.subject_name)
        .where(AuditEntry.subject_type == "incoming_mail")
        .order_by(AuditEntry.id)
    ).all()
    assert [tuple(row) for row in done] == [
        ("incoming_mail.dealt_with", letter, ""), ("incoming_mail.reopened", letter, ""),
    ]  # fmt: skip


def test_all_mails_of_a_sender_are_marked_as_handled_at_once(coordinator, coordinator_client):
    letters = [mail(sender="banyak@example.net").id for _number in range(3)]
    other = mail(sender="ani@example.com").id
    assert "Handled: all of this sender" in page(coordinator_client, f"/incoming/{letters[1]}")
    answered = coordinator_client.post(f"/incoming/{letters[1]}/sender-dealt-with", follow_redirects=True)
    assert "3 mails are marked as handled." in answered.text
    assert (f'action="/incoming/{letters[1]}/reopen"' in answered.text, "Undo" in answered.text) == (True, True)
    seen = db.session.scalars(sa.select(IncomingMail.id).where(IncomingMail.seen_at.is_not(None))).all()
    assert (sorted(seen), other in seen) == (letters, False)
    done = db.session.execute(sa.select(AuditEntry.action, AuditEntry.subject_id)).all()
    assert [tuple(row) for row in done if row.action.startswith("incoming")] == [
        ("incoming_mail.dealt_with", letters[1])
    ]
    assert "Handled: all of this sender" not in page(coordinator_client, f"/incoming/{letters[1]}")


def test_mails_without_a_sender_are_marked_as_handled_one_by_one(coordinator, coordinator_client):
    first, second = mail(sender="").id, mail(sender="").id
    assert "all of this sender" not in page(coordinator_client, f"/incoming/{first}")
    coordinator_client.post(f"/incoming/{first}/sender-dealt-with")
    assert db.session.scalars(sa.select(IncomingMail.id).where(IncomingMail.seen_at.is_(None))).all() == [second]


def test_the_log_names_the_sender_and_links_to_the_mail_until_it_is_erased(administrator_client):
    letter = mail(subject="Rahasia", sender_name="Ani Wijaya").id
    plain = mail(sender="budi@example.com", sender_name="").id
    for received in (letter, plain):
        administrator_client.post(f"/incoming/{received}/dealt-with")
    shown = page(administrator_client, "/audit?about=incoming_mail")
    assert f'<a class="name" href="/incoming/{letter}">Ani Wijaya</a>' in shown
    assert f'<a class="name" href="/incoming/{plain}">budi@example.com</a>' in shown
    assert "Rahasia" not in shown
    db.session.execute(sa.update(IncomingMail).values(sender="", sender_name="", subject="", text=""))
    db.session.commit()
    assert f'<a class="name" href="/incoming/{letter}">#{letter}</a>' in page(administrator_client, "/audit")


def test_a_viewer_can_read_mails_but_change_nothing(ani, viewer_client):
    letter = mail(person=ani).id
    blocked(ani.email)
    shown = page(viewer_client)
    assert "Mohon maaf." in shown
    assert "Handled" not in shown
    assert "Try this address again" not in page(viewer_client, "/incoming/unreachable")
    for path in (f"/incoming/{letter}/dealt-with", f"/incoming/{letter}/sender-dealt-with",
                 f"/incoming/{letter}/reopen", "/incoming/unreachable",
                 f"/people/{ani.id}/address"):  # fmt: skip
        assert viewer_client.post(path, data={"address": ani.email}).status_code == 403
    assert db.session.get(IncomingMail, letter).seen_at is None


def test_without_login_nothing_is_shown(app, office):
    letter = mail().id
    for path in ("/incoming", f"/incoming/{letter}", "/incoming/unreachable"):
        assert app.test_client().get(path).status_code == 302


def test_an_unknown_mail_gives_a_not_found_page(coordinator_client):
    assert coordinator_client.get("/incoming/999").status_code == 404
    assert coordinator_client.post("/incoming/999/dealt-with").status_code == 404


def test_the_menu_counts_mails_to_read_where_a_mailbox_is_read(app, coordinator_client, reading):
    def count():
        shown = page(coordinator_client, "/venues")
        return shown.partition('<span class="nav-count">')[2].partition("<")[0]

    assert 'href="/incoming"' in page(coordinator_client, "/venues")
    assert count() == ""
    letter = mail().id
    mail(IncomingKind.BOUNCE, IncomingOutcome.APPLIED)
    assert count() == "1"
    coordinator_client.post(f"/incoming/{letter}/dealt-with")
    assert count() == ""
    for _number in range(101):
        mail()
    assert count() == "99+"


def test_without_a_mailbox_the_menu_shows_nothing_and_the_page_says_so(coordinator_client):
    assert 'href="/incoming"' not in page(coordinator_client, "/venues")
    assert "No mailbox is read." in page(coordinator_client)
    assert "Until then replies go to dp3ap2kb@example.com." in page(coordinator_client)
    assert "What people reply goes to dp3ap2kb@example.com" in page(coordinator_client, "/messages")


def test_if_a_mailbox_is_read_nothing_suggests_setting_one_up(coordinator_client, reading):
    assert "mailbox" not in page(coordinator_client)
    assert "No mailbox is read" not in page(coordinator_client, "/messages")


def test_the_offices_page_shows_where_replies_go(app, administrator_client):
    assert "OUTREACH_IMAP_SERVER" in page(administrator_client, "/office")
    app.extensions["outreach"] = replace(app.extensions["outreach"], imap_server="imap.example.com")
    shown = page(administrator_client, "/office")
    assert ("OUTREACH_IMAP_SERVER" in shown, "stand under “Mails received”." in shown) == (False, True)


def test_waiting_mails_stay_in_the_menu_after_the_mailbox_is_switched_off(coordinator_client):
    letter = mail().id
    assert 'href="/incoming"' in page(coordinator_client, "/venues")
    coordinator_client.post(f"/incoming/{letter}/dealt-with")
    assert 'href="/incoming"' not in page(coordinator_client, "/venues")


def test_a_failing_mailbox_is_shown_here_and_on_the_start_page(reading, coordinator_client):
    assert "cannot be read since" not in page(coordinator_client)
    db.session.add(Channel(name="inbox", trouble=ChannelTrouble.LOGIN, reply="NO wrong password", since_at=NOW))
    db.session.commit()
    shown = page(coordinator_client)
    assert "The mailbox cannot be read since Monday, 4 January 2027 at 08:00 WIB." in shown
    assert "NO wrong password" in shown
    start = page(coordinator_client, "/")
    assert "The mailbox cannot be read." in start
    assert "The mail server takes no mails" not in start
    assert "No mail can go out" not in page(coordinator_client, "/messages")


def test_the_start_page_shows_the_number_of_waiting_mails(coordinator_client):
    mail()
    assert "1 mail waits to be read" in page(coordinator_client, "/")


def test_the_invitation_shows_that_its_invitee_wrote(anis_invitation_id, ani, activity, coordinator_client):
    letter = mail(person=ani, invitation_id=anis_invitation_id, received_at=at(5, 9)).id
    mail(
        IncomingKind.ANSWER, IncomingOutcome.APPLIED, person=ani, invitation_id=anis_invitation_id, received_at=at(6, 9)
    )
    for path in (f"/activities/{activity.id}/invitees", f"/invitations/{anis_invitation_id}"):
        shown = page(coordinator_client, path)
        assert f'href="/incoming/{letter}"' in shown
        assert "wrote on Tue, 5 Jan 2027" in shown


def test_the_message_shows_replies_and_reports_about_it(ani, coordinator_client):
    message = Message(
        person=ani, kind=MailKind.INVITATION, local_day=NOW.date(), due_at=NOW, sent_at=NOW, expires_at=at(18),
        state="sent", address=ani.email,
    )  # fmt: skip
    db.session.add(message)
    db.session.commit()
    path = f"/messages/{message.id}"
    assert "What came back" not in page(coordinator_client, path)
    mail(IncomingKind.DELAY, IncomingOutcome.APPLIED, message_id=message.id, reason="gave_up", text="450 4.2.0 later")
    shown = page(coordinator_client, path)
    assert "450 4.2.0 later" in shown
    assert "The other server could not take it, or was out of reach for days." in shown
    assert "No mail arrives at" not in shown
    blocked(ani.email)
    assert f"No mail arrives at {ani.email}." in page(coordinator_client, path)


def test_an_address_that_mail_does_not_reach_is_shown_on_each_page_with_the_phone_number(
    anis_invitation_id, ani, activity, coordinator_client
):
    ani.phone = "+6281234567890"
    blocked(ani.email)
    for path in (
        "/incoming/unreachable",
        f"/people/{ani.id}",
        f"/activities/{activity.id}/invitees",
        f"/invitations/{anis_invitation_id}",
    ):
        shown = page(coordinator_client, path)
        assert "0812-3456-7890" in shown
        assert "mail does not arrive" in shown or "Try this address again" in shown
    assert "550 5.1.1 no such user" in page(coordinator_client, f"/people/{ani.id}")
    assert "No mail reaches 1 invitee who has not answered." in page(
        coordinator_client, f"/activities/{activity.id}/invitees"
    )


def test_a_person_s_and_an_organisation_s_address_are_allowed_again_on_their_page(ani, police, coordinator_client):
    for invitee, path in ((ani, f"/people/{ani.id}"), (police, f"/organisations/{police.id}")):
        blocked(invitee.email)
        assert "Try this address again" in page(coordinator_client, path)
        assert coordinator_client.post(f"{path}/address").location == path
        assert "Try this address again" not in page(coordinator_client, path)


def test_an_address_is_allowed_again_on_the_list(ani, coordinator_client):
    blocked(ani.email)
    assert ani.email in page(coordinator_client, "/incoming/unreachable")
    coordinator_client.post("/incoming/unreachable", data={"address": ani.email})
    assert ani.email not in page(coordinator_client, "/incoming/unreachable")


def test_the_lists_take_as_many_queries_for_24_mails_as_for_8(
    reading, ani, coordinator, coordinator_client, queries, monkeypatch
):
    """Each mail has its own sender and activity, and different people handled some of them."""
    stop_clock(monkeypatch)  # the menu's count is cached for a moment
    ani_id = ani.id
    paths = ("/incoming", "/incoming?show=all", "/incoming/unreachable", f"/people/{ani_id}")

    def fill(*numbers):
        for number in numbers:
            activity = draft_activity(None, None, title=f"Rapat {number}")
            writer, invited = a_person(f"Penulis{number}"), a_person(f"Warga{number}")
            names = (f"Dinas {number}", f"Sekolah {number}")
            offices = [
                Organisation(name=name, sector=Sector.OTHER, email=f"{name[:5]}{number}@example.com") for name in names
            ]
            reader = User(
                email=f"staf{number}@example.com", name=f"Staf {number}", password="-", fs_uniquifier=f"{number}"
            )
            db.session.add_all([*offices, reader])
            db.session.flush()
            about = [
                Invitation(activity_id=activity.id, person_id=invited.id, role=Role.CADRE),
                Invitation(activity_id=activity.id, organisation_id=offices[1].id, role=Role.PARTICIPANT),
            ]
            db.session.add_all(about)
            db.session.flush()
            mail(person_id=writer.id, subject=f"Surat {number}")
            mail(organisation_id=offices[0].id, subject=f"Kabar {number}")
            mail(person_id=ani_id, invitation_id=about[0].id, subject=f"Usul {number}")
            mail(
                person_id=ani_id,
                invitation_id=about[1].id,
                subject=f"Tanya {number}",
                seen_at=NOW,
                seen_by_id=reader.id,
            )
            blocked(writer.email)
            blocked(offices[0].email)

    def look():
        page(coordinator_client)
        return [queries(lambda path=path: coordinator_client.get(path)) for path in paths]

    fill(1, 2)
    few = look()
    fill(3, 4, 5, 6)
    assert look() == few
    shown = page(coordinator_client, "/incoming?show=all")
    assert all(f"{word} {number}" in shown for word in ("Rapat", "Staf", "Dinas") for number in range(1, 7))
