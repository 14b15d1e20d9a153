"""How many pages a second: the answer page and the overview, each beside a bare Flask page in the same run."""

from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks import data, load
from benchmarks.results import Result
from benchmarks.servers import served

PUBLIC_SCHEDULE_PER_S = 93  # a conference system's public schedule page on such a set-up
TIMES_FASTER = 8
ROUNDS = 5
ROUND_S = 2
WARM_UP_S = 1


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results of this file. folder: a scratch folder. say: is told what goes on."""
    say("filling a scratch database")
    filled = data.fill(folder)
    floor = TIMES_FASTER * PUBLIC_SCHEDULE_PER_S
    with (
        served("benchmarks.bare:app", folder) as bare,
        served("wsgi:app", folder, data.environment_for(folder), ready=filled.answer_path) as ours,
    ):
        asked = {
            "bare": (f"{bare}/", ""),
            "answer page": (ours + filled.answer_path, ""),
            "overview": (f"{ours}/", filled.cookie),
        }
        broken = {name for name, (url, cookie) in asked.items() if not _answers(url, cookie, say)}
        found: dict[str, list[float]] = {name: [] for name in asked}
        for turn in range(ROUNDS):
            say(f"asking for pages, round {turn + 1} of {ROUNDS}")
            for name in [name for name in asked if name not in broken]:
                found[name].append(load.requests_per_s(asked[name][0], ROUND_S, asked[name][1]))
    bare_per_s = median(found["bare"])
    results = [Result("bare Flask page, forty rows", bare_per_s, "requests/s")]
    for name, wanted_ratio in (("answer page", 0.5), ("overview", None)):
        if name in broken:
            results.append(Result(f"{name}: could not be measured", 0, "requests/s", bare_per_s, met=False))
            continue
        value = median(found[name])
        ratio = median([one / other for one, other in zip(found[name], found["bare"], strict=True)])
        results.append(
            Result(
                f"{name}, against the bare page",
                value,
                "requests/s",
                bare_per_s,
                ratio,
                wanted_ratio,
                None if wanted_ratio is None else ratio >= wanted_ratio,
            )
        )
        faster = value / PUBLIC_SCHEDULE_PER_S
        results.append(
            Result(
                f"{name}, against a public schedule page",
                value,
                "requests/s",
                PUBLIC_SCHEDULE_PER_S,
                faster,
                TIMES_FASTER,
                value >= floor,
            )
        )
    return results


def _answers(url: str, cookie: str, say: Callable[[str], None]) -> bool:
    """Warm a page up; return whether it is served as it should be, and not by a redirection to the login."""
    try:
        load.check(url, cookie)
        load.requests_per_s(url, WARM_UP_S, cookie)
    except load.LoadError as error:
        say(str(error))
        return False
    return True
