"""The demo's own authority: keys and certificates made on the spot, which sign the demo's letter. Nobody else trusts them.

Their names say that they are a demo's. The keys are forgotten when the command ends.
"""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import keys
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

AUTHORITY = "Otoritas Demo Outreach (bukan sungguhan)"
VALID_FOR = timedelta(days=730)


class _PdfSigner(signers.PdfSigner):
    """pyHanko's signer with a clock of its own: the demo plays its days in the past."""

    def __init__(self, *args: Any, at: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self._at = at

    def init_signing_session(self, *args: Any, **options: Any) -> Any:
        session = super().init_signing_session(*args, **options)
        session.system_time = self._at
        return session


@dataclass(frozen=True)
class DemoAuthority:
    """root: its certificate as DER."""

    root: bytes
    _signer: signers.SimpleSigner

    def signed(self, data: bytes, *, at: datetime) -> bytes:
        """Return a PDF with an electronic signature that covers all of it (PAdES B-B), signed at this time of the demo."""
        how = signers.PdfSignatureMetadata(
            field_name="Sig1", subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256"
        )
        # pyHanko starts an event loop of its own, so it needs a thread that has none.
        with ThreadPoolExecutor(1) as apart:
            writer = IncrementalPdfFileWriter(io.BytesIO(data))
            out = apart.submit(_PdfSigner(how, signer=self._signer, at=at).sign_pdf, writer).result()
        return bytes(out.getvalue())


def found(signer: str, organisation: str, *, now: datetime) -> DemoAuthority:
    """Make an authority and the certificate of one signer. now: from a day before it they are valid."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name(AUTHORITY, AUTHORITY)
    root = _certificate(root_name, root_key, root_name, root_key, now, authority=True)
    own = _certificate(_name(f"{signer} (demo)", organisation), key, root_name, root_key, now, authority=False)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    loaded = [asn1.Certificate.load(der) for der in (root, own)]
    return DemoAuthority(
        root,
        signers.SimpleSigner(
            signing_cert=loaded[1], signing_key=keys.PrivateKeyInfo.load(private),
            cert_registry=SimpleCertificateStore.from_certs(loaded[:1]),
        ),
    )  # fmt: skip


def _certificate(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime, *, authority: bool,
) -> bytes:  # fmt: skip
    start = now.astimezone(UTC) - timedelta(days=1)
    usage = dict.fromkeys(_USES, False) | ({"key_cert_sign": True, "crl_sign": True} if authority else _SIGNS)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def _name(common: str, organisation: str) -> x509.Name:
    parts = (
        (NameOID.COUNTRY_NAME, "ID"),
        (NameOID.ORGANIZATION_NAME, organisation[:64]),
        (NameOID.COMMON_NAME, common[:64]),
    )
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts])


_SIGNS = {"digital_signature": True, "content_commitment": True}
_USES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
    "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip
