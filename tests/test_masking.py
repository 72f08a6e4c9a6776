"""What counts as secret, and how data with secrets prints."""

from __future__ import annotations

import copy
import json
import pickle
import time

import pytest
from IPython.lib.pretty import pretty

from poseidon_nb.masked_data import MaskedDict, MaskedList, MaskedText, with_masked_repr
from poseidon_nb.masking import (
    HIDDEN,
    MASK,
    SECRET_TEXTS,
    find_secrets,
    mask,
    mask_in_text,
    masked_fields,
    may_hold_secret_text,
)
from poseidon_nb.transport.request import Request

KEY = "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"
KUBECONFIG = "apiVersion: v1\nusers:\n- name: admin\n  user:\n    token: s3cret-value\n"
DATABASE = {
    "id": "9cc10173",
    "connection": {"uri": "postgresql://doadmin:s3cret@host:25060/db", "user": "doadmin", "password": "s3cret"},
    "users": [{"name": "a", "password": "s3cret"}, {"name": "b", "password": None}],
}


@pytest.mark.parametrize(
    "value",
    [
        {"password": "a"},
        {"root_password": "a"},
        {"rootPassword": "a"},
        {"password": 12345},
        {"sink": [{"config": {"datadog_api_key": "b"}}]},
        {"envs": [{"key": "A", "type": "SECRET", "value": "d"}]},
        {"envs": [{"key": "DB_PASSWORD", "value": "d"}]},
        {"service_key": {"value": "k"}},
        {"tokens": [{"name": "t", "value": "v"}]},
        {"access_tokens": ["v"]},
        {"user": {"access_cert": "c", "access_key": "k"}},
        {"config": {"cert": "c", "key": "k"}},
        {"auths": {"registry.digitalocean.com": {"auth": "YTpiYTpiYTpiYTpi"}}},
        {"uri": "host", "password": "p"},
        {"note": KEY},
        {"note": "the token is dop_v1_0123456789abcdef"},
        {"note": "postgres://u:p@h/d"},
        {"note": "host=h password=p"},
        {"note": "export DB_PASSWORD=p"},
        {"note": "api_key=p"},
        {"note": "a: b\nclient_secret: p\n"},
        {"namespace": {"api_host": "h", "key": "k"}},
        {"secrets": {"anything": "p"}},
        {"passwords": "p", "password1": "p"},
        {"APIToken": "p", "encryption_key": "p", "jwt": "p"},
        {"envs": [{"key": "A", "type": "secret", "value": "d"}]},
        {"note": "password = p"},
        {"note": "Authorization: Bearer 0123456789"},
        {"url": "https://hooks.slack.com/services/T/B/x"},
        {"url": "https://x.nyc3.digitaloceanspaces.com/a?X-Amz-Signature=12"},
        {"url": "wss://exec/?token=xxx"},
        {"note": 'the file has {"client_secret": "x"}'},
        {"kubeconfig": "anything"},
        [{"a": [{"b": {"private_key": "k"}}]}],
        KUBECONFIG,
    ],
)
def test_a_secret_is_found_by_its_name_or_its_text(value):
    masked = mask(value)
    assert masked != value
    assert masked_fields(masked)


@pytest.mark.parametrize(
    "value",
    [
        {"password": None, "token": "", "password_set": True},
        {"max_tokens": 5, "stop_token": "g", "token": 3, "tokens": 7},
        {"choices": [{"token": "Hello", "logprob": -0.1}]},
        {"public_key": "ssh-ed25519 AAAA password=x", "fingerprint": "3b:16:bf", "digest": "sha256:12", "id": "dop"},
        {"api_key_uuid": "123e4567", "access_key": "DO00SPACESKEYID", "key": "BASE_URL", "value": "http://google.com"},
        {"uri": "/about", "url": "https://registry.example.com:5000/app@sha256:ab", "user": "doadmin"},
        {"link": "https://api.digitalocean.com/v2/images?page=2&per_page=20&sort_key=name"},
        {"certificate": "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----"},
        {"description": "high-token-password ghosts"},
        {"note": "a: b\nkey: a-long-name-of-a-label\n", "taint": '{"key": "a-long-name"}', "kernel": "key=0123456789"},
        {"auth": "basic", "has_password": "yes", "eos_token": "</s>", "cert": None, "key": "x"},
        {"url": "https://x/?key=value", "note": "PWD=/home/x ./run.sh", "uri": "/about", "password": True},
    ],
)
def test_what_only_resembles_a_secret_is_kept(value):
    assert mask(value) is value


