"""A droplet with everything that a droplet can have, and how it looks."""

from __future__ import annotations

import json

#: What cannot be the same: ids, dates, addresses, and what belongs to the droplet that was.
DIFFERS = {"id", "created_at", "networks", "image", "backup_ids", "snapshot_ids", "next_backup_window"}


def rich(client, sandbox):
    """Return a droplet with everything that a droplet can have, and what there is besides."""
    volume = client.volumes.create(name="data", region="nyc3", size_gigabytes=10)
    droplet = client.droplets.create(
        name="rich.example.com",
        region="nyc3",
        size="s-1vcpu-2gb",
        image="debian-12-x64",
        tags=["a-tag", "env:test", "Mixed_Case-1"],
        ipv6=True,
        monitoring=True,
        backups=True,
        backup_policy={"plan": "weekly", "weekday": "TUE", "hour": 8},
        volumes=[volume.id],
        ssh_keys=[client.keys.list()[0].id],
    )
    client.call("firewalls_create", name="by-id", droplet_ids=[droplet.id], inbound_rules=[
        {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["0.0.0.0/0"]}}])  # fmt: skip
    client.call("loadBalancers_create", name="lb-by-id", region="nyc3", droplet_ids=[droplet.id], forwarding_rules=[
        {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80}])  # fmt: skip
    project = client.call("projects_create", name="elsewhere", purpose="Other")["project"]["id"]
    client.call("projects_assign_resources", project_id=project, resources=[f"do:droplet:{droplet.id}"])
    client.call("reservedIPs_create", droplet_id=droplet.id)
    sandbox.advance(60)
    domain = client.domains.create(name="rich.example")
    droplet = client.droplets.get(droplet.id)
    domain.records.create(type="A", name="@", data=droplet.ip_address)
    domain.records.create(type="AAAA", name="six", data=droplet["networks"]["v6"][0]["ip_address"])
    domain.records.create(type="A", name="other", data="203.0.113.9")
    return droplet


def surroundings(client, droplet_id):
    """Return what refers to a droplet, with its id written as ID."""
    row = client.droplets.get(droplet_id).to_dict()
    address = next(one["ip_address"] for one in row["networks"]["v4"] if one["type"] == "public")
    six = (row["networks"]["v6"] or [{"ip_address": "none"}])[0]["ip_address"]
    found = {
        "droplet": {
            name: sorted(value) if name in {"features", "tags"} else value
            for name, value in row.items()
            if name not in DIFFERS
        },
        "policy": client.droplets.backup_policy(droplet_id) if "backups" in row["features"] else None,
        "firewalls": [one["name"] for one in client.call("firewalls_list") if droplet_id in one["droplet_ids"]],
        "balancers": [one["name"] for one in client.call("loadBalancers_list") if droplet_id in one["droplet_ids"]],
        "reserved": [
            one["ip"] for one in client.call("reservedIPs_list") if (one["droplet"] or {}).get("id") == droplet_id
        ],
        "volumes": [one["name"] for one in client.call("volumes_list") if droplet_id in one["droplet_ids"]],
        "projects": [
            project["name"]
            for project in client.call("projects_list")
            for one in client.call("projects_list_resources", project_id=project["id"])
            if one["urn"] == f"do:droplet:{droplet_id}"
        ],
        "records": [
            (domain["name"], record["type"], record["name"])
            for domain in client.call("domains_list")
            for record in client.call("domains_list_records", domain_name=domain["name"])
            if record["data"] in {address, six}
        ],
    }
    return json.loads(json.dumps(found).replace(str(droplet_id), "ID"))


def tags_of(client):
    return [tag.name for tag in client.tags.list()]
