"""The office that uses this installation: set-up, and changing the details that appear in letters and mails."""

from dataclasses import asdict, dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from outreach.domain import materials
from outreach.domain.directory import email_addresses, phones
from outreach.domain.mail.hours import CLOSES, OPENS
from outreach.domain.minutes import follow_ups
from outreach.domain.problems import Problem
from outreach.models import Office, User
from outreach.services import audit, office_defaults
from outreach.services.directory import regions
from outreach.services.reminders import rules
from outreach.transactions import writing

DEADLINE_DAYS_MAX = 30
# Indonesia's zones by province code (Keppres 41/1987); all others are WIB.
_WITA = frozenset({"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"})
_WIT = frozenset({"81", "82", "91", "92", "93", "94", "95", "96"})


class OfficeNameMissing(Problem):
    message = "Please write the office's full name, as it stands on its letters."
    field = "name"


class ShortNameMissing(Problem):
    message = "Please write a short name, such as DP3AP2KB Kota Metro."
    field = "short_name"


class CityMissing(Problem):
    message = "Please choose your kabupaten or kota."
    field = "region_code"


class DeadlineOutOfRange(Problem):
    message = "Please write a number of days from 0 to %(most)s."
    field = "deadline_days"


class HoursReversed(Problem):
    message = "The hours for mails must begin before they end; write the same time twice for any hour."
    field = "mails_until"


@dataclass(frozen=True)
class OfficeValues:
    name: str
    short_name: str
    region_code: str  # a kabupaten/kota
    zone: ZoneInfo
    address: str = ""
    email: str = ""
    phone: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    locale: str = "id"
    deadline_days: int = 2
    materials_days: int = materials.DAYS
    follow_up_days: str = follow_ups.written_leads(follow_ups.LEADS)  # reminders of tasks from meetings, days before
    mails_from: time = OPENS  # local to the office; both equal: mails go out at any hour
    mails_until: time = CLOSES
    confirms_answers: bool = False
    phones_on_lists: bool = False


def zone_of(city_code: str) -> ZoneInfo:
    """Return the time zone of a kabupaten/kota."""
    province = city_code[:2]
    return ZoneInfo("Asia/Makassar" if province in _WITA else "Asia/Jayapura" if province in _WIT else "Asia/Jakarta")


def save(values: OfficeValues, *, by: User | None, now: datetime) -> Office:
    """Set the office up with the default reminder rules, or change it. A newly chosen city also installs its regions.

    Raise OfficeNameMissing, ShortNameMissing, CityMissing, UnknownCity, DeadlineOutOfRange, HoursReversed,
    AddressInvalid, PhoneInvalid.
    """
    kept = _checked(values)
    with writing() as session:
        office = office_defaults.office(session)
        new = office is None
        if office is None or office.region_code != kept["region_code"]:
            regions.install(session, str(kept["region_code"]))
        if office is None:
            office = Office()
            session.add(office)
        changed = sorted(key for key, value in kept.items() if new or getattr(office, key) != value)
        for key, value in kept.items():
            setattr(office, key, value)
        if new:
            rules.add_defaults(session, now=now)
        if changed:
            action = "office.set_up" if new else "office.changed"
            audit.record(session, by, action, office, now=now, name=office.short_name, changed=changed)
    return office


def _checked(values: OfficeValues) -> dict[str, object]:
    kept = {key: value.strip() if isinstance(value, str) else value for key, value in asdict(values).items()}
    kept["zone"] = values.zone
    if not kept["name"]:
        raise OfficeNameMissing
    if not kept["short_name"]:
        raise ShortNameMissing
    if not kept["region_code"]:
        raise CityMissing
    if not 0 <= values.deadline_days <= DEADLINE_DAYS_MAX:
        raise DeadlineOutOfRange(most=DEADLINE_DAYS_MAX)
    if not 0 <= values.materials_days <= materials.MOST_DAYS:
        raise DeadlineOutOfRange(most=materials.MOST_DAYS, field="materials_days")
    kept["follow_up_days"] = follow_ups.written_leads(follow_ups.read_leads(values.follow_up_days))
    if values.mails_from > values.mails_until:
        raise HoursReversed
    kept["email"] = email_addresses.address(values.email)
    for key in ("phone", "contact_phone"):
        try:
            kept[key] = phones.number(str(kept[key]))
        except phones.PhoneInvalid as problem:
            raise phones.PhoneInvalid(field=key, phone=problem.values["phone"]) from None
    return kept
