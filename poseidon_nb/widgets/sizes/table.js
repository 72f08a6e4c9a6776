// What itables' table lacks for an explorer: rows that a filter hides and shows, and a selection that outlives sorting.
//
// All rows come once, each with its number in the first cell. The kernel sends which are shown and which are chosen; the
// page tells what is chosen here by messages, which keep their order with other clicks.

const ID = 0;

function initialize({ model }) {
  const key = model.get("key");
  const tables = new Set();
  const chosen = new Set(model.get("chosen").ids);
  let shown = new Set(model.get("shown"));
  let number = model.get("chosen").number;
  let anchor = null;

  const matching = (api) => api.rows({ search: "applied", order: "applied" }).data().toArray().map((data) => data[ID]);

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
    if (!head) return;
    head.checked = some > 0 && some === all.length;
    head.indeterminate = some > 0 && some < all.length;
  }

  function tell() {
    number += 1;
    model.send({ chosen: [...chosen], number });
    tables.forEach(decorate);
  }

  function toggle(api, id, range) {
    const ids = matching(api);
    const [from, to] = [ids.indexOf(anchor), ids.indexOf(id)];
    const meant = range && from >= 0 && to >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
    const on = !chosen.has(id);
    for (const one of meant) on ? chosen.add(one) : chosen.delete(one);
    anchor = id;
    tell();
  }

  // Shows the page on which the first of the chosen rows is, when somebody chose it elsewhere.
  function turn(api) {
    const ids = matching(api);
    const place = ids.findIndex((id) => chosen.has(id));
    if (place < 0) return;
    const { start, end, length } = api.page.info();
    const seen = ids.slice(start, end).some((id) => chosen.has(id));
    if (!seen) api.page(Math.floor(place / length)).draw("page");
  }

  function adopt(api) {
    const node = api.table().node();
    if (node.dataset.pnbKey !== key || tables.has(api)) return;
    // A cell's output may be shown twice, or anew.
    for (const old of tables) if (!old.table().node().isConnected) tables.delete(old);
    tables.add(api);
    node.setAttribute("aria-multiselectable", "true");
    const first = api.table().header().querySelector("th");
    first.innerHTML = '<input type="checkbox" class="pnb-check-all" aria-label="Select all sizes in the table">';
    api.table().container().addEventListener("change", (event) => {
      if (!event.target.matches("input.pnb-check-all")) return;
      const on = event.target.checked;
      for (const id of matching(api)) on ? chosen.add(id) : chosen.delete(id);
      tell();
    });
    node.addEventListener("click", (event) => {
      const row = event.target.closest("tbody tr[data-pnb-id]");
      if (row) toggle(api, Number(row.dataset.pnbId), event.shiftKey);
    });
    // The mouse marks text where somebody means a range of rows.
    node.addEventListener("mousedown", (event) => { if (event.shiftKey) event.preventDefault(); });
    api.on("draw", () => decorate(api));
    api.search.fixed("pnb-shown", (_, data) => shown.has(Number(data[ID])));
    api.rows.add(model.get("rows")).draw();
    decorate(api);
  }

  // The table tells of itself while it is being made.
  const arrived = (event) => queueMicrotask(() => adopt(event.detail));
  window.addEventListener("pnb-table", arrived);
  for (const node of document.querySelectorAll(`table[data-pnb-key="${key}"]`)) if (node.pnbApi) adopt(node.pnbApi);
  model.on("change:shown", () => {
    shown = new Set(model.get("shown"));
    for (const api of tables) api.draw();
  });
  model.on("change:chosen", () => {
    const now = model.get("chosen");
    // What the kernel says about a selection that has changed here since is old.
    if (now.number < number) return;
    const same = now.ids.length === chosen.size && now.ids.every((id) => chosen.has(id));
    number = now.number;
    chosen.clear();
    now.ids.forEach((id) => chosen.add(id));
    for (const api of tables) {
      if (!same) turn(api);
      decorate(api);
    }
  });
  return () => window.removeEventListener("pnb-table", arrived);
}

export default { initialize, render() {} };
