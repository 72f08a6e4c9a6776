"""What works with a Kubernetes cluster: credentials, clusterlint, registries, 1-Click applications and status messages.

Credentials are well-formed and lead nowhere: an endpoint that never exists, a token that nobody accepts, and the certificate
of an authority that signs nothing. From the specification: they are valid for seven days unless the query says otherwise,
and a kubeconfig of the type ``sso``, the default with single sign-on, starts doctl. Names in a kubeconfig are
``do-REGION-CLUSTER``, as in DigitalOcean's. The message of an installation, and a list without the key ``1_clicks`` for a
type that does not exist, are those of pydo's tests.

Not documented, chosen here: credentials of a cluster without an endpoint yet answer 412. A run of clusterlint takes ten
seconds, and always finds the same, as far as the checks are not excluded; it runs the groups ``basic`` and ``doks`` by
default. An unknown cluster in a list of them answers 404, an unknown application 422. Applications install nothing that
can be seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.access import TOKEN_PREFIX
from poseidon_nb.sandbox.call import convert
from poseidon_nb.sandbox.data import load_data
from poseidon_nb.sandbox.identities import make_identity
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import HTTPException, HTTPResponse, not_found, respond, unprocessable
from poseidon_nb.sandbox.services.container_registries import REGISTRIES, only_registry
from poseidon_nb.sandbox.services.kubernetes_clusters import endpoint_of
from poseidon_nb.sandbox.services.kubernetes_resources import CLUSTERS, RUNNING
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import DAY_S, format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.world import World

_VALID_S = 7 * DAY_S
_LINT_S = 10.0
_LINT_GROUPS = ("basic", "doks")
_INSTALLED_TEXT = "Successfully kicked off addon job."
_KUBECONFIG = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {certificate}
    server: {server}
  name: {name}
contexts:
- context:
    cluster: {name}
    user: {name}-admin
  name: {name}
current-context: {name}
kind: Config
preferences: {{}}
users:
- name: {name}-admin
  user:
    {user}
"""
_SSO_USER = """\
exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: doctl
      args:
      - kubernetes
      - cluster
      - kubeconfig
      - exec-credential
      - --version=v1beta1
      - {id}"""


