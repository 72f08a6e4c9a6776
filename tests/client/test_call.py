"""Any operation by its name, and any request at all."""

from __future__ import annotations

import pytest
import requests
import responses

from poseidon_nb.client.client import connect
from poseidon_nb.errors import InvalidArgument, NoSuchName, OutcomeUnknown, ShapeError

API = "https://api.digitalocean.com"


@pytest.fixture
def real(clock):
    with connect(token="dop_v1_" + "0" * 64, clock=clock) as client:
        yield client


def test_a_field_goes_where_the_operation_has_it(client):
    request = client.request("tags_get", tag_id="a b")
    assert (request.method, request.path) == ("GET", "/v2/tags/a%20b")
    request = client.request("droplets_list", tag_name="web")
    assert request.target == "/v2/droplets?tag_name=web"
    request = client.request("droplets_create", name="a", size="s", image="i", tags=["x"])
    assert request.body == {"name": "a", "size": "s", "image": "i", "tags": ["x"]}


def test_the_parts_can_be_given_as_mappings_and_beside_fields(client):
    request = client.request("sshKeys_update", path={"ssh_key_identifier": 5}, body={"name": "a"}, headers={"X-A": "b"})
    assert (request.path, request.body, request.headers) == ("/v2/account/keys/5", {"name": "a"}, {"X-A": "b"})
    request = client.request("droplets_create", body={"size": "s", "image": "i"}, name="a")
    assert request.body == {"size": "s", "image": "i", "name": "a"}


def test_a_name_that_stands_in_two_places_goes_to_the_path_and_the_body_is_distinguished(client):
    request = client.request("vpcs_create_peerings", vpc_id="mine", body={"name": "p", "vpc_id": "theirs"})
    assert request.path == "/v2/vpcs/mine/peerings"
    assert request.body == {"name": "p", "vpc_id": "theirs"}


@pytest.mark.parametrize(
    ("operation_id", "parts", "told"),
    [
        ("droplets_create", {"sise": "s"}, "Unknown field 'sise' of droplets_create. Did you mean size"),
        ("droplets_create", {"body": {"sise": "s", "size": "s", "image": "i"}}, "Unknown field 'sise'"),
        ("droplets_create", {"name": "a"}, "droplets_create requires size and image"),
        ("droplets_create", {}, "droplets_create requires size and image"),
        ("droplets_create", {"size": None, "image": "i"}, "droplets_create requires size"),
        ("droplets_get", {}, "droplets_get requires droplet_id"),
        ("droplets_get", {"droplet_i": 5}, "Unknown field 'droplet_i' of .* Did you mean droplet_id"),
        ("droplets_get", {"path": {"droplet_id": ""}}, "droplets_get requires droplet_id"),
        ("droplets_get", {"path": {"droplet_id": ".."}}, "droplets_get requires droplet_id"),
        (
            "droplets_list",
            {"query": {"tag_nme": "x"}},
            "Unknown query parameter 'tag_nme' of droplets_list. Did you mean tag_name",
        ),
        ("monitoring_get_DropletCpuMetrics", {"host_id": "1"}, "requires start and end"),
        ("droplets_create", {"body": b"x", "name": "a"}, "either body= or fields"),
        ("inference_list_models", {}, "not part of the account's API"),
    ],
)
def test_invalid_arguments_are_refused_before_anything_is_sent(client, sent, operation_id, parts, told):
    with pytest.raises(InvalidArgument, match=told):
        client.call(operation_id, **parts)
    assert sent() == []


def test_an_operation_that_does_not_exist_is_reported_with_suggestions(client):
    with pytest.raises(NoSuchName, match="droplets_list"):
        client.call("droplets_lst")


@responses.activate
def test_a_collection_gives_all_items_of_all_pages(real):
    for number in (1, 2):
        links = (
            {"pages": {"last": f"{API}/v2/volumes?page=2", "next": f"{API}/v2/volumes?page=2"}} if number == 1 else {}
        )
        rows = [{"id": f"{number}-{row}"} for row in range(200 if number == 1 else 3)]
        matcher = responses.matchers.query_param_matcher({"page": str(number), "per_page": "200", "region": "nyc3"})
        responses.get(
            f"{API}/v2/volumes", json={"volumes": rows, "links": links, "meta": {"total": 203}}, match=[matcher]
        )
    assert len(real.call("volumes_list", region="nyc3")) == 203


