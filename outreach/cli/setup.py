"""`outreach init` and `outreach user`: the office, its regions, the default rules, and accounts."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from outreach import clock, create_app
from outreach.cli.data import migrations
from outreach.domain.kinds import StaffRole
from outreach.extensions import db
from outreach.queries.office import pages as office_pages
from outreach.services.directory import regions
from outreach.services.office import office as offices
from outreach.services.office import staff
from outreach.services.office.office import OfficeValues
from outreach.services.office.staff import UserValues
from outreach.services.reminders import rules
from outreach.services.sign_in import factors
from outreach.web.frame.accounts import connect as accounts


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
            UserValues(name, email, StaffRole.ADMINISTRATOR, language), by=None, now=now, password=password or "",
            own=bool(password),
        )  # fmt: skip
        offices.save(values, by=None, now=now)
        rules.install_defaults(now=now)
        kelurahan = sum(len(kecamatan.kelurahan) for kecamatan in regions.kelurahan_tree(db.session()))
        click.echo(f"{short_name} is set up, with {kelurahan} kelurahan and the default reminder rules.")
        _say_account(added, given=bool(password))
    click.echo("Next: outreach serve")


def add(name: str, email: str, role: StaffRole, language: str, password: str | None) -> None:
    """Add an account and show its password once."""
    with database_ready():
        values = UserValues(name, email, role, language)
        added = staff.add(values, by=None, now=clock.now(), password=password or "")
        _say_account(added, given=bool(password))


def renew_password(email: str) -> None:
    """Give an account a new password and show it once, for somebody who cannot sign in any more."""
    with database_ready():
        _say_account(staff.renew_password(_account_of(email), by=None, now=clock.now()), given=False)


def reset_factors(email: str) -> None:
    """Take away an account's second factors and recovery codes, for somebody who has lost them."""
    with database_ready():
        user = factors.reset(_account_of(email), by=None, now=clock.now())
        click.echo(f"{user.display_name} signs in with the password alone now.")
        if factors.is_demanded(user):
            click.echo("At the next sign-in, a new second factor has to be set up.")


def _account_of(email: str) -> int:
    found = next((row for row in office_pages.accounts() if row.email == email.strip().lower()), None)
    if found is None:
        raise click.ClickException(f"Nobody signs in with {email}.")
    return found.id


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
    if added.ends_at is not None:
        click.echo("It has to be changed at the first sign-in, within seven days.")
