"""How a post and its office are addressed."""

import pytest
import sqlalchemy as sa

from outreach.delivery.mail import recipient
from outreach.delivery.rows import stored
from outreach.delivery.words import salutations
from outreach.domain.directory.children import is_child
from outreach.domain.kinds import AgeGroup, CadreKind, Sex
from outreach.extensions import db
from outreach.models import Person
from outreach.models.consents import IS_ADDRESSED_AS_CHILD
from outreach.queries.answers import page as answer_page
from tests.world import NOW, a_cadre, give_link, token_of


@pytest.mark.parametrize(
    ("post", "office", "said"),
    [
        ("Camat Metro Pusat", "Kantor Kecamatan Metro Pusat", "Camat Metro Pusat"),
        ("Plt. Camat Metro Pusat", "Kecamatan Metro Pusat", "Plt. Camat Metro Pusat"),
        ("Lurah Imopuro", "Kelurahan Imopuro", "Lurah Imopuro"),
        ("Camat", "Kecamatan Metro Pusat", "Camat Kecamatan Metro Pusat"),
        ("Camat Metro", "Kecamatan Metro Pusat", "Camat Metro Kecamatan Metro Pusat"),
        (
            "Kasi Pemerintahan Metro Pusat",
            "Kecamatan Metro Pusat",
            "Kasi Pemerintahan Metro Pusat Kecamatan Metro Pusat",
        ),
        ("Kapolres Metro", "Polres Metro", "Kapolres Metro"),
    ],
)
def test_a_post_whose_name_has_its_office_is_not_followed_by_it(post, office, said):
    assert salutations.of_post(post, office, "") == said


@pytest.mark.parametrize(
    ("age", "kinds", "child"),
    [
        (None, [CadreKind.FORUM_ANAK], True),
        (AgeGroup.UNDER_18, [], True),
        (AgeGroup.FROM_18, [CadreKind.FORUM_ANAK], False),  # who looks after the children
        (None, [CadreKind.PATBM], False),
        (None, [], False),
    ],
)
def test_who_is_addressed_as_a_child(age, kinds, child):
    assert is_child(age, kinds) == child


def test_a_child_of_the_forum_anak_is_ananda_on_the_answer_page_in_mails_letters_and_texts(any_app, office):
    sari = a_cadre("Sari", CadreKind.FORUM_ANAK, "18.72.01.1003")
    sari.sex = Sex.FEMALE
    db.session.commit()
    give_link(sari)
    found = answer_page.read(token_of(sari), now=NOW).invitee.salutations
    assert found == {"id": "Ananda Sari", "en": "Sari"}
    assert recipient.salutation_of(stored.invitee_row(sari)) == "Ananda Sari"
    assert salutations.salutation(sari, "id") == "Ananda Sari"
    assert salutations.lines_of(sari) == ("Ananda Sari",)
    for age, kind, active in (
        (None, CadreKind.FORUM_ANAK, False),
        (AgeGroup.FROM_18, CadreKind.FORUM_ANAK, True),
        (AgeGroup.UNDER_18, CadreKind.PATBM, True),
    ):
        sari.age_group, sari.cadre_roles[0].kind, sari.cadre_roles[0].active = age, kind, active
        db.session.commit()
        said = "Ananda Sari" if sari.child else "Ibu Sari"
        assert answer_page.read(token_of(sari), now=NOW).invitee.salutations["id"] == said
        assert bool(db.session.scalar(sa.select(IS_ADDRESSED_AS_CHILD).where(Person.id == sari.id))) == sari.child
