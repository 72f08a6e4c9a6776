"""Evaluation of models: runs with their results, and presets saved from them.

From the specification: the sections of a run that are named are saved as a preset, all five if only ``save_as_preset``
is true. A run can be deleted when it has ended.

Not documented, chosen here: the times of a run, and that one is cancelled within seconds. Nothing is evaluated: the rows,
answers, scores, latencies, tokens and costs are fabricated, and the texts say so. Nothing is billed. A preset fills in what
a run leaves out. Candidates of dedicated inference and routers are not looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.responses import conflict, respond, unprocessable
from poseidon_nb.sandbox.services.genai.evaluation import (
    DATASETS,
    METRICS,
    STAR_METRIC,
    find_metrics,
    list_metrics,
    require_metrics,
    score,
)
from poseidon_nb.sandbox.services.genai.links import presigned_url
from poseidon_nb.sandbox.services.genai.models import filter_values
from poseidon_nb.sandbox.services.genai.reference import collection, models, require_model
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.resources import Handler
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_RUN = "MODEL_EVALUATION_RUN_"
_QUEUED, _CANCELLING, _CANCELLED, _SUCCESSFUL = (
    _RUN + name for name in ("QUEUED", "CANCELLING", "CANCELLED", "SUCCESSFUL")
)
_RUNNING, _EVALUATING = f"{_RUN}RUNNING_DATASET", f"{_RUN}EVALUATING_RESULTS"
_ENDED = (_SUCCESSFUL, _CANCELLED)
_SOURCES = tuple(f"CANDIDATE_MODEL_SOURCE_{name}" for name in ("SERVERLESS", "DEDICATED", "ROUTER"))
_PASS_SCORE = 60
#: The fields of a run that each section of a preset saves.
_SECTIONS = {
    "PRESET_SAVE_SECTION_CANDIDATE": ("candidate_model_name", "candidate_model_source", "candidate_model_uuid"),
    "PRESET_SAVE_SECTION_METRICS": ("metric_uuids", "star_metric"),
    "PRESET_SAVE_SECTION_JUDGE": ("judge_model_uuid",),
    "PRESET_SAVE_SECTION_DATASET": ("dataset_uuid",),
    "PRESET_SAVE_SECTION_SYSTEM_PROMPT": ("candidate_inference_config",),
}
_SETTINGS = tuple(name for names in _SECTIONS.values() for name in names)
_CONFIG = (
    Field("max_tokens", type="integer", minimum=1),
    Field("stop_token", type="string"),
    Field("system_prompt", type="string"),
    Field("temperature", type="number", minimum=0, maximum=2),
)


def _named(world: World, settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings with the names of what they refer to."""
    shown = {name: value for name, value in settings.items() if name != "metric_uuids"}
    if "metric_uuids" in settings:
        shown["metrics"] = find_metrics(world, settings["metric_uuids"])
    dataset = DATASETS.store(world).get(settings.get("dataset_uuid"))
    if dataset is not None:
        shown["dataset_name"] = dataset["dataset_name"]
    for what in ("candidate", "judge"):
        model = models().get(settings.get(f"{what}_model_uuid", ""))
        if model is not None:
            shown.setdefault(f"{what}_model_name", model["id"])
    return shown


PRESETS = collection(
    "genai_model_evaluation_presets",
    build=lambda _world, uuid, values, at: {"eval_preset_uuid": uuid, **values, "created_at": format_time(at)},
    show=lambda world, preset: StoredObject(_named(world, preset.public)),
    id_field="eval_preset_uuid",
    label="preset",
)


