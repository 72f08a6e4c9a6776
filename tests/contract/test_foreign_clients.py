"""Clients that nobody here wrote, as they come from their registries, against the sandbox: create, act, list, delete.

pydo has a file of its own. Each client is unchanged; only its address is set.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from poseidon_nb.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDl4bXBsZWtleWZvcmZvcmVpZ25jbGllbnRzdGVzdHM= me@example.com"
NODE_SCRIPT = Path(__file__).with_name("dots_wrapper.mjs")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    # These clients sleep between polls by their own clocks, so actions take milliseconds.
    with Sandbox(droplets=5, speed=2000) as sandbox:
        yield sandbox


def _until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.fixture
def digitalocean(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("DIGITALOCEAN_END_POINT", f"{sandbox.url}/v2/")
    import digitalocean  # its import takes long

    return digitalocean


@pytest.mark.filterwarnings("ignore:keys will default to True in jsonpickle")
def test_python_digitalocean(digitalocean: Any, sandbox: Sandbox):
    token = sandbox.token
    manager = digitalocean.Manager(token=token)
    assert manager.get_account().email
    assert len(manager.get_all_droplets()) == 5
    assert {one.slug for one in manager.get_all_regions()} >= {"nyc3", "ams3"}
    assert len(manager.get_all_sizes()) > 100
    assert any(one.slug == "ubuntu-24-04-x64" for one in manager.get_distro_images())

    key = digitalocean.SSHKey(token=token, name="pd", public_key=KEY)
    key.create()
    droplet = digitalocean.Droplet(
        token=token,
        name="pd-1",
        region="nyc3",
        image="ubuntu-24-04-x64",
        size_slug="s-1vcpu-1gb",
        ssh_keys=[key],
        tags=["pd"],
    )
    droplet.create()
    for action in droplet.get_actions():
        assert action.wait(update_every_seconds=0.02)
    droplet.load()
    assert (droplet.status, droplet.tags) == ("active", ["pd"])
    assert droplet.ip_address

    for act in ("power_off", "power_on", "shutdown"):
        getattr(droplet, act)()
        _until(lambda: all(one.status == "completed" for one in droplet.get_actions()))
    droplet.resize("s-1vcpu-2gb", disk=False)
    _until(lambda: droplet.load().size_slug == "s-1vcpu-2gb")
    droplet.take_snapshot("pd-snapshot")
    _until(lambda: len(droplet.load().snapshot_ids) == 1)

    volume = digitalocean.Volume(token=token, name="pd-volume", region="nyc3", size_gigabytes=10)
    volume.create()
    volume.attach(droplet.id, "nyc3")
    _until(lambda: manager.get_volume(volume.id).droplet_ids == [droplet.id])
    volume.detach(droplet.id, "nyc3")
    _until(lambda: not manager.get_volume(volume.id).droplet_ids)

    domain = digitalocean.Domain(token=token, name="pd.example", ip_address="198.51.100.7")
    domain.create()
    domain.create_new_domain_record(type="A", name="www", data="198.51.100.8")
    assert {"www", "@"} <= {record.name for record in domain.get_records()}

    tag = digitalocean.Tag(token=token, name="pd-tag")
    tag.create()
    tag.add_droplets([droplet.id])
    assert [one.id for one in manager.get_all_droplets(tag_name="pd-tag")] == [droplet.id]

    address = digitalocean.FloatingIP(token=token, droplet_id=droplet.id)
    address.create()
    _until(lambda: any(one.ip == address.ip for one in manager.get_all_floating_ips()))
    balancer = digitalocean.LoadBalancer(
        token=token,
        name="pd-lb",
        region="nyc3",
        droplet_ids=[droplet.id],
        health_check=digitalocean.HealthCheck(),
        forwarding_rules=[
            digitalocean.ForwardingRule(entry_protocol="http", entry_port=80, target_protocol="http", target_port=80)
        ],
    )
    balancer.create()
    firewall = digitalocean.Firewall(
        token=token,
        name="pd-fw",
        droplet_ids=[droplet.id],
        outbound_rules=[],
        inbound_rules=[
            digitalocean.InboundRule(protocol="tcp", ports="22", sources=digitalocean.Sources(addresses=["0.0.0.0/0"]))
        ],
    )
    firewall.create()
    assert [one.name for one in manager.get_all_firewalls() if one.name == "pd-fw"]

    tag.delete()
    for made in (firewall, balancer, volume, domain, key, droplet):
        made.destroy()
    _until(lambda: len(manager.get_all_droplets()) == 5)


@pytest.fixture
def seed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The library from which this project grew, which was written for Python 2."""
    ssh = ModuleType("poseidon.ssh")
    ssh.SSHClient = None  # type: ignore[attr-defined]  # what takes the place of its module for Python 2
    monkeypatch.setitem(sys.modules, "poseidon.ssh", ssh)
    import poseidon.api
    import poseidon.client

    monkeypatch.setattr(poseidon.api, "API_URL", sandbox.url)
    return poseidon.client.connect(sandbox.token, api_url=poseidon.api.API_URL)


