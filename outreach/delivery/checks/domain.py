"""Check the DNS records of the sender's domains: MX, SPF (RFC 7208), DMARC (RFC 7489), DKIM (RFC 6376)."""

from collections.abc import Iterator
from email.utils import parseaddr

import dns.exception
import dns.resolver

from outreach.delivery import return_path
from outreach.delivery.checks.result import Area, CheckReport, CheckResult
from outreach.settings import Settings

PATIENCE_S = 5.0  # for one DNS query
MOST_LOOKUPS = 10  # RFC 7208, 4.6.4: with more, receivers treat the record as broken
LOOKED_UP = ("include", "a", "mx", "ptr", "exists")  # and the modifier redirect
COMMON_SELECTORS = ("default", "dkim", "mail", "selector1", "selector2", "google", "s1", "s2", "k1")
RESERVED = ("example", "test", "invalid", "localhost", "local")
NOT_SET_UP = ("example.com", "example.org", "example.net")
report = CheckReport(Area.DOMAIN)


class Silent(Exception):
    """DNS did not answer, so the check has no result."""


class Dns:
    """DNS queries. They return an empty list if there is no such record, and raise Silent if DNS does not answer."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None, patience_s: float = PATIENCE_S) -> None:
        try:
            self._resolver = resolver or dns.resolver.Resolver()
        except dns.exception.DNSException as error:  # this machine has no resolver
            raise Silent from error
        self._resolver.lifetime = patience_s

    @classmethod
    def at(cls, server: str) -> "Dns":
        """Return a Dns that asks this server: "192.0.2.53", "192.0.2.53:5300". Raise ValueError if it is no address."""
        address, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "53")
        asked = dns.resolver.Resolver(configure=False)
        asked.nameservers, asked.port = [address], int(port)
        return cls(asked)

    def texts(self, name: str) -> list[str]:
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def mail_servers(self, name: str) -> list[str]:
        found = sorted((record.preference, str(record.exchange).rstrip(".")) for record in self._ask(name, "MX"))
        return [server for _preference, server in found if server]

    def _ask(self, name: str, kind: str) -> list:
        try:
            return list(self._resolver.resolve(name, kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise Silent from error


def check(settings: Settings, ask: Dns | None = None) -> Iterator[CheckResult]:
    """Yield the results for the sender's domain, and for the return path's domain if that is different."""
    domain = _domain_of(parseaddr(settings.mail_sender)[1])
    envelope = _domain_of(return_path.return_path(0, settings)) or domain
    if domain in NOT_SET_UP or domain.rpartition(".")[2] in RESERVED or "." not in domain:
        yield report.fail(
            f"mail_sender is at “{domain}”, which is nobody's domain.",
            "Write your office's own address into mail_sender.",
        )
        return
    try:
        ask = ask or Dns()
        yield _mx(ask, domain)
        yield from _spf(ask, envelope)
        yield _dmarc(ask, domain)
        yield from _aligned(domain, envelope)
        yield _dkim(ask, domain, settings.dkim_selector)
    except Silent:
        yield report.warn(
            f"DNS did not answer, so SPF, DKIM and DMARC of {domain} were not looked at.",
            "Try again where DNS works; dig TXT shows the same records.",
        )


def _mx(ask: Dns, domain: str) -> CheckResult:
    servers = ask.mail_servers(domain)
    if not servers:
        return report.warn(
            f"{domain} has no MX record: nobody can answer our mails, and some servers refuse such senders.",
            "Add an MX record for the server that receives the office's mail.",
        )
    return report.ok(f"{domain} receives mail at {servers[0]}.")


def _spf(ask: Dns, domain: str) -> Iterator[CheckResult]:
    records = _spf_records(ask, domain)
    if not records:
        yield report.fail(
            f"{domain} has no SPF record: large providers refuse or hide mails from it.",
            'Add a TXT record such as  "v=spf1 include:your-provider -all".',
        )
        return
    if len(records) > 1:
        yield report.fail(f"{domain} has {len(records)} SPF records, so none counts.", "Make one TXT record of them.")
        return
    (record,) = records
    lookups = _lookups(ask, domain, set())
    if lookups > MOST_LOOKUPS:
        yield report.warn(
            f"The SPF record of {domain} takes {lookups} look-ups; with more than {MOST_LOOKUPS} it counts as broken.",
            "Take out what no longer sends mail for you.",
        )
    elif "+all" in record.split() or "all" in record.split():
        yield report.warn(
            f"The SPF record of {domain} lets everybody send in its name.", 'Let it end in "-all" or "~all".'
        )
    else:
        yield report.ok(f"SPF: {record}")


def _dmarc(ask: Dns, domain: str) -> CheckResult:
    for name in dict.fromkeys((domain, ".".join(domain.split(".")[-3:]), ".".join(domain.split(".")[-2:]))):
        records = [record for record in ask.texts(f"_dmarc.{name}") if record.startswith("v=DMARC1")]
        if len(records) > 1:
            return report.fail(f"_dmarc.{name} has {len(records)} DMARC records, so none counts.", "Leave one of them.")
        if records:
            return report.ok(f"DMARC: {records[0]}")
    return report.warn(
        f"{domain} has no DMARC record; large providers ask senders of many mails for one.",
        f'Add a TXT record at _dmarc.{domain}, to begin with  "v=DMARC1; p=none".',
    )


def _aligned(domain: str, envelope: str) -> Iterator[CheckResult]:
    """Warn if the two domains are not aligned: DMARC counts SPF only for aligned domains (RFC 7489, 3.1.2, relaxed)."""
    if envelope != domain and not envelope.endswith("." + domain) and not domain.endswith("." + envelope):
        yield report.warn(
            f"Mails are from {domain}, but return to {envelope}: DMARC then rests on DKIM alone.",
            "Choose a mail_return_path under the sender's domain.",
        )


def _dkim(ask: Dns, domain: str, selector: str) -> CheckResult:
    tried = [name.strip() for name in selector.split(",") if name.strip()] or list(COMMON_SELECTORS)
    for name in tried:
        for record in ask.texts(f"{name}._domainkey.{domain}"):
            if "p=" in record:
                if not record.partition("p=")[2].partition(";")[0].strip():
                    return report.fail(f"The DKIM key “{name}” of {domain} is revoked.", "Sign with another key.")
                return report.ok(f"DKIM: {domain} has a key “{name}”.")
    if selector:
        return report.fail(
            f"There is no DKIM key “{selector}” at {domain}.",
            f"Add the TXT record {tried[0]}._domainkey.{domain} that your mail server gives you, or correct dkim_selector.",
        )
    return report.warn(
        f"No DKIM key of {domain} was found under the usual names. Your mail server may use another.",
        "Look for s= in DKIM-Signature of a mail that arrived, and write it into dkim_selector.",
    )


def _lookups(ask: Dns, domain: str, seen: set[str]) -> int:
    """Return how many DNS look-ups a receiver needs for the domain's SPF record, with all its includes."""
    if domain in seen or len(seen) > 2 * MOST_LOOKUPS:
        return 0
    seen.add(domain)
    needed = 0
    for record in _spf_records(ask, domain)[:1]:
        for term in record.split()[1:]:
            name, _, target = term.lstrip("+-~?").replace("=", ":", 1).partition(":")
            name = name.partition("/")[0]
            if name in LOOKED_UP or name == "redirect":
                needed += 1
            if name in ("include", "redirect") and target and "%" not in target:
                needed += _lookups(ask, target, seen)
    return needed


def _spf_records(ask: Dns, domain: str) -> list[str]:
    return [record for record in ask.texts(domain) if record == "v=spf1" or record.startswith("v=spf1 ")]


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()
