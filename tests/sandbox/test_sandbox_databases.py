"""Database clusters: what follows from the clock, the token, and the other things of the account."""

from __future__ import annotations

import base64
import json
import ssl
from datetime import datetime

from poseidon_nb.sandbox.invoices import charges

DAY_S = 86_400
NEW = {"name": "ledger", "engine": "pg", "region": "nyc3", "size": "db-s-1vcpu-2gb", "num_nodes": 1}


def made(api, **fields):
    """Create a cluster, and return its path when it is online."""
    status, answer = api("POST", "/v2/databases", {**NEW, **fields})
    assert status == 201, answer
    api.clock.advance(600)
    return f"/v2/databases/{answer['database']['id']}"


def test_storage_has_an_end(api):
    path = made(api)
    wanted = {"storage_size_mib": 2**50}
    status, answer = api("POST", "/v2/databases", {**NEW, "name": "more", **wanted})
    assert (status, answer["message"]) == (422, "invalid storage size: a cluster has at most 31457280 MiB")
    assert api("PUT", f"{path}/resize", {"size": NEW["size"], "num_nodes": 1, **wanted})[0] == 422


def limited(api, *scopes):
    status, answer = api("POST", "/_sandbox/tokens", {"scopes": scopes})
    assert status == 201
    return {"authorization": f"Bearer {answer['token']}"}


def test_a_cluster_costs_its_nodes_their_storage_and_each_read_only_node(make_api):
    api = make_api(droplets=0)
    world = api.sandbox._dispatcher.world
    start = world.now()
    answer = api("POST", "/v2/databases", {**NEW, "num_nodes": 2, "storage_size_mib": 40 * 1024})[1]
    path = f"/v2/databases/{answer['database']['id']}"
    api.clock.advance(167 * 3600)
    assert api("POST", f"{path}/replicas", {"name": "reader", "size": "db-s-1vcpu-2gb"})[0] == 201
    api.clock.advance(3600)
    assert api("DELETE", f"{path}/replicas/reader")[0] == 204
    assert api("PUT", f"{path}/resize", {"size": "db-s-2vcpu-4gb", "num_nodes": 2})[0] == 202
    api.clock.advance(600)
    world.advance()
    resized = world.now()
    api.clock.advance(168 * 3600 - 600)
    assert api("DELETE", path)[0] == 204
    api.clock.advance(DAY_S)
    found = {one.description: one for one in charges(world, start, world.now()) if one.product == "Managed Databases"}
    assert {text: one.cents for text, one in found.items()} == {
        # A quarter of a month each: two nodes at 30 dollars with 10 GiB more than 30; two at 60 dollars, with 60 GiB.
        "ledger (2 x db-s-1vcpu-2gb, +10 GiB)": 1608,
        "ledger (2 x db-s-2vcpu-4gb)": 3000,
        "reader (1 x db-s-1vcpu-2gb, +10 GiB)": 5,
    }
    assert resized - 600 < found["ledger (2 x db-s-2vcpu-4gb)"].start < resized


def test_a_token_without_the_scope_sees_no_credentials(api):
    path = made(api)
    api("POST", f"{path}/pools", {"name": "pool", "mode": "session", "size": 5, "db": "defaultdb", "user": "doadmin"})
    secret = api.get(f"{path}/users/doadmin")["user"]["password"]
    assert secret in api.get(path)["database"]["connection"]["uri"]
    for scopes, sees in ((("database:read",), False), (("database:read", "database:view_credentials"), True)):
        token = limited(api, *scopes)
        for rest in ("", "/users", "/users/doadmin", "/pools", "/pools/pool"):
            status, answer = api("GET", f"{path}{rest}", **token)
            assert (status, secret in json.dumps(answer)) == (200, sees), rest
    api.token = token["authorization"].removeprefix("Bearer ")
    assert {"tags", "project_id", "private_network_uuid"} & api.get(path)["database"].keys() == set()


def test_an_update_waits_for_the_maintenance_window_or_is_installed_before(api):
    path = made(api)
    api("PUT", f"{path}/maintenance", {"day": "Sunday", "hour": "4:30"})
    assert api.get(path)["database"]["maintenance_window"] == {
        "day": "sunday", "hour": "04:30:00", "pending": False, "description": [],
    }  # fmt: skip
    done = lambda: [  # noqa: E731
        one["create_time"] for one in api.get(f"{path}/events")["events"] if one["event_type"].endswith("perform")
    ]
    for _ in range(38):
        api.clock.advance(DAY_S)
        if api.get(path)["database"]["maintenance_window"]["pending"]:
            break
    else:
        raise AssertionError("no update")
    assert done() == []
    api.clock.advance(7 * DAY_S)
    assert api.get(path)["database"]["maintenance_window"]["pending"] is False
    (at,) = done()
    assert f"{datetime.fromisoformat(at):%A %H:%M}" == "Sunday 04:30"
    api.clock.advance(31 * DAY_S)
    assert api.get(path)["database"]["maintenance_window"]["pending"] is True
    assert api("PUT", f"{path}/install_update")[0] == 204
    assert api.get(path)["database"]["maintenance_window"]["pending"] is False
    assert len(done()) == 2