@responses.activate
def test_one_page_is_given_when_one_is_requested(real):
    matcher = responses.matchers.query_param_matcher({"page": "2", "per_page": "1"})
    rows = {"volumes": [{"id": "b"}], "links": {}, "meta": {"total": 2}}
    responses.get(f"{API}/v2/volumes", json=rows, match=[matcher])
    assert real.call("volumes_list", page=2, per_page=1) == [{"id": "b"}]


@responses.activate
def test_a_list_that_is_null_is_empty_and_one_that_is_absent_is_an_error(real):
    responses.get(f"{API}/v2/databases", json={"databases": None})
    assert real.call("databases_list_clusters") == []
    responses.replace(responses.GET, f"{API}/v2/databases", json={"other": []})
    with pytest.raises(ShapeError, match="databases"):
        real.call("databases_list_clusters")


def test_an_answer_is_given_as_it_came(client, droplet):
    assert client.call("droplets_get", droplet_id=droplet.id) == {"droplet": droplet.to_dict()}
    assert client.call("account_get")["account"]["email"]


def test_a_frame_is_made_of_many_or_of_one(client, droplet):
    many = client.call("droplets_list", frame=True)
    one = client.call("droplets_get", droplet_id=droplet.id, frame=True)
    assert [*many.columns] == [*one.columns] == [*client.droplets.frame().columns]
    assert one["name"].tolist() == ["web-1"]
    assert client.call("sshKeys_list", frame=True).equals(client.keys.frame())
    assert client.call("dropletActions_list", droplet_id=droplet.id, frame=True)["type"].notna().all()
    assert client.call("account_get", frame=True)["email"].notna().all()


@pytest.mark.parametrize(
    ("body", "kind"), [(b"a,b\n1,2\n", "text/csv"), (b"%PDF-1.7", "application/pdf"), (b"7", "application/json")]
)
@responses.activate
def test_a_frame_of_what_is_no_object_is_refused(real, body, kind):
    ending = "csv" if kind == "text/csv" else "pdf"
    responses.get(f"{API}/v2/customers/my/invoices/some/{ending}", body=body, content_type=kind)
    with pytest.raises(InvalidArgument, match="cannot be converted to a DataFrame"):
        real.call(f"invoices_get_{ending}ByUUID", invoice_uuid="some", frame=True)


def test_a_frame_of_nothing_is_refused(client):
    client.tags.create("blue")
    with pytest.raises(InvalidArgument, match="cannot be converted to a DataFrame"):
        client.call("tags_delete", tag_id="blue", frame=True)


def test_a_path_with_its_query_is_sent_as_it_is(client, sandbox):
    answer = client.api("get", "/v2/droplets?per_page=2&page=2")
    assert len(answer["droplets"]) == 2
    assert client.api("POST", "/v2/tags", body={"name": "blue"}) == {"tag": client.tags.get("blue").to_dict()}
    assert client.api("DELETE", "/v2/tags/blue") is None
    assert sandbox.requests[0].query == "per_page=2&page=2"


def test_a_request_can_be_looked_at_without_being_sent(client, sent):
    request = client.api_request("GET", "/v2/droplets/5?a=1&a=2")
    assert (request.operation_id, request.target) == ("droplets_get", "/v2/droplets/5?a=1&a=2")
    assert client.api_request("GET", "/v2/nonsense").operation_id == ""
    assert sent() == []


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/v2/droplets",
        "//evil.example/v2/droplets",
        "v2/droplets",
        "",
        "/v2/droplets/../account",
        "/v2/droplets/%2e%2e/account",
        "/v2/droplets/%2E%2E%2Faccount",
        "/v2/droplets/..%5caccount",
        "/v2/./droplets",
        "/v2/drop lets",
        "/v2/droplets\n",
        "/v2/droplets#top",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(client, sent, path):
    with pytest.raises(InvalidArgument):
        client.api("GET", path)
    assert sent() == []


