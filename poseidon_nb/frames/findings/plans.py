"""What a plan consists of, and what became of it."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.findings.columns import finding, findings

PLAN = findings(
    "plan",
    finding("chain", "Int64", "number of the chain, from 0: steps of a chain run in order, chains run side by side"),
    finding("step", "Int64", "number of the step in its chain, from 0"),
    finding("kind", "string", "what is changed: droplet, volume, tag ..."),
    finding("id", "string", "its id; missing for what the step creates"),
    finding("name", "string", "its name"),
    finding("change", "string", "what is done: resize, delete ...; with `if needed` where it may not have to be"),
    finding("from", "string", "what it is now, where that is known"),
    finding("to", "string", "what it is afterwards"),
    finding("restart", "boolean", "whether something that runs now stops or restarts"),
    finding("usd_month", "float64", "what it adds a month, negative where it saves; missing where unknown", "USD"),
    finding("reversible", "boolean", "whether it can be undone"),
)

OUTCOMES = findings(
    "plan_outcomes",
    finding("chain", "Int64", "number of the chain, from 0"),
    finding("step", "Int64", "number of the step in its chain, from 0"),
    finding("id", "string", "id of what was changed, also where the step created it"),
    finding("name", "string", "its name"),
    finding("action", "string", "what was done: resize, delete ..."),
    finding("status", "string", "completed, unchanged, in-progress, failed, skipped or unknown"),
    finding("error", "string", "why it did not end well"),
)

UNENDED = findings(
    "plans",
    finding("id", "string", "by which it is resumed or forgotten"),
    finding(
        "state",
        "string",
        "`running here`, `running in another kernel`, `interrupted`, `other account`, `to be given again` (what is left "
        "held secrets, which are not kept) or `damaged`",
    ),
    finding("title", "string", "the command"),
    finding("left", "Int64", "how many are not known to have ended; the account tells at a resume"),
    finding("done", "Int64", "how many are known to have gone well"),
    finding("steps", "Int64", "how many steps it has"),
    finding("begun", TIME, "when it began, by the service's clock"),
    finding("account", "string", "whose account it is for"),
    finding("note", "string", "why a resume left something of it"),
)
