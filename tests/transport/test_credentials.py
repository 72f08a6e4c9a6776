from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING

import pytest

from poseidon_nb.errors import ConfigurationError, NoSuchName, NoToken
from poseidon_nb.transport.credentials import (
    KEYRING_SERVICE,
    Credential,
    KernelLogin,
    Token,
    find_credential,
    read_doctl,
    read_keyring,
    save_to_keyring,
)

if TYPE_CHECKING:
    from pathlib import Path

DOCTL = """\
access-token: dop_v1_default
api-url: ""
auth-contexts:
  work: dop_v1_work
  home: dop_v1_home
  number: 12345
  nothing:
  "on": dop_v1_on
  list: [dop_v1_listed]
  pasted: "two words"
context: default
droplet:
  create:
    backups: false
output: text
"""


@pytest.fixture(autouse=True)
def keychain(monkeypatch):
    """Put a keyring in memory in the place of the system's; ``keychain.failure`` makes it fail."""
    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})
    errors.NoKeyringError = type("NoKeyringError", (errors.KeyringError, RuntimeError), {})
    fake = types.ModuleType("keyring")
    fake.errors, fake.kept, fake.failure = errors, {}, None

    def get_password(service, name):
        if fake.failure:
            raise fake.failure
        return fake.kept.get((service, name))

    def set_password(service, name, secret):
        if fake.failure:
            raise fake.failure
        fake.kept[service, name] = secret

    fake.get_password, fake.set_password = get_password, set_password
    monkeypatch.setitem(sys.modules, "keyring", fake)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return fake


@pytest.fixture
def doctl(tmp_path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(DOCTL)
    return path


@pytest.fixture
def find(tmp_path):
    def find_in(**options) -> Credential:
        options = {"environment": {}, "doctl_config": tmp_path / "none.yaml", "login": KernelLogin(), **options}
        return find_credential(**options)

    return find_in


def told(credential: Credential) -> tuple[str, str, str]:
    return credential.token.reveal(), credential.source, credential.context


def test_the_sources_are_tried_in_the_documented_order(find, doctl, keychain):
    keychain.kept[KEYRING_SERVICE, "default"] = "kept"
    login = KernelLogin()
    login.login(Token("typed"))
    environment = {
        "DIGITALOCEAN_ACCESS_TOKEN": "first",
        "DIGITALOCEAN_TOKEN": "second",
        "DIGITALOCEAN_API_KEY": "third",
    }
    everything = {"environment": environment, "doctl_config": doctl, "login": login}
    assert told(find(token="given", context="work", **everything)) == ("given", "token=", "")
    assert told(find(context="work", **everything)) == ("dop_v1_work", "doctl's context work", "work")
    assert told(find(**everything)) == ("typed", "the login in this kernel", "default")
    login.clear()
    for name, secret in [*environment.items()]:
        assert told(find(**everything)) == (secret, name, "")
        del environment[name]
    assert told(find(**everything)) == ("dop_v1_default", "doctl's context default", "default")
    doctl.unlink()
    assert told(find(**everything)) == ("kept", "the keyring", "default")
    keychain.kept.clear()
    with pytest.raises(NoToken):
        find(**everything)


def test_without_a_token_the_error_names_the_alternatives(find):
    with pytest.raises(NoToken, match=r"DIGITALOCEAN_ACCESS_TOKEN.*%do login.*%do sandbox start"):
        find(environment={"DIGITALOCEAN_TOKEN": "  "})


def test_doctls_configuration_has_contexts_and_a_current_one(doctl, find):
    found = read_doctl(doctl)
    assert {name: token.reveal() for name, token in found.tokens.items()} == {
        "default": "dop_v1_default",
        "work": "dop_v1_work",
        "home": "dop_v1_home",
        "on": "dop_v1_on",
    }
    assert found.current == "default"
    doctl.write_text(DOCTL.replace("context: default", "context: home"))
    assert told(find(doctl_config=doctl)) == ("dop_v1_home", "doctl's context home", "home")


def test_doctls_api_url_belongs_to_its_current_context_and_to_no_other_token(doctl, find, keychain):
    keychain.kept[KEYRING_SERVICE, "spare"] = "kept"
    doctl.write_text(DOCTL.replace('api-url: ""', "api-url: https://doctl.example/"))
    login = KernelLogin()
    everything = {"doctl_config": doctl, "login": login}
    assert find(**everything).api_url == find(context="default", **everything).api_url == "https://doctl.example/"
    others = [
        find(context="work", **everything),
        find(context="spare", **everything),
        find(token="given", context="default", **everything),
        find(environment={"DIGITALOCEAN_TOKEN": "named"}, **everything),
    ]
    login.login(Token("typed"))
    # A login replaces doctl's context of the same name.
    others += [find(**everything), find(context="default", **everything)]
    assert [one.api_url for one in others] == [""] * len(others)
    doctl.write_text(DOCTL.replace('api-url: ""', "api-url: [1, 2]"))
    assert read_doctl(doctl).api_url == "[1, 2]", "not a URL, which is an error when it is used"


def test_a_context_selected_in_this_kernel_applies_until_another_is_selected(doctl, find):
    login = KernelLogin()
    login.context = "home"
    assert find(doctl_config=doctl, login=login).context == "home"
    login.login(Token("mine"), "home")
    assert told(find(doctl_config=doctl, login=login)) == ("mine", "the login in this kernel", "home")
    assert login.contexts == ("home",)
    login.clear()
    assert (login.context, login.contexts) == (None, ())
    assert find(doctl_config=doctl, login=login).context == "default"


def test_a_context_in_the_keyring_is_found(find, keychain):
    assert save_to_keyring(Token("kept"), "work") is True
    assert told(find(context="work")) == ("kept", "the keyring", "work")


def test_an_unknown_context_names_the_closest_match(doctl, find):
    with pytest.raises(NoSuchName, match=r"Context 'wrk' not found. Did you mean work\?") as caught:
        find(context="wrk", doctl_config=doctl)
    assert caught.value.name == "wrk"


@pytest.mark.parametrize(
    "text",
    [
        "access-token: dop_v1_quoted: : [",
        "access-token: 'dop_v1_quoted",
        "\tdop_v1_quoted",
        "dop_v1_quoted",
        "[dop_v1_quoted]",
        "a: !!python/object/apply:os.system [dop_v1_quoted]",
        "dop_v1_quoted: 2026-13-45",
        "? {dop_v1_quoted: 1}\n: 2",
        "- &dop_v1_quoted [*dop_v1_quoted]",
        "access-token: \x00dop_v1_quoted",
        "[" * 1200 + "dop_v1_quoted",
    ],
)
def test_an_invalid_doctl_configuration_is_never_quoted(doctl, find, text):
    doctl.write_text(text)
    with pytest.raises(ConfigurationError, match="doctl's configuration") as caught:
        find(doctl_config=doctl)
    error: BaseException | None = caught.value
    while error is not None:
        assert "quoted" not in str(error)
        error = error.__cause__
    assert str(doctl) in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "# nothing", "auth-contexts: work", "auth-contexts: [a, b]", "access-token: 7", "context:"]
)
def test_a_doctl_configuration_without_tokens_has_none(doctl, find, text):
    doctl.write_text(text)
    with pytest.raises(NoToken):
        find(doctl_config=doctl)