def _run_object(_world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    return StoredObject({"run_id": id_, "requested_at": format_time(at)}, {"found": values["found"], "at": at})


def _show_run(call: Call, run: StoredObject) -> StoredObject:
    done = run.internal["at"] + _LINT_S / call.world.speed
    if call.world.now() < done:
        return run.with_public(diagnostics=[])
    found = [_diagnostic(*row) for row in run.internal["found"]]
    return run.with_public(completed_at=format_time(done), diagnostics=found)


def _diagnostic(  # the columns of the data file
    check: str, _group: str, severity: str, message: str, kind: str, name: str, namespace: str
) -> dict[str, Any]:
    thing = {"name": name, "kind": kind, "namespace": namespace}
    return {"check_name": check, "severity": severity, "message": message, "object": thing}


_RUNS = Resource("kubernetes_clusters.lint_runs", parent=CLUSTERS, id_field="run_id", build=_run_object, show=_show_run)


def _expiry(call: Call) -> tuple[str, str]:
    """Return a token and the time until which it is valid."""
    seconds = convert("expiry_seconds", call.query.get("expiry_seconds") or "0", "integer")
    if not 0 <= seconds < 10 * 365 * DAY_S:
        raise unprocessable("expiry_seconds must be from 0 to ten years.")
    world = call.world
    until = format_time(world.now() + (seconds or _VALID_S))
    return TOKEN_PREFIX + rng.digest(world.seed, "kubernetes", call.path_params["cluster_id"], until), until


def _check_endpoint(cluster: StoredObject) -> None:
    if not cluster["endpoint"]:
        raise HTTPException(412, "precondition_failed", f"The cluster is {cluster['status']['state']}.")


def _certificate(call: Call, cluster: StoredObject) -> str:
    """Return the certificate of a cluster's own authority, encoded."""
    at = parse_time(cluster["created_at"])
    authority = make_identity("Kubernetes cluster CA", at, call.world.seed, "kubernetes authority", cluster["id"])
    return authority.encoded_certificate


def _get_kubeconfig(call: Call, cluster: StoredObject) -> HTTPResponse:
    _check_endpoint(cluster)
    token, _ = _expiry(call)
    sso = cluster.public.get("sso", {}).get("enabled", False)
    kind = call.query.get("type") or ("sso" if sso else "token")
    if kind not in {"sso", "token"}:
        raise unprocessable("type must be token or sso.")
    text = _KUBECONFIG.format(
        certificate=_certificate(call, cluster),
        server=endpoint_of(cluster["id"]),
        name=f"do-{cluster['region']}-{cluster['name']}",
        user=_SSO_USER.format(id=cluster["id"]) if kind == "sso" else f"token: {token}",
    )
    return HTTPResponse(200, text.encode(), content_type="application/yaml")


def _get_credentials(call: Call, cluster: StoredObject) -> dict[str, Any]:
    _check_endpoint(cluster)
    token, until = _expiry(call)
    return {
        "server": endpoint_of(cluster["id"]),
        "certificate_authority_data": _certificate(call, cluster),
        "client_certificate_data": None,
        "client_key_data": None,
        "token": token,
        "expires_at": until,
    }


def _get_user(call: Call, _cluster: StoredObject) -> dict[str, Any]:
    user = {"username": call.world.state.account["email"], "groups": ["k8saas:authenticated"]}
    return {"kubernetes_cluster_user": user}


def _run_lint(call: Call, cluster: StoredObject) -> dict[str, Any]:
    wanted = {name: {*(call.body.get(name) or ())} for name in ("include_groups", "include_checks")}
    unwanted = {*(call.body.get("exclude_groups") or ()), *(call.body.get("exclude_checks") or ())}
    if not any(wanted.values()):
        wanted["include_groups"] = {*_LINT_GROUPS}
    found = [
        row
        for row in load_data("kubernetes")["checks"]
        if (row[1] in wanted["include_groups"] or row[0] in wanted["include_checks"]) and not {*row[:2]} & unwanted
    ]
    run = _RUNS.add(call.world, {"found": found}, call.world.now(), cluster["id"])
    return {"run_id": run["run_id"]}


def _get_lint(call: Call, cluster: StoredObject) -> dict[str, Any]:
    runs, wanted = _RUNS.all(call.world, cluster["id"]), call.query.get("run_id")
    found = [run for run in runs if not wanted or run["run_id"] == wanted]
    if not found:
        raise not_found()
    return _show_run(call, found[-1]).public


def _list_messages(call: Call, cluster: StoredObject) -> dict[str, Any]:
    since, text = 0, call.query.get("since")
    if text:
        try:
            since = parse_time(text)
        except (ValueError, OverflowError, OSError):
            raise unprocessable("since must be a time such as 2026-12-01T00:00:00Z.") from None
    messages = cluster.internal["messages"]
    return {"messages": [{"message": text, "timestamp": format_time(at)} for at, text in messages if at >= since]}


def _requested_clusters(call: Call) -> list[StoredObject]:
    store = CLUSTERS.store(call.world)
    found = [store.get(id_) for id_ in dict.fromkeys(call.body.get("cluster_uuids") or ())]
    clusters = [one for one in found if one is not None]
    if len(clusters) < len(found):
        raise not_found()
    if not clusters:
        raise unprocessable("cluster_uuids is required.")
    return clusters


def _requested_registries(call: Call) -> list[str]:
    """Return the names in the body, or that of the account's only registry for the older operations."""
    if call.operation in {"kubernetes_add_registry", "kubernetes_remove_registry"}:
        return [only_registry(call)["name"]]
    names: list[str] = [*dict.fromkeys(call.body.get("registries") or ())]
    if not names:
        raise unprocessable("registries is required.")
    if any(name not in REGISTRIES.store(call.world) for name in names):
        raise not_found()
    return names


def _add_registries(call: Call) -> HTTPResponse:
    clusters, names = _requested_clusters(call), _requested_registries(call)
    for cluster in clusters:
        _set_registries(call.world, cluster, [*dict.fromkeys([*cluster["registries"], *names])])
    return respond(call, None)


def _remove_registries(call: Call) -> HTTPResponse:
    clusters, names = _requested_clusters(call), _requested_registries(call)
    for cluster in clusters:
        _set_registries(call.world, cluster, [name for name in cluster["registries"] if name not in names])
    return respond(call, None)


def _set_registries(world: World, cluster: StoredObject, names: list[str]) -> None:
    CLUSTERS.change(world, cluster, registries=names, registry_enabled=bool(names))


def _forget_registry(world: World, _at: float, name: str) -> None:
    for cluster in CLUSTERS.all(world):
        if name in cluster["registries"]:
            _set_registries(world, cluster, [one for one in cluster["registries"] if one != name])


def _list_one_clicks(call: Call) -> HTTPResponse:
    slugs, wanted = load_data("kubernetes")["one_clicks"], call.query.get("type")
    kinds = [wanted] if wanted else [*slugs]
    if not slugs.keys() & {*kinds}:
        return respond(call, {})
    return respond(call, {"1_clicks": [{"slug": slug, "type": kind} for kind in kinds for slug in slugs[kind]]})


def _install(call: Call) -> HTTPResponse:
    cluster = CLUSTERS.store(call.world).get(call.body["cluster_uuid"])
    if cluster is None:
        raise not_found()
    known = load_data("kubernetes")["one_clicks"]["kubernetes"]
    for slug in call.body["addon_slugs"]:
        if slug not in known:
            raise unprocessable(f"{slug} is not a 1-Click application for Kubernetes.")
    if cluster["status"]["state"] != RUNNING:
        raise unprocessable(f"The cluster is {cluster['status']['state']}, and has to be {RUNNING} for this.")
    return respond(call, {"message": _INSTALLED_TEXT})


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "kubernetes_get_kubeconfig": CLUSTERS.on(_get_kubeconfig),
    "kubernetes_get_credentials": CLUSTERS.on(_get_credentials),
    "kubernetes_get_clusterUser": CLUSTERS.on(_get_user),
    "kubernetes_run_clusterLint": CLUSTERS.on(_run_lint),
    "kubernetes_get_clusterLintResults": CLUSTERS.on(_get_lint),
    "kubernetes_get_status_messages": CLUSTERS.on(_list_messages),
    "kubernetes_add_registry": _add_registries,
    "kubernetes_add_registries": _add_registries,
    "kubernetes_remove_registry": _remove_registries,
    "kubernetes_remove_registries": _remove_registries,
    "oneClicks_list": _list_one_clicks,
    "oneClicks_install_kubernetes": _install,
}
EFFECTS: dict[str, Callable[..., None]] = {"registries.removed.kubernetes": _forget_registry}
