from __future__ import annotations

import pytest

from poseidon_nb.errors import ConfigurationError
from poseidon_nb.transport.config import API_URL, find_base_url, is_loopback, validate_base_url


@pytest.mark.parametrize(
    ("given", "checked"),
    [
        ("https://api.digitalocean.com", "https://api.digitalocean.com"),
        (" https://api.digitalocean.com/ ", "https://api.digitalocean.com"),
        ("https://proxy.example:8443/do/", "https://proxy.example:8443/do"),
        ("https://API.DigitalOcean.com:443/v2/", "https://api.digitalocean.com"),
        ("https://proxy.example/DO/v2", "https://proxy.example/DO"),
        ("https://proxy.example/v22", "https://proxy.example/v22"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://127.0.0.1:443", "http://127.0.0.1:443"),
        ("http://127.9.8.7", "http://127.9.8.7"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("HTTP://LOCALHOST:", "http://localhost"),
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
        ("https://api.digit\u0430locean.com", "not a valid URL"),
        ("https://api.digitalocean.com/\u202e", "not a valid URL"),
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


def test_the_environment_comes_before_doctl_and_errors_say_which_of_them_is_wrong(monkeypatch):
    doctl = "https://doctl.example/v2/"
    assert find_base_url() == "https://api.digitalocean.com"
    assert find_base_url(doctl) == "https://doctl.example"
    monkeypatch.setenv(API_URL, " https://named.example/ ")
    assert find_base_url(doctl) == find_base_url() == "https://named.example"
    monkeypatch.setenv(API_URL, "http://user:SECRET@named.example")
    with pytest.raises(ConfigurationError, match=r"^DIGITALOCEAN_API_URL must not contain a user") as caught:
        find_base_url(doctl)
    assert "SECRET" not in str(caught.value)
    monkeypatch.setenv(API_URL, "  ")
    with pytest.raises(ConfigurationError, match=r"^api-url of doctl's configuration must use https"):
        find_base_url("http://localhost.evil.example")
