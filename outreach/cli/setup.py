"""`outreach init` and `outreach user`: the office, its regions, the default rules, and accounts."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from outreach import clock, create_app
from outreach.cli.data import migrations
from outreach.delivery.words.formats import LOCALES
from outreach.domain.kinds import StaffRole
from outreach.extensions import db
from outreach.queries import office as office_pages
from outreach.services.directory import regions
from outreach.services.office import office as offices
from outreach.services.office import staff
from outreach.services.office.office import OfficeValues
from outreach.services.office.staff import UserValues
from outreach.services.reminders import rules
from outreach.settings import load
from outreach.web.frame import accounts

PASSWORD = click.option(
    "--password",
    envvar="OUTREACH_ADMIN_PASSWORD",
    help="Better given by OUTREACH_ADMIN_PASSWORD; without it, one is made.",
)


class AskingLast(click.Command):
    """A command that asks for what is not given, but only after it has seen that the settings are well-formed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--help" not in args:
            load()
        return super().parse_args(ctx, args)


@click.command(cls=AskingLast)
@click.option("--office", prompt="The office's full name", help="As it stands on letters.")
@click.option("--short-name", prompt="Its short name, such as DP3AP2KB Kota Metro")
@click.option("--city", prompt="Its kabupaten or kota: code or part of the name", help="Kota Metro is 18.72.")
@click.option("--contact-name", prompt="Name of the person invitees may call")
@click.option("--contact-phone", prompt="The number they call")
@click.option("--name", prompt="Your own name", help="The first administrator's.")
@click.option("--email", prompt="The address you will sign in with")
@click.option("--language", type=click.Choice(list(LOCALES)), default="id", show_default=True)
@PASSWORD
def init(
    office: str, short_name: str, city: str, contact_name: str, contact_phone: str, name: str, email: str, language: str,
    password: str | None,
) -> None:  # fmt: skip
    """Set up the office, its regions, the default rules and the first administrator. Asks for what is not given."""
    code = city_code(city)
    with database_ready():
        if not migrations.is_empty():
            raise click.ClickException("This database has an office already. Add people with: outreach user add")
        now = clock.now()
        values = OfficeValues(
            name=office, short_name=short_name, region_code=code, zone=offices.zone_of(code),
            contact_name=contact_name, contact_phone=contact_phone, locale=language,
        )  # fmt: skip
        added = staff.add(
            UserValues(name, email, StaffRole.ADMINISTRATOR, language), by=None, now=now, password=password or ""
        )
        offices.save(values, by=None, now=now)
        rules.install_defaults(now=now)
        kelurahan = sum(len(kecamatan.kelurahan) for kecamatan in regions.kelurahan_tree(db.session()))
        click.echo(f"{short_name} is set up, with {kelurahan} kelurahan and the default reminder rules.")
        _say_account(added, given=bool(password))
    click.echo("Next: outreach serve")


@click.group()
def user() -> None:
    """Accounts of the people who work with the pages."""


@user.command(cls=AskingLast)
@click.option("--name", prompt="Name")
@click.option("--email", prompt="Address they sign in with")
@click.option("--role", type=click.Choice([role.value for role in StaffRole]), prompt="What they may do")
@click.option("--language", type=click.Choice(list(LOCALES)), default="id", show_default=True)
@PASSWORD
def add(name: str, email: str, role: str, language: str, password: str | None) -> None:
    """Add an account and show its password once."""
    with database_ready():
        values = UserValues(name, email, StaffRole(role), language)
        added = staff.add(values, by=None, now=clock.now(), password=password or "")
        _say_account(added, given=bool(password))


@user.command(cls=AskingLast)
@click.option("--email", prompt="Address they sign in with")
def password(email: str) -> None:
    """Give an account a new password and show it once, for somebody who cannot sign in any more."""
    with database_ready():
        found = next((row for row in office_pages.accounts() if row.email == email.strip().lower()), None)
        if found is None:
            raise click.ClickException(f"Nobody signs in with {email}.")
        _say_account(staff.renew_password(found.id, by=None, now=clock.now()), given=False)


def city_code(wanted: str) -> str:
    """Return the code of the one kabupaten or kota that matches. Otherwise raise ClickException, with the possible ones."""
    wanted = wanted.strip()
    if wanted.replace(".", "").isdigit():
        return wanted
    found = regions.search_cities(wanted)
    exact = [(code, name) for code, name in found if name.casefold() == wanted.casefold()]
    if len(exact or found) == 1:
        return (exact or found)[0][0]
    if not found:
        raise click.ClickException(f"No kabupaten or kota is called “{wanted}”.")
    lines = "\n".join(f"  {code}  {name}" for code, name in found)
    raise click.ClickException(f"“{wanted}” could be several. Please give the code:\n{lines}")


@contextmanager
def database_ready() -> Iterator[None]:
    """Run with an app that has a secret key, after upgrading the tables."""
    app = create_app(pages=False)
    accounts.set_up(app)
    with app.app_context():
        migrations.upgrade()
        yield


def _say_account(added: staff.Added, *, given: bool) -> None:
    click.echo(f"{added.user.name} signs in with {added.user.email}")
    if not given:
        click.echo(f"and the password  {added.password}  (shown only now)")
