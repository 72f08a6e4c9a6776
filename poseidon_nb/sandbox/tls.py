"""TLS for clients that refuse plain HTTP: a certificate made at the start, or one of the user's own.

The certificate is for 127.0.0.1 and localhost, and is signed by a certificate authority (CA) that is made with it. Clients
trust the sandbox if they trust the CA's certificate, which is written to a file. The keys are never kept: that of the CA is
forgotten at once, and that of the server is in a file for a moment only, because Python's ssl reads keys from files.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from poseidon_nb.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    _Path = str | os.PathLike[str]

_VALID_DAYS = 365
#: Some clients accept no certificate from the future, by clocks that differ.
_SKEW = timedelta(days=1)


class TLSFiles:
    """The files of a sandbox with TLS.

    Parameters
    ----------
    cert, key : path, optional
        A certificate of the user's own, and its key if that is in another file.
    ca_file : path, optional
        Where the certificate of the CA is written; by default a temporary file, which `forget` removes.

    Attributes
    ----------
    ca_file : Path or None
        The certificate that clients have to trust; None with a certificate of the user's own.

    Raises
    ------
    ConfigurationError
        The files do not fit together.
    """

    def __init__(self, cert: _Path | None, key: _Path | None, ca_file: _Path | None) -> None:
        if key is not None and cert is None:
            raise ConfigurationError("A key needs its certificate: give both (--cert and --key).")
        if cert is not None and ca_file is not None:
            raise ConfigurationError("A certificate of your own has no CA file to be written: leave out --ca-file.")
        self._cert, self._key = cert, key
        self._temporary = cert is None and ca_file is None
        self.ca_file = None if ca_file is None else Path(ca_file)

    def load(self, now: datetime) -> ssl.SSLContext:
        """Return the TLS settings of a server, and write the CA file."""
        if self._cert is not None:
            return load_context(self._cert, self._key)
        if self.ca_file is None:
            handle, name = tempfile.mkstemp(prefix="poseidon-ca-", suffix=".pem")
            os.close(handle)
            self.ca_file = Path(name)
        return make_context(self.ca_file, now)

    def forget(self) -> None:
        """Remove a temporary CA file."""
        if self._temporary and self.ca_file is not None:
            self.ca_file.unlink(missing_ok=True)
            self.ca_file = None


def load_context(cert: _Path, key: _Path | None) -> ssl.SSLContext:
    """Return the TLS settings of a server with a certificate from files; without a key, the first file has it too.

    Raises
    ------
    ConfigurationError
        The files cannot be read or do not fit together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key, password=lambda: "")
    except OSError as error:  # also ssl.SSLError
        reason = (
            error.strerror if error.errno and not isinstance(error, ssl.SSLError) else getattr(error, "reason", None)
        )
        files = f"{cert}" if key is None else f"{cert} and {key}"
        text = f"No certificate with its key can be read from {files}: {reason or 'they are not PEM files'}."
        raise ConfigurationError(text) from None
    return context


def make_context(ca_file: Path, now: datetime) -> ssl.SSLContext:
    """Return the TLS settings of a server with a new certificate, and write its CA's certificate to a file.

    Raises
    ------
    ConfigurationError
        cryptography is not installed, or the file cannot be written.
    """
    ca, server = _make_certificates(now)
    try:
        ca_file.write_bytes(ca)
    except OSError as error:
        raise ConfigurationError(f"The CA's certificate cannot be written to {ca_file}: {error.strerror}.") from error
    with tempfile.TemporaryDirectory(prefix="poseidon-tls-") as folder:  # only its owner may read it
        file = Path(folder, "server.pem")
        file.write_bytes(server)
        return load_context(file, None)


def _make_certificates(now: datetime) -> tuple[bytes, bytes]:
    """Return the CA's certificate, and the server's with its key, as PEM."""
    try:
        from cryptography import x509  # noqa: PLC0415  # an extra
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415  # likewise
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  # likewise
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415  # likewise
    except ImportError:
        raise ConfigurationError(
            "TLS needs the package cryptography: pip install 'poseidon-nb[tls]', or give a certificate of your own (--cert and --key)."
        ) from None
    from ipaddress import IPv4Address  # noqa: PLC0415  # only here

    def name(common: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])

    def usage(*, ca: bool) -> x509.KeyUsage:
        uses = dict.fromkeys(
            (
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        return x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **uses)

    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_id = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    issuer = name("poseidon_nb sandbox CA")

    def certificate(subject: x509.Name, public: ec.EllipticCurvePublicKey, *extensions: x509.ExtensionType) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _SKEW)
            .not_valid_after(now + timedelta(days=_VALID_DAYS))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )
        for extension in extensions:
            critical = isinstance(extension, x509.BasicConstraints | x509.KeyUsage)
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    ca = certificate(issuer, ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=0), usage(ca=True))
    server = certificate(
        name("localhost"),
        key.public_key(),
        x509.BasicConstraints(ca=False, path_length=None),
        usage(ca=False),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]),
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_id),
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return ca, server + private
