"""The validator itself, and whether each correction of the specification is still needed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract import specification as validator

CORRECTIONS = validator.corrections()


@pytest.fixture(scope="module")
def published() -> validator.Specification:
    return validator.Specification(validator.document())


@pytest.mark.parametrize("change", CORRECTIONS, ids=[change["at"] for change in CORRECTIONS])
def test_each_correction_is_still_needed_and_has_its_effect(change: dict[str, Any], published: validator.Specification):
    schema = change.get("in", change["at"])
    assert change["reason"]
    made = validator.specification(limited=change.get("limited", False))
    if "accepts" in change:
        assert not published.accepts(schema, change["accepts"]), "the specification has caught up: drop the correction"
        assert made.accepts(schema, change["accepts"])
    else:
        assert published.accepts(schema, change["refuses"]), "the specification has caught up: drop the correction"
        assert not made.accepts(schema, change["refuses"])


def test_the_corrections_leave_the_published_document_alone():
    document = validator.document()
    before = document["components"]["schemas"]["region_slug"].copy()
    validator.corrected(document, CORRECTIONS)
    assert document["components"]["schemas"]["region_slug"] == before


ACTION = {"id": 1, "status": "completed", "type": "reboot", "started_at": "2026-11-23T12:00:00Z", "resource_id": None}


def test_a_valid_response_passes():
    validator.validate("actions_get", 200, {"action": ACTION})
    validator.validate("droplets_destroy", 204, None)
    validator.validate("dropletActions_post", 422, {"id": "unprocessable_entity", "message": "Droplet is busy."})


@pytest.mark.parametrize(
    ("status", "body", "complaint"),
    [
        (200, {"action": ACTION | {"id": "one"}}, r"\$\.action\.id: 'one' is not of type 'integer'"),
        (200, {"action": ACTION | {"status": "complete"}}, r"\$\.action\.status"),
        (
            200,
            {"action": ACTION | {"started_at": "yesterday"}},
            r"\$\.action\.started_at: 'yesterday' is not a 'date-time'",
        ),
        (200, None, "no body"),
        (201, {"action": ACTION}, "201 is not among the declared"),
        (204, None, "204 is not among the declared"),
        (404, {"message": "gone"}, "'id' is a required property"),
        (422, {"id": "unprocessable_entity"}, "'message' is a required property"),
    ],
)
def test_an_invalid_response_fails_with_its_path(status: int, body: Any, complaint: str):
    with pytest.raises(AssertionError, match=complaint):
        validator.validate("actions_get", status, body)


def test_an_unexpected_body_fails():
    with pytest.raises(AssertionError, match="a body where the specification has none"):
        validator.validate("droplets_destroy", 204, {})


def test_requests_are_validated_too():
    validator.validate_request("sshKeys_create", {"name": "me", "public_key": "ssh-rsa AAAA"})
    validator.validate_request(
        "dropletActions_post", {"type": "change_backup_policy", "backup_policy": {"plan": "daily"}}
    )
    validator.validate_request("droplets_list", None)
    for operation_id, body, complaint in [
        ("sshKeys_create", {"name": "me"}, "'public_key' is a required property"),
        ("sshKeys_create", {"name": "me", "public_key": "ssh-rsa AAAA", "id": 7}, "id"),
        ("sshKeys_create", None, "needs a body"),
        ("droplets_list", {}, "takes no body"),
        ("dropletActions_post", {"type": "explode"}, "explode"),
    ]:
        with pytest.raises(AssertionError, match=complaint):
            validator.validate_request(operation_id, body)


def test_unknown_fields_are_reported():
    body = {
        "droplets": [{"nmae": "web-1", "size": {"slug": "s-1vcpu-1gb", "sulg": "?"}, "image": {"id": 1}}],
        "lniks": {},
    }
    assert validator.unknown_fields("droplets_list", 200, body) == {"droplets[].nmae", "droplets[].size.sulg", "lniks"}
