"""Cases reported in the whole city, by year: list, form, deletion."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from outreach import clock
from outreach.delivery.words.labels import label
from outreach.domain.kinds import CaseUnit, ListName
from outreach.queries.reports import cases as listing
from outreach.services import cases
from outreach.services.cases import FIRST_YEAR, MOST, CaseCountMissing, CaseValues
from outreach.web.exports import columns, file
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import Between, ChoiceField, Number
from outreach.web.fields.problems import missing_page, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.looks import office_zone
from outreach.web.invitations.forms import text
from outreach.web.reports.blueprint import bp

missing_page(bp, CaseCountMissing)


def units() -> list[tuple[str, str]]:
    return [(unit.value, label(unit)) for unit in CaseUnit]


class CaseForm(TidyForm):
    year = Number(_l("Year"), [Between(FIRST_YEAR, 2199)])
    unit = ChoiceField(_l("What is counted"), choices=units, default=CaseUnit.VICTIMS.value)
    number = Number(_l("Number in the whole city"), [Between(0, MOST)])
    source = text(_l("Source"), 200, description=_l("Who published it, and when: SIMFONI PPA, 4 January 2027."))

    @property
    def values(self) -> CaseValues:
        return CaseValues(self.year.data, CaseUnit(self.unit.data), self.number.data, self.source.data or "")


@bp.get("/cases")
@staff_required
def case_list() -> Any:
    if file.asked():
        return file.send(ListName.CASES, columns.cases(), _lines())
    return render_template("reports/cases.html", form=CaseForm(), lines=_lines())


@bp.post("/cases")
@coordinator_required
def save_case() -> Any:
    form = CaseForm()
    if form.validate():
        with showing_problems(form):
            saved = cases.save(form.values, by=current_user, now=clock.now())
            flash(_("The number of %(year)s is saved.", year=saved.year), "success")
            return redirect(url_for(".case_list"))
    return render_template("reports/cases.html", form=form, lines=_lines()), 422


@bp.post("/cases/<int:case_id>/delete")
@coordinator_required
def delete_case(case_id: int) -> Any:
    year = cases.remove(case_id, by=current_user, now=clock.now())
    flash(_("The number of %(year)s is deleted.", year=year), "success")
    return redirect(url_for(".case_list"))


def _lines() -> Any:
    return listing.lines(zone=office_zone(), now=clock.now())
