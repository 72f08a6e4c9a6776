from __future__ import annotations

import pytest

from poseidon_nb.errors import ConfigurationError
from poseidon_nb.transport.config import is_loopback, validate_base_url


@pytest.mark.parametrize(
    ("given", "checked"),
    [
        ("https://api.digitalocean.com", "https://api.digitalocean.com"),
        (" https://api.digitalocean.com/ ", "https://api.digitalocean.com"),
        ("https://proxy.example:8443/do/", "https://proxy.example:8443/do"),
        ("http://127.0.0.1:80", "http://127.0.0.1:80"),
        ("http://127.9.8.7", "http://127.9.8.7"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://LOCALHOST", "http://LOCALHOST"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_https_and_loopback_urls_are_valid(given, checked):
    assert validate_base_url(given) == checked


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("http://api.digitalocean.com", "must use https"),
        ("http://10.0.0.1", "must use https"),
        ("http://0.0.0.0", "must use https"),
        ("http://localhost.evil.example", "must use https"),
        ("http://127.0.0.1.evil.example", "must use https"),
        ("http://[::2]", "must use https"),
        ("https://SECRET@api.digitalocean.com", "user or password"),
        ("https://user:SECRET@api.digitalocean.com", "user or password"),
        ("https://@api.digitalocean.com", "user or password"),
        ("http://127.0.0.1@evil.example", "user or password"),
        ("https://api.digitalocean.com?token=SECRET", "must not contain a query"),
        ("https://api.digitalocean.com/?", "must not contain a query"),
        ("https://api.digitalocean.com/#SECRET", "must not contain a query"),
        ("http://127.0.0.1#@evil.example", "must not contain a query"),
        ("dop_v1_SECRET", "not a valid URL"),
        ("https://u:SECRET@h:port", "not a valid URL"),
        ("https://[SECRET", "not a valid URL"),
        ("https://", "not a valid URL"),
        ("", "not a valid URL"),
        ("ftp://api.digitalocean.com", "not a valid URL"),
        ("api.digitalocean.com", "not a valid URL"),
        ("//api.digitalocean.com", "not a valid URL"),
        ("https://api.digital ocean.com", "not a valid URL"),
        ("https://api.digital\nocean.com", "not a valid URL"),
        ("https://api.digitalocean.com\\@evil.example", "not a valid URL"),
        ("http://127.0.0.1\\.evil.example", "not a valid URL"),
        ("https://api.digitalocean.com:99999", "not a valid URL"),
    ],
)
def test_other_base_urls_are_refused_and_not_quoted(given, why):
    with pytest.raises(ConfigurationError, match=why) as caught:
        validate_base_url(given)
    assert "SECRET" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.1", "::1", "localhost"])
def test_loopback_hosts_are_recognized(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "128.0.0.1", "127.1", "0x7f000001", "::", "example.com", "localhost."])
def test_other_hosts_are_not_loopback(host):
    assert not is_loopback(host)
