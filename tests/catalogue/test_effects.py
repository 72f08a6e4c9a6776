"""The effects list is complete, and harmful operations need confirmation whatever their method."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from poseidon_nb.catalogue import effects as module
from poseidon_nb.catalogue import operation, operation_ids
from poseidon_nb.catalogue.effects import CONFIRMED_KINDS, EFFECT_KINDS, FILE, Effect, effect_of, effects, is_retryable
from poseidon_nb.errors import NoSuchName

ACCOUNT = "https://api.digitalocean.com"
OPERATIONS = {one.id: one for one in map(operation, operation_ids()) if one.server == ACCOUNT}
WRITTEN: dict[str, Any] = json.loads(FILE.read_bytes())

#: What the catalogue's list must ask about though it is no DELETE.
HARMFUL: dict[str, str] = {
    "apps_commit_rollback": "replaces",
    "apps_create_rollback": "replaces",
    "apps_restart": "interrupts",
    "apps_revert_rollback": "replaces",
    "databases_install_update": "interrupts",
    "databases_promote_replica": "interrupts",
    "databases_reset_auth": "resets",
    "databases_update_cluster_metrics_credentials": "resets",
    "databases_update_major_version": "interrupts",
    "databases_update_onlineMigration": "replaces",
    "databases_update_region": "interrupts",
    "droplets_destroy_retryWithAssociatedResources": "deletes",
    "genai_regenerate_agent_api_key": "resets",
    "genai_regenerate_model_api_key": "resets",
    "genai_rollback_to_agent_version": "replaces",
    "images_post_account_transfer_accept": "transfers",
    "images_post_account_transfer_create": "transfers",
    "kubernetes_recycle_node_pool": "interrupts",
    "kubernetes_upgrade_cluster": "interrupts",
    "partnerAttachments_create_service_key": "resets",
    "registries_run_garbageCollection": "interrupts",
    "registry_run_garbageCollection": "interrupts",
    "vectorDatabases_post_restore_backup": "replaces",
}
#: The PUTs that act: a second arrival does more than the first, or is refused because of it.
SENT_ONCE = {
    "apps_update",
    "autoscalepools_update",
    "databases_install_update",
    "databases_promote_replica",
    "databases_update_clusterSize",
    "databases_update_do_settings",
    "databases_update_major_version",
    "databases_update_onlineMigration",
    "databases_update_region",
    "genai_cancel_indexing_job",
    "genai_cancel_model_evaluation_run",
    "genai_regenerate_agent_api_key",
    "genai_regenerate_model_api_key",
    "genai_rollback_to_agent_version",
    "genai_update_agent",
    "genai_update_agent_function",
    "genai_update_attached_agent",
    "genai_update_custom_evaluation_metric",
    "genai_update_evaluation_test_case",
    "genai_update_knowledge_base_data_source",
    "registries_update_garbageCollection",
    "registry_update_garbageCollection",
}


def base(key: str) -> str:
    """Return the operation of an entry's key."""
    return key.partition("/")[0].partition("+")[0]


def test_the_list_has_exactly_the_operations_of_the_account():
    listed = {*WRITTEN["reads"], *(base(row["id"]) for row in WRITTEN["writes"])}
    missing = sorted(OPERATIONS.keys() - listed)
    assert not missing, (
        f"place {missing} in {FILE.name}: a GET under reads; any other as a line under writes, in the order of the ids, "
        f"with the kind ({', '.join(EFFECT_KINDS)}) that its description in the specification tells, and of a PUT whether a "
        "second arrival does no more than the first, with the reason (the module effects explains the keys)"
    )
    assert not sorted(listed - OPERATIONS.keys()), "the catalogue does not have these any more: remove their lines"
    assert len(listed) == 644


def test_a_missing_operation_is_reported_with_instructions(monkeypatch):
    monkeypatch.setitem(OPERATIONS, "moons_eclipse", operation("droplets_create"))
    with pytest.raises(AssertionError, match=r"place \['moons_eclipse'\] in effects\.json"):
        test_the_list_has_exactly_the_operations_of_the_account()


