// One-key shortcuts outside of text fields, and j/k through any list of [data-item].
const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
const follow = (selector) => document.querySelector(selector)?.click();
let afterG = 0;

function move(step) {
  const items = [...document.querySelectorAll("[data-item]")];
  if (!items.length) return;
  const now = items.findIndex((item) => item.hasAttribute("data-selected"));
  const next = Math.max(0, Math.min(items.length - 1, now < 0 ? (step > 0 ? 0 : items.length - 1) : now + step));
  for (const item of items) item.removeAttribute("data-selected");
  items[next].setAttribute("data-selected", "");
  if (!typing(document.activeElement)) items[next].querySelector("[data-item-link]")?.focus({ preventScroll: true });
  items[next].scrollIntoView({ block: "nearest" });
  return items[next];
}

const selected = () => document.querySelector('[data-item][data-selected]');

function focusOn(selector, otherwise) {
  const field = document.querySelector(selector);
  if (!field) return otherwise && follow(otherwise);
  field.focus();
  field.select?.();
}

const keys = {
  "/": () => focusOn("[data-search-input]", "[data-go='s']"),
  c: () => focusOn("[data-capture]", "[data-go='h']"),
  e: () => follow("[data-edit-link]"),
  j: () => move(1),
  k: () => move(-1),
  x: () => selected()?.querySelector("[data-bulk-item], [data-explain] > summary")?.click(),
  s: () => (selected() ?? document).querySelector("[data-similar]")?.click(),
  "+": () => selected()?.querySelector(".feedback [value=useful]")?.click(),
  "-": () => selected()?.querySelector(".feedback [value=not_useful]")?.click(),
  Enter: () => selected()?.querySelector("[data-item-link]")?.click(),
  "?": () => document.getElementById("shortcuts")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const place = Date.now() - afterG < 1200 && document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
  afterG = 0;
  if (place) return place.click();
  if (event.key === "g") return void (afterG = Date.now());
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  const act = keys[event.key];
  if (!act || (event.key === "Enter" && !selected())) return;
  event.preventDefault();
  act();
});

document.addEventListener("msh:move", (event) => move(event.detail));
