// Open <details> menus close on Escape and on a click elsewhere; dialogs open by data-open-dialog.
const menus = () => document.querySelectorAll("details.menu[open], details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

for (const opener of document.querySelectorAll("[data-open-dialog]")) opener.hidden = false;
