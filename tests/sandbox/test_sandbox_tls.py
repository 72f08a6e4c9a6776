"""The sandbox over TLS: a certificate made at the start, or one of the user's own."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from poseidon_nb.errors import ConfigurationError
from poseidon_nb.sandbox import Sandbox

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Sandbox(ca_file=tmp_path_factory.mktemp("tls") / "ca.pem") as sandbox:
        yield sandbox


def ask(sandbox, path, context, url=""):
    request = urllib.request.Request((url or sandbox.url) + path, headers={"Authorization": f"Bearer {sandbox.token}"})
    handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
    with urllib.request.build_opener(*handlers).open(request) as reply:
        return json.loads(reply.read())


def trusting(file):
    context = ssl.create_default_context(cafile=file)
    # As strict as Python 3.13 is by default.
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def test_clients_that_trust_the_ca_file_are_served_by_address_and_by_name(served):
    assert served.url.startswith("https://127.0.0.1:")
    context = trusting(served.ca_file)
    for url in ("", served.url.replace("127.0.0.1", "localhost")):
        page = ask(served, "/v2/droplets?per_page=2", context, url)
        assert page["links"]["pages"]["next"].startswith(f"{url or served.url}/v2/droplets?")
    assert "PRIVATE" not in served.ca_file.read_text()
    assert {*served.environment} >= {
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
        "DIGITALOCEAN_API_URL",
    }


def test_a_client_that_does_not_trust_it_is_refused_and_the_server_goes_on(served, capfd):
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        ask(served, "/v2/account", ssl.create_default_context())
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2]))) as idle:
        assert ask(served, "/v2/account", trusting(served.ca_file))["account"]
        idle.sendall(b"GET /v2/account HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = idle.recv(1000).decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert "Its URL begins with https://." in answer
    assert capfd.readouterr().err == ""


def test_other_libraries_find_the_certificate_by_the_environment(served, monkeypatch):
    import requests

    import poseidon_nb as po

    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    reply = requests.get(f"{served.url}/v2/account", headers={"Authorization": f"Bearer {served.token}"}, timeout=10)
    assert reply.status_code == 200
    assert len(po.connect().droplets.list()) == 13


def test_a_large_response_many_connections_and_a_stop():
    with Sandbox(droplets=300, tls=True) as sandbox:
        file, context = sandbox.ca_file, trusting(sandbox.ca_file)
        assert len(ask(sandbox, "/v2/droplets?per_page=200", context)["droplets"]) == 200
        port = int(sandbox.url.rpartition(":")[2])
        opened = [socket.create_connection(("127.0.0.1", port)) for _ in range(9)]
        opened[:8] = [context.wrap_socket(one, server_hostname="localhost") for one in opened[:8]]
    for connection in opened:
        connection.settimeout(5)
        assert connection.recv(1) == b"", "the last one never began with TLS"
        connection.close()
    assert not file.exists()
    assert sandbox.ca_file is None


def test_a_certificate_of_the_users_own(tmp_path):
    from poseidon_nb.sandbox.tls_certificates import make_certificates

    ca, server = make_certificates(datetime.now(UTC))
    (tmp_path / "ca.pem").write_bytes(ca)
    (tmp_path / "both.pem").write_bytes(server)
    parts = server.partition(b"-----BEGIN PRIVATE KEY-----")
    (tmp_path / "cert.pem").write_bytes(parts[0])
    (tmp_path / "key.pem").write_bytes(parts[1] + parts[2])
    for files in ({"cert": tmp_path / "both.pem"}, {"cert": tmp_path / "cert.pem", "key": tmp_path / "key.pem"}):
        with Sandbox(droplets=0, **files) as sandbox:
            assert ask(sandbox, "/v2/account", trusting(tmp_path / "ca.pem"))["account"]
            assert sandbox.ca_file is None


def test_files_that_do_not_fit_are_refused_in_one_line(tmp_path):
    (tmp_path / "bad.pem").write_text("nothing")
    refused = {
        "A key needs its certificate: give both (--cert and --key).": {"key": "k.pem"},
        "A certificate of your own has no CA file to be written: leave out --ca-file.": {"cert": "c", "ca_file": "d"},
        f"No certificate with its key can be read from {tmp_path}/no.pem: No such file or directory.": {
            "cert": tmp_path / "no.pem"
        },
        f"The CA's certificate cannot be written to {tmp_path}/no/ca.pem: No such file or directory.": {
            "ca_file": tmp_path / "no" / "ca.pem"
        },
    }
    for text, files in refused.items():
        with pytest.raises(ConfigurationError) as caught:
            Sandbox(droplets=0, **files).start()
        assert str(caught.value) == text
    with pytest.raises(ConfigurationError, match=r"No certificate with its key can be read from \S+/bad.pem: .+\."):
        Sandbox(droplets=0, cert=tmp_path / "bad.pem").start()


def test_a_start_that_fails_leaves_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Sandbox(droplets=0) as other:
        sandbox = Sandbox(droplets=0, tls=True, port=int(other.url.rpartition(":")[2]))
        with pytest.raises(ConfigurationError, match="is in use"):
            sandbox.start()
    assert [*tmp_path.iterdir()] == []
    assert sandbox.ca_file is None


def test_without_cryptography_one_line_says_what_to_install():
    code = (
        "import sys; sys.modules['cryptography'] = None; from poseidon_nb.sandbox.__main__ import main; main(['--tls'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "pip install 'poseidon-nb[tls]'" in done.stderr
    assert done.stderr.count("\n") == 1
