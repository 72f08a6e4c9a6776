"""What an explorer of sizes adds to the style sheets of panels and of their tables."""

from __future__ import annotations

EXPLORER_STYLE = """<style>
.pnb-explorer .pnb-filters { width: 100%; padding: 4px 18px 12px; display: flex; flex-direction: column; gap: 8px; overflow: visible; }
.pnb-explorer .pnb-filter { width: 100%; display: flex; flex-flow: row nowrap; align-items: flex-start; gap: 6px; overflow: visible; }
.pnb-explorer .pnb-filter-values { flex: 1 1 0; min-width: 0; display: flex; flex-flow: row wrap; align-items: center; gap: 6px; overflow: visible; }
.pnb-explorer .pnb-filter > .pnb-filter-name { flex: 0 0 64px; color: var(--pnb-soft); font-size: 12px; padding-top: 4px; }
.pnb-explorer .pnb-chip { width: auto; height: auto; margin: 0; overflow: visible; }
.pnb-explorer .pnb-chip label { display: inline-flex; align-items: center; gap: 6px; width: auto; height: auto; margin: 0; padding: 2px 10px 2px 7px; border: 1px solid var(--pnb-line); border-radius: 99px; color: var(--pnb-ink); font-size: 12px; line-height: 20px; cursor: pointer; white-space: nowrap; }
.pnb-explorer .pnb-chip label:hover { border-color: var(--pnb-brand); }
.pnb-explorer .pnb-chip label:has(input:checked) { border-color: var(--pnb-brand); background: color-mix(in srgb, var(--pnb-brand) 14%, transparent); }
.pnb-explorer .pnb-chip input[type=checkbox] { width: 13px; height: 13px; margin: 0; accent-color: var(--pnb-brand); }
.pnb-explorer .pnb-pair { display: flex; flex-flow: row wrap; align-items: center; gap: 6px; overflow: visible; width: auto; margin-right: 8px; }
.pnb-explorer .widget-dropdown { width: auto; height: auto; display: inline-flex; align-items: center; gap: 6px; overflow: visible; margin: 0; max-width: 100%; }
.pnb-explorer .widget-dropdown .widget-label { width: auto; min-width: 0; height: auto; margin: 0; color: var(--pnb-soft); font-size: 12px; }
.pnb-explorer .widget-dropdown > select { appearance: auto; background-image: none; width: auto; height: 30px; min-width: 62px; max-width: 320px; flex: 0 1 auto; padding: 3px 4px 3px 8px; border: 1px solid var(--pnb-line); border-radius: 6px; background-color: var(--pnb-ground); color: var(--pnb-ink); font-size: 13px; }
.pnb-explorer .pnb-picture { width: 100%; padding: 4px 12px 0 18px; overflow: hidden; border-top: 1px solid var(--pnb-line); }
.pnb-explorer .pnb-picture { display: flex; flex-direction: column; } .pnb-explorer .pnb-picture > * { width: 100%; min-width: 0; }
.pnb-explorer .pnb-axes { width: 100%; padding: 10px 18px 2px; display: flex; flex-flow: row wrap; gap: 6px 14px; overflow: visible; border-top: 1px solid var(--pnb-line); }
.pnb-explorer .pnb-axes + .pnb-picture { border-top: 0; }
.pnb-explorer .pnb-note { width: 100%; padding: 0 18px 6px; }
.pnb-explorer .pnb-lines { display: flex; flex-flow: row wrap; align-items: flex-start; gap: 8px; width: 100%; overflow: visible; margin-top: 8px; }
.pnb-explorer .pnb-lines > .widget-html { flex: 1 1 300px; min-width: 0; }
.pnb-explorer .pnb-lines pre { margin: 0; padding: 7px 12px; border: 1px solid var(--pnb-line); border-radius: 6px; background: var(--pnb-ground); color: var(--pnb-ink); font-family: var(--jp-code-font-family, monospace); font-size: 12px; line-height: 1.6; white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; }
.pnb-explorer .js-plotly-plot .plotly .modebar { right: 4px !important; }
.pnb-explorer .modebar-btn path { fill: var(--pnb-soft) !important; } .pnb-explorer .modebar-btn.active path, .pnb-explorer .modebar-btn:hover path { fill: var(--pnb-brand) !important; }
.pnb-explorer .modebar-group { background: transparent !important; }
/* A long name takes a second line, so that the prices at the right stay in sight. */
.pnb-explorer table.dataTable.pnb-table > tbody > tr > td.pnb-column-slug { min-width: 110px; white-space: normal; overflow-wrap: anywhere; } .pnb-explorer td.pnb-column-slug bdi { font-weight: 600; }
@container (max-width: 460px) { .pnb-explorer .pnb-filter { flex-direction: column; gap: 2px; } .pnb-explorer .pnb-filter > * { flex: 0 0 auto !important; width: 100%; } .pnb-explorer .widget-dropdown > select { appearance: auto; background-image: none; min-width: 0; } }
</style>"""
