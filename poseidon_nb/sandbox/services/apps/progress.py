"""What fails in a deployment, and the steps of its progress: building the components, then deploying them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.services.apps.spec import KINDS, components
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.world import World

#: The kinds of components that are built and deployed.
BUILT = ("services", "static_sites", "jobs", "workers", "functions")
_FAILING = re.compile(r"\s*(?:false|exit\s+0*[1-9][0-9]*)\s*")
_STAGES = (("build", "BUILDING", "PENDING_DEPLOY"), ("deploy", "DEPLOYING", "ACTIVE"))
_STATUSES = ("pending", "running", "success", "error")
_CANCELED = {"code": "Canceled", "message": "The deployment was canceled."}


def fails(component: dict[str, Any], command: str) -> bool:
    """Return whether a command of a component fails."""
    return bool(_FAILING.fullmatch(component.get(command) or ""))


def find_failure(world: World, spec: dict[str, Any], *, built: bool) -> dict[str, Any] | None:
    """Return the stage in which a deployment will fail, the components that fail and the reason, or None."""
    parts = [one for _, one in components(spec, *BUILT)]
    for stage, code, names in (
        ("build", "ImageNotFound", [one["name"] for one in parts if _lacks_image(world, one)]),
        ("build", "BuildJobExitNonZero", [one["name"] for one in parts if built and fails(one, "build_command")]),
        ("deploy", "DeployContainerExitNonZero", [one["name"] for one in parts if _cannot_run(one)]),
    ):
        if names:
            message = (
                f"{', '.join(names)}: {'the image was not found' if code == 'ImageNotFound' else 'a command failed'}"
            )
            return {"stage": stage, "names": names, "reason": {"code": code, "message": message}}
    return None


def _cannot_run(component: dict[str, Any]) -> bool:
    return component.get("kind") != "SCHEDULED" and fails(component, "run_command")


def uses_image(component: dict[str, Any], repository: str, tag: str) -> bool:
    """Return whether a component runs an image of the account's registry."""
    image = component.get("image") or {}
    wanted = image.get("repository"), image.get("tag") or "latest"
    return image.get("registry_type") == "DOCR" and wanted == (repository, tag)


def _lacks_image(world: World, component: dict[str, Any]) -> bool:
    image = component.get("image") or {}
    if image.get("registry_type") != "DOCR":
        return False
    for manifest in world.store("registries.repositories.manifests").all():
        if image.get("digest") and manifest["repository"] == image.get("repository"):
            if manifest["digest"] == image["digest"]:
                return False
        elif any(uses_image(component, manifest["repository"], tag) for tag in manifest["tags"]):
            return False
    return True


def progress(spec: dict[str, Any], reached: dict[str, float], failure: dict[str, Any] | None) -> dict[str, Any]:
    """Return the steps of a deployment, with the status that follows from the phases that it has reached.

    Parameters
    ----------
    spec : dict
        Its spec.
    reached : dict
        When it reached each phase, in Unix seconds.
    failure : dict or None
        As `find_failure` returns it.
    """
    stopped = reached.get("ERROR") or reached.get("CANCELED")
    stages = []
    for stage, start, end in _STAGES:
        done = end in reached or "ACTIVE" in reached
        status = "SUCCESS" if done else "PENDING" if start not in reached else "ERROR" if stopped else "RUNNING"
        failed = failure if "ERROR" in reached else None
        parts = []
        for kind, one in components(spec, *BUILT):
            own = "SUCCESS" if status == "ERROR" and failed and one["name"] not in failed["names"] else status
            parts.append(_component_step(stage, one["name"], KINDS[kind], own, (failed or {}).get("reason", _CANCELED)))
        first = "SUCCESS" if status != "PENDING" else status
        steps = [_step("initialize", first), {**_step("components", status), "steps": parts}]
        if stage == "deploy":
            steps.append(_step("finalize", "SUCCESS" if done else "PENDING"))
        times: dict[str, float | None] = {}
        if start in reached:
            times = {"started_at": reached[start], "ended_at": reached.get(end) or stopped}
        shown = {name: format_time(at) for name, at in times.items() if at is not None}
        stages.append({**_step(stage, status), "steps": steps, **shown})
    leaves = [leaf["status"].lower() for leaf in _leaves(stages)]
    counts = {f"{status}_steps": leaves.count(status) for status in _STATUSES if status in leaves}
    return {**counts, "total_steps": len(leaves), "steps": stages}


def _step(name: str, status: str) -> dict[str, Any]:
    return {"name": name, "status": status}


def _component_step(stage: str, name: str, word: str, status: str, reason: dict[str, str]) -> dict[str, Any]:
    verbs = {"build": "Building"} if stage == "build" else {"deploy": "Deploying", "wait": "Waiting for"}
    steps = [
        {**_step(verb, status), "component_name": name, "message_base": f"{text} {word}"}
        for verb, text in verbs.items()
    ]
    if status == "ERROR":
        steps[-1]["reason"] = reason
    if stage == "build":
        return {**steps[0], "name": name}
    return {**_step(name, status), "component_name": name, "steps": steps}


def _leaves(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [leaf for step in steps for leaf in (_leaves(step["steps"]) if "steps" in step else [step])]
