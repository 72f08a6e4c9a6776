"""The public types as an editor sees them. Checked by `mypy --strict tests/typing/api.py`; never run."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_type

import pandas as pd

import poseidon_nb as po
from poseidon_nb.client.domains import Records
from poseidon_nb.client.nouns.apps import App
from poseidon_nb.client.nouns.kubernetes import KubernetesCluster
from poseidon_nb.client.nouns.volumes import Volume
from poseidon_nb.client.resource import Account, Kernel, Region, Size
from poseidon_nb.client.snapshots import Snapshot
from poseidon_nb.client.tags import Tag
from poseidon_nb.transport.change_log import ChangeLog, LoggedChange
from poseidon_nb.transport.rate_limit import RateLimit


class OtherService:
    """Any object with a URL and a token can be connected to."""

    url = "http://127.0.0.1:8000"
    token = "word"


def connecting() -> None:
    with po.Sandbox(droplets=12, seed=7, speed=20) as sandbox, po.connect(sandbox) as client:
        assert_type(client, po.Client)
        assert_type(sandbox.url, str)
        assert_type(sandbox.requests.of("droplets_list").statuses, list[int])
        assert_type(sandbox.diff().created.names, list[str])
        assert_type(sandbox.create_token("*:read"), str)
        assert_type(sandbox.environment, dict[str, str])
        sandbox.speed = 100
    assert_type(po.connect(OtherService()), po.Client)
    assert_type(po.connect(token="t", base_url="https://example.com", timeout_s=5, read_only=True), po.Client)
    assert_type(po.connect(context="team").label(), str)
    po.connect("token")  # type: ignore[arg-type]


def nouns(client: po.Client) -> None:
    assert_type(client.regions.list(), list[Region])
    assert_type(client.sizes.list(), list[Size])
    assert_type(client.images.list(type="distribution"), list[po.Image])
    assert_type(client.images.get("ubuntu-24-04-x64"), po.Image)
    assert_type(client.snapshots.by_name("a"), Snapshot)
    assert_type(client.tags.create("a"), Tag)
    assert_type(client.keys.create("a", "ssh-ed25519 AAAA"), po.Key)
    assert_type(client.keys.list()[0].fingerprint, str)
    assert_type(client.account(), Account)
    assert_type(client.actions.list(), list[po.Action])
    assert_type(client.actions.wait([1, client.actions.get(2)], timeout_s=60), list[po.Action])
    assert_type(client.droplets.list(tag_name="web"), list[po.Droplet])
    assert_type(client.droplets.frame(), pd.DataFrame)
    assert_type(client.sizes.frame(), pd.DataFrame)
    assert_type(client.call("databases_list_clusters"), Any)
    assert_type(client.api("GET", "/v2/account"), Any)


def generated_nouns(client: po.Client) -> None:
    volume = client.volumes.create("data", size_gigabytes=10, region="nyc3", tags=["web"])
    assert_type(volume, Volume)
    assert_type(volume.size_gigabytes, int)
    assert_type(volume.created_at, datetime | None)
    assert_type(client.volumes.list(name="data"), list[Volume])
    assert_type(client.volumes.frame(region="nyc3"), pd.DataFrame)
    assert_type(client.volumes.attach(volume, "web-1", timeout_s=60), po.Action)
    assert_type(client.volumes.actions("data"), list[po.Action])
    assert_type(client.volumes.snapshots(volume), list[dict[str, Any]])
    assert_type(client.reserved_ips.assign("203.0.113.9", client.droplets.get("web-1")), po.Action)
    client.firewalls.add_droplets("web", ["web-1", 7, client.droplets.get(7)])
    assert_type(client.load_balancers.get("front").droplet_ids, list[Any])
    assert_type(client.projects.update("lab", is_default=True).name, str)
    assert_type(client.vpcs.members("backend", resource_type="droplet"), list[dict[str, Any]])
    assert_type(client.databases.create_user("orders", "ada"), dict[str, Any])
    assert_type(client.kubernetes.list(), list[KubernetesCluster])
    assert_type(client.apps.get("shop"), App)
    client.volumes.create("data", size_gigabytes="10", region="nyc3")  # type: ignore[arg-type]
    client.volumes.create("data", region="nyc3")  # type: ignore[call-arg]
    client.volumes.get(client.droplets.get(7))  # type: ignore[arg-type]
    client.volumes.shrink("data")  # type: ignore[attr-defined]


def images(client: po.Client, image: po.Image) -> None:
    assert_type(client.images.list(type="snapshot"), list[po.Image])
    assert_type(client.images.frame(type="backup"), pd.DataFrame)
    assert_type(client.images.find("mine"), po.Image)
    assert_type(client.images.create_custom("mine", "https://a/b.img", "nyc3", tags=["t"], timeout_s=9), po.Image)
    assert_type(client.images.update(7, name="b"), po.Image)
    assert_type(image.rename("b"), po.Image)
    assert_type(image.transfer("sfo3", wait=False), po.Action)
    assert_type(image.convert(), po.Action)
    assert_type(image.actions(), list[po.Action])
    assert_type(image.refresh(), po.Image)
    assert_type(image.error_message, str | None)
    client.images.delete(image)


def domains(client: po.Client, domain: po.Domain) -> None:
    assert_type(client.domains.list(), list[po.Domain])
    assert_type(client.domains.create("example.com", "203.0.113.7"), po.Domain)
    assert_type(client.domains.get("example.com").name, str)
    assert_type(client.domains.records("example.com"), Records)
    assert_type(domain.records.list(type="A", name="www"), list[po.Record])
    record = domain.records.create("MX", "@", "mail.example.com", priority=10)
    assert_type(record, po.Record)
    assert_type(record.priority, int | None)
    assert_type(record.full_name, str)
    assert_type(record.update(ttl=60), po.Record)
    assert_type(domain.records.rename(record.id, "b"), po.Record)
    domain.records.delete(record)
    client.domains.delete(domain)


def actions(client: po.Client) -> None:
    since = datetime(2026, 11, 23)  # noqa: DTZ001  # without a zone it is UTC
    assert_type(client.actions.list(status="errored", type="resize", since=since), list[po.Action])
    assert_type(client.actions.frame(resource_type="droplet", resource_id=7, since="2026-11-23"), pd.DataFrame)


def making(client: po.Client) -> None:
    one = client.droplets.create(name="a", region="sfo3", size="s-1vcpu-1gb", image="ubuntu-24-04-x64", monitoring=True)
    assert_type(one, po.Droplet)
    many = client.droplets.create(names=["a", "b"], size="s-1vcpu-1gb", image=1234, ssh_keys=[1, "aa:bb"], wait=False)
    assert_type(many, list[po.Droplet])
    up = client.droplets.create(name="a", size="s-1vcpu-1gb", image=1234, wait_for="ssh")
    assert_type(client.droplets.wait_for_ssh([up, 7, "a"], timeout_s=60), list[po.Droplet])
    client.droplets.create(size="s-1vcpu-1gb", image=1234)  # type: ignore[call-overload]
    client.droplets.create(name="a", names=["b"], size="s-1vcpu-1gb", image=1234)  # type: ignore[call-overload]
    client.droplets.delete(one)
    client.droplets.delete("a")


def droplets(droplet: po.Droplet) -> None:
    assert_type(droplet.id, int)
    assert_type(droplet.name, str)
    assert_type(droplet.status, str)
    assert_type(droplet.tags, list[str])
    assert_type(droplet.vpc_uuid, str | None)
    assert_type(droplet.created_at, datetime | None)
    assert_type(droplet.ip_address, str)
    assert_type(droplet.active, bool)
    assert_type(droplet["networking_throughput"], Any)
    assert_type(dict(droplet), dict[str, Any])
    assert_type(droplet.refresh(), po.Droplet)
    assert_type(droplet.wait(60), po.Droplet)
    assert_type(droplet.snapshots(), list[Snapshot])
    assert_type(droplet.backups(), list[Snapshot])
    assert_type(droplet.kernels(), list[Kernel])
    assert_type(droplet.neighbors(), list[po.Droplet])
    assert_type(droplet.backup_policy(), dict[str, Any])
    assert_type(droplet.wait_for_ssh(60), po.Droplet)
    _ = droplet.nonsense  # type: ignore[attr-defined]
    droplet.name = "b"  # type: ignore[assignment]


def verbs(droplet: po.Droplet) -> None:
    def on_progress(progress: po.Progress) -> None:
        assert_type(progress.fraction, float | None)
        assert_type(progress.label, str)
        assert_type(progress.done, bool)

    action = droplet.power_off(wait=False)
    assert_type(action, po.Action)
    assert_type(action.wait(timeout_s=60, on_progress=on_progress), po.Action)
    assert_type(action.started_at, datetime | None)
    assert_type(action.done, bool)
    assert_type(droplet.resize("s-2vcpu-4gb", disk=True, restart=True), po.Action)
    assert_type(droplet.take_snapshot("before", on_progress=on_progress), po.Action)
    assert_type(droplet.take_snapshot("before", restart=True), po.Action)
    assert_type(droplet.rename("b"), po.Action)
    assert_type(droplet.rebuild("debian-12-x64"), po.Action)
    assert_type(droplet.restore(droplet.backups()[0]), po.Action)
    assert_type(droplet.enable_backups(plan="weekly", weekday="SUN", hour=4), po.Action)
    assert_type(droplet.change_backup_policy(plan="daily"), po.Action)
    assert_type(droplet.disable_backups(wait=False), po.Action)
    assert_type(droplet.password_reset(), po.Action)
    assert_type(droplet.enable_ipv6(), po.Action)
    assert_type(droplet.change_kernel(1), po.Action)
    assert_type(droplet.enable_private_networking(), po.Action)
    droplet.reboot(60)  # type: ignore[call-arg, arg-type]  # options are keywords


def analysis(client: po.Client, droplets: pd.DataFrame, sizes: pd.DataFrame, actions: pd.DataFrame) -> None:
    regions = client.regions.frame()
    assert_type(po.analysis.sizes.unit_prices(sizes), pd.DataFrame)
    assert_type(po.analysis.sizes.available(sizes, regions="europe", family=["cpu"]), pd.DataFrame)
    assert_type(po.analysis.sizes.cheapest(sizes, memory_gib=16, regions=["ams3"], regions_frame=regions), pd.DataFrame)
    assert_type(po.analysis.sizes.frontier(sizes, generation="premium"), pd.DataFrame)
    assert_type(po.analysis.sizes.availability(sizes, regions, only="nyc"), pd.DataFrame)
    assert_type(po.analysis.sizes.with_feature(regions, "backups", "storage"), pd.DataFrame)
    lines = po.analysis.cost.lines(droplets=droplets, sizes=sizes, others={"app": droplets}, sent_gib_month=1.0)
    assert_type(lines, pd.DataFrame)
    assert_type(po.analysis.cost.by(lines, "tag"), pd.DataFrame)
    assert_type(po.analysis.cost.total(lines), pd.DataFrame)
    assert_type(po.analysis.cost.reconcile(lines, lines, lines, now=client.now()), pd.DataFrame)
    assert_type(po.analysis.cost.history(lines, preview=None), pd.DataFrame)
    series = client.metrics.frame("use", ["web-1", 7], start=client.now())
    assert_type(series, pd.DataFrame)
    assert_type(po.analysis.metrics.tidy("cpu", series), pd.DataFrame)
    assert_type(po.analysis.metrics.cpu(series, modes=True), pd.DataFrame)
    assert_type(po.analysis.metrics.wide(series), pd.DataFrame)
    readings = client.metrics.read("use", client.droplets.list())
    use = po.analysis.metrics.use(readings.frame, droplets, failed=readings.failed)
    assert_type(use, pd.DataFrame)
    rule = po.analysis.rightsizing.Rule(cpu_headroom=20, same_family=True)
    assert_type(po.analysis.rightsizing.advice(droplets, sizes, use, rule=rule), pd.DataFrame)
    assert_type(po.analysis.timeline.spans(actions, {7: "web-1"}, now=client.now()), pd.DataFrame)
    assert_type(po.analysis.timeline.durations(actions), pd.DataFrame)
    po.analysis.sizes.cheapest(sizes, memory="16GiB")  # type: ignore[call-arg]
    po.analysis.rightsizing.Rule(20)  # type: ignore[call-arg]  # each by its keyword


def plots(frame: pd.DataFrame) -> None:
    assert_type(po.plots.price_map(frame, "vcpus", frontier=["s-1vcpu-1gb"]), po.plots.Picture)
    assert_type(po.plots.availability_map(frame, frame), po.plots.Picture)
    assert_type(po.plots.cost_by(frame, by="tag"), po.plots.Picture)
    assert_type(po.plots.cost_history(frame), po.plots.Picture)
    assert_type(po.plots.durations(frame), po.plots.Picture)
    assert_type(
        po.plots.metric_lines(frame, highlight=["web-1"], rule=po.analysis.rightsizing.Rule()), po.plots.Picture
    )
    assert_type(po.plots.savings(frame), po.plots.Picture)
    assert_type(po.plots.use_of_size(frame, rule=po.analysis.rightsizing.Rule()), po.plots.Picture)
    picture = po.plots.timeline(frame)
    assert_type(picture.table, pd.DataFrame)
    assert_type(picture.summary, str)


def exploring(client: po.Client) -> None:
    explorer = po.SizeExplorer(client, regions=["ams3"], families=["basic"], image="debian-12-x64")
    assert_type(explorer.selected, pd.DataFrame)


def errors(client: po.Client) -> None:
    try:
        client.droplets.by_name("web")
    except po.AmbiguousName as error:
        assert_type(error.ids, tuple[int, ...])
    except po.NotFound as error:
        assert_type(error.request_id, str | None)


def telling(client: po.Client) -> None:
    assert_type(client.changes, ChangeLog)
    assert_type(client.changes.entries(), tuple[LoggedChange, ...])
    assert_type(client.rate_limit, RateLimit | None)


def panels(droplet: po.Droplet) -> None:
    panel = po.DropletPanel(droplet)
    assert_type(panel.droplet, po.Droplet)
    assert_type(panel.text(), str)
    assert_type(panel.html(), str)
    panel.close()
    po.DropletPanel("web-1")  # type: ignore[arg-type]  # a droplet, not its name


def plans() -> None:
    plan = po.plan("droplets resize {name} --size s-2vcpu-4gb", name="web-1")
    assert_type(plan, po.Plan)
    assert_type(plan.frame(), pd.DataFrame)
    assert_type(plan.apply(wait=False, timeout_s=60), pd.DataFrame)
    assert_type(plan.usd_month, float | None)
    assert_type(plan.requests()[0].method, str)


@po.Sandbox(droplets=0)
def decorated(number: int) -> str:
    """Return what the decorator keeps."""
    return str(number)


def check_decorator() -> None:
    """Check that the result stays typed."""
    assert_type(decorated(1), str)
