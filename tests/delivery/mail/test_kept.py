"""A sent mail is kept as it went out, but nobody can answer with it."""

import re

from outreach.delivery import tokens
from outreach.delivery.demo_server import kept_mail
from outreach.delivery.mail import kept
from outreach.delivery.mail.compose import compose
from outreach.domain.kinds import MailKind
from outreach.extensions import db
from tests.world import NOW
from tests.world.composed import calendar_parts, line, message_of, parsed, published_invitation, text_of


def test_a_kept_mail_has_what_was_sent_but_not_the_secret_link(activity, ani):
    message = message_of(line(published_invitation(activity, ani), MailKind.INVITATION))
    data = compose(message, message.lines, now=NOW).data
    token = tokens.token(tokens.link_for(db.session, ani))
    mail = kept.mail_of(kept.kept(data).data)
    assert text_of(mail) == text_of(parsed(data)).replace(token, "x" * len(token))
    assert kept_mail.html_of(mail) == kept_mail.html_of(parsed(data)).replace(token, "x" * len(token))
    assert [name for name, _ in mail.items()] == [name for name, _ in parsed(data).items()]
    assert mail["Subject"] == parsed(data)["Subject"]
    unfolded = re.sub(rb"=\r\n|\r\n ", b"", mail.as_bytes())
    assert token.encode() not in unfolded
    (part,) = calendar_parts(mail)
    assert token not in part.get_payload(decode=True).decode().replace("\r\n ", "")
