"""The office's root certificates: only what can issue certificates, and has not expired, is taken."""

import pytest
import sqlalchemy as sa
from asn1crypto import pem

from outreach.extensions import db
from outreach.models import AuditEntry, TrustedRoot
from outreach.services.letters import returned, roots
from outreach.services.letters.roots import NotACertificate, NotAnAuthority, RootMissing
from tests.world import NOW
from tests.world.letters import authority


def count() -> int:
    return db.session.scalar(sa.select(sa.func.count(TrustedRoot.id)))


@pytest.mark.parametrize("in_pem", [True, False])
def test_a_root_is_taken_as_pem_or_as_der(app, in_pem):
    (root,) = roots.add(authority.root_pem() if in_pem else authority.root(), by=None, now=NOW)
    assert (root.name, returned.trusted(db.session)) == ("Akar Uji", [authority.root()])
    assert db.session.scalars(sa.select(AuditEntry.action)).all() == ["trusted_root.added"]


def test_several_roots_come_in_one_file_and_each_is_kept_once(app):
    both = authority.root_pem() + pem.armor("CERTIFICATE", authority.foreign_root())
    assert [root.name for root in roots.add(both, by=None, now=NOW)] == ["Akar Uji", "Akar Lain"]
    roots.add(authority.root_pem(), by=None, now=NOW)
    assert count() == 2


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (b"", NotACertificate),
        (b"<html>", NotACertificate),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", NotACertificate),
        (b"-----BEGIN CERTIFICATE-----\n", NotACertificate),
        (b"\x30\x84\xff\xff\xff\xff" * 20, NotACertificate),
        (b"\0" * 70_000, NotACertificate),
        (authority.certificate("head"), NotAnAuthority),
    ],
)
def test_what_cannot_issue_certificates_is_refused_and_not_kept(app, data, refused):
    with pytest.raises(refused):
        roots.add(data, by=None, now=NOW)
    assert count() == 0


def test_a_removed_root_is_not_trusted_any_more(app):
    (root,) = roots.add(authority.root(), by=None, now=NOW)
    roots.remove(root.id, by=None, now=NOW)
    assert returned.trusted(db.session) == []
    with pytest.raises(RootMissing):
        roots.remove(root.id, by=None, now=NOW)
