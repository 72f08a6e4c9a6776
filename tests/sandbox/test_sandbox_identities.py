"""Certificates and keys that the sandbox makes, judged by RFC 8032 and by OpenSSL."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from poseidon_nb.sandbox.identities import make_identity, public_key, sign
from poseidon_nb.sandbox.services.certificates import read_certificate

if TYPE_CHECKING:
    from pathlib import Path


def test_keys_and_signatures_are_those_of_the_standard():
    # The third example of RFC 8032, section 7.1.
    secret = bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
    assert public_key(secret).hex() == "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
    assert sign(secret, b"\xaf\x82").hex() == (
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )


def test_a_chain_is_accepted_by_a_handshake(tmp_path: Path):
    at = 1_700_000_000.0
    authority = make_identity("Sandbox CA", at, 7, "authority")
    server = make_identity("cluster", at, 7, "server", issuer=authority, organization="Tidepool")
    assert server == make_identity("cluster", at, 7, "server", issuer=authority, organization="Tidepool")
    for name, text in (("cert", server.certificate), ("key", server.key)):
        (tmp_path / name).write_text(text)
    client, listener = ssl.create_default_context(cadata=authority.certificate), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client.check_hostname = False
    listener.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(back, there), listener.wrap_bio(there, back, server_side=True)]
    pending = ends
    for _ in range(5):
        pending = [end for end in pending if not _shook_hands(end)]
    assert pending == []
    assert dict(part[0] for part in ends[0].getpeercert()["subject"])["commonName"] == "cluster"


def test_a_certificate_may_be_valid_beyond_2049():
    identity = make_identity("cluster", 2_400_000_000.0, 7, "late")
    assert read_certificate(identity.certificate).not_after == "2056-01-17T18:40:00Z"


def _shook_hands(end: ssl.SSLObject) -> bool:
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
