"""Domains and their records: all types, names in either form, and what was read can be written again."""

from __future__ import annotations

import pytest

from poseidon_nb.client.domains import api_data, full_name, relative_name
from poseidon_nb.errors import InvalidArgument, NotFound, OutcomeUnknown, ServerError, Unprocessable

NAME = "client-test.example"


@pytest.fixture
def domain(client):
    return client.domains.create(NAME, "203.0.113.7")


@pytest.fixture
def records(domain):
    return domain.records


@pytest.mark.parametrize(
    ("name", "relative", "full"),
    [
        ("www", "www", "www.a.com"),
        ("www.a.com", "www", "www.a.com"),
        ("www.a.com.", "www", "www.a.com"),
        ("WWW.A.com", "WWW", "WWW.a.com"),
        ("x.y", "x.y", "x.y.a.com"),
        ("*", "*", "*.a.com"),
        ("@", "@", "a.com"),
        ("", "@", "a.com"),
        ("a.com", "@", "a.com"),
        ("a.com.", "@", "a.com"),
        ("ba.com", "ba.com", "ba.com.a.com"),
    ],
)
def test_a_name_may_be_relative_or_full(name, relative, full):
    assert relative_name(name, "a.com") == relative
    assert full_name(name, "a.com") == full


def test_a_full_name_of_another_domain_is_refused():
    with pytest.raises(InvalidArgument, match=r"'www.b.com.' is not in a.com"):
        relative_name("www.b.com.", "a.com")


@pytest.mark.parametrize(
    ("kind", "data", "tag", "written"),
    [
        ("CNAME", "b.com", None, "b.com."),
        ("CNAME", "b.com.", None, "b.com."),
        ("CNAME", "@", None, "@"),
        ("MX", "mail.b.com", None, "mail.b.com."),
        ("NS", "ns1.b.com", None, "ns1.b.com."),
        ("SRV", "sip.b.com", None, "sip.b.com."),
        ("CAA", "letsencrypt.org", "issue", "letsencrypt.org."),
        ("CAA", "mailto:a@b.com", "iodef", "mailto:a@b.com"),
        ("CAA", ";", "issue", ";"),
        ("A", "203.0.113.7", None, "203.0.113.7"),
        ("TXT", "v=spf1 -all", None, "v=spf1 -all"),
    ],
)
def test_a_full_name_is_written_with_a_dot_at_its_end(kind, data, tag, written):
    assert api_data(kind, data, tag=tag) == written


def test_a_domain_is_created_read_listed_and_deleted(client, domain):
    assert (domain["name"], domain.name) == (NAME, NAME)
    assert domain in client.domains.list()
    again = client.domains.get(f"{NAME}.")
    assert again == domain
    assert "203.0.113.7" in again.zone_file
    assert domain.refresh().zone_file == again.zone_file
    assert repr(domain) == f"<Domain {NAME}>"
    assert NAME in [*client.domains.frame()["name"]]
    domain.delete()
    with pytest.raises(NotFound):
        domain.refresh()


def test_a_domain_without_an_address_has_no_a_record(client):
    assert client.domains.create("bare.example").records.list(type="A") == []


def test_a_domain_that_does_not_exist_is_reported_with_suggestions(client, domain):
    with pytest.raises(NotFound, match=f"Did you mean {NAME}"):
        client.domains.get("client-tset.example")


def test_a_domain_whose_response_was_lost_is_found(client, sandbox, sent):
    sandbox.fault("lost_after", operation="domains_create")
    assert client.domains.create(NAME, "203.0.113.7").name == NAME
    sandbox.fault("lost_before", operation="domains_create")
    # It is there, but does not lead to where it was asked to lead.
    with pytest.raises(OutcomeUnknown, match="%do domains list"):
        client.domains.create(NAME, "203.0.113.8")
    assert len(sent("POST")) == 2


def test_a_delete_whose_response_was_lost_is_searched_for(client, domain, sandbox, sent):
    sandbox.fault("lost_after", operation="domains_delete")
    client.domains.delete(NAME)
    assert len(sent("DELETE")) == 1


ALL = [
    ("A", "www", "203.0.113.8", {}),
    ("AAAA", "www", "2001:db8::8", {"ttl": 60}),
    ("CAA", "@", "letsencrypt.org", {"flags": 0, "tag": "issue"}),
    ("CAA", "@", "mailto:a@b.com", {"flags": 128, "tag": "iodef"}),
    ("CNAME", "blog", "pages.example.net", {}),
    ("MX", "@", "mail.example.net", {"priority": 10}),
    ("NS", "sub", "ns1.example.net", {}),
    ("SRV", "_sip._tcp", "sip.example.net", {"priority": 1, "port": 5060, "weight": 5}),
    ("TXT", "@", "v=spf1 <b>-all</b>", {}),
]