def test_a_day_has_one_backup_and_a_fork_has_what_the_cluster_had(api, refused):
    path = made(api, tags=["prod"])
    api("POST", f"{path}/users", {"name": "app"})
    api("POST", f"{path}/dbs", {"name": "shop"})
    api.clock.advance(30 * DAY_S)
    backups = api.get(f"{path}/backups")["backups"]
    assert len(backups) == 7
    assert len({one["created_at"][10:] for one in backups}) == 1
    restore = {"database_name": "ledger", "backup_created_at": backups[0]["created_at"]}
    fork = made(api, name="copy", backup_restore=restore)
    assert api.get(f"{fork}/dbs") == api.get(f"{path}/dbs")
    assert api.get(f"{fork}/users/app") == api.get(f"{path}/users/app")
    assert api.get(f"{path}/users/app")["user"]["password"] == api.get(f"{fork}/users/app")["user"]["password"]
    old = {"database_name": "ledger", "backup_created_at": "2020-01-01T00:00:00Z"}
    answer = api("POST", "/v2/databases", {**NEW, "name": "older", "backup_restore": old})
    refused(answer, 422, "ledger has no backup of this time.")


def test_a_deleted_tag_leaves_clusters_and_read_only_nodes(api):
    path = made(api, tags=["prod"])
    assert api("POST", f"{path}/replicas", {"name": "reader", "size": NEW["size"], "tags": ["PROD", "read"]})[0] == 201
    assert api.get("/v2/tags/prod")["tag"]["resources"]["databases"]["count"] == 1
    assert api("DELETE", "/v2/tags/prod")[0] == 204
    assert api.get(path)["database"]["tags"] == []
    assert api.get(f"{path}/replicas/reader")["replica"]["tags"] == ["read"]


def test_a_window_that_is_set_late_installs_nothing_in_the_past(api):
    path = made(api)
    api.clock.advance(30 * DAY_S)
    while not api.get(path)["database"]["maintenance_window"]["pending"]:
        api.clock.advance(DAY_S)
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"):
        assert api("PUT", f"{path}/maintenance", {"day": day, "hour": "12:00"})[0] == 204
        assert api.get(path)["database"]["maintenance_window"]["pending"] is True


def test_a_cluster_belongs_to_its_vpc_and_project_until_it_is_deleted(api, refused):
    vpc = api("POST", "/v2/vpcs", {"name": "data", "region": "nyc3"})[1]["vpc"]["id"]
    project = api("POST", "/v2/projects", {"name": "shop", "purpose": "IoT"})[1]["project"]["id"]
    path = made(api, private_network_uuid=vpc)
    urn = f"do:dbaas:{path.rpartition('/')[2]}"
    api("POST", f"/v2/projects/{project}/resources", {"resources": [urn]})
    assert api.get(path)["database"]["project_id"] == project
    refused(api("DELETE", f"/v2/vpcs/{vpc}"), 403, "Can not delete VPC with members")
    assert api("DELETE", f"/v2/projects/{project}")[0] == 412
    assert api("DELETE", path)[0] == 204
    assert api.sandbox._dispatcher.world.projects[project].internal["resources"] == {}
    assert api("DELETE", f"/v2/projects/{project}")[0] == 204
    assert api("DELETE", f"/v2/vpcs/{vpc}")[0] == 204


def test_a_trusted_source_goes_with_its_droplet(api):
    path = made(api)
    droplet = api.create()[1]["droplet"]["id"]
    api.clock.advance(600)
    rules = [{"type": "droplet", "value": str(droplet)}, {"type": "ip_addr", "value": "192.0.2.0/24"}]
    assert api("PUT", f"{path}/firewall", {"rules": rules})[0] == 204
    before = api.get(f"{path}/firewall")["rules"]
    assert api("PUT", f"{path}/firewall", {"rules": before[::-1]})[0] == 204
    assert api.get(f"{path}/firewall")["rules"] == before[::-1]
    assert api("DELETE", f"/v2/droplets/{droplet}")[0] == 204
    api.clock.advance(600)
    assert api.get(f"{path}/firewall")["rules"] == before[1:]


def test_a_kafka_user_has_a_certificate_of_the_authority_of_the_cluster(api, tmp_path):
    path = made(api, engine="kafka", num_nodes=3, size="db-s-2vcpu-4gb")
    user = api("POST", f"{path}/users", {"name": "app"})[1]["user"]
    authority = base64.b64decode(api.get(f"{path}/ca")["ca"]["certificate"]).decode()
    (tmp_path / "cert").write_text(user["access_cert"])
    (tmp_path / "key").write_text(user["access_key"])
    # It refuses a key that is not the certificate's, and a text that is no authority.
    context = ssl.create_default_context(cadata=authority)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    assert context.cert_store_stats() == {"x509": 1, "crl": 0, "x509_ca": 1}


def test_hosts_never_exist_and_passwords_follow_from_the_seed(make_api):
    seen = []
    for seed in (1, 1, 2):
        api = make_api(seed=seed, droplets=0)
        cluster = api.get(made(api))["database"]
        assert cluster["connection"]["host"].endswith(".invalid")
        seen.append(cluster["connection"]["password"])
    assert seen[0] == seen[1] != seen[2]
