"""Shapes of responses that other clients' published recordings contain and the specification does not describe.

The recordings are of 2014 to 2026 (godo, python-digitalocean, pydo); these examples are our own.
"""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
import pytest
import responses

from poseidon_nb.catalogue import operation
from poseidon_nb.client.client import Client, connect
from poseidon_nb.errors import InvalidArgument, ResponseWarning

URL = "https://api.digitalocean.com"
NO_ZONE = "could not be read"

#: The operation, an object, and cells of its frame; None for a missing value.
SHAPES: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("actions_list", {"id": 1, "status": "completed", "region": "nyc3", "region_slug": "nyc3"}, {"region": "nyc3"}),
    ("actions_list", {"id": 1, "status": "in-progress", "region": "nyc3"}, {"region": "nyc3"}),
    ("actions_list", {"id": "12", "status": "settled", "region": None}, {"id": 12, "status": "settled"}),
    ("projects_list", {"id": "p", "is_default": "false", "created_at": ""}, {"is_default": False, "created_at": None}),
    ("vpcs_list", {"id": "v", "default": "True"}, {"default": True}),
    ("droplets_list", {"id": 1, "volume_ids": None, "tags": None}, {"volume_ids": None}),
    ("droplets_list", {"id": 1, "region": {}, "image": {}, "size": {}}, {"region": None, "size": None}),
    ("droplets_list", {"id": 1, "region": None, "networks": None}, {"region": None, "public_ipv4": None}),
    ("droplets_list", {"id": 1, "size": {"gpu_info": {"count": 1, "model": "m"}}}, {"id": 1, "size": None}),
    ("droplets_list", {"id": 1}, {"id": 1, "name": None}),
    ("images_list", {"id": None, "slug": "s"}, {"id": None, "slug": "s"}),
    ("images_list", {"id": 1, "slug": ""}, {"id": 1, "slug": ""}),
    ("snapshots_list", {"id": 12, "resource_id": 7}, {"id": "12", "resource_id": "7"}),
    ("snapshots_list", {"id": 12, "resource_id": None}, {"id": "12", "resource_id": None}),
    ("firewalls_list", {"id": 12345, "name": "f"}, {"id": "12345", "name": "f"}),
    ("firewalls_list", {"id": "f", "inbound_rules": [{"protocol": "tcp", "ports": 22}]}, {"id": "f"}),
    ("monitoring_list_alertPolicy", {"uuid": "u", "entities": [192018292]}, {"entities": [192018292]}),
    ("apps_list", {"id": "a", "spec": None}, {"id": "a", "name": None}),
    ("apps_list", {"id": "a", "spec": {}}, {"id": "a", "name": None}),
    ("kubernetes_list_clusters", {"id": "k", "tags": None}, {"id": "k"}),
    ("uptime_list_checks", {"id": "c", "regions": None}, {"id": "c"}),
    ("domains_list_records", {"id": 1, "type": "NS", "name": None, "data": "ns1."}, {"name": None, "data": "ns1."}),
    ("volumes_list", {"id": "v", "user_id": 7, "created_at": "2019-02-04T21:48:40.995304079Z"}, {"id": "v"}),
    ("regions_list", {"slug": "nyc1", "available": None}, {"slug": "nyc1", "available": None}),
)


@pytest.fixture
def client(clock: Any) -> Client:
    return connect(token="t", clock=clock)


def _serve(operation_id: str, answer: Any, **options: Any) -> dict[str, str]:
    wanted = operation(operation_id)
    path = {parameter.name: "7" for parameter in wanted.path_parameters}
    responses.add(wanted.method, URL + wanted.path.format(**path), json=answer, **options)
    return path


