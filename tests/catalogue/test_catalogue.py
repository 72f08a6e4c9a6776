"""The catalogue from the outside: its content, unknown names and the cost of its import."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
from collections import Counter

import pytest

from poseidon_nb.catalogue import Operation, Parameter, match, operation, operation_ids, operations
from poseidon_nb.errors import NoSuchName

ALL = [operation(operation_id) for operation_id in operation_ids()]


def named(parameters: tuple[Parameter, ...]) -> dict[str, Parameter]:
    return {parameter.name: parameter for parameter in parameters}


def test_every_operation_occurs_once():
    assert len(operation_ids()) == len(set(operation_ids())) == 659
    assert len({(one.server, one.path) for one in ALL}) == 445
    assert len({one.tag for one in ALL}) == 55
    assert Counter(one.method for one in ALL) == {"GET": 340, "POST": 142, "DELETE": 97, "PUT": 65, "PATCH": 15}
    assert sum(one.deprecated for one in ALL) == 20
    assert sum(one.server != "https://api.digitalocean.com" for one in ALL) == 15


def test_droplets_list_is_complete():
    assert operation("droplets_list") == Operation(
        id="droplets_list",
        method="GET",
        path="/v2/droplets",
        server="https://api.digitalocean.com",
        tag="Droplets",
        path_parameters=(),
        query_parameters=(
            Parameter("per_page", "integer"),
            Parameter("page", "integer"),
            Parameter("tag_name", "string"),
            Parameter("name", "string"),
            Parameter("type", "string", enum=("droplets", "gpus")),
        ),
        header_parameters=(),
        body_fields=(),
        body_type="",
        body_required=False,
        status=200,
        response_key="droplets",
        response_is_list=True,
        paginated=True,
        deprecated=False,
        scopes=("droplet:read",),
        page="https://docs.digitalocean.com/reference/api/reference/droplets/#droplets_list",
        member_id="id",
        member_name="name",
    )


def test_creating_droplets_requires_only_what_both_variants_require():
    create = operation("droplets_create")
    fields = named(create.body_fields)
    assert [name for name, field in fields.items() if field.required] == ["size", "image"]
    assert fields["name"] == Parameter("name", "string")
    assert fields["names"] == Parameter("names", "array", items="string")
    assert fields["image"].type == "any"  # an id or a slug
    assert fields["ssh_keys"] == Parameter("ssh_keys", "array", items="any")
    assert (create.status, create.response_key, create.response_is_list) == (202, "droplet", False)
    assert create.body_required  # described as optional, although it has required fields


def test_a_body_with_variants_has_the_fields_and_values_of_all():
    fields = named(operation("dropletActions_post").body_fields)
    assert [name for name, field in fields.items() if field.required] == ["type"]
    assert {"resize", "rename", "snapshot"} <= set(fields["type"].enum)
    assert {"size", "disk", "name", "image", "kernel", "backup_policy"} <= fields.keys()
    assert fields["image"].type == "any"  # restore takes an id, rebuild a slug too


def test_read_only_fields_are_not_body_fields():
    assert [field.name for field in operation("sshKeys_create").body_fields] == ["public_key", "name"]
    assert "id" not in named(operation("domains_create_record").body_fields)


def test_a_name_can_be_in_the_path_and_in_the_body():
    update = operation("genai_update_agent")
    assert "uuid" in named(update.path_parameters)
    assert "uuid" in named(update.body_fields)
    both = [one for one in ALL if named(one.path_parameters).keys() & named(one.body_fields).keys()]
    # Two more, spacesKey_update and _patch, have it in the body as a read-only field.
    assert len(both) == 30


def test_header_parameters_are_kept():
    dangerous = operation("droplets_destroy_withAssociatedResourcesDangerous")
    assert dangerous.header_parameters == (Parameter("X-Dangerous", "boolean", required=True),)


@pytest.mark.parametrize(
    ("operation_id", "key", "is_list", "paginated"),
    [
        ("account_get", "account", False, False),
        ("images_list", "images", True, True),
        ("balance_get", "", False, False),
        ("billingInsights_list", "data_points", True, False),  # counts its pages in its own way
        ("invoices_list", "invoices", True, True),  # beside invoice_preview
        ("floatingIPs_create", "floating_ip", False, False),  # beside links
        ("nfs_create_access_point", "access_point", False, False),  # beside action
        ("dedicatedInferences_create", "dedicated_inference", False, False),  # beside token
        ("droplets_list_backup_policies", "policies", False, True),  # an object by droplet id, in pages
        ("droplets_list_associatedResources", "", False, False),  # five arrays, none above the others
        ("monitoring_get_DropletCpuMetrics", "", False, False),  # Prometheus
        ("imageActions_post", "action", False, False),  # described as bare
        ("imageActions_list", "actions", True, True),  # its page parameters are not described
        ("security_get_scan", "scan", False, False),  # takes page and per_page, for the findings inside
        ("dropletActions_post_byTag", "actions", True, False),
        ("droplets_destroy", "", False, False),
        ("invoices_get_pdfByUUID", "", False, False),
    ],
)
def test_a_response_is_unwrapped_by_its_key(operation_id: str, key: str, is_list: bool, paginated: bool):  # noqa: FBT001  # the row
    one = operation(operation_id)
    assert (one.response_key, one.response_is_list, one.paginated) == (key, is_list, paginated)


def test_paginated_operations_take_a_page():
    paginated = [one for one in ALL if one.paginated]
    assert len(paginated) > 80
    assert [one.id for one in paginated if not {"page", "per_page"} <= named(one.query_parameters).keys()] == []
    assert [one.id for one in paginated if not one.response_key or one.method != "GET"] == []


def test_path_parameters_follow_the_order_of_the_path():
    for one in ALL:
        braces = [segment[1:-1] for segment in one.path.split("/") if segment.startswith("{")]
        assert [parameter.name for parameter in one.path_parameters] == braces
        assert all(parameter.required for parameter in one.path_parameters)


def test_types_are_json_schema_types():
    words = {"string", "integer", "number", "boolean", "array", "object", "any"}
    for one in ALL:
        for parameter in (*one.path_parameters, *one.query_parameters, *one.header_parameters, *one.body_fields):
            assert parameter.type in words
            assert (parameter.items in words) == (parameter.type == "array")


def test_scopes_are_those_of_the_first_alternative():
    assert operation("sizes_list").scopes == ("sizes:read", "regions:read")
    assert operation("domains_create_record").scopes == ("domain:create",)  # or domain:update
    assert operation("inference_create_embedding").scopes == ()


def test_success_statuses_match_the_api():
    assert operation("droplets_destroy").status == 204
    assert operation("dropletActions_post").status == 201
    assert operation("inference_create_async_invoke").status == 200  # or 202
    assert [one.id for one in ALL if not one.status] == ["genai_create_model_api_key"]  # retired: 410


def test_reference_pages_are_per_tag():
    assert operation("sshKeys_list").page.endswith("/reference/ssh-keys/#sshKeys_list")
    assert operation("oneClicks_list").page.endswith("/reference/1-click-applications/#oneClicks_list")


def test_an_unknown_operation_names_the_closest_matches():
    with pytest.raises(NoSuchName, match=r"Unknown operation 'droplets-list'\. Did you mean droplets_list") as caught:
        operation("droplets-list")
    assert caught.value.name == "droplets-list"
    assert caught.value.nearest[0] == "droplets_list"
    with pytest.raises(KeyError):
        operation("nothing like it at all")


def test_concurrent_lookups_return_the_same_operation(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(operations, "_operations", {})
    together = threading.Barrier(8)
    given: list[Operation] = []

    def ask() -> None:
        together.wait()
        given.extend(operation(operation_id) for operation_id in operation_ids())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 8 * 659
    assert len({id(one) for one in given}) == 659


def test_an_operation_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        operation("droplets_list").path = "/v2/elsewhere"


def test_importing_reads_no_file_and_loads_no_third_party_package():
    script = """
