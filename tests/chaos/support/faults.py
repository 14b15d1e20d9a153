"""The sink's faults: at which verb, of which kind, how often, and for which recipients."""

from dataclasses import dataclass

CONNECT, EHLO, AUTH, MAIL, RCPT, DATA, DOT, RSET, QUIT = (
    "CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "DOT", "RSET", "QUIT",
)  # fmt: skip
VERBS = (CONNECT, EHLO, AUTH, MAIL, RCPT, DATA, DOT, RSET, QUIT)  # DATA is also each BDAT; DOT its LAST

HANG = "hang"  # never answer
DROP = "drop"  # break the connection; at DATA: in the middle of the mail
GARBAGE = "garbage"  # answer with something that is no reply
DROP_AFTER_TAKING = "drop after taking"  # at DOT: keep the mail, and break the connection without a reply
HANG_AFTER_TAKING = "hang after taking"  # at DOT: keep the mail, and never answer
DROP_AFTER_REPLY = "drop after reply"  # answer 250, then close
KILL = "kill"  # kill -9 the client, if it is the target; then go on as if nothing had happened
KILL_AFTER_TAKING = "kill after taking"  # at DOT: keep the mail, kill the client before it gets the reply
KILL_AFTER_REPLY = "kill after reply"  # at DOT: answer, and kill the client before it can record that

TAKES = frozenset({DROP_AFTER_TAKING, HANG_AFTER_TAKING, DROP_AFTER_REPLY, KILL_AFTER_TAKING, KILL_AFTER_REPLY})
KILLS = frozenset({KILL, KILL_AFTER_TAKING, KILL_AFTER_REPLY})


@dataclass
class Fault:
    """`what` is one of the words above, or a reply such as "451 later" (after a 421 the sink closes, as servers do).

    chance: 0 to 1. times: how often at most; None: always. to: only for recipients that start with this (from RCPT on).
    after: how many times the verb first runs without a fault. pid: the target of KILL; other clients get no fault.
    """

    verb: str
    what: str
    chance: float = 1.0
    times: int | None = None
    to: str = ""
    after: int = 0
    pid: int = 0