@responses.activate
@pytest.mark.parametrize(("operation_id", "row", "cells"), SHAPES)
def test_an_object_is_read_without_a_warning(client: Client, operation_id, row, cells):
    path = _serve(operation_id, {operation(operation_id).response_key: [row], "meta": {"total": 1}})
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResponseWarning)
        if operation_id == "droplets_list":
            frame = client.call(operation_id, query={"page": 1}, frame=True)
        else:
            frame = client.call(operation_id, path=path, frame=True)
    assert len(frame) == 1
    for name, value in cells.items():
        shown = frame[name][0]
        assert (not isinstance(shown, list) and pd.isna(shown)) if value is None else shown == value


@responses.activate
def test_a_time_without_a_zone_costs_its_cell(client: Client):
    rows = [{"urn": "do:droplet:1", "assigned_at": "2018-09-27 00:00:00"}]
    path = _serve("projects_list_resources", {"resources": rows, "meta": {"total": 1}})
    with pytest.warns(ResponseWarning, match=r"1 value of 'assigned_at' could not be read, .* \(expected a time with"):
        frame = client.call("projects_list_resources", path=path, frame=True)
    assert frame["urn"].tolist() == ["do:droplet:1"]
    assert pd.isna(frame["assigned_at"][0])


@responses.activate
def test_peerings_of_a_vpc_are_read_under_both_keys(client: Client):
    peering = {"id": "p1", "name": "a", "vpc_ids": ["1", "2"], "status": "ACTIVE"}
    path = _serve("vpcs_list_peerings", {"vpc_peerings": [peering], "meta": {"total": 1}})
    assert client.call("vpcs_list_peerings", path=path, frame=True)["id"].tolist() == ["p1"]
    _serve("vpcs_create_peerings", {"vpc_peering": peering}, status=202)
    made = client.call("vpcs_create_peerings", path=path, name="a", body={"vpc_id": "2"})
    assert made["vpc_peering"] == peering


@responses.activate
def test_policies_by_droplet_are_rows_also_on_one_page(client: Client):
    policies = {"7": {"droplet_id": 7, "backup_enabled": True}, "8": {"droplet_id": 8, "backup_enabled": False}}
    _serve("droplets_list_backup_policies", {"policies": policies, "meta": {"total": 2}})
    frame = client.call("droplets_list_backup_policies", query={"page": 1}, frame=True)
    assert frame["droplet_id"].tolist() == [7, 8]


@responses.activate
def test_empty_links_end_a_list(client: Client):
    links = {"pages": {"next": "", "last": f"{URL}/v2/tags?page=1"}}
    _serve("tags_list", {"tags": [{"name": "a"}], "links": links})
    assert client.call("tags_list", frame=True)["name"].tolist() == ["a"]


@responses.activate
def test_objects_of_odd_rows_have_a_repr_and_no_raw_errors(client: Client):
    rows: list[dict[str, Any]] = [
        {"id": 1, "name": "a", "region": "nyc3"},
        {"id": 2, "name": None, "networks": {"v4": None}},
        {"id": 3, "name": "c", "networks": {"v4": [{"type": "public"}]}, "vcpus": "two", "status": ["x"]},
    ]
    responses.get(f"{URL}/v2/droplets", json={"droplets": rows, "meta": {"total": 3}})
    with pytest.warns(ResponseWarning, match="droplets: 1 value of "):
        found = client.droplets.list(type="droplets")
    assert [repr(one) for one in found] == ["<Droplet 1 a nyc3>", "<Droplet 2>", "<Droplet 3 c>"]
    responses.get(f"{URL}/v2/domains", json={"domains": [{"name": None, "ttl": 1800}], "meta": {"total": 1}})
    (domain,) = client.domains.list()
    with pytest.raises(InvalidArgument, match="has no name"):
        domain.records.list()


@responses.activate
def test_a_body_without_required_fields_is_the_services_to_refuse(client: Client):
    responses.post(f"{URL}/v2/droplets", json={"id": "unprocessable_entity", "message": "Name is missing."}, status=422)
    responses.get(f"{URL}/v2/sizes", json={"sizes": [], "meta": {"total": 0}})
    with pytest.raises(Exception, match="Name is missing"):
        client.call("droplets_create", body={}, check=False)
