"""Apps and their deployments."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

APPS = Table(
    "apps",
    "apps",
    "apps_list",
    (
        Column("id", "string", "id", meaning="the app's UUID"),
        Column("name", "string", "spec.name", meaning="the name, which is the account's own"),
        Column("region", "string", "region.slug", meaning="slug of the part of the world it runs in"),
        Column("live_url", "string", "live_url", meaning="address it is served at"),
        Column("default_ingress", "string", "default_ingress", meaning="address that it was given"),
        Column("tier_slug", "string", "tier_slug", meaning="the plan's tier"),
        Column(
            "active_deployment_id", "string", "active_deployment.id", meaning="UUID of the deployment that is served"
        ),
        Column("active_deployment_phase", "string", "active_deployment.phase", meaning="how far that one has come"),
        Column(
            "in_progress_deployment_id",
            "string",
            "in_progress_deployment.id",
            meaning="UUID of the deployment that is being made",
        ),
        Column(
            "last_deployment_created_at",
            TIME,
            "last_deployment_created_at",
            meaning="when the newest deployment was begun",
        ),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
        Column("updated_at", TIME, "updated_at", meaning="when it was last changed"),
        Column("live_domain", "string", "live_domain", meaning="host name it is served at"),
        Column("project_id", "string", "project_id", meaning="UUID of its project"),
        Column("owner_uuid", "string", "owner_uuid", meaning="UUID of its owner"),
    ),
    also=(
        "apps_create",
        "apps_get",
        "apps_update",
    ),
)

DEPLOYMENTS = Table(
    "deployments",
    "deployments",
    "apps_list_deployments",
    (
        Column("id", "string", "id", meaning="the deployment's UUID"),
        Column("phase", "string", "phase", meaning="PENDING_BUILD, BUILDING, DEPLOYING, ACTIVE, SUPERSEDED, ERROR ..."),
        Column("cause", "string", "cause", meaning="what set it off"),
        Column("success_steps", "Int64", "progress.success_steps", meaning="steps that are done"),
        Column("total_steps", "Int64", "progress.total_steps", meaning="steps that there are"),
        Column("error_steps", "Int64", "progress.error_steps", meaning="steps that failed"),
        Column("created_at", TIME, "created_at", meaning="when it was begun"),
        Column("updated_at", TIME, "updated_at", meaning="when it was last changed"),
        Column("phase_last_updated_at", TIME, "phase_last_updated_at", meaning="when it came to that phase"),
        Column("cloned_from", "string", "cloned_from", meaning="UUID of the deployment that it repeats"),
        Column("tier_slug", "string", "tier_slug", meaning="the plan's tier"),
    ),
    also=(
        "apps_create_deployment",
        "apps_get_deployment",
        "apps_cancel_deployment",
        "apps_restart",
        "apps_create_rollback",
        "apps_revert_rollback",
    ),
)
