// Keyboard and screen-reader support that ipywidgets lacks: Escape, a focus that is never lost, keys that the notebook does
// not intercept, and a live region that stays the same element, so that its changes are announced.
//
// Nothing is decided here: Escape clicks the cancel button that the panel shows.

const CONTROLS = "button:enabled, input:enabled, select:enabled";
const DISCONNECTED = "jupyter-widgets-disconnected";
// Each widget of a panel updates in its own message: controls may be enabled and disabled in between. In milliseconds.
const SETTLE_MS = 120;

const isVisible = (node) => node.isConnected && node.getClientRects().length > 0;
const isUsable = (node) => node.matches(CONTROLS) && isVisible(node);
const firstUsable = (root, selector) => [...root.querySelectorAll(selector)].find(isUsable);

function attach(panel, region, model) {
  // The control that has the focus, or had it until it was disabled or removed, and the groups around it.
  let current = null;
  let ancestors = [];
  let enteredForm = null;
  let timer = 0;

  const formOf = (button) => {
    const name = [...button.classList].find((one) => one.startsWith("pnb-opens-"));
    return name ? panel.querySelector(name.replace("pnb-opens-", ".pnb-form-")) : null;
  };
  const openers = () => [...panel.querySelectorAll("button[class*='pnb-opens-']")];

  function remember(control) {
    current = control;
    ancestors = [];
    for (let node = control.parentElement; node && node !== panel; node = node.parentElement)
      if (node.matches(".pnb-button-group, .pnb-work, .pnb-activity, [class*='pnb-form-']")) ancestors.push(node);
  }

  function focus(control) {
    if (control === panel) {
      // Only while it has the focus: a focusable panel would take the focus from the notebook at every click.
      panel.tabIndex = -1;
      panel.addEventListener("blur", () => panel.removeAttribute("tabindex"), { once: true });
    }
    control.focus({ preventScroll: true });
  }

  function enterOpenedForm() {
    const opener = openers().find((one) => one === document.activeElement && one.classList.contains("pnb-open"));
    const form = opener && formOf(opener);
    const field = form && form !== enteredForm && isVisible(form) ? firstUsable(form, "input, select") : null;
    if (!field) return;
    enteredForm = form;
    focus(field);
    if (field.type === "text") field.select();
  }

  function restoreFocus() {
    for (const one of openers()) one.setAttribute("aria-expanded", String(one.classList.contains("pnb-open")));
    if (enteredForm && !isVisible(enteredForm)) enteredForm = null;
    enterOpenedForm();
    const active = document.activeElement;
    if (!current || ![null, document.body, panel, current].includes(active)) return;
    if (!isUsable(current)) {
      const form = ancestors.find((node) => node.matches("[class*='pnb-form-']"));
      const opener = form && !isVisible(form) ? openers().find((one) => formOf(one) === form) : null;
      const near = opener ? [] : ancestors.filter(isVisible).map((node) => firstUsable(node, "button, input, select"));
      // The button that started an action gets the focus back once it is enabled again.
      if (opener) remember(opener);
      const next = near.find(Boolean) ?? (isUsable(current) ? current : panel);
      if (next !== active) focus(next);
    } else if (active !== current) focus(current);
  }

  function onMutation() {
    const disconnected = panel.classList.contains(DISCONNECTED);
    for (const child of panel.children) if (!child.contains(region)) child.inert = disconnected;
    clearTimeout(timer);
    timer = setTimeout(restoreFocus, SETTLE_MS);
  }

  function onFocusIn(event) {
    if (event.target !== panel) remember(event.target);
  }

  function onFocusOut({ target }) {
    // A control that is still usable afterwards was left by the user; otherwise it is being disabled or removed.
    setTimeout(() => { if (current === target && document.activeElement !== current && isUsable(current)) current = null; });
  }

  function onKeyDown(event) {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    const cancel = firstUsable(panel, "button.pnb-cancel") ?? firstUsable(panel, "button.pnb-close-form");
    if (!cancel) return;
    event.preventDefault();
    event.stopPropagation();
    cancel.click();
  }

  // The field sends its text when Enter is pressed, after this handler and before the click.
  function submitForm(event) {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches("input[type=text]")) return;
    const form = event.target.closest("[class*='pnb-form-']");
    if (form) setTimeout(() => firstUsable(form, "button.pnb-primary")?.click());
  }

  // JupyterLab handles keys of any focused element: arrows select cells, D twice deletes one. Keys pressed in a panel belong
  // to the panel, except with Ctrl, Alt or Meta, and Shift+Enter. JupyterLab checks this attribute of the target first.
  function suppressShortcuts(event) {
    if (!panel.contains(event.target)) return;
    const notebookKey = event.ctrlKey || event.altKey || event.metaKey || (event.shiftKey && event.key === "Enter");
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !notebookKey);
  }

  const observer = new MutationObserver(onMutation);
  observer.observe(panel, { subtree: true, childList: true, attributeFilter: ["class", "disabled", "style"] });
  panel.addEventListener("focusin", onFocusIn);
  panel.addEventListener("focusout", onFocusOut);
  panel.addEventListener("keydown", onKeyDown);
  // ipywidgets stops key events in its text fields, so these are handled in the capture phase.
  panel.addEventListener("keydown", (event) => { if (event.target.matches("input[type=text]")) onKeyDown(event); }, true);
  panel.addEventListener("keydown", submitForm, true);
  window.addEventListener("keydown", suppressShortcuts, true);
  panel.setAttribute("role", "group");
  const setLabel = () => panel.setAttribute("aria-label", model.get("label"));
  model.on("change:label", setLabel);
  setLabel();
  onMutation();
  return () => {
    observer.disconnect();
    clearTimeout(timer);
    window.removeEventListener("keydown", suppressShortcuts, true);
    model.off("change:label", setLabel);
  };
}

function render({ model, el }) {
  const region = document.createElement("div");
  region.className = "pnb-visually-hidden pnb-live";
  region.setAttribute("role", "status");
  region.setAttribute("aria-live", "polite");
  // Only announce what was added.
  region.setAttribute("aria-atomic", "false");
  el.append(region);

  function announce() {
    const wanted = model.get("announcements");
    for (const line of [...region.children]) if (!wanted.includes(line.textContent)) line.remove();
    const present = [...region.children].map((line) => line.textContent);
    for (const text of wanted) {
      if (present.includes(text)) continue;
      const line = document.createElement("div");
      line.textContent = text;
      region.append(line);
    }
  }

  let detach = () => {};
  let frame = 0;
  // The element is added to the page after this call, and only changes made in the page are announced.
  function waitForPanel() {
    const panel = el.closest(".pnb-panel");
    if (!panel) { frame = requestAnimationFrame(waitForPanel); return; }
    detach = attach(panel, region, model);
    // After this frame the panel is on the screen.
    frame = requestAnimationFrame(() => { frame = requestAnimationFrame(() => tellKernel(model, { event: "drawn" })); });
    model.on("change:announcements", announce);
    announce();
  }
  waitForPanel();
  return () => { cancelAnimationFrame(frame); model.off("change:announcements", announce); detach(); };
}

export default connected({ render });
