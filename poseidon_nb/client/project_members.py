"""Which droplet is in which project. API: ``projects_list``, ``projects_list_resources``. A droplet does not show its project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.client.fetch import fetch_each
from poseidon_nb.text import is_integer

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client

_DROPLET = "do:droplet:"


def project_ids(client: Client) -> dict[str, str]:
    """Return the id of each project by its name. Names are unique in an account."""
    return {str(row["name"]): str(row["id"]) for row in client.call("projects_list") if row.get("name")}


def droplet_projects(client: Client) -> dict[int, str]:
    """Return the name of each droplet's project by the droplet's id. One request lists the members of a project.

    Raises
    ------
    PoseidonError
        The members of a project cannot be read.
    """
    projects = [*project_ids(client).items()]
    found: dict[int, str] = {}
    for result in fetch_each(projects, lambda one: client.call("projects_list_resources", project_id=one[1])):
        if result.error is not None:
            raise result.error
        for row in result.value or ():
            urn = str(row.get("urn"))
            if urn.startswith(_DROPLET) and is_integer(urn.removeprefix(_DROPLET)):
                found[int(urn.removeprefix(_DROPLET))] = result.item[0]
    return found
