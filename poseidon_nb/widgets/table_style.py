"""What tables and lists add to the style sheet of panels, in the same colours of the theme."""

from __future__ import annotations

TABLE_STYLE = """<style>
.pnb-panel.pnb-fleet { max-width: 1180px; }
.pnb-fleet .pnb-table-box { width: 100%; padding: 0 18px 10px; overflow-x: auto; overflow-y: hidden; }
.pnb-fleet .pnb-fleet-table { width: 100%; overflow: visible; margin: 0; }
.pnb-fleet .pnb-fleet-table, .pnb-fleet .pnb-fleet-table > *, .pnb-fleet .dt-container { background: transparent !important; }
.pnb-fleet .dt-container { font-size: 13px; color: var(--pnb-ink); --dt-row-hover: 0, 0, 0; }
.pnb-fleet .dt-container .dt-layout-row { margin: 8px 0; }
/* Its own style stacks them when the window is narrow, whatever room there is. */
.pnb-fleet .dt-container .dt-layout-row:not(.dt-layout-table) { display: flex !important; flex-flow: row wrap !important; align-items: center; justify-content: space-between !important; gap: 6px 12px; }
.pnb-fleet .dt-container .dt-layout-row:not(.dt-layout-table) .dt-layout-cell { width: auto !important; padding: 0; text-align: left; }
.pnb-fleet .dt-container .dt-search { display: flex; flex-flow: row wrap; align-items: center; gap: 6px 4px; }
.pnb-fleet .pnb-tag-label { display: inline-flex; align-items: center; margin-left: 10px; } .pnb-fleet .pnb-tag-label[hidden] { display: none; }
.pnb-fleet select.pnb-tag-choice { max-width: 180px; text-overflow: ellipsis; }
.pnb-fleet .pnb-elsewhere { padding: 2px 0 6px; color: var(--pnb-ink); overflow-wrap: anywhere; unicode-bidi: plaintext; } .pnb-fleet .pnb-elsewhere:empty { display: none; }
.pnb-fleet .dt-container .dt-search input, .pnb-fleet .dt-container .dt-search select, .pnb-fleet .dt-container .dt-length select { height: 30px; margin: 0 6px; padding: 3px 10px; border: 1px solid var(--pnb-line); border-radius: 6px; background: var(--pnb-ground); color: var(--pnb-ink); font-size: 13px; }
.pnb-fleet .dt-container .dt-search input { width: min(260px, 30cqw); }
.pnb-fleet .dt-container .dt-search input:focus-visible, .pnb-fleet .dt-container select:focus-visible, .pnb-fleet .dt-container button:focus-visible, .pnb-fleet th:focus-visible, .pnb-fleet input.pnb-check:focus-visible, .pnb-fleet input.pnb-check-all:focus-visible { outline: 2px solid var(--pnb-brand) !important; outline-offset: 1px; }
.pnb-fleet .dt-container label, .pnb-fleet .dt-container .dt-info { color: var(--pnb-soft); padding: 0; }
.pnb-fleet table.dataTable.pnb-table { border-collapse: collapse; width: 100%; margin: 0; border: 0; font-variant-numeric: tabular-nums; table-layout: auto; }
.pnb-fleet table.dataTable.pnb-table > thead > tr > th { padding: 8px 6px; border: 0; border-bottom: 1px solid var(--pnb-line); color: var(--pnb-soft); background: transparent; font-size: 11px; font-weight: 600; letter-spacing: .02em; text-align: left; white-space: nowrap; }
.pnb-fleet table.dataTable.pnb-table > thead > tr > th .dt-column-header { justify-content: flex-start; gap: 4px; }
.pnb-fleet table.dataTable.pnb-table > thead > tr > th:not(:hover, :focus-within, .dt-ordering-asc, .dt-ordering-desc) .dt-column-order { opacity: 0; }
.pnb-fleet table.dataTable.pnb-table > thead > tr > th.dt-right { text-align: right; }
.pnb-fleet table.dataTable.pnb-table > thead > tr > th.dt-right .dt-column-header { flex-direction: row; justify-content: flex-end; }
.pnb-fleet table.dataTable.pnb-table > tbody > tr { background: transparent; cursor: pointer; }
.pnb-fleet table.dataTable.pnb-table > tbody > tr > td { padding: 7px 6px; border: 0; border-bottom: 1px solid var(--pnb-line); box-shadow: none; color: var(--pnb-ink); background: transparent; text-align: left; font-size: 12px; vertical-align: middle; white-space: nowrap; max-width: 200px; overflow: hidden; text-overflow: ellipsis; }
.pnb-fleet table.dataTable.pnb-table > tbody > tr > td.dt-right { text-align: right; }
.pnb-fleet table.dataTable.pnb-table > tbody > tr:hover > td { background: var(--pnb-raised); }
.pnb-fleet table.dataTable.pnb-table > tbody > tr.pnb-chosen > td { background: color-mix(in srgb, var(--pnb-brand) 14%, transparent); }
.pnb-fleet table.dataTable.pnb-table > tbody > tr.pnb-chosen > td:first-child { box-shadow: inset 3px 0 0 var(--pnb-brand); }
.pnb-fleet td.pnb-column-name bdi { font-weight: 600; } .pnb-fleet td.pnb-column-id, .pnb-fleet td.pnb-column-created { color: var(--pnb-soft) !important; }
.pnb-fleet .pnb-column-check { width: 30px; padding-right: 0 !important; }
.pnb-fleet input.pnb-check, .pnb-fleet input.pnb-check-all { width: 15px; height: 15px; margin: 0; vertical-align: middle; accent-color: var(--pnb-brand); cursor: pointer; }
.pnb-fleet .pnb-state { display: inline-flex; align-items: center; gap: 7px; }
.pnb-fleet .pnb-now { padding: 0 7px; border-radius: 99px; font-size: 11px; color: var(--pnb-brand); border: 1px solid currentColor; }
.pnb-fleet .dt-container .dt-paging .dt-paging-button { min-width: 28px; padding: 3px 8px; border-radius: 6px; border: 1px solid transparent; color: var(--pnb-ink) !important; background: transparent; box-shadow: none; }
.pnb-fleet .dt-container .dt-paging .dt-paging-button:hover:not(.disabled) { color: var(--pnb-ink) !important; border-color: var(--pnb-line); background: var(--pnb-raised); }
.pnb-fleet .dt-container .dt-paging .dt-paging-button.current { border-color: var(--pnb-brand); color: var(--pnb-brand) !important; background: transparent; font-weight: 600; }
.pnb-fleet .dt-container .dt-paging .dt-paging-button.disabled { opacity: .4; }
.pnb-fleet .pnb-bar .pnb-why { color: var(--pnb-soft); }
.pnb-fleet .pnb-selected { display: flex; flex-flow: row wrap; align-items: center; gap: 0 10px; width: 100%; min-height: 30px; margin-bottom: 6px; overflow: visible; }
.pnb-fleet .pnb-selection { min-width: 0; overflow-wrap: anywhere; } .pnb-fleet .pnb-selection b { font-weight: 600; }
.pnb-list { width: 100%; padding: 0 18px 14px; } .pnb-list h4 { margin: 10px 0 4px; font-size: 11px; font-weight: 600; color: var(--pnb-soft); }
.pnb-list table { border-collapse: collapse; width: 100%; margin: 0; font-variant-numeric: tabular-nums; }
.pnb-list th { padding: 5px 10px 5px 0; text-align: left; font-size: 11px; font-weight: 600; color: var(--pnb-soft); border-bottom: 1px solid var(--pnb-line); background: transparent; }
.pnb-list td { padding: 6px 10px 6px 0; text-align: left; color: var(--pnb-ink); border-bottom: 1px solid var(--pnb-line); background: transparent; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.pnb-list tr { background: transparent !important; } .pnb-list .pnb-good { color: var(--pnb-good); } .pnb-list .pnb-bad { color: var(--pnb-bad); font-weight: 600; }
.pnb-list .pnb-idle { color: var(--pnb-soft); padding: 6px 0; }
/* What can be looked up elsewhere makes room first; the search still finds it. */
@container (max-width: 900px) { .pnb-fleet .pnb-column-id { display: none; } }
@container (max-width: 800px) { .pnb-fleet .pnb-column-created { display: none; } }
@container (max-width: 640px) { .pnb-fleet .pnb-column-tags { display: none; } .pnb-fleet table.dataTable.pnb-table > tbody > tr > td { max-width: 130px; } .pnb-fleet select.pnb-tag-choice { max-width: 110px; } }
@container (max-width: 520px) { .pnb-fleet .pnb-column-address { display: none; } }
.pnb-actions .pnb-activity { padding: 0 18px 4px; } .pnb-actions .pnb-activity > .widget-html { width: 100%; }
</style>"""
