// The fleet's table: rows that are added, updated and removed without a new table, and a filter by tag.
//
// The kernel sends rows by id: `rows`, and in `changes` what differs from them now.

// Names in the line about hidden selected rows; further ones are only counted.
const MAX_NAMES = 6;

const tagsOf = (data, column) => String(data[column]).split(", ").filter(Boolean);

function initialize({ model }) {
  const { name: NAME, tags: TAGS } = model.get("columns");
  const { tables, selected, whenPointerUp, connect } = createSelection(model);

  // Selected rows that the filters hide are acted upon too, so they are named.
  function nameHidden(api, matching) {
    const line = api.table().container().querySelector(".pnb-hidden-selection");
    if (!line) return;
    const visible = new Set(matching);
    const hidden = selected.size > 0
      ? api.rows().data().toArray().filter((data) => selected.has(data[ID]) && !visible.has(data[ID])).map((data) => data[NAME])
      : [];
    const names = hidden.slice(0, MAX_NAMES).join(", ") + (hidden.length > MAX_NAMES ? ` and ${hidden.length - MAX_NAMES} more` : "");
    const text = hidden.length ? `Also selected, but hidden by the filters: ${names}` : "";
    if (line.textContent !== text) line.textContent = text;
  }

  function updateTags(api) {
    const list = api.table().container().querySelector("select.pnb-tag-filter");
    if (!list) return;
    const tags = new Set(api.rows().data().toArray().flatMap((data) => tagsOf(data, TAGS)));
    // The current tag remains an option, even if no droplet has it any more.
    if (list.value) tags.add(list.value);
    const options = ["", ...[...tags].sort()];
    if ([...list.options].map((one) => one.value).join() === options.join()) return;
    const current = list.value;
    list.replaceChildren(...options.map((tag) => new Option(tag || "All", tag)));
    list.value = current;
    list.closest("label").hidden = options.length < 2;
  }

  function addTagFilter(api) {
    const search = api.table().container().querySelector(".dt-search");
    if (!search || search.querySelector(".pnb-tag-filter")) return;
    const label = document.createElement("label");
    label.className = "pnb-tag-label";
    const list = document.createElement("select");
    list.className = "pnb-tag-filter";
    list.addEventListener("change", () => {
      const tag = list.value;
      api.search.fixed("pnb-tag", tag ? (_, data) => tagsOf(data, TAGS).includes(tag) : null).draw();
    });
    label.append("Tag", list);
    search.append(label);
    const line = document.createElement("div");
    line.className = "pnb-hidden-selection";
    line.setAttribute("role", "status");
    api.table().container().append(line);
  }

  function updateRows(api) {
    const missing = new Map();
    for (const part of [model.get("rows"), model.get("changes")])
      for (const [text, data] of Object.entries(part)) data ? missing.set(Number(text), data) : missing.delete(Number(text));
    const removed = [];
    let changed = false;
    api.rows().every(function () {
      const before = this.data();
      const data = missing.get(before[ID]);
      missing.delete(before[ID]);
      if (!data) removed.push(this.index());
      else if (data.some((value, column) => value !== before[column])) { this.data(data); changed = true; }
    });
    if (removed.length) api.rows(removed).remove();
    if (missing.size) api.rows.add([...missing.values()]);
    if (!changed && !removed.length && !missing.size) return;
    updateTags(api);
    const node = api.table().node();
    const focused = node.contains(document.activeElement) ? document.activeElement.closest("tr[data-pnb-id]") : null;
    // Sorts and searches again, but keeps the page.
    api.draw("full-hold");
    const { page, pages } = api.page.info();
    if (pages && page >= pages) api.page("last").draw("page");
    if (focused) node.querySelector(`tr[data-pnb-id="${focused.dataset.pnbId}"] input.pnb-check`)?.focus();
  }

  const updateTables = () => tables.forEach(updateRows);
  model.on("change:rows change:changes", () => whenPointerUp(updateTables));
  return connect({
    selectAllLabel: "Select all droplets that match the search",
    onAttach(api) {
      addTagFilter(api);
      updateRows(api);
    },
    onDraw: nameHidden,
  });
}

export default connected({ initialize, render() {} });