def test_the_file_is_sorted_without_duplicates_and_has_one_line_per_write():
    for part in (WRITTEN["reads"], [row["id"] for row in WRITTEN["writes"]]):
        assert part == sorted(set(part))
    acts = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line.startswith('{"id"')]
    assert len(acts) == len(WRITTEN["writes"])
    known = {"id", "like", "kind", "confirm", "reversible", "warning", "idempotent", "reason"}
    for row in WRITTEN["writes"]:
        assert row.keys() <= known, row
        assert ("like" in row and row.keys() == {"id", "like"}) or row["kind"] in EFFECT_KINDS, row


def test_a_get_reads_and_never_needs_confirmation():
    gets = {id_ for id_, one in OPERATIONS.items() if one.method == "GET"}
    assert gets == set(WRITTEN["reads"])
    for id_ in gets:
        assert effect_of(id_) == Effect("reads")


def test_every_delete_needs_confirmation_or_has_a_reason():
    silent = {}
    for key, effect in effects().items():
        if OPERATIONS[base(key)].method == "DELETE" and not effect.needs_confirmation:
            assert effect.reason, f"{key} is a DELETE that does not ask: give it a reason"
            silent[key] = effect.kind
    # All of these can be undone, or lose nothing: a further one is a decision of its own.
    assert silent == dict.fromkeys(
        ["cdn_purge_cache", "loadBalancers_delete_cache", "tags_unassign_resources"], "changes"
    )


def test_every_put_has_a_reason_and_only_puts_are_idempotent():
    once = set()
    for key, effect in effects().items():
        if OPERATIONS[base(key)].method == "PUT":
            assert effect.reason, f"{key}: say why it may be repeated, or why not"
            once |= set() if effect.idempotent else {base(key)}
        else:
            assert not effect.idempotent, f"{key} is no PUT"
    assert once == SENT_ONCE
    for row in WRITTEN["writes"]:
        if "kind" in row and OPERATIONS[base(row["id"])].method == "PUT":
            assert "idempotent" in row, row


def test_harmful_operations_need_confirmation_and_have_a_warning():
    for id_, kind in HARMFUL.items():
        effect = effect_of(id_)
        assert (effect.kind, effect.needs_confirmation) == (kind, True), id_
    for key, effect in effects().items():
        if effect.kind in CONFIRMED_KINDS:
            assert effect.needs_confirmation, key
        if effect.needs_confirmation:
            assert effect.warning.endswith("."), key
            assert effect.warning[0].isupper(), key
        if not effect.needs_confirmation and effect.kind != "reads":
            assert effect.kind in {"creates", "changes"}, key


#: Droplet actions: kind, whether they ask, whether they can be undone.
ACTIONS: dict[str, tuple[str, bool, bool]] = {
    "change_backup_policy": ("changes", False, True),
    "change_kernel": ("changes", False, True),
    "disable_backups": ("changes", False, True),
    "enable_backups": ("changes", False, True),
    "enable_ipv6": ("changes", True, False),
    "enable_private_networking": ("changes", True, False),
    "password_reset": ("resets", True, False),
    "power_cycle": ("interrupts", True, True),
    "power_off": ("interrupts", True, True),
    "power_on": ("changes", False, True),
    "reboot": ("interrupts", True, True),
    "rebuild": ("replaces", True, False),
    "rename": ("changes", False, True),
    "resize": ("changes", False, True),
    "restore": ("replaces", True, False),
    "shutdown": ("interrupts", True, True),
    "snapshot": ("creates", False, True),
}


def test_droplet_actions_depend_on_their_type_also_by_tag():
    suggested = {str(type_) for one in operation("dropletActions_post").body_fields for type_ in one.enum}
    assert suggested <= ACTIONS.keys()
    for id_ in ("dropletActions_post", "dropletActions_post_byTag"):
        for type_, (kind, asks, reversible) in ACTIONS.items():
            effect = effect_of(id_, {"type": type_})
            assert (effect.kind, effect.needs_confirmation, effect.reversible) == (kind, asks, reversible), type_
        listed = {key.partition("/")[2].partition("+")[0] for key in effects() if key.startswith(f"{id_}/")}
        assert listed == ACTIONS.keys()


