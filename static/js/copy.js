// Copy buttons: data-copy holds the text. Shown only where the clipboard can be used.
function show(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
}

function done(button) {
  const use = button.querySelector("use");
  const before = use.getAttribute("href");
  use.setAttribute("href", before.replace(/#.*/, "#check"));
  button.setAttribute("aria-pressed", "true");
  setTimeout(() => {
    use.setAttribute("href", before);
    button.removeAttribute("aria-pressed");
  }, 1600);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  done(button);
  document.dispatchEvent(new CustomEvent("msh:say", { detail: "Copied." }));
});
document.addEventListener("htmx:load", (event) => show(event.target));
show(document);
