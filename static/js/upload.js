// Drop a file on the import box, see its size, and see how far the upload is.
const drop = document.querySelector("[data-drop]");
const form = drop?.closest("form");
const input = drop?.querySelector("input[type=file]");
const note = drop?.querySelector("[data-drop-note]");
const bar = form?.querySelector("[data-upload-progress]");

const size = (bytes) =>
  bytes < 1024 ** 2 ? `${Math.ceil(bytes / 1024)} KB` : bytes < 1024 ** 3 ? `${(bytes / 1024 ** 2).toFixed(1)} MB` : `${(bytes / 1024 ** 3).toFixed(2)} GB`;

function say() {
  const file = input.files[0];
  if (file && note) note.textContent = `${file.name}, ${size(file.size)}`;
}

function over(event, on) {
  event.preventDefault();
  drop.classList.toggle("over", on);
}

drop?.addEventListener("dragover", (event) => over(event, true));
drop?.addEventListener("dragleave", (event) => over(event, false));
drop?.addEventListener("drop", (event) => {
  over(event, false);
  if (!event.dataTransfer.files.length) return;
  input.files = event.dataTransfer.files;
  say();
});
input?.addEventListener("change", say);

form?.addEventListener("htmx:xhr:progress", (event) => {
  if (!bar || !event.detail.lengthComputable) return;
  bar.hidden = false;
  bar.querySelector("progress").value = event.detail.loaded / event.detail.total;
  bar.querySelector("[data-upload-text]").textContent =
    event.detail.loaded < event.detail.total
      ? `Uploading ${size(event.detail.loaded)} of ${size(event.detail.total)}`
      : "Checking the file";
});
