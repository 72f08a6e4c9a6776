"""Wrong values that the account's options refuse: before the question, in one line, with the closest right one; and the Tab key."""

from __future__ import annotations

import pytest

from poseidon_nb import errors
from poseidon_nb.catalogue import operation
from poseidon_nb.client import choices
from poseidon_nb.commands.registry import registry
from poseidon_nb.language.completion import complete_line

CREATE = "databases create x --engine {engine} --region {region} --size {size} --num-nodes {nodes}"
RIGHT = {"engine": "pg", "region": "nyc3", "size": "db-s-1vcpu-1gb", "nodes": 1}
POOL = "kubernetes create k --region nyc3 --version {version} --node-pools {pool}"
WEB = "name:web,size:s-2vcpu-4gb,count:3"
APP = """apps create --spec '{{"name": "shop", "region": "{region}", "services": [{{"name": "web", "instance_size_slug": "{size}"}}]}}'"""
WRONG = {
    CREATE.format(**RIGHT | {"engine": "postgres"}): "Unknown engine 'postgres'. Did you mean pg?",
    CREATE.format(**RIGHT | {"engine": "x"}): (
        "Unknown engine 'x'. "
        "Expected one of kafka, mongodb, mysql, advanced_mysql, opensearch, pg, advanced_pg, redis and valkey."
    ),
    CREATE.format(**RIGHT | {"region": "nyc9"}): "Unknown region 'nyc9' of pg. Did you mean nyc1, nyc2 or nyc3?",
    CREATE.format(**RIGHT | {"size": "db-s-1vcpu-1g"}): (
        "Unknown size 'db-s-1vcpu-1g' of pg with 1 node. Did you mean db-s-1vcpu-1gb?"
    ),
    CREATE.format(**RIGHT | {"nodes": 7}): "Unknown num_nodes 7 of pg. Expected one of 1, 2 and 3.",
    CREATE.format(**RIGHT) + " --version 99": "Unknown version '99' of pg. Expected one of 13, 14, 15, 16 and 17.",
    # The engine is that of the cluster.
    "databases resize orders --size db-s-2vcpu-4g --num-nodes 2": (
        "Unknown size 'db-s-2vcpu-4g' of pg with 2 nodes. Did you mean db-s-2vcpu-4gb?"
    ),
    "databases migrate sessions fra9": "Unknown region 'fra9' of valkey. Did you mean fra1?",
    "databases update-major-version orders --version 3": (
        "Unknown version '3' of pg. Expected one of 13, 14, 15, 16 and 17."
    ),
    POOL.format(version="1.2", pool=WEB): (
        "Unknown version '1.2'. Expected one of 1.36.1-do.0, 1.35.6-do.0, 1.34.5-do.3 and latest."
    ),
    POOL.format(version="1.36", pool="name:web,size:s-2vcpu-4g,count:3"): (
        "Unknown size 's-2vcpu-4g'. Did you mean s-2vcpu-4gb or s-2vcpu-4gb-amd?"
    ),
    POOL.format(version="latest", pool="name:web,size:s-2vcpu-4gb,count:x"): (
        "The count of node_pools must be a whole number, not 'x'."
    ),
    POOL.format(version="latest", pool="name:web,size:s-2vcpu-4gb"): (
        "Each item of node_pools needs name, size and count; count is missing."
    ),
    APP.format(region="nyx", size="apps-s-1vcpu-1gb"): "Unknown region 'nyx'. Did you mean nyc?",
    APP.format(region="nyc", size="apps-d-8vcpu-32g"): (
        "Unknown instance_size_slug 'apps-d-8vcpu-32g'. Did you mean apps-d-8vcpu-32gb?"
    ),
    "registries create tiles --subscription-tier-slug pro": (
        "Unknown subscription_tier_slug 'pro'. Expected one of starter, basic and professional."
    ),
}  # fmt: skip


def completed(desk, text):
    return [one.text for one in complete_line(f"%do {text}", registry(), desk.session.words).words]


def test_a_wrong_value_is_refused_before_the_question(desk):
    desk.ui.answer = False
    desk.sent()
    for line, message in WRONG.items():
        with pytest.raises(errors.InvalidArgument) as caught:
            desk.do(line)
        assert str(caught.value) == message, line
    assert not desk.changes()
    assert not desk.ui.questions
    for line in (
        CREATE.format(**RIGHT),
        POOL.format(version="1.35", pool=WEB) + " --ha",
        APP.format(region="nyc", size="basic-xxs"),
        # The person knows better.
        CREATE.format(**RIGHT | {"engine": "postgres"}) + " --no-check",
    ):
        with pytest.raises(errors.ConfirmationRequired):
            desk.do(line)
        assert desk.ui.questions.pop()


def test_options_that_cannot_be_read_refuse_nothing(desk):
    desk.ui.answer = False
    desk.sandbox.fault("forbidden", operation="databases_list_options", times=None)
    with pytest.raises(errors.ConfirmationRequired):
        desk.do(CREATE.format(**RIGHT | {"engine": "postgres"}))


def test_a_refusal_of_the_service_names_the_right_values(desk):
    with pytest.raises(
        errors.Unprocessable, match=r"invalid version slug .*Unknown version '1.2'. Expected one of 1.36"
    ):
        desk.session.client().call(
            "kubernetes_create_cluster",
            name="k",
            region="nyc3",
            version="1.2",
            node_pools=[{"name": "web", "size": "s-2vcpu-4gb", "count": 1}],
        )


def test_values_complete_before_and_after_the_options_were_read(desk):
    create = "databases create x --engine pg --region "
    assert {"nyc3", "fra1"} <= {*completed(desk, create)}
    assert completed(desk, "databases create x --engine p") == ["pg"]
    assert "db-s-1vcpu-1gb" in completed(desk, "databases resize orders --size ")
    assert completed(desk, "kubernetes create k --version ") == ["latest"]
    desk.do("databases options")
    desk.do("kubernetes options")
    assert "ric1" in completed(desk, create)
    assert completed(desk, "databases create x --engine pg --version ") == ["13", "14", "15", "16", "17"]
    assert completed(desk, "databases create x --engine kafka --version ") == ["3.8"]
    of_kafka = completed(desk, "databases create x --engine kafka --size ")
    assert "gd-2vcpu-8gb" in of_kafka
    assert "db-s-1vcpu-1gb" not in of_kafka
    assert completed(desk, "kubernetes create k --version 1.3") == ["1.36.1-do.0", "1.35.6-do.0", "1.34.5-do.3"]
    assert "s-2vcpu-4gb" in completed(desk, "kubernetes add-node-pool prod web --size s-2")
    assert "fra1" in completed(desk, "databases migrate orders f")


def test_every_choice_is_a_field_that_exists():
    for operation_id, fields in choices._CHOICES.items():
        known = {one.name for one in operation(operation_id).body_fields}
        for field, found in fields.items():
            assert field.partition(".")[0] in known
            assert operation(found.operation).method == "GET"
