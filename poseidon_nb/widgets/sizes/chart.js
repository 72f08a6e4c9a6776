// What plotly's widget lacks for the size explorer: clicks and selections that all arrive, and a width that follows the panel.
//
// The widget sends events as a throttled value: while the kernel is busy, a selection is lost to the hover that follows it.
// Messages keep their order, and none is lost. A point is identified by its index in the first trace.

const POINTS = 0;

function render({ model, el }) {
  let width = 0;
  let fittedWidth = 0;
  let wasDrawn = false;
  let container = null;

  const indexesOf = (event) => event.points.filter((point) => point.curveNumber === POINTS).map((point) => point.pointNumber);

  // Plotly draws before it is in the page, and only listens to resizes of the window. A resize during the first drawing
  // would abort it.
  function fit() {
    if (!wasDrawn || !width || width === fittedWidth) return;
    fittedWidth = width;
    window.dispatchEvent(new Event("resize"));
  }

  function onDrawn() {
    wasDrawn = true;
    fit();
  }

  function listen() {
    const plot = container.querySelector(".js-plotly-plot");
    if (!plot?.on || plot.pnbListening) return;
    plot.pnbListening = true;
    plot.on("plotly_click", (event) => {
      const [first] = indexesOf(event);
      if (first !== undefined) model.send({ clicked: first });
    });
    // Deselecting sends this event without data, and then an event of its own.
    plot.on("plotly_selected", (event) => { if (event) model.send({ selected: indexesOf(event) }); });
    plot.on("plotly_deselect", () => model.send({ selected: [] }));
    plot.on("plotly_afterplot", onDrawn);
    if (plot.querySelector(".points path")) onDrawn();
  }

  const mutations = new MutationObserver(listen);
  const resizes = new ResizeObserver(([entry]) => {
    width = Math.round(entry.contentRect.width);
    fit();
  });
  // The element is added to the page after this call.
  const frame = requestAnimationFrame(() => {
    container = el.closest(".pnb-chart");
    if (!container) return;
    mutations.observe(container, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
    resizes.observe(container);
    listen();
  });
  return () => { cancelAnimationFrame(frame); mutations.disconnect(); resizes.disconnect(); };
}

export default { render };
