// A button that puts a text into the clipboard, which only the page can do.

function render({ model, el }) {
  const button = document.createElement("button");
  button.className = "jupyter-button pnb-copy";
  button.type = "button";
  const said = document.createElement("span");
  said.className = "pnb-unseen";
  said.setAttribute("role", "status");
  let timer = 0;

  function show() {
    button.textContent = "Copy";
    button.title = model.get("what");
    button.setAttribute("aria-label", model.get("what"));
    el.hidden = !model.get("text");
  }

  // Where the page is not served from this machine or over TLS, there is no clipboard but the old one.
  function theOldWay(text) {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    button.focus();
    return done;
  }

  async function copy() {
    const text = model.get("text");
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      done = theOldWay(text);
    }
    button.textContent = done ? "Copied" : "Not copied: mark the text";
    said.textContent = button.textContent;
    clearTimeout(timer);
    timer = setTimeout(() => { show(); said.textContent = ""; }, 2000);
  }

  button.addEventListener("click", copy);
  model.on("change:text", show);
  el.append(button, said);
  show();
  return () => clearTimeout(timer);
}

export default { render };
