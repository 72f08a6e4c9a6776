"""How panels look: one style sheet, in the colours of the front end's own theme, so that it is light or dark with it.

The variables are JupyterLab's; what follows each is for pages that do not have them.
"""

from __future__ import annotations

STYLE = """<style>
.pnb-panel {
  --pnb-ink: var(--jp-ui-font-color1, #1f2933); --pnb-soft: var(--jp-ui-font-color2, #5b6770);
  --pnb-line: var(--jp-border-color2, #d7dce1); --pnb-ground: var(--jp-layout-color1, #fff);
  --pnb-raised: color-mix(in srgb, var(--jp-layout-color2, #eef1f4) 38%, var(--jp-layout-color1, #fff)); --pnb-brand: var(--jp-brand-color1, #1976d2);
  --pnb-fill: var(--jp-brand-color0, #0d5fb8); --pnb-good: var(--jp-success-color1, #2e7d32);
  --pnb-bad: var(--jp-error-color1, #d32f2f); --pnb-bad-fill: var(--jp-error-color0, #b71c1c);
  --pnb-warn: var(--jp-warn-color1, #e65100);
  box-sizing: border-box; width: 100%; max-width: 960px; margin: 4px 0 10px; padding: 0; overflow: hidden;
  color: var(--pnb-ink); background: var(--pnb-ground); border: 1px solid var(--pnb-line); border-radius: 10px;
  font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 13px; container-type: inline-size;
}
.pnb-panel * { box-sizing: border-box; }
.pnb-panel .jupyter-widgets { margin: 0; }
.pnb-panel .widget-html, .pnb-panel .widget-html-content { line-height: 1.5; height: auto; min-height: 0; width: auto; color: inherit; font-size: 13px; }
.pnb-panel .widget-html-content { overflow-wrap: anywhere; }
.pnb-panel .pnb-empty, .pnb-panel .pnb-hidden { display: none !important; }
.pnb-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.pnb-head { padding: 16px 18px 12px; width: 100%; }
.pnb-title { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; }
.pnb-name { font-size: 18px; font-weight: 600; line-height: 1.3; overflow-wrap: anywhere; unicode-bidi: isolate; }
.pnb-pill { display: inline-flex; align-items: center; gap: 6px; padding: 1px 10px 1px 8px; border-radius: 99px; font-weight: 600; font-size: 12px; border: 1px solid var(--pnb-line); background: var(--pnb-raised); white-space: nowrap; }
.pnb-dot { width: 8px; height: 8px; border-radius: 50%; background: var(--pnb-soft); }
.pnb-active .pnb-dot { background: var(--pnb-good); } .pnb-new .pnb-dot { background: var(--pnb-brand); }
.pnb-account { margin-left: auto; padding: 1px 8px; border-radius: 5px; font-size: 11px; font-weight: 600; letter-spacing: .04em; color: var(--pnb-soft); border: 1px dashed var(--pnb-line); overflow-wrap: anywhere; }
.pnb-sub { color: var(--pnb-soft); margin-top: 2px; }
.pnb-panel dl.pnb-facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(175px, 1fr)); gap: 12px 18px; margin: 0; padding: 2px 18px 16px; }
.pnb-panel dl.pnb-facts dt { float: none; width: auto; margin: 0; padding: 0; color: var(--pnb-soft); font-size: 11px; font-weight: 400; line-height: 1.5; }
.pnb-panel dl.pnb-facts dd { float: none; width: auto; margin: 0; padding: 0; line-height: 1.5; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; unicode-bidi: isolate; }
.pnb-panel dl.pnb-facts .pnb-wide { grid-column: 1 / -1; }
.pnb-tag { display: inline-block; max-width: 100%; margin: 1px 4px 1px 0; padding: 0 7px; border-radius: 4px; font-size: 12px; background: var(--pnb-raised); border: 1px solid var(--pnb-line); overflow-wrap: anywhere; unicode-bidi: isolate; }
.pnb-bar { padding: 12px 18px; border-top: 1px solid var(--pnb-line); background: var(--pnb-raised); width: 100%; }
.pnb-buttons { display: flex; flex-flow: row wrap; gap: 8px; align-items: center; overflow: visible; width: 100%; }
.pnb-panel .pnb-asker:has(> .pnb-snapshot) { margin-left: 8px; padding-left: 16px; border-left: 1px solid var(--pnb-line); }
/* A question makes the row wrap: no line before its second half. */
.pnb-panel .pnb-buttons:has(.pnb-asking) .pnb-asker:has(> .pnb-snapshot) { margin-left: 0; padding-left: 0; border-left: 0; }
.pnb-asker { display: flex; flex-flow: row wrap; gap: 6px; overflow: visible; width: auto; }
.pnb-panel button.jupyter-button { width: auto; height: auto; min-height: 30px; padding: 4px 12px; line-height: 20px; border-radius: 6px; border: 1px solid var(--pnb-line); background: var(--pnb-ground); color: var(--pnb-ink); font-size: 13px; font-weight: 500; box-shadow: none; white-space: normal; overflow-wrap: anywhere; text-align: center; transition: background .12s, border-color .12s; }
.pnb-panel button.jupyter-button:hover:enabled { border-color: var(--pnb-brand); box-shadow: none; }
.pnb-panel button.jupyter-button:focus-visible, .pnb-panel select:focus-visible, .pnb-panel input:focus-visible { outline: 2px solid var(--pnb-brand) !important; outline-offset: 2px; }
.pnb-panel button.jupyter-button:disabled { opacity: .45; cursor: not-allowed; }
.pnb-panel button.pnb-power-off, .pnb-panel button.pnb-power-cycle { color: var(--pnb-bad); }
.pnb-panel button.pnb-power-off:hover:enabled, .pnb-panel button.pnb-power-cycle:hover:enabled { border-color: var(--pnb-bad); }
.pnb-panel button.pnb-open { border-color: var(--pnb-brand); color: var(--pnb-brand); }
.pnb-panel button.pnb-primary { background: var(--pnb-fill); border-color: var(--pnb-fill); color: #fff; }
.pnb-panel button.pnb-asking, .pnb-panel button.pnb-asking:hover:enabled { background: var(--pnb-bad-fill); border-color: var(--pnb-bad-fill); color: #fff; font-weight: 600; }
.pnb-panel button.pnb-quiet { border-color: transparent; background: transparent; color: var(--pnb-soft); }
.pnb-panel .pnb-bar { padding-bottom: 12px; } .pnb-panel .pnb-bar > .pnb-why { margin-top: 8px; } .pnb-panel .pnb-why, .pnb-panel .pnb-why .widget-html-content { color: var(--pnb-soft); font-size: 12px; }
.pnb-form { padding: 14px 18px; border-top: 1px solid var(--pnb-line); width: 100%; display: flex; flex-direction: column; gap: 10px; overflow: visible; }
.pnb-form h4 { margin: 0; font-size: 13px; font-weight: 600; }
.pnb-form .widget-label { color: var(--pnb-soft); width: auto; min-width: 0; height: auto; line-height: 1.5; margin: 0; text-align: left; font-size: 12px; }
.pnb-form .widget-text, .pnb-form .widget-select, .pnb-form .widget-radio { width: 100%; max-width: 100%; height: auto; display: flex; flex-direction: column; align-items: stretch; gap: 4px; overflow: visible; }
.pnb-panel .pnb-form input[type=text] { height: 32px; padding: 4px 10px; border-radius: 6px; border: 1px solid var(--pnb-line); background: var(--pnb-ground); color: var(--pnb-ink); max-width: 480px; font-size: 13px; }
.pnb-panel .pnb-form select { height: 216px; padding: 4px; border-radius: 6px; border: 1px solid var(--pnb-line); background: var(--pnb-ground); color: var(--pnb-ink); font-family: var(--jp-code-font-family, monospace); font-size: 12px; line-height: 1.6; overflow-x: auto; }
.pnb-form .widget-radio-box input[type=radio] { flex: none; margin: 3px 0 0; line-height: 1; height: auto; }
.pnb-panel .pnb-form select option { padding: 2px 8px; white-space: pre; color: inherit; }
.pnb-form .widget-radio-box { margin: 0; max-width: 100%; }
.pnb-form .widget-radio-box label { display: flex; flex-direction: row-reverse; justify-content: flex-end; align-items: flex-start; gap: 8px; width: auto; height: auto; white-space: normal; color: var(--pnb-ink); font-size: 13px; padding: 2px 0; }
.pnb-consequence { padding: 8px 12px; border-left: 3px solid var(--pnb-brand); background: var(--pnb-raised); border-radius: 0 6px 6px 0; }
.pnb-consequence p { margin: 0 0 2px; } .pnb-consequence b { font-weight: 600; }
.pnb-consequence.pnb-grave { border-left-color: var(--pnb-bad); }
.pnb-activity { width: 100%; overflow: visible; }
.pnb-work { width: 100%; border-top: 1px solid var(--pnb-line); padding: 10px 18px; display: flex; flex-direction: column; gap: 6px; overflow: visible; }
.pnb-work-top { display: flex; flex-flow: row wrap; gap: 6px 10px; align-items: center; width: 100%; overflow: visible; }
.pnb-work-top > .widget-html { flex: 1 1 320px; min-width: 0; }
.pnb-work-head { display: flex; flex-direction: column; gap: 5px; } .pnb-work-words { font-weight: 600; overflow-wrap: anywhere; }
.pnb-track { display: block; height: 6px; border-radius: 3px; overflow: hidden; background: var(--jp-layout-color3, #ddd); }
.pnb-track > span { display: block; height: 100%; border-radius: 3px; background: var(--pnb-brand); transition: width .2s; }
.pnb-work-good .pnb-track > span { background: var(--pnb-good); } .pnb-work-bad .pnb-track > span { background: var(--pnb-bad); }
.pnb-work-rows { display: flex; flex-direction: column; width: 100%; max-height: 232px; overflow-x: hidden; overflow-y: auto; gap: 1px; padding-right: 6px; }
.pnb-panel .pnb-work-rows .pnb-row-label, .pnb-actions .pnb-row-label { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.pnb-work-rows > .widget-html { flex: 0 0 auto; width: 100%; }
.pnb-work.pnb-single { flex-flow: row wrap; align-items: center; min-height: 50px; padding: 9px 18px; }
.pnb-single .pnb-work-rows { flex: 1 1 300px; width: auto; min-width: 0; gap: 6px; } .pnb-single .pnb-work-top { order: 1; width: auto; } .pnb-single .pnb-dismiss { margin-right: -12px; }
.pnb-panel .pnb-row { display: grid !important; grid-template-columns: minmax(0, 280px) minmax(90px, 200px) minmax(0, 1fr); align-items: center; gap: 2px 16px !important; }
.pnb-panel .pnb-row-label { white-space: normal !important; overflow-wrap: anywhere; font-weight: 500; unicode-bidi: isolate; }
.pnb-panel .pnb-row-bar { background: color-mix(in srgb, var(--pnb-ink) 13%, transparent) !important; }
.pnb-panel .pnb-row-words { color: var(--pnb-soft); overflow-wrap: anywhere; }
.pnb-panel .pnb-steps { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0; padding: 0; list-style: none; color: var(--pnb-soft); font-size: 12px; }
.pnb-steps li { margin: 0; }
.pnb-step-now { color: var(--pnb-ink); font-weight: 600; } .pnb-step-now span[aria-hidden] { color: var(--pnb-brand); }
.pnb-step-done span[aria-hidden] { color: var(--pnb-good); } .pnb-step-failed { color: var(--pnb-bad); font-weight: 600; }
.pnb-error { color: var(--pnb-bad); overflow-wrap: anywhere; unicode-bidi: plaintext; }
.pnb-notice { display: flex; flex-flow: row wrap; align-items: center; gap: 6px 12px; width: 100%; padding: 8px 18px; border-top: 1px solid var(--pnb-line); color: var(--pnb-soft); overflow: visible; }
.pnb-notice .pnb-strong { color: var(--pnb-ink); }
.pnb-notice .pnb-strong::before { content: ''; display: inline-block; width: 8px; height: 8px; margin-right: 8px; border-radius: 2px; background: var(--pnb-warn); }
.pnb-panel.jupyter-widgets-disconnected > * { opacity: .45; filter: grayscale(1); pointer-events: none; }
.pnb-panel.jupyter-widgets-disconnected::before, .pnb-panel .jupyter-widgets-disconnected::before { content: none !important; display: none !important; }
.pnb-panel.jupyter-widgets-disconnected::after { content: 'Not connected to a kernel any more. Run the cell again.'; padding: 10px 18px; border-top: 1px solid var(--pnb-line); font-weight: 600; font-size: 13px; }
/* The facts that are kept for when there is no kernel, in the output before the panel. */
.jp-OutputArea-child:has(.pnb-kept):has(+ .jp-OutputArea-child .pnb-panel) { display: none; }
@container (max-width: 600px) {
  .pnb-panel .pnb-form select { font-size: 10.5px; padding: 4px 0; }
  .pnb-panel .pnb-form select option { padding: 2px 4px; }
}
@container (max-width: 560px) {
  .pnb-panel .pnb-row { grid-template-columns: minmax(0, 1fr) !important; }
  .pnb-panel .pnb-asker:has(> .pnb-snapshot) { margin-left: 0; padding-left: 0; border-left: 0; }
}
@container (max-width: 460px) {
  .pnb-panel .pnb-account { margin-left: 0; }
  .pnb-panel dl.pnb-facts { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
</style>"""
