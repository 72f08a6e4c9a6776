"""GradientAI Platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.walk import Walk

ROOT = "/v2/gen-ai"
LLAMA = "d754f2d7-d1f0-11ef-bf8f-4e013e2ddde4"
EMBEDDING = "22653204-79ed-11ef-bf8f-4e013e2ddde4"
NOBODY = "00000000-0000-4000-a000-000000000000"


def walk_models(walk: Walk) -> None:
    for path in ("models", "models/routers/presets", "models/routers/tasks/presets"):
        for _ in walk.pages(f"{ROOT}/{path}"):
            pass
    embedding = walk.get(f"{ROOT}/models", usecases="MODEL_USECASE_KNOWLEDGEBASE", per_page=200)["models"]
    assert EMBEDDING in {one["uuid"] for one in embedding}
    assert LLAMA not in {one["uuid"] for one in embedding}
    assert len(walk.get(f"{ROOT}/models/catalog", limit=3)["data"]) == 3
    walk.refused(422, "GET", f"{ROOT}/models/catalog", limit="many")
    assert walk.get(f"{ROOT}/models/catalog/{LLAMA}")["data"]["model_id"] == "llama3.3-70b-instruct"
    walk.refused(404, "GET", f"{ROOT}/models/catalog/{NOBODY}")
    regions = walk.get(f"{ROOT}/regions", serves_inference="true")["regions"]
    assert regions
    assert all(one["serves_inference"] for one in regions)

    path = f"{ROOT}/models/routers"
    policy = {"task_slug": "code-review", "models": ["openai-gpt-4o"], "selection_policy": {"prefer": "cheapest"}}
    router = walk.must("POST", path, {"name": "cheap", "policies": [policy], "regions": ["tor1"]})["model_router"]
    walk.refused(409, "POST", path, {"name": "cheap", "policies": [policy]})
    walk.refused(422, "POST", path, {"name": "empty"})
    walk.refused(422, "POST", path, {"name": "odd", "fallback_models": ["hal-9000"]})
    walk.must("PUT", f"{path}/{router['uuid']}", {"fallback_models": ["openai-gpt-4o-mini"], "description": "saves"})
    changed = walk.get(f"{path}/{router['uuid']}")["model_router"]
    assert changed["config"] == {"fallback_models": ["openai-gpt-4o-mini"], "policies": [policy]}
    assert walk.get(path)["meta"] == {"total": 1, "page": 1, "pages": 1}
    assert walk.must("DELETE", f"{path}/{router['uuid']}") == {"uuid": router["uuid"]}
    walk.refused(404, "GET", f"{path}/{router['uuid']}")


def walk_custom_models(walk: Walk) -> None:
    path = f"{ROOT}/custom_models"
    source = {"repo_id": "Qwen/Qwen3-8B", "access_type": "ACCESS_TYPE_PUBLIC", "hf_token": "hf_secret"}
    body = {"name": "mine", "source_type": "SOURCE_TYPE_HUGGINGFACE", "source_ref": source}
    walk.refused(422, "POST", f"{path}/import", body)
    body["accept_terms_and_conditions"] = True
    model = walk.must("POST", f"{path}/import", body)["model"]
    assert model["status"] == "STATUS_IMPORTING"
    assert "hf_token" not in model["source_ref"]
    assert walk.get(path, status="STATUS_READY")["models"] == []
    walk.later()
    assert walk.get(f"{path}/{model['uuid']}")["model"]["status"] == "STATUS_READY"
    assert len(walk.get(path, status="STATUS_READY")["models"]) == 1
    walk.must("PATCH", f"{path}/{model['uuid']}/metadata", {"description": "tuned", "tags": {"tags": ["a"]}})
    walk.refused(422, "PATCH", f"{path}/{model['uuid']}/metadata", {"license": "mit"})
    walk.must("DELETE", f"{path}/{model['uuid']}")
    walk.refused(404, "GET", f"{path}/{model['uuid']}")


def walk_keys(walk: Walk) -> None:
    path = f"{ROOT}/models/api_keys"
    walk.refused(410, "POST", path, {"name": "new"})
    (key,) = walk.get(path)["api_key_infos"]
    assert "secret_key" not in key
    secret = walk.must("PUT", f"{path}/{key['uuid']}/regenerate")["api_key_info"]["secret_key"]
    assert walk.must("PUT", f"{path}/{key['uuid']}/regenerate")["api_key_info"]["secret_key"] != secret
    assert walk.must("PUT", f"{path}/{key['uuid']}", {"name": "mine"})["api_key_info"]["name"] == "mine"
    assert walk.must("DELETE", f"{path}/{key['uuid']}")["api_key_info"]["deleted_at"]
    assert walk.get(path)["api_key_infos"] == []
    for provider in ("openai", "anthropic"):
        path = f"{ROOT}/{provider}/keys"
        walk.refused(422, "POST", path, {"name": "no key"})
        key = walk.must("POST", path, {"name": "ours", "api_key": "sk-secret"})["api_key_info"]
        walk.must("PUT", f"{path}/{key['uuid']}", {"name": "renamed", "api_key": "sk-other"})
        assert walk.get(f"{path}/{key['uuid']}")["api_key_info"]["name"] == "renamed"
        assert len(walk.get(path)["api_key_infos"]) == 1
        assert walk.get(f"{path}/{key['uuid']}/agents")["agents"] == []
        agent = make_agent(walk, **{{"openai": "open_ai_key_uuid"}.get(provider, "anthropic_key_uuid"): key["uuid"]})
        assert agent[f"{provider}_api_key"]["uuid"] == key["uuid"]
        assert [one["uuid"] for one in walk.get(f"{path}/{key['uuid']}/agents")["agents"]] == [agent["uuid"]]
        walk.must("DELETE", f"{path}/{key['uuid']}")
        assert f"{provider}_api_key" not in walk.get(f"{ROOT}/agents/{agent['uuid']}")["agent"]
        walk.refused(404, "GET", f"{path}/{key['uuid']}/agents")
        walk.must("DELETE", f"{ROOT}/agents/{agent['uuid']}")


def make_agent(walk: Walk, **fields: Any) -> Any:
    body = {"name": "helper", "instruction": "Help.", "model_uuid": LLAMA, "region": "tor1", **fields}
    return walk.must("POST", f"{ROOT}/agents", body)["agent"]


def walk_agents(walk: Walk) -> None:
    project = walk.get("/v2/projects/default")["project"]["id"]
    agent = make_agent(walk, project_id=project, tags=["support"])
    path = f"{ROOT}/agents/{agent['uuid']}"
    assert (agent["project_id"], agent["deployment"]["status"]) == (project, "STATUS_WAITING_FOR_DEPLOYMENT")
    assert walk.get(f"{ROOT}/agents", only_deployed="true")["agents"] == []
    walk.later()
    agent = walk.get(path)["agent"]
    assert agent["deployment"]["status"] == "STATUS_RUNNING"
    assert agent["url"] == agent["deployment"]["url"]
    assert len(walk.get(f"{ROOT}/agents", only_deployed="true")["agents"]) == 1
    for bad in ({"model_uuid": EMBEDDING}, {"model_uuid": NOBODY}, {"region": "moon1"}, {"project_id": NOBODY}):
        body = {"name": "bad", "instruction": "Fail.", "model_uuid": LLAMA, **bad}
        walk.refused(422, "POST", f"{ROOT}/agents", body)
    walk.refused(422, "POST", f"{ROOT}/agents", {"name": "no model", "instruction": "Fail."})
    walk.refused(422, "PUT", path, {"temperature": 3})
    changed = walk.must("PUT", path, {"name": "guide", "temperature": 0.2, "allowed_domains": ["example.com"]})["agent"]
    assert (changed["name"], changed["temperature"]) == ("guide", 0.2)
    public = walk.must("PUT", f"{path}/deployment_visibility", {"visibility": "VISIBILITY_PUBLIC"})["agent"]
    assert public["deployment"]["visibility"] == "VISIBILITY_PUBLIC"
    walk.refused(422, "PUT", f"{path}/deployment_visibility", {"visibility": "loud"})
    usage = walk.get(f"{path}/usage", start="2026-01-01T00:00:00Z")["usage"]
    assert [one["tokens"] for one in usage["measurements"]] == [0, 0]
    walk.refused(400, "GET", f"{path}/usage", stop="tomorrow")

    versions = walk.get(f"{path}/versions")["agent_versions"]
    assert [(one["name"], one["currently_applied"]) for one in versions] == [("helper", False), ("guide", True)]
    walk.must("PUT", f"{path}/versions", {"version_hash": versions[0]["version_hash"]})
    assert walk.get(path)["agent"]["name"] == "helper"
    walk.refused(404, "PUT", f"{path}/versions", {"version_hash": "none"})
    walk_agent_links(walk, path)
    deleted = walk.must("DELETE", path)["agent"]
    assert deleted["uuid"] == agent["uuid"]
    for rest in ("", "/versions", "/api_keys"):
        walk.refused(404, "GET", path + rest)


def walk_agent_links(walk: Walk, path: str) -> None:
    key = walk.must("POST", f"{path}/api_keys", {"name": "web"})["api_key_info"]
    assert key["secret_key"]
    (listed,) = walk.get(f"{path}/api_keys")["api_key_infos"]
    assert listed == {name: value for name, value in key.items() if name != "secret_key"}
    assert walk.must("PUT", f"{path}/api_keys/{key['uuid']}/regenerate")["api_key_info"]["secret_key"]
    walk.must("PUT", f"{path}/api_keys/{key['uuid']}", {"name": "site"})
    walk.must("DELETE", f"{path}/api_keys/{key['uuid']}")
    walk.refused(404, "DELETE", f"{path}/api_keys/{key['uuid']}")

    namespace = walk.must("POST", "/v2/functions/namespaces", {"region": "tor1", "label": "skies"})["namespace"]
    function = {"function_name": "weather", "faas_name": "default/weather", "faas_namespace": namespace["namespace"]}
    walk.refused(422, "POST", f"{path}/functions", {"function_name": "weather"})
    (made,) = walk.must("POST", f"{path}/functions", {**function, "input_schema": {"a": 1}})["agent"]["functions"]
    (changed,) = walk.must("PUT", f"{path}/functions/{made['uuid']}", {"description": "Rain?"})["agent"]["functions"]
    assert (changed["name"], changed["description"]) == ("weather", "Rain?")
    assert walk.must("DELETE", f"{path}/functions/{made['uuid']}")["agent"]["functions"] == []
    walk.refused(404, "PUT", f"{path}/functions/{made['uuid']}", {})
    walk.must("POST", f"{path}/functions", function)
    walk.must("DELETE", f"/v2/functions/namespaces/{namespace['namespace']}")
    assert walk.get(path)["agent"]["functions"] == []

    _, refusal = walk.ask("POST", f"{path}/guardrails", {"guardrails": [{"guardrail_uuid": NOBODY}]})
    guardrail = refusal["message"].split("has ")[1][:36]
    body = {"guardrails": [{"guardrail_uuid": guardrail, "priority": 2}]}
    (attached,) = walk.must("POST", f"{path}/guardrails", body)["agent"]["guardrails"]
    assert (attached["guardrail_uuid"], attached["priority"]) == (guardrail, 2)
    assert walk.must("DELETE", f"{path}/guardrails/{guardrail}")["agent"]["guardrails"] == []
    walk.refused(404, "DELETE", f"{path}/guardrails/{guardrail}")

    base = walk.must("POST", f"{ROOT}/knowledge_bases", {"name": "facts", "embedding_model_uuid": EMBEDDING})
    base_uuid = base["knowledge_base"]["uuid"]
    attached = walk.must("POST", f"{path}/knowledge_bases/{base_uuid}")["agent"]["knowledge_bases"]
    assert [one["uuid"] for one in attached] == [base_uuid]
    assert walk.must("DELETE", f"{path}/knowledge_bases/{base_uuid}")["agent"]["knowledge_bases"] == []
    walk.refused(404, "DELETE", f"{path}/knowledge_bases/{base_uuid}")
    walk.refused(404, "POST", f"{path}/knowledge_bases/{NOBODY}")
    assert walk.must("POST", f"{path}/knowledge_bases", knowledge_base_uuids=base_uuid)["agent"]["knowledge_bases"]
    walk.must("DELETE", f"{ROOT}/knowledge_bases/{base_uuid}")
    assert walk.get(path)["agent"]["knowledge_bases"] == []
    walk_routes(walk, path)


def walk_routes(walk: Walk, path: str) -> None:
    child = make_agent(walk, name="child")
    route = f"{path}/child_agents/{child['uuid']}"
    walk.must("POST", route, {"route_name": "sums", "if_case": "It is about numbers."})
    walk.refused(409, "POST", route, {})
    walk.refused(422, "POST", f"{ROOT}/agents/{child['uuid']}/child_agents/{path.rpartition('/')[2]}", {})
    walk.refused(404, "POST", f"{path}/child_agents/{NOBODY}", {})
    walk.must("PUT", route, {"route_name": "maths"})
    (shown,) = walk.get(f"{path}/child_agents")["children"]
    assert (shown["route_name"], shown["if_case"]) == ("maths", "It is about numbers.")
    assert walk.get(f"{ROOT}/agents/{child['uuid']}")["agent"]["parent_agents"]
    walk.must("DELETE", route)
    walk.refused(404, "DELETE", route)
    walk.must("POST", route, {})
    walk.must("DELETE", f"{ROOT}/agents/{child['uuid']}")
    assert walk.get(f"{path}/child_agents")["children"] == []


def walk_knowledge_bases(walk: Walk) -> None:
    path = f"{ROOT}/knowledge_bases"
    crawler = {"web_crawler_data_source": {"base_url": "https://example.com", "crawling_option": "SCOPED"}}
    bucket = {"bucket_name": "docs", "bucket_region": "tor1", "item_path": "guides"}
    body = {"name": "manual", "embedding_model_uuid": EMBEDDING, "datasources": [crawler, bucket], "tags": ["docs"]}
    for bad in ({"embedding_model_uuid": LLAMA}, {"name": "x"}, {"datasources": [{}]}, {"database_id": NOBODY}):
        walk.refused(422, "POST", path, {**body, **bad})
    base = walk.must("POST", path, body)["knowledge_base"]
    here = f"{path}/{base['uuid']}"
    assert walk.get(here)["database_status"] == "CREATING"
    walk.refused(409, "POST", f"{ROOT}/indexing_jobs", {"knowledge_base_uuid": base["uuid"]})
    cluster = f"/v2/databases/{base['database_id']}"
    assert walk.get(cluster)["database"]["engine"] == "opensearch"
    walk.later()
    assert walk.get(here)["database_status"] == "ONLINE"
    walk.later()
    job = walk.get(here)["knowledge_base"]["last_indexing_job"]
    assert (job["phase"], job["status"], job["completed_datasources"]) == (
        "BATCH_JOB_PHASE_SUCCEEDED",
        "INDEX_JOB_STATUS_COMPLETED",
        2,
    )
    walk.must("PUT", here, {"name": "handbook", "reranking_config": {"enabled": True}})
    assert walk.get(path)["knowledge_bases"][0]["name"] == "handbook"

    sources = [one for page in walk.pages(f"{here}/data_sources") for one in page["knowledge_base_data_sources"]]
    assert sources[1]["spaces_data_source"] == {"bucket_name": "docs", "region": "tor1", "item_path": "guides"}
    assert sources[0]["last_datasource_indexing_job"]["status"] == "DATA_SOURCE_STATUS_UPDATED"
    aws = {"aws_data_source": {"bucket_name": "old", "key_id": "AKIA", "secret_key": "secret"}}
    added = walk.must("POST", f"{here}/data_sources", aws)["knowledge_base_data_source"]
    assert added["aws_data_source"] == {"bucket_name": "old"}
    walk.refused(422, "POST", f"{here}/data_sources", {})
    options = {"chunking_algorithm": "CHUNKING_ALGORITHM_FIXED_LENGTH", "chunking_options": {"max_chunk_size": 500}}
    walk.must("PUT", f"{here}/data_sources/{added['uuid']}", options)

    mine = walk_indexing(walk, base["uuid"], added["uuid"])
    gone = walk.must("DELETE", f"{here}/data_sources/{added['uuid']}")
    assert gone == {"knowledge_base_uuid": base["uuid"], "data_source_uuid": added["uuid"]}
    walk_schedule(walk, base["uuid"])
    walk.must("DELETE", cluster)
    walk.later()
    assert walk.get(here)["database_status"] == "DECOMMISSIONED"
    walk.refused(409, "POST", f"{ROOT}/indexing_jobs", {"knowledge_base_uuid": base["uuid"]})
    assert walk.must("DELETE", here) == {"uuid": base["uuid"]}
    for rest in (here, f"{here}/data_sources", f"{here}/indexing_jobs", mine):
        walk.refused(404, "GET", rest)


def walk_indexing(walk: Walk, base: str, source: str) -> str:
    job = walk.must("POST", f"{ROOT}/indexing_jobs", {"knowledge_base_uuid": base})["job"]
    assert (job["phase"], job["total_datasources"]) == ("BATCH_JOB_PHASE_PENDING", 3)
    walk.refused(409, "POST", f"{ROOT}/indexing_jobs", {"knowledge_base_uuid": base})
    mine = f"{ROOT}/indexing_jobs/{job['uuid']}"
    walk.refused(422, "GET", f"{mine}/details_signed_url")
    assert walk.must("PUT", f"{mine}/cancel", {})["job"]["status"] == "INDEX_JOB_STATUS_CANCELLED"
    walk.refused(422, "PUT", f"{mine}/cancel", {})
    only = {"knowledge_base_uuid": base, "data_source_uuids": [source]}
    walk.refused(422, "POST", f"{ROOT}/indexing_jobs", {**only, "data_source_uuids": [NOBODY]})
    mine = f"{ROOT}/indexing_jobs/{walk.must('POST', f'{ROOT}/indexing_jobs', only)['job']['uuid']}"
    walk.later()
    assert walk.get(mine)["job"]["is_report_available"]
    assert walk.get(f"{mine}/data_sources")["indexed_data_sources"][0]["data_source_uuid"] == source
    assert ".invalid/" in walk.get(f"{mine}/details_signed_url")["signed_url"]
    assert sum(len(page["jobs"]) for page in walk.pages(f"{ROOT}/knowledge_bases/{base}/indexing_jobs")) == 3
    walk.get(f"{ROOT}/indexing_jobs")
    return mine


def walk_schedule(walk: Walk, base: str) -> None:
    path = f"{ROOT}/scheduled-indexing"
    body = {"knowledge_base_uuid": base, "days": [1, 4], "time": "02:30"}
    walk.refused(404, "GET", f"{path}/knowledge-base/{base}")
    for bad in ({"days": []}, {"days": [9]}, {"time": "25:00"}, {"knowledge_base_uuid": NOBODY}):
        walk.refused(422, "POST", path, {**body, **bad})
    schedule = walk.must("POST", path, body)["indexing_info"]
    assert schedule["time"] == "02:30:00"
    assert "T02:30:00Z" in schedule["next_run_at"]
    walk.refused(409, "POST", path, body)
    walk.clock.advance(7 * 86_400)
    ran = walk.get(f"{path}/knowledge-base/{base}")["indexing_info"]
    assert ran["last_ran_at"] >= schedule["next_run_at"]
    assert len(walk.get(f"{ROOT}/knowledge_bases/{base}/indexing_jobs")["jobs"]) == 5
    assert walk.must("DELETE", f"{path}/{schedule['uuid']}")["indexing_info"]["deleted_at"]
    walk.refused(404, "DELETE", f"{path}/{schedule['uuid']}")


def walk_links(walk: Walk) -> None:
    files = {"files": [{"file_name": "a.csv", "file_size": "12"}, {"file_name": "b.csv"}]}
    for path in (
        "knowledge_bases/data_sources/file_upload_presigned_urls",
        "evaluation_datasets/file_upload_presigned_urls",
        "model_evaluation/datasets/file_upload_presigned_urls",
    ):
        uploads = walk.must("POST", f"{ROOT}/{path}", files)["uploads"]
        assert [one["original_file_name"] for one in uploads] == ["a.csv", "b.csv"]
        walk.refused(422, "POST", f"{ROOT}/{path}", {})
    url = walk.get(f"{ROOT}/oauth2/url", type="dropbox", redirect_url="http://localhost:3000")["url"]
    assert "localhost%3A3000" in url
    walk.refused(400, "GET", f"{ROOT}/oauth2/url", type="floppy")
    assert walk.must("POST", f"{ROOT}/oauth2/dropbox/tokens", {"code": "1"})["refresh_token"]
    walk.refused(422, "POST", f"{ROOT}/oauth2/dropbox/tokens", {})


def make_dataset(walk: Walk) -> str:
    file = {"original_file_name": "a.csv", "stored_object_key": "1/0", "size_in_bytes": "120"}
    body = {"name": "questions", "file_upload_dataset": file, "dataset_type": "EVALUATION_DATASET_TYPE_NON_ADK"}
    return walk.must("POST", f"{ROOT}/evaluation_datasets", body)["evaluation_dataset_uuid"]


def walk_workspaces_and_evaluation(walk: Walk) -> None:
    agent = make_agent(walk)
    path = f"{ROOT}/workspaces"
    workspace = walk.must("POST", path, {"name": "team", "agent_uuids": [agent["uuid"]]})["workspace"]
    here = f"{path}/{workspace['uuid']}"
    assert [one["uuid"] for one in workspace["agents"]] == [agent["uuid"]]
    walk.refused(409, "POST", path, {"name": "team"})
    other = walk.must("POST", path, {"name": "other"})["workspace"]
    walk.must("PUT", f"{path}/{other['uuid']}/agents", {"agent_uuids": [agent["uuid"]]})
    assert walk.get(f"{here}/agents")["agents"] == []
    assert walk.get(f"{path}/{other['uuid']}/agents")["meta"]["total"] == 1
    walk.refused(422, "PUT", f"{here}/agents", {"agent_uuids": [NOBODY]})
    walk.refused(409, "DELETE", f"{path}/{other['uuid']}")
    walk.must("PUT", here, {"description": "of ours"})
    assert walk.get(here)["workspace"]["description"] == "of ours"
    assert len(walk.get(path)["workspaces"]) == 2

    dataset = make_dataset(walk)
    metrics = [one["metric_uuid"] for one in walk.get(f"{ROOT}/evaluation_metrics")["metrics"]]
    cases = f"{ROOT}/evaluation_test_cases"
    star = {"metric_uuid": metrics[0], "success_threshold": 50}
    body = {"name": "smoke", "dataset_uuid": dataset, "metrics": metrics, "workspace_uuid": workspace["uuid"]}
    walk.refused(422, "POST", cases, {**body, "metrics": [NOBODY]})
    walk.refused(422, "POST", cases, {**body, "dataset_uuid": NOBODY})
    case = walk.must("POST", cases, {**body, "star_metric": star})["test_case_uuid"]
    assert walk.must("PUT", f"{cases}/{case}", {"metrics": {"metric_uuids": metrics[:2]}})["version"] == 2
    shown = walk.get(f"{cases}/{case}", evaluation_test_case_version=2)["evaluation_test_case"]
    assert [one["metric_uuid"] for one in shown["metrics"]] == metrics[:2]
    walk.refused(404, "GET", f"{cases}/{case}", evaluation_test_case_version=1)
    assert walk.get(f"{here}/evaluation_test_cases")["evaluation_test_cases"] == [shown]
    walk.get(cases)
    walk.refused(409, "DELETE", f"{ROOT}/evaluation_datasets/{dataset}")
    assert walk.get(f"{ROOT}/evaluation_datasets/{dataset}/download_url")["download_url"]

    runs = f"{ROOT}/evaluation_runs"
    walk.refused(422, "POST", runs, {"test_case_uuid": case})
    body = {"test_case_uuid": case, "agent_uuids": [agent["uuid"]], "agent_deployment_names": ["adk"], "run_name": "1"}
    run, _ = walk.must("POST", runs, body)["evaluation_run_uuids"]
    assert walk.get(f"{runs}/{run}")["evaluation_run"]["status"] == "EVALUATION_RUN_QUEUED"
    assert walk.get(f"{runs}/{run}/results")["prompts"] == []
    walk.later()
    done = walk.get(f"{runs}/{run}")["evaluation_run"]
    assert done["status"] == "EVALUATION_RUN_SUCCESSFUL"
    assert done["pass_status"] == (done["star_metric_result"]["number_value"] >= 50)
    prompts = [one for page in walk.pages(f"{runs}/{run}/results") for one in page["prompts"]]
    assert walk.get(f"{runs}/{run}/results/1")["prompt"] == prompts[0]
    walk.refused(404, "GET", f"{runs}/{run}/results/0")
    assert len(walk.get(f"{cases}/{case}/evaluation_runs", evaluation_test_case_version=2)["evaluation_runs"]) == 2
    walk.must("DELETE", f"{ROOT}/agents/{agent['uuid']}")
    assert walk.get(f"{runs}/{run}")["evaluation_run"]["agent_deleted"]
    assert walk.must("DELETE", f"{path}/{other['uuid']}") == {"workspace_uuid": other["uuid"]}
    walk.refused(404, "GET", f"{path}/{other['uuid']}")


def walk_model_evaluation(walk: Walk) -> None:
    custom = f"{ROOT}/custom_evaluation_metrics"
    config = {"scoring_prompt": "Is it polite?", "requires_ground_truth": False}
    metric = walk.must("POST", custom, {"metric_name": "polite", "config": config})["metric"]["metric_uuid"]
    changed = walk.must("PUT", f"{custom}/{metric}", {"description": "Politeness"})["metric"]
    walk.refused(404, "DELETE", f"{custom}/{metric}")
    dataset = make_dataset(walk)
    known = walk.get(f"{ROOT}/model_evaluation_metrics")["metrics"]
    assert known[-1]["metric_uuid"] == changed["metric_uuid"] != metric
    path = f"{ROOT}/model_evaluation_runs"
    body = {
        "name": "llama",
        "candidate_model_name": "openai-gpt-oss-20b",
        "candidate_model_source": "CANDIDATE_MODEL_SOURCE_SERVERLESS",
        "candidate_inference_config": {"temperature": 0.1},
        "judge_model_uuid": LLAMA,
        "dataset_uuid": dataset,
        "metric_uuids": [one["metric_uuid"] for one in known],
        "star_metric": {"metric_uuid": known[0]["metric_uuid"], "success_threshold": 70},
        "save_as_preset": True,
        "preset_name": "usual",
    }
    for bad in ({"judge_model_uuid": EMBEDDING}, {"metric_uuids": [NOBODY]}, {"candidate_model_name": "hal"}):
        walk.refused(422, "POST", path, {**body, **bad})
    run = walk.must("POST", path, body)["eval_run_uuid"]
    (preset,) = walk.get(f"{ROOT}/model_evaluation_presets")["presets"]
    assert walk.get(f"{ROOT}/model_evaluation_presets/{preset['eval_preset_uuid']}")["preset"] == preset
    assert walk.get(f"{ROOT}/model_evaluation_metrics")["metrics"][-1]["associated_presets"][0]["name"] == "usual"
    assert walk.get(f"{path}/{run}")["run"]["progress"]["judge_rows_evaluated"] == 0
    walk.refused(409, "DELETE", f"{path}/{run}")
    walk.refused(409, "GET", f"{path}/{run}/results/download_url")
    again = {"name": "again", "eval_preset_uuid": preset["eval_preset_uuid"]}
    other = walk.must("POST", path, again)["eval_run_uuid"]
    assert walk.must("PUT", f"{path}/{other}/cancel", {})["run"]["status"] == "MODEL_EVALUATION_RUN_CANCELLING"
    walk.later()
    assert walk.get(f"{path}/{other}")["run"]["status"] == "MODEL_EVALUATION_RUN_CANCELLED"
    walk.refused(409, "PUT", f"{path}/{other}/cancel", {})
    done = list(walk.pages(f"{path}/{run}"))
    summary = done[0]["run"]["result_summary"]
    assert sum(len(page["results"]) for page in done) == done[0]["run"]["progress"]["total_rows"]
    pricing = summary["pricing"]
    parts = [pricing["judge_model_pricing"], *(one["pricing"] for one in pricing["per_candidate_model_pricing"])]
    assert abs(sum(one["total_cost"] for one in parts) - pricing["total_cost"]) < 1e-5
    assert walk.get(f"{path}/{run}/results/download_url")["expires_at"]
    assert walk.must("PATCH", f"{path}/{run}", {"name": "renamed"})["run"]["name"] == "renamed"
    for query, count in (
        ({"statuses": "MODEL_EVALUATION_RUN_SUCCESSFUL"}, 1),
        ({"search": "AGAIN"}, 1),
        ({"eval_preset_uuid": preset["eval_preset_uuid"]}, 1),
        ({"candidate_types": "CANDIDATE_MODEL_SOURCE_ROUTER"}, 0),
        ({"sort_by": "MODEL_EVALUATION_RUN_SORT_FIELD_STATUS", "sort_direction": "SORT_DIRECTION_DESC"}, 2),
    ):
        assert walk.get(path, **query)["meta"]["total"] == count, query
    walk.must("DELETE", f"{path}/{run}")
    walk.refused(404, "GET", f"{path}/{run}")
    walk.refused(409, "DELETE", f"{ROOT}/evaluation_datasets/{dataset}")
    walk.must("DELETE", f"{ROOT}/model_evaluation_presets/{preset['eval_preset_uuid']}")
    walk.must("DELETE", f"{custom}/{changed['metric_uuid']}")
    walk.must("DELETE", f"{ROOT}/evaluation_datasets/{dataset}")
    walk.get(f"{ROOT}/evaluation_datasets", dataset_type="EVALUATION_DATASET_TYPE_NON_ADK")


STEPS = (
    walk_models,
    walk_custom_models,
    walk_keys,
    walk_agents,
    walk_knowledge_bases,
    walk_links,
    walk_workspaces_and_evaluation,
    walk_model_evaluation,
)
