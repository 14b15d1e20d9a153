"""Check how staff sign in: whether a second factor is asked for, and whether the only administrator could be locked out."""

from collections.abc import Iterator

from outreach.delivery.checks.result import Area, CheckReport, CheckResult
from outreach.services.sign_in import factors
from outreach.settings import Settings


def accounts(settings: Settings) -> Iterator[CheckResult]:
    """Yield the results of checking how staff sign in."""
    report = CheckReport(Area.ACCOUNTS)
    asked = sorted(settings.roles_with_second_factor)
    if asked:
        yield report.ok(f"A second factor is asked of: {', '.join(asked)}.")
    else:
        yield report.warn(
            "Nobody is asked for a second factor: who knows a password gets in.",
            "Set second_factor_for to administrator,coordinator, unless nobody in the office has a second device.",
        )
    lone = factors.lone_administrator()
    if lone is not None:
        yield report.warn(
            f"{lone.email} is the only administrator, with a second factor and without recovery codes.",
            "Make recovery codes under “Signing in”, or a second administrator. If the phone is lost already:  "
            f"outreach user reset-mfa {lone.email}",
        )
