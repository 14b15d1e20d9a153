"""Whether another server's code and text mean that an address takes no mail, and why.

Only certain faults of the address count: an address blocked by mistake gets no more mail, one not blocked only costs
another report. The words count more than the code, because many servers give a wrong or a general code. Pure functions.
delivery/inbox/reports.py reads reports, delivery/outbox/address_failures.py stores failures.
"""

import re
from enum import StrEnum


class AddressFault(StrEnum):
    """Why an address takes no mail; the page shows the sentence for it."""

    UNKNOWN = "unknown"  # the server knows no such address
    DOMAIN = "domain"  # the domain takes no mail
    CLOSED = "closed"  # the mailbox takes no mail any more


MOST_READ = 20_000  # characters of a text that are searched
# Subject and detail of the code (RFC 3463, 3.2 and 3.3; RFC 7505). 5.1.351 is Exchange Online's.
FAULTS = {
    **dict.fromkeys(("1.1", "1.3", "1.4", "1.351"), AddressFault.UNKNOWN),
    **dict.fromkeys(("1.2", "1.10"), AddressFault.DOMAIN),
    **dict.fromkeys(("1.6", "2.1"), AddressFault.CLOSED),
}
GENERAL = frozenset({"0.0", "1.0", "2.0", "3.0", "5.0"})  # codes that say nothing more than where the fault was seen
NOT_OF_THE_ADDRESS = frozenset({"1.7", "1.8", "2.2", "2.3", "3.4", "4.6", "4.14"})


def _any(*phrases: str) -> re.Pattern[str]:
    """Return a pattern that finds any of the phrases at the beginning of a word."""
    return re.compile(rf"\b(?:{'|'.join(phrases)})")


# Left out before the words are searched: addresses, links and names of machines may contain any word.
_LINK = re.compile(r"https?://[^\s<>]{1,500}|\bwww\.[^\s<>]{1,300}", re.IGNORECASE)
_ADDRESS = re.compile(r"[<\[(\"'*]{0,4}[^\s<>\[\]()\"',;:]{1,64}@[^\s<>\[\]()\"',;:]{1,190}[>\])\"'*]{0,4}")
_MACHINE = re.compile(r"\b(?=[\w.-]{0,80}[a-z])(?:[\w-]{1,63}\.){1,8}[a-z][\w-]{0,62}\b")
_CONTINUED = re.compile(r"\b([45]\d\d)-(?=\D|\d\.\d)(?:\d\.\d{1,3}\.\d{1,3}\s)?")
_SPACES = re.compile(r"[\s_|*\"'`´«»„“”]+")
_BOX = re.compile(r"\bmail[ -](box|folder)")
_RCPT = re.compile(r"\brcpt\b")
# Words that servers write with every fault.
_BOILERPLATE = _any(
    "unknown address error",
    r"delivery attempts: \d{1,3}",
    "wasn.t found at the destination domain, or the recipient.s mailbox is unavailable",
    r"(?:check|verify|correct) (?:the|that the|your) (?:\w{1,20} ){0,3}address[^.]{0,60}",
)

