"""Counts by sector. Sectors with few people share a line, so that a reader knows who took part, and no small count is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outreach.domain.kinds import Sector
from outreach.queries.reports.hiding import Counted
from outreach.queries.reports.over_time import NAMES, Totals


@dataclass(frozen=True)
class SectorLine:
    """sectors: one, or several that are counted together. None stands for people of no organisation."""

    sectors: tuple[Sector | None, ...]
    counted: Totals


def by_sector(
    visits: Mapping[Sector | None, Counted], heads: Mapping[Sector | None, Counted], whole: Totals, below: int
) -> list[SectorLine]:
    """Return a line for each sector with enough people, by how many were invited; then the others together, if there are any.

    visits: counts everybody once for each activity. heads: counts everybody once. A count is hidden where `whole` hides it.
    """

    def has_few(some: Sequence[Sector | None]) -> bool:
        counts = [sum(getattr(heads[sector], name) for sector in some) for name in NAMES]
        return any(0 < count < below for count in counts)

    def line(*some: Sector | None) -> SectorLine:
        sums = (sum(getattr(visits[sector], name) for sector in some) for name in NAMES)
        shown = (getattr(whole, name) is not None for name in NAMES)
        return SectorLine(some, Totals(*(count if may else None for count, may in zip(sums, shown, strict=True))))

    ordered = sorted(visits, key=lambda sector: (sector is None, -visits[sector].invited))
    together = [sector for sector in ordered if has_few([sector])]
    alone = [sector for sector in ordered if sector not in together]
    while together and alone and (len(together) == 1 or has_few(together)):
        smallest = min(alone, key=lambda sector: visits[sector].invited)
        alone.remove(smallest)
        together = [sector for sector in ordered if sector in together or sector is smallest]
    return [*map(line, alone), *([line(*together)] if together else [])]