import sys
before = {name.partition(".")[0] for name in sys.modules}
import poseidon_nb.catalogue as catalogue
from poseidon_nb.catalogue import operations, routes
assert operations.rows.cache_info().currsize == 0, "the file was read at import"
catalogue.match("GET", "/v2/droplets/1")
assert list(operations._operations) == ["droplets_get"], "operations were built that nobody looked up"
print(*{name.partition(".")[0] for name in sys.modules} - before - sys.stdlib_module_names)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == ["poseidon_nb"]


def test_every_operation_is_found_by_its_own_path():
    for one in ALL:
        values = {
            parameter.name: f"value of {parameter.name}/{place}" for place, parameter in enumerate(one.path_parameters)
        }
        path = one.path
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", value.replace(" ", "%20").replace("/", "%2F"))
        if one.server == "https://api.digitalocean.com":
            assert match(one.method, path) == (one, values)
        else:
            assert match(one.method, path) is None


@pytest.mark.parametrize(
    ("method", "path", "operation_id", "values"),
    [
        ("GET", "/v2/droplets/autoscale", "autoscalepools_list", {}),
        ("GET", "/v2/droplets/backups/policies", "droplets_list_backup_policies", {}),
        ("GET", "/v2/droplets/7/backups/policy", "droplets_get_backup_policy", {"droplet_id": "7"}),
        # A literal that leads nowhere gives way to the parameter beside it.
        ("GET", "/v2/droplets/backups/actions", "dropletActions_list", {"droplet_id": "backups"}),
        ("GET", "/v2/droplets/actions", "droplets_get", {"droplet_id": "actions"}),
        ("POST", "/v2/droplets/actions", "dropletActions_post_byTag", {}),
        ("GET", "/v2/projects/default", "projects_get_default", {}),
        ("GET", "/v2/projects/default/resources", "projects_list_resources_default", {}),
        ("GET", "/v2/account/keys/3b%3A16", "sshKeys_get", {"ssh_key_identifier": "3b:16"}),
        ("GET", "/v2/tags/caf%C3%A9", "tags_get", {"tag_id": "café"}),
        ("GET", "/v2/tags/a+b", "tags_get", {"tag_id": "a+b"}),
    ],
)
def test_literal_segments_win_over_parameters(method: str, path: str, operation_id: str, values: dict[str, str]):
    assert match(method, path) == (operation(operation_id), values)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", ""),
        ("GET", "/v2"),
        ("GET", "/v2/droplets/"),
        ("GET", "/v2/droplets//actions"),
        ("GET", "/v2/unknown"),
        ("PUT", "/v2/droplets"),
        ("TRACE", "/v2/droplets"),
        ("get", "/v2/droplets"),
        ("GET", "/v2/droplets?page=2"),
        ("GET", "v2/droplets"),
        ("GET", "/v1/models"),  # lives on another host
    ],
)
def test_a_route_that_the_api_lacks_is_none(method: str, path: str):
    assert match(method, path) is None


def test_headers_that_the_client_sets_itself_are_no_parameters():
    names = {one.name for id_ in operation_ids() for one in operation(id_).header_parameters}
    assert names == {"X-Dangerous"}
