"""Forms that are kept across a new sign-in."""

from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import KeptForm, User
from outreach.services.sign_in import kept_forms
from outreach.services.sign_in.kept_forms import KEPT_FOR, MOST_OF_ACCOUNT, MOST_WITH_ENDED, FormValues
from tests.world import NOW, at_once

FORM = FormValues("/people/new?back=1", [("name", "Ani"), ("group", "1"), ("group", "2")], ["foto.jpg"])


def test_a_form_is_opened_by_its_account_within_two_hours(any_app, coordinator: User, viewer: User):
    key = kept_forms.keep(FORM, of=coordinator.id, now=NOW, replaces=True)
    assert key
    db.session.rollback()
    just_in_time = NOW + KEPT_FOR - timedelta(seconds=1)
    assert kept_forms.opened(key, of=coordinator.id, now=just_in_time) == FORM
    assert kept_forms.opened(key, of=coordinator.id, now=NOW + KEPT_FOR) is None
    assert kept_forms.opened(key, of=viewer.id, now=NOW) is None
    assert b"Ani" not in db.session.scalars(sa.select(KeptForm.sealed)).one()
    assert (kept_forms.delete_old(just_in_time), kept_forms.delete_old(NOW + KEPT_FOR)) == (0, 1)


def test_only_the_newest_forms_of_an_account_are_kept(any_app, coordinator: User):
    keys: list[Any] = [
        kept_forms.keep(FORM, of=coordinator.id, now=NOW + timedelta(seconds=number), replaces=True)
        for number in range(MOST_OF_ACCOUNT + 1)
    ]
    db.session.rollback()
    assert [kept_forms.opened(key, of=coordinator.id, now=NOW) is None for key in keys[:2]] == [True, False]


def test_a_session_that_was_ended_from_elsewhere_pushes_no_form_out(any_app, coordinator: User):
    keys: list[Any] = [
        kept_forms.keep(FORM, of=coordinator.id, now=NOW, replaces=False) for _ in range(MOST_WITH_ENDED + 1)
    ]
    db.session.rollback()
    assert [bool(key) for key in keys] == [True] * MOST_WITH_ENDED + [False]
    assert [kept_forms.opened(key, of=coordinator.id, now=NOW) for key in keys[:-1]] == [FORM] * MOST_WITH_ENDED
    assert kept_forms.keep(FORM, of=coordinator.id, now=NOW + KEPT_FOR, replaces=False)  # those are too old


def test_requests_at_once_push_no_form_out_either(any_app, coordinator: User):
    owner = coordinator.id
    db.session.commit()
    at_once(
        any_app, [partial(kept_forms.keep, FORM, of=owner, now=NOW, replaces=False) for _ in range(3 * MOST_WITH_ENDED)]
    )
    db.session.rollback()
    assert db.session.query(KeptForm).count() == MOST_WITH_ENDED
