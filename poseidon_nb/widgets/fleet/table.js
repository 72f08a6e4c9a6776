// What itables' table lacks for a panel: a selection of ids, and rows that come, change and go without a new table.
//
// The kernel sends rows by id (`rows`, and in `changes` what differs from them by now) and is told the selection by
// messages: these keep their order with clicks on buttons, which the throttled values of a widget do not.

const ID = 0;
// Names in the line on what is selected and not shown; of more the rest is counted.
const MOST_NAMED = 6;

const tagsOf = (data, place) => String(data[place]).split(", ").filter(Boolean);

function initialize({ model }) {
  const key = model.get("key");
  const { name: NAME, tags: TAGS } = model.get("places");
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
    nameHidden(api, all);
  }

  // What is selected and not shown, by the search or the tag, is acted upon all the same: so it is named.
  function nameHidden(api, all) {
    const line = api.table().container().querySelector(".pnb-elsewhere");
    if (!line) return;
    const shown = new Set(all);
    const hidden = chosen.size > 0
      ? api.rows().data().toArray().filter((data) => chosen.has(data[ID]) && !shown.has(data[ID])).map((data) => data[NAME])
      : [];
    const names = hidden.slice(0, MOST_NAMED).join(", ") + (hidden.length > MOST_NAMED ? ` and ${hidden.length - MOST_NAMED} more` : "");
    const text = hidden.length ? `Selected too, and not shown by the search or the tag: ${names}` : "";
    if (line.textContent !== text) line.textContent = text;
  }

  function offerTags(api) {
    const list = api.table().container().querySelector("select.pnb-tag-choice");
    if (!list) return;
    const tags = new Set(api.rows().data().toArray().flatMap((data) => tagsOf(data, TAGS)));
    // The one that is chosen stays to be seen, even if nothing has it any more.
    if (list.value) tags.add(list.value);
    const wanted = ["", ...[...tags].sort()];
    if ([...list.options].map((one) => one.value).join() === wanted.join()) return;
    const now = list.value;
    list.replaceChildren(...wanted.map((tag) => new Option(tag || "all", tag)));
    list.value = now;
    list.closest("label").hidden = wanted.length < 2;
  }

  function addTagChoice(api) {
    const search = api.table().container().querySelector(".dt-search");
    if (!search || search.querySelector(".pnb-tag-choice")) return;
    const label = document.createElement("label");
    label.className = "pnb-tag-label";
    const list = document.createElement("select");
    list.className = "pnb-tag-choice";
    list.addEventListener("change", () => {
      const tag = list.value;
      api.search.fixed("pnb-tag", tag ? (_, data) => tagsOf(data, TAGS).includes(tag) : null).draw();
    });
    label.append("Tag", list);
    search.append(label);
    const line = document.createElement("div");
    line.className = "pnb-elsewhere";
    line.setAttribute("role", "status");
    api.table().container().append(line);
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
    offerTags(api);
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
    addTagChoice(api);
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
