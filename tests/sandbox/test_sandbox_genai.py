"""What is peculiar to GradientAI, dedicated inference and vector databases; the walk has the rest."""

from __future__ import annotations

import itertools
import json
from datetime import datetime
from typing import Any

from poseidon_nb.sandbox.invoices import charges

ROOT = "/v2/gen-ai"
LLAMA = "d754f2d7-d1f0-11ef-bf8f-4e013e2ddde4"
EMBEDDING = "22653204-79ed-11ef-bf8f-4e013e2ddde4"
DAY_S = 86_400
SOURCE = {"spaces_data_source": {"bucket_name": "docs"}}


def made(api: Any, path: str, body: dict[str, Any]) -> Any:
    status, answer = api("POST", path, body)
    assert status < 300, answer
    return answer


def new_agent(api: Any, **fields: Any) -> Any:
    return made(api, f"{ROOT}/agents", {"name": "a", "instruction": "Help.", "model_uuid": LLAMA, **fields})["agent"]


def new_base(api: Any, **fields: Any) -> Any:
    body = {"name": "facts", "embedding_model_uuid": EMBEDDING, "datasources": [SOURCE], **fields}
    return made(api, f"{ROOT}/knowledge_bases", body)["knowledge_base"]


def test_rolling_back_restores_settings_and_links(api):
    base = new_base(api)
    agent = new_agent(api, knowledge_base_uuid=[base["uuid"]])
    path = f"{ROOT}/agents/{agent['uuid']}"
    first = agent["version_hash"]
    assert api("PUT", path, {"instruction": "Hurry.", "k": 3})[0] == 200
    assert api("DELETE", f"{path}/knowledge_bases/{base['uuid']}")[0] == 200
    assert len(api.get(f"{path}/versions")["agent_versions"]) == 3
    assert api("PUT", f"{path}/versions", {"version_hash": first})[0] == 200
    back = api.get(path)["agent"]
    assert (back["instruction"], back["k"], back["version_hash"]) == ("Help.", 10, first)
    assert [one["uuid"] for one in back["knowledge_bases"]] == [base["uuid"]]
    applied = [one["currently_applied"] for one in api.get(f"{path}/versions")["agent_versions"]]
    assert applied == [True, False, False]


def test_a_chain_of_routes_may_be_long_but_not_a_circle(api):
    agents = [new_agent(api, name=f"a{number}")["uuid"] for number in range(4)]
    for parent, child in itertools.pairwise(agents):
        made(api, f"{ROOT}/agents/{parent}/child_agents/{child}", {})
    status, refusal = api("POST", f"{ROOT}/agents/{agents[3]}/child_agents/{agents[0]}", {})
    assert (status, refusal["message"]) == (422, "The route would lead back to its own agent.")
    assert api("POST", f"{ROOT}/agents/{agents[0]}/child_agents/{agents[0]}", {})[0] == 422


def test_secrets_of_others_are_not_kept(api):
    aws = {"aws_data_source": {"bucket_name": "b", "key_id": "AKIASECRET", "secret_key": "hidden-aws"}}
    base = new_base(api, datasources=[aws])
    made(api, f"{ROOT}/knowledge_bases/{base['uuid']}/data_sources", aws)
    made(api, f"{ROOT}/openai/keys", {"name": "ours", "api_key": "hidden-openai"})
    source = {"repo_id": "Qwen/Qwen3-8B", "hf_token": "hidden-hf"}
    body = {"name": "m", "source_type": "SOURCE_TYPE_HUGGINGFACE", "source_ref": source}
    made(api, f"{ROOT}/custom_models/import", {**body, "accept_terms_and_conditions": True})
    saved = api.ask("GET", "/_sandbox/state").body
    assert b"Qwen3-8B" in saved
    for secret in (b"hidden", b"AKIASECRET"):
        assert secret not in saved


def test_a_schedule_runs_on_its_days_at_its_time(api):
    base = new_base(api)
    api.clock.advance(DAY_S)
    every = {"knowledge_base_uuid": base["uuid"], "days": [0, 3, 7], "time": "02:30"}
    made(api, f"{ROOT}/scheduled-indexing", every)
    api.clock.advance(28 * DAY_S)
    jobs = api.get(f"{ROOT}/indexing_jobs?per_page=200")["jobs"]
    runs = [job["created_at"] for job in jobs[1:]]
    assert len(runs) == 8
    assert {run[10:] for run in runs} == {"T02:30:00Z"}
    assert {datetime.fromisoformat(run).strftime("%A") for run in runs} == {"Sunday", "Wednesday"}
    assert all(job["status"] == "INDEX_JOB_STATUS_COMPLETED" for job in jobs)
    info = api.get(f"{ROOT}/scheduled-indexing/knowledge-base/{base['uuid']}")["indexing_info"]
    assert info["last_ran_at"] == runs[-1] < info["next_run_at"]


def test_pages_of_gradientai_name_their_number(api):
    for number in range(3):
        new_agent(api, name=f"a{number}")
    page = api.get(f"{ROOT}/agents?page=2&per_page=1")
    assert page["meta"] == {"total": 3, "page": 2, "pages": 3}
    assert page["links"]["pages"].keys() == {"first", "previous", "next", "last"}


