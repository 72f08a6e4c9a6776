"""An account with thirty-seven wastes of all kinds among three hundred things that are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.commands.conftest import Desk

_DAY_S = 86_400.0
_NEW = "--size s-1vcpu-1gb --image ubuntu-24-04-x64 --region nyc3 --monitoring"
_FRONT = [{"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80}]
_DEAD = "198.18.7.7"

Waste = set[tuple[str, str]]


def build(desk: Desk) -> Waste:
    """Fill the account of a desk, and return the kind and name of each waste."""
    desk.sandbox._dispatcher.world.state.account["floating_ip_limit"] = 100
    _clear_seed(desk)
    waste = _plant_old(desk)
    desk.sandbox.advance(100 * _DAY_S)
    waste |= _plant_new(desk) | _plant_services(desk)
    _use(desk)
    desk.sandbox.advance(8 * _DAY_S)
    return waste


def _clear_seed(desk: Desk) -> None:
    """Remove what is waste in every new sandbox, or will be in a hundred days."""
    client = desk.session.client()
    for snapshot in client.snapshots.list():
        client.snapshots.delete(snapshot.id)
    for image in client.images.list(private=True):
        if image.type == "custom":
            image.delete()
    for ip in client.call("reservedIPs_list"):
        if ip["droplet"] is None:
            client.call("reservedIPs_delete", reserved_ip=ip["ip"])
    for volume in client.call("volumes_list"):
        if not volume["droplet_ids"]:
            client.call("volumes_delete", volume_id=volume["id"])
    for balancer in client.call("loadBalancers_list"):
        client.call("loadBalancers_delete", lb_id=balancer["id"])
    for check in client.call("uptime_list_checks"):
        client.call("uptime_delete_check", check_id=check["id"])
    desk.do("kubernetes delete render --yes")
    desk.do("registries delete tidepool --yes")
    off = [droplet.name for droplet in client.droplets.list() if droplet.status == "off"]
    desk.do(f"droplets power_on {' '.join(off)}")


def _names(word: str, number: int) -> list[str]:
    return [f"{word}-{one}" for one in range(number)]


def _volume(client: Any, name: str, droplet_id: int | None = None) -> str:
    volume = client.call("volumes_create", body={"name": name, "size_gigabytes": 10, "region": "nyc3"})["volume"]
    if droplet_id is not None:
        client.volumes.attach(volume["id"], droplet_id)
    return str(volume["id"])


def _image(client: Any, name: str) -> int:
    body = {"name": name, "url": "https://example.com/own.img", "region": "nyc3"}
    return int(client.images.create_custom(**body).id)


def _plant_old(desk: Desk) -> Waste:
    """Create what is a hundred days old in the end."""
    client = desk.session.client()
    off, unused, gone, kept = (
        _names(word, number) for word, number in (("off", 4), ("unused", 3), ("gone", 4), ("kept", 3))
    )
    desk.do(f"droplets create {' '.join((*off, *unused, *gone, *kept, 'golden'))} {_NEW}")
    desk.do(f"droplets power_off {' '.join(off)} --yes")
    desk.do(f"droplets take_snapshot {' '.join((*gone, *kept, 'golden'))} --name old")
    named = {snapshot.resource_id: snapshot for snapshot in client.snapshots.list()}
    ids = {droplet.name: droplet.id for droplet in client.droplets.list()}
    # What a droplet was made from is in use, however old it is.
    golden = named[str(ids["golden"])].id
    client.droplets.create(name="from-golden", size="s-1vcpu-1gb", region="nyc3", image=int(golden))
    own = [_image(client, name) for name in ("own-0", "own-1", "own-used")]
    client.droplets.create(name="from-own", size="s-1vcpu-1gb", region="nyc3", image=own[-1])
    lost = [_volume(client, name, ids["kept-0"]) for name in ("lost-0", "lost-1")]
    for number, volume in enumerate(lost):
        client.call("volumeSnapshots_create", volume_id=volume, body={"name": f"of-lost-{number}"})
        client.volumes.detach(volume, ids["kept-0"])
        client.call("volumes_delete", volume_id=volume)
    desk.do(f"droplets delete {' '.join((*gone, 'golden'))} --yes")
    snapshots = {("snapshot", str(named[str(ids[name])].id)) for name in (*gone, *kept)}
    listed = {one.name: str(one.id) for one in client.snapshots.list()}
    snapshots |= {("snapshot", listed[f"of-lost-{number}"]) for number in range(2)}
    images = {("image", str(one)) for one in own[:2]}
    return {("droplet", str(ids[name])) for name in (*off, *unused)} | snapshots | images


def _plant_new(desk: Desk) -> Waste:
    client = desk.session.client()
    volumes = {("volume", _volume(client, name)) for name in _names("spare", 4)}
    ips = {
        ("reserved_ip", client.call("reservedIPs_create", body={"region": "nyc3"})["reserved_ip"]["ip"])
        for _ in range(3)
    }
    v6 = client.call("reservedIPv6_create", body={"region_slug": "nyc3"})["reserved_ipv6"]["ip"]
    client.tags.create("nothing-has-this")
    balancers = {
        ("load_balancer", _balancer(client, f"alone-{number}", **({"tag": "nothing-has-this"} if number == 2 else {})))
        for number in range(3)
    }
    check = _check(client, "dead", _DEAD)
    # It is noticed when the state is read.
    desk.sandbox.advance(600)
    client.call("uptime_get_checkState", check_id=check)
    return volumes | ips | {("reserved_ipv6", v6), ("uptime_check", check)} | balancers


def _plant_services(desk: Desk) -> Waste:
    client = desk.session.client()
    clusters = {("kubernetes", _cluster(client, name, 0)) for name in ("empty-0", "empty-1")}
    # A control plane that is not highly available is free.
    _cluster(client, "free", 0, ha=False)
    _cluster(client, "busy", 1)
    walled = _database(client, "walled", [{"type": "tag", "value": "nothing-has-this"}])
    _database(client, "by-address", [{"type": "ip_addr", "value": "192.0.2.1"}])
    _database(client, "by-tag", [{"type": "tag", "value": "nothing-has-this"}, {"type": "tag", "value": "web"}])
    spec = {"name": "never", "services": [{"name": "web", "image": {"registry_type": "DOCKER_HUB", "repository": "a"}}]}
    app = client.call("apps_create", body={"spec": spec})["app"]["id"]
    (deployment,) = client.call("apps_list_deployments", app_id=app)
    client.call("apps_cancel_deployment", app_id=app, deployment_id=deployment["id"])
    client.call("registries_create", body={"name": "bare", "subscription_tier_slug": "basic"})
    vpcs = [client.call("vpcs_create", body={"name": "quiet", "region": "nyc3"})["vpc"]["id"]]
    vpcs.append(client.call("droplets_list", name="web-1")[0]["vpc_uuid"])
    gateways = [_gateway(client, f"gateway-{number}", vpc) for number, vpc in enumerate(vpcs)]
    shares = [_share(client, f"share-{number}", vpc) for number, vpc in enumerate(vpcs)]
    desk.sandbox.advance(600)
    action = {"type": "detach", "region": "nyc3", "params": {"vpc_id": vpcs[0]}}
    client.call("nfs_create_action", nfs_id=shares[0], body=action)
    return clusters | {
        ("database", walled),
        ("app", app),
        ("registry", "bare"),
        ("nat_gateway", gateways[0]),
        ("nfs", shares[0]),
    }


def _cluster(client: Any, name: str, nodes: int, *, ha: bool = True) -> str:
    pool = {"name": f"{name}-pool", "size": "s-2vcpu-4gb", "count": 1}
    body = {"name": name, "region": "nyc3", "version": "latest", "ha": ha, "node_pools": [pool]}
    cluster = client.call("kubernetes_create_cluster", body=body)["kubernetes_cluster"]
    if not nodes:
        (made,) = cluster["node_pools"]
        body = {"name": made["name"], "count": 0}
        client.call("kubernetes_update_nodePool", cluster_id=cluster["id"], node_pool_id=made["id"], body=body)
    return str(cluster["id"])


def _database(client: Any, name: str, rules: list[dict[str, str]]) -> str:
    body = {"name": name, "engine": "pg", "size": "db-s-1vcpu-1gb", "region": "nyc3", "num_nodes": 1, "rules": rules}
    return str(client.call("databases_create_cluster", body=body)["database"]["id"])


def _gateway(client: Any, name: str, vpc: str) -> str:
    body = {"name": name, "type": "PUBLIC", "region": "nyc3", "size": 1, "vpcs": [{"vpc_uuid": vpc}]}
    return str(client.call("vpcnatgateways_create", body=body)["vpc_nat_gateway"]["id"])


def _share(client: Any, name: str, vpc: str) -> str:
    body = {"name": name, "size_gib": 50, "region": "nyc3", "vpc_ids": [vpc]}
    return str(client.call("nfs_create", body=body)["share"]["id"])


def _balancer(client: Any, name: str, **fields: Any) -> str:
    body = {"name": name, "region": "nyc3", "forwarding_rules": _FRONT, **fields}
    return str(client.call("loadBalancers_create", body=body)["load_balancer"]["id"])


def _check(client: Any, name: str, host: str) -> str:
    body = {"name": name, "type": "ping", "target": host, "regions": ["us_east", "eu_west"], "enabled": True}
    return str(client.call("uptime_create_check", body=body)["check"]["id"])


def _use(desk: Desk) -> None:
    """Create and use volumes, addresses, load balancers, snapshots and checks."""
    client = desk.session.client()
    desk.do(f"droplets create {' '.join(_names('busy', 12))} {_NEW} --tags busy")
    busy = client.droplets.list(tag_name="busy")
    for number in range(84):
        volume = _volume(client, f"busy-{number}", busy[number % 12].id)
        client.call("volumeSnapshots_create", volume_id=volume, body={"name": f"busy-{number}"})
    desk.do("droplets take_snapshot kept-0 kept-1 kept-2 --name fresh")
    for number in range(5):
        desk.do(f"droplets take_snapshot --tag busy --name fresh-{number}")
    for number, droplet in enumerate(busy):
        client.call("reservedIPs_create", body={"droplet_id": droplet.id})
        _check(client, f"busy-{number}", droplet.ip_address)
        _balancer(client, f"busy-{number}", **({"tag": "busy"} if number % 2 else {"droplet_ids": [droplet.id]}))
    _image(client, "own-new")
