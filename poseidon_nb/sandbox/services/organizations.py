"""Teams of an organization. The simulated account's team belongs to one, and so do the teams that it creates.

Not documented, chosen here: a name is used once (409), each team has the creator as its only member, and the day's limit
of invitations is 50. Invitations are never accepted, as nobody reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import Field, read_fields
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import conflict, respond
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import DAY_S, format_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_MAX_INVITATIONS = 50
_ROLES = ("member", "biller", "billing viewer", "resource viewer", "modifier")
_FIELDS = (
    Field("name", minimum=1),
    Field(
        "invitations",
        default=[],
        fields=(
            Field("email", type="string", required=True, minimum=3),
            Field("role", type="string", required=True, choices=_ROLES),
        ),
    ),
)


def _new_team(world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    account = world.state.account
    public = {
        "id": rng.randint(1_000_000, 9_999_999, world.seed, "team", id_),
        "uuid": id_,
        "name": values["name"],
        "email": account["email"],
        "member_count": 1,
        "status": "joined",
        "joined_organization_at": format_time(at),
        "company": account["team"]["name"],
    }
    return StoredObject(public, {"invited": len(values.get("invitations", [])), "at": at})


TEAMS = Resource("teams", id_field="uuid", build=_new_team)


def _teams(world: World) -> list[StoredObject]:
    """Return all teams, the account's own one first."""
    own = world.state.account["team"]
    started = min((one["created_at"] for one in world.projects.all()), default=format_time(world.now()))
    team = _new_team(world, own["uuid"], {"name": own["name"]}, 0.0).with_public(joined_organization_at=started)
    return [team, *TEAMS.all(world)]


def _create_team(call: Call) -> HTTPResponse:
    world = call.world
    values = read_fields(_FIELDS, call.body)
    if any(team["name"] == values["name"] for team in _teams(world)):
        raise conflict("A team with this name already exists.")
    today = [team for team in TEAMS.all(world) if team.internal["at"] > world.now() - DAY_S]
    left = _MAX_INVITATIONS - sum(team.internal["invited"] for team in today)
    emails = dict.fromkeys(one["email"] for one in values["invitations"])
    team = TEAMS.add(world, values, world.now())
    statuses = {
        email: {"status": "ok" if number < left else "daily_invite_limit_reached"}
        for number, email in enumerate(emails)
    }
    return respond(call, {"team": {"uuid": team["uuid"], "name": team["name"]}, "invitations": statuses})


OPERATIONS = {
    "organizations_create_team": _create_team,
    "organizations_list_teams": lambda call: respond(call, _teams(call.world)),
}
