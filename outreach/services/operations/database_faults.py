"""One sentence for what keeps a command from its database: a wrong password, role or host, no right to write, old tables.

`outreach` shows it in place of a traceback, and `outreach doctor` says the same. PostgreSQL may answer in another language, so
its code is read where it gives one.
"""

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

UNDEFINED = ("42P01", "42703")  # a table or a column that is not there
REFUSED = ("28P01", "28000", "3D000", "42501")  # password, role, database, right
OLD_TABLES = (
    "The tables are missing, or of another version. Make a backup if there are data, then run:  outreach db upgrade"
)


def sentence(error: Exception, url: sa.URL) -> str:
    """Return what to tell of an error of the database; "" if it is none of the administrator's making.

    url: the database's address. Its password is not in the sentence.
    """
    if not isinstance(error, DBAPIError):
        return ""
    code = getattr(error.orig, "sqlstate", None)
    words = (
        " ".join(str(error.orig).split())
        .removeprefix("connection failed: ")
        .partition(" Is the server running")[0][:300]
    )
    if code in UNDEFINED or words.startswith(("no such table", "no such column")) or "has no column named" in words:
        return OLD_TABLES
    at_connecting = error.statement is None
    if not (at_connecting or code in REFUSED or isinstance(error, OperationalError | InterfaceError)):
        return ""
    if url.get_backend_name() == "sqlite":
        return f"The database {url.database} cannot be used: {words}. {_advice_for_sqlite(words)}"
    words = words.replace(url.password, "…") if url.password else words
    return f"The database {_named(url)} cannot be used: {words.rstrip('.')}. {_advice(words, code)}"


def _named(url: sa.URL) -> str:
    user = f" as {url.username}" if url.username else ""
    return f"“{url.database}” on {url.host or 'this machine'}{user}"


def _advice_for_sqlite(words: str) -> str:
    if "readonly" in words or "unable to open" in words:
        return "Run this as the user that the folder belongs to, or correct OUTREACH_INSTANCE."
    if "not a database" in words or "malformed" in words:
        return "Stop everything, keep the file, and bring back the last backup."
    return "Stop what else uses it, and see whether its disk is full."


def _advice(words: str, code: str | None) -> str:
    text = words.casefold()
    if "peer authentication" in text:
        return "Run this as the system's user of the same name, or name in pg_ident.conf which role that user may have."
    if "client certificate" in text or "certificate authentication" in text:
        return "Name the certificate and its key in OUTREACH_DATABASE_URL: …?sslmode=verify-full&sslcert=…&sslkey=…"
    if code == "28P01" or "password" in text:
        return "Correct the password in OUTREACH_DATABASE_URL; special characters are written as in any URL, @ as %40."
    if code == "42501":
        return (
            "Run this as the role that owns the tables (outreach-service --owner, where there are two roles), "
            "or let the user own the database: ALTER DATABASE … OWNER TO …"
        )
    if code in ("28000", "3D000") or "does not exist" in text:
        return "Make that user and its database (createuser, createdb), or correct OUTREACH_DATABASE_URL."
    return "Start the PostgreSQL server, or correct host and port in OUTREACH_DATABASE_URL."
