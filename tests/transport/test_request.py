from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from poseidon_nb.catalogue import operation
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.transport.request import Request, build_request

RECORD = operation("domains_get_record")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (12, "/v2/droplets/12"),
        ("a/b", "/v2/droplets/a%2Fb"),
        ("a?b#c", "/v2/droplets/a%3Fb%23c"),
        ("a b", "/v2/droplets/a%20b"),
        ("../keys", "/v2/droplets/..%2Fkeys"),
        ("%2e%2e", "/v2/droplets/%252e%252e"),
        ("3b:16:bf", "/v2/droplets/3b:16:bf"),
        ("é\n", "/v2/droplets/%C3%A9%0A"),
        ("...", "/v2/droplets/..."),
        ("{droplet_id}", "/v2/droplets/%7Bdroplet_id%7D"),
        (True, "/v2/droplets/true"),
    ],
)
def test_a_path_parameter_stays_inside_its_segment(value, path):
    assert build_request(operation("droplets_get"), path={"droplet_id": value}).path == path


@pytest.mark.parametrize("value", ["", None, ".", ".."])
def test_an_empty_or_dotted_path_parameter_is_refused(value):
    with pytest.raises(InvalidArgument, match=r"^droplets_destroy requires droplet_id\.$"):
        build_request(operation("droplets_destroy"), path={"droplet_id": value})


def test_all_missing_path_parameters_are_named():
    with pytest.raises(InvalidArgument, match=r"^domains_get_record requires domain_name and domain_record_id\.$"):
        build_request(RECORD)


SEGMENT = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1).filter(lambda text: text not in {".", ".."})


@given(domain=SEGMENT, record=SEGMENT)
def test_no_value_escapes_its_segment_in_the_url(domain, record):
    from poseidon_nb.transport.credentials import Token
    from poseidon_nb.transport.http import HTTPTransport

    request = build_request(RECORD, path={"domain_name": domain, "domain_record_id": record})
    wire = HTTPTransport("https://api.digitalocean.com", Token("a"))
    sent = urlsplit(wire._prepare(request).url)
    wire.close()
    v2, domains, first, records, second = sent.path.removeprefix("/").split("/")
    assert sent.netloc == "api.digitalocean.com"
    assert (v2, domains, unquote(first), records, unquote(second)) == ("v2", "domains", domain, "records", record)
    assert (sent.query, sent.fragment) == ("", "")


@given(
    st.dictionaries(
        st.text(st.characters(blacklist_categories=["Cs"]), min_size=1),
        st.text(st.characters(blacklist_categories=["Cs"])) | st.integers(),
    )
)
def test_any_query_arrives_unchanged(query):
    target = Request("GET", "/v2/droplets", query=query).target
    assert parse_qsl(urlsplit(target).query, keep_blank_values=True) == [(k, str(v)) for k, v in query.items()]


def test_lists_become_repeated_keys_and_booleans_text():
    request = build_request(
        operation("images_list"), query={"private": True, "tag": ["a b", "c"], "none": None, "no": False, "empty": []}
    )
    assert request.target == "/v2/images?private=true&tag=a+b&tag=c&no=false"


def test_additional_query_parameters_replace_existing_ones_in_a_copy():
    first = Request("GET", "/v2/images", query={"page": 1, "private": True})
    assert first.with_query(page=2).target == "/v2/images?page=2&private=true"
    assert first.target == "/v2/images?page=1&private=true"


def test_a_request_has_the_name_and_scopes_of_its_operation():
    request = build_request(operation("droplets_create"), body={"name": "a"})
    assert (request.label, request.method, request.scopes) == (
        "droplets_create",
        "POST",
        operation("droplets_create").scopes,
    )
    assert Request("GET", "/v2/x").label == "GET /v2/x"


def test_the_dry_run_prints_the_request_as_it_would_be_sent():
    request = Request("POST", "/v2/droplets", query={"a": "b c"}, body={"name": "é"}, headers={"X-Dangerous": "true"})
    assert str(request) == 'POST /v2/droplets?a=b+c\nX-Dangerous: true\n{\n  "name": "é"\n}'
    assert str(Request("PUT", "/upload", body=b"x" * 1234)) == "PUT /upload\n(1,234 bytes)"
    assert str(Request("DELETE", "/v2/droplets/1")) == "DELETE /v2/droplets/1"


def test_an_empty_object_is_a_body_and_none_is_not(new_session):
    assert Request("POST", "/", body={}).payload == b"{}"
    assert Request("POST", "/").payload is None
    with responses.RequestsMock() as api:
        api.post("https://api.digitalocean.com/v2/x", json={})
        new_session().send(Request("POST", "/v2/x"))
        assert api.calls[0].request.headers["Content-Length"] == "0"
        assert "Content-Type" not in api.calls[0].request.headers
