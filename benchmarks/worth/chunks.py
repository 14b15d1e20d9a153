"""What BDAT gains: the same mails to the same Postfix that announces CHUNKING, handed over in chunks and pipelined.

Local and 20 ms away, over connections that stay open; ours as the outbox hands over, in groups of the product's size.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.results import Result
from benchmarks.sending import wire
from benchmarks.sending.delay import far_away
from outreach.delivery.smtp.wire import Wire

ROUNDS = 5


class Pipelined(Wire):
    """A wire that never sends chunks, whatever the server announces."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._chunks = False


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return mails a second in chunks, as ratios to those that are pipelined. folder: not used."""
    results = []
    with wire.postfix("") as server:
        for name, one_way_s, connections, chunked, pipelined in (
            ("local, one connection", 0.0, 1, 2_000, 2_000),
            ("20 ms away, three connections", wire.ONE_WAY_S, 3, 1_000, 140),
        ):
            with far_away(server.port, one_way_s) if one_way_s else wire.there(server.port) as port:
                pairs = []
                for round_ in range(ROUNDS + 1):
                    with_, without = (
                        wire.per_second(send, port, mails, connections)
                        for send, mails in ((wire.ours, chunked), (partial(wire.ours, kind=Pipelined), pipelined))
                    )
                    say(f"Postfix, {name}, round {round_}: in chunks {with_:,.0f}, pipelined {without:,.0f} a second")
                    if round_:  # the first warms up
                        pairs.append((with_, without))
            ratio = median([chunked / pipelined for chunked, pipelined in pairs])
            results.append(
                Result(f"chunks: Postfix {name}, against pipelining", median(chunked for chunked, _ in pairs), "mails/s",
                       median(pipelined for _, pipelined in pairs), ratio, 1.2, ratio >= 1.2, wire.SIDES)
            )  # fmt: skip
    return results