@pytest.mark.parametrize(("kind", "name", "data", "fields"), ALL)
def test_a_record_of_each_type_is_created_and_what_was_read_can_be_written_again(records, kind, name, data, fields):
    record = records.create(kind, name, data, **fields)
    assert (record.type, record.name, record.data) == (kind, name, data)
    assert {field: record[field] for field in fields} == fields
    assert records.get(record.id) == record
    read = {field: record[field] for field in ("name", "data", "priority", "port", "weight", "flags", "tag")}
    assert record.update(**read, ttl=120) is record
    assert record.ttl == 120
    record.delete()
    with pytest.raises(NotFound):
        record.refresh()
    assert records.create(kind.lower(), **read).data == data


def test_records_are_listed_by_type_and_name_in_either_form(records):
    www = [records.create("A", "www", "203.0.113.8"), records.create("AAAA", f"www.{NAME}", "2001:db8::8")]
    assert records.list(name="www") == records.list(name=f"www.{NAME}.") == www
    assert records.list(name="www", type="aaaa") == www[1:]
    assert [one.data for one in records.list(name="@", type="A")] == ["203.0.113.7"]
    assert {"NS", "A", "AAAA"} <= {one.type for one in records.list()}
    assert len(records.frame(type="NS")) == 3
    assert www[0].full_name == f"www.{NAME}"
    assert repr(www[0]) == f"<Record {www[0].id} A www 203.0.113.8>"
    assert repr(records) == f"<Records of {NAME}>"


def test_a_record_is_renamed_and_updated_by_its_id_or_itself(client, records):
    record = records.create("CNAME", "blog", "pages.example.net")
    assert record.rename("news").name == "news"
    assert records.rename(record.id, f"press.{NAME}").name == "press"
    assert records.update(record.id, data="other.example.net").data == "other.example.net"
    assert client.domains.records(NAME).get(record.id).name == "press"
    records.delete(record.id)


def test_only_what_changes_is_sent(records, sandbox):
    record = records.create("MX", "@", "mail.example.net", priority=10)
    record.update(ttl=300)
    assert (record.data, record.priority, record.ttl) == ("mail.example.net", 10, 300)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"prority": 10}, "Unknown field 'prority' of domains_create_record. Did you mean priority"),
        ({"name": "a.b.c."}, "is not in"),
    ],
)
def test_invalid_arguments_are_refused_before_anything_is_sent(records, sent, wrong, told):
    before = len(sent("POST"))
    with pytest.raises(InvalidArgument, match=told):
        records.create("MX", data="mail.example.net", **wrong)
    assert len(sent("POST")) == before


def test_an_update_of_nothing_is_refused(records, sent):
    record = records.list(type="A")[0]
    with pytest.raises(InvalidArgument, match="update requires at least one field"):
        record.update()
    assert sent("PATCH") == []


def test_an_unknown_type_is_the_services_to_refuse_and_is_explained(records):
    with pytest.raises(Unprocessable, match=r"Unknown record type 'CNAM'. Did you mean CNAME"):
        records.create("CNAM", "x", "y")


def test_a_record_whose_response_was_lost_is_found_and_an_older_one_is_not_mistaken_for_it(records, sandbox, sent):
    before = len(sent("POST"))
    sandbox.fault("lost_after", operation="domains_create_record")
    record = records.create("CNAME", "blog", "Pages.example.net.")
    assert record.name == "blog"
    sandbox.fault("lost_before", operation="domains_create_record")
    with pytest.raises(OutcomeUnknown, match=f"%do records list {NAME}"):
        records.create("CNAME", "blog", "pages.example.net")
    assert len(sent("POST")) == before + 2


def test_a_change_whose_response_was_lost_is_read_back(records, sandbox, sent):
    record = records.create("A", "www", "203.0.113.8")
    sandbox.fault("lost_after", operation="domains_patch_record")
    assert record.update(data="203.0.113.9").data == "203.0.113.9"
    sandbox.fault("status", status=500, operation="domains_patch_record")
    with pytest.raises(ServerError, match="Before repeating it"):
        record.update(data="203.0.113.10")
    assert len(sent("PATCH")) == 2
    sandbox.fault("lost_after", operation="domains_delete_record")
    record.delete()
    assert len(sent("DELETE")) == 1
