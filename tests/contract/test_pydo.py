"""DigitalOcean's own Python client, as it comes from the package registry, against the sandbox.

pydo sends its token over https only. To point it at the sandbox, name the address once and say at each call that plain
http will do::

    from pydo import Client

    client = Client(sandbox.token, endpoint=sandbox.url)
    client.droplets.list(per_page=200, enforce_https=False)

`enforce_https=False` belongs to each call: given to `Client` it changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pydo
import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from poseidon_nb.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

HTTP: dict[str, Any] = {"enforce_https": False}
NEW = {"name": "from-pydo", "region": "fra1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"}


@pytest.fixture
def sandbox(clock: Any) -> Iterator[Sandbox]:
    with Sandbox(droplets=5, clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[pydo.Client]:
    with pydo.Client(sandbox.token, endpoint=sandbox.url) as client:
        yield client


def test_pydo_has_the_version_in_the_readme():
    assert pydo.__version__ == "0.44.0"


def test_pydo_refuses_plain_http_unless_each_call_allows_it(sandbox: Sandbox):
    # Without retries, which pydo would make after its own refusal too, and sleep before each.
    with pydo.Client(sandbox.token, endpoint=sandbox.url, retry_total=0, **HTTP) as client:
        with pytest.raises(ServiceRequestError, match="not permitted for non-TLS"):
            client.droplets.list()
        assert client.droplets.list(**HTTP)["meta"]["total"] == 5


def test_pydo_lists_all_pages(client: pydo.Client):
    names, page = [], 1
    while True:
        answer = client.droplets.list(per_page=2, page=page, **HTTP)
        names += [droplet["name"] for droplet in answer["droplets"]]
        if "next" not in answer["links"].get("pages", {}):
            break
        page += 1
    assert (len(names), page) == (5, 3)
    assert answer["meta"]["total"] == 5


def test_pydo_creates_a_droplet_acts_on_it_and_deletes_it(client: pydo.Client, clock: Any):
    made = client.droplets.create(body=NEW, **HTTP)
    droplet_id, action_id = made["droplet"]["id"], made["links"]["actions"][0]["id"]
    assert made["droplet"]["status"] == "new"
    assert client.actions.get(action_id, **HTTP)["action"]["status"] == "in-progress"

    with pytest.raises(HttpResponseError, match="Droplet already has a pending event"):
        client.droplet_actions.post(droplet_id, body={"type": "power_off"}, **HTTP)
    clock.advance(600)
    droplet = client.droplets.get(droplet_id, **HTTP)["droplet"]
    assert droplet["status"] == "active"
    assert {network["type"] for network in droplet["networks"]["v4"]} == {"public", "private"}

    action = client.droplet_actions.post(droplet_id, body={"type": "power_off"}, **HTTP)["action"]
    clock.advance(600)
    assert client.droplet_actions.get(droplet_id, action["id"], **HTTP)["action"]["status"] == "completed"
    assert client.droplets.get(droplet_id, **HTTP)["droplet"]["status"] == "off"

    assert client.droplets.destroy(droplet_id, **HTTP) is None
    clock.advance(600)
    # The specification declares a 404 here, and what it declares pydo gives back like an answer.
    assert client.droplets.get(droplet_id, **HTTP)["id"] == "not_found"
    assert droplet_id not in [one["id"] for one in client.droplets.list(per_page=200, **HTTP)["droplets"]]


def test_pydo_makes_a_database_cluster_and_what_is_in_it(client: pydo.Client, clock: Any):
    databases = client.databases
    assert "pg" in databases.list_options(**HTTP)["options"]
    body = {"name": "from-pydo", "engine": "pg", "region": "nyc3", "size": "db-s-1vcpu-2gb", "num_nodes": 1}
    id_ = databases.create_cluster(body=body, **HTTP)["database"]["id"]
    clock.advance(600)
    cluster = databases.get_cluster(id_, **HTTP)["database"]
    assert (cluster["status"], cluster["connection"]["user"]) == ("online", "doadmin")
    assert databases.add_user(id_, body={"name": "app"}, **HTTP)["user"]["password"]
    databases.add(id_, body={"name": "shop"}, **HTTP)
    pool = {"name": "shop-pool", "mode": "transaction", "size": 5, "db": "shop", "user": "app"}
    assert databases.add_connection_pool(id_, body=pool, **HTTP)["pool"]["connection"]["user"] == "app"
    databases.update_firewall_rules(id_, body={"rules": [{"type": "ip_addr", "value": "192.0.2.1"}]}, **HTTP)
    assert len(databases.list_firewall_rules(id_, **HTTP)["rules"]) == 1
    databases.patch_config(id_, body={"config": {"work_mem": 16}}, **HTTP)
    assert databases.get_config(id_, **HTTP)["config"]["work_mem"] == 16
    databases.update_cluster_size(id_, body={"size": "db-s-2vcpu-4gb", "num_nodes": 2}, **HTTP)
    assert databases.get_cluster(id_, **HTTP)["database"]["status"] == "resizing"
    clock.advance(600)
    assert databases.get_cluster(id_, **HTTP)["database"]["num_nodes"] == 2
    databases.destroy_cluster(id_, **HTTP)
    assert databases.list_clusters(**HTTP)["databases"] == []


def test_pydo_makes_a_kubernetes_cluster_with_pools_and_registries(client: pydo.Client, clock: Any):
    kubernetes = client.kubernetes
    version = kubernetes.list_options(**HTTP)["options"]["versions"][-1]["slug"]
    pools = [{"name": "workers", "size": "s-1vcpu-2gb", "count": 2}]
    body = {"name": "from-pydo", "region": "nyc3", "version": version, "node_pools": pools}
    id_ = kubernetes.create_cluster(body=body, **HTTP)["kubernetes_cluster"]["id"]
    clock.advance(600)
    assert kubernetes.get_cluster(id_, **HTTP)["kubernetes_cluster"]["status"]["state"] == "running"
    assert id_ in kubernetes.get_credentials(id_, expiry_seconds=60, **HTTP)["server"]
    pool = {"name": "web", "size": "s-1vcpu-2gb", "count": 3, "auto_scale": True, "min_nodes": 3, "max_nodes": 6}
    pool_id = kubernetes.add_node_pool(id_, body=pool, **HTTP)["node_pool"]["id"]
    grown = kubernetes.update_node_pool(id_, pool_id, body={"name": "web-2", "count": 4}, **HTTP)["node_pool"]
    assert (grown["name"], len(grown["nodes"])) == ("web-2", 4)
    assert kubernetes.delete_node(id_, pool_id, grown["nodes"][0]["id"], **HTTP) is None
    assert kubernetes.delete_node_pool(id_, pool_id, **HTTP) is None
    (upgrade,) = kubernetes.get_available_upgrades(id_, **HTTP)["available_upgrade_versions"]
    assert kubernetes.upgrade_cluster(id_, body={"version": upgrade["slug"]}, **HTTP) is None
    clock.advance(600)

    registry = {"name": "from-pydo", "subscription_tier_slug": "basic"}
    client.registries.create(body=registry, **HTTP)
    assert client.registry.get_docker_credentials(read_write=True, **HTTP)["auths"]["registry.digitalocean.com"]["auth"]
    assert client.registries.run_garbage_collection("from-pydo", **HTTP)["garbage_collection"]["status"] == "requested"
    kubernetes.add_registry(body={"cluster_uuids": [id_]}, **HTTP)
    cluster = kubernetes.get_cluster(id_, **HTTP)["kubernetes_cluster"]
    assert (cluster["version"], cluster["registries"]) == (upgrade["slug"], ["from-pydo"])
    with pytest.raises(HttpResponseError):
        kubernetes.destroy_associated_resources_selective(id_, body={"load_balancers": ["invalid"]}, **HTTP)
    apps = {"addon_slugs": ["kube-state-metrics", "loki"], "cluster_uuid": id_}
    assert client.one_clicks.install_kubernetes(body=apps, **HTTP)["message"]
    assert client.one_clicks.list(type="thisshouldnotmatch", **HTTP).get("1_clicks") is None
    assert kubernetes.delete_cluster(id_, **HTTP) is None
    assert client.registries.delete("from-pydo", **HTTP) is None


def test_pydo_reports_a_wrong_token_as_the_service_does(sandbox: Sandbox):
    with (
        pydo.Client("dop_v1_wrong", endpoint=sandbox.url) as client,
        pytest.raises(HttpResponseError, match="Unable to authenticate you") as caught,
    ):
        client.droplets.list(**HTTP)
    assert caught.value.status_code == 401


def test_pydo_deploys_an_app_and_rolls_it_back(client: pydo.Client, clock: Any):
    web = {"name": "web", "git": {"repo_clone_url": "https://example.com/shop.git", "branch": "main"}}
    spec = {"name": "from-pydo", "region": "fra", "services": [web]}
    assert client.apps.validate_app_spec({"spec": spec}, **HTTP)["app_cost"] == 5
    app = client.apps.create({"spec": spec}, **HTTP)["app"]
    clock.advance(600)
    first = client.apps.get(app["id"], **HTTP)["app"]["active_deployment"]
    assert (first["phase"], first["progress"]["success_steps"]) == ("ACTIVE", 6)
    assert "live_url" in client.apps.get_logs(app["id"], first["id"], "web", type="RUN", **HTTP)
    assert len(client.apps.get_instances(app["id"], **HTTP)["instances"]) == 1

    larger = {**spec, "services": [{**web, "instance_count": 2}]}
    client.apps.update(app["id"], {"spec": larger}, **HTTP)
    clock.advance(600)
    assert len(client.apps.get_instances(app["id"], **HTTP)["instances"]) == 2
    assert client.apps.validate_rollback(app["id"], {"deployment_id": first["id"]}, **HTTP) == {"valid": True}
    client.apps.create_rollback(app["id"], {"deployment_id": first["id"]}, **HTTP)
    client.apps.commit_rollback(app["id"], **HTTP)
    clock.advance(600)
    phases = [one["phase"] for one in client.apps.list_deployments(app["id"], **HTTP)["deployments"]]
    assert phases == ["ACTIVE", "SUPERSEDED", "SUPERSEDED"]
    with pytest.raises(HttpResponseError, match="App name already exists"):
        client.apps.create({"spec": spec}, **HTTP)
    assert client.apps.delete(app["id"], **HTTP) == {"id": app["id"]}
    assert client.apps.list(**HTTP)["meta"]["total"] == 0


def test_pydo_makes_an_agent_with_a_knowledge_base_and_its_databases(client: pydo.Client, clock: Any):
    genai = client.genai
    (model, *_) = genai.list_models(usecases=["MODEL_USECASE_AGENT"], **HTTP)["models"]
    (embedding, *_) = genai.list_models(usecases=["MODEL_USECASE_KNOWLEDGEBASE"], **HTTP)["models"]
    source = {"web_crawler_data_source": {"base_url": "https://example.com"}}
    facts = {"name": "from-pydo", "embedding_model_uuid": embedding["uuid"], "datasources": [source]}
    base = genai.create_knowledge_base({**facts, "region": "tor1"}, **HTTP)["knowledge_base"]
    own = {"name": "from-pydo", "instruction": "Help.", "model_uuid": model["uuid"], "region": "tor1"}
    agent = genai.create_agent({**own, "knowledge_base_uuid": [base["uuid"]]}, **HTTP)["agent"]
    clock.advance(3600)
    assert genai.get_agent(agent["uuid"], **HTTP)["agent"]["deployment"]["status"] == "STATUS_RUNNING"
    assert genai.get_knowledge_base(base["uuid"], **HTTP)["database_status"] == "ONLINE"
    assert client.databases.get_cluster(base["database_id"], **HTTP)["database"]["engine"] == "opensearch"
    key = genai.create_agent_api_key(agent["uuid"], {"name": "web"}, **HTTP)["api_key_info"]
    assert "secret_key" not in genai.list_agent_api_keys(agent["uuid"], **HTTP)["api_key_infos"][0]
    assert genai.delete_agent_api_key(agent["uuid"], key["uuid"], **HTTP)["api_key_info"]["deleted_at"]
    assert genai.delete_agent(agent["uuid"], **HTTP)["agent"]["uuid"] == agent["uuid"]
    vectors = client.vector_databases.create({"name": "docs", "region": "tor1", "size": "small"}, **HTTP)["vector_db"]
    clock.advance(3600)
    assert client.vector_databases.get_credentials(vectors["id"], **HTTP)["api_token"]
    assert client.vector_databases.delete(vectors["id"], **HTTP) is None


def test_pydo_deploys_a_model_on_gpus(client: pydo.Client, clock: Any):
    inference = client.dedicated_inferences
    gpu = next(one for one in inference.list_sizes(**HTTP)["sizes"] if one["region"] == "tor1")
    accelerator = {"scale": 1, "type": "prefill_decode", "accelerator_slug": gpu["gpu_slug"]}
    deployment = {"model_slug": "Qwen/Qwen3-32B", "model_provider": "hugging_face", "accelerators": [accelerator]}
    vpc = client.vpcs.create({"name": "inference", "region": "tor1"}, **HTTP)["vpc"]["id"]
    spec = {"version": 1, "name": "from-pydo", "region": "tor1", "vpc": {"uuid": vpc}, "enable_public_endpoint": True}
    made = inference.create({"spec": {**spec, "model_deployments": [deployment]}}, **HTTP)
    assert made["token"]["value"]
    id_ = made["dedicated_inference"]["id"]
    clock.advance(3600)
    assert inference.get(id_, **HTTP)["dedicated_inference"]["endpoints"]["public_endpoint_fqdn"]
    assert len(inference.list_accelerators(id_, **HTTP)["accelerators"]) == 1
    assert inference.create_tokens(id_, {"name": "mine"}, **HTTP)["token"]["value"]
    assert len(inference.list_tokens(id_, **HTTP)["tokens"]) == 2
    assert inference.delete(id_, **HTTP) is None
