"""What `outreach demo` prints at its start: address, logins, and what to look at. Stored only in instance/demo/."""

import json
from pathlib import Path

import click
import sqlalchemy as sa

from outreach import clock
from outreach.cli.demo.answers import first_cadre
from outreach.cli.demo.load import Prepared
from outreach.delivery.tokens import answer_url
from outreach.extensions import db
from outreach.models import Activity, Invitation, Link, Organisation, Person

FILE = "guide.json"
SPEAKER = "kapolres@example.com"
OFFICE = "polres@example.com"
PROSECUTOR = "kajari@example.com"


def keep(folder: Path, prepared: Prepared) -> None:
    """Store what cannot be read later: the passwords in clear text, and ids of examples. Readable by the owner only."""
    path = folder / FILE
    path.touch(mode=0o600)
    about = {
        "logins": [[login.role.value, login.email, login.password] for login in prepared.logins],
        "programme": prepared.plan.programme_id,
        "cadre_in": prepared.plan.days[1],
        "calls": f"/activities/{prepared.calls_id}/invitees/to-call" if prepared.calls_id else "/to-call",
        "placing": prepared.drafts.address if prepared.drafts else "/placements",
        "represented": _represented(prepared.plan.days[0]),
    }
    path.write_text(json.dumps(about, indent=1), "utf-8")


def show(folder: Path, base_url: str) -> None:
    """Print address, logins, and what to look at. Add the address and the links to the stored guide. Needs an app context."""
    about = json.loads((folder / FILE).read_text("utf-8"))
    about["address"] = base_url
    about.update(_links(about["cadre_in"]))
    (folder / FILE).write_text(json.dumps(about, indent=1), "utf-8")
    click.secho(f"\n  Outreach demo   {base_url}\n", bold=True)
    for role, email, password in about["logins"]:
        click.echo(f"  {role:<14} {email:<28} {password}")
    click.echo("\n  Look at")
    for words, address in (
        ("the four days", f"{base_url}/programmes/{about['programme']}"),
        ("26 drafts to place at once", f"{base_url}{about.get('placing', '/placements')}"),
        ("what clashes", f"{base_url}/findings"),
        ("a date poll, half answered", f"{base_url}/polls"),
        ("six people to call", f"{base_url}{about.get('calls', '/to-call')}"),
        ("letters, one of them signed", f"{base_url}/letters"),
        ("certificates, one revoked", f"{base_url}/certificates"),
        ("evidence with gaps (KLA)", f"{base_url}/kla"),
        ("tasks from a meeting", f"{base_url}/follow-ups"),
        ("who comes for the prosecutor", about.get("represented") and f"{base_url}{about['represented']}"),
        ("posts, and who holds them", f"{base_url}/people/posts"),
        ("the ladder to an answer", f"{base_url}/ladders"),
        ("all mails, as they arrive", f"{base_url}/mailbox"),
        ("a cadre's answer page", about["cadre"]),
        ("a speaker's", about["speaker"]),
        ("an office's, with its quota", about["office"]),
    ):
        if address:
            click.echo(f"  {words:<28} {address}")
    if _is_over():
        click.secho("\n  The demo's days are over by now. FRESH=1 (or --fresh) begins again.", fg="yellow")
    click.echo()


def show_refused(prepared: Prepared) -> None:
    """Print the rows of the cadres' spreadsheet that the importer refused, and why."""
    reading = prepared.reading
    click.echo(
        f"  {len(reading.new)} cadres were read from the demo's spreadsheet, {len(reading.refused)} rows refused:"
    )
    for row in reading.refused:
        click.echo(f"    row {row.number:<4} {row.name or '(no name)':<20} {' '.join(map(str, row.problems))}")
    click.echo()


def _links(activity_id: int) -> dict[str, str]:
    """Return the answer pages to look at, and the cadre's address. Somebody erased in the demo has no page."""
    cadre = first_cadre(activity_id)
    speaker = sa.select(Link).join(Person, Person.id == Link.person_id).where(Person.email == SPEAKER)
    office = (
        sa.select(Link).join(Organisation, Organisation.id == Link.organisation_id).where(Organisation.email == OFFICE)
    )
    wanted = {
        "cadre": sa.select(Link).where(Link.person_id == (cadre.id if cadre else 0)),
        "speaker": speaker,
        "office": office,
    }
    found = {key: db.session.scalar(select.limit(1)) for key, select in wanted.items()}
    return {"cadre_address": cadre.email if cadre else ""} | {
        key: answer_url(link) if link else "" for key, link in found.items()
    }


def _represented(activity_id: int) -> str:
    """Return the page of the invitation whose representative passes it on; "" if there is none."""
    invitation_id = db.session.scalar(
        sa.select(Invitation.id).where(
            Invitation.activity_id == activity_id, Invitation.person.has(Person.email == PROSECUTOR)
        )
    )
    return f"/invitations/{invitation_id}" if invitation_id else ""


def _is_over() -> bool:
    last = db.session.scalar(sa.select(sa.func.max(Activity.ends_at)))
    return last is not None and last < clock.now()
