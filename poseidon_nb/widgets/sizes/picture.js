// What plotly's widget lacks for an explorer: clicks and selections that all arrive, and a size that follows its place.
//
// The widget itself tells events by a throttled value, so that a selection is lost to the hover that follows it while the
// kernel is busy. Messages keep their order, and none is lost. A point is told by its place in the first trace.

const POINTS = 0;

function render({ model, el }) {
  let width = 0;
  let fitted = 0;
  let drawnOnce = false;
  let place = null;

  const placesOf = (event) => event.points.filter((point) => point.curveNumber === POINTS).map((point) => point.pointNumber);

  // Plotly draws before it is in the page, and hears of the window's size only; not while it draws for the first time,
  // which a new size would break off.
  function fit() {
    if (!drawnOnce || !width || width === fitted) return;
    fitted = width;
    window.dispatchEvent(new Event("resize"));
  }

  function drawn() {
    drawnOnce = true;
    fit();
  }

  function listen() {
    const plot = place.querySelector(".js-plotly-plot");
    if (!plot?.on || plot.pnbHeard) return;
    plot.pnbHeard = true;
    plot.on("plotly_click", (event) => {
      const [first] = placesOf(event);
      if (first !== undefined) model.send({ clicked: first });
    });
    // A selection that is taken back is told as one without an event, and then by an event of its own.
    plot.on("plotly_selected", (event) => { if (event) model.send({ chosen: placesOf(event) }); });
    plot.on("plotly_deselect", () => model.send({ chosen: [] }));
    plot.on("plotly_afterplot", drawn);
    if (plot.querySelector(".points path")) drawn();
  }

  const appeared = new MutationObserver(listen);
  const resized = new ResizeObserver(([entry]) => {
    width = Math.round(entry.contentRect.width);
    fit();
  });
  // Not yet in the page while it is rendered.
  const frame = requestAnimationFrame(() => {
    place = el.closest(".pnb-picture");
    if (!place) return;
    appeared.observe(place, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
    resized.observe(place);
    listen();
  });
  return () => { cancelAnimationFrame(frame); appeared.disconnect(); resized.disconnect(); };
}

export default { render };
