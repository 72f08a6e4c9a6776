// The fleet's table: rows that are added, updated and removed without a new table, and filters by status, region and tag.
//
// The kernel sends rows by id: `rows`, and in `changes` what differs from them now. One column is shown only while a row has
// something in it.

// Names in the line about hidden selected rows; further ones are only counted.
const MAX_NAMES = 6;

// What a filter compares of a row: the values in its cell, or only the first, without the action that is running.
const valuesOf = (data, { column, separator, isList }) => {
  const values = String(data[column]).split(separator).filter(Boolean);
  return isList ? values : values.slice(0, 1);
};

function initialize({ model }) {
  const { name: NAME, optional: OPTIONAL, filters: FILTERS } = model.get("columns");
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

  const labelOf = (api, filter) => api.table().container().querySelector(`label[data-pnb-filter="${filter.label}"]`);

  function updateFilters(api) {
    const all = api.rows().data().toArray();
    for (const filter of FILTERS) {
      const label = labelOf(api, filter);
      if (!label) continue;
      const list = label.querySelector("select");
      const counts = new Map();
      for (const data of all) for (const value of valuesOf(data, filter)) counts.set(value, (counts.get(value) ?? 0) + 1);
      const divides = [...counts.values()].some((count) => count < all.length);
      // The current choice remains an option, even if no droplet has it any more.
      const values = new Set(list.value ? [...counts.keys(), list.value] : counts.keys());
      const options = ["", ...[...values].sort()];
      label.hidden = !divides && !list.value;
      if ([...list.options].map((one) => one.value).join("\n") === options.join("\n")) continue;
      const current = list.value;
      list.replaceChildren(...options.map((value) => new Option(value || "All", value)));
      list.value = current;
    }
  }

  function addFilters(api) {
    const search = api.table().container().querySelector(".dt-search");
    if (!search || search.querySelector(".pnb-filter-label")) return;
    for (const filter of FILTERS) {
      const label = document.createElement("label");
      label.className = "pnb-filter-label";
      label.dataset.pnbFilter = filter.label;
      label.hidden = true;
      const list = document.createElement("select");
      // Else its name would include its options.
      list.setAttribute("aria-label", filter.label);
      list.addEventListener("change", () => {
        const wanted = list.value;
        const matches = (_, data) => valuesOf(data, filter).includes(wanted);
        api.search.fixed(`pnb-${filter.label}`, wanted ? matches : null).draw();
      });
      label.append(filter.label, list);
      search.append(label);
    }
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
    updateFilters(api);
    const optional = api.column(OPTIONAL);
    const isUsed = optional.data().toArray().some(Boolean);
    if (optional.visible() !== isUsed) optional.visible(isUsed);
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
      addFilters(api);
      updateRows(api);
    },
    onDraw: nameHidden,
  });
}

export default connected({ initialize, render() {} });
