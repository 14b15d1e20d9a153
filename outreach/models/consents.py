"""SQL conditions on a person: whether a parent has to consent before anything is sent, and whether one has."""

import sqlalchemy as sa

from outreach.domain.kinds import AgeGroup, CadreKind
from outreach.models.people import Cadre, Person
from outreach.models.privacy import Consent

# Members of a Forum Anak, and people under 18 (UU 27/2022, article 25).
IS_CHILD = sa.or_(
    sa.exists().where(Cadre.person_id == Person.id, Cadre.kind == CadreKind.FORUM_ANAK, Cadre.active).correlate(Person),
    sa.func.coalesce(Person.age_group == AgeGroup.UNDER_18, sa.false()),
)
# Who is addressed as a child, as domain/directory/children.py has it.
IS_ADDRESSED_AS_CHILD = sa.case(
    (Person.age_group.is_not(None), Person.age_group == AgeGroup.UNDER_18),
    else_=sa.exists()
    .where(Cadre.person_id == Person.id, Cadre.kind == CadreKind.FORUM_ANAK, Cadre.active)
    .correlate(Person),
)
HAS_CONSENT = sa.exists().where(Consent.person_id == Person.id, Consent.withdrawn_at.is_(None)).correlate(Person)
NEEDS_CONSENT = sa.and_(IS_CHILD, ~HAS_CONSENT)
