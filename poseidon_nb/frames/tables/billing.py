"""Money. The API writes every amount as text; here it is a number."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

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
            "what would be owed if the month ended now",
            as_text=True,
        ),
        Column(
            "account_balance",
            "float64",
            "account_balance",
            "USD",
            "what is owed from before this month; less than zero is a credit",
            as_text=True,
        ),
        Column(
            "month_to_date_usage", "float64", "month_to_date_usage", "USD", "what was used this month", as_text=True
        ),
        Column("generated_at", TIME, "generated_at", meaning="when that was reckoned"),
    ),
    distinct=False,
)

BILLING_HISTORY = Table(
    "billing_history",
    "billing_history",
    "billingHistory_list",
    (
        Column("date", TIME, "date", meaning="when it happened"),
        Column("type", "string", "type", meaning="Invoice, Payment, Credit ..."),
        Column("description", "string", "description", meaning="what it was"),
        Column("amount", "float64", "amount", "USD", "how much; less than zero where it was paid", as_text=True),
        Column("invoice_id", "string", "invoice_id", meaning="number on the invoice, where there is one"),
        Column("invoice_uuid", "string", "invoice_uuid", meaning="UUID of the invoice, where there is one"),
    ),
    distinct=False,
)

INVOICES = Table(
    "invoices",
    "invoices",
    "invoices_list",
    (
        Column("invoice_uuid", "string", "invoice_uuid", meaning="the invoice's UUID"),
        Column("invoice_period", "string", "invoice_period", meaning="year and month that it is for"),
        Column("amount", "float64", "amount", "USD", "its total", as_text=True),
        Column("invoice_id", "string", "invoice_id", meaning="number on the invoice"),
        Column("updated_at", TIME, "updated_at", meaning="when it was last changed; told for this month's only"),
    ),
)

INVOICE_ITEMS = Table(
    "invoice_items",
    "invoice_items",
    "invoices_get_byUUID",
    (
        Column("product", "string", "product", meaning="what kind of thing was used"),
        Column("description", "string", "description", meaning="which one"),
        Column("amount", "float64", "amount", "USD", "how much", as_text=True),
        Column("duration", "float64", "duration", meaning="how long, in the unit beside it", as_text=True),
        Column("duration_unit", "string", "duration_unit", meaning="Hours and the like"),
        Column("start_time", TIME, "start_time", meaning="when its billing began"),
        Column("end_time", TIME, "end_time", meaning="when its billing ended"),
        Column("group_description", "string", "group_description", meaning="the cluster that it is part of"),
        Column("project_name", "string", "project_name", meaning="name of its project"),
        Column("resource_id", "string", "resource_id", meaning="number of the thing"),
        Column("resource_uuid", "string", "resource_uuid", meaning="UUID of the thing"),
    ),
    distinct=False,
)
