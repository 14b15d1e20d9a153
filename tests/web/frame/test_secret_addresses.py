"""Pages whose address holds a secret: no search engine lists them, no cache keeps them, and no other site learns the address."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from outreach.delivery import tokens
from outreach.delivery.mail.ical_feed import feed_url
from outreach.domain.documents import shown_code
from outreach.domain.kinds import LinkPurpose
from outreach.domain.privacy.requests import Corrections
from outreach.extensions import db
from outreach.models import User
from outreach.services import feeds
from outreach.services.certificates import make
from outreach.services.door import codes
from outreach.services.office import reading_links
from outreach.services.privacy import requests
from outreach.services.sign_in import kept_forms
from outreach.services.sign_in.kept_forms import FormValues
from outreach.web.frame.access import SECRET_PARTS
from outreach.web.frame.request import PUBLIC
from outreach.web.frame.sign_in.kept_forms import SENT_HERE, mark
from tests.support.copied import copied
from tests.world import NOW, invitation_of, invite, log_in, publish, run, token_of
from tests.world.held import AFTER, were_present
from tests.world.held import held as is_over
from tests.world.sign_in import new_password_token

pytestmark = pytest.mark.usefixtures("browsers")
# Parts that open nothing by themselves: names of texts, and keys of work that only the account can see that began it.
NO_SECRETS = {"filename", "key", "kind", "locale", "name"}
KEPT = {  # what a browser or a calendar program may keep, for itself alone
    "answers.photo": "private, max-age=",
    "feedfiles.calendar": "private, no-cache",
}
ELSEWHERE = re.compile(
    r"""(?:src|srcset|action|formaction|poster|data)\s*=\s*["']?\s*(?:https?:)?//(?!localhost/)[^"' >]+"""
    r"""|<link[^>]*href=["']?(?:https?:)?//[^"' >]+|@import[^;]+|url\(["']?(?:https?:)?//[^)]+"""
)
LINKED = re.compile(r"""href=["'](?:https?:)?//([^/"']+)""")
LINKED_TO = {
    "localhost",
    "www.openstreetmap.org",
    "www.google.com",
    "calendar.google.com",
    "wa.me",
}  # only where somebody presses


def parts(rule: Rule) -> set[str]:
    """Return the parts of an address that are text, not a number."""
    return {name for name, converter in rule._converters.items() if not isinstance(converter, IntegerConverter)}


def test_each_text_in_an_address_is_a_secret_or_none(app: Flask):
    """A new page with a token calls it `token` or `code`: then frame/access.py protects it."""
    found = {name for rule in app.url_map.iter_rules() for name in parts(rule)}
    assert found == SECRET_PARTS | NO_SECRETS


@copied
def secrets(activity, ani, chief, administrator: User, clock_stands) -> dict[str, str]:
    """A secret that opens something, by the endpoint or the blueprint that takes it."""
    invite(activity, ani, chief)
    publish(activity)
    run(clock_stands.now)
    invitation = invitation_of(activity, ani)
    own = token_of(ani)
    requests.ask_for_copy(own, now=NOW)
    changed = requests.ask_to_correct(own, Corrections(email="ani-baru@example.com"), now=NOW)
    copy = db.session.get_one(type(changed), changed.id - 1)
    kept = kept_forms.keep(
        FormValues("/venues/new", [("name", "Balai")], []), of=administrator.id, now=NOW, replaces=True
    )
    found = {
        "answers": own,
        "answers.copy_page": requests.link_of(copy, LinkPurpose.COPY),
        "answers.address_page": requests.link_of(changed, LinkPurpose.ADDRESS),
        "feedfiles": feed_url(feeds.make_own(own, now=NOW)).rpartition("/")[2].removesuffix(".ics"),
        "doorcodes": codes.code_of(db.session(), invitation),
        "reset": new_password_token(administrator),
        "goon": kept,
        "readers": reading_links.make("Kepala Dinas", (NOW + timedelta(days=7)).date(), by=administrator, now=NOW).code,
    }
    db.session.commit()
    were_present(invitation)
    clock_stands.now = AFTER
    [certificate] = make.make_all(is_over(activity).id, by=None, now=AFTER).certificates
    found["certificatecheck"] = found["lettercheck"] = shown_code(certificate.code)
    clock_stands.now = NOW
    return found


def test_no_page_with_a_secret_is_listed_cached_or_told_to_other_sites(
    app: Flask, secrets: dict[str, str], activity, administrator: User
):
    staff, stranger = log_in(app, administrator), app.test_client()
    with staff.session_transaction() as in_this_browser:
        in_this_browser[SENT_HERE] = [mark(secrets["goon"])]
    opened = set()
    for rule in app.url_map.iter_rules():
        of_staff = "token" not in parts(rule) and rule.endpoint.partition(".")[0] not in PUBLIC  # codes of indicators
        if "GET" not in (rule.methods or ()) or SECRET_PARTS.isdisjoint(parts(rule)) or of_staff:
            continue
        secret = secrets.get(rule.endpoint) or secrets[rule.endpoint.partition(".")[0]]
        numbers = dict.fromkeys(rule._converters.keys() - parts(rule), activity.id) | (rule.defaults or {})
        for text in (secret, "x" * len(secret)):
            with app.test_request_context():
                path = app.url_for(rule.endpoint, **numbers, **dict.fromkeys(parts(rule), text))
            for client in (stranger, staff):
                answer = client.get(path)
                said = (rule.endpoint, answer.status_code)
                assert answer.status_code < 500, said
                assert answer.headers["X-Robots-Tag"].startswith("noindex"), said
                assert answer.headers["Referrer-Policy"] == "no-referrer", said
                assert answer.headers["Cache-Control"].startswith(
                    ("private, no-store", KEPT.get(rule.endpoint, "-"))
                ), said
                if answer.mimetype == "text/html" and answer.status_code not in (301, 302, 303, 308):
                    assert '<meta name="robots" content="noindex' in answer.text, said
                    assert ELSEWHERE.findall(answer.text) == [], said
                    assert set(LINKED.findall(answer.text)) <= LINKED_TO, said
                if answer.status_code == 200 and text == secret:
                    opened.add(rule.endpoint)
    assert opened >= {
        "answers.page", "answers.data", "answers.copy_page", "answers.address_page", "answers.certificates",
        "certificatecheck.show", "doorcodes.show", "feedfiles.calendar", "goon.show", "readers.calendar", "readers.coverage",
        "readers.programmes", "reset.choose",
    }  # fmt: skip
    assert tokens.nonce_of(secrets["answers"], LinkPurpose.ANSWER)
