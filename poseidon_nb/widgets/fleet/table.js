// What a fleet's table has beside a selection: rows that come, change and go without a new table, and a choice of tags.
//
// The kernel sends rows by id: `rows`, and in `changes` what differs from them by now.

// Names in the line on what is selected and not shown; of more the rest is counted.
const MOST_NAMED = 6;

const tagsOf = (data, place) => String(data[place]).split(", ").filter(Boolean);

function initialize({ model }) {
  const { name: NAME, tags: TAGS } = model.get("places");
  const { tables, chosen, whenStill, serve } = selectionOf(model);

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

  const bringAll = () => tables.forEach(bring);
  model.on("change:rows change:changes", () => whenStill(bringAll));
  return serve({
    boxLabel: "Select all droplets that match the search",
    adopted(api) {
      addTagChoice(api);
      bring(api);
    },
    decorated: nameHidden,
  });
}

export default { initialize, render() {} };
