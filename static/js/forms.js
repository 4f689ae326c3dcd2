// Forms: text areas that grow, Ctrl+Enter, fields that submit on change, a guard for unsaved text, no double sending.
function grow(area) {
  area.style.height = "auto"; // set through the object model, which the content security policy allows
  area.style.height = `${Math.min(area.scrollHeight + 2, window.innerHeight * 0.7)}px`;
}

function growAll(root) {
  for (const area of root.querySelectorAll("textarea[data-autosize]")) grow(area);
}

const guarded = () => [...document.querySelectorAll("form[data-guard]")];
const snapshot = (form) => new URLSearchParams([...new FormData(form)].filter(([, v]) => typeof v === "string")).toString();
const saved = new WeakMap();
let leaving = false;

for (const form of document.querySelectorAll("form[data-submit-at-once]")) form.submit();

document.addEventListener("input", (event) => {
  if (event.target.matches("textarea[data-autosize]")) grow(event.target);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form?.matches("[data-ctrl-enter]")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

document.addEventListener("change", (event) => {
  // Where htmx looks after the form, it sends by itself.
  const form = event.target.form;
  if (form?.matches("[data-auto-submit]") && !form.matches("[hx-get]")) form.requestSubmit();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  leaving = true;
  if (form.method !== "post" || form.matches("[hx-post]")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  const button = event.submitter;
  if (button?.dataset.busy) setTimeout(() => (button.lastChild.textContent = button.dataset.busy));
});

// Empty fields stay out of the address of a search. htmx reads its forms through FormData too, so this serves both.
document.addEventListener("formdata", ({ target, formData }) => {
  if (target.method !== "get") return;
  for (const name of new Set(formData.keys())) if (formData.getAll(name).every((value) => value === "")) formData.delete(name);
});

window.addEventListener("pageshow", () => {
  leaving = false;
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

window.addEventListener("beforeunload", (event) => {
  if (!leaving && guarded().some((form) => saved.get(form) !== snapshot(form))) event.preventDefault();
});

document.addEventListener("htmx:afterRequest", () => {
  leaving = false;
});
document.addEventListener("htmx:load", (event) => {
  growAll(event.target);
  for (const form of guarded()) if (!saved.has(form)) saved.set(form, snapshot(form));
});
growAll(document);
for (const form of guarded()) saved.set(form, snapshot(form));
