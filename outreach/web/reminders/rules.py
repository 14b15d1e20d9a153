"""Reminder rules: the office's, and the different ones of programmes and activities."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.mail.texts import rule_text_key
from outreach.domain.kinds import ListName
from outreach.queries.reminders import rules as rule_pages
from outreach.services.reminders import edit_rules
from outreach.services.reminders.edit_rules import RuleFixed, RuleMissing
from outreach.services.reminders.forecast import Forecast
from outreach.services.reminders.scopes import ScopeMissing
from outreach.web.exports import columns, file
from outreach.web.fields.problems import missing_page, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.reminders.rule_forms import NewRuleForm, RuleForm
from outreach.web.reminders.scope import crumbs, scope_ids, scope_query, scope_words
from outreach.web.reminders.words import moment_words, rule_words, text_title

bp = Blueprint("rules", __name__, url_prefix="/rules")
missing_page(bp, ScopeMissing, RuleMissing, RuleFixed)


@bp.context_processor
def _words() -> dict[str, Any]:
    return {
        "crumbs": crumbs, "scope_words": scope_words, "moment_words": moment_words, "rule_words": rule_words,
        "rule_text_key": rule_text_key,
    }  # fmt: skip


@bp.get("")
@staff_required
def index() -> Any:
    page = rule_pages.rules_page(**scope_ids())
    if file.asked():
        found = columns.reminder_rules(moment_words, text_title, of_office=page.scope.is_office)
        return file.send(ListName.REMINDER_RULES, found, page.rules)
    return render_template("reminders/rules.html", page=page)


@bp.route("/<key>/edit", methods=["GET", "POST"])
@coordinator_required
def edit(key: str) -> Any:
    found = rule_pages.rule_page(key, **scope_ids())
    form = RuleForm()
    form.offer(found.row.timing)
    if request.method == "GET":
        form.fill(found.row)
    if request.method == "GET" or "back" in request.form:
        return render_template("reminders/rule.html", form=form, rule=found.row, own=found.own, scope=found.scope)
    if form.validate():
        with showing_problems(form, but=(ScopeMissing, RuleMissing, RuleFixed)):
            if "confirm" not in request.form:
                forecast = edit_rules.preview_edit(key, form.values(), **scope_ids(), now=clock.now())
                if forecast is not None:
                    return _preview(forecast, rule_words(found.row))
            edit_rules.edit(key, form.values(), **scope_ids(), by=current_user, now=clock.now())
            flash(_("The rule is saved. Reminders that were scheduled already follow it."), "success")
            return redirect(url_for(".index", **scope_query()))
    return render_template("reminders/rule.html", form=form, rule=found.row, own=found.own, scope=found.scope), 422


@bp.route("/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    scope = rule_pages.scope_page(**scope_ids())
    form = NewRuleForm()
    form.offer_all()
    if request.method == "GET" or "back" in request.form:
        return render_template("reminders/rule.html", form=form, rule=None, own=True, scope=scope)
    if form.validate():
        with showing_problems(form, but=ScopeMissing):
            if "confirm" not in request.form:
                forecast = edit_rules.preview_add(form.chosen_timing, form.values(), **scope_ids(), now=clock.now())
                if forecast is not None:
                    return _preview(forecast, "")
            made = edit_rules.add(form.chosen_timing, form.values(), **scope_ids(), by=current_user, now=clock.now())
            flash(_("The rule is added: %(rule)s.", rule=rule_words(made)), "success")
            return redirect(url_for(".index", **scope_query()))
    return render_template("reminders/rule.html", form=form, rule=None, own=True, scope=scope), 422


@bp.post("/<key>/reset")
@coordinator_required
def reset(key: str) -> Any:
    if "back" in request.form:
        return redirect(url_for(".edit", key=key, **scope_query()))
    if "confirm" not in request.form:
        found = rule_pages.rule_page(key, **scope_ids())
        forecast = edit_rules.preview_reset(key, **scope_ids(), now=clock.now())
        if forecast is not None:
            return _preview(forecast, rule_words(found.row))
    edit_rules.reset(key, **scope_ids(), by=current_user, now=clock.now())
    flash(_("Done. Reminders that were scheduled already follow."), "success")
    return redirect(url_for(".index", **scope_query()))


def _preview(forecast: Forecast, was: str) -> str:
    """Ask for confirmation and show which present invitees the change affects. was: the current rule in words."""
    scope = rule_pages.scope_page(**scope_ids())
    return render_template("reminders/rule_preview.html", forecast=forecast, was=was, scope=scope)
