// What the scripts of all our widgets begin with: a connection to the kernel that loses nothing.
//
// Anywidget waits two seconds for a script, and then rejects every later message from the kernel to its model. The script
// starts nevertheless, with the state from the beginning, which would never change again.

// Wraps the exported object of a script.
function connected({ initialize, render }) {
  return {
    initialize(context) {
      keepAllConnected(context.model);
      return initialize?.(context);
    },
    render,
  };
}

function keepAllConnected(own) {
  const keys = new Set();
  const keepNew = () => {
    for (const key of own.get("connected_models")) if (!keys.has(key)) keepConnected(own, key);
    own.get("connected_models").forEach((key) => keys.add(key));
  };
  own.on("change:connected_models", keepNew);
  keepNew();
}

// Sends what the kernel is told without anybody having clicked. A page may draw a widget whose kernel is gone.
function tellKernel(model, message) {
  try {
    model.send(message);
  } catch {
    // Nobody is there to tell.
  }
}

async function keepConnected(own, key) {
  let model = null;
  try {
    model = await own.widget_manager.get_model(key);
  } catch {
    // Not every front end has the models of ipywidgets.
  }
  // Saved pages have no kernel.
  if (!model?.comm || !model._handle_comm_msg) return;
  const nothing = { content: { data: { method: "custom", content: {} } }, buffers: [] };
  try {
    // As every message, it waits until anywidget is ready or has given up.
    await model._handle_comm_msg(nothing);
  } catch {
    // The class that anywidget's model extends, which handles messages without waiting.
    const { _handle_comm_msg: handle } = Object.getPrototypeOf(Object.getPrototypeOf(model));
    model.comm.on_msg((message) => handle.call(model, message));
    tellKernel(own, { resend: key });
  }
}

