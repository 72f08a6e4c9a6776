// A button that copies text to the clipboard, which only the page can do. With a heading it also shows the text, and selects
// it where it cannot be copied.

const FEEDBACK_MS = 2000;

function render({ model, el }) {
  const button = document.createElement("button");
  button.className = "jupyter-button pnb-copy";
  button.type = "button";
  const status = document.createElement("span");
  status.className = "pnb-visually-hidden";
  status.setAttribute("role", "status");
  let timer = 0;
  const heading = document.createElement("span");
  heading.className = "pnb-copy-heading";
  const code = document.createElement("code");
  code.className = "pnb-copy-text";

  function show() {
    heading.textContent = model.get("heading");
    code.textContent = model.get("text");
    heading.hidden = code.hidden = !model.get("heading");
    button.textContent = "Copy";
    button.title = model.get("label");
    button.setAttribute("aria-label", model.get("label"));
    el.hidden = !model.get("text");
  }

  // The clipboard API needs HTTPS or a page served from this machine; `execCommand` does not.
  function copyBySelection(text) {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    button.focus();
    return copied;
  }

  async function copy() {
    const text = model.get("text");
    let copied = false;
    try {
      await navigator.clipboard.writeText(text);
      copied = true;
    } catch {
      copied = copyBySelection(text);
    }
    if (!copied && !code.hidden) {
      window.getSelection().selectAllChildren(code);
      button.textContent = "Selected: press Ctrl+C";
    } else button.textContent = copied ? "Copied" : "Copy failed: select the text";
    status.textContent = button.textContent;
    clearTimeout(timer);
    timer = setTimeout(() => { show(); status.textContent = ""; }, FEEDBACK_MS);
  }

  button.addEventListener("click", copy);
  model.on("change:text", show);
  el.append(heading, code, button, status);
  show();
  return () => clearTimeout(timer);
}

export default connected({ render });
