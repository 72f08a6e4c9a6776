"""What the parameters of paths name, and the fields that hold their ids and names."""

from __future__ import annotations

import pytest

from poseidon_nb.catalogue import operation, operation_ids
from poseidon_nb.catalogue.collections import collection_of, member_parameter
from poseidon_nb.catalogue.specification import identify_members


@pytest.mark.parametrize(
    ("operation_id", "parameter", "listed", "id_", "name"),
    [
        ("kubernetes_get_nodePool", "node_pool_id", "kubernetes_list_nodePools", "id", "name"),
        ("kubernetes_get_nodePool", "cluster_id", "kubernetes_list_clusters", "id", "name"),
        ("databases_reset_auth", "username", "databases_list_users", "name", "name"),
        ("databases_get", "database_name", "databases_list", "name", "name"),
        ("databases_promote_replica", "replica_name", "databases_list_replicas", "name", "name"),
        ("databases_get_logsink", "logsink_id", "databases_list_logsink", "sink_id", "sink_name"),
        ("apps_get_logs", "deployment_id", "apps_list_deployments", "id", "id"),
        ("apps_get_instanceSize", "slug", "apps_list_instanceSizes", "slug", "slug"),
        # The list was replaced at another path; what is below it was not.
        ("registries_delete_repositoryTag", "repository_name", "registries_list_repositoriesV2", "name", "name"),
        ("registries_delete_repositoryTag", "repository_tag", "registries_list_repositoryTags", "tag", "tag"),
        ("spacesKey_get", "access_key", "spacesKey_list", "access_key", "name"),
        ("functions_get_namespace", "namespace_id", "functions_list_namespaces", "namespace", "label"),
        ("genai_get_agent", "uuid", "genai_list_agents", "uuid", "name"),
        ("genai_delete_agent_api_key", "agent_uuid", "genai_list_agents", "uuid", "name"),
    ],
)
def test_a_parameter_leads_to_the_list_of_what_it_names(operation_id, parameter, listed, id_, name):
    found = collection_of(operation(operation_id).path, parameter)
    assert found is not None
    assert (found.id, found.member_id, found.member_name) == (listed, id_, name)


@pytest.mark.parametrize(
    ("operation_id", "parameter"),
    [
        ("apps_get_logs", "component_name"),
        ("billingInsights_list", "account_urn"),
        ("registry_update_garbageCollection", "garbage_collection_uuid"),
    ],
)
def test_what_nothing_lists_has_no_collection(operation_id, parameter):
    assert collection_of(operation(operation_id).path, parameter) is None


def test_every_collection_knows_what_its_members_are_named_by():
    listed = [one for one in map(operation, operation_ids()) if one.member_id]
    assert len(listed) > 80
    for one in listed:
        assert (one.method, one.response_is_list) == ("GET", True)
        assert one.member_name
        assert member_parameter(one).name


def test_the_fields_of_ids_and_names_are_recognized():
    assert identify_members("x_uuid", ["id", "name"]) == ("id", "name")
    assert identify_members("evaluation_run_uuid", ["uuid", "run_uuid", "run_name"]) == ("run_uuid", "run_name")
    assert identify_members("version", ["id", "name"]) == ("", "")
