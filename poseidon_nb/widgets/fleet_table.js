// What itables' table lacks for a panel: a selection of ids, and rows that come, change and go without a new table.
//
// The kernel sends rows by id (`rows`, and in `changes` what differs from them by now) and is told the selection by
// messages: these keep their order with clicks on buttons, which the throttled values of a widget do not.

const ID = 0;

function initialize({ model }) {
  const key = model.get("key");
  const tables = new Set();
  const chosen = new Set(model.get("chosen").ids);
  let number = model.get("chosen").number;
  let anchor = null;

  const idOf = (row) => Number(row.dataset.pnbId);
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
    if (head) {
      head.checked = some > 0 && some === all.length;
      head.indeterminate = some > 0 && some < all.length;
    }
  }

  function tell() {
    number += 1;
    model.send({ chosen: [...chosen], number });
    tables.forEach(decorate);
  }

  function toggle(api, id, { range = false, on = !chosen.has(id) } = {}) {
    const ids = matching(api);
    const [from, to] = [ids.indexOf(anchor), ids.indexOf(id)];
    const meant = range && from >= 0 && to >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
    for (const one of meant) on ? chosen.add(one) : chosen.delete(one);
    anchor = id;
    tell();
  }

  function bring(api) {
    const wanted = new Map();
    for (const part of [model.get("rows"), model.get("changes")])
      for (const [text, data] of Object.entries(part)) data ? wanted.set(Number(text), data) : wanted.delete(Number(text));
    const going = [];
    let changed = false;
    api.rows().every(function () {
      const before = this.data();
      const now = wanted.get(before[ID]);
      wanted.delete(before[ID]);
      if (!now) going.push(this.index());
      else if (now.some((value, place) => value !== before[place])) { this.data(now); changed = true; }
    });
    if (going.length) api.rows(going).remove();
    if (wanted.size) api.rows.add([...wanted.values()]);
    if (!changed && !going.length && !wanted.size) return;
    const node = api.table().node();
    const focused = node.contains(document.activeElement) ? document.activeElement.closest("tr[data-pnb-id]") : null;
    // Sorted and searched anew, on the page where it was.
    api.draw("full-hold");
    const { page, pages } = api.page.info();
    if (pages && page >= pages) api.page("last").draw("page");
    if (focused) node.querySelector(`tr[data-pnb-id="${focused.dataset.pnbId}"] input.pnb-check`)?.focus();
  }

  function adopt(api) {
    const node = api.table().node();
    if (node.dataset.pnbKey !== key || tables.has(api)) return;
    // A cell's output may be shown twice, or anew.
    for (const old of tables) if (!old.table().node().isConnected) tables.delete(old);
    tables.add(api);
    node.setAttribute("aria-multiselectable", "true");
    const first = api.table().header().querySelector("th");
    first.innerHTML = '<input type="checkbox" class="pnb-check-all" aria-label="Select all droplets that match the search">';
    api.table().container().addEventListener("change", (event) => {
      if (!event.target.matches("input.pnb-check-all")) return;
      const on = event.target.checked;
      for (const id of matching(api)) on ? chosen.add(id) : chosen.delete(id);
      tell();
    });
    node.addEventListener("click", (event) => {
      const row = event.target.closest("tbody tr[data-pnb-id]");
      if (!row || event.target.closest("a")) return;
      toggle(api, idOf(row), { range: event.shiftKey });
    });
    // The mouse marks text where somebody means a range of rows.
    node.addEventListener("mousedown", (event) => { if (event.shiftKey) event.preventDefault(); });
    api.on("draw", () => decorate(api));
    bring(api);
    decorate(api);
  }

  // The table tells of itself while it is being made.
  const arrived = (event) => queueMicrotask(() => adopt(event.detail));
  window.addEventListener("pnb-table", arrived);
  for (const node of document.querySelectorAll(`table[data-pnb-key="${key}"]`)) if (node.pnbApi) adopt(node.pnbApi);
  model.on("change:rows change:changes", () => tables.forEach(bring));
  model.on("change:chosen", () => {
    const now = model.get("chosen");
    // What the kernel says about a selection that has changed here since is old.
    if (now.number < number) return;
    number = now.number;
    chosen.clear();
    now.ids.forEach((id) => chosen.add(id));
    tables.forEach(decorate);
  });
  return () => window.removeEventListener("pnb-table", arrived);
}

export default { initialize, render() {} };
