// The memory map: tens of thousands of points on a canvas, to move, zoom, look at, open, and draw a lasso around.
// Without JavaScript the page is its list of topics.
const root = document.getElementById("map");
const canvas = root?.querySelector("canvas");
const pen = canvas?.getContext("2d");

const HOVER_PX = 9;
const CLICK_PX = 4;
const LISTED = 30;
const GRID = 100;
const WAIT_MS = 120;
const STEPS = 10000;
const GOLDEN = 137.508;

const map = { ids: "", xs: [], ys: [], topics: [], count: 0 };
const topics = [...document.querySelectorAll("[data-topic]")];
const numbers = new Map(topics.map((link, number) => [link.dataset.topic, number]));
const titles = new Map();
let view = { zoom: 1, x: 0, y: 0 };
let size = { width: 0, height: 0, ratio: 1 };
let mode = "move";
let only = null;
let lasso = [];
let chosen = new Set();
let grid = new Map();
let waiting = 0;
let drawing = false;
let ink = {};

const idOf = (n) => map.ids.slice(n * 32, n * 32 + 32);
const dashed = (id) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
const urlOf = (n) => root.dataset.memory.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, dashed(idOf(n)));
const side = () => Math.min(size.width, size.height);
const px = (n) => (size.width - side() * view.zoom) / 2 + view.x + map.xs[n] * side() * view.zoom;
const py = (n) => (size.height - side() * view.zoom) / 2 + view.y + map.ys[n] * side() * view.zoom;
const isShown = (n) => only === null || map.topics[n] === only;

function hue(number) {
  const light = ink.isDark ? 66 : 40;
  return number < 0 ? ink.none : `hsl(${((number * GOLDEN) % 360).toFixed(1)} ${ink.isDark ? 62 : 58}% ${light + (number % 3) * (ink.isDark ? 6 : 5)}%)`;
}

function readInk() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  ink = { isDark: style.colorScheme.includes("dark"), none: value("--line-strong"), text: value("--ink"), paper: value("--surface"), accent: value("--accent") };
  topics.forEach((link, number) => link.querySelector(".swatch")?.setAttribute("fill", hue(number)));
}

function fit() {
  const box = canvas.parentElement.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  size = { width: box.width, height: box.height, ratio };
  canvas.width = Math.round(box.width * ratio);
  canvas.height = Math.round(box.height * ratio);
  draw();
}

function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    pen.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
    pen.clearRect(0, 0, size.width, size.height);
    drawPoints();
    drawLabels();
    drawLasso();
  });
}

function drawPoints() {
  const radius = Math.min(5, Math.max(1.4, 1.1 * Math.sqrt(view.zoom) * (map.count < 3000 ? 2 : map.count < 20000 ? 1.5 : 1)));
  let last = null;
  for (const n of map.order ?? []) {
    const x = px(n), y = py(n);
    if (x < -9 || y < -9 || x > size.width + 9 || y > size.height + 9) continue;
    const shown = isShown(n);
    const tone = !shown ? "faint" : chosen.has(n) ? "chosen" : map.topics[n];
    if (tone !== last) {
      pen.globalAlpha = tone === "faint" ? 0.12 : tone === -1 ? 0.4 : 0.85;
      pen.fillStyle = tone === "chosen" ? ink.accent : hue(map.topics[n]);
      last = tone;
    }
    const r = chosen.has(n) ? radius + 1.5 : radius;
    pen.fillRect(x - r, y - r, 2 * r, 2 * r);
  }
  pen.globalAlpha = 1;
}

// Names of topics where there is room for them, the largest first.
function drawLabels() {
  const taken = [];
  pen.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
  pen.textAlign = "center";
  pen.lineJoin = "round";
  (map.centres ?? []).forEach((centre, number) => {
    if (!centre || (only !== null && only !== number)) return;
    const x = (size.width - side() * view.zoom) / 2 + view.x + centre.x * side() * view.zoom;
    const y = (size.height - side() * view.zoom) / 2 + view.y + centre.y * side() * view.zoom;
    const label = topics[number].dataset.label;
    const half = pen.measureText(label).width / 2 + 6;
    const box = [x - half, y - 10, x + half, y + 8];
    const clear = taken.every((other) => box[0] > other[2] || box[2] < other[0] || box[1] > other[3] || box[3] < other[1]);
    if (!clear || x < half || y < 12 || x > size.width - half || y > size.height - 8) return;
    taken.push(box);
    pen.lineWidth = 4;
    pen.strokeStyle = ink.paper;
    pen.strokeText(label, x, y + 4);
    pen.fillStyle = ink.text;
    pen.fillText(label, x, y + 4);
  });
}