def test_a_method_that_does_not_exist_is_reported_with_the_known_ones(client):
    with pytest.raises(InvalidArgument, match=r"Unknown HTTP method 'PSOT'. Did you mean POST"):
        client.api("PSOT", "/v2/droplets")


def singular(key: str) -> str:
    return key[:-3] + "y" if key.endswith("ies") else key.removesuffix("s")


def test_a_frame_has_a_table_only_where_the_operation_is_known_to_answer_so():
    from poseidon_nb.catalogue import operation
    from poseidon_nb.frames.schemas import RESOURCES, TABLES

    # What one and the same thing is called where it is reached by another road.
    other_words = {"floating_ip": "reserved_ip", "peering": "vpc_peering"}
    for operation_id, resource in RESOURCES.items():
        word = singular(operation(operation_id).response_key)
        if operation_id == "droplets_list_snapshots":
            continue  # images of the shape that backups have, unlike those of snapshots_list
        assert singular(TABLES[resource].key) == other_words.get(word, word), operation_id
    assert RESOURCES["registry_list_repositoryTags"] != "tags"


def test_a_list_whose_pages_hold_an_object_gives_its_values():
    from poseidon_nb.client.connection import items_of

    body = b'{"policies": {"7": {"droplet_id": 7}, "9": {"droplet_id": 9}}}'
    assert items_of(body, "policies", "droplets_list_backup_policies") == [{"droplet_id": 7}, {"droplet_id": 9}]


@responses.activate
def test_a_put_that_acts_is_sent_once_and_its_lost_response_is_unknown(real):
    path = "/v2/databases/d/replicas/r/promote"
    responses.put(f"{API}{path}", body=requests.ConnectionError("reset by peer"))
    with pytest.raises(OutcomeUnknown, match=r"sent once\. It may have succeeded"):
        real.call("databases_promote_replica", database_cluster_uuid="d", replica_name="r")
    with pytest.raises(OutcomeUnknown, match=r"sent once\. It may have succeeded"):
        real.api("PUT", path)
    assert len(responses.calls) == 2
    responses.reset()
    responses.put(f"{API}{path}", status=204)
    assert real.api("PUT", path) is None


@pytest.mark.parametrize(
    ("operation_id", "fields"),
    [
        ("volumeActions_post", {"type": "attach", "volume_name": "data", "droplet_id": 1}),
        (
            "databases_create_kafka_topic",
            {"database_cluster_uuid": "u", "name": "t", "partitions": 3, "replication": 2},
        ),
        (
            "vpcnatgateways_create",
            {"name": "n", "type": "PUBLIC", "region": "nyc3", "size": 1, "vpcs": [], "project_id": "p"},
        ),
    ],
)
def test_fields_that_operations_take_though_they_are_not_described_are_sent(client, operation_id, fields):
    body = client.request(operation_id, **fields).body
    assert {name: value for name, value in fields.items() if name != "database_cluster_uuid"} == body


@responses.activate
@pytest.mark.parametrize("key", ["key", "keys"])
def test_a_result_is_found_under_the_singular_and_the_plural_of_its_key(real, key):
    responses.get(f"{API}/v2/spaces/keys/AK", json={key: {"name": "backup", "access_key": "AK"}})
    assert real.call("spacesKey_get", access_key="AK")[key]["name"] == "backup"
    assert real.call("spacesKey_get", access_key="AK", frame=True)["name"].tolist() == ["backup"]


@responses.activate
@pytest.mark.parametrize(
    ("operation_id", "path", "accept"),
    [
        ("invoices_get_csvByUUID", "/v2/customers/my/invoices/u/csv", "*/*"),
        ("invoices_get_pdfByUUID", "/v2/customers/my/invoices/u/pdf", "*/*"),
        ("kubernetes_get_kubeconfig", "/v2/kubernetes/clusters/u/kubeconfig", "*/*"),
        ("invoices_get_summaryByUUID", "/v2/customers/my/invoices/u/summary", "application/json"),
    ],
)
def test_what_is_no_json_is_asked_for_as_anything(real, operation_id, path, accept):
    responses.get(f"{API}{path}", body="{}")
    parameter = "cluster_id" if "kubernetes" in operation_id else "invoice_uuid"
    real.call(operation_id, **{parameter: "u"})
    assert responses.calls[0].request.headers["Accept"] == accept
