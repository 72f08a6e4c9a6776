// What itables' tables lack for a panel: a selection of ids, which outlives sorting, searching and rows that come and go.
//
// It is the beginning of each companion's script, for a script in the page has no other file to import from. The kernel
// has the selection, and is told by messages what a click changes in it: these keep their order with clicks on buttons,
// which the throttled values of a widget do not. What is shown is what the kernel said last, with the clicks that it had
// not heard of by then; so neither undoes what the other one does at the same time.

const ID = 0;

function selectionOf(model) {
  const key = model.get("key");
  const tables = new Set();
  const chosen = new Set(model.get("chosen").ids);
  let number = model.get("chosen").number;
  let unheard = [];
  let anchor = null;
  let pressed = false;
  const waiting = new Set();

  const matching = (api) => api.rows({ search: "applied", order: "applied" }).data().toArray().map((data) => data[ID]);

  const mark = ({ ids, on }) => ids.forEach((id) => (on ? chosen.add(id) : chosen.delete(id)));

  function settle() {
    for (const act of pressed ? [] : [...waiting]) {
      waiting.delete(act);
      act();
    }
  }

  // Moves rows once no button of the mouse is down on them. The browser gives no click at all where it was pressed on a row
  // that has been taken out of the page since, even if it was put back in the same place.
  function whenStill(act) {
    waiting.add(act);
    settle();
  }

  function press(event) {
    if (event.button !== 0) return;
    const over = new AbortController();
    pressed = true;
    const release = (event) => {
      // A mouse that moves with no button down was let go where the page could not see it.
      if (event.type === "pointermove" && event.buttons) return;
      over.abort();
      pressed = false;
      // The click comes right behind.
      setTimeout(settle);
    };
    for (const type of ["pointerup", "pointercancel", "pointermove"])
      window.addEventListener(type, release, { capture: true, signal: over.signal });
  }

  // Told: `adopted` of a table that is there now, `decorated` of what it shows, and `replaced` of a selection from the
  // kernel that is another one.
  function serve({ boxLabel, adopted, decorated = () => {}, replaced = () => {} }) {
    function decorate(api) {
      for (const row of api.rows({ page: "current" }).nodes().toArray()) {
        const id = api.row(row).data()[ID];
        const on = chosen.has(id);
        row.dataset.pnbId = id;
        row.classList.toggle("pnb-chosen", on);
        row.setAttribute("aria-selected", String(on));
        const box = row.querySelector("input.pnb-check");
        if (box) box.checked = on;
      }
      const all = matching(api);
      const some = all.filter((id) => chosen.has(id)).length;
      const head = api.table().container().querySelector("input.pnb-check-all");
      if (head) {
        head.checked = some > 0 && some === all.length;
        head.indeterminate = some > 0 && some < all.length;
      }
      decorated(api, all);
    }

    function choose(ids, on) {
      number += 1;
      const change = { ids, on, number };
      unheard.push(change);
      mark(change);
      model.send(change);
      tables.forEach(decorate);
    }

    function toggle(api, id, range) {
      const ids = matching(api);
      const [from, to] = [ids.indexOf(anchor), ids.indexOf(id)];
      const meant = range && from >= 0 && to >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
      anchor = id;
      choose(meant, !chosen.has(id));
    }

    function adopt(api) {
      const node = api.table().node();
      if (node.dataset.pnbKey !== key || tables.has(api)) return;
      // A cell's output may be shown twice, or anew.
      for (const old of tables) if (!old.table().node().isConnected) tables.delete(old);
      tables.add(api);
      node.setAttribute("aria-multiselectable", "true");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", className: "pnb-check-all" });
      box.setAttribute("aria-label", boxLabel);
      api.table().header().querySelector("th").replaceChildren(box);
      api.table().container().addEventListener("change", (event) => {
        if (event.target.matches("input.pnb-check-all")) choose(matching(api), event.target.checked);
      });
      node.addEventListener("click", (event) => {
        const row = event.target.closest("tbody tr[data-pnb-id]");
        if (row && !event.target.closest("a")) toggle(api, Number(row.dataset.pnbId), event.shiftKey);
      });
      node.addEventListener("pointerdown", press, { capture: true });
      // The mouse marks text where somebody means a range of rows.
      node.addEventListener("mousedown", (event) => { if (event.shiftKey) event.preventDefault(); });
      api.on("draw", () => decorate(api));
      adopted(api);
      decorate(api);
    }

    // The table tells of itself while it is being made.
    const arrived = (event) => queueMicrotask(() => adopt(event.detail));
    window.addEventListener("pnb-table", arrived);
    for (const node of document.querySelectorAll(`table[data-pnb-key="${key}"]`)) if (node.pnbApi) adopt(node.pnbApi);
    model.on("change:chosen", () => {
      const now = model.get("chosen");
      const before = new Set(chosen);
      number = Math.max(number, now.number);
      unheard = unheard.filter((change) => change.number > now.number);
      chosen.clear();
      mark({ ids: now.ids, on: true });
      unheard.forEach(mark);
      const same = before.size === chosen.size && [...before].every((id) => chosen.has(id));
      for (const api of tables) {
        if (!same) replaced(api);
        decorate(api);
      }
    });
    return () => window.removeEventListener("pnb-table", arrived);
  }

  return { tables, chosen, matching, whenStill, serve };
}