def test_an_unreadable_doctl_configuration_is_reported(doctl, find, tmp_path):
    doctl.write_bytes(b"access-token: \xff\xfe")
    with pytest.raises(ConfigurationError, match="UnicodeDecodeError"):
        find(doctl_config=doctl)
    with pytest.raises(ConfigurationError, match="IsADirectoryError"):
        find(doctl_config=tmp_path)


def test_doctls_configuration_is_read_only_if_no_earlier_source_has_a_token(doctl, find):
    doctl.write_text("[")
    assert find(doctl_config=doctl, environment={"DIGITALOCEAN_TOKEN": "near"}).source == "DIGITALOCEAN_TOKEN"


@pytest.mark.parametrize("failure", ["KeyringError", "NoKeyringError", OSError, RuntimeError])
def test_a_keyring_that_fails_is_ignored(find, keychain, failure):
    kind = getattr(keychain.errors, failure) if isinstance(failure, str) else failure
    keychain.failure = kind("locked")
    assert save_to_keyring(Token("a"), "default") is False
    assert read_keyring("default") is None
    with pytest.raises(NoToken):
        find()


def test_without_the_keyring_package_there_is_no_keyring(find, monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert save_to_keyring(Token("a"), "default") is False
    with pytest.raises(NoToken):
        find()


@pytest.mark.parametrize("secret", ["", "  ", "two words", "dop_v1_…", "a\nb", "a\x00b"])
def test_an_invalid_token_is_refused_with_its_source_and_not_quoted(find, secret):
    with pytest.raises(ConfigurationError) as caught:
        Token(secret)
    assert not secret.strip() or secret not in str(caught.value)
    if secret.strip():
        with pytest.raises(ConfigurationError, match=r"^DIGITALOCEAN_TOKEN is not valid\. "):
            find(environment={"DIGITALOCEAN_TOKEN": secret})
