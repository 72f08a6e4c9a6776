// What plotly's widget lacks for an explorer: clicks and selections that all arrive, and a size that follows its place.
//
// The widget itself tells events by a throttled value, so that a selection is lost to the hover that follows it while the
// kernel is busy. Messages keep their order, and none is lost. A point is told by its place in the first trace.

const POINTS = 0;

function render({ model, el }) {
  let width = 0;
  let place = null;

  const placesOf = (event) => event.points.filter((point) => point.curveNumber === POINTS).map((point) => point.pointNumber);

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
  }

  const drawn = new MutationObserver(listen);
  // Plotly draws before it is in the page, and hears of the window's size only.
  const resized = new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now === width) return;
    width = now;
    window.dispatchEvent(new Event("resize"));
  });
  // Not yet in the page while it is rendered.
  const frame = requestAnimationFrame(() => {
    place = el.closest(".pnb-picture");
    if (!place) return;
    drawn.observe(place, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
    resized.observe(place);
    listen();
  });
  return () => { cancelAnimationFrame(frame); drawn.disconnect(); resized.disconnect(); };
}

export default { render };