def test_the_seed(seed: Any):
    from poseidon.droplet import DropletActions

    assert len(seed.droplets.list()) == 5
    assert {"nyc3", "ams3"} <= {one["slug"] for one in seed.regions.list()}
    assert len(seed.sizes.list()) >= 20
    key = seed.keys.create("seed", KEY)
    assert seed.keys.get(key["id"])["public_key"] == KEY
    seed.keys.update(key["id"], "renamed")
    assert "renamed" in {one["name"] for one in seed.keys.list()}

    seed.domains.create("seed.example", "198.51.100.7")
    records = seed.domains.records("seed.example")
    record = records.create("A", name="www", data="198.51.100.8")
    assert records.rename(record["id"], "web")["name"] == "web"
    assert records.get(record["id"])["data"] == "198.51.100.8"
    seed.domains.delete("seed.example")

    # droplets.create and get end with dict.iteritems, which Python 3 lacks; the requests are its own.
    made = seed.droplets.post(
        name="seed-1", region="nyc3", size="s-1vcpu-1gb", image="ubuntu-24-04-x64", ssh_keys=[key["id"]], backups=True
    )["droplet"]
    _until(lambda: _state(seed, made["id"]) == "active")
    droplet = DropletActions.__new__(DropletActions)
    droplet.api, droplet.id, droplet.parent = seed.api, made["id"], seed.droplets
    for act, status in (("power_off", "off"), ("power_on", "active"), ("reboot", "active"), ("shutdown", "off")):
        action = getattr(droplet, act)(wait=False)["action"]
        _until(lambda action=action: droplet.get_action(action["id"])["status"] == "completed")
        assert _state(seed, made["id"]) == status
    for act in (
        lambda: droplet.take_snapshot("seed-snapshot", wait=False),
        lambda: droplet.rename("seed-2", wait=False),
    ):
        action = act()["action"]
        _until(lambda action=action: droplet.get_action(action["id"])["status"] == "completed")
    (snapshot,) = seed.droplets.snapshots(made["id"])
    action = droplet.restore(snapshot["id"], wait=False)["action"]
    _until(lambda: droplet.get_action(action["id"])["status"] == "completed")
    assert len(seed.droplets.actions(made["id"])) >= 8
    seed.images.update(snapshot["id"], name="renamed-snapshot")
    seed.images.delete(snapshot["id"])
    seed.droplets.delete(made["id"])
    seed.keys.delete(key["id"])
    _until(lambda: len(seed.droplets.list()) == 5)


def _state(seed: Any, droplet_id: int) -> str:
    return seed.droplets._get_droplet_info(droplet_id)["status"]


