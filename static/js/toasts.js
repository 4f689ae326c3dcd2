// Toasts close by button or by themselves, and say when the server does not answer.
const STAY_MS = 7000;
const AT_MOST = 3;
const region = document.getElementById("toasts");
const waiting = new WeakMap();

function start(toast) {
  if (toast.matches(":hover, :focus-within")) return;
  clearTimeout(waiting.get(toast));
  waiting.set(toast, setTimeout(() => toast.remove(), STAY_MS));
}

function prepare(toast) {
  for (const old of [...region.querySelectorAll("[data-toast]")].slice(0, -AT_MOST)) old.remove();
  const close = toast.querySelector("[data-toast-close]");
  if (close) close.hidden = false;
  if (toast.getAttribute("role") === "alert") return;
  start(toast);
  toast.addEventListener("mouseenter", () => clearTimeout(waiting.get(toast)));
  toast.addEventListener("focusin", () => clearTimeout(waiting.get(toast)));
  toast.addEventListener("mouseleave", () => start(toast));
  toast.addEventListener("focusout", () => setTimeout(() => start(toast)));
}

function say(text) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.toast = "";
  const line = document.createElement("p");
  line.textContent = text;
  toast.append(line);
  region.append(toast);
}

if (region) {
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.matches?.("[data-toast]")) prepare(node);
  }).observe(region, { childList: true });
  region.querySelectorAll("[data-toast]").forEach(prepare);
  region.addEventListener("click", (event) => {
    if (event.target.closest("[data-toast-close]")) event.target.closest("[data-toast]").remove();
  });
  region.addEventListener("htmx:afterRequest", (event) => event.target.closest("[data-toast]")?.remove());
  document.addEventListener("msh:say", (event) => say(event.detail));
  document.addEventListener("htmx:sendError", () => say("The server does not answer. Is MEMSHADOW still running?"));
  document.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr;
    if (status === 401 || status === 403) say("You are signed out or may not do this. Reload the page.");
    else if (status === 404) say("It is not there any more. Reload the page.");
    else say("That did not work. Nothing was changed; try again.");
  });
}
