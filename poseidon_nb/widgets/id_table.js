// What itables' tables lack for a panel: a selection of ids, which outlives sorting, searching and rows that come and go.
//
// It is the beginning of each companion's script, for a script in the page has no other file to import from. The kernel
// is told the selection by messages: these keep their order with clicks on buttons, which the throttled values of a widget
// do not.

const ID = 0;

function selectionOf(model) {
  const key = model.get("key");
  const tables = new Set();
  const chosen = new Set(model.get("chosen").ids);
  let number = model.get("chosen").number;
  let anchor = null;

  const matching = (api) => api.rows({ search: "applied", order: "applied" }).data().toArray().map((data) => data[ID]);

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
      for (const id of ids) on ? chosen.add(id) : chosen.delete(id);
      number += 1;
      model.send({ chosen: [...chosen], number });
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
      // What the kernel says about a selection that has changed here since is old.
      if (now.number < number) return;
      const same = now.ids.length === chosen.size && now.ids.every((id) => chosen.has(id));
      number = now.number;
      chosen.clear();
      now.ids.forEach((id) => chosen.add(id));
      for (const api of tables) {
        if (!same) replaced(api);
        decorate(api);
      }
    });
    return () => window.removeEventListener("pnb-table", arrived);
  }

  return { tables, chosen, matching, serve };
}
