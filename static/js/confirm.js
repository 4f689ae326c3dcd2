// Ask before what cannot be undone. Without JavaScript the server asks on a page of its own (no `confirmed` field).
const dialog = document.getElementById("confirm");

function ask(form, submitter) {
  dialog.querySelector("[data-confirm-title]").textContent = form.dataset.confirm;
  dialog.querySelector("[data-confirm-text]").textContent = form.dataset.confirmDetail ?? "";
  dialog.querySelector("[data-confirm-yes]").textContent = form.dataset.confirmLabel || "Continue";
  dialog.returnValue = "no";
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && send(form, submitter), { once: true });
  dialog.showModal();
}

function send(form, submitter) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "confirmed", value: "1" });
  form.append(field);
  form.requestSubmit(submitter);
}

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!dialog || !form.dataset.confirm || form.querySelector("[name=confirmed]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(form, event.submitter);
  },
  true,
);
