// What an explorer's table has beside a selection: rows that a filter hides and shows, and a page that follows a choice.
//
// All rows come once, each with its number in the first cell; the kernel sends which are shown.

function initialize({ model }) {
  const { tables, chosen, matching, whenStill, serve } = selectionOf(model);
  let shown = new Set(model.get("shown"));

  // Shows the page on which the first of the chosen rows is, when somebody chose it elsewhere.
  function turn(api) {
    const ids = matching(api);
    const place = ids.findIndex((id) => chosen.has(id));
    if (place < 0) return;
    const { start, end, length } = api.page.info();
    const seen = ids.slice(start, end).some((id) => chosen.has(id));
    if (!seen) api.page(Math.floor(place / length)).draw("page");
  }

  function drawAll() {
    shown = new Set(model.get("shown"));
    for (const api of tables) api.draw();
  }

  model.on("change:shown", () => whenStill(drawAll));
  return serve({
    boxLabel: "Select all sizes in the table",
    adopted(api) {
      api.search.fixed("pnb-shown", (_, data) => shown.has(Number(data[ID])));
      api.rows.add(model.get("rows")).draw();
    },
    replaced: (api) => whenStill(() => turn(api)),
  });
}

export default { initialize, render() {} };