def test_only_a_resize_with_disk_needs_confirmation():
    plain = effect_of("dropletActions_post", {"type": "resize", "size": "s-2vcpu-4gb", "disk": False})
    disk = effect_of("dropletActions_post", {"type": "resize", "size": "s-2vcpu-4gb", "disk": True})
    assert (plain.needs_confirmation, plain.reversible, plain.warning) == (False, True, "")
    assert (disk.needs_confirmation, disk.reversible, disk.warning) == (
        True,
        False,
        "The disk cannot be made smaller again.",
    )
    # The field means nothing to another type.
    assert not effect_of("dropletActions_post", {"type": "power_on", "disk": True}).needs_confirmation


def test_other_actions_depend_on_their_type_and_all_types_are_listed():
    asking = {"resize"}
    for id_ in ("imageActions_post", "nfs_create_action", "volumeActions_post", "volumeActions_post_byId"):
        (types,) = [one.enum for one in operation(id_).body_fields if one.name == "type"]
        for type_ in types:
            assert effect_of(id_, {"type": type_}) is not effect_of(id_), (id_, type_)
            assert effect_of(id_, {"type": type_}).needs_confirmation == (type_ in asking), (id_, type_)
    for id_ in ("floatingIPsAction_post", "reservedIPsActions_post", "reservedIPv6Actions_post"):
        assert not effect_of(id_, {"type": "assign"}).needs_confirmation
        assert not effect_of(id_, {"type": "unassign"}).needs_confirmation


def test_an_unknown_action_type_needs_confirmation():
    for body in (None, {}, {"type": "teleport"}, {"type": None}, {"type": []}, [], b"{}", "rebuild"):
        assert effect_of("dropletActions_post", body).needs_confirmation, body


def test_an_irreversible_field_needs_confirmation():
    assert not effect_of("databases_update_kafka_topic", {"config": {}}).needs_confirmation
    assert effect_of("databases_update_kafka_topic", {"partition_count": 9}).needs_confirmation


def test_updates_that_may_delete_or_reset_omitted_fields_need_confirmation():
    assert not effect_of("kubernetes_update_nodePool", {"name": "a", "tags": []}).needs_confirmation
    for count in (0, 3):
        assert effect_of("kubernetes_update_nodePool", {"name": "a", "count": count}).needs_confirmation
    for id_ in (
        "autoscalepools_update",
        "databases_update_do_settings",
        "databases_update_firewall_rules",
        "firewalls_update",
        "loadBalancers_update",
        "vpcnatgateways_update",
    ):
        assert effect_of(id_, {}).needs_confirmation, id_
        assert effect_of(id_, {}).warning, id_


def test_only_reads_and_idempotent_puts_are_retryable():
    assert is_retryable("GET", "")
    assert is_retryable("HEAD", "")
    assert not is_retryable("PUT", "")
    assert not is_retryable("PUT", "genai_upload_something")
    for id_, one in OPERATIONS.items():
        expected = one.method == "GET" or (one.method == "PUT" and id_ not in SENT_ONCE)
        assert is_retryable(one.method, id_) == expected, id_


def test_operations_on_other_hosts_are_unknown():
    with pytest.raises(NoSuchName, match="Did you mean droplets_create") as caught:
        effect_of("droplet_create")
    assert caught.value.nearest[0] == "droplets_create"
    elsewhere = {id_ for id_ in operation_ids() if operation(id_).server != ACCOUNT}
    assert len(elsewhere) == 15
    assert elsewhere.isdisjoint(map(base, effects()))


def test_the_list_is_loaded_at_first_use_and_imports_no_third_party_package():
    code = (
        "import sys\n"
        "from poseidon_nb.catalogue import effects\n"
        "assert effects._effects.cache_info().currsize == 0\n"
        "effects.effect_of('droplets_list')\n"
        "assert effects._effects.cache_info().currsize == 1\n"
        "own = {name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'poseidon_nb'}\n"
        "print(sorted(name for name in own if name in {'pandas', 'numpy', 'requests', 'ipywidgets', 'msgspec'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert module.FILE.exists()
