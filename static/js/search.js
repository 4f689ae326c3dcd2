// The search page by keyboard: arrows lead from the box into the results and back, Escape clears the box.
const field = document.querySelector("[data-search-input]");
const results = document.getElementById("results");
let wasInside = false;

function step(by) {
  // An event and not an import: the manifest gives modules hashed names, and an import would load it twice.
  document.dispatchEvent(new CustomEvent("msh:move", { detail: by }));
  document.querySelector("[data-item][data-selected] [data-item-link]")?.focus({ preventScroll: true });
}

function markInvalid() {
  if (document.querySelector("#search-notes [data-invalid]")) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

field?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") {
    event.preventDefault();
    step(1);
  } else if (event.key === "Escape" && !field.value) {
    field.blur();
  }
});

// What is written is asked for while one types; `change` comes when the box is left, and would ask for the same again.
field?.addEventListener("change", (event) => event.stopPropagation());

results?.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select, summary") || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  event.preventDefault();
  const first = results.querySelector("[data-item]");
  if (event.key === "ArrowUp" && (!first || first.hasAttribute("data-selected"))) {
    first?.removeAttribute("data-selected");
    field.focus();
  } else {
    step(event.key === "ArrowDown" ? 1 : -1);
  }
});

// A reranker takes seconds, perhaps money, a question: it waits until the question is written (Enter, or a choice).
document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id === "search" && event.detail.triggeringEvent?.type === "input") delete event.detail.parameters.rerank;
});

// What had the keyboard's focus may be gone once new results are there.
document.addEventListener("htmx:beforeSwap", () => (wasInside = results.contains(document.activeElement)));
document.addEventListener("htmx:afterSwap", () => {
  if (wasInside && document.activeElement === document.body) field.focus({ preventScroll: true });
  markInvalid();
});

if (field) {
  markInvalid();
  if (!field.value) field.focus({ preventScroll: true });
}
