"""Why a server is unreachable, and how long its certificate is valid, in sentences. For mail server and mailbox."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from outreach.delivery.checks.result import CheckReport, CheckResult, counted
from outreach.delivery.tls import NoAuthority

RENEW_WITHIN = timedelta(days=21)
CERTIFICATE_EXPIRED = 10  # OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED
PATIENCE_S = 10.0


def unreached(report: CheckReport, error: OSError, host: str, port: int, setting: str) -> CheckResult:
    """Return the check result for a failed connection. setting: "mail" or "imap", the prefix of the settings' names."""
    where = f"{host}:{port}"
    if isinstance(error, socket.gaierror):
        return report.fail(
            f"The name {host} is not known.", f"Correct {setting}_server, or see why DNS does not answer here."
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_refused(report, error, where, setting)
    if isinstance(error, NoAuthority):
        return report.fail(f"The authority's file cannot be read ({error}).", f"Correct {setting}_ca_file.")
    if isinstance(error, ssl.SSLError):
        return report.fail(
            f"{where} speaks no TLS that we can use ({error.reason or error}).",
            f"Port and encryption must suit each other: {_ports(setting)}.",
        )
    if isinstance(error, TimeoutError):
        return report.fail(
            f"{where} does not answer.", f"A firewall may drop it. Correct {setting}_port, or let the firewall pass it."
        )
    if isinstance(error, ConnectionRefusedError):
        return report.fail(
            f"Nothing listens at {where}.", f"Start the server, or correct {setting}_server and {setting}_port."
        )
    return report.fail(
        f"{where} breaks off ({error}).", f"Port and encryption must suit each other: {_ports(setting)}."
    )


def secured(report: CheckReport, sock: Any, now: datetime) -> Iterator[CheckResult]:
    """Yield the check result for a connection's TLS version and certificate."""
    certificate = sock.getpeercert()
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    said = f"{sock.version()}, certificate good until {until:%d %B %Y} ({counted((until - now).days, 'day')})"
    if until - now < RENEW_WITHIN:
        yield report.warn(
            f"{said}.", "See that it is renewed: with an expired certificate no mail goes out or comes in."
        )
    else:
        yield report.ok(f"{said}.")


def _certificate_refused(
    report: CheckReport, error: ssl.SSLCertVerificationError, where: str, setting: str
) -> CheckResult:
    if error.verify_code == CERTIFICATE_EXPIRED:
        return report.fail(f"The certificate of {where} has expired.", "Renew it on that server.")
    if "match" in error.verify_message:
        return report.fail(
            f"The certificate of {where} is for another name.",
            f"Write the name that the certificate has into {setting}_server.",
        )
    return report.fail(
        f"The certificate of {where} is not trusted ({error.verify_message}).",
        f"If that server is your own, name its authority's file in {setting}_ca_file; else talk to nobody there.",
    )


def _ports(setting: str) -> str:
    if setting == "mail":
        return "465 with mail_use_ssl, 587 or 25 with mail_use_tls"
    return "993 with imap_use_ssl, 143 without"
