// What the keyboard and a screen reader need of a panel and ipywidgets lacks: Escape, a focus that is never lost, keys that
// the notebook does not take away, and a region that stays, so that its changes are announced.
//
// It decides nothing: Escape presses the way out that the panel shows, as a person would.

const CONTROLS = "button:enabled, input:enabled, select:enabled";
const DEAD = "jupyter-widgets-disconnected";
// A state comes in one message a widget: what is enabled now may not be when all have come. In milliseconds.
const QUIET_MS = 120;

const seen = (node) => node.isConnected && node.getClientRects().length > 0;
const usable = (node) => node.matches(CONTROLS) && seen(node);
const first = (place, selector) => [...place.querySelectorAll(selector)].find(usable);

function conduct(card, region, model) {
  // The control that has the focus, or had it until it was taken away, and what it stood in.
  let place = null;
  let around = [];
  let opened = null;
  let timer = 0;

  const formOf = (button) => {
    const name = [...button.classList].find((one) => one.startsWith("pnb-opens-"));
    return name ? card.querySelector(name.replace("pnb-opens-", ".pnb-form-")) : null;
  };
  const openers = () => [...card.querySelectorAll("button[class*='pnb-opens-']")];

  function stay(control) {
    place = control;
    around = [];
    for (let node = control.parentElement; node && node !== card; node = node.parentElement)
      if (node.matches(".pnb-asker, .pnb-work, .pnb-activity, [class*='pnb-form-']")) around.push(node);
  }

  function goTo(control) {
    if (control === card) {
      // Only now: a card that can be clicked into would take the focus from the notebook.
      card.tabIndex = -1;
      card.addEventListener("blur", () => card.removeAttribute("tabindex"), { once: true });
    }
    control.focus({ preventScroll: true });
  }

  function enterForm() {
    const opener = openers().find((one) => one === document.activeElement && one.classList.contains("pnb-open"));
    const form = opener && formOf(opener);
    const field = form && form !== opened && seen(form) ? first(form, "input, select") : null;
    if (!field) return;
    opened = form;
    goTo(field);
    if (field.type === "text") field.select();
  }

  function settle() {
    for (const one of openers()) one.setAttribute("aria-expanded", String(one.classList.contains("pnb-open")));
    if (opened && !seen(opened)) opened = null;
    enterForm();
    const now = document.activeElement;
    if (!place || ![null, document.body, card, place].includes(now)) return;
    if (!usable(place)) {
      const form = around.find((node) => node.matches("[class*='pnb-form-']"));
      const opener = form && !seen(form) ? openers().find((one) => formOf(one) === form) : null;
      const near = opener ? [] : around.filter(seen).map((node) => first(node, "button, input, select"));
      // What set off something that still runs gets the focus back when it can be pressed again.
      if (opener) stay(opener);
      const next = near.find(Boolean) ?? (usable(place) ? place : card);
      if (next !== now) goTo(next);
    } else if (now !== place) goTo(place);
  }

  function changed() {
    const dead = card.classList.contains(DEAD);
    for (const child of card.children) if (!child.contains(region)) child.inert = dead;
    clearTimeout(timer);
    timer = setTimeout(settle, QUIET_MS);
  }

  function focused(event) {
    if (event.target !== card) stay(event.target);
  }

  function left({ target }) {
    // The user went elsewhere, or the control is being taken away: then it is not usable when that is done.
    setTimeout(() => { if (place === target && document.activeElement !== place && usable(place)) place = null; });
  }

  function typed(event) {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    const way = first(card, "button.pnb-cancel") ?? first(card, "button.pnb-close-form");
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    way.click();
  }

  // JupyterLab takes keys from who has the focus: arrows choose cells, D twice deletes one. What is pressed in a panel is
  // the panel's; with Ctrl, Alt or Meta, and Shift with Enter, it stays the notebook's. It looks at the target first.
  function claim(event) {
    if (!card.contains(event.target)) return;
    const theirs = event.ctrlKey || event.altKey || event.metaKey || (event.shiftKey && event.key === "Enter");
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !theirs);
  }

  const observer = new MutationObserver(changed);
  observer.observe(card, { subtree: true, childList: true, attributeFilter: ["class", "disabled", "style"] });
  card.addEventListener("focusin", focused);
  card.addEventListener("focusout", left);
  card.addEventListener("keydown", typed);
  // ipywidgets lets no key out of its text fields: here it is seen on its way in.
  card.addEventListener("keydown", (event) => { if (event.target.matches("input[type=text]")) typed(event); }, true);
  window.addEventListener("keydown", claim, true);
  card.setAttribute("role", "group");
  const call = () => card.setAttribute("aria-label", model.get("label"));
  model.on("change:label", call);
  call();
  changed();
  return () => {
    observer.disconnect();
    clearTimeout(timer);
    window.removeEventListener("keydown", claim, true);
    model.off("change:label", call);
  };
}

function render({ model, el }) {
  const region = document.createElement("div");
  region.className = "pnb-unseen pnb-live";
  region.setAttribute("role", "status");
  region.setAttribute("aria-live", "polite");
  // What was said before is not said again.
  region.setAttribute("aria-atomic", "false");
  el.append(region);

  function say() {
    const wanted = model.get("said");
    for (const line of [...region.children]) if (!wanted.includes(line.textContent)) line.remove();
    const said = [...region.children].map((line) => line.textContent);
    for (const text of wanted) {
      if (said.includes(text)) continue;
      const line = document.createElement("div");
      line.textContent = text;
      region.append(line);
    }
  }

  let end = () => {};
  let frame = 0;
  // It is put into the page after it was made, and only what changes in there is announced.
  function arrive() {
    const card = el.closest(".pnb-panel");
    if (!card) { frame = requestAnimationFrame(arrive); return; }
    end = conduct(card, region, model);
    model.on("change:said", say);
    say();
  }
  arrive();
  return () => { cancelAnimationFrame(frame); model.off("change:said", say); end(); };
}

export default { render };
