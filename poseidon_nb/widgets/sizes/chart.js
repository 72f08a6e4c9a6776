// Draws the chart of the size explorer in the size of its element, and sends clicks and selections to the kernel.
//
// This script is small and loads plotly.js later: JupyterLab handles the messages of the kernel one after the other, and each
// for a widget waits for its script. The kernel sends what to draw as a whole. Clicks are messages, which keep their order
// and are never lost; a point is identified by its index in the first trace.

const POINTS = 0;
const CONFIG = { displaylogo: false, editSelection: false };
// What the charts of a page share, by plotly's version.
const LIBRARIES = Symbol.for("poseidon_nb.plotly");

async function importPlotly(source) {
  // The file sets `module.exports`, as for Node.js, and a global variable, which may belong to another version.
  const before = "const module = { exports: {} }, others = window.Plotly;\n";
  const after = "\nif (others) window.Plotly = others; else delete window.Plotly;\nexport default module.exports;";
  const url = URL.createObjectURL(new Blob([before, source, after], { type: "text/javascript" }));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function loadPlotly(model) {
  const libraries = (window[LIBRARIES] ??= {});
  const version = model.get("plotly_version");
  libraries[version] ??= importPlotly(model.get("plotly_js")).catch((error) => {
    delete libraries[version];
    throw error;
  });
  return libraries[version];
}

function render({ model, el }) {
  const plot = document.createElement("div");
  plot.className = "pnb-plot";
  plot.textContent = "Loading the chart…";
  el.append(plot);
  let plotly = null;
  let frame = 0;
  // As the observer reported it: it reports every size that lasts.
  let size = [0, 0];
  let drawings = 0;
  let isDrawing = false;

  const fail = (error) => { plot.textContent = `The chart could not be drawn: ${error.message}`; };

  async function draw() {
    const [width, height] = size;
    if (!plotly || !width || !height) return;
    // While a page changes its theme, it is laid out anew within a frame. A hidden element has no texts to measure, and the
    // observer does not report an element that is back before the frame ends.
    if (!plot.clientWidth) { schedule(); return; }
    const isFirst = !plot.on;
    if (isFirst) plot.textContent = "";
    // Plotly writes into what it gets.
    const { points, line, layout } = structuredClone(model.get("figure"));
    const outlines = model.get("keeps_outline") ? plot.layout?.selections : [];
    const traces = [points, line, structuredClone(model.get("rings"))];
    // With the revision of before, plotly would restore outlines that are to disappear.
    const shown = { ...layout, selections: outlines ?? [], selectionrevision: ++drawings, width, height };
    isDrawing = true;
    try {
      await plotly.react(plot, traces, shown, CONFIG);
    } finally {
      isDrawing = false;
    }
    if (isFirst) listen();
  }

  // Once for all changes of one message, and only while the page is visible.
  function schedule() {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => draw().catch(fail));
  }

  function listen() {
    const indexesOf = (event) => event.points.filter((point) => point.curveNumber === POINTS).map((point) => point.pointNumber);
    plot.on("plotly_click", (event) => {
      const [first] = indexesOf(event);
      if (first !== undefined) model.send({ clicked: first });
    });
    // Plotly also sends these events when a drawing has other outlines. Deselecting sends the first one without data.
    plot.on("plotly_selected", (event) => { if (event && !isDrawing) model.send({ selected: indexesOf(event) }); });
    plot.on("plotly_deselect", () => { if (!isDrawing) model.send({ selected: [] }); });
  }

  const resizes = new ResizeObserver(() => {
    size = [plot.clientWidth, plot.clientHeight];
    schedule();
  });
  const changes = "change:figure change:rings change:keeps_outline";
  model.on(changes, schedule);
  loadPlotly(model).then((loaded) => {
    plotly = loaded;
    resizes.observe(plot);
  }).catch(fail);
  return () => {
    cancelAnimationFrame(frame);
    resizes.disconnect();
    model.off(changes, schedule);
    if (plot.on) plotly.purge(plot);
  };
}

export default connected({ render });
