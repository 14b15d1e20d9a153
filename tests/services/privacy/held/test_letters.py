"""Letters that name a person are in the export; erasing takes the name out of every version."""

import pytest

from outreach.domain.kinds import Sex
from outreach.domain.letters.values import Addressee, LetterKind
from outreach.services.letters import make
from outreach.services.letters.versions import last_values
from outreach.services.privacy import person as privacy
from tests.support.copied import copied
from tests.world import NOW, a_person, an_invitation, fresh

pytestmark = pytest.mark.usefixtures("any_app")


@copied
def sri(office):
    return a_person("Sri Wahyuni", sex=Sex.FEMALE, title_before="Hj.", title_after="S.H.", post="Lurah Metro")


def test_letters_that_name_a_person_are_exported_and_forget_the_name(activity, sri, budi, coordinator):
    letter = make.make(LetterKind.INVITATION, [an_invitation(activity, sri).id], by=coordinator, now=NOW)
    other = make.make(LetterKind.INVITATION, [an_invitation(activity, budi).id], by=coordinator, now=NOW)
    assert last_values(letter).addressees == (Addressee(("Ibu Hj. Sri Wahyuni, S.H.", "Lurah Metro")),)
    exported = privacy.export(sri.id, by=coordinator, now=NOW)
    assert [(one["code"], one["subject"]) for one in exported["letters"]] == [(letter.code, "Undangan")]
    privacy.erase(sri.id, by=coordinator, now=NOW)
    assert last_values(fresh(letter)).addressees == (Addressee(("Ibu (erased)", "Lurah Metro")),)
    assert "Budi Santoso" in last_values(fresh(other)).addressees[0].lines[0]
