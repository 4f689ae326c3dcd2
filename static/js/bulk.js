// The bulk bar appears with the first selected row and counts; without JavaScript it is always there.
const items = () => [...document.querySelectorAll("[data-bulk-item]")];

function show() {
  const bar = document.querySelector("[data-bulkbar]");
  if (!bar) return;
  const all = items();
  const chosen = all.filter((item) => item.checked);
  bar.hidden = chosen.length === 0;
  bar.querySelector("[data-bulk-count]").textContent = `${chosen.length} selected`;
  const every = document.querySelector("[data-bulk-all]");
  if (!every) return;
  every.closest("label").hidden = all.length === 0;
  every.checked = all.length > 0 && chosen.length === all.length;
  every.indeterminate = chosen.length > 0 && chosen.length < all.length;
}

let last = null;
document.addEventListener("click", (event) => {
  const item = event.target.closest("[data-bulk-item]");
  if (!item) return;
  const all = items();
  if (event.shiftKey && last) {
    const [from, to] = [all.indexOf(last), all.indexOf(item)].sort((a, b) => a - b);
    if (from >= 0) for (const one of all.slice(from, to + 1)) one.checked = item.checked;
  }
  last = item;
  show();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-bulk-all]")) for (const item of items()) item.checked = event.target.checked;
  show();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-bulk-none]")) return;
  for (const item of items()) item.checked = false;
  show();
});
document.addEventListener("htmx:afterSettle", show);
window.addEventListener("pageshow", show);
show();
