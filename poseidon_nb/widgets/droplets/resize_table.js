// The table of sizes in the resize form: native radio buttons, so that the arrow keys choose, and a filter that hides rows.

// The columns after the size are numbers and amounts, which are aligned to the right.
const TEXT_COLUMNS = 1;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function render({ model, el }) {
  // A view of its own: the radio buttons of two views of the same form are two groups.
  const group = `pnb-size-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  const filter = element("input", { type: "search", className: "pnb-size-filter" });
  const count = element("span", { className: "pnb-size-count" });
  count.setAttribute("role", "status");
  const head = element("tr");
  const body = element("tbody");
  const table = element("table", {}, element("thead", {}, head), body);
  const scroller = element("div", { className: "pnb-size-scroller" }, table);
  scroller.setAttribute("role", "radiogroup");
  el.append(element("div", { className: "pnb-size-tools" }, element("label", {}, "Filter sizes", filter), count), scroller);

  let rows = [];
  let sequence = 0;
  let isCentered = false;

  const chosenRow = () => rows.find((row) => row.radio.checked);

  // The choice, or the current size, should be in view when the form opens. The page is not scrolled for it, only the table.
  function centerChoice() {
    const row = chosenRow() ?? rows.find(({ isCurrent }) => isCurrent);
    if (isCentered || !row || row.node.hidden || !scroller.clientHeight) return;
    isCentered = true;
    scroller.scrollTop = row.node.offsetTop - (scroller.clientHeight - row.node.offsetHeight) / 2;
  }

  function showChosen() {
    for (const { node, radio } of rows) node.classList.toggle("pnb-size-chosen", radio.checked);
  }

  function choose(slug) {
    sequence += 1;
    showChosen();
    model.send({ slug, sequence });
  }

  function updateChosen() {
    const chosen = model.get("chosen");
    // Later clicks are still on their way.
    if (chosen.sequence < sequence) return;
    sequence = chosen.sequence;
    for (const { radio, slug } of rows) radio.checked = slug === chosen.slug;
    showChosen();
    centerChoice();
  }

  function applyFilter() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { node, text } of rows) node.hidden = !words.every((word) => text.includes(word));
    const visible = rows.filter(({ node }) => !node.hidden).length;
    isCentered = false;
    centerChoice();
    count.textContent = words.length ? `${visible} of ${rows.length} sizes` : `${rows.length} sizes`;
  }

  function createRow({ slug, cells, marks, enabled }) {
    const words = [...cells, ...marks.map((mark) => mark.text)];
    const radio = element("input", { type: "radio", name: group, value: slug, disabled: !enabled });
    const heads = model.get("heads");
    radio.setAttribute("aria-label", [cells[0], ...cells.slice(1).map((cell, at) => `${heads[at + 1]} ${cell}`), ...words.slice(cells.length)].join(", "));
    radio.addEventListener("change", () => choose(slug));
    const badges = marks.map((mark) => element("span", { className: `pnb-mark pnb-mark-${mark.name}`, textContent: mark.text }));
    const node = element(
      "tr", { className: enabled ? "" : "pnb-size-disabled" },
      ...cells.map((cell, at) => element("td", { className: at < TEXT_COLUMNS ? "" : "pnb-right" }, ...(at ? [cell] : [radio, element("bdi", { textContent: cell }), ...badges]))),
    );
    node.addEventListener("click", (event) => {
      if (event.target === radio || radio.disabled || radio.checked) return;
      radio.checked = true;
      radio.focus({ preventScroll: true });
      choose(slug);
    });
    // Names are compared as they are shown.
    return { node, radio, slug, isCurrent: marks.some((mark) => mark.name === "current"), text: words.join(" ").toLowerCase() };
  }

  function updateRows() {
    const focused = rows.find(({ radio }) => radio === document.activeElement)?.slug;
    const checked = chosenRow()?.slug;
    const top = scroller.scrollTop;
    const wasCentered = isCentered && rows.length > 0;
    rows = model.get("rows").map(createRow);
    body.replaceChildren(...rows.map(({ node }) => node));
    for (const { radio, slug } of rows) radio.checked = slug === checked;
    applyFilter();
    updateChosen();
    showChosen();
    // The advice arrives while somebody reads the table.
    if (wasCentered) scroller.scrollTop = top;
    rows.find(({ slug }) => slug === focused)?.radio.focus({ preventScroll: true });
  }

  function updateLabels() {
    scroller.setAttribute("aria-label", model.get("label"));
    head.replaceChildren(...model.get("heads").map((text, at) => element("th", { textContent: text, scope: "col", className: at < TEXT_COLUMNS ? "" : "pnb-right" })));
  }

  filter.addEventListener("input", applyFilter);
  filter.addEventListener("keydown", (event) => {
    // Escape empties the filter first; in an empty one it closes the form.
    if (event.key !== "Escape" || !filter.value) return;
    event.preventDefault();
    event.stopPropagation();
    filter.value = "";
    applyFilter();
  });
  const observer = new ResizeObserver(() => {
    if (!scroller.clientHeight) isCentered = false;
    centerChoice();
  });
  observer.observe(scroller);
  const listening = [["change:rows", updateRows], ["change:chosen", updateChosen], ["change:heads change:label", updateLabels]];
  for (const [events, update] of listening) model.on(events, update);
  updateLabels();
  updateRows();
  return () => {
    observer.disconnect();
    for (const [events, update] of listening) model.off(events, update);
  };
}

export default connected({ render });
