// The search field steers the result list: arrows move the selection, Enter opens it, Escape clears.
const field = document.querySelector("[data-search-input]");

function open(event) {
  const chosen = document.querySelector('[data-item][data-selected] [data-item-link]');
  if (!chosen) return;
  event.preventDefault();
  chosen.click();
}

field?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    // An event and not an import: the manifest gives modules hashed names, and an import would load it twice.
    document.dispatchEvent(new CustomEvent("msh:move", { detail: event.key === "ArrowDown" ? 1 : -1 }));
  } else if (event.key === "Enter") {
    open(event);
  } else if (event.key === "Escape") {
    if (!field.value) field.blur();
  }
});

if (field && !field.value) field.focus({ preventScroll: true });
