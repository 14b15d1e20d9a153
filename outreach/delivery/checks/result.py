"""The result of a check: one sentence for what was found, another for what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"  # it works, or may work, and somebody should look at it
    FAIL = "fail"  # mails do not go out, do not come in, or may be lost


class Area(StrEnum):
    """The parts of a report, in display order."""

    SETTINGS = "Settings"
    DATABASE = "Database"
    ACCOUNTS = "Accounts"
    ENGINE = "Engine"
    SERVER = "Mail server"
    MAILBOX = "Mailbox"
    DOMAIN = "Domain"
    SCANNER = "Virus scanner"
    PAGES = "Pages and clock"
    LIBRARIES = "Libraries"


@dataclass(frozen=True)
class CheckResult:
    """advice: what to do; "" if nothing is wrong."""

    area: Area
    level: Level
    text: str
    advice: str = ""


def counted(count: int, word: str, plural: str = "") -> str:
    """Return "1 mail", "2 mails". plural: the plural form if it is not made with an s."""
    return f"{count:,} {word if count == 1 else plural or word + 's'}"


@dataclass(frozen=True)
class CheckReport:
    """Creates the results for one area."""

    area: Area

    def ok(self, text: str) -> CheckResult:
        return CheckResult(self.area, Level.OK, text)

    def warn(self, text: str, advice: str) -> CheckResult:
        return CheckResult(self.area, Level.WARN, text, advice)

    def fail(self, text: str, advice: str) -> CheckResult:
        return CheckResult(self.area, Level.FAIL, text, advice)
