"""The generated collections: the same names as `%do`, resources by object, id or name, and each change sent once."""

from __future__ import annotations

import inspect

import pytest
import responses

from poseidon_nb.catalogue import operation
from poseidon_nb.client.client import connect
from poseidon_nb.client.lookup import RESOURCE_TYPES
from poseidon_nb.commands.build_nouns import FOLDER, NOUNS, module_text
from poseidon_nb.errors import AmbiguousName, InvalidArgument, NoSuchName

API = "https://api.digitalocean.com"
UUID = "9cc10173-e9ea-4176-9dbc-a4cee4c4ff30"


@pytest.fixture
def real():
    """A client of the service, whose answers the test writes; the sandbox does not simulate its databases."""
    with responses.RequestsMock() as mocked, connect(token="dop_v1_0") as client:
        yield client, mocked


def test_the_generated_modules_are_those_of_the_catalogue_and_of_do():
    written = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "collection"}
    assert written == {noun.resource_type for noun in NOUNS}
    for noun in NOUNS:
        found = (FOLDER / f"{noun.resource_type}.py").read_text(encoding="utf-8")
        assert found == module_text(noun), "run python -m poseidon_nb.commands.build_nouns"


def test_each_noun_has_the_verbs_that_its_api_has_with_signatures_and_docstrings(client):
    usual = {"list", "get", "create", "update", "delete", "frame"}
    for noun in NOUNS:
        collection = getattr(client, noun.resource_type)
        verbs = {name: getattr(collection, name) for name in dir(collection) if not name.startswith("_")}
        path = operation(RESOURCE_TYPES[noun.resource_type].operation).path
        has_update = noun.resource_type not in {"volumes", "reserved_ips", "databases"}
        assert usual - ({"update"} if not has_update else set()) <= verbs.keys(), path
        for name, verb in verbs.items():
            assert inspect.getdoc(verb), name
            assert name in {"list", "frame"} or not any(
                one.kind is inspect.Parameter.VAR_KEYWORD for one in inspect.signature(verb).parameters.values()
            ), f"{name} takes anything"


def test_every_collection_has_a_repr_without_the_token_and_completion_shows_no_internals(client, sandbox):
    for name in (
        *(noun.resource_type for noun in NOUNS),
        "droplets",
        "images",
        "keys",
        "domains",
        "regions",
        "actions",
    ):
        collection = getattr(client, name)
        assert repr(collection).startswith(f"<{name} of {sandbox.url}: ")
        assert "list" in repr(collection)
        assert not {"act", "read", "engine", "client", "probe", "poller"} & {*dir(collection)}
    assert repr(client.metrics).startswith("<metrics of ")
    assert sandbox.token not in repr([vars(client.volumes), client.volumes, client.metrics])
    assert not {"engine", "monitor", "token_digest"} & {*dir(client)}
    assert {"volumes", "droplets", "call"} <= {*dir(client)}
    assert not {"assign", "client"} & {*dir(client.droplets.list()[0])}
    assert sandbox.requests[0].path == "/v2/droplets", "a repr sends nothing"


def test_a_droplet_is_got_by_name_id_or_object(client):
    by_name = client.droplets.get("web-1")
    assert by_name.id == client.droplets.get(by_name.id).id == client.droplets.get(str(by_name.id)).id
    by_name.assign({"id": by_name.id, "name": "old"})
    assert client.droplets.get(by_name).name == "web-1", "read again"
    with pytest.raises(NoSuchName, match="Did you mean web-1"):
        client.droplets.get("web-11")


def test_a_volume_is_created_attached_grown_saved_and_deleted_by_name(client, sandbox):
    volume = client.volumes.create("extra", size_gigabytes=10, region="nyc3", tags=["web"])
    assert (volume.name, volume.size_gigabytes, volume.tags) == ("extra", 10, ["web"])
    assert repr(volume) == f"<Volume {volume.id} extra>"
    action = client.volumes.attach("extra", "web-1")
    assert action.done
    assert client.volumes.get(volume).droplet_ids == [client.droplets.get("web-1").id]
    action = client.volumes.resize(volume.id, 20, wait=False)
    assert not action.done
    action.wait()
    assert client.volumes.get("extra").size_gigabytes == 20
    assert [one.type for one in client.volumes.actions("extra")][-1:] == ["attach_volume"]
    client.volumes.detach(volume, client.droplets.get("web-1"))
    saved = client.volumes.snapshot("extra", "before")
    assert [one["id"] for one in client.volumes.snapshots(volume)] == [saved["id"]]
    client.volumes.delete_snapshot("before")
    assert [one.name for one in client.volumes.list(name="extra", region="nyc3")] == ["extra"]
    assert "extra" in {*client.volumes.frame(region="nyc3")["name"]}
    client.volumes.delete("extra")
    with pytest.raises(NoSuchName, match="Volume 'extra' not found"):
        client.volumes.get("extra")
    assert not any("{" in one.path for one in sandbox.requests)