def _libcloud(module: str, sandbox: Sandbox) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from libcloud.compute.drivers.digitalocean import DigitalOceanNodeDriver
        from libcloud.dns.drivers.digitalocean import DigitalOceanDNSDriver
    driver = {"compute": DigitalOceanNodeDriver, "dns": DigitalOceanDNSDriver}[module]
    host, _, port = sandbox.url.removeprefix("http://").partition(":")
    made = driver(sandbox.token)
    made.connection.host, made.connection.port, made.connection.secure = host, int(port), 0
    made.connection.connect()
    return made


def test_libcloud_with_droplets_and_volumes(sandbox: Sandbox):
    driver = _libcloud("compute", sandbox)
    assert len(driver.list_nodes()) == 5
    size = next(one for one in driver.list_sizes() if one.name == "s-1vcpu-1gb")
    location = next(one for one in driver.list_locations() if one.id == "nyc3")
    image = next(one for one in driver.list_images() if one.extra["slug"] == "ubuntu-24-04-x64")
    key = driver.create_key_pair("libcloud", KEY)
    node = driver.create_node("libcloud-1", size, image, location, ex_create_attr={"ssh_keys": [key.fingerprint]})
    node = driver.wait_until_running([node], wait_period=0.02)[0][0]
    assert node.public_ips
    for act in (driver.ex_shutdown_node, driver.ex_power_on_node, driver.reboot_node):
        assert act(node)
        _until(lambda: all(one["status"] == "completed" for one in _actions(driver, node)))
    assert driver.ex_rename_node(node, "libcloud-2")
    _until(lambda: "libcloud-2" in {one.name for one in driver.list_nodes()})
    volume = driver.create_volume(10, "libcloud-volume", location)
    assert driver.attach_volume(node, volume)
    _until(lambda: _volume(driver).extra["droplet_ids"] == [int(node.id)])
    assert driver.detach_volume(_volume(driver))
    _until(lambda: _volume(driver).extra["droplet_ids"] == [])
    snapshot = driver.create_volume_snapshot(volume, "libcloud-snapshot")
    assert driver.delete_volume_snapshot(snapshot)
    assert driver.destroy_volume(volume)
    assert driver.destroy_node(node)
    assert driver.delete_key_pair(key)
    _until(lambda: len(driver.list_nodes()) == 5)


def _volume(driver: Any) -> Any:
    return next(one for one in driver.list_volumes() if one.name == "libcloud-volume")


def _actions(driver: Any, node: Any) -> list[Any]:
    return driver.connection.request(f"/v2/droplets/{node.id}/actions").object["actions"]


def test_libcloud_with_domains(sandbox: Sandbox):
    driver = _libcloud("dns", sandbox)
    zone = driver.create_zone("libcloud.example", extra={"ip": "198.51.100.7"})
    record = driver.create_record("www", zone, "A", "198.51.100.8")
    driver.update_record(record, data="198.51.100.9", extra={"ttl": 300})
    assert ("www", "198.51.100.9", 300) in {(one.name, one.data, one.ttl) for one in driver.list_records(zone)}
    assert driver.delete_record(record)
    assert driver.delete_zone(zone)
    assert "libcloud.example" not in {one.domain for one in driver.list_zones()}


def test_dots_wrapper_for_node(sandbox: Sandbox):
    """``.ci/run`` installs it from npm; elsewhere POSEIDON_NODE_MODULES names the folder that holds it."""
    folder = os.environ.get("POSEIDON_NODE_MODULES")
    if folder is None:
        pytest.skip("npm install --prefix FOLDER dots-wrapper@3.12.12, and POSEIDON_NODE_MODULES=FOLDER/node_modules")
    done = subprocess.run(  # our own script
        ["node", NODE_SCRIPT, folder, f"{sandbox.url}/v2", sandbox.token],  # wherever Node.js is
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == {
        "before": 5,
        "created": "active",
        "off": "off",
        "on": "active",
        "tagged": 1,
        "volumes": 1,
        "records": ["@", "www"],
        "after": 5,
    }
