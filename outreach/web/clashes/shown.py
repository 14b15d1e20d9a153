"""Clashes as pages show them: grouped if several people have the same one, in sentences, with links and resolutions."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import url_for
from flask_babel import gettext as _

from outreach.delivery.words.clashes import listed, sentence, when
from outreach.delivery.words.formats import day as long_day
from outreach.delivery.words.labels import label
from outreach.domain.clashes import Clash, OfInvitee, Resolution, applied, find_clashes, find_resolutions, suits_all
from outreach.domain.planning.parties import Party
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.services.planning.clashes import FoundClashes, crowd_of, gathered
from outreach.web.clashes.resolutions import ShownResolution, by_timetabling, invitations_of, resolution_link


@dataclass(frozen=True)
class Thing:
    """An activity in a clash. href: "" if it is not stored yet."""

    id: int
    title: str
    when: str
    href: str


@dataclass(frozen=True)
class ShownClash:
    kind: ClashKind
    severity: Severity
    day: date
    sentence: str
    things: tuple[Thing, ...]
    clash: Clash
    resolutions: tuple[ShownResolution, ...] = ()
    parties: tuple[Party, ...] = ()  # the people or organisations with this clash
    titles: tuple[str, ...] = ()  # of all activities with exactly this clash
    intend_href: str = ""  # the page that marks it as intended; "" if it cannot be marked
    crowd: int = 0  # number of drafts of one day that clash with each other; 0: it is one clash

    @property
    def blocks(self) -> bool:
        return self.severity is Severity.BLOCK

    @property
    def title(self) -> str:
        """Return the titles of the activities with this clash; only the first few by name."""
        return listed(self.titles)

    @property
    def offers_a_time(self) -> bool:
        """Return whether a resolution changes the activity itself, so that no search for a time is needed."""
        return any(resolution.fields for resolution in self.resolutions)


@dataclass(frozen=True)
class CommonResolution:
    """A resolution shown once for several clashes. resolves: which of them, in words; "" if it is the only one."""

    resolution: ShownResolution
    resolves: str


def shown(
    found: FoundClashes,
    *,
    about: Collection[int] = (),
    groups: list[list[Clash]] | None = None,
    with_resolutions: bool = True,
    most: int | None = None,
    alike: bool = False,
    crowds: bool = False,
) -> list[ShownClash]:
    """Return the clashes for display, blocking ones first.

    about: ids of the activities from whose side the sentences tell the clashes, and which should change. groups: show
    only these, as from `gathered`. most: look for resolutions only for this many. alike: the activities in `about`
    change together, so the same sentence about several is shown once, with the resolutions that suit all. crowds: as in
    `gathered`.
    """
    groups = sorted(gathered(found.clashes, crowds=crowds), key=_gravest_first) if groups is None else groups
    rows = [_shown(found, group, _side(group[0], about)) for group in groups]
    bundles = _bundled(rows, groups) if alike else [[(row, group)] for row, group in zip(rows, groups, strict=True)]
    wanted = bundles[:most] if with_resolutions else []
    offered = [_offered(found, bundle, about, alike) for bundle in wanted]
    invitations = invitations_of(resolution for resolutions in offered for resolution in resolutions)
    shown_rows = []
    for index, bundle in enumerate(bundles):
        side = _side(bundle[0][1][0], about)
        links = (
            [by_timetabling(crowd_of(bundle[0][1]))]
            if bundle[0][0].crowd
            else [
                resolution_link(found.plan, resolution, invitations, side)
                for resolution in (offered[index] if index < len(offered) else ())
            ]
        )
        titles = tuple(dict.fromkeys(row.things[0].title for row, _group in bundle))
        shown_rows.append(
            replace(bundle[0][0], resolutions=tuple(link for link in links if link is not None), titles=titles)
        )
    return shown_rows


def common_resolutions(found: FoundClashes, rows: Sequence[ShownClash]) -> list[CommonResolution]:
    """Return the resolutions of all these rows, each once. Those that resolve the most come first."""
    offered: dict[object, ShownResolution] = {}
    for row in rows:
        for resolution in row.resolutions:
            offered.setdefault(resolution.resolution or resolution.words, resolution)
    resolving = [(resolution, _resolved(found, resolution, rows)) for resolution in offered.values()]
    resolving.sort(key=lambda pair: -len(pair[1]))  # a stable sort: equals keep their order
    return [CommonResolution(resolution, _said(resolved, rows)) for resolution, resolved in resolving]


def _resolved(found: FoundClashes, resolution: ShownResolution, rows: Sequence[ShownClash]) -> list[ShownClash]:
    if resolution.resolution is None:
        return [row for row in rows if resolution in row.resolutions]
    among = {id for row in rows for id in row.clash.ids}
    left = {clash.signature for clash in find_clashes(applied(found.plan, resolution.resolution), among)}
    return [row for row in rows if row.clash.signature not in left]


def _said(resolved: Sequence[ShownClash], rows: Sequence[ShownClash]) -> str:
    if len(rows) == 1:
        return ""
    if len(resolved) == len(rows):
        return _("resolves all of it")
    kinds = [row.kind for row in rows]
    what = [
        f"{label(row.kind)} ({row.clash.party.name})"
        if row.clash.party and kinds.count(row.kind) > 1
        else label(row.kind)
        for row in resolved
    ]
    return _("resolves: %(what)s", what=", ".join(dict.fromkeys(what)))


Bundle = list[tuple[ShownClash, list[Clash]]]


def _bundled(rows: list[ShownClash], groups: list[list[Clash]]) -> list[Bundle]:
    bundles: dict[tuple[ClashKind, str], Bundle] = {}
    for row, group in zip(rows, groups, strict=True):
        bundles.setdefault((row.kind, row.sentence), []).append((row, group))
    return list(bundles.values())


def _offered(found: FoundClashes, bundle: Bundle, about: Collection[int], alike: bool) -> list[Resolution]:
    first = bundle[0][1]
    if bundle[0][0].crowd:
        return []
    offered = _for_all(first, find_resolutions(found.plan, first[0], _side(first[0], about)))
    if not alike:
        return offered
    resolving = [clash for _row, group in bundle for clash in group]
    return [resolution for resolution in offered if suits_all(found.plan, resolution, about, resolving)]


def _gravest_first(group: list[Clash]) -> bool:
    return group[0].severity is not Severity.BLOCK


def _shown(found: FoundClashes, group: list[Clash], side: int | None) -> ShownClash:
    if crowd := crowd_of(group):
        return _shown_crowd(group, crowd)
    first = group[0]
    parties = tuple(dict.fromkeys(clash.party for clash in group if clash.party))
    said = sentence(first, side, names=[party.name for party in parties], kecamatan=found.kecamatan)
    own = next((activity for activity in first.activities if activity.id == side), first.activities[-1])
    things = tuple(_thing(activity) for activity in (own, *(other for other in first.activities if other is not own)))
    day = own.local_start.date()
    return ShownClash(
        first.kind, first.severity, day, said, things, first, parties=parties, intend_href=intend_href(first, side)
    )


def _shown_crowd(group: list[Clash], crowd: Sequence[PlannedActivity]) -> ShownClash:
    """Return the clashes of many drafts of one day with each other as one."""
    first, day = group[0], crowd[0].local_start.date()
    counts = Counter(clash.kind for clash in group)
    kinds = sorted(counts, key=lambda kind: -counts[kind])
    said = _(
        "These %(count)s drafts do not go together on one day: %(what)s. The timetabling gives them days and hours that do.",
        count=len(crowd),
        what=", ".join(f"{counts[kind]} × {label(kind)}" for kind in kinds),
    )
    thing = Thing(0, _("%(count)s drafts", count=len(crowd)), long_day(day), "")
    return ShownClash(first.kind, first.severity, day, said, (thing,), first, crowd=len(crowd))


def intend_href(clash: Clash, side: int | None = None) -> str:
    """Return the page that marks a clash as intended; "" if an activity of it is not stored yet.

    side: id of the activity from whose page the user comes.
    """
    if any(id < 0 for id in clash.ids):
        return ""
    return url_for("findings.intend", activity=list(clash.ids), clash=clash.substance, of=side)


def _side(clash: Clash, about: Collection[int]) -> int | None:
    return next((id for id in clash.ids if id in about), None)


def _for_all(group: list[Clash], some: list[Resolution]) -> list[Resolution]:
    """Leave out resolutions that help only one of several people with this clash."""
    return some if len(group) == 1 else [resolution for resolution in some if not isinstance(resolution, OfInvitee)]


def _thing(activity: PlannedActivity) -> Thing:
    href = url_for("activities.show", activity_id=activity.id) if activity.id > 0 else ""
    return Thing(activity.id, activity.title, when(activity), href)