_NOT = r"(?:n.?t| not)"
_ONE = (
    r"(?:users?|usernames?|userids?|mailbox(?:es)?|recipients?|address(?:es|ee)?|accounts?|alias(?:es)?|persons?|people|"
    r"subscribers?|customers?|members?|local[ -]?parts?|penerima|alamat|pengguna|akun|empf[aä]e?nger|benutzer|adresse|"
    r"destinataire|utilisateur|usuario|destinatario|utente|odbiorca)"
)
_MISSING = (
    r"(?:unknown|not (?:known|found|exist|listed|active|recogni[sz]ed|present|registered|valid|local)|"
    rf"(?:does|do|did|could){_NOT} (?:be found|exist|(?:exactly )?match)|n.t exist|n.t (?:be )?found|inexistent|"
    r"non-?existent|invalid|no longer (?:exists?|valid|known|here|on server|in use|registered)|"
    r"tidak (?:ditemukan|dikenal|terdaftar|ada\b|valid)|unbekannt|existiert nicht|inconnu|n.existe pas|no existe|"
    r"desconocido|nie istnieje|sconosciuto|inesistente)"
)
_UNKNOWN = _any(
    rf"(?:no such|unknown(?: or illegal)?|invalid|illegal|bad|non[ -]?existent|inactive|unrecogni[sz]ed|incorrect|wrong)[ -]"
    rf"(?:[\w-]{{1,20}} ){{0,2}}{_ONE}\b",
    rf"{_ONE}\b(?: name| id)?[^.;:!?\n]{{0,60}}?\b{_MISSING}",
    rf"{_ONE}\W{{1,3}}(?:\w{{1,20}}\W{{1,3}})?(?:unknown|not found|not exist)",
    rf"not (?:an? )?(?:[\w-]{{1,20}} ){{0,2}}(?:valid|known|active|existing|local|registered|recogni[sz]ed) "
    rf"(?:[\w-]{{1,20}} ){{0,2}}{_ONE}\b",
    rf"no (?:{_ONE}|one)\b[^.;:!?]{{0,30}}?\b(?:here|by (?:that|this) name|found|available|with (?:that|this)|at this|exists?)\b",
    rf"there is no (?:one|{_ONE})\b",
    rf"{_ONE} (?:is )?(?:not ok\b|not a member of|can ?not be verified|could not be verified)",
    rf"(?:does|do){_NOT} have an? (?:[\w.-]{{1,60}} )?account\b",
    rf"(?:does|do){_NOT} exist (?:here|on this|at this|in this)",
    "recipient name is not recognized",
    r"not (?:listed )?in (?:[\w-]{1,20} ){0,2}directory",
    "in (?:the )?name directory",
    "does not have a final email delivery point",
    "no matches to nameserver query",
    "fails to locate",
    "not our customer",
    "badrcptto|badrecipientto|not in my validrcptto",
    r"userunknown\b",
    r"recip(?:ient)?\s?notfound",
    r"5\d\d (?:\d\.\d\.\d{1,3} )?\W{0,3}(?:not found|does not exist|unknown|no such)\b",
    "no existe (?:ese|dicha|esa|el|la) |nessun utente",
)
_CLOSED = _any(
    rf"{_ONE}\b[^.;!?\n]{{0,60}}?\b(?:de-?activated|disabled|discontinued|closed|inactive|terminated|deleted|removed|"
    rf"cancell?ed|suspended|frozen|archived|has moved|no longer (?:accepts?|active|available|being used|used|monitored)|"
    rf"not activ(?:e|ated)|dinonaktifkan|ditutup)\b",
    rf"(?:de-?activated|disabled|closed|terminated|archived|suspended) {_ONE}\b",
    "has been replaced by",
    "no longer accepts mail",
    "is (?:now )?(?:disabled|de-?activated)",
    "account (?:has |is )?expired",
)
_DOMAIN = _any(
    "(?:unknown|no such|non-?existent) (?:mail )?(?:host|domain)",
    r"(?:host|domain)(?: or domain)?(?: names?)?[^.;!?\n]{0,40}? (?:unknown|not found)\b",
    rf"(?:host|domain)(?: names?)?[^.;!?\n]{{0,40}}? (?:does{_NOT} exist|could{_NOT} be found)\b",
    rf"(?:host|domain)\b[^.;!?]{{0,30}}? (?:does{_NOT}|never) accepts? (?:any )?mail",
    "nonexistentdomain|nxdomain",
    "name or service not known",
    "unroute?able (?:address|mail domain)",
    r"null ?mx\b",
    "no mx (?:record|host)",
    "relevant mx records point to non-?existent hosts",
    r"domain (?:is )?not hosted\b",
    "domain tidak (?:ditemukan|ada)",
)
# The RFC's own text for 550 (RFC 5321, 4.2.2). It is believed if no better reason is given.
_UNAVAILABLE = _any(rf"{_ONE} (?:is |are )?(?:unavailable|unavaiable|not available)\b")
_REJECTED = _any(r"(?:recipient|address) rejected\b")

