"""Managed databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.walk import Walk

NEW = {"name": "ledger", "engine": "pg", "region": "nyc3", "size": "db-s-1vcpu-2gb", "num_nodes": 2}


def make(walk: Walk, name: str, engine: str, **more: Any) -> str:
    """Create a cluster, wait until it is online, and return its path."""
    made = walk.must("POST", "/v2/databases", {**NEW, "name": name, "engine": engine, **more})["database"]
    assert made["status"] == "creating"
    walk.later()
    assert walk.get(f"/v2/databases/{made['id']}")["database"]["status"] == "online"
    return f"/v2/databases/{made['id']}"


def walk_clusters(walk: Walk) -> None:
    walk.get("/v2/databases/options")
    droplet = walk.get("/v2/droplets")["droplets"][0]["id"]
    vpc = walk.must("POST", "/v2/vpcs", {"name": "data", "region": "nyc3"})["vpc"]["id"]
    place = {"private_network_uuid": vpc, "tags": ["data"], "rules": [{"type": "ip_addr", "value": "192.0.2.1"}]}
    path = make(walk, "ledger", "pg", **place, storage_size_mib=40_960)
    id_ = path.rpartition("/")[2]
    cluster = walk.get(path)["database"]
    assert cluster["connection"]["uri"].endswith(":25060/defaultdb?sslmode=require")
    assert (cluster["db_names"], cluster["users"][0]["name"]) == (["defaultdb"], "doadmin")
    assert [one["id"] for one in walk.get("/v2/databases", tag_name="data")["databases"]] == [id_]
    assert walk.get("/v2/tags/data")["tag"]["resources"]["databases"]["count"] == 1
    assert [one["urn"] for one in walk.get(f"/v2/vpcs/{vpc}/members")["members"]] == [f"do:dbaas:{id_}"]
    walk.refused(403, "DELETE", f"/v2/vpcs/{vpc}")
    for body in (
        {},
        NEW,
        {**NEW, "name": "under_score"},
        {**NEW, "name": "b", "engine": "oracle"},
        {**NEW, "name": "b", "version": "9"},
        {**NEW, "name": "b", "num_nodes": 7},
        {**NEW, "name": "b", "size": "db-s-1vcpu-1gb"},
        {**NEW, "name": "b", "region": "mars1"},
        {**NEW, "name": "b", "storage_size_mib": 1024},
        {**NEW, "name": "b", "private_network_uuid": id_},
        {**NEW, "name": "b", "project_id": id_},
        {**NEW, "name": "b", "rules": [{"type": "k8s", "value": id_}]},
        {**NEW, "name": "b", "backup_restore": {"database_name": "none"}},
    ):
        walk.refused(422, "POST", "/v2/databases", body)
    walk.must("PUT", f"{path}/resize", {"size": "db-s-2vcpu-4gb", "num_nodes": 3, "storage_size_mib": 81_920})
    walk.refused(412, "PUT", f"{path}/migrate", {"region": "fra1"})
    assert walk.get(path)["database"]["status"] == "resizing"
    walk.later()
    walk.refused(422, "PUT", f"{path}/resize", {"size": "db-s-1vcpu-2gb", "num_nodes": 2})
    walk.must("PUT", f"{path}/migrate", {"region": "fra1"})
    walk.later()
    moved = walk.get(path)["database"]
    assert (moved["region"], moved["num_nodes"], moved["storage_size_mib"]) == ("fra1", 3, 81_920)
    walk.must("DELETE", f"/v2/vpcs/{vpc}")
    walk.must("PUT", f"{path}/maintenance", {"day": "tuesday", "hour": "14:00"})
    walk.refused(422, "PUT", f"{path}/maintenance", {"day": "someday", "hour": "14:00"})
    walk.must("PUT", f"{path}/install_update")
    assert {one["event_type"] for one in walk.get(f"{path}/events")["events"]} == {"cluster_create", "cluster_update"}
    rules = [{"type": "droplet", "value": str(droplet)}, {"type": "tag", "value": "data", "description": "ours"}]
    walk.must("PUT", f"{path}/firewall", {"rules": rules})
    walk.refused(422, "PUT", f"{path}/firewall", {"rules": [{"type": "droplet", "value": "1"}]})
    assert [one["type"] for one in walk.get(f"{path}/firewall")["rules"]] == ["droplet", "tag"]
    walk.must("DELETE", "/v2/tags/data")
    assert [one["type"] for one in walk.get(f"{path}/firewall")["rules"]] == ["droplet"]
    walk_settings(walk, path)
    walk_accounts(walk, path)
    walk_copies(walk, path)
    walk.must("DELETE", path)
    walk.refused(404, "GET", path)
    walk.refused(404, "GET", f"{path}/users/doadmin")


def walk_settings(walk: Walk, path: str) -> None:
    walk.must("PATCH", f"{path}/config", {"config": {"work_mem": 8, "pgbouncer": {"min_pool_size": 5}}})
    config = walk.get(f"{path}/config")["config"]
    assert (config["work_mem"], config["pgbouncer"]["min_pool_size"]) == (8, 5)
    walk.refused(422, "PATCH", f"{path}/config", {"config": {"work_mem": 1_000_000}})
    walk.ask("PATCH", f"{path}/config", {"config": {"sql_mode": "ANSI"}})
    assert "sql_mode" not in walk.get(f"{path}/config")["config"]
    walk.get(f"{path}/autoscale")
    storage = {"enabled": True, "threshold_percent": 70, "increment_gib": 20}
    walk.must("PUT", f"{path}/autoscale", {"storage": storage})
    assert walk.get(f"{path}/autoscale")["autoscale"]["storage"] == storage
    walk.refused(422, "PUT", f"{path}/autoscale", {"storage": {"enabled": True, "threshold_percent": 99}})
    names = {"service_cnames": ["db.example.com"]}
    walk.must("PUT", f"{path}/do_settings", {"do_settings": names})
    assert walk.get(f"{path}/do_settings")["do_settings"] == names
    walk.refused(422, "PUT", f"{path}/do_settings", {"do_settings": {"service_cnames": ["not a name"]}})
    walk.get(f"{path}/ca")
    walk.get("/v2/databases/metrics/credentials")
    credentials = {"basic_auth_username": "reader", "basic_auth_password": "fabricated"}
    walk.must("PUT", "/v2/databases/metrics/credentials", {"credentials": credentials})
    assert walk.get("/v2/databases/metrics/credentials")["credentials"] == credentials
    for rest in ("eviction_policy", "sql_mode"):
        walk.refused(422, "GET", f"{path}/{rest}")
    walk.refused(404, "GET", f"{path}/online-migration")
    source = {"source": {"host": "old.example.com", "port": 5432, "username": "u", "password": "p"}}
    started = walk.must("PUT", f"{path}/online-migration", source)
    walk.refused(409, "PUT", f"{path}/online-migration", source)
    walk.must("DELETE", f"{path}/online-migration/{started['id']}")
    assert walk.get(f"{path}/online-migration")["status"] == "canceled"
    walk.must("PUT", f"{path}/online-migration", source)
    walk.later()
    assert walk.get(f"{path}/online-migration")["status"] == "done"


def walk_accounts(walk: Walk, path: str) -> None:
    user = walk.must("POST", f"{path}/users", {"name": "app", "settings": {"pg_allow_replication": True}})["user"]
    assert walk.get(f"{path}/users/app")["user"] == user
    walk.refused(409, "POST", f"{path}/users", {"name": "app"})
    walk.refused(422, "POST", f"{path}/users", {"name": "k", "settings": {"acl": []}})
    assert walk.must("POST", f"{path}/users/app/reset_auth", {})["user"]["password"] != user["password"]
    updated = walk.must("PUT", f"{path}/users/app", {"settings": {"pg_allow_replication": False}})["user"]
    assert updated["settings"] == {"pg_allow_replication": False}
    assert len(walk.get(f"{path}/users")["users"]) == 2
    walk.must("POST", f"{path}/dbs", {"name": "shop"})
    walk.get(f"{path}/dbs/shop")
    assert [one["name"] for one in walk.get(f"{path}/dbs")["dbs"]] == ["defaultdb", "shop"]
    pool = {"name": "shop-pool", "mode": "transaction", "size": 10, "db": "shop", "user": "app"}
    made = walk.must("POST", f"{path}/pools", pool)["pool"]
    assert made["connection"]["port"] == 25061
    walk.refused(422, "POST", f"{path}/pools", {**pool, "name": "big", "size": 90})
    walk.refused(422, "POST", f"{path}/pools", {**pool, "name": "other", "db": "none"})
    walk.must("PUT", f"{path}/pools/shop-pool", {"mode": "session", "size": 5, "db": "shop"})
    assert walk.get(f"{path}/pools/shop-pool")["pool"]["size"] == 5
    assert len(walk.get(f"{path}/pools")["pools"]) == 1
    walk.must("POST", f"{path}/pools", {**pool, "name": "second"})
    walk.must("DELETE", f"{path}/pools/second")
    walk.refused(422, "DELETE", f"{path}/users/doadmin")
    walk.refused(422, "DELETE", f"{path}/dbs/defaultdb")
    walk.must("DELETE", f"{path}/dbs/shop")
    walk.must("DELETE", f"{path}/users/app")
    assert walk.get(f"{path}/pools")["pools"] == []


def walk_copies(walk: Walk, path: str) -> None:
    backup = walk.get(f"{path}/backups")["backups"][-1]["created_at"]
    restore = {"database_name": "ledger", "backup_created_at": backup}
    fork = walk.must("POST", "/v2/databases", {**NEW, "name": "copy", "backup_restore": restore})["database"]
    assert fork["status"] == "forking"
    replica = {"name": "read-1", "size": "db-s-2vcpu-4gb", "tags": ["reader"]}
    walk.refused(412, "POST", f"/v2/databases/{fork['id']}/replicas", replica)
    walk.must("POST", f"{path}/replicas", replica)
    walk.refused(422, "POST", f"{path}/replicas", replica)
    walk.refused(422, "POST", f"{path}/replicas", {**replica, "name": "read-2", "size": "db-s-1vcpu-1gb"})
    walk.refused(412, "PUT", f"{path}/replicas/read-1/promote")
    walk.later()
    assert walk.get(f"{path}/replicas/read-1")["replica"]["status"] == "online"
    assert len(walk.get(f"{path}/replicas")["replicas"]) == 1
    promoted = walk.get(f"{path}/replicas/read-1")["replica"]["id"]
    walk.must("PUT", f"{path}/replicas/read-1/promote")
    assert walk.get(f"/v2/databases/{promoted}")["database"]["name"] == "read-1"
    walk.must("POST", f"{path}/replicas", {"name": "read-3", "size": "db-s-2vcpu-4gb"})
    walk.must("DELETE", f"{path}/replicas/read-3")
    walk.refused(404, "GET", f"{path}/replicas/read-3")
    for id_ in (fork["id"], promoted):
        walk.must("DELETE", f"/v2/databases/{id_}")


def walk_engines(walk: Walk) -> None:
    mysql = make(walk, "shop", "mysql")
    mode = {"sql_mode": "ANSI,STRICT_ALL_TABLES"}
    walk.must("PUT", f"{mysql}/sql_mode", mode)
    assert walk.get(f"{mysql}/sql_mode") == mode
    walk.refused(422, "PUT", f"{mysql}/sql_mode", {"sql_mode": "no modes"})
    plugin = {"mysql_settings": {"auth_plugin": "mysql_native_password"}}
    walk.must("POST", f"{mysql}/users", {"name": "old", **plugin})
    reset = {"mysql_settings": {"auth_plugin": "caching_sha2_password"}}
    assert (
        walk.must("POST", f"{mysql}/users/old/reset_auth", reset)["user"]["mysql_settings"] == reset["mysql_settings"]
    )
    walk.get(f"{mysql}/backups")
    for cache in ("redis", "valkey"):
        path = make(walk, cache, cache)
        assert walk.get(path)["database"]["connection"]["uri"].startswith("rediss://default:")
        walk.must("PUT", f"{path}/eviction_policy", {"eviction_policy": "allkeys_lru"})
        assert walk.get(f"{path}/eviction_policy") == {"eviction_policy": "allkeys_lru"}
        walk.get(f"{path}/config")
        walk.refused(422, "PUT", f"{path}/eviction_policy", {"eviction_policy": "random"})
        walk.refused(422, "POST", f"{path}/users", {"name": "app"})
        walk.refused(422, "GET", f"{path}/backups")
    mongodb = make(walk, "docs", "mongodb", num_nodes=1, version="6")
    walk.must("PUT", f"{mongodb}/upgrade", {"version": "7.0"})
    walk.refused(422, "PUT", f"{mongodb}/upgrade", {"version": "7"})
    walk.refused(422, "PUT", f"{mongodb}/upgrade", {})
    assert walk.get(mongodb)["database"]["semantic_version"].startswith("7.0.")
    role = {"settings": {"mongo_user_settings": {"databases": ["docs"], "role": "readOnly"}}}
    assert walk.must("POST", f"{mongodb}/users", {"name": "reader", **role})["user"]["password"]
    assert "password" not in walk.get(f"{mongodb}/users/reader")["user"]
    assert walk.must("POST", f"{mongodb}/users/reader/reset_auth", {})["user"]["password"]
    walk.get(f"{mongodb}/config")
    walk_sinks(walk, mysql, mongodb)
    walk.must("PUT", f"{make(walk, 'upgraded', 'pg', version='16')}/upgrade", {"version": "17"})
    walk.refused(422, "PUT", f"{mysql}/upgrade", {"version": "5"})
    for engine in ("advanced_pg", "advanced_mysql"):
        make(walk, engine.replace("_", "-"), engine, num_nodes=3, size="db-s-2vcpu-4gb")
    search = make(walk, "search", "opensearch", num_nodes=1)
    names = [one["index_name"] for one in walk.get(f"{search}/indexes")["indexes"]]
    walk.must("DELETE", f"{search}/indexes/{names[0]}")
    walk.refused(404, "DELETE", f"{search}/indexes/{names[0]}")
    walk.must("POST", f"{search}/users", {"name": "a", "settings": {"opensearch_acl": [{"index": "*"}]}})
    walk.get(f"{search}/config")


def walk_sinks(walk: Walk, mysql: str, mongodb: str) -> None:
    syslog = {"server": "192.0.2.9", "port": 514, "tls": False, "format": "rfc5424"}
    for type_, config, path in (
        ("rsyslog", syslog, mysql),
        ("opensearch", {"url": "https://logs.example.com:9200", "index_prefix": "mysql"}, mysql),
        ("datadog", {"site": "logs.example.com", "datadog_api_key": "fabricated"}, mongodb),
    ):
        body = {"sink_name": type_, "sink_type": type_, "config": config}
        sink = walk.must("POST", f"{path}/logsink", body)["sink"]
        walk.refused(409, "POST", f"{path}/logsink", body)
        assert walk.get(f"{path}/logsink/{sink['sink_id']}") == sink
    walk.refused(422, "POST", f"{mysql}/logsink", {"sink_name": "x", "sink_type": "rsyslog", "config": {}})
    walk.refused(422, "POST", f"{mongodb}/logsink", {"sink_name": "x", "sink_type": "rsyslog", "config": syslog})
    assert len(walk.get(f"{mysql}/logsink")["sinks"]) == 2
    first = walk.get(f"{mysql}/logsink")["sinks"][0]["sink_id"]
    walk.must("PUT", f"{mysql}/logsink/{first}", {"config": {**syslog, "tls": True}})
    assert walk.get(f"{mysql}/logsink/{first}")["config"]["tls"] is True
    walk.must("DELETE", f"{mysql}/logsink/{first}")


def walk_kafka(walk: Walk) -> None:
    path = make(walk, "events", "kafka", num_nodes=3, size="db-s-2vcpu-4gb")
    walk.must("POST", f"{path}/topics", {"name": "orders", "config": {"retention_ms": 1000, "compression_type": "lz4"}})
    topic = walk.get(f"{path}/topics/orders")["topic"]
    assert (len(topic["partitions"]), topic["state"], topic["config"]["retention_ms"]) == (3, "configuring", 1000)
    walk.must("PUT", f"{path}/topics/orders", {"partition_count": 5, "replication_factor": 3})
    walk.refused(422, "PUT", f"{path}/topics/orders", {"partition_count": 2})
    walk.refused(422, "POST", f"{path}/topics", {"name": "many", "replication_factor": 4})
    walk.refused(409, "POST", f"{path}/topics", {"name": "orders"})
    walk.later()
    listed = {"name": "orders", "state": "active", "replication_factor": 3, "partition_count": 5}
    assert walk.get(f"{path}/topics")["topics"] == [listed]
    walk.must("DELETE", f"{path}/topics/orders")
    walk.later()
    walk.refused(404, "GET", f"{path}/topics/orders")
    acl = {"settings": {"acl": [{"topic": "orders", "permission": "produce"}]}}
    user = walk.must("POST", f"{path}/users", {"name": "app", **acl})["user"]
    assert user["access_cert"].startswith("-----BEGIN CERTIFICATE")
    assert user["settings"]["acl"][0]["id"]
    registry = f"{path}/schema-registry"
    schema = {"subject_name": "order", "schema_type": "AVRO", "schema": '{"type": "string"}'}
    first = walk.must("POST", registry, schema)
    assert walk.must("POST", registry, schema) == first
    walk.must("POST", registry, {**schema, "schema": '{"type": "int"}'})
    assert walk.get(f"{registry}/order")["version"] == "2"
    assert walk.get(f"{registry}/order/versions/1")["schema"] == schema["schema"]
    assert walk.get(f"{registry}/order/versions/latest")["version"] == "2"
    walk.refused(404, "GET", f"{registry}/order/versions/3")
    assert len(walk.get(registry)["subjects"]) == 1
    assert walk.get(f"{registry}/config") == {"compatibility_level": "BACKWARD"}
    walk.must("PUT", f"{registry}/config", {"compatibility_level": "FULL"})
    assert walk.get(f"{registry}/config/order")["compatibility_level"] == "FULL"
    walk.must("PUT", f"{registry}/config/order", {"compatibility_level": "NONE"})
    assert walk.get(f"{registry}/config/order")["compatibility_level"] == "NONE"
    walk.refused(422, "PUT", f"{registry}/config", {"compatibility_level": "SOME"})
    walk.must("DELETE", f"{registry}/order")
    walk.refused(404, "GET", f"{registry}/order")
    walk.get(f"{path}/config")
    walk.must("DELETE", path)


STEPS = (walk_clusters, walk_engines, walk_kafka)
