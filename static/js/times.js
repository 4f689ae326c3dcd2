// Show moments in the reader's own time zone; the server writes UTC.
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function local(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.valueOf())) time.title = full.format(at);
  }
}

document.addEventListener("htmx:load", (event) => local(event.target));
local(document);
