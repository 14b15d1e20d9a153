"""Cautions in sentences, for a page before saving or a note after it."""

from flask import flash
from flask_babel import gettext as _

from outreach.delivery.wording import day
from outreach.services.cautions import Cautions


def caution_words(found: Cautions) -> list[str]:
    """Return one sentence for each thing worth a second look."""
    said = [_("%(day)s is a day off: %(holiday)s.", day=day(one), holiday=name) for one, name in found.days_off]
    if len(found.without_venue) == 1:
        said.append(_("“%(title)s” has no venue yet. Invitees read so.", title=found.without_venue[0]))
    elif found.without_venue:
        said.append(_("%(count)d activities have no venue yet. Invitees read so.", count=len(found.without_venue)))
    return said


def flash_cautions(found: Cautions) -> None:
    for sentence in caution_words(found):
        flash(sentence, "warning")
