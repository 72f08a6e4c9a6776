"""The single steps of a thaw, and what stands in them for a droplet that does not exist yet. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation, prices
from poseidon_nb.client.engine.droplet_steps import SHUTDOWN_TIMEOUT_S, action_step
from poseidon_nb.client.engine.steps import FieldChange, Reference, Step, Target, When
from poseidon_nb.text import escape_unprintable
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.engine.steps import Chain

    Row = Mapping[str, Any]

#: Stands in a path until the id is known, and is then replaced.
DUMMY_ID = 987654321


@dataclass(frozen=True, slots=True)
class NewDroplet:
    """What stands in requests for a droplet that does not exist yet."""

    name: str

    @property
    def id(self) -> str:
        """Placeholder of its id."""
        return f"<id of {self.name}>"

    @property
    def address(self) -> str:
        """Placeholder of its public IPv4 address."""
        return f"<address of {self.name}>"

    @property
    def address6(self) -> str:
        """Placeholder of its public IPv6 address."""
        return f"<IPv6 address of {self.name}>"


def referring_to(step: Step, chain: int) -> Step:
    """Return a step whose references are to a chain."""
    return replace(step, references=tuple(replace(one, chain=chain) for one in step.references))


def image_target(image: Row) -> Target:
    """Return an image as the target of a step."""
    return Target("image", image["id"], str(image.get("name") or image["id"]))


def image_tag_step(verb: str, operation_id: str, image: Row, tag: str) -> Step:
    """Return the step that adds a tag to an image (``verb="tag"``), or removes it."""
    resources = [{"resource_id": str(image["id"]), "resource_type": "image"}]
    adds = verb == "tag"
    return Step(
        verb=verb,
        targets=(image_target(image),),
        request=build_request(operation(operation_id), path={"tag_id": tag}, body={"resources": resources}),
        change=FieldChange("tags", None if adds else tag, tag if adds else None),
    )


def untag_step(image: Row, tag: str) -> Step:
    """Return the step that removes a tag from an image."""
    return image_tag_step("untag", "tags_unassign_resources", image, tag)


def leftover_note(name: str, image: Row) -> str:
    """Return the note about a snapshot that an earlier freeze of a droplet with a name has left."""
    snapshot = escape_unprintable(str(image.get("name")))
    return (
        f"An earlier freeze of {escape_unprintable(name)} did not end, and left the snapshot {snapshot} ({image['id']}). "
        "Delete it if you do not need it."
    )


def assign_step(name: str, ip: str, droplet_id: Any, references: tuple[Reference, ...]) -> Step:
    """Return the step that assigns a reserved IP to a droplet."""
    six = ":" in ip
    operation_id, key = (
        ("reservedIPv6Actions_post", "reserved_ipv6") if six else ("reservedIPsActions_post", "reserved_ip")
    )
    return Step(
        verb="assign",
        targets=(Target("reserved IP", ip, ip),),
        request=build_request(
            operation(operation_id), path={key: ip}, body={"type": "assign", "droplet_id": droplet_id}
        ),
        awaits="action",
        change=FieldChange("droplet", None, name),
        references=references,
    )


def add_step(  # one request
    name: str, kind: str, row: Row, operation_id: str, path: Row, body: Row, references: tuple[Reference, ...]
) -> Step:
    """Return the step that adds a droplet with a name to another resource, such as a firewall."""
    return Step(
        verb="add_to",
        targets=(Target(kind, row["id"], str(row.get("name") or row["id"])),),
        request=build_request(operation(operation_id), path=path, body=body),
        change=FieldChange("droplets", None, name),
        references=references,
    )


def rule_step(name: str, firewall: Row, body: Row, references: tuple[Reference, ...]) -> Step:
    """Return the step that adds a rule for a droplet with a name to a firewall."""
    path = {"firewall_id": firewall["id"]}
    step = add_step(name, "firewall", firewall, "firewalls_add_rules", path, body, references)
    return replace(step, verb="add_rule_to", change=FieldChange("rules", None, name))


def record_step(domain: str, record: Row, address: str) -> Step:
    """Return the step that points a record at an address."""
    name = domain if record.get("name") == "@" else f"{record.get('name')}.{domain}"
    return Step(
        verb="update",
        targets=(Target("record", record["id"], name),),
        request=build_request(
            operation("domains_patch_record"),
            path={"domain_name": domain, "domain_record_id": record["id"]},
            body={"type": record["type"], "data": address},
        ),
        change=FieldChange("data", record.get("data"), address),
    )


def for_new(step: Step, placeholder: str) -> Step:
    """Return a step on a droplet that does not exist yet."""
    target = step.targets[0]
    request = replace(step.request, path=step.request.path.replace(str(DUMMY_ID), placeholder))
    return replace(step, targets=(replace(target, id=placeholder),), request=request)


def addresses(row: Row) -> list[str]:
    """Return all addresses of a droplet."""
    networks = row.get("networks") or {}
    listed = [*(networks.get("v4") or ()), *(networks.get("v6") or ())]
    return [str(one.get("ip_address")) for one in listed]


def address6_of(row: Row) -> str | None:
    """Return the public IPv6 address of a droplet, or None."""
    listed = (row.get("networks") or {}).get("v6") or ()
    return str(listed[0]["ip_address"]) if listed and listed[0].get("ip_address") else None


def off_steps(row: Row) -> Chain:
    """Return the steps that shut a droplet down, and power it off if needed."""
    shutdown = replace(action_step(row, "shutdown"), best_effort=True, limit_s=SHUTDOWN_TIMEOUT_S, status="active")
    power_off = replace(action_step(row, "power_off"), when=When.IF_NEEDED, status="active")
    return (shutdown, power_off)


def delete_image_step(image: Row) -> Step:
    """Return the step that deletes a snapshot."""
    return Step(
        verb="delete",
        targets=(image_target(image),),
        request=build_request(operation("images_delete"), path={"image_id": image["id"]}),
        usd_month=-float(image.get("size_gigabytes") or 0.0) * prices.SNAPSHOT_GB.usd,
        reversible=False,
    )
