// The search box as an ARIA combobox: the server suggests while one types; arrows, Enter, Tab or a click choose.
const box = document.querySelector("[data-suggest]");
const list = document.getElementById("suggestions");
const count = document.getElementById("suggestions-count");
let options = [];
let active = -1;
let timer = 0;
let running = null;

function close() {
  clearTimeout(timer);
  running?.abort();
  options = [];
  mark(-1);
  list.hidden = true;
  list.replaceChildren();
  count.textContent = "";
  box.setAttribute("aria-expanded", "false");
}

function mark(index) {
  list.children[active]?.setAttribute("aria-selected", "false");
  active = index;
  const chosen = list.children[active];
  if (!chosen) return box.removeAttribute("aria-activedescendant");
  chosen.setAttribute("aria-selected", "true");
  chosen.scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", chosen.id);
}

function part(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}

function show(items) {
  options = items.filter((item) => item.text !== box.value);
  if (!options.length || document.activeElement !== box) return close();
  list.replaceChildren(
    ...options.map((item, index) => {
      const line = document.createElement("li");
      line.id = `suggestion-${index}`;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", "false");
      line.append(part("suggestion-kind", item.kind), part("suggestion-label", item.label), part("suggestion-detail", item.detail));
      return line;
    }),
  );
  active = -1;
  box.removeAttribute("aria-activedescendant");
  list.hidden = false;
  box.setAttribute("aria-expanded", "true");
  count.textContent = `${options.length} suggestion${options.length === 1 ? "" : "s"}`;
}

async function ask() {
  running?.abort();
  running = new AbortController();
  const query = new URLSearchParams({ q: box.value, cursor: box.selectionStart ?? box.value.length });
  try {
    const response = await fetch(`${box.dataset.suggest}?${query}`, { signal: running.signal, headers: { Accept: "application/json" } });
    if (response.ok) show((await response.json()).items);
  } catch (error) {
    if (error.name !== "AbortError") close(); // suggestions are a convenience: without them the box still searches
  }
}

function choose(index) {
  const { text, cursor } = options[index];
  close();
  box.value = text;
  box.focus();
  box.setSelectionRange(cursor, cursor);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

const actions = {
  ArrowDown: () => mark((active + 1) % options.length),
  ArrowUp: () => mark((active < 0 ? options.length : active) - 1),
  Escape: () => close(),
  Enter: () => (active < 0 ? (close(), false) : choose(active)),
  Tab: () => (active < 0 ? (close(), false) : choose(active)),
};

if (box && list) {
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" }))
    box.setAttribute(name, value);
  box.addEventListener("input", () => {
    clearTimeout(timer);
    if (box.value.trim()) timer = setTimeout(ask, 90);
    else close();
  });
  // Before the page's own keys, which lead into the results.
  box.addEventListener(
    "keydown",
    (event) => {
      if (list.hidden || !actions[event.key] || event.isComposing) return;
      if (actions[event.key]() === false) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
  box.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const line = event.target.closest("[role=option]");
    if (line) choose([...list.children].indexOf(line));
  });
}
