"""Show a problem that a service raised: at the form field it is about, on the next page, or as an error page."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Blueprint, flash
from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import FieldList, Form, FormField

from outreach.domain.problems import Problem
from outreach.services.locking import Stale
from outreach.web.frame.access import error_page
from outreach.web.frame.say import say

# Field names of services that have another name in forms.
FIELDS = {
    "starts_at": "on",
    "ends_at": "ends",
    "registration_at": "registration",
    "respond_by_at": "respond_on",
    "ends_on": "days",
}


@dataclass
class Refusal:
    """problem: why the form was refused; None if it was accepted."""

    problem: Problem | None = None


@contextmanager
def showing_problems(
    form: FlaskForm,
    *,
    but: type[Problem] | tuple[type[Problem], ...] = (),
    names: Mapping[str, str] = FIELDS,
) -> Iterator[Refusal]:
    """Run the use case of a valid form inside this block, and return the redirect from there.

    If it raises a Problem, the problem is shown in the form. The view then goes on, and shows the form with status 422.
    but: problems to raise. names: as in show_problem.
    """
    refusal = Refusal()
    try:
        yield refusal
    except but:
        raise
    except Problem as problem:
        refusal.problem = problem
        show_problem(form, problem, names)


@contextmanager
def flashing_problems(
    category: str = "warning", *, but: type[Problem] | tuple[type[Problem], ...] = ()
) -> Iterator[None]:
    """Run the use case of a button inside this block; a Problem is shown on the next page. but: as in showing_problems."""
    try:
        yield
    except but:
        raise
    except Problem as problem:
        flash(say(problem), category)


def show_problem(form: FlaskForm, problem: Problem, names: Mapping[str, str] = FIELDS) -> str:
    """Put the problem's sentence beside its field, or above the form if it has no such field.

    Return "" if a field shows it, otherwise the sentence: for a page that does not show the errors of this form above it.
    """
    wanted, sentence = problem.field or "", say(problem)
    field = form._fields.get(wanted) or form._fields.get(names.get(wanted, ""))
    if field is None:
        form.form_errors.append(sentence)
        return sentence
    field.errors = [*field.errors, sentence]
    return ""


def show_refused(form: FlaskForm, problem: Problem, version: int) -> None:
    """Show why a change was refused; `version` as in renew_version."""
    show_problem(form, problem)
    renew_version(form, problem, version)


def renew_version(form: FlaskForm, problem: Problem | None, version: int) -> None:
    """If somebody else saved first, put the present version into the form, so that it is accepted when sent again."""
    if isinstance(problem, Stale):
        form.version.data = str(version)


def mistakes(form: Form, whose: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield each error of a form: its field's id, the field's label, the sentence."""
    for field in form:
        if isinstance(field, FieldList):
            for number, entry in enumerate(field.entries, start=1):
                yield from mistakes(entry.form, gettext("Activity %(number)d", number=number))
        elif not isinstance(field, FormField):
            label = f"{whose}: {field.label.text}" if whose else str(field.label.text)
            yield from ((field.id, label, str(error)) for error in field.errors)


def missing_page(bp: Blueprint, *problems: type[Problem]) -> None:
    """If a view of the blueprint raises one of these, answer with a 404 page that shows its sentence."""
    for problem in problems:
        bp.register_error_handler(problem, lambda raised: error_page(404, text=say(raised)))
