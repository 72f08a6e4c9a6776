// The selection that itables' tables lack: a set of ids, which survives sorting, searching and rows that come and go.
//
// This file comes before the own script of each table, because scripts in the page cannot import files. The kernel owns
// the selection. Clicks are sent as messages, which keep their order with clicks on buttons; the throttled values of a
// widget do not. The page shows the last selection from the kernel plus the clicks that the kernel had not handled by then,
// so neither side undoes what the other does at the same time.

const ID = 0;

function createSelection(model) {
  const key = model.get("key");
  const tables = new Set();
  const selected = new Set(model.get("selection").ids);
  let sequence = model.get("selection").sequence;
  let unacknowledged = [];
  let anchor = null;
  let isPointerDown = false;
  const deferred = new Set();

  const matchingIds = (api) => api.rows({ search: "applied", order: "applied" }).data().toArray().map((data) => data[ID]);

  const apply = ({ ids, on }) => ids.forEach((id) => (on ? selected.add(id) : selected.delete(id)));

  function runDeferred() {
    for (const update of isPointerDown ? [] : [...deferred]) {
      deferred.delete(update);
      update();
    }
  }

  // Runs an update that moves rows once no mouse button is pressed on them. Browsers send no click if the pressed row was
  // removed from the page meanwhile, even if it was put back in the same place.
  function whenPointerUp(update) {
    deferred.add(update);
    runDeferred();
  }

  function onPointerDown(event) {
    if (event.button !== 0) return;
    const listening = new AbortController();
    isPointerDown = true;
    const release = (event) => {
      // A pointer that moves without a button was released outside of the page.
      if (event.type === "pointermove" && event.buttons) return;
      listening.abort();
      isPointerDown = false;
      // The click event follows this one.
      setTimeout(runDeferred);
    };
    for (const type of ["pointerup", "pointercancel", "pointermove"])
      window.addEventListener(type, release, { capture: true, signal: listening.signal });
  }

  // Connects to the table with the key. Callbacks: `onAttach` for a new table, `onDraw` after each drawing, `onReplace` when
  // the kernel has sent another selection.
  function connect({ selectAllLabel, onAttach, onDraw = () => {}, onReplace = () => {} }) {
    function showSelection(api) {
      for (const row of api.rows({ page: "current" }).nodes().toArray()) {
        const id = api.row(row).data()[ID];
        const on = selected.has(id);
        row.dataset.pnbId = id;
        row.classList.toggle("pnb-row-selected", on);
        row.setAttribute("aria-selected", String(on));
        const box = row.querySelector("input.pnb-check");
        if (box) box.checked = on;
      }
      const all = matchingIds(api);
      const number = all.filter((id) => selected.has(id)).length;
      const head = api.table().container().querySelector("input.pnb-check-all");
      if (head) {
        head.checked = number > 0 && number === all.length;
        head.indeterminate = number > 0 && number < all.length;
      }
      onDraw(api, all);
    }

    function setSelected(ids, on) {
      sequence += 1;
      const change = { ids, on, sequence };
      unacknowledged.push(change);
      apply(change);
      model.send(change);
      tables.forEach(showSelection);
    }

    function toggle(api, id, isRange) {
      const ids = matchingIds(api);
      const [from, to] = [ids.indexOf(anchor), ids.indexOf(id)];
      const range = isRange && from >= 0 && to >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
      anchor = id;
      setSelected(range, !selected.has(id));
    }

    function attach(api) {
      const node = api.table().node();
      if (node.dataset.pnbKey !== key || tables.has(api)) return;
      // The output of a cell may be shown twice, or again.
      for (const old of tables) if (!old.table().node().isConnected) tables.delete(old);
      tables.add(api);
      node.setAttribute("aria-multiselectable", "true");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", className: "pnb-check-all" });
      box.setAttribute("aria-label", selectAllLabel);
      api.table().header().querySelector("th").replaceChildren(box);
      api.table().container().addEventListener("change", (event) => {
        if (event.target.matches("input.pnb-check-all")) setSelected(matchingIds(api), event.target.checked);
      });
      node.addEventListener("click", (event) => {
        const row = event.target.closest("tbody tr[data-pnb-id]");
        if (row && !event.target.closest("a")) toggle(api, Number(row.dataset.pnbId), event.shiftKey);
      });
      node.addEventListener("pointerdown", onPointerDown, { capture: true });
      // Shift and click selects text by default.
      node.addEventListener("mousedown", (event) => { if (event.shiftKey) event.preventDefault(); });
      api.on("draw", () => showSelection(api));
      onAttach(api);
      showSelection(api);
    }

    // The event is dispatched while the table is still being created.
    const onTable = (event) => queueMicrotask(() => attach(event.detail));
    window.addEventListener("pnb-table", onTable);
    for (const node of document.querySelectorAll(`table[data-pnb-key="${key}"]`)) if (node.pnbApi) attach(node.pnbApi);
    model.on("change:selection", () => {
      const current = model.get("selection");
      const before = new Set(selected);
      sequence = Math.max(sequence, current.sequence);
      unacknowledged = unacknowledged.filter((change) => change.sequence > current.sequence);
      selected.clear();
      apply({ ids: current.ids, on: true });
      unacknowledged.forEach(apply);
      const isSame = before.size === selected.size && [...before].every((id) => selected.has(id));
      for (const api of tables) {
        if (!isSame) onReplace(api);
        showSelection(api);
      }
    });
    return () => window.removeEventListener("pnb-table", onTable);
  }

  return { tables, selected, matchingIds, whenPointerUp, connect };
}
