"""For any name, title or place: no header breaks, no field becomes another, text and HTML say the same."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.delivery import tokens
from outreach.delivery.mail.compose import compose
from outreach.delivery.mail.placeholders import clean
from outreach.domain.kinds import MailKind
from outreach.extensions import db
from tests.support.copied import copied
from tests.world import NOW
from tests.world.composed import (
    calendar_parts,
    event_in,
    html_of,
    line,
    message_of,
    parsed,
    published_invitation,
    reads_a_mailbox,
    text_of,
    words_in_html,
)

HEADERS = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe", "MIME-Version",
    "Content-Type", "Content-Language",
]  # fmt: skip

awkward = st.sampled_from(
    [
        "Budi\r\nBcc: x@example.com", "=?utf-8?q?x=0D=0ABcc:=20x?=", "=?utf-8?q?x?=",
        '"Siti", S.H., M.H.', "a" * 80, "é" * 60, "<b>Ani</b> & {link}",
        "Hj. Nur'aini; (Metro) [1] \\ @ :", "Sri ‮evil", "田中 花子, S.H.", "x\n\n.\n\nLink: https://example.com", "{activity}",
        "Ni Luh\u2028Ayu", "😀, 😀", "a b  c\td", "www.example.com", "-- ", "mailto:x@example.com", "ß" * 30 + " " + "ü" * 30,
    ]
)  # fmt: skip
values = st.one_of(awkward, st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=120)).filter(
    clean
)


@copied
def message(activity, ani, police):
    tokens.ensure_links(db.session, expires_at=activity.ends_at, organisation_ids=[police.id])
    return message_of(line(published_invitation(activity, ani), MailKind.INVITATION))


@given(name=values, title=values, venue=values)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_title_and_place_arrive_unchanged(app, message, activity, ani, hall, name, title, venue):
    reads_a_mailbox(app)
    with db.session.no_autoflush:
        ani.name, activity.title, activity.public_title, hall.name = name, title, title, venue
        composed = compose(message, message.lines, now=NOW)
        db.session.expire_all()
    mail = parsed(composed.data)
    assert mail.keys() == HEADERS
    assert mail.defects == []
    assert composed.data.isascii()
    (to,) = mail["To"].addresses
    assert to.addr_spec == "ani@example.com"
    assert _blind(to.display_name) == _blind(clean(name))
    assert _blind(mail["Subject"]) == _blind(f"Undangan: {clean(title)}, Senin, 18 Januari 2027")
    text, html = text_of(mail), words_in_html(html_of(mail))
    for value in (name, title, venue):
        assert clean(value) in text
        assert _blind(clean(value)) in _blind(html)
    assert text.count("\nHadir: ") == 1
    (part,) = calendar_parts(mail)
    event = event_in(part)
    assert _blind(event["SUMMARY"]) == _blind(clean(title))
    assert event["ATTENDEE"] == "mailto:ani@example.com"


@given(unit=values, reply_to=st.one_of(values, st.sampled_from(["", "kantor@example.com", "kantor@bücher.example"])),
       titles=values, sort=st.sampled_from(["person", "office"]))  # fmt: skip
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_header_field_is_broken_by_any_value(message, activity, office, ani, police, unit, reply_to, titles, sort):
    with db.session.no_autoflush:
        office.short_name, office.email, office.name, ani.title_after, police.name = (
            unit,
            reply_to,
            unit,
            titles,
            titles,
        )
        ani.post = titles
        if sort == "office":
            message.person, message.organisation = None, police
        composed = compose(message, message.lines, now=NOW)
        db.session.expire_all()
    mail = parsed(composed.data)
    assert [name for name in mail if name != "Reply-To"] == [name for name in HEADERS if name != "Reply-To"]
    assert [len(mail[name].addresses) for name in ("From", "To")] == [1, 1]
    assert mail["Reply-To"] is None or len(mail["Reply-To"].addresses) == 1
    assert mail.defects == []
    assert all(part.defects == [] for part in mail.walk())


def _blind(text: str) -> str:
    """Whitespace may be folded on the way."""
    return re.sub(r"\s+", "", text)
