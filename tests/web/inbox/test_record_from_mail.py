"""Recording an answer from a received mail: one link to the form, one button, and back to the mails."""

import sqlalchemy as sa

from outreach.domain.kinds import IncomingKind, IncomingOutcome
from outreach.extensions import db
from outreach.models import IncomingMail, Invitation
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from tests.support.copied import copied
from tests.web.reading import page
from tests.world import NOW
from tests.world.incoming import mail


@copied
def theirs(activity, police, coordinator) -> int:
    """The id of the police's invitation to a published activity."""
    inviting.invite_organisations([activity.id], {police.id: 2}, by=coordinator, now=NOW)
    publishing.publish([activity.id], by=coordinator, now=NOW)
    return db.session.scalars(sa.select(Invitation.id)).one()


def checked(shown: str, name: str) -> list[str]:
    """Return the chosen values of a group of radio buttons."""
    tags = [tag for tag in shown.split("<input")[1:] if f'name="{name}"' in tag.partition(">")[0]]
    return [tag.partition('value="')[2].partition('"')[0] for tag in tags if " checked" in tag.partition(">")[0]]


def test_an_answer_is_recorded_from_a_letter_and_leads_back_to_the_mails(anis_invitation_id, ani, coordinator_client):
    letter = mail(person=ani, invitation_id=anis_invitation_id, subject="Saya hadir", text="Insyaallah saya datang.").id
    path = f"/invitations/{anis_invitation_id}/answer?mail={letter}"
    shown = page(coordinator_client, path)
    assert "Insyaallah saya datang." in shown
    assert (checked(shown, "source"), checked(shown, "choice")) == (["mail"], [])
    assert f'href="/incoming/{letter}">Cancel' in shown
    answered = coordinator_client.post(path, data={"choice": "coming", "source": "mail"})
    assert (answered.status_code, answered.location) == (302, f"/incoming?marked={letter}")
    after = page(coordinator_client, answered.location)
    assert "The answer of Ani Wijaya is recorded." in after
    assert "The mail is marked as handled." in after
    assert "by e-mail" in page(coordinator_client, f"/invitations/{anis_invitation_id}")
    assert f'href="/invitations/{anis_invitation_id}"' in page(coordinator_client, f"/incoming/{letter}")
    history = page(coordinator_client, f"/invitations/{anis_invitation_id}/history?show=answers")
    assert f'href="/incoming/{letter}">from their mail' in history
    coordinator_client.post(f"/incoming/{letter}/reopen", data={"together": "1"})
    assert db.session.get(IncomingMail, letter, populate_existing=True).seen_at is None


def test_an_input_error_keeps_the_letter_beside_the_form_and_unhandled(anis_invitation_id, ani, coordinator_client):
    letter = mail(person=ani, invitation_id=anis_invitation_id, text="Insyaallah saya datang.").id
    refused = coordinator_client.post(
        f"/invitations/{anis_invitation_id}/answer?mail={letter}", data={"source": "mail"}
    )
    assert (refused.status_code, "Insyaallah saya datang." in refused.text) == (422, True)
    refused = coordinator_client.post(
        f"/invitations/{anis_invitation_id}/answer?mail={letter}", data={"source": "mail", "choice": "represented"}
    )
    assert (refused.status_code, "Insyaallah saya datang." in refused.text) == (422, True)
    assert db.session.get(IncomingMail, letter, populate_existing=True).seen_at is None


def test_a_calendars_answer_is_shown_and_preselected(anis_invitation_id, ani, activity, coordinator_client):
    answer = mail(
        IncomingKind.ANSWER, IncomingOutcome.TO_READ, person=ani, invitation_id=anis_invitation_id, participation="DECLINED",
        reason="deadline_passed", text="", subject="Declined",
    ).id  # fmt: skip
    for path in ("/incoming", f"/incoming/{answer}"):
        assert "Answer from a calendar: <strong>not coming</strong>" in page(coordinator_client, path)
    for path in (f"/invitations/{anis_invitation_id}", f"/activities/{activity.id}/invitees"):
        shown = page(coordinator_client, path)
        assert "answered by their calendar on Mon, 4 Jan 2027" in shown
        assert "wrote on" not in shown
    shown = page(coordinator_client, f"/invitations/{anis_invitation_id}/answer?mail={answer}")
    assert (checked(shown, "source"), checked(shown, "choice")) == (["mail"], ["not_coming"])


def test_without_a_letter_the_form_is_unchanged(anis_invitation_id, coordinator_client):
    shown = page(coordinator_client, f"/invitations/{anis_invitation_id}/answer")
    assert (checked(shown, "source"), "this mail is marked" in shown) == ([], False)
    saved = coordinator_client.post(
        f"/invitations/{anis_invitation_id}/answer", data={"choice": "coming", "source": "mail"}
    )
    assert saved.location.startswith("/activities/")
    assert coordinator_client.get(f"/invitations/{anis_invitation_id}/answer?mail=999").status_code == 404


