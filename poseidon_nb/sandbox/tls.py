"""TLS for clients that refuse plain HTTP: a certificate made at the start, or one of the user's own.

The certificate is for 127.0.0.1 and localhost, and is signed by a certificate authority (CA) that is made with it. Clients
trust the sandbox if they trust the CA's certificate, which is written to a file. The keys are never kept: that of the CA is
forgotten at once, and that of the server is in a file for a moment only, because Python's ssl reads keys from files.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from poseidon_nb.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    _Path = str | os.PathLike[str]


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
    try:
        from poseidon_nb.sandbox.tls_certificates import make_certificates  # noqa: PLC0415  # cryptography is an extra
    except ImportError:
        raise ConfigurationError(
            "TLS needs the package cryptography: pip install 'poseidon-nb[tls]', or give a certificate of your own "
            "(--cert and --key)."
        ) from None
    ca, server = make_certificates(now)
    try:
        ca_file.write_bytes(ca)
    except OSError as error:
        raise ConfigurationError(f"The CA's certificate cannot be written to {ca_file}: {error.strerror}.") from error
    with tempfile.TemporaryDirectory(prefix="poseidon-tls-") as folder:  # only its owner may read it
        file = Path(folder, "server.pem")
        file.write_bytes(server)
        return load_context(file, None)