function drawLasso() {
  if (lasso.length < 2) return;
  pen.beginPath();
  lasso.forEach(([x, y], n) => (n ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
  pen.lineWidth = 1.5;
  pen.strokeStyle = ink.accent;
  pen.stroke();
  pen.globalAlpha = 0.08;
  pen.fillStyle = ink.accent;
  pen.fill();
  pen.globalAlpha = 1;
}

function zoomTo(factor, x = size.width / 2, y = size.height / 2) {
  const zoom = Math.min(80, Math.max(0.5, view.zoom * factor));
  const real = zoom / view.zoom;
  view = { zoom, x: x - size.width / 2 - (x - size.width / 2 - view.x) * real, y: y - size.height / 2 - (y - size.height / 2 - view.y) * real };
  draw();
}

function near(x, y) {
  const scale = side() * view.zoom;
  const ux = (x - view.x - (size.width - scale) / 2) / scale;
  const uy = (y - view.y - (size.height - scale) / 2) / scale;
  const reach = Math.ceil((HOVER_PX / scale) * GRID);
  if (reach > 8) return nearest(map.order ?? [], x, y);
  const found = [];
  for (let gx = Math.floor(ux * GRID) - reach; gx <= Math.floor(ux * GRID) + reach; gx++)
    for (let gy = Math.floor(uy * GRID) - reach; gy <= Math.floor(uy * GRID) + reach; gy++) found.push(...(grid.get(gx * 1000 + gy) ?? []));
  return nearest(found, x, y);
}

function nearest(among, x, y) {
  let best = -1, least = HOVER_PX ** 2;
  for (const n of among) {
    const far = (px(n) - x) ** 2 + (py(n) - y) ** 2;
    if (far <= least && isShown(n)) [best, least] = [n, far];
  }
  return best;
}

async function titlesOf(points) {
  const missing = points.map(idOf).filter((id) => !titles.has(id));
  if (missing.length) {
    const answer = await fetch(`${root.dataset.titles}?ids=${missing.join(",")}`);
    if (answer.ok) for (const [id, told] of Object.entries((await answer.json()).titles)) titles.set(id, told);
  }
  return points.map((n) => titles.get(idOf(n)) ?? { title: "…", at: "" });
}

const tip = root?.querySelector("[data-tip]");
function hover(x, y) {
  const n = near(x, y);
  canvas.classList.toggle("pointing", n >= 0 && mode === "move");
  clearTimeout(waiting);
  if (n < 0) return (tip.hidden = true);
  waiting = setTimeout(async () => {
    const [told] = await titlesOf([n]);
    const topic = topics[map.topics[n]]?.dataset.label;
    tip.textContent = [told.title, [told.at, topic].filter(Boolean).join(" · ")].filter(Boolean).join("\n");
    tip.hidden = false;
    tip.style.left = `${Math.min(x + 12, size.width - tip.offsetWidth - 4)}px`;
    tip.style.top = `${y + 14 + tip.offsetHeight > size.height ? y - tip.offsetHeight - 8 : y + 14}px`;
  }, WAIT_MS);
}

function inside(x, y) {
  let is = false;
  for (let i = 0, j = lasso.length - 1; i < lasso.length; j = i++) {
    const [xi, yi] = lasso[i], [xj, yj] = lasso[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) is = !is;
  }
  return is;
}

const panel = document.getElementById("map-selected");
async function choose(more) {
  const most = Number(root.dataset.most);
  const found = (map.order ?? []).filter((n) => isShown(n) && inside(px(n), py(n)));
  const all = [...new Set([...(more ? chosen : []), ...found])];
  chosen = new Set(all.slice(0, most));
  lasso = [];
  draw();
  await list(all.length > most ? `The first ${most} of ${all.length.toLocaleString()} selected` : `${all.length.toLocaleString()} selected`);
}

async function list(told) {
  panel.hidden = chosen.size === 0;
  panel.querySelector("[data-bulk-count]").textContent = told;
  const holder = panel.querySelector("[data-chosen]");
  holder.replaceChildren(...[...chosen].map((n) => Object.assign(document.createElement("input"), { type: "hidden", name: "ids", value: dashed(idOf(n)) })));
  const shown = [...chosen].slice(0, LISTED);
  const named = await titlesOf(shown);
  panel.querySelector("[data-listed]").replaceChildren(...shown.map((n, at) => row(urlOf(n), named[at])));
}

function row(href, told) {
  const [item, link, text, when] = ["li", "a", "p", "small"].map((name) => document.createElement(name));
  Object.assign(link, { href, className: "item" });
  text.textContent = told.title;
  when.textContent = told.at;
  link.append(text, when);
  item.append(link);
  return item;
}

const touches = new Map();
let start = null;
function listen() {
  const at = (event) => [event.offsetX, event.offsetY];
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    touches.set(event.pointerId, at(event));
    start = { at: at(event), view: { ...view }, moved: false };
    if (mode === "select" && touches.size === 1) lasso = [at(event)];
    tip.hidden = true;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = at(event);
    if (!touches.has(event.pointerId)) return hover(x, y);
    const before = touches.get(event.pointerId);
    if (touches.size === 2) pinch(event.pointerId, [x, y]);
    else if (mode === "select") lasso.push([x, y]);
    else view = { ...view, x: view.x + x - before[0], y: view.y + y - before[1] };
    touches.set(event.pointerId, [x, y]);
    if (start && Math.hypot(x - start.at[0], y - start.at[1]) > CLICK_PX) start.moved = true;
    draw();
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => {
    touches.delete(event.pointerId);
    if (touches.size || !start) return;
    if (mode === "select" && lasso.length > 2) choose(event.shiftKey);
    else if (!start.moved && name === "pointerup" && mode === "move") open(...at(event));
    start = null;
    lasso = [];
  });
  canvas.addEventListener("pointerleave", () => ((tip.hidden = true), clearTimeout(waiting)));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(Math.exp(-event.deltaY / (event.deltaMode ? 20 : 400)), ...at(event));
  }, { passive: false });
  canvas.addEventListener("keydown", keys);
}

