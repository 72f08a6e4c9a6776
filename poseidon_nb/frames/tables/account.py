"""Tables of the account: profile, SSH keys, tags, projects, actions and billing.

The API returns amounts of money as text; here they are numbers.
"""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table, derived_column, derived_table

ACCOUNT = Table(
    "account",
    "account",
    "account_get",
    (
        Column("email", "string", "email", meaning="email address of the account owner"),
        Column("uuid", "string", "uuid", meaning="the account's UUID"),
        Column("name", "string", "name", meaning="name of the account owner"),
        Column("team_name", "string", "team.name", meaning="name of the token's team"),
        Column("status", "string", "status", meaning="active, warning or locked"),
        Column("droplet_limit", "Int64", "droplet_limit", meaning="maximum number of droplets"),
        Column("floating_ip_limit", "Int64", "floating_ip_limit", meaning="maximum number of reserved IPs"),
        Column("volume_limit", "Int64", "volume_limit", meaning="maximum number of volumes; undocumented field"),
        Column("email_verified", "boolean", "email_verified", meaning="whether the email address is verified"),
        Column("status_message", "string", "status_message", meaning="details about the status"),
        Column("team_uuid", "string", "team.uuid", meaning="UUID of the token's team"),
    ),
)

KEYS = Table(
    "keys",
    "ssh_keys",
    "sshKeys_list",
    (
        Column("id", "Int64", "id", meaning="the key's id"),
        Column("name", "string", "name", meaning="display name"),
        Column("fingerprint", "string", "fingerprint", meaning="MD5 fingerprint of the public key"),
        Column("public_key", "string", "public_key", meaning="the public key in OpenSSH format"),
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
        Column("name", "string", "name", meaning="name of the tag"),
        Column("resources_count", "Int64", "resources.count", meaning="number of tagged resources"),
        Column("droplets_count", "Int64", "resources.droplets.count", meaning="number of tagged droplets"),
        Column("images_count", "Int64", "resources.images.count", meaning="number of tagged images"),
        Column("volumes_count", "Int64", "resources.volumes.count", meaning="number of tagged volumes"),
        Column(
            "volume_snapshots_count",
            "Int64",
            "resources.volume_snapshots.count",
            meaning="number of tagged volume snapshots",
        ),
        Column("databases_count", "Int64", "resources.databases.count", meaning="number of tagged database clusters"),
        Column("last_tagged_uri", "string", "resources.last_tagged_uri", meaning="URL of the resource tagged last"),
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
        Column("id", "Int64", "id", meaning="the action's id"),
        Column("status", "string", "status", meaning="in-progress, completed or errored"),
        Column("type", "string", "type", meaning="type of action: create, power_off, resize ..."),
        Column("resource_type", "string", "resource_type", meaning="type of the resource"),
        Column("resource_id", "Int64", "resource_id", meaning="id of the resource"),
        Column("region", "string", "region_slug|region.slug", meaning="slug of the region"),
        Column("started_at", TIME, "started_at", meaning="start time"),
        Column("completed_at", TIME, "completed_at", meaning="end time; missing while in progress"),
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
    first=("type", "status", "started_at", "completed_at", "resource_type", "region", "resource_id"),
)

NAMED_ACTIONS = derived_table(
    "named_actions",
    *(derived_column(one.name, one.dtype, one.meaning) for one in ACTIONS.columns),
    derived_column("name", "string", "name of the droplet; its id if it was deleted; missing for other resources"),
    first=("name", "type", "status", "started_at", "completed_at", "resource_type", "region", "resource_id"),
)

PROJECTS = Table(
    "projects",
    "projects",
    "projects_list",
    (
        Column("id", "string", "id", meaning="the project's UUID"),
        Column("name", "string", "name", meaning="display name"),
        Column("purpose", "string", "purpose", meaning="purpose of the project"),
        Column("environment", "string", "environment", meaning="Development, Staging or Production"),
        Column("is_default", "boolean", "is_default", meaning="whether it is the default for new resources"),
        Column("description", "string", "description", meaning="description"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column("updated_at", TIME, "updated_at", meaning="time of the last update"),
        Column("owner_uuid", "string", "owner_uuid", meaning="UUID of the owner"),
        Column("owner_id", "Int64", "owner_id", meaning="id of the owner"),
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
        Column("urn", "string", "urn", meaning="uniform resource name, such as do:droplet:123"),
        Column("assigned_at", TIME, "assigned_at", meaning="when it was assigned to the project"),
        Column("status", "string", "status", meaning="ok, not_found, assigned, already_assigned or service_down"),
        Column("link", "string", "links.self", meaning="URL of the resource in the API"),
    ),
    also=(
        "projects_assign_resources",
        "projects_list_resources_default",
        "projects_assign_resources_default",
    ),
)

BALANCE = Table(
    "balance",
    "",
    "balance_get",
    (
        Column(
            "month_to_date_balance",
            "float64",
            "month_to_date_balance",
            "USD",
            "current balance, including the usage of this month",
            as_text=True,
        ),
        Column(
            "account_balance",
            "float64",
            "account_balance",
            "USD",
            "balance without the usage of this month; negative for a credit",
            as_text=True,
        ),
        Column("month_to_date_usage", "float64", "month_to_date_usage", "USD", "usage of this month", as_text=True),
        Column("generated_at", TIME, "generated_at", meaning="time of the calculation"),
    ),
    distinct=False,
)

BILLING_HISTORY = Table(
    "billing_history",
    "billing_history",
    "billingHistory_list",
    (
        Column("date", TIME, "date", meaning="date of the entry"),
        Column("type", "string", "type", meaning="Invoice, Payment, Credit ..."),
        Column("description", "string", "description", meaning="description"),
        Column("amount", "float64", "amount", "USD", "amount; negative for payments and credits", as_text=True),
        Column("invoice_id", "string", "invoice_id", meaning="id of the invoice, if any"),
        Column("invoice_uuid", "string", "invoice_uuid", meaning="UUID of the invoice, if any"),
    ),
    distinct=False,
)

INVOICES = Table(
    "invoices",
    "invoices",
    "invoices_list",
    (
        Column("invoice_uuid", "string", "invoice_uuid", meaning="the invoice's UUID"),
        Column("invoice_period", "string", "invoice_period", meaning="billed month, such as 2026-11"),
        Column("amount", "float64", "amount", "USD", "total amount", as_text=True),
        Column("invoice_id", "string", "invoice_id", meaning="id of the invoice"),
        Column("updated_at", TIME, "updated_at", meaning="time of the last update; only for the current month"),
    ),
)

INVOICE_ITEMS = Table(
    "invoice_items",
    "invoice_items",
    "invoices_get_byUUID",
    (
        Column("product", "string", "product", meaning="name of the product"),
        Column("description", "string", "description", meaning="description"),
        Column("amount", "float64", "amount", "USD", "amount", as_text=True),
        Column("duration", "float64", "duration", meaning="billed duration, in `duration_unit`", as_text=True),
        Column("duration_unit", "string", "duration_unit", meaning="unit of the duration, such as Hours"),
        Column("start_time", TIME, "start_time", meaning="start of the billed period"),
        Column("end_time", TIME, "end_time", meaning="end of the billed period"),
        Column("group_description", "string", "group_description", meaning="the cluster it belongs to"),
        Column("project_name", "string", "project_name", meaning="name of the project"),
        Column("resource_id", "string", "resource_id", meaning="id of the resource"),
        Column("resource_uuid", "string", "resource_uuid", meaning="UUID of the resource"),
    ),
    distinct=False,
)
