"""Evaluation of agents: datasets, metrics, test cases, and runs with their results.

From the specification: a test case is run for each agent or deployment that is named, changing a custom metric gives it
a new id, and changing a test case raises its version.

Not documented, chosen here: the times of a run. Nothing is evaluated: the prompts of a dataset, their number, the answers
and all scores are fabricated, and their texts say so. Scores follow from the run, the prompt and the metric, so they are
the same at each look. A dataset that a test case or preset uses cannot be deleted (409). Only the present version of a
test case is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.call import parse_id
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.resources import check_reference
from poseidon_nb.sandbox.responses import conflict, not_found, respond, unprocessable
from poseidon_nb.sandbox.services.genai.agents import AGENTS, WORKSPACES
from poseidon_nb.sandbox.services.genai.links import presigned_url
from poseidon_nb.sandbox.services.genai.reference import collection, metrics, user_id
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.resources import Handler
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_RUN = "EVALUATION_RUN_"
_TYPES = tuple(f"EVALUATION_DATASET_TYPE_{name}" for name in ("NON_ADK", "ADK", "MODEL"))
_FABRICATED = "Fabricated by the sandbox"
_PASS_SCORE = 60
_FILE = (
    Field("original_file_name", type="string", required=True),
    Field("stored_object_key", type="string", required=True),
    Field("size_in_bytes", type="string", default="0"),
)
_METRIC_UUIDS = Field("metric_uuids", type="array", items="string", minimum=1)
STAR_METRIC = (
    Field("metric_uuid", type="string", required=True),
    Field("name", type="string"),
    Field("success_threshold", type="number", minimum=0, maximum=100),
    Field("success_threshold_pct", type="integer", minimum=0, maximum=100),
)


def _new_dataset(world: World, uuid: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    return {
        "dataset_uuid": uuid,
        "dataset_name": values["name"],
        "dataset_type": values["dataset_type"],
        "file_size": values["file_upload_dataset"]["size_in_bytes"],
        "row_count": rng.randint(5, 40, world.seed, "genai rows", uuid),
        "has_ground_truth": True,
        "created_at": format_time(at),
    }


DATASETS = collection(
    "genai_evaluation_datasets",
    Field("name", required=True, minimum=1),
    Field("dataset_type", default=_TYPES[0], choices=_TYPES),
    Field("file_upload_dataset", required=True, fields=_FILE, closed=True),
    build=_new_dataset,
    id_field="dataset_uuid",
    label="dataset",
)


def _delete_dataset(call: Call, dataset: StoredObject) -> dict[str, Any]:
    uuid = dataset["dataset_uuid"]
    if TEST_CASES.all(call.world, dataset_uuid=uuid):
        raise conflict("The dataset is used by a test case.")
    if any(one.public.get("dataset_uuid") == uuid for one in call.world.store("genai_model_evaluation_presets").all()):
        raise conflict("The dataset is used by a preset.")
    DATASETS.remove(call.world, dataset)
    return {}


def _get_dataset_url(call: Call, dataset: StoredObject) -> dict[str, str]:
    url, expires_at = presigned_url(call.world, f"datasets/{dataset['dataset_uuid']}.csv")
    return {"download_url": url, "expires_at": expires_at}


def _new_metric(_world: World, uuid: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    now = format_time(at)
    return {
        "metric_uuid": uuid,
        "metric_name": values["metric_name"],
        "description": values["description"],
        "custom_eval_config": {**values["config"], "created_at": now, "updated_at": now},
        "evaluation_scope": "EVALUATION_SCOPE_MODEL",
        "source": "EVALUATION_METRIC_SOURCE_CUSTOM",
        "metric_type": "METRIC_TYPE_MODEL_QUALITY",
        "metric_value_type": "METRIC_VALUE_TYPE_PERCENTAGE",
        "category": "METRIC_CATEGORY_UNSPECIFIED",
        "inverted": False,
        "range_min": 0,
        "range_max": 100,
    }


def _check_metric(_call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    config = values.pop("config", None) if present is not None else None
    if present is not None and config:
        values["custom_eval_config"] = {**present["custom_eval_config"], **config}


METRICS = collection(
    "genai_metrics",
    Field("metric_name", required=True, minimum=1, unique=True),
    Field("description", default=""),
    Field(
        name="config",
        required=True,
        fields=(
            Field("scoring_prompt", type="string", required=True, minimum=1),
            Field("requires_ground_truth", type="boolean", default=False),
        ),
        closed=True,
    ),
    build=_new_metric,
    check=_check_metric,
    id_field="metric_uuid",
    updated_field="",
    label="metric",
)


def _update_metric(call: Call, metric: StoredObject) -> StoredObject:
    changed = METRICS.change_from(call, metric)
    new_uuid = rng.uuid(call.world.seed, METRICS.kind, call.world.next_number(METRICS.kind))
    return METRICS.change(call.world, changed, metric_uuid=new_uuid)


def list_metrics(world: World, scope: str) -> list[StoredObject]:
    """Return the metrics of agents or of models, the latter with the custom ones."""
    built_in = [
        StoredObject(one) for one in metrics().values() if one["evaluation_scope"] == f"EVALUATION_SCOPE_{scope}"
    ]
    return [*built_in, *METRICS.all(world)] if scope == "MODEL" else built_in


def require_metrics(world: World, uuids: list[str], scope: str) -> None:
    """Raise 422 unless all metrics exist and are of this kind."""
    known = {one["metric_uuid"] for one in list_metrics(world, scope)}
    unknown = next((uuid for uuid in uuids if uuid not in known), None)
    if unknown is not None:
        raise unprocessable(f"The metric {unknown} does not exist. Use for example {min(known)}.")


def find_metrics(world: World, uuids: list[str]) -> list[dict[str, Any]]:
    """Return the metrics that still exist."""
    custom = METRICS.store(world)
    return [metrics().get(uuid) or custom[uuid].public for uuid in uuids if uuid in metrics() or uuid in custom]


def score(metric: dict[str, Any], *what: object) -> dict[str, Any]:
    """Return the fabricated result of a metric."""
    value = rng.randint(45, 100, metric["metric_uuid"], *what)
    if metric["inverted"]:
        value = 100 - value
    result: dict[str, Any] = {
        "metric_uuid": metric["metric_uuid"],
        "metric_name": metric["metric_name"],
        "metric_value_type": metric["metric_value_type"],
        "status": "EVALUATION_METRIC_RESULT_STATUS_COMPLETED",
        "reasoning": f"{_FABRICATED}: nothing was evaluated.",
    }
    if metric["metric_value_type"].endswith("STRING"):
        return {**result, "string_value": "no" if value <= _PASS_SCORE else "yes"}
    return {**result, "number_value": float(value)}


def _new_case(world: World, uuid: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    now, email, user = format_time(at), world.state.account["email"], user_id(world)
    users = {
        f"{verb}_by_user_{what}": value
        for verb in ("created", "updated")
        for what, value in (("email", email), ("id", user))
    }
    return {"test_case_uuid": uuid, "version": 1, **values, **users, "created_at": now, "updated_at": now}


def _check_case(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    if isinstance(values.get("metrics"), dict):
        values["metrics"] = _METRIC_UUIDS.read(values["metrics"].get("metric_uuids") or [], "metrics.metric_uuids")
    workspace = values.pop("agent_workspace_name", None)
    if workspace:
        named = [one for one in call.world.store(WORKSPACES).all() if one["name"] == workspace]
        if not named:
            raise unprocessable(f"agent_workspace_name {workspace} does not exist.")
        values["workspace_uuid"] = named[0]["uuid"]
    uuids = [*values.get("metrics", []), *([values["star_metric"]["metric_uuid"]] if "star_metric" in values else [])]
    require_metrics(call.world, uuids, "AGENT")
    if present is not None:
        values["version"] = present["version"] + 1
    elif not values["metrics"]:
        raise unprocessable("metrics is required.")


def shown_case(world: World, case: StoredObject) -> StoredObject:
    """Return a test case as responses show it."""
    runs = RUNS.all(world, test_case_uuid=case["test_case_uuid"])
    dataset = DATASETS.store(world)[case["dataset_uuid"]]
    return case.without("workspace_uuid").with_public(
        dataset=dataset.public,
        dataset_name=dataset["dataset_name"],
        metrics=find_metrics(world, case["metrics"]),
        total_runs=len(runs),
        latest_version_number_of_runs=sum(run["test_case_version"] == case["version"] for run in runs),
    )


TEST_CASES = collection(
    "genai_test_cases",
    Field("name", required=True, minimum=1),
    Field("description", default=""),
    Field("dataset_uuid", required=True, minimum=1, refers=DATASETS.kind),
    Field("metrics", default=[]),
    Field("star_metric", fields=STAR_METRIC, closed=True),
    Field("workspace_uuid", refers=WORKSPACES),
    Field("agent_workspace_name"),
    build=_new_case,
    check=_check_case,
    show=shown_case,
    id_field="test_case_uuid",
    label="test case",
)


def _create_case(call: Call) -> HTTPResponse:
    return respond(call, {"test_case_uuid": TEST_CASES.create_from(call)["test_case_uuid"]})


def _update_case(call: Call, case: StoredObject) -> dict[str, Any]:
    changed = TEST_CASES.change_from(call, case)
    return {name: changed[name] for name in ("test_case_uuid", "version")}


def _wanted_version(call: Call, default: int | None) -> int | None:
    text = call.query.get("evaluation_test_case_version")
    return default if not text else parse_id(text)


def _get_case(call: Call, case: StoredObject) -> StoredObject:
    if _wanted_version(call, case["version"]) != case["version"]:
        raise not_found()
    return case


def _list_runs(call: Call, case: StoredObject) -> list[StoredObject]:
    version = _wanted_version(call, None)
    return [
        _shown_run(call.world, run)
        for run in RUNS.all(call.world, test_case_uuid=case["test_case_uuid"])
        if version in {None, run["test_case_version"]}
    ]


def _shown_run(world: World, run: StoredObject) -> StoredObject:
    agents = AGENTS.store(world)
    deleted = "agent_uuid" in run.public and run["agent_uuid"] not in agents
    found = run.with_public(agent_deleted=deleted)
    if not run["status"].endswith("SUCCESSFUL"):
        return found
    results = [score(metric, run["evaluation_run_uuid"]) for metric in find_metrics(world, run.internal["metrics"])]
    star = run.internal["star"]
    starred = next((one for one in results if one["metric_uuid"] == star.get("metric_uuid")), None)
    if starred is not None:
        threshold = star.get("success_threshold", star.get("success_threshold_pct", _PASS_SCORE))
        passed = starred.get("number_value", 0.0) >= threshold
        found = found.with_public(star_metric_result=starred, pass_status=passed)
    return found.with_public(run_level_metric_results=results)


RUNS = collection(
    "genai_evaluation_runs",
    build=lambda _world, uuid, values, at: StoredObject(
        {"evaluation_run_uuid": uuid, **values["public"], "queued_at": format_time(at)}, values["internal"]
    ),
    show=_shown_run,
    states=States(
        first=((f"{_RUN}QUEUED", 10.0), (f"{_RUN}RUNNING_DATASET", 60.0), (f"{_RUN}EVALUATING_RESULTS", 30.0)),
        ready=f"{_RUN}SUCCESSFUL",
    ),
    id_field="evaluation_run_uuid",
    updated_field="",
    label="evaluation run",
)


def _run_case(call: Call) -> HTTPResponse:
    world, body = call.world, call.body
    uuid, agents, names = (body.get(name) for name in ("test_case_uuid", "agent_uuids", "agent_deployment_names"))
    if not uuid:
        raise unprocessable("test_case_uuid is required.")
    check_reference(world, TEST_CASES.kind, uuid, "test_case_uuid")
    check_reference(world, AGENTS.kind, agents or [], "agent_uuids")
    case = TEST_CASES.store(world)[uuid]
    targets = [_agent_target(AGENTS.store(world)[one]) for one in agents or [] if one]
    targets += [{"agent_deployment_name": name} for name in names or []]
    if not targets:
        raise unprocessable("agent_uuids is required.")
    common = {
        "run_name": body.get("run_name") or f"Run {len(RUNS.all(world)) + 1}",
        "test_case_uuid": uuid,
        "test_case_name": case["name"],
        "test_case_description": case["description"],
        "test_case_version": case["version"],
        "created_by_user_email": world.state.account["email"],
        "created_by_user_id": user_id(world),
    }
    if case.public.get("workspace_uuid"):
        common["evaluation_test_case_workspace_uuid"] = case["workspace_uuid"]
    rows = DATASETS.store(world)[case["dataset_uuid"]]["row_count"]
    internal = {"metrics": case["metrics"], "star": case.public.get("star_metric") or {}, "rows": rows}
    runs = [RUNS.add(world, {"public": {**common, **one}, "internal": internal}, world.now()) for one in targets]
    return respond(call, {"evaluation_run_uuids": [run["evaluation_run_uuid"] for run in runs]})


def _agent_target(agent: StoredObject) -> dict[str, str]:
    target = {"agent_uuid": agent["uuid"], "agent_name": agent["name"], "agent_version_hash": agent["version_hash"]}
    workspace = agent.public.get("workspace_uuid")
    return {**target, "agent_workspace_uuid": workspace} if workspace else target


def _begin_run(world: World, at: float, uuid: str) -> None:
    RUNS.put(world, RUNS.store(world)[uuid].with_public(started_at=format_time(at)))


def _end_run(world: World, at: float, uuid: str) -> None:
    RUNS.put(world, RUNS.store(world)[uuid].with_public(finished_at=format_time(at)))


def _prompts(world: World, run: StoredObject) -> list[StoredObject]:
    if not run["status"].endswith("SUCCESSFUL"):
        return []
    used = find_metrics(world, run.internal["metrics"])
    uuid = run["evaluation_run_uuid"]
    return [
        StoredObject(
            {
                "prompt_id": number,
                "input": f"{_FABRICATED}: question {number}",
                "output": f"{_FABRICATED}: answer {number}",
                "ground_truth": f"{_FABRICATED}: expected answer {number}",
                "input_tokens": str(rng.randint(8, 60, uuid, "in", number)),
                "output_tokens": str(rng.randint(40, 400, uuid, "out", number)),
                "prompt_chunks": [],
                "evaluation_trace_spans": [],
                "trace_id": rng.uuid(uuid, "trace", number),
                "prompt_level_metric_results": [score(metric, uuid, number) for metric in used],
            }
        )
        for number in range(1, run.internal["rows"] + 1)
    ]


def _list_results(call: Call) -> HTTPResponse:
    run = RUNS.find(call)
    return respond(call, _prompts(call.world, run), evaluation_run=_shown_run(call.world, run).public)


def _get_result(call: Call, run: StoredObject) -> dict[str, Any]:
    wanted = parse_id(call.path_params["prompt_id"])
    prompt = next((one for one in _prompts(call.world, run) if one["prompt_id"] == wanted), None)
    if prompt is None:
        raise not_found()
    return {"prompt": prompt.public}


OPERATIONS: dict[str, Handler] = {
    "genai_list_evaluation_datasets": DATASETS.list(dataset_type="dataset_type"),
    "genai_create_evaluation_dataset": lambda call: respond(
        call, {"evaluation_dataset_uuid": DATASETS.create_from(call)["dataset_uuid"]}
    ),
    "genai_delete_evaluation_dataset": DATASETS.on(_delete_dataset),
    "genai_get_evaluation_dataset_download_url": DATASETS.on(_get_dataset_url),
    "genai_list_evaluation_metrics": lambda call: respond(call, list_metrics(call.world, "AGENT")),
    "genai_create_custom_evaluation_metric": METRICS.create(),
    "genai_update_custom_evaluation_metric": METRICS.on(_update_metric),
    "genai_delete_custom_evaluation_metric": METRICS.delete(lambda _call, _metric: {}),
    "genai_list_evaluation_test_cases": TEST_CASES.list(),
    "genai_create_evaluation_test_case": _create_case,
    "genai_get_evaluation_test_case": TEST_CASES.on(_get_case),
    "genai_update_evaluation_test_case": TEST_CASES.on(_update_case),
    "genai_list_evaluation_runs_by_test_case": TEST_CASES.on(_list_runs),
    "genai_run_evaluation_test_case": _run_case,
    "genai_get_evaluation_run": RUNS.get(),
    "genai_get_evaluation_run_results": _list_results,
    "genai_get_evaluation_run_prompt_results": RUNS.on(_get_result),
}

EFFECTS: dict[str, Callable[..., None]] = {
    f"{RUNS.kind}.{_RUN}RUNNING_DATASET": _begin_run,
    f"{RUNS.kind}.{_RUN}SUCCESSFUL": _end_run,
}
