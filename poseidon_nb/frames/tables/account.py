"""The account, and what orders the things in it: keys, tags, projects and actions."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

ACCOUNT = Table(
    "account",
    "account",
    "account_get",
    (
        Column("email", "string", "email", meaning="who is signed in"),
        Column("uuid", "string", "uuid", meaning="id of the account"),
        Column("name", "string", "name", meaning="the name of who is signed in"),
        Column("team_name", "string", "team.name", meaning="name of the team that the token belongs to"),
        Column("status", "string", "status", meaning="active, warning or locked"),
        Column("droplet_limit", "Int64", "droplet_limit", meaning="most droplets at a time"),
        Column("floating_ip_limit", "Int64", "floating_ip_limit", meaning="most reserved IP addresses at a time"),
        Column("volume_limit", "Int64", "volume_limit", meaning="most volumes at a time; served, yet not specified"),
        Column("email_verified", "boolean", "email_verified", meaning="whether the address was confirmed"),
        Column("status_message", "string", "status_message", meaning="what the status means"),
        Column("team_uuid", "string", "team.uuid", meaning="id of the team that the token belongs to"),
    ),
)

KEYS = Table(
    "keys",
    "ssh_keys",
    "sshKeys_list",
    (
        Column("id", "Int64", "id", meaning="the key's number"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("fingerprint", "string", "fingerprint", meaning="MD5 of the public key, as pairs of hexadecimal digits"),
        Column("public_key", "string", "public_key", meaning="the key itself, in OpenSSH's form"),
    ),
    also=(
        "sshKeys_get",
        "sshKeys_create",
        "sshKeys_update",
    ),
)

TAGS = Table(
    "tags",
    "tags",
    "tags_list",
    (
        Column("name", "string", "name", meaning="the tag"),
        Column("resources_count", "Int64", "resources.count", meaning="how many things have it"),
        Column("droplets_count", "Int64", "resources.droplets.count", meaning="how many droplets have it"),
        Column("images_count", "Int64", "resources.images.count", meaning="how many images have it"),
        Column("volumes_count", "Int64", "resources.volumes.count", meaning="how many volumes have it"),
        Column(
            "volume_snapshots_count",
            "Int64",
            "resources.volume_snapshots.count",
            meaning="how many snapshots of volumes have it",
        ),
        Column("databases_count", "Int64", "resources.databases.count", meaning="how many database clusters have it"),
        Column("last_tagged_uri", "string", "resources.last_tagged_uri", meaning="address of what was tagged last"),
    ),
    also=(
        "tags_get",
        "tags_create",
    ),
)

ACTIONS = Table(
    "actions",
    "actions",
    "actions_list",
    (
        Column("id", "Int64", "id", meaning="the action's number"),
        Column("status", "string", "status", meaning="in-progress, completed or errored"),
        Column("type", "string", "type", meaning="what is done: create, power_off, resize ..."),
        Column("resource_type", "string", "resource_type", meaning="kind of thing it is done to"),
        Column("resource_id", "Int64", "resource_id", meaning="number of the thing it is done to"),
        Column("region", "string", "region_slug|region.slug", meaning="slug of the datacenter"),
        Column("started_at", TIME, "started_at", meaning="when it began"),
        Column("completed_at", TIME, "completed_at", meaning="when it ended; missing until then"),
    ),
    also=(
        "actions_get",
        "dropletActions_list",
        "dropletActions_get",
        "dropletActions_post",
        "dropletActions_post_byTag",
        "imageActions_list",
        "imageActions_get",
        "imageActions_post",
        "volumeActions_list",
        "volumeActions_get",
        "volumeActions_post",
        "volumeActions_post_byId",
        "reservedIPsActions_list",
        "reservedIPsActions_get",
        "reservedIPsActions_post",
        "reservedIPv6Actions_post",
        "floatingIPsAction_list",
        "floatingIPsAction_get",
        "floatingIPsAction_post",
    ),
)

PROJECTS = Table(
    "projects",
    "projects",
    "projects_list",
    (
        Column("id", "string", "id", meaning="the project's UUID"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("purpose", "string", "purpose", meaning="what it is for"),
        Column("environment", "string", "environment", meaning="Development, Staging or Production"),
        Column("is_default", "boolean", "is_default", meaning="whether new things are put there"),
        Column("description", "string", "description", meaning="free text"),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
        Column("updated_at", TIME, "updated_at", meaning="when it was last changed"),
        Column("owner_uuid", "string", "owner_uuid", meaning="UUID of its owner"),
        Column("owner_id", "Int64", "owner_id", meaning="number of its owner"),
    ),
    also=(
        "projects_create",
        "projects_get",
        "projects_update",
        "projects_patch",
        "projects_get_default",
        "projects_update_default",
        "projects_patch_default",
    ),
)

PROJECT_RESOURCES = Table(
    "project_resources",
    "resources",
    "projects_list_resources",
    (
        Column("urn", "string", "urn", meaning="kind and id: do:droplet:123"),
        Column("assigned_at", TIME, "assigned_at", meaning="when it was put there"),
        Column("status", "string", "status", meaning="ok, not_found, assigned, already_assigned or service_down"),
        Column("link", "string", "links.self", meaning="where the API tells of it"),
    ),
    also=(
        "projects_assign_resources",
        "projects_list_resources_default",
        "projects_assign_resources_default",
    ),
)
