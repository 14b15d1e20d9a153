"""Check the mail server: connection, encryption, login, sender; and send a test mail on request."""

import smtplib
from collections.abc import Iterator
from datetime import datetime
from email.utils import parseaddr

from flask import current_app
from flask_mail import Connection

from outreach.delivery import return_path
from outreach.delivery.checks.connecting import PATIENCE_S, secured, unreached
from outreach.delivery.checks.result import Area, CheckReport, CheckResult
from outreach.delivery.mail.kinds.trial import trial
from outreach.delivery.tls import is_this_machine, trusting
from outreach.settings import Settings

WANTED = ("PIPELINING", "CHUNKING", "8BITMIME", "SIZE")
SMALLEST_LIMIT = 1024 * 1024  # bytes; our mails are far smaller, but a lower limit is a mistake
report = CheckReport(Area.SERVER)


def check(settings: Settings, *, now: datetime, send_to: str = "") -> Iterator[CheckResult]:
    """Yield the results, until a failure makes further checks useless. send_to: recipient of a test mail, or "".

    A test mail needs an app context with Flask-Mail.
    """
    host: smtplib.SMTP | None = None
    try:
        host = _connected(settings)
        yield report.ok(f"{settings.mail_server}:{settings.mail_port} answers.")
        yield from _encrypted(host, settings, now)
        host.ehlo_or_helo_if_needed()
        yield _announced(host)
        yield _logged_in(host, settings)
        yield from _sender_taken(host, settings)
        if send_to:
            yield _sent(host, settings, send_to, now)
        host.quit()
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < 500:
            yield report.fail(
                f"The server cannot check our login at present: {_words(error)}.",
                "Try again in some minutes; if it stays so, ask the people who run it.",
            )
            return
        yield report.fail(
            f"The login is refused: {_words(error)}.",
            "Correct mail_username and mail_password; some want an app password.",
        )
    except smtplib.SMTPResponseException as error:
        yield report.fail(f"The server says {_words(error)}.", "Ask the people who run it what it wants of us.")
    except smtplib.SMTPNotSupportedError as error:
        yield report.fail(
            f"The server cannot do what the settings ask for: {error}", "Correct mail_use_tls or the login."
        )
    except smtplib.SMTPServerDisconnected as error:
        if _is_silence(error):
            yield unreached(report, TimeoutError(), settings.mail_server, settings.mail_port, "mail")
            return
        yield report.fail(
            "The server breaks off.",
            "Port and encryption must suit each other: 465 with mail_use_ssl, 587 with mail_use_tls.",
        )
    except OSError as error:
        yield unreached(report, error, settings.mail_server, settings.mail_port, "mail")
    finally:
        if host is not None:
            host.close()


def _connected(settings: Settings) -> smtplib.SMTP:
    timeout = min(settings.mail_timeout_s, PATIENCE_S)
    if settings.mail_use_ssl:
        return smtplib.SMTP_SSL(
            settings.mail_server, settings.mail_port, timeout=timeout, context=trusting(settings.mail_ca_file)
        )
    return smtplib.SMTP(settings.mail_server, settings.mail_port, timeout=timeout)


def _encrypted(host: smtplib.SMTP, settings: Settings, now: datetime) -> Iterator[CheckResult]:
    if settings.mail_use_tls and not settings.mail_use_ssl:
        host.starttls(context=trusting(settings.mail_ca_file))
    if settings.mail_use_tls or settings.mail_use_ssl:
        yield from secured(report, host.sock, now)
    elif not is_this_machine(settings.mail_server):
        yield report.warn(
            "The connection is not encrypted: everyone who listens on the way can read mails and answer links.",
            "Set mail_use_tls (port 587), or mail_use_ssl (port 465).",
        )


def _announced(host: smtplib.SMTP) -> CheckResult:
    able = [name for name in WANTED if host.has_extn(name)]
    limit = int(host.esmtp_features.get("size") or 0)
    if 0 < limit < SMALLEST_LIMIT:
        return report.warn(
            f"The server takes mails of at most {limit:,} bytes.", "Have the limit raised to 1 MB or more."
        )
    if not able:
        return report.ok("The server announces no PIPELINING: sending far away will be slow, and right.")
    return report.ok(f"The server announces {', '.join(able)}.")


def _logged_in(host: smtplib.SMTP, settings: Settings) -> CheckResult:
    if not settings.mail_username:
        return report.ok("No login is set.")
    try:
        host.login(settings.mail_username, settings.mail_password)
    except smtplib.SMTPServerDisconnected as error:  # some servers hang up after a wrong password
        if _is_silence(error):
            raise
        raise smtplib.SMTPAuthenticationError(535, "it hung up at the login") from error
    return report.ok(f"Logged in as {settings.mail_username}.")


def _sender_taken(host: smtplib.SMTP, settings: Settings) -> Iterator[CheckResult]:
    for sender in dict.fromkeys((return_path.return_path(0, settings), parseaddr(settings.mail_sender)[1])):
        code, words = host.mail(sender)
        host.rset()
        if code != 250:
            yield report.fail(
                f"The server refuses the sender {sender}: {code} {words.decode(errors='replace')}.",
                "Write a sender of this account into mail_sender (and mail_return_path), or have it allowed.",
            )
            return
    yield report.ok(f"The sender {sender} is taken.")


def _sent(host: smtplib.SMTP, settings: Settings, address: str, now: datetime) -> CheckResult:
    mail = trial(
        settings, address, "Test of Outreach's mail",
        "This mail was sent by  outreach doctor --send-to.\n\nIt arrived, so mails from Outreach can arrive here. Look into its "
        "headers: Authentication-Results should say spf=pass, dkim=pass and dmarc=pass.\n",
        now=now,
    )  # fmt: skip
    connection = Connection(current_app.extensions["mail"])
    connection.host = host
    try:
        connection.send(mail, envelope_from=return_path.return_path(0, settings))
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        return report.fail(
            f"The test mail to {address} is refused: {code} {words.decode(errors='replace')}.",
            "Try an address outside; if that is refused too, this server does not forward mails for us.",
        )
    return report.ok(f"The test mail to {address} is handed over. Look whether it arrives, and not among the spam.")


def _is_silence(error: smtplib.SMTPServerDisconnected) -> bool:
    """Return whether a timeout caused the error: smtplib reports a timeout during an answer as a closed connection."""
    return isinstance(error.__context__, TimeoutError)


def _words(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
    return f"{error.smtp_code} {said}"[:200]
