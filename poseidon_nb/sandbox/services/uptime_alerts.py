"""Alerts of uptime checks: whom to tell when a check finds something. Nobody is told anything here.

Not settled by any source, chosen here: bad values answer 400, as missing ones do at the service; ``latency`` and
``ssl_expiry`` need a threshold and a comparison, and the other types keep them if they are given; an alert needs
somebody to tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bodies, chance
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import bad_request, no_content, not_found
from poseidon_nb.sandbox.services.uptime import find_check

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply

_TYPES = ("latency", "down", "down_global", "ssl_expiry")
_MEASURED = frozenset({"latency", "ssl_expiry"})
_COMPARISONS = ("greater_than", "less_than")
_PERIODS = ("2m", "3m", "5m", "10m", "15m", "30m", "1h")


def alert_object(id_: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give an alert as the API shows it, from a request's body; refuse values that no alert has."""
    alert: dict[str, Any] = {"id": id_, "name": body["name"], "type": body["type"]}
    if body["type"] not in _TYPES:
        raise bad_request(f"type must be one of {', '.join(_TYPES)}")
    if body["period"] not in _PERIODS:
        raise bad_request(f"period must be one of {', '.join(_PERIODS)}")
    for field in ("threshold", "comparison"):
        if body.get(field) is not None:
            alert[field] = body[field]
        elif body["type"] in _MEASURED:
            raise bad_request(f"missing required field '{field}'")
    if alert.get("comparison", _COMPARISONS[0]) not in _COMPARISONS:
        raise bad_request(f"comparison must be one of {', '.join(_COMPARISONS)}")
    return {**alert, "notifications": _notifications(body["notifications"]), "period": body["period"]}


def _notifications(asked: dict[str, Any]) -> dict[str, Any]:
    mails: list[Any] = bodies.optional(asked, "email", "array") or []
    channels: list[Any] = bodies.optional(asked, "slack", "array") or []
    for mail in mails:
        bodies.typed("an email", mail, "string")
        if "@" not in mail:
            raise bad_request("email must be a list of mail addresses")
    for channel in channels:
        bodies.typed("an item of slack", channel, "object")
    told = [{name: bodies.required(channel, name, "string") for name in ("channel", "url")} for channel in channels]
    if not mails and not told:
        raise bad_request("notifications must name an email or a slack channel")
    return {"email": mails, "slack": told}


def _asked_for(call: Call) -> Record:
    check = find_check(call)
    alert = call.world.uptime_alerts.get(call.names["alert_id"])
    if alert is None or alert.kept["check"] != check["id"]:
        raise not_found()
    return alert


def list_alerts(call: Call) -> Reply:
    """Answer ``uptime_list_alerts``."""
    id_ = find_check(call)["id"]
    alerts = [alert for alert in call.world.uptime_alerts.listed() if alert.kept["check"] == id_]
    return call.page("alerts", "alert", alerts)


def get_alert(call: Call) -> Reply:
    """Answer ``uptime_get_alert``."""
    return call.one("alert", _asked_for(call))


def create_alert(call: Call) -> Reply:
    """Answer ``uptime_create_alert``."""
    world, check = call.world, find_check(call)
    shown = alert_object("", call.body)
    id_ = chance.uuid(world.seed, "alert", world.count("uptime_alerts"))
    alert = Record({**shown, "id": id_}, {"check": check["id"]})
    world.uptime_alerts.put(id_, alert)
    return call.one("alert", alert, status=201)


def update_alert(call: Call) -> Reply:
    """Answer ``uptime_update_alert``: the whole alert is given anew."""
    alert = _asked_for(call)
    changed = Record(alert_object(alert["id"], call.body), alert.kept)
    call.world.uptime_alerts.put(alert["id"], changed)
    return call.one("alert", changed)


def delete_alert(call: Call) -> Reply:
    """Answer ``uptime_delete_alert``."""
    call.world.uptime_alerts.remove(_asked_for(call)["id"])
    return no_content()


OPERATIONS = {
    "uptime_list_alerts": list_alerts,
    "uptime_get_alert": get_alert,
    "uptime_create_alert": create_alert,
    "uptime_update_alert": update_alert,
    "uptime_delete_alert": delete_alert,
}
