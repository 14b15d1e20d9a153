"""Who is addressed as a child: somebody under 18, or a member of a Forum Anak whose age nobody wrote.

It only chooses the word before a name. Whether a parent has to consent is asked more carefully: models/consents.py.
"""

from collections.abc import Collection

from outreach.domain.kinds import AgeGroup, CadreKind


def is_child(age_group: AgeGroup | None, kinds: Collection[CadreKind]) -> bool:
    """kinds: those in which they serve now."""
    return age_group is AgeGroup.UNDER_18 if age_group else CadreKind.FORUM_ANAK in kinds