def test_droplets_of_a_request_are_given_by_name_too_and_listed_once(client, sandbox):
    before = len(sandbox.requests)
    client.firewalls.add_droplets("web", ["web-1", "db-1", client.droplets.get("web-2")])
    listed = [one for one in sandbox.requests[before:] if one.path == "/v2/droplets" and "name=" not in one.query]
    assert len(listed) == 2, "the droplets and the GPU droplets, once"
    ids = {client.droplets.get(name).id for name in ("web-1", "db-1", "web-2")}
    assert ids <= {*client.firewalls.get("web").droplet_ids}
    with pytest.raises(InvalidArgument, match="Expected a list of droplets"):
        client.firewalls.add_droplets("web", "web-1")


def test_reserved_ips_vpcs_projects_and_load_balancers_have_their_own_verbs(client):
    address = client.reserved_ips.create(region="sfo3")
    assert client.reserved_ips.assign(address, "staging-web").done
    assert client.reserved_ips.get(address.ip)["droplet"]["name"] == "staging-web"
    assert client.reserved_ips.unassign(address.ip).done
    client.reserved_ips.delete(address)
    vpc = client.vpcs.create("backend", region="nyc3", ip_range="10.50.0.0/20")
    assert client.vpcs.update("backend", description="databases").description == "databases"
    assert client.vpcs.members(vpc) == []
    client.vpcs.delete("backend")
    project = client.projects.create("lab", purpose="Trying things")
    droplet = client.droplets.get("web-1")
    client.projects.assign("lab", [f"do:droplet:{droplet.id}"])
    assert [one["urn"] for one in client.projects.resources(project)] == [f"do:droplet:{droplet.id}"]
    assert client.projects.get_default().is_default
    rule = {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80}
    balancer = client.load_balancers.create("front", region="nyc3", forwarding_rules=[rule], droplet_ids=["web-1"])
    client.load_balancers.add_droplets(balancer, ["web-2"])
    assert len(client.load_balancers.get("front").droplet_ids) == 2


def test_a_change_whose_response_is_lost_is_found_and_not_sent_again(client, sandbox):
    sandbox.fault("lost_after", method="POST", path="/v2/volumes")
    assert client.volumes.create("once", size_gigabytes=10, region="nyc3").name == "once"
    assert [one.name for one in client.volumes.list()].count("once") == 1
    assert [(one.method, one.path) for one in sandbox.requests].count(("POST", "/v2/volumes")) == 1


def test_two_resources_of_one_name_are_not_guessed(client):
    for region in ("nyc3", "sfo3"):
        client.volumes.create("twice", size_gigabytes=1, region=region)
    with pytest.raises(AmbiguousName, match="2 volumes are named 'twice'"):
        client.volumes.delete("twice")
    assert len(client.volumes.list(name="twice")) == 2


def test_an_object_of_another_type_is_refused(client, sandbox):
    droplet = client.droplets.get("web-1")
    sent = len(sandbox.requests)
    for call in (
        lambda: client.volumes.delete(droplet),
        lambda: client.volumes.attach(client.volumes.list()[0], client.images.list()[0]),
        lambda: client.firewalls.add_droplets("web", [client.firewalls.list()[0]]),
    ):
        with pytest.raises(InvalidArgument, match=r"expected (volume|droplet), found (Droplet|Image|Firewall)\."):
            call()
    assert {one.method for one in sandbox.requests[sent:]} == {"GET"}


def test_a_missing_field_is_a_type_error_before_anything_is_sent(client, sandbox):
    with pytest.raises(TypeError, match="region"):
        client.volumes.create("x", size_gigabytes=1)
    with pytest.raises(TypeError, match="colour"):
        client.volumes.create("x", size_gigabytes=1, region="nyc3", colour="red")
    assert sandbox.requests == []


def test_a_database_and_its_users_are_read_by_name_and_passwords_are_masked(real):
    client, mocked = real
    row = {"id": UUID, "name": "orders", "engine": "pg", "connection": {"password": "S3CRET", "host": "h"}}
    mocked.get(f"{API}/v2/databases", json={"databases": [row]})
    mocked.get(f"{API}/v2/databases/{UUID}", json={"database": row})
    user = {"name": "ada", "password": "S3CRET"}
    mocked.get(f"{API}/v2/databases/{UUID}/users/ada", json={"user": user})
    found = client.databases.get("orders")
    assert (found.engine, repr(found)) == ("pg", f"<DatabaseCluster {UUID} orders>")
    assert found["connection"]["password"] == "S3CRET"
    answer = client.databases.get_user(found, "ada")
    assert answer["password"] == "S3CRET"
    assert "S3CRET" not in repr([found.to_dict(), answer])


def test_text_lists_and_empty_responses_are_returned_as_such(real):
    client, mocked = real
    mocked.get(
        f"{API}/v2/kubernetes/clusters/{UUID}/kubeconfig", body="apiVersion: v1\n", content_type="application/yaml"
    )
    mocked.get(f"{API}/v2/kubernetes/clusters/{UUID}/node_pools", json={"node_pools": [{"id": "p"}]})
    mocked.delete(f"{API}/v2/kubernetes/clusters/{UUID}", status=204)
    mocked.post(f"{API}/v2/apps/{UUID}/restart", json={"deployment": {"id": "d"}})
    assert client.kubernetes.kubeconfig(UUID) == "apiVersion: v1\n"
    assert client.kubernetes.node_pools(UUID) == [{"id": "p"}]
    assert client.kubernetes.delete(UUID) is None
    assert client.apps.restart(UUID)["id"] == "d"
    assert mocked.calls[-1].request.body in {b"{}", None}