def test_a_job_goes_on_in_a_saved_account(api):
    base = new_base(api)
    api.clock.advance(30)
    saved = api.ask("GET", "/_sandbox/state").body
    api.sandbox.reset()
    assert api.get(f"{ROOT}/knowledge_bases")["knowledge_bases"] == []
    assert api.ask("PUT", "/_sandbox/state", saved).status == 204
    api.clock.advance(3600)
    job = api.get(f"{ROOT}/knowledge_bases/{base['uuid']}")["knowledge_base"]["last_indexing_job"]
    assert job["status"] == "INDEX_JOB_STATUS_COMPLETED"
    assert json.loads(api.ask("GET", f"{ROOT}/indexing_jobs/{job['uuid']}").body)["job"] == job


def test_gpus_are_billed_while_a_model_is_active(api):
    world = api.sandbox._dispatcher.world
    start = world.now()
    sizes = api.get("/v2/dedicated-inferences/sizes")["sizes"]
    gpu = next(one for one in sizes if one["region"] == "tor1")
    accelerator = {"accelerator_slug": gpu["gpu_slug"], "scale": 2, "type": "prefill_decode"}
    spec = {
        "name": "chat",
        "region": "tor1",
        "model_deployments": [{"model_slug": "Qwen/Qwen3-8B", "accelerators": [accelerator]}],
    }
    one = made(api, "/v2/dedicated-inferences", {"spec": spec})["dedicated_inference"]
    api.clock.advance(3600)
    found = api.get(f"/v2/dedicated-inferences/{one['id']}")["dedicated_inference"]
    assert found["spec"]["vpc"]["uuid"] in {vpc["id"] for vpc in api.get("/v2/vpcs")["vpcs"]}
    assert found["endpoints"].keys() == {"private_endpoint_fqdn"}
    api.clock.advance(10 * 3600)
    assert api("DELETE", f"/v2/dedicated-inferences/{one['id']}")[0] == 202
    api.clock.advance(100 * 3600)
    world.advance()
    (charge,) = [one for one in charges(world, start, world.now()) if one.product == "Dedicated Inference"]
    hours = 11 - 620 / 3600 / world.speed
    assert abs(charge.cents / 100 - hours * 2 * float(gpu["price_per_hour"])) < 0.5
    assert charge.description == f"chat (2 x {gpu['gpu_slug']})"


def test_odd_values_of_models_and_guardrails_are_refused(api):
    source = {"repo_id": "Qwen/Qwen3-8B", "access_type": "OPEN"}
    body = {"name": "m", "source_type": "SOURCE_TYPE_HUGGINGFACE", "source_ref": source}
    status, answer = api("POST", f"{ROOT}/custom_models/import", {**body, "accept_terms_and_conditions": True})
    assert (status, answer["message"].partition(",")[0]) == (
        422,
        "source_ref.access_type must be one of ACCESS_TYPE_UNSPECIFIED",
    )
    agent = new_agent(api)["uuid"]
    linked = {"guardrails": [{"guardrail_uuid": "3398ffc0-ae0d-5257-a8f1-21b1709342d2", "priority": 2**31}]}
    status, answer = api("POST", f"{ROOT}/agents/{agent}/guardrails", linked)
    assert status == 422
    assert "priority must be at most" in answer["message"]


def test_the_catalog_has_pages(api):
    whole = api.get(f"{ROOT}/models/catalog?limit=200")
    total = whole["meta"]["total"]
    number = -(-total // 5)
    pages = [api.get(f"{ROOT}/models/catalog?limit=5&page={page}") for page in range(1, number + 2)]
    assert [one["id"] for page in pages for one in page["data"]] == [one["id"] for one in whole["data"]]
    assert pages[1]["meta"] == {"total": total, "page": 2, "pages": number}


def test_a_preset_fills_in_its_candidate_as_a_whole(api):
    file = {"original_file_name": "d.csv", "stored_object_key": "d"}
    body = {"name": "d", "file_upload_dataset": file}
    dataset = made(api, f"{ROOT}/evaluation_datasets", body)["evaluation_dataset_uuid"]
    metric = api.get(f"{ROOT}/model_evaluation_metrics")["metrics"][0]["metric_uuid"]
    candidate = {"candidate_model_name": "own", "candidate_model_source": "CANDIDATE_MODEL_SOURCE_DEDICATED"}
    saved = {"dataset_uuid": dataset, "judge_model_uuid": LLAMA, "metric_uuids": [metric], "save_as_preset": True}
    path = f"{ROOT}/model_evaluation_runs"
    made(api, path, {"name": "first", **candidate, **saved})
    preset = api.get(f"{ROOT}/model_evaluation_presets")["presets"][0]["eval_preset_uuid"]
    again = made(api, path, {"name": "again", "eval_preset_uuid": preset})["eval_run_uuid"]
    shown = api.get(f"{path}/{again}")["run"]
    assert {name: shown[name] for name in candidate} == candidate
    other = {"name": "other", "eval_preset_uuid": preset, "candidate_model_name": "openai-gpt-oss-20b"}
    shown = api.get(f"{path}/{made(api, path, other)['eval_run_uuid']}")["run"]
    assert shown["candidate_model_source"].endswith("SERVERLESS")
    assert shown["candidate_model_uuid"] not in {None, ""}