def test_an_offices_names_are_recorded_from_a_letter(theirs, police, coordinator_client):
    letter = mail(organisation=police, invitation_id=theirs, text="Kami mengirim Dewi.").id
    assert f'href="/invitations/{theirs}/nominees?mail={letter}"' in page(coordinator_client, f"/incoming/{letter}")
    path = f"/invitations/{theirs}/nominees?mail={letter}"
    shown = page(coordinator_client, path)
    assert "Kami mengirim Dewi." in shown
    assert f'action="/invitations/{theirs}/answer?mail={letter}"' in shown
    assert checked(shown, "source") == ["mail", "mail"]
    answered = coordinator_client.post(path, data={"rows-0-name": "Dewi Sartika", "source": "mail"})
    assert answered.location == f"/incoming?marked={letter}"


def test_a_letter_that_declines_for_an_office_is_recorded(theirs, police, coordinator_client):
    letter = mail(organisation=police, invitation_id=theirs).id
    answered = coordinator_client.post(
        f"/invitations/{theirs}/answer?mail={letter}", data={"choice": "not_coming", "source": "mail"}
    )
    assert answered.location == f"/incoming?marked={letter}"


def test_a_guess_is_marked_as_a_guess(anis_invitation_id, ani, coordinator_client):
    guessed = mail(person=ani, invitation_id=anis_invitation_id, guessed=True).id
    for path in ("/incoming", f"/incoming/{guessed}"):
        assert "perhaps about <a" in page(coordinator_client, path)
    assert "perhaps about this" in page(coordinator_client, f"/invitations/{anis_invitation_id}")
    db.session.execute(sa.update(IncomingMail).values(guessed=False))
    db.session.commit()
    assert "perhaps about" not in page(coordinator_client, f"/incoming/{guessed}")
    assert "perhaps about" not in page(coordinator_client, f"/invitations/{anis_invitation_id}")


def test_undo_is_offered_after_an_action_and_restores_the_mail(coordinator_client):
    letter = mail(subject="Datang terlambat").id
    after = coordinator_client.post(f"/incoming/{letter}/dealt-with", follow_redirects=True).text
    assert ("The mail is marked as handled." in after, "Datang terlambat" in after) == (True, False)
    again = coordinator_client.post(f"/incoming/{letter}/reopen", data={"together": "1"})
    assert again.location == "/incoming"
    shown = page(coordinator_client)
    assert ("Datang terlambat" in shown, "It stands among those to read again." in shown) == (True, True)
    assert "marked as handled" not in page(coordinator_client, f"/incoming?marked={letter}")


def test_a_mail_shows_contacts_of_its_sender(ani, coordinator_client):
    ani.phone = "+6281234567890"
    letter = mail(person=ani, subject="Tanya").id
    shown = page(coordinator_client, f"/incoming/{letter}")
    assert 'href="tel:+6281234567890"' in shown
    assert f'formaction="/to-call/person/{ani.id}/whatsapp?plain=1"' in shown
    assert 'href="mailto:ani@example.com?subject=Re%3A%20Tanya"' in shown
    stranger = mail(sender="", person=None).id
    assert "Reply by e-mail" not in page(coordinator_client, f"/incoming/{stranger}")


def test_a_viewer_sees_the_phone_number(ani, viewer_client):
    ani.phone = "+6281234567890"
    shown = page(viewer_client, f"/incoming/{mail(person=ani).id}")
    assert ('href="tel:+6281234567890"' in shown, "/whatsapp" in shown, "Record answer" in shown) == (
        True,
        False,
        False,
    )


def test_a_report_that_had_its_effect_is_marked(ani, coordinator_client):
    report = mail(IncomingKind.BOUNCE, IncomingOutcome.APPLIED, person=ani).id
    answer = mail(IncomingKind.ANSWER, IncomingOutcome.APPLIED, person=ani, participation="ACCEPTED").id
    assert ">Noted<" in page(coordinator_client, f"/incoming/{report}")
    assert "Reply by e-mail" not in page(coordinator_client, f"/incoming/{report}")
    assert ">Taken<" in page(coordinator_client, f"/incoming/{answer}")


def test_the_log_links_from_an_answer_to_its_mail(anis_invitation_id, ani, coordinator, administrator_client):
    letter = mail(person=ani, invitation_id=anis_invitation_id, sender_name="Ani Wijaya").id
    administrator_client.post(
        f"/invitations/{anis_invitation_id}/answer?mail={letter}", data={"choice": "coming", "source": "mail"}
    )
    shown = page(administrator_client, "/audit?about=invitation")
    assert f'<a href="/incoming/{letter}">From a mail of Ani Wijaya</a>' in shown
    assert "How: by e-mail" in shown
