"""The alarm at many failed sign-ins."""

from datetime import date, timedelta

import sqlalchemy as sa

from outreach.domain.kinds import AccountNews
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import AccountMail, Message, SecurityEvent, User
from outreach.services.sign_in import alarm
from outreach.services.sign_in.administrators import administrators
from outreach.services.sign_in.alarm import AGAIN_AFTER, FROM, WITHIN
from tests.world import NOW


def failed(number: int) -> None:
    db.session.add_all([SecurityEvent(at=NOW, kind=SecurityKind.SIGN_IN_FAILED) for _ in range(number)])
    db.session.commit()


def test_administrators_get_one_mail_when_many_sign_ins_fail(any_app, administrator: User, coordinator: User):
    failed(FROM - 1)
    assert alarm.tell_administrators(NOW) == 0
    failed(1)
    assert (alarm.tell_administrators(NOW), alarm.tell_administrators(NOW)) == (1, 0)
    assert db.session.execute(sa.select(Message.user_id, AccountMail.news).join(AccountMail)).all() == [
        (administrator.id, AccountNews.MANY_FAILURES)
    ]
    assert (alarm.many(now=NOW + WITHIN - timedelta(seconds=1)), alarm.many(now=NOW + WITHIN)) == (FROM, 0)
    assert alarm.tell_administrators(NOW + AGAIN_AFTER) == 0  # it is over


def test_an_administrator_whose_access_has_ended_gets_no_such_mail(app, administrator: User):
    found = []
    for day in (3, 4):  # it is the fourth
        administrator.access_until = date(2027, 1, day)
        found.append([user.id for user in administrators(db.session(), now=NOW)])
    assert found == [[], [administrator.id]]