def _check_run(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    if present is not None:
        return
    preset = PRESETS.store(call.world).get(values.get("eval_preset_uuid"))
    if preset is not None:
        given = {*values}
        if given & {"candidate_model_name", "candidate_model_uuid"}:
            # The source of one candidate says nothing about another.
            given |= {*_SECTIONS["PRESET_SAVE_SECTION_CANDIDATE"]}
        values |= {name: preset[name] for name in _SETTINGS if name in preset.public and name not in given}
        values["eval_preset_name"] = preset["name"]
    values.setdefault("candidate_model_source", _SOURCES[0])
    for name in ("dataset_uuid", "judge_model_uuid", "metric_uuids"):
        if not values.get(name):
            raise unprocessable(f"{name} is required.")
    if values["dataset_uuid"] not in DATASETS.store(call.world):
        raise unprocessable(f"dataset_uuid {values['dataset_uuid']} does not exist.")
    require_model(values["judge_model_uuid"], "EVALUATION_JUDGE", "judge_model_uuid")
    if values["candidate_model_source"] == _SOURCES[0]:
        _check_candidate(values)
    require_metrics(call.world, values["metric_uuids"], "MODEL")
    star = values.get("star_metric")
    if star is not None:
        require_metrics(call.world, [star["metric_uuid"]], "MODEL")
        star.setdefault("name", find_metrics(call.world, [star["metric_uuid"]])[0]["metric_name"])


def _check_candidate(values: dict[str, Any]) -> None:
    named = next((one for one in models().values() if one["id"] == values.get("candidate_model_name")), None)
    if named is not None and not values.get("candidate_model_uuid"):
        values["candidate_model_uuid"] = named["uuid"]
    if not values.get("candidate_model_uuid"):
        raise unprocessable("candidate_model_uuid is required.")
    require_model(values["candidate_model_uuid"], "SERVERLESS", "candidate_model_uuid")


def _new_run(world: World, uuid: str, values: dict[str, Any], at: float) -> StoredObject:
    rows = DATASETS.store(world)[values["dataset_uuid"]]["row_count"]
    preset = {
        name: values.pop(name) for name in ("preset_name", "preset_save_sections", "save_as_preset") if name in values
    }
    values.pop("source", None)
    public = {"eval_run_uuid": uuid, **values, "created_at": format_time(at)}
    return StoredObject(public, {"rows": rows, "preset": preset})


def _progress(run: StoredObject) -> dict[str, int]:
    rows = run.internal["rows"]
    asked = rows if run["status"] in {_EVALUATING, _SUCCESSFUL} else 0
    judged = rows if run["status"] == _SUCCESSFUL else 0
    return {"total_rows": rows, "candidate_rows_evaluated": asked, "judge_rows_evaluated": judged}


def _shown_run(world: World, run: StoredObject) -> StoredObject:
    detail = {**_named(world, run.public), "progress": _progress(run)}
    if run["status"] == _SUCCESSFUL:
        detail["result_summary"] = _summary(world, run)
    return StoredObject(detail)


_SUMMARY = (
    *("eval_run_uuid", "name", "status", "created_at", "progress", "candidate_model_name", "candidate_model_source"),
    *("candidate_model_uuid", "dataset_name", "dataset_uuid", "judge_model_name", "judge_model_uuid"),
)


def _shown_briefly(world: World, run: StoredObject) -> dict[str, Any]:
    detail = _shown_run(world, run).public
    return {name: detail[name] for name in _SUMMARY if name in detail}


RUNS = collection(
    "genai_model_evaluation_runs",
    Field("name", required=True, minimum=1),
    Field("eval_preset_uuid", refers=PRESETS.kind),
    Field("candidate_model_name"),
    Field("candidate_model_uuid"),
    Field("candidate_model_source", choices=_SOURCES),
    Field("candidate_inference_config", fields=_CONFIG, closed=True),
    Field("dataset_uuid"),
    Field("judge_model_uuid"),
    Field("metric_uuids"),
    Field("star_metric", fields=STAR_METRIC, closed=True),
    Field("preset_name"),
    Field("preset_save_sections"),
    Field("save_as_preset"),
    build=_new_run,
    check=_check_run,
    show=_shown_run,
    states=States(first=((_QUEUED, 10.0), (_RUNNING, 60.0), (_EVALUATING, 60.0)), ready=_SUCCESSFUL),
    id_field="eval_run_uuid",
    updated_field="",
    label="model evaluation run",
)


def _create_run(call: Call) -> HTTPResponse:
    sections = call.body.get("preset_save_sections") or []
    if call.body.get("save_as_preset") and not sections:
        sections = [*_SECTIONS]
    if not {*sections} <= {*_SECTIONS}:
        raise unprocessable(f"preset_save_sections must be of {', '.join(_SECTIONS)}.")
    run = RUNS.create_from(call)
    if sections:
        saved = {name: run[name] for section in sections for name in _SECTIONS[section] if name in run.public}
        name = call.body.get("preset_name") or run["name"]
        PRESETS.add(call.world, {"name": name, "saved_sections": sections, **saved}, call.world.now())
    return respond(call, {"eval_run_uuid": run["eval_run_uuid"]})


def _list_runs(call: Call) -> HTTPResponse:
    everything = found = RUNS.all(call.world)
    query = call.query
    wanted = filter_values(call, "status") | filter_values(call, "statuses")
    sources = filter_values(call, "candidate_types")
    preset, text = query.get("eval_preset_uuid"), query.get("search", "").lower()
    found = [
        run
        for run in found
        if (not wanted or run["status"] in wanted)
        and (not sources or run["candidate_model_source"] in sources)
        and (not preset or run.public.get("eval_preset_uuid") == preset)
        and text in run["name"].lower()
    ]
    field = "status" if query.get("sort_by", "").endswith("STATUS") else "created_at"
    if query.get("sort_by") or query.get("sort_direction"):
        found = sorted(found, key=lambda run: str(run[field]), reverse=query.get("sort_direction", "").endswith("DESC"))
    return respond(
        call,
        [StoredObject(_shown_briefly(call.world, run)) for run in found],
        available_statuses=sorted({run["status"] for run in everything}),
        available_candidate_types=sorted({run["candidate_model_source"] for run in everything}),
    )


def _get_run(call: Call) -> HTTPResponse:
    run = RUNS.find(call)
    return respond(call, _results(call.world, run), run=_shown_run(call.world, run).public)


def _used_metrics(world: World, run: StoredObject) -> list[dict[str, Any]]:
    return find_metrics(world, run["metric_uuids"])


def _results(world: World, run: StoredObject) -> list[StoredObject]:
    if run["status"] != _SUCCESSFUL:
        return []
    names: dict[str, Any] = {
        name: run[name] for name in ("candidate_model_name", "candidate_model_uuid") if name in run.public
    }
    uuid, used = run["eval_run_uuid"], _used_metrics(world, run)
    return [
        StoredObject(
            {
                **names,
                "input": f"Fabricated by the sandbox: question {number}",
                "output": f"Fabricated by the sandbox: answer {number}",
                "ground_truth": f"Fabricated by the sandbox: expected answer {number}",
                "metric_results": [score(metric, uuid, number) for metric in used],
            }
        )
        for number in range(1, run.internal["rows"] + 1)
    ]


def _summary(world: World, run: StoredObject) -> dict[str, Any]:
    uuid, rows = run["eval_run_uuid"], run.internal["rows"]
    summaries = [_metric_summary(metric, uuid, rows) for metric in _used_metrics(world, run)]
    tokens = {name: rng.randint(50 * rows, 400 * rows, uuid, name) for name in ("candidate_input", "candidate_output")}
    tokens |= {name: rng.randint(50 * rows, 400 * rows, uuid, name) for name in ("judge_input", "judge_output")}
    latency = {
        name: float(rng.randint(low, low + 300, uuid, name))
        for name, low in (("min", 150), ("p50", 500), ("avg", 650), ("p90", 1100), ("p95", 1500), ("max", 2200))
    }
    summary: dict[str, Any] = {
        "metric_summaries": summaries,
        "overall_score_percent": sum(one["pass_percent"] for one in summaries) / max(1, len(summaries)),
        "start_time": run["started_at"],
        "end_time": run["completed_at"],
        "total_duration_seconds": parse_time(run["completed_at"]) - parse_time(run["started_at"]),
        "performance_metrics": {
            "candidate_latency": {
                f"{name}_e2e_latency_ms" if name[0] != "p" else f"{name}_latency_ms": value
                for name, value in latency.items()
            },
            "token_usage": {
                **{f"total_{name}_tokens": str(number) for name, number in tokens.items()},
                "total_candidate_tokens": str(tokens["candidate_input"] + tokens["candidate_output"]),
                "total_judge_tokens": str(tokens["judge_input"] + tokens["judge_output"]),
            },
        },
        "pricing": _pricing(run, tokens, rows),
    }
    star = run.public.get("star_metric")
    if star is not None:
        summary["star_metric_summary"] = {
            "metric_uuid": star["metric_uuid"],
            "metric_name": star["name"],
            "threshold": star.get("success_threshold", _PASS_SCORE),
        }
    return summary


def _metric_summary(metric: dict[str, Any], uuid: str, rows: int) -> dict[str, Any]:
    scores = [score(metric, uuid, number)["number_value"] for number in range(1, rows + 1)]
    passed = sum((value < 100 - _PASS_SCORE) if metric["inverted"] else (value >= _PASS_SCORE) for value in scores)
    return {
        "metric_uuid": metric["metric_uuid"],
        "metric_name": metric["metric_name"],
        "description": metric["description"],
        "pass_count": passed,
        "fail_count": rows - passed,
        "skipped_count": 0,
        "pass_percent": round(100 * passed / rows, 2),
        "fail_percent": round(100 * (rows - passed) / rows, 2),
        "skip_percent": 0.0,
    }


def _pricing(run: StoredObject, tokens: dict[str, int], rows: int) -> dict[str, Any]:
    costs = {}
    for what in ("candidate", "judge"):
        model = models().get(run.public.get(f"{what}_model_uuid", ""))
        prices = model["pricing"] if model is not None else {}
        parts = {
            f"{side}_cost": round(tokens[f"{what}_{side}"] * prices.get(f"{side}_price_per_million", 0.0) / 1e6, 6)
            for side in ("input", "output")
        }
        costs[what] = {**parts, "total_cost": round(sum(parts.values()), 6)}
    candidate = {"pricing": costs["candidate"], "prompt_count": rows}
    if "candidate_model_uuid" in run.public:
        candidate["model_uuid"] = run["candidate_model_uuid"]
    return {
        "currency": "USD",
        "judge_model_pricing": costs["judge"],
        "per_candidate_model_pricing": [candidate],
        "total_cost": round(sum(one["total_cost"] for one in costs.values()), 6),
    }


def _cancel_run(call: Call, run: StoredObject) -> dict[str, Any]:
    if run["status"] in _ENDED:
        raise conflict("The run has ended.")
    if run["status"] != _CANCELLING:
        run = RUNS.go_through(call.world, run, [(_CANCELLING, 5.0), (_CANCELLED, 0.0)])
    return {"run": _shown_briefly(call.world, run)}


def _rename_run(call: Call, run: StoredObject) -> dict[str, Any]:
    return {"run": _shown_briefly(call.world, RUNS.change_from(call, run))}


def _delete_run(call: Call, run: StoredObject) -> dict[str, Any]:
    if run["status"] not in _ENDED:
        raise conflict("The run is in progress. Wait for its end, or cancel it.")
    RUNS.remove(call.world, run)
    return {"status": "DELETE_MODEL_EVALUATION_RUN_STATUS_SUCCESS", "error": ""}


def _get_results_url(call: Call, run: StoredObject) -> dict[str, str]:
    if run["status"] != _SUCCESSFUL:
        raise conflict("The run has no results yet.")
    url, expires_at = presigned_url(call.world, f"results/{run['eval_run_uuid']}.json.gz")
    return {"download_url": url, "expires_at": expires_at}


def _begin_run(world: World, at: float, uuid: str) -> None:
    RUNS.put(world, RUNS.store(world)[uuid].with_public(started_at=format_time(at)))


def _end_run(world: World, at: float, uuid: str) -> None:
    RUNS.put(world, RUNS.store(world)[uuid].with_public(completed_at=format_time(at)))


def _list_metrics(call: Call) -> HTTPResponse:
    presets = PRESETS.all(call.world)
    found = []
    for metric in list_metrics(call.world, "MODEL"):
        uuid = metric["metric_uuid"]
        if uuid in METRICS.store(call.world):
            using = [one for one in presets if uuid in one.public.get("metric_uuids", ())]
            known = [{"eval_preset_uuid": one["eval_preset_uuid"], "name": one["name"]} for one in using]
            metric = metric.with_public(associated_presets=known)  # noqa: PLW2901
        found.append(metric)
    return respond(call, found)


OPERATIONS: dict[str, Handler] = {
    "genai_list_model_evaluation_metrics": _list_metrics,
    "genai_list_model_evaluation_presets": PRESETS.list(),
    "genai_get_model_evaluation_preset": PRESETS.get(),
    "genai_delete_model_evaluation_preset": PRESETS.delete(lambda _call, _preset: {}),
    "genai_list_model_evaluation_runs": _list_runs,
    "genai_create_model_evaluation_run": _create_run,
    "genai_get_model_evaluation_run": _get_run,
    "genai_update_model_evaluation_run": RUNS.on(_rename_run),
    "genai_cancel_model_evaluation_run": RUNS.on(_cancel_run),
    "genai_delete_model_evaluation_run": RUNS.on(_delete_run),
    "genai_get_model_evaluation_run_results_download_url": RUNS.on(_get_results_url),
}

EFFECTS: dict[str, Callable[..., None]] = {
    f"{RUNS.kind}.{_RUNNING}": _begin_run,
    f"{RUNS.kind}.{_SUCCESSFUL}": _end_run,
    f"{RUNS.kind}.{_CANCELLED}": _end_run,
}