# Refusals that may be over tomorrow, whatever the code says.
_FOR_NOW = _any(
    "(?:over ?)?quota",
    r"(?:mailbox|inbox|mailfolder|account|storage|disk|is|kotak surat) (?:is |was )?(?:too |almost )?full\b",
    "full mailbox",
    r"penuh\b|voll\b|zuviele mails|buz[oó]n lleno|bo[iî]te (?:du destinataire )?pleine",
    "storage|dis[ck] ?space|space (?:left|not enough|has been used)|(?:enough|sufficient) space",
    "exceed(?:s|ed|ing)? (?:the |its |his |her |their |allowed |local ){0,4}(?:mailbox|storage|size|limit|space|quota|allowed)",
    "size limit exceeded",
    r"too much mail|too many (?:recipients|connections|messages|mails|emails|concurrent|smtp|sessions|errors)",
    r"rate\b|rate ?limit|throttl|slow(?:er| down)|too (?:quickly|fast|often)",
    r"per[ -](?:hour|day|minute)|this (?:hour|day)\b|hourly|daily",
    "try (?:it )?(?:again )?later|try again (?:in|after)|not found, try again",
    r"gr[ae]y-?list|temporar|deferr?(?:al|ed)|busy\b",
    r"time(?:d)? ?out|(?:message|delivery|time|queue) (?:time )?expired|expired after|in the queue|delivery attempts",
    "not (?:been )?collected after|failing for a long time|no answer from|connection (?:refused|dropped|reset|closed)",
    r"(?:unable|not able|could not|cannot|can.t) (?:to )?connect\b|unreachable|not reachable|not responding",
    rf"did{_NOT} respond|could{_NOT} find a gateway|no route to host",
    "name service error for [^;]{0,80}(?:malformed|try again)",
    "service (?:is )?(?:currently |temporarily )?(?:unavailable|not available)|server (?:is )?unavailable",
)
# Refusals of the mail, of its sender, or of the machine that sent it.
_OF_THE_MAIL = _any(
    r"sender|sent from|mail ?from\b|from address|from: |envelope from|return-path|purported|helo\b|ehlo\b",
    r"client host|reverse dns|ptr\b|ip address|sending (?:ip|mta|server)",
    r"your (?:ip|server|host|domain|mail ?server|network|country)\b",
    "spam|virus|malware|phish|unsolicited|bulk|mass mailer|banned|forge|abuse",
    r"black ?list|block ?list|deny ?list|white ?list|blocked (?:using|by|for|due|see)|(?:dns|sur|uri)bl\b|rbl\b|reputation",
    r"dmarc\b|spf\b|dkim\b|authenticat",
    "content (?:reject|filter|denied|block|polic|not)|(?:illegal|with|rejected|blocked|banned) attachment|embedded images",
    r"scor(?:e|ed|ing)\b|members-only|non-member|not allowed to (?:post|send)|not accepting (?:mail|attach)",
    "relay(?!=| recipient table)|rcpthosts|gateway",
    "too (?:large|big)|(?:message|mail|size)[^.;]{0,20} (?:size|limit)|max(?:imum|.)? (?:inbound )?(?:message )?size",
    "hop count|too many hops|message looping|mail loop",
    "rejected (?:by|due to|for) (?:local |your )?(?:polic|rule|filter)",
)
_RULES = _any(r"polic(?:y|ies)\b|blocked\b|denied\b|prohibit|not authori[sz]ed|permission|restrict|security")
_ENHANCED = re.compile(r"5\.(\d{1,3}\.\d{1,3})(?![\d.])")  # stands at the start of a reply's text (RFC 2034, 4)


def fault_of(code: str, words: str) -> AddressFault | None:
    """Return what a permanent failure says about the address; None if the address may be good.

    code: subject and detail by RFC 3463, such as "1.1"; "0.0" if there is none.
    """
    said = _plain(words)
    if code in NOT_OF_THE_ADDRESS or _FOR_NOW.search(said) or _OF_THE_MAIL.search(said):
        return None
    ruled = bool(_RULES.search(said))
    if (found := _said(said)) and not (ruled and code.startswith("7.")):
        return found
    if code == "4.1" and "recipient address rejected: access denied" in said:  # Exchange Online knows no such recipient
        return AddressFault.UNKNOWN
    if ruled:
        return None
    if code in FAULTS:
        return FAULTS[code]
    believed = _UNAVAILABLE.search(said) or (code == "1.0" and _REJECTED.search(said))
    return AddressFault.UNKNOWN if code in GENERAL and believed else None


def passes(code: str, words: str) -> bool:
    """Return whether a failure may be over later: a full mailbox, too much mail at once, a server that is down."""
    if code in ("2.2", "4.7"):
        return True
    said = _plain(words)
    if code.startswith(("3.", "4.")) and code not in NOT_OF_THE_ADDRESS:
        return True
    return bool(_FOR_NOW.search(said)) and not _OF_THE_MAIL.search(said)


def is_reason(words: str) -> bool:
    """Return whether a text says why a mail did not arrive, in words that are known here."""
    said = _plain(words)
    return bool(_said(said) or _FOR_NOW.search(said) or _OF_THE_MAIL.search(said) or _UNAVAILABLE.search(said))


def fault_in_reply(words: str) -> AddressFault | None:
    """Return what our mail server's refusal (5xx) says about the only recipient. None without an enhanced code."""
    found = _ENHANCED.match(words)
    return fault_of(found[1], words) if found else None


def _said(said: str) -> AddressFault | None:
    for fault, pattern in (
        (AddressFault.DOMAIN, _DOMAIN),
        (AddressFault.CLOSED, _CLOSED),
        (AddressFault.UNKNOWN, _UNKNOWN),
    ):
        if pattern.search(said):
            return fault
    return None


def _plain(words: str) -> str:
    """Return the words in lower case and in one line, without addresses, links and names of machines."""
    said = _ADDRESS.sub(" ", _LINK.sub(" ", words[:MOST_READ].lower().replace("\u2019", "'")))
    said = said.replace("recipnotfound", "recipient notfound").replace("recipientnotfound", "recipient notfound")
    said = _MACHINE.sub(" ", said.replace("resolver.adr.", "").replace("smtpsend.dns.", ""))
    said = _SPACES.sub(" ", _CONTINUED.sub(" ", said))
    return _BOILERPLATE.sub(" ", _RCPT.sub("recipient", _BOX.sub(r"mail\1", said)))
