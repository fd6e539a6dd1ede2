"""The certificate authority behind the server's TLS: made on first use, kept in the user's data directory.

``cryptography`` is imported only when the first certificate is made or read.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import ssl
import tempfile
import threading
from collections import OrderedDict
from datetime import datetime, timedelta, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import (
        AuthorityKeyIdentifier,
        Certificate,
        CertificateBuilder,
        GeneralName,
        KeyUsage,
        Name,
    )

CA_DAYS = 3650
LEAF_DAYS = 365
CACHED_CONTEXTS = 256
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\Z")
_OWN_NAMES = ("localhost", "*.localhost", "sundog.local", "*.sundog.local")
_OWN_ADDRESSES = ("127.0.0.1", "::1")


class Authority:
    """Signs a certificate for any host that a client names, and makes the TLS contexts that show them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.RLock()
        self._key: EllipticCurvePrivateKey | None = None
        self._certificate: Certificate | None = None
        self._leaf_key: EllipticCurvePrivateKey | None = None
        self._contexts: OrderedDict[tuple[str, ...], ssl.SSLContext] = OrderedDict()

    @property
    def path(self) -> Path:
        """Where clients find the authority's certificate; there once ``load`` has run."""
        return self.directory / "ca.pem"

    @property
    def key_path(self) -> Path:
        return self.directory / "ca-key.pem"

    def load(self) -> Path:
        """Read the authority, or make it; give the path of its certificate."""
        with self._lock:
            if self._certificate is None:
                self._key, self._certificate = self._read() or self._create()
                self._publish()
        return self.path

    def bundle(self) -> Path:
        """A file of this authority and of all that the Web trusts: for clients that know one file only."""
        botocore = find_spec("botocore")
        assert botocore is not None
        assert botocore.origin is not None
        web = Path(botocore.origin).with_name("cacert.pem")
        path = self.directory / "bundle.pem"
        pem = self.load().read_bytes() + (web.read_bytes() if web.exists() else b"")
        self._replace(path, pem)
        return path

    def context(self, host: str | None = None, also: tuple[str, ...] = ()) -> ssl.SSLContext:
        """The TLS context for a host; without one, for the server's own names and the addresses in ``also``."""
        names = _names(host) or (*_OWN_NAMES, *_OWN_ADDRESSES, *also)
        with self._lock:
            found = self._contexts.get(names)
            if found is not None:
                self._contexts.move_to_end(names)
                return found
            self.load()
            made = self._contexts[names] = self._make_context(names)
            while len(self._contexts) > CACHED_CONTEXTS:
                self._contexts.popitem(last=False)
            return made

    def _choose(self, tls: ssl.SSLObject, host: str | None, _context: ssl.SSLContext) -> None:
        """OpenSSL calls this with the name in the client's hello."""
        if host and _names(host):
            tls.context = self.context(host)

    def _make_context(self, names: tuple[str, ...]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        handle, path = tempfile.mkstemp(prefix="sundog-", suffix=".pem")  # mode 0600; ssl reads files only
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self._leaf(names))
            context.load_cert_chain(path)
        finally:
            os.unlink(path)
        context.sni_callback = self._choose
        return context

    def _leaf(self, names: tuple[str, ...]) -> bytes:
        """A certificate for the names, with its key and its chain, as PEM."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID

        assert self._key is not None
        assert self._certificate is not None
        if self._leaf_key is None:
            self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        issuer = self._certificate
        # The subject stays short (a common name holds 64 characters); clients go by the alternative names.
        certificate = (
            _builder(_name("sundog"), issuer.subject, self._leaf_key, LEAF_DAYS)
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(_issuer_id(issuer), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return (
            _pem_key(self._leaf_key)
            + certificate.public_bytes(serialization.Encoding.PEM)
            + issuer.public_bytes(serialization.Encoding.PEM)
        )

    def _read(self) -> tuple[EllipticCurvePrivateKey, Certificate] | None:
        """The key and certificate on disk, unless there are none or their time is over."""
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

        try:
            pem = self.key_path.read_bytes()
        except FileNotFoundError:
            return None
        if os.name == "posix" and self.key_path.stat().st_mode & 0o077:
            self.key_path.chmod(0o600)
        key = serialization.load_pem_private_key(pem, password=None)
        certificate = x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :])
        end = certificate.not_valid_after_utc
        if not isinstance(key, EllipticCurvePrivateKey) or end < _now() + timedelta(days=LEAF_DAYS):
            self.key_path.unlink(missing_ok=True)
            return None
        return key, certificate

    def _create(self) -> tuple[EllipticCurvePrivateKey, Certificate]:
        """Make the authority. Of several processes that do so at once, the first wins, for all."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Sundog CA (a mock cloud's, for tests)")
        certificate = (
            _builder(name, name, key, CA_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        pem = _pem_key(key) + certificate.public_bytes(serialization.Encoding.PEM)
        if not _write_once(self.key_path, pem):
            found = self._read()
            if found is not None:
                return found
            return self._create()
        return key, certificate

    def _publish(self) -> None:
        """Let ``path`` hold the certificate, and nothing but it."""
        from cryptography.hazmat.primitives import serialization

        assert self._certificate is not None
        self._replace(self.path, self._certificate.public_bytes(serialization.Encoding.PEM))

    def _replace(self, path: Path, pem: bytes) -> None:
        """Let a public file hold just this; whoever reads it meanwhile sees the old or the new."""
        with contextlib.suppress(FileNotFoundError):
            if path.read_bytes() == pem:
                return
        handle, temporary = tempfile.mkstemp(dir=self.directory)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)


def _names(host: str | None) -> tuple[str, ...]:
    """The names that the certificate for a host carries; none for what is no host.

    Deep names share the certificate of their parent (every bucket that of its endpoint), so that there are few.
    """
    if not host:
        return ()
    host = host.lower().rstrip(".")
    try:
        return (str(ipaddress.ip_address(host.strip("[]"))),)
    except ValueError:
        pass
    if not _HOST.match(host):
        return ()
    base = host.split(".", 1)[1] if host.count(".") >= 3 else host
    return (base, f"*.{base}") if len(base) <= 251 else (host,)


def _general_name(name: str) -> GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(common_name: str) -> Name:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def _builder(subject: Name, issuer: Name, key: EllipticCurvePrivateKey, days: int) -> CertificateBuilder:
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - timedelta(days=1))
        .not_valid_after(_now() + timedelta(days=days))
    )


def _usage(signs_certificates: bool) -> KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _issuer_id(issuer: Certificate) -> AuthorityKeyIdentifier:
    from cryptography import x509

    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _pem_key(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_once(path: Path, data: bytes) -> bool:
    """Write a file that only its owner may read, whole or not at all; False if there already is one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(temporary)
    return True


def _now() -> datetime:
    return datetime.now(timezone.utc)
