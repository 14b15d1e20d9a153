"""An authority for the tests, by certomancer: a root, an intermediate, signers, and a clock. Nothing of it is real.

Its certificates are valid for centuries, except that of the signer whose certificate has expired. pyHanko signs.
"""

import io
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from asn1crypto import pem
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig, KeyLabel, ServiceLabel
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

SIGNED_AT = datetime(2027, 1, 6, 2, 30, tzinfo=UTC)
KEYS = ("root", "interm", "tsa", "head", "deputy", "expired", "revoked", "foreign-root", "stranger")
CENTURIES = {"valid-from": "2000-01-01T00:00:00+0000", "valid-to": "2400-01-01T00:00:00+0000"}
USES = {"schema": "key-usage", "params": ["digital_signature", "non_repudiation"]}
LISTED_AT = {"schema": "crl-dist-url", "params": {"crl-repo-names": ["interm"]}}
SIGNS = [
    {"id": "key_usage", "critical": True, "smart-value": USES},
    {"id": "crl_distribution_points", "smart-value": LISTED_AT},
]
ISSUES = [
    {"id": "basic_constraints", "critical": True, "value": {"ca": True}},
    {"id": "key_usage", "critical": True, "smart-value": {"schema": "key-usage", "params": ["key_cert_sign", "crl_sign"]}},
]  # fmt: skip


def root() -> bytes:
    """Return the root's certificate as DER."""
    return certificate("root")


def root_pem() -> bytes:
    return pem.armor("CERTIFICATE", root())


def foreign_root() -> bytes:
    return certificate("foreign-root")


def certificate(label: str) -> bytes:
    """Return a certificate as DER."""
    return _cert(label).dump()


def signed(
    data: bytes, who: str = "head", *, field: str = "Sig1", stamped: bool = False, long_term: bool = False,
    certify: bool = False,
) -> bytes:  # fmt: skip
    """Return the PDF signed (PAdES B-B). stamped: with the authority's clock, at SIGNED_AT. long_term: B-LT, with proofs.

    certify: no other change is allowed afterwards than further signatures.
    """
    settings: dict[str, Any] = {}
    if long_term:
        context = ValidationContext(
            trust_roots=[_cert("root")], other_certs=[_cert("interm"), _cert("tsa")], crls=crls(), moment=SIGNED_AT,
            allow_fetching=False, revocation_mode="hard-fail",
        )  # fmt: skip
        settings = {"embed_validation_info": True, "validation_context": context}
    if certify:
        settings |= {"certify": True, "docmdp_permissions": fields.MDPPerm.FILL_FORMS}
    meta = signers.PdfSignatureMetadata(
        field_name=field, subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256", **settings
    )
    signer, clock = _signer(who), _clock() if stamped or long_term else None
    # pyHanko starts an event loop of its own, so it needs a thread that has none; after browser tests this one has Playwright's.
    with ThreadPoolExecutor(1) as apart:
        out = apart.submit(
            signers.sign_pdf, IncrementalPdfFileWriter(io.BytesIO(data)), meta, signer=signer, timestamper=clock
        ).result()
    return out.getvalue()


def crls() -> list[Any]:
    """Return the lists of revoked certificates."""
    services = _arch().service_registry
    return [services.get_crl(ServiceLabel(name), at_time=SIGNED_AT) for name in ("root", "interm")]


@cache
def _signer(who: str) -> signers.SimpleSigner:
    others = [_cert("foreign-root")] if who == "stranger" else [_cert("interm"), _cert("root")]
    return signers.SimpleSigner(
        signing_cert=_cert(who), signing_key=_arch().key_set.get_private_key(KeyLabel(who)),
        cert_registry=SimpleCertificateStore.from_certs(others),
    )  # fmt: skip


@cache
def _clock() -> DummyTimeStamper:
    return DummyTimeStamper(
        tsa_cert=_cert("tsa"), tsa_key=_arch().key_set.get_private_key(KeyLabel("tsa")), fixed_dt=SIGNED_AT,
        certs_to_embed=SimpleCertificateStore.from_certs([_cert("root")]),
    )  # fmt: skip


def _cert(label: str) -> Any:
    return _arch().get_cert(CertLabel(label))


@cache
def _arch() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        for name in KEYS:
            clock = name == "tsa"  # pyHanko's clock for tests signs with RSA only
            key = rsa.generate_private_key(65537, 2048) if clock else ec.generate_private_key(ec.SECP256R1())
            written = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            Path(folder, f"{name}.pem").write_bytes(written)
        config = CertomancerConfig(_config(), key_search_dir=folder)
        arch = config.get_pki_arch(ArchLabel("tests"))
        for name in KEYS:
            arch.key_set.get_private_key(KeyLabel(name))
        return arch


def _config() -> dict[str, Any]:
    def leaf(issuer: str = "interm", extensions: Any = SIGNS, **values: Any) -> dict[str, Any]:
        return {"issuer": issuer, "validity": CENTURIES, "extensions": extensions, **values}

    def top(name: str) -> dict[str, Any]:
        own = {"subject": name, "subject-key": name, "issuer": name, "authority-key": name}
        return {**own, "validity": CENTURIES, "extensions": ISSUES}

    stamping = [{"id": "extended_key_usage", "critical": True, "value": ["time_stamping"]}]
    names = {
        "root": "Akar Uji", "interm": "Otoritas Uji", "tsa": "Jam Uji", "head": "Siti Contoh", "deputy": "Budi Contoh",
        "expired": "Rina Contoh", "revoked": "Dewi Contoh", "foreign-root": "Akar Lain", "stranger": "Orang Lain",
    }  # fmt: skip
    return {
        "external-url-prefix": "http://authority.example",
        "keysets": {"tests": {"keys": {name: {"path": f"{name}.pem"} for name in KEYS}}},
        "pki-architectures": {
            "tests": {
                "keyset": "tests",
                "entity-defaults": {"country-name": "ID", "organization-name": "Lembaga Uji"},
                "entities": {name: {"common-name": shown} for name, shown in names.items()},
                "certs": {
                    "root": top("root"),
                    "interm": leaf("root", ISSUES),
                    "tsa": leaf("root", stamping),
                    "head": leaf(),
                    "deputy": leaf(),
                    "expired": leaf(
                        validity={"valid-from": "2020-01-01T00:00:00+0000", "valid-to": "2022-01-01T00:00:00+0000"}
                    ),
                    "revoked": leaf(
                        revocation={"revoked-since": "2026-01-01T00:00:00+0000", "reason": "key_compromise"}
                    ),
                    "foreign-root": top("foreign-root"),
                    "stranger": leaf("foreign-root"),
                },
                "services": {
                    "crl-repo": {
                        name: {"for-issuer": name, "signing-key": name, "simulated-update-schedule": "P90D"}
                        for name in ("root", "interm")
                    },
                },
            }
        },
    }
