"""Dedicated Inference and vector databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.walk import Walk

NOBODY = "00000000-0000-4000-a000-000000000000"
DAY_S = 86_400


def walk_dedicated_inference(walk: Walk) -> None:
    path = "/v2/dedicated-inferences"
    walk.get(f"{path}/gpu-model-config")
    gpu = next(one for one in walk.get(f"{path}/sizes")["sizes"] if one["region"] == "tor1")
    vpc = walk.must("POST", "/v2/vpcs", {"name": "inference", "region": "tor1"})["vpc"]["id"]
    accelerator = {"accelerator_slug": gpu["gpu_slug"], "scale": 2, "type": "prefill_decode"}
    deployment = {"model_slug": "Qwen/Qwen3-32B", "model_provider": "hugging_face", "accelerators": [accelerator]}
    spec = {"version": 1, "name": "chat", "region": "tor1", "vpc": {"uuid": vpc}, "enable_public_endpoint": True}
    spec["model_deployments"] = [deployment]
    made = walk.must("POST", path, {"spec": spec, "access_tokens": {"hugging_face_token": "hf_1"}})
    assert made["token"]["value"]
    here = f"{path}/{made['dedicated_inference']['id']}"
    for bad in ({"vpc": {"uuid": NOBODY}}, {"name": "no spaces"}, {"region": "atl1"}, {"model_deployments": []}):
        walk.refused(422, "POST", path, {"spec": {**spec, "name": "other", **bad}})
    walk.refused(409, "POST", path, {"spec": spec})
    walk.refused(403, "PATCH", here, {"spec": spec})
    walk.refused(403, "DELETE", f"/v2/vpcs/{vpc}")
    walk.get(here)
    walk.later()
    active = walk.get(here)["dedicated_inference"]
    assert active["status"] == "active"
    assert active["spec"]["model_deployments"][0]["accelerators"] == [accelerator]
    assert len(walk.get(path, region="tor1")["dedicated_inferences"]) == 1
    for _ in walk.pages(path):
        pass

    walk.refused(422, "PATCH", here, {"spec": {**spec, "enable_public_endpoint": False}})
    more = {**spec, "model_deployments": [{**deployment, "accelerators": [{**accelerator, "scale": 3}]}]}
    changing = walk.must("PATCH", here, {"spec": more})["dedicated_inference"]
    assert (changing["status"], changing["pending_deployment_spec"]["version"]) == ("updating", 2)
    walk.later()
    assert "pending_deployment_spec" not in walk.get(here)["dedicated_inference"]
    accelerators = [one for page in walk.pages(f"{here}/accelerators") for one in page["accelerators"]]
    assert len(accelerators) == 3
    assert walk.get(f"{here}/accelerators/{accelerators[2]['id']}") == accelerators[2]
    assert walk.get(f"{here}/accelerators", slug="gpu-none")["accelerators"] == []
    walk.refused(404, "GET", f"{here}/accelerators/{NOBODY}")
    walk.get(f"{here}/ca")

    token = walk.must("POST", f"{here}/tokens", {"name": "mine"})["token"]
    assert token.pop("value")
    walk.refused(422, "POST", f"{here}/tokens", {"name": "not mine"})
    assert token in walk.get(f"{here}/tokens")["tokens"]
    walk.must("DELETE", f"{here}/tokens/{token['id']}")
    walk.refused(404, "DELETE", f"{here}/tokens/{token['id']}")
    walk.must("DELETE", here)
    assert walk.get(here)["dedicated_inference"]["status"] == "deleting"
    walk.later()
    walk.refused(404, "GET", here)
    walk.refused(404, "GET", f"{here}/tokens")
    walk.must("DELETE", f"/v2/vpcs/{vpc}")


def walk_vector_databases(walk: Walk) -> None:
    path = "/v2/vector-databases"
    project = walk.must("POST", "/v2/projects", {"name": "vectors", "purpose": "IoT"})["project"]["id"]
    body = {"name": "docs", "region": "tor1", "size": "small", "project_id": project, "tags": ["rag"]}
    for bad in ({"size": "huge"}, {"region": "moon1"}, {"project_id": NOBODY}, {"name": ""}, {"tags": ["a b"]}):
        walk.refused(422, "POST", path, {**body, **bad})
    made = walk.must("POST", path, body)["vector_db"]
    here = f"{path}/{made['id']}"
    assert (made["status"], made["config"]["weaviate_version"]) == ("creating", "1.37.4")
    walk.refused(409, "POST", path, body)
    walk.refused(412, "DELETE", f"/v2/projects/{project}")
    assert len(walk.get(f"/v2/projects/{project}/resources")["resources"]) == 1
    walk.refused(422, "GET", f"{here}/credentials")
    walk.refused(422, "POST", f"{here}/resize", {"size": "large"})
    walk.later()
    found = walk.get(here)["vector_db"]
    assert found["status"] == "active"
    assert found["endpoints"]["grpc"]
    assert walk.get(path, per_page=1) == {"vector_dbs": [found], "total": 1}
    assert walk.get(f"{here}/credentials")["api_token"]
    changed = walk.must("PUT", here, {"config": {"default_quantization": "pq"}})["vector_db"]
    assert changed["config"] == {**made["config"], "default_quantization": "pq"}
    walk.refused(422, "PUT", here, {"config": {"default_quantization": "zip"}})
    assert walk.must("PUT", f"{here}/tags", {"tags": ["a", "b"]})["vector_db"]["tags"] == ["a", "b"]
    assert walk.must("POST", f"{here}/resize", {"size": "large"})["vector_db"]["status"] == "pending"
    walk.later()
    walk.refused(422, "POST", f"{here}/resize", {"size": "large"})

    assert walk.get(f"{here}/backups")["backups"] == []
    walk.clock.advance(10 * DAY_S)
    backups = walk.get(f"{here}/backups")["backups"]
    assert len(backups) == 7
    restore = f"{here}/backups/{backups[0]['backup_id']}/restore"
    walk.refused(404, "GET", restore)
    assert walk.must("POST", restore, {})["status"] == "STARTED"
    walk.refused(409, "POST", restore, {})
    walk.refused(404, "POST", f"{here}/backups/none/restore", {})
    walk.later()
    assert walk.get(restore)["status"] == "SUCCESS"
    assert walk.get(here)["vector_db"]["last_restore_id"] == backups[0]["backup_id"]
    walk.must("DELETE", here)
    walk.later()
    walk.refused(404, "GET", here)
    walk.must("DELETE", f"/v2/projects/{project}")


STEPS = (walk_dedicated_inference, walk_vector_databases)
