"""Showing a problem's sentence at the form field it is about."""

from collections.abc import Mapping

from flask_wtf import FlaskForm

from outreach.domain.problems import Problem
from outreach.web.shell import say

# What services call a field, where a form calls it otherwise.
FIELDS = {
    "starts_at": "on",
    "ends_at": "ends",
    "registration_at": "registration",
    "respond_by_at": "respond_on",
    "ends_on": "days",
}


def show_problem(form: FlaskForm, problem: Problem, names: Mapping[str, str] = FIELDS) -> None:
    """Put the problem's sentence beside its field, or at the head of the form where it is about no field of it."""
    sentence = say(problem)
    wanted = problem.field or ""
    field = form._fields.get(wanted) or form._fields.get(names.get(wanted, ""))
    if field is None:
        form.form_errors.append(sentence)
    else:
        field.errors = [*field.errors, sentence]
