// Switch between light and dark; the choice is a cookie so that the server renders it without a flash.
const root = document.documentElement;
const system = window.matchMedia("(prefers-color-scheme: dark)");

const isDark = () => (root.dataset.theme === "system" ? system.matches : root.dataset.theme === "dark");

function show() {
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.hidden = false;
    const use = button.querySelector("use");
    use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, isDark() ? "#sun" : "#moon"));
    const label = button.querySelector("[data-theme-label]");
    if (label) label.textContent = isDark() ? "Light" : "Dark";
  }
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  const chosen = isDark() ? "light" : "dark";
  // Back to what the system says means no choice at all, so that it follows the system again.
  root.dataset.theme = (chosen === "dark") === system.matches ? "system" : chosen;
  const age = root.dataset.theme === "system" ? 0 : 31536000;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `msh_theme=${root.dataset.theme}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
  show();
});
system.addEventListener("change", show);
show();