def test_only_the_secret_is_masked():
    assert mask(DATABASE) == {
        "id": "9cc10173",
        "connection": {"uri": MASK, "user": "doadmin", "password": MASK},
        "users": [{"name": "a", "password": MASK}, {"name": "b", "password": None}],
    }
    assert masked_fields(mask(DATABASE)) == {("connection", "uri"), ("connection", "password"), ("users", "password")}
    assert mask(KUBECONFIG) == KUBECONFIG.replace("s3cret-value", MASK)
    assert mask(mask(DATABASE)) == mask(DATABASE)


def test_a_sentence_keeps_its_words():
    text = "Cannot reach postgres://u:s3cret@host with dop_v1_0123456789abcdef, see ?token=s3cret&a=1"
    assert mask_in_text(text) == f"Cannot reach postgres://u:{HIDDEN}@host with {HIDDEN}, see ?token={HIDDEN}&a=1"
    assert mask_in_text("The password is too short.") == "The password is too short."


@pytest.mark.parametrize("kind", SECRET_TEXTS, ids=lambda kind: kind.example[:20])
def test_each_kind_of_secret_text_is_found_by_itself(kind, monkeypatch):
    assert mask_in_text(kind.example) != kind.example
    monkeypatch.setattr("poseidon_nb.masking.SECRET_TEXTS", [one for one in SECRET_TEXTS if one is not kind])
    assert mask_in_text(kind.example) == kind.example
    assert may_hold_secret_text([kind.example])


def test_a_secret_that_occurs_again_in_a_text_is_hidden_there_too():
    text = "password hunter2 for postgres://u:hunter2@host is bad"
    assert mask_in_text(text) == f"password {HIDDEN} for postgres://u:{HIDDEN}@host is bad"


@pytest.mark.parametrize(
    "text", ["?" + "a" * 300_000, "eyJ-" * 100_000, "a-b=" * 100_000, "x: \n" * 100_000, "://a" * 100_000]
)
def test_long_text_takes_no_quadratic_time(text):
    # Each takes some milliseconds; with a quadratic pattern one of these would take minutes.
    started_s = time.process_time()
    mask_in_text(text)
    assert time.process_time() - started_s < 2


@pytest.mark.parametrize(
    "name",
    [
        *("password", "passphrase", "passwd", "pwd", "credential", "connection_string", "dsn"),
        *("X-Auth-Token", "apiKey", "client.secret"),
    ],
)
def test_each_word_for_a_secret_is_known(name):
    assert mask({name: "a"}) == {name: MASK}


def test_a_request_hides_its_secrets():
    request = Request("POST", "/v2/x", {"token": "s3cret"}, body={"api_key": "s3cret", "user_data": "s3cret"})
    assert "s3cret" not in repr(request)
    assert "api_key" in str(request)
    assert set(find_secrets({"a": [{"password": "s3cret"}]})) == {"s3cret"}
    assert set(find_secrets({"access_tokens": ["s3cret/a"], "note": "postgres://u:hunter2@h"})) == {
        *("s3cret/a", "s3cret%2Fa", "hunter2"),
    }


@pytest.mark.parametrize(
    "value", [{"database": DATABASE}, [DATABASE, {"id": "x"}], KUBECONFIG], ids=["dict", "list", "text"]
)
def test_data_prints_masked_and_holds_the_values(value):
    data = with_masked_repr(value)
    assert data == value
    assert isinstance(data, MaskedDict | MaskedList | MaskedText)
    assert json.dumps(data) == json.dumps(value)
    for text in (repr(data), pretty(data), repr(pickle.loads(pickle.dumps(data))), repr([data]), repr((data,))):
        assert "s3cret" not in text
        assert MASK in text
    for copied in (copy.copy(data), copy.deepcopy(data)):
        assert copied == value
        assert "s3cret" not in repr(copied)


def test_a_part_of_the_data_prints_masked_too():
    data = with_masked_repr({"database": DATABASE, "service_key": {"value": "s3cret"}})
    for part in (data["database"], data["database"]["users"], data["database"]["users"][0], data["service_key"]):
        assert "s3cret" not in repr(part) + repr(part.copy())
    assert data["database"]["connection"]["password"] == "s3cret"
    assert type(with_masked_repr({"a": {"b": 1}})["a"]) is dict


def test_data_of_any_depth_prints_without_its_secrets():
    deep: object = {"password": "s3cret"}
    for _ in range(2000):
        deep = [deep]
    assert mask(deep) == MASK
    assert "s3cret" not in repr(with_masked_repr(deep))
