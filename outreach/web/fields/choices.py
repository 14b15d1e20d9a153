"""The choices of selects: venues, programmes, kelurahan, people."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from outreach import reach
from outreach.delivery.words.labels import label
from outreach.domain.kinds import ActivityKind
from outreach.models import Person
from outreach.queries.activities import lists as browsing

TITLE_MISSING = _l("Please write a title, such as Rapat koordinasi lintas sektor.")


NEUTRAL_HELP = _l(
    "Stands in subjects and calendars, where strangers may see it: “Rapat koordinasi lintas sektor”, "
    "not “Pencegahan kekerasan terhadap anak”. Left empty, only a word such as “Rapat koordinasi” stands there, never the title."
)


def venues() -> list[tuple[int | str, str]]:
    """Return all venues with their capacity. The first choice means that none is known yet."""
    chosen: list[tuple[int | str, str]] = [("", gettext("Not known yet"))]
    for identity, name, capacity in browsing.venue_choices():
        told = gettext("%(venue)s (%(capacity)d seats)", venue=name, capacity=capacity) if capacity else name
        chosen.append((identity, told))
    return chosen


def programmes() -> list[tuple[int | str, str]]:
    """Return the programmes. An account with an area adds nothing to them: they are the whole office's."""
    alone: list[tuple[int | str, str]] = [("", gettext("None: it stands alone"))]
    return alone if is_limited() else [*alone, *browsing.programme_choices()]


def is_limited() -> bool:
    """Return whether this request's account changes only what lies in an area."""
    kept_to = reach.of_request()
    return kept_to is not None and kept_to.changes is not None


def within_area(groups: dict[str, list[tuple[str, str]]]) -> dict[str, list[tuple[str, str]]]:
    """Return choices of kelurahan for a record: for an account with an area one of its own, and never none."""
    return {name: offered for name, offered in groups.items() if name} if is_limited() else groups


def kelurahan(districts: list[browsing.District]) -> dict[str, list[tuple[str, str]]]:
    """Return the kelurahan grouped by kecamatan. The first choice means none in particular."""
    groups: dict[str, list[tuple[str, str]]] = {"": [("", gettext("None in particular"))]}
    for district in districts:
        groups[district.name] = [(region.code, region.name) for region in district.kelurahan]
    return within_area(groups)


def person_label(person: Person) -> str:
    """Return a label that identifies a person in a list: "Siti Rahmawati, S.H. · Kanit PPA"."""
    return f"{person.full_name} · {person.post}" if person.name and person.post else person.full_name


def kind_choices() -> list[tuple[str, str]]:
    return [(kind.value, label(kind)) for kind in ActivityKind]
