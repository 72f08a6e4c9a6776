"""Commands that wait for the status of a service: database and Kubernetes clusters, deployments."""

from __future__ import annotations

import pytest

from poseidon_nb import errors
from poseidon_nb.catalogue import operation
from poseidon_nb.client import statuses

APP = (
    '{"name": "shop", "region": "nyc", "services": '
    '[{"name": "web", "image": {"registry_type": "DOCKER_HUB", "repository": "nginx"}}]}'
)


def progress(desk):
    return [line for line in desk.ui.views[-1].model.text().split("\n") if line]


def test_a_change_of_a_cluster_is_waited_for_with_progress(desk):
    for line, label, column, value in (
        ("databases create new --engine pg --version 16 --region nyc3 --size db-s-1vcpu-1gb --num-nodes 1", "create new", "name", "new"),
        ("databases resize new --size db-s-2vcpu-4gb --num-nodes 2", "resize new", "size", "db-s-2vcpu-4gb"),
        ("databases migrate new lon1", "migrate new", "region", "lon1"),
        ("databases update-major-version new --version 17", "update-major-version new", "version", "17"),
        ("kubernetes create k --region nyc3 --version 1.34 --node-pools name:web,size:s-2vcpu-4gb,count:1", "create k", "name", "k"),
        ("kubernetes upgrade-cluster k --version 1.35.6-do.0", "upgrade-cluster k", "version", "1.35.6-do.0"),
    ):  # fmt: skip
        result = desk.do(f"{line} --yes")
        assert result[column].tolist() == [value], line
        assert result["status"].tolist() == ["running" if "kubernetes" in line else "online"], line
        (row,) = progress(desk)
        assert row.startswith(f"{label}: ✓ completed in "), line


def test_a_deployment_is_waited_for(desk):
    created = desk.do(f"apps create --spec '{APP}' --yes")
    assert created["name"].tolist() == ["shop"]
    assert progress(desk)[0].startswith("create shop: ✓ completed in ")
    changed = APP.replace("nginx", "caddy")
    assert desk.do(f"apps update shop --spec '{changed}' --yes")["name"].tolist() == ["shop"]
    assert progress(desk)[0].startswith("update shop: ✓ completed in ")
    deployed = desk.do("apps create-deployment shop --yes")
    assert deployed["phase"].tolist() == ["ACTIVE"]
    assert progress(desk)[0].startswith("create-deployment shop: ✓ completed in ")


def test_no_wait_and_a_time_limit_leave_it_in_progress(desk):
    cluster = desk.do("databases migrate orders lon1 --yes --no-wait")
    assert cluster["status"].tolist() == ["migrating"]
    desk.sandbox.advance(3600)
    with pytest.raises(
        errors.ActionTimedOut, match=r"still in progress.* Check it with %do databases get [0-9a-f-]{36}"
    ):
        desk.do("databases resize orders --size db-s-2vcpu-4gb --num-nodes 2 --yes --timeout 1")


def test_what_is_not_ready_says_so_and_what_to_do(desk):
    desk.do(
        "kubernetes create k --region nyc3 --version latest --node-pools name:web,size:s-2vcpu-4gb,count:1 --yes --no-wait"
    )
    with pytest.raises(
        errors.APIError, match=r"Kubernetes cluster k is still provisioning. Wait until %do kubernetes get k "
    ):
        desk.do("kubernetes kubeconfig k")
    desk.sandbox.advance(3600)
    assert "clusters:" in desk.do("kubernetes kubeconfig k")
    desk.do("databases migrate orders lon1 --yes --no-wait")
    with pytest.raises(
        errors.APIError, match=r"Database cluster orders is still migrating. Wait until %do databases get orders "
    ):
        desk.do("databases resize orders --size db-s-2vcpu-4gb --num-nodes 2 --yes")


def test_a_failed_status_is_an_error(desk):
    wait = statuses.StatusWait(statuses._DEPLOYMENT, {"app_id": "a", "deployment_id": "d"})
    assert wait.is_over({"phase": "ERROR"}, 0)
    assert wait.has_failed({"phase": "ERROR"})
    failing = APP.replace('"image"', '"run_command": "exit 1", "image"')
    desk.do(f"apps create --spec '{APP}' --yes")
    with pytest.raises(
        errors.ActionFailed, match=r"Update shop failed: its status is ERROR. See %do apps get-deployment "
    ):
        desk.do(f"apps update shop --spec '{failing}' --yes")
    with pytest.raises(
        errors.ActionFailed, match=r"Create-deployment shop failed: its status is ERROR. See %do apps get-deployment "
    ):
        desk.do("apps create-deployment shop --yes")


def test_a_status_that_lags_is_not_taken_for_the_end():
    wait = statuses.StatusWait(statuses._DATABASE, {}, {"size": "b"})
    online = {"status": "online", "size": "a"}
    assert not wait.is_over(online, 1)
    assert wait.is_over({**online, "size": "b"}, 1)
    assert wait.is_over(online, statuses.GRACE_S)
    assert not wait.is_over({**online, "status": "resizing"}, 60)
    assert wait.is_over(online, 61)


def test_every_wait_reads_an_operation_with_the_ids_that_it_has():
    for operation_id, (lifecycle, in_answer) in statuses._WAITS.items():
        given = {one.name for one in operation(operation_id).path_parameters} | {*in_answer}
        assert {one.name for one in operation(lifecycle.operation).path_parameters} <= given
        for path in in_answer.values():
            assert path.partition(".")[0] == operation(operation_id).response_key