function pinch(id, now) {
  const [other] = [...touches].filter(([key]) => key !== id).map(([, place]) => place);
  const before = touches.get(id);
  const apart = (one) => Math.max(10, Math.hypot(one[0] - other[0], one[1] - other[1]));
  lasso = [];
  zoomTo(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
}

function open(x, y) {
  const n = near(x, y);
  if (n >= 0) window.location.assign(urlOf(n));
}

function keys(event) {
  const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
  if (step) view = { ...view, x: view.x + step[0], y: view.y + step[1] };
  else if (event.key === "+" || event.key === "=") zoomTo(1.5);
  else if (event.key === "-") zoomTo(1 / 1.5);
  else if (event.key === "0") view = { zoom: 1, x: 0, y: 0 };
  else return;
  event.preventDefault();
  event.stopPropagation();
  draw();
}

function setMode(wanted) {
  mode = wanted;
  canvas.classList.toggle("selecting", mode === "select");
  for (const button of root.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
}

root?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.mode) setMode(button.dataset.mode);
  else if (button?.dataset.zoom === "0") (view = { zoom: 1, x: 0, y: 0 }), draw();
  else if (button?.dataset.zoom) zoomTo(Number(button.dataset.zoom));
});

// Looking at a topic in the list dims the others.
for (const [number, link] of topics.entries()) {
  for (const name of ["pointerenter", "focus"]) link.addEventListener(name, () => ((only = number), draw()));
  for (const name of ["pointerleave", "blur"]) link.addEventListener(name, () => ((only = null), draw()));
}

function add(page) {
  map.ids += page.ids;
  for (let at = 0; at < page.points.length; at += 3) {
    map.xs.push(page.points[at] / STEPS);
    map.ys.push(page.points[at + 1] / STEPS);
    map.topics.push(numbers.get(page.points[at + 2]) ?? -1);
  }
  for (let n = map.count; n < map.xs.length; n++) {
    const key = Math.floor(map.xs[n] * GRID) * 1000 + Math.floor(map.ys[n] * GRID);
    if (grid.has(key)) grid.get(key).push(n);
    else grid.set(key, [n]);
  }
  map.count = map.xs.length;
  // By topic, those of none first: then colours change seldom, and no stray hides what has one.
  const members = Array.from({ length: topics.length + 1 }, () => []);
  for (let n = 0; n < map.count; n++) members[map.topics[n] + 1].push(n);
  map.order = members.flat();
  map.centres = members.slice(1).map(middle);
}

function middle(points) {
  if (!points.length) return null;
  const half = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  return { x: half(points.map((n) => map.xs[n])), y: half(points.map((n) => map.ys[n])) };
}

async function load() {
  const count = root.querySelector("[data-count]");
  let after = "";
  do {
    const answer = await fetch(root.dataset.points + (after ? `?after=${after}` : ""));
    if (!answer.ok) return (count.textContent = "The map could not be loaded. Try again.");
    const page = await answer.json();
    add(page);
    after = page.after;
    count.textContent = `${map.count.toLocaleString()} memories`;
    draw();
  } while (after);
}

if (root) {
  root.hidden = false;
  readInk();
  new ResizeObserver(fit).observe(canvas.parentElement);
  const retint = () => (readInk(), draw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", retint);
  new MutationObserver(retint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  listen();
  fit();
  load();
}
