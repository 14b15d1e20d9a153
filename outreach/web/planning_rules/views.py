"""The planning rules: clashes, office hours, Ramadan, notice, travel. All staff read them; administrators change them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from outreach import clock
from outreach.delivery.words.clashes import hour
from outreach.domain.kinds import StaffRole
from outreach.domain.planning.office_hours import DayHours, DayRange, OfficeHours
from outreach.domain.planning.rules import DEFAULT_SEVERITIES, ClashKind, TravelRules
from outreach.services import holidays
from outreach.services.locking import Stale
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning import rules as planning_rules
from outreach.services.planning.rules import PlanValues
from outreach.web.fields.problems import mistakes, showing_problems
from outreach.web.frame.access import has_role, staff_required
from outreach.web.planning_rules.form import LENGTHS, PARTS, PlanRulesForm, form_for
from outreach.web.planning_rules.words import DAYS, DETOUR, NOTICE, SPEED
from outreach.web.planning_rules.words import LENGTHS as LENGTH_WORDS

bp = Blueprint("planrules", __name__, url_prefix="/planning-rules")

YEARS_SHOWN = 3  # years of Ramadan, from the current or next one
K = ClashKind
GROUPS: tuple[tuple[Any, tuple[tuple[ClashKind, Any], ...]], ...] = (
    (
        _l("Venues"),
        (
            (K.VENUE_TAKEN, _l("Two activities in one venue at one time.")),
            (K.VENUE_ABSENT, _l("The venue is closed, or lent to others.")),
            (K.VENUE_TOO_SMALL, _l("More people are expected than fit.")),
        ),
    ),
    (
        _l("Speakers and moderators"),
        (
            (K.SPEAKER_TWICE, _l("One of them in two activities at one time.")),
            (K.SPEAKER_ABSENT, _l("One of them has said to be away.")),
            (K.SPEAKER_TRAVEL, _l("The time between two activities does not suffice for the way.")),
        ),
    ),
    (
        _l("Cadres and other invitees"),
        (
            (K.CADRE_TWICE, _l("A cadre is invited to two activities at one time.")),
            (K.INVITEE_TWICE, _l("Another invitee, or who comes in their place, is expected at two at one time.")),
            (K.INVITEE_ABSENT, _l("A cadre, another invitee or an organisation has said to be away.")),
            (K.TRAVEL, _l("The time between two activities does not suffice for their way.")),
        ),
    ),
    (
        _l("Days and hours"),
        (
            (K.OUTSIDE_PROGRAMME, _l("An activity on a day on which its programme does not last.")),
            (K.HOLIDAY, _l("On a public holiday.")),
            (K.JOINT_HOLIDAY, _l("On a day of cuti bersama.")),
            (K.WEEKEND, _l("On a Saturday or Sunday.")),
            (K.OUTSIDE_HOURS, _l("It begins or ends outside office hours.")),
            (K.FRIDAY_BREAK, _l("It runs into the break for Friday prayer.")),
            (
                K.NOON_BREAK,
                _l("On another day it runs into the noon break (zuhur), though it could be held before or after it."),
            ),
        ),
    ),
    (
        _l("Invitations and regions"),
        (
            (K.SHORT_NOTICE, _l("Invitees hear of it fewer days before than set below.")),
            (K.IN_THE_PAST, _l("A draft gets a start that has passed, as where something is only recorded.")),
            (K.DEADLINE_AFTER_START, _l("Answers are wanted only after it has begun.")),
            (K.SAME_KECAMATAN, _l("Two community activities in one kecamatan on one half day.")),
        ),
    ),
)


@bp.route("", methods=["GET", "POST"])
@staff_required
def edit() -> Any:
    """GET shows the settings; POST saves them, or fills in one part's defaults without saving."""
    now = clock.now()
    present = planning_rules.values()
    if not has_role(StaffRole.ADMINISTRATOR):
        return abort(403) if request.method == "POST" else _reading_page(present, _years(now))
    form = form_for(_years(now))
    if request.method == "GET":
        form.fill(present)
        return _page(form, present)
    if "restore" in request.form:
        _restore(form, request.form["restore"])
        return _page(form, present, restored=True)
    if form.validate():
        with showing_problems(form) as refusal:
            office_planning_rules.save(form.values(present), by=current_user, now=now)
            flash(_("Saved. What is planned is looked at by these rules from now on."), "success")
            return redirect(url_for(".edit"))
        if isinstance(refusal.problem, Stale):
            form.version.data = str(planning_rules.values().version)
    return _page(form, present, wrong=list(mistakes(form))), 422


def _page(form: PlanRulesForm, present: PlanValues, *, restored: bool = False, wrong: Iterable[Any] = ()) -> str:
    computed = _computed(form.years)
    return render_template(
        "planning_rules/form.html",
        form=form,
        groups=GROUPS,
        defaults=DEFAULT_SEVERITIES,
        days_of_hours=DAYS,
        parts=PARTS,
        lengths=LENGTHS,
        computed=computed,
        official=present.ramadans,
        restored=restored,
        wrong=list(wrong),
    )


def _reading_page(present: PlanValues, years: list[int]) -> str:
    computed = _computed(years)
    travel = present.travel
    numbers = [
        (NOTICE, present.notice_days),
        (SPEED, f"{travel.speed_km_h:g}"),
        (DETOUR, format_decimal(travel.detour)),
    ]
    return render_template(
        "planning_rules/show.html",
        values=present,
        groups=GROUPS,
        hours=[(words, _hours(getattr(present.hours, day))) for day, words in DAYS.items()],
        ramadans=[(year, present.ramadans.get(year, computed[year]), year in present.ramadans) for year in years],
        numbers=[*numbers, *((words, getattr(travel, name)) for name, words in LENGTH_WORDS.items())],
    )


def _hours(day: DayHours) -> str:
    names = ("opens", "closes", "break_from", "break_until")
    times = {name: hour(getattr(day, name)) for name in names}
    return _("%(opens)s–%(closes)s, break %(break_from)s–%(break_until)s", **times)


def _years(now: datetime) -> list[int]:
    """Return the Hijri years whose Ramadan is now or comes next."""
    coming = holidays.ramadans(range(now.year - 1, now.year + YEARS_SHOWN + 1))
    return [year for year, days in coming.items() if days.last >= now.date()][:YEARS_SHOWN]


def _computed(years: Iterable[int]) -> dict[int, DayRange]:
    """Return the computed Ramadans of these Hijri years."""
    ours = [planning_rules.year_of(year) for year in years]
    return holidays.ramadans(range(min(ours), max(ours) + 1))


def _restore(form: PlanRulesForm, part: str) -> None:
    if part == "hours":
        form.fill_hours(OfficeHours())
    elif part == "travel":
        form.fill_travel(TravelRules())
    elif part == "severities":
        form.fill_severities(DEFAULT_SEVERITIES)
