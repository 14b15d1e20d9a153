"""How many pages a second: the answer page and the overview, each beside a bare Flask page in the same run.

Where peers are asked for, beside pretalx's public schedule page as well.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks import conditions, load, peers
from benchmarks.databases import demo_sized
from benchmarks.results import Result
from benchmarks.servers import served
from outreach import create_app
from outreach.extensions import db

TIMES_FASTER = 8  # than pretalx's public schedule page
ROUNDS = 5
ROUND_S = 2
WARM_UP_S = 1


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results of this file. folder: a scratch folder. say: is told what goes on."""
    say("filling a scratch database")
    filled = demo_sized.fill(folder)
    peer = peers.pretalx(folder, say) if peers.asked() else None
    sides = _sides(folder, peer)
    say(sides)
    with ExitStack() as serving:
        bare = serving.enter_context(served("benchmarks.pages.bare:app", folder))
        environment = demo_sized.environment_for(folder)
        ours = serving.enter_context(served("wsgi:app", folder, environment, ready=filled.answer_path))
        asked = {
            "bare": (f"{bare}/", "", "Activity number 40"),
            "answer page": (ours + filled.answer_path, "", demo_sized.TITLES[0]),
            "overview": (f"{ours}/", filled.cookie, "Perlu tindakan Anda"),
        }
        if peer is not None:
            asked["pretalx"] = (serving.enter_context(peer.served(folder)) + peer.schedule_path, "", "")
        broken = {name for name, one in asked.items() if not _answers(*one, say)}
        found: dict[str, list[float]] = {name: [] for name in asked}
        for turn in range(ROUNDS):
            say(f"asking for pages, round {turn + 1} of {ROUNDS}")
            for name in [name for name in asked if name not in broken]:
                found[name].append(load.requests_per_s(asked[name][0], ROUND_S, asked[name][1]))
    results = [Result("bare Flask page, forty rows", median(found["bare"]), "requests/s")]
    for name, goal in (("answer page", 0.5), ("overview", None)):
        results += _against("bare", "the bare page", name, goal, found, sides)
        if "pretalx" in asked:
            results += _against("pretalx", "pretalx's public schedule page", name, TIMES_FASTER, found, sides)
    return results


def _sides(folder: Path, peer: peers.Pretalx | None) -> str:
    app = create_app(demo_sized.settings_for(folder))
    with app.app_context(), db.engine.connect() as connection:
        said = conditions.durability(connection)
    ours = f"pages only read. Ours: {said}; the bare page: no database"
    return ours + (f"; pretalx: {peer.durability}" if peer is not None else "")


def _against(
    reference: str, said: str, name: str, goal: float | None, found: dict[str, list[float]], sides: str
) -> Iterator[Result]:
    """Yield a page's rate beside the reference's. The ratio is the median of the rounds', which measure both in turn."""
    if not found[name] or not found[reference]:
        which = name if not found[name] else said
        yield Result(f"{name}, against {said}: {which} could not be measured", 0, "requests/s", met=False)
        return
    ratio = median([rate / reference_rate for rate, reference_rate in zip(found[name], found[reference], strict=True)])
    yield Result(
        f"{name}, against {said}", median(found[name]), "requests/s", median(found[reference]), ratio, goal,
        None if goal is None else ratio >= goal, sides,
    )  # fmt: skip


def _answers(url: str, cookie: str, words: str, say: Callable[[str], None]) -> bool:
    """Ask for a page once; return whether it is served, with its words, and not redirected to the login."""
    try:
        load.check(url, cookie, words)
        load.requests_per_s(url, WARM_UP_S, cookie)
    except load.LoadError as error:
        say(str(error))
        return False
    return True
