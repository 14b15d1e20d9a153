"""The form of the office's planning rules: severity of each kind of clash, hours, Ramadan, notice, travel."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DecimalField, Field, HiddenField
from wtforms.validators import NumberRange

from outreach.delivery.words.labels import label
from outreach.domain.planning.office_hours import DayRange, OfficeHours
from outreach.domain.planning.rules import ClashKind, Severity, TravelRules
from outreach.services.planning import rules as planning_rules
from outreach.services.planning.rules import DAYS_OF_HOURS, NOTICE_DAYS_MAX, TRAVEL_BOUNDS, PlanValues
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import Between, ChoiceField, Clock, DayField, Number, Sentence, whole
from outreach.web.planning_rules import words as planning_rule_words

PARTS = ("opens", "closes", "break_from", "break_until")
LENGTHS = tuple(planning_rule_words.LENGTHS)
TIME_MISSING = _l("Please write a time, such as 08:00.")
FACTOR_MISSING = _l("Please write a number such as 1.4.")
NUMBER_MISSING = _l("Please write a whole number, such as 40.")


class Factor(DecimalField):
    """A number with comma or point. Invalid text gets an error."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([value.strip().replace(",", ".") for value in valuelist])
            if isinstance(self.data, Decimal) and self.data.is_snan():  # a signalling NaN cannot be compared
                raise ValueError
        except ValueError:
            self.data = None
            raise ValueError(str(FACTOR_MISSING)) from None


class PlanRulesForm(TidyForm):
    """The planning rules. `form_for` and the code below add fields for severities, hours, lengths and Ramadan."""

    notice_days = Number(
        planning_rule_words.NOTICE,
        [Sentence(NUMBER_MISSING), Between(0, NOTICE_DAYS_MAX)],
        description=_l("Days between telling invitees and the activity."),
    )
    speed_km_h = Number(planning_rule_words.SPEED, [Sentence(NUMBER_MISSING), Between(1, 200)])
    detour = Factor(
        planning_rule_words.DETOUR,
        [
            Sentence(_l("Please write a number such as 1.4.")),
            NumberRange(1, 5, _l("Please write a number from 1 to 5.")),
        ],
        places=1,
    )
    version = HiddenField()

    def fill(self, values: PlanValues) -> None:
        """Show these settings."""
        self.fill_severities({kind: values.severity(kind) for kind in ClashKind})
        self.notice_days.data = values.notice_days
        self.fill_hours(values.hours)
        self.fill_travel(values.travel)
        for year in self.years:
            days = values.ramadans.get(year)
            self[f"ramadan_{year}_first"].data = days.first if days else None
            self[f"ramadan_{year}_last"].data = days.last if days else None
        self.version.data = str(values.version)

    def fill_severities(self, severities: Mapping[ClashKind, Severity]) -> None:
        for kind, severity in severities.items():
            _show(self[f"severity_{kind}"], severity.value)

    def fill_hours(self, hours: OfficeHours) -> None:
        for day in DAYS_OF_HOURS:
            for part in PARTS:
                _show(self[f"{day}_{part}"], getattr(getattr(hours, day), part))

    def fill_travel(self, travel: TravelRules) -> None:
        _show(self.speed_km_h, round(travel.speed_km_h))
        _show(self.detour, travel.detour)
        for name in LENGTHS:
            _show(self[name], getattr(travel, name))

    years: tuple[int, ...] = ()  # Hijri

    def values(self, present: PlanValues) -> PlanValues:
        """Return the settings. Ramadans of other years stay as in `present`. Raise HoursOutOfOrder or RamadanOdd."""
        hours = {
            day: planning_rules.hours_of(day, *(self[f"{day}_{part}"].data for part in PARTS)) for day in DAYS_OF_HOURS
        }
        lengths = {name: self[name].data for name in LENGTHS}
        travel = TravelRules(
            speed_km_h=float(self.speed_km_h.data or 0), detour=float(self.detour.data or 0), **lengths
        )
        own = {year: days for year, days in present.ramadans.items() if year not in self.years}
        for year in self.years:
            first, last = self[f"ramadan_{year}_first"].data, self[f"ramadan_{year}_last"].data
            if (first is None) != (last is None):
                raise planning_rules.RamadanOdd(field=f"ramadan_{year}_{'first' if first is None else 'last'}")
            if first is not None and last is not None:
                own[year] = DayRange(first, last)
        return PlanValues(
            severities={kind: Severity(self[f"severity_{kind}"].data) for kind in ClashKind},
            notice_days=self.notice_days.data or 0,
            hours=OfficeHours(**hours),
            travel=travel,
            ramadans=own,
            version=whole(self.version.data),
        )


def _show(field: Field, value: object) -> None:
    """Show a value, whatever was typed before."""
    field.data, field.raw_data = value, None


def form_for(years: Iterable[int], **options: Any) -> PlanRulesForm:
    """Return the form with fields for the Ramadans of these Hijri years."""
    years = tuple(years)
    fields: dict[str, Any] = {"years": years}
    for year in years:
        fields[f"ramadan_{year}_first"] = DayField(_l("First day"))
        fields[f"ramadan_{year}_last"] = DayField(_l("Last day"))
    made: PlanRulesForm = type("PlanRulesForm", (PlanRulesForm,), fields)(**options)
    return made


def severities() -> list[tuple[str, str]]:
    return [(severity.value, label(severity)) for severity in Severity]


_PART_LABELS = (_l("Opens"), _l("Closes"), _l("Break from"), _l("Break until"))
for _kind in ClashKind:
    setattr(PlanRulesForm, f"severity_{_kind}", ChoiceField(_l("How grave"), choices=severities))
for _day in DAYS_OF_HOURS:
    for _part, _label in zip(PARTS, _PART_LABELS, strict=True):
        setattr(PlanRulesForm, f"{_day}_{_part}", Clock(_label, [Sentence(TIME_MISSING)]))
for _name in LENGTHS:
    _least, _most = TRAVEL_BOUNDS[_name]
    setattr(
        PlanRulesForm,
        _name,
        Number(planning_rule_words.LENGTHS[_name], [Sentence(NUMBER_MISSING), Between(int(_least), int(_most))]),
    )
