"""The calendars that programs read under a secret address. No login; reading changes nothing."""

from datetime import datetime, timedelta
from threading import Lock

import structlog
from flask import Blueprint, Response, current_app, g, request
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from outreach import clock, logs, reach
from outreach.extensions import current_settings, limiter
from outreach.queries import feeds as feed_pages
from outreach.queries.feeds import FeedContent, FeedUnknown
from outreach.services import feeds
from outreach.services.office import access
from outreach.web.answer_pages.draw import speak, speak_to
from outreach.web.frame.looks import office_zone

log = structlog.get_logger()
MOST_KEPT = 8
_kept: dict[str, bytes] = {}  # by digest; the last requested is at the end
_lock = Lock()
bp = Blueprint("feedfiles", __name__, url_prefix="/feeds")


def _this_feed() -> str:
    return "feed " + (request.view_args or {}).get("token", "")[:16]


limiter.limit(lambda: current_settings().rate_public, key_func=_this_feed)(bp)
limiter.limit(lambda: current_settings().rate_public)(bp)


@bp.before_request
def _know_nobody() -> None:
    """Read no session: a calendar program has no account."""
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    speak(None)


@bp.get("/<token>.ics")
def calendar(token: str) -> Response:
    now = clock.now()
    feed = feed_pages.open_feed(token)
    if feed.created_by is not None:
        if access.has_ended(feed.created_by, now=now):
            raise FeedUnknown
        reach.keep_to(access.reach_of(feed.created_by, now=now))  # whoever made it shows there what they see today
    speak_to(feed.person)
    found = feed_pages.content(feed, now=now)
    headers = {"Content-Disposition": 'attachment; filename="kalender.ics"'}
    answer = Response(content_type="text/calendar; charset=utf-8", headers=headers)
    answer.set_etag(found.digest, weak=True)  # weak: same content, but another DTSTAMP each time
    # The field has whole seconds, and another change may follow in the second of the last one. So it names the next second.
    settled_at = found.changed_at.replace(microsecond=0) + timedelta(seconds=1)
    if settled_at <= now:
        answer.last_modified = settled_at
    if answer.make_conditional(request).status_code != 304:
        answer.data = _written(found, now)
    try:
        feeds.note_reading(feed, now.astimezone(office_zone()).date())
    except OperationalError as error:  # the program gets the calendar all the same
        log.warning("reading of a feed not noted", feed=feed.id, **logs.fault(error))
    return _sealed(answer)


@bp.errorhandler(FeedUnknown)
def _unknown(_problem: FeedUnknown) -> Response:
    return _sealed(Response(_("There is no calendar at this address.") + "\n", 404, mimetype="text/plain"))


def _written(found: FeedContent, now: datetime) -> bytes:
    """Return the calendar as bytes. It is cached while its content is the same: a year takes a second to write."""
    with _lock:
        data = _kept.pop(found.digest, None)
    data = data or found.ics(now=now)
    with _lock:
        _kept[found.digest] = data
        while len(_kept) > MOST_KEPT:
            _kept.pop(next(iter(_kept)))
    return data


def _sealed(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
