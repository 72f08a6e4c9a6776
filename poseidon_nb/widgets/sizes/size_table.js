// The size explorer's table: filters hide and show rows, and the table turns to the page of the selection.
//
// All rows are sent once, each with its position in the first cell; the kernel then sends which are visible.

function initialize({ model }) {
  const { tables, selected, matchingIds, whenPointerUp, connect } = createSelection(model);
  let visible = new Set(model.get("visible"));

  // Turns to the page of the first selected row after a selection made elsewhere.
  function turnToSelection(api) {
    const ids = matchingIds(api);
    const index = ids.findIndex((id) => selected.has(id));
    if (index < 0) return;
    const { start, end, length } = api.page.info();
    const isOnPage = ids.slice(start, end).some((id) => selected.has(id));
    if (!isOnPage) api.page(Math.floor(index / length)).draw("page");
  }

  function updateVisible() {
    visible = new Set(model.get("visible"));
    for (const api of tables) api.draw();
  }

  model.on("change:visible", () => whenPointerUp(updateVisible));
  return connect({
    selectAllLabel: "Select all sizes in the table",
    onAttach(api) {
      api.search.fixed("pnb-visible", (_, data) => visible.has(Number(data[ID])));
      api.rows.add(model.get("rows")).draw();
    },
    onReplace: (api) => whenPointerUp(() => turnToSelection(api)),
  });
}

export default connected({ initialize, render() {} });
