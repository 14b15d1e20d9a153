"""A move or a cancellation after a signed letter makes the draft of the letter that says so."""

from dataclasses import fields, replace

import pytest
import sqlalchemy as sa

from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import Role
from outreach.domain.letters.values import EarlierLetter, LetterKind, LetterState
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Letter
from outreach.queries.letters import returned as returned_pages
from outreach.services.activities import edit as editing
from outreach.services.activities import publish as publishing
from outreach.services.invitations import withdraw
from outreach.services.letters.versions import last_values
from tests.support.copied import copied
from tests.world import NOW, an_invitation, at, draft_activity, fresh, invitation_of, invite, move, publish
from tests.world.letters.signed import DATED_ON, NUMBER, signed_letter


@copied
def letter(activity, ani):
    """A signed letter to Ani about a published activity, of which she was told."""
    invite(activity, ani)
    publish(activity)
    return signed_letter(invitation_of(activity, ani))


def drafts() -> list[Letter]:
    found = db.session.scalars(sa.select(Letter).where(Letter.corrects_id.is_not(None)).order_by(Letter.id))
    return [letter for letter in found if letter.state is LetterState.DRAFT]


def written(activity) -> ActivityValues:
    """Return the activity as its form has it."""
    now = fresh(activity)
    return ActivityValues(**{field.name: getattr(now, field.name) for field in fields(ActivityValues)})


def edited_to(activity, starts_at, ends_at) -> None:
    values = replace(written(activity), starts_at=starts_at, ends_at=ends_at)
    editing.edit_activity(activity.id, values, activity.version, by=None, now=NOW)


def test_a_move_drafts_a_correction_that_names_the_first_letter(letter, activity):
    move(activity, at(19), at(19, 12))
    (draft,) = drafts()
    values = last_values(draft)
    assert (draft.kind, draft.corrects_id) == (LetterKind.CORRECTION, letter.id)
    assert values.earlier == EarlierLetter(NUMBER, DATED_ON, "Undangan")
    assert "semula Senin, 18 Januari 2027, menjadi Selasa, 19 Januari 2027" in dict(values.facts)["hari/tanggal"]
    assert "nomor 400.2/7/2027 tanggal 5 Januari 2027 hal Undangan" in values.opening
    assert returned_pages.changes_to_sign([activity.id]) == {activity.id: [draft]}
    assert fresh(letter).state is LetterState.SIGNED


def test_a_second_move_replaces_the_draft_of_the_first(letter, activity):
    move(activity, at(19), at(19, 12))
    move(activity, at(20), at(20, 12))
    (draft,) = drafts()
    assert "menjadi Rabu, 20 Januari 2027" in dict(last_values(draft).facts)["hari/tanggal"]


def test_a_move_back_that_nobody_heard_of_needs_no_letter(activity, ani):
    publish(activity)
    signed_letter(an_invitation(activity, ani))
    move(activity, at(19), at(19, 12))
    assert len(drafts()) == 1
    move(activity, at(18), at(18, 12))
    assert drafts() == []


def test_a_cancellation_drafts_a_notice(letter, activity):
    publishing.cancel(activity.id, "banjir", by=None, now=NOW)
    (draft,) = drafts()
    assert draft.kind is LetterKind.CANCELLATION
    assert dict(last_values(draft).facts)["alasan"] == "banjir"


def test_a_letter_about_two_activities_is_cancelled_only_with_both(programme, hall, ani):
    days = [draft_activity(programme, hall, day) for day in (18, 20)]
    invite(days[0], ani)
    invite(days[1], ani)
    publish(*days)
    signed_letter(*[invitation_of(day, ani) for day in days])
    publishing.cancel(days[0].id, "banjir", by=None, now=NOW)
    assert [draft.kind for draft in drafts()] == [LetterKind.CORRECTION]
    publishing.cancel(days[1].id, "banjir", by=None, now=NOW)
    assert [draft.kind for draft in drafts()] == [LetterKind.CANCELLATION]


def test_a_postponement_drafts_a_correction_without_a_day(letter, activity):
    publishing.postpone(activity.id, "banjir", by=None, now=NOW)
    (draft,) = drafts()
    assert draft.kind is LetterKind.CORRECTION
    assert "akan diberitahukan kemudian" in dict(last_values(draft).facts)["hari/tanggal"]


def test_a_draft_that_nobody_signed_needs_no_correction(activity, ani):
    publish(activity)
    letter = signed_letter(an_invitation(activity, ani))
    letter.state, letter.signed_file = LetterState.COMPOSED, None
    db.session.commit()
    move(activity, at(19), at(19, 12))
    assert drafts() == []


@pytest.mark.parametrize("change", [move, edited_to], ids=["moved", "edited"])
def test_another_day_of_a_draft_whose_letter_is_signed_drafts_a_correction(activity, ani, change):
    letter = signed_letter(an_invitation(activity, ani, state=InvitationState.PREPARED))
    change(activity, at(19), at(19, 12))
    (draft,) = drafts()
    assert (draft.kind, draft.corrects_id) == (LetterKind.CORRECTION, letter.id)
    assert "menjadi Selasa, 19 Januari 2027" in dict(last_values(draft).facts)["hari/tanggal"]
    assert returned_pages.changes_to_sign([activity.id]) == {activity.id: [draft]}
    change(activity, at(18), at(18, 12))
    assert drafts() == []  # the letter is right again


def test_another_title_of_a_draft_needs_no_letter(activity, ani):
    signed_letter(an_invitation(activity, ani, state=InvitationState.PREPARED))
    values = replace(written(activity), title="Rapat lain")
    editing.edit_activity(activity.id, values, fresh(activity).version, by=None, now=NOW)
    assert drafts() == []


def test_a_letter_whose_only_addressee_is_withdrawn_is_cancelled_by_a_draft(activity, ani, budi):
    first, second = (an_invitation(activity, one) for one in (ani, budi))
    alone, together = signed_letter(first), signed_letter(first, second, number="400.2/9/2027")
    withdraw.withdraw(first.id, by=None, now=NOW)
    (draft,) = drafts()
    assert (draft.kind, draft.corrects_id, draft.invitations) == (LetterKind.CANCELLATION, alone.id, [first])
    values = last_values(draft)
    assert "nomor 400.2/7/2027 tanggal 5 Januari 2027 hal Undangan" in values.opening
    assert "tidak perlu hadir" in values.opening
    assert values.addressees == last_values(alone).addressees
    assert fresh(together).corrected_by == []


def test_who_is_invited_again_needs_no_letter_that_cancels(activity, ani):
    invitation = an_invitation(activity, ani, Role.CADRE)
    signed_letter(invitation)
    withdraw.withdraw(invitation.id, by=None, now=NOW)
    assert len(drafts()) == 1
    invite(activity, ani)
    assert drafts() == []
