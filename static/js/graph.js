// The graph explorer: facts as lines between people and things, on a canvas; d3-force lays them out.
// Without JavaScript the page is its list of facts.
const root = document.getElementById("graph");
const canvas = root?.querySelector("canvas");
const pen = canvas?.getContext("2d");
const form = document.getElementById("graph-form");
const side = document.getElementById("graph-side");
const tip = root?.querySelector("[data-tip]");
const slider = form?.querySelector("[data-slider]");

const DAY_MS = 86400000;
const CLICK_PX = 4;
const WAIT_MS = 250;
const FRAME_MS = 12;
const NAMES = 3000;
const GOLDEN = 137.508;

const swatches = [...document.querySelectorAll("[data-kind]")];
const kinds = new Map(swatches.map((swatch, number) => [swatch.dataset.kind, number]));
const nodes = new Map();
let links = [];
let marked = [];
let order = [];
let simulation = null;
let view = { zoom: 1, x: 0, y: 0 };
let size = { width: 0, height: 0, ratio: 1 };
let chosen = null;
let near = new Set();
let waiting = 0;
let asked = 0;
let drawing = false;
let moved = false;
let ink = {};

const px = (node) => size.width / 2 + view.x + node.x * view.zoom;
const py = (node) => size.height / 2 + view.y + node.y * view.zoom;
const radius = (node) => Math.min(16, 3.5 + 1.6 * Math.sqrt(node.degree)) * Math.min(1.6, Math.max(0.55, Math.sqrt(view.zoom)));

function hue(kind) {
  const number = kinds.get(kind) ?? kinds.size - 1;
  return number === kinds.size - 1 ? ink.none : `hsl(${((number * GOLDEN) % 360).toFixed(1)} ${ink.isDark ? 62 : 58}% ${ink.isDark ? 66 : 42}%)`;
}

function readInk() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  ink = { isDark: style.colorScheme.includes("dark"), none: value("--muted"), line: value("--line-strong"), text: value("--ink"), paper: value("--surface"), accent: value("--accent") };
  for (const swatch of swatches) swatch.setAttribute("fill", hue(swatch.dataset.kind));
}

function fit() {
  const box = canvas.parentElement.getBoundingClientRect();
  size = { width: box.width, height: box.height, ratio: window.devicePixelRatio || 1 };
  canvas.width = Math.round(box.width * size.ratio);
  canvas.height = Math.round(box.height * size.ratio);
  draw();
}

// One frame: as many steps of the layout as fit into it, then the picture.
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame((now) => {
    drawing = false;
    const isMoving = simulation && simulation.alpha() > simulation.alphaMin();
    if (isMoving) do simulation.tick(); while (performance.now() - now < FRAME_MS && simulation.alpha() > simulation.alphaMin());
    if (isMoving && !moved) showAll();
    paint();
    if (isMoving) draw();
    else if (simulation) root.dataset.settled = "yes";
  });
}

function paint() {
  pen.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
  pen.clearRect(0, 0, size.width, size.height);
  lines(links, ink.line, chosen ? 0.25 : 0.6, 1);
  lines(marked, ink.accent, 0.9, 1.6);
  for (const node of nodes.values()) {
    const x = px(node), y = py(node), r = radius(node);
    if (x < -r || y < -r || x > size.width + r || y > size.height + r) continue;
    pen.globalAlpha = !chosen || node === chosen || near.has(node) ? 1 : 0.25;
    pen.fillStyle = hue(node.kind);
    pen.beginPath();
    pen.arc(x, y, r, 0, 2 * Math.PI);
    pen.fill();
    if (node === chosen) ring(x, y, r + 3);
  }
  pen.globalAlpha = 1;
  names();
}

function lines(some, colour, alpha, width) {
  pen.globalAlpha = alpha;
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  for (const { source, target } of some) {
    pen.moveTo(px(source), py(source));
    pen.lineTo(px(target), py(target));
  }
  pen.stroke();
  pen.globalAlpha = 1;
}

function ring(x, y, r) {
  pen.strokeStyle = ink.accent;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.arc(x, y, r, 0, 2 * Math.PI);
  pen.stroke();
}

// Names where there is room: the chosen one and its neighbours first, then those with the most facts.
function names() {
  const taken = [];
  pen.textAlign = "center";
  pen.lineJoin = "round";
  pen.font = `500 12px ${getComputedStyle(document.body).fontFamily}`;
  for (const node of order) {
    const x = px(node), y = py(node) + radius(node) + 12;
    if (x < 0 || y < 12 || x > size.width || y > size.height) continue;
    if (chosen && node !== chosen && !near.has(node)) continue;
    const label = node.name.length > 32 ? `${node.name.slice(0, 31)}…` : node.name;
    const half = (node.half ??= pen.measureText(label).width / 2 + 4);
    const box = [x - half, y - 11, x + half, y + 4];
    if (!taken.every((other) => box[0] > other[2] || box[2] < other[0] || box[1] > other[3] || box[3] < other[1])) continue;
    taken.push(box);
    pen.lineWidth = 3.5;
    pen.strokeStyle = ink.paper;
    pen.strokeText(label, x, y);
    pen.fillStyle = ink.text;
    pen.fillText(label, x, y);
    if (taken.length > 120) break;
  }
}

function rank() {
  order = [...nodes.values()].sort((a, b) => weight(b) - weight(a)).slice(0, 400);
}

const weight = (node) => (node === chosen ? 1e6 : near.has(node) ? 1e5 : 0) + node.degree;

function zoomTo(factor, x = size.width / 2, y = size.height / 2) {
  moved = true;
  const zoom = Math.min(12, Math.max(0.05, view.zoom * factor));
  const real = zoom / view.zoom;
  view = { zoom, x: x - size.width / 2 - (x - size.width / 2 - view.x) * real, y: y - size.height / 2 - (y - size.height / 2 - view.y) * real };
  draw();
}

function showAll() {
  if (!nodes.size) return;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of nodes.values()) [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  const zoom = Math.min(2.5, 0.92 * Math.min(size.width / (right - left + 60), size.height / (bottom - top + 60)));
  view = { zoom, x: (-(left + right) / 2) * zoom, y: (-(top + bottom) / 2) * zoom };
}

function at(x, y) {
  let best = null, least = Infinity;
  for (const node of nodes.values()) {
    const far = Math.hypot(px(node) - x, py(node) - y) - radius(node);
    if (far < 6 && far < least) [best, least] = [node, far];
  }
  return best;
}

function hover(x, y) {
  const node = at(x, y);
  canvas.classList.toggle("pointing", node !== null);
  tip.hidden = node === null;
  if (!node) return;
  const facts = links.filter((link) => link.source === node || link.target === node);
  tip.textContent = [node.name, ...facts.slice(0, 4).map((link) => `${link.source.name} ${link.label} ${link.target.name}`), facts.length > 4 ? `and ${facts.length - 4} more` : ""].filter(Boolean).join("\n");
  tip.style.left = `${Math.max(4, Math.min(x + 12, size.width - tip.offsetWidth - 4))}px`;
  tip.style.top = `${y + 14 + tip.offsetHeight > size.height ? Math.max(4, y - tip.offsetHeight - 8) : y + 14}px`;
}

async function choose(node) {
  chosen = node;
  marked = links.filter((link) => link.source === node || link.target === node);
  near = new Set(marked.flatMap((link) => [link.source, link.target]));
  rank();
  draw();
  side.hidden = node === null;
  if (!node) return;
  const answer = await fetch(root.dataset.node.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, node.id), { headers: { "HX-Request": "true" } });
  if (chosen !== node) return;
  if (answer.ok) side.innerHTML = await answer.text();
  else side.textContent = "It could not be loaded. Try again.";
}

const touches = new Map();
let start = null;
function listen() {
  const place = (event) => [event.offsetX, event.offsetY];
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    touches.set(event.pointerId, place(event));
    start = { at: place(event), node: touches.size === 1 ? at(...place(event)) : null, isDrag: false };
    tip.hidden = true;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    if (!touches.has(event.pointerId)) return hover(x, y);
    const before = touches.get(event.pointerId);
    if (start && Math.hypot(x - start.at[0], y - start.at[1]) > CLICK_PX) start.isDrag = true;
    if (touches.size === 2) pinch(event.pointerId, [x, y]);
    else if (start?.isDrag && start.node) pull(start.node, x, y);
    else if (start?.isDrag) (moved = true), (view = { ...view, x: view.x + x - before[0], y: view.y + y - before[1] });
    touches.set(event.pointerId, [x, y]);
    draw();
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => {
    touches.delete(event.pointerId);
    if (touches.size || !start) return;
    if (!start.isDrag && name === "pointerup") choose(start.node);
    simulation?.alphaTarget(0);
    start = null;
  });
  canvas.addEventListener("pointerleave", () => (tip.hidden = true));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(Math.exp(-event.deltaY / (event.deltaMode ? 20 : 400)), ...place(event));
  }, { passive: false });
  canvas.addEventListener("keydown", keys);
}

function pull(node, x, y) {
  moved = true;
  node.fx = (x - size.width / 2 - view.x) / view.zoom;
  node.fy = (y - size.height / 2 - view.y) / view.zoom;
  simulation.alpha(Math.max(simulation.alpha(), 0.2));
}

function pinch(id, now) {
  const [other] = [...touches].filter(([key]) => key !== id).map(([, place]) => place);
  const before = touches.get(id);
  const apart = (one) => Math.max(10, Math.hypot(one[0] - other[0], one[1] - other[1]));
  zoomTo(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
}

function keys(event) {
  const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
  if (step) (moved = true), (view = { ...view, x: view.x + step[0], y: view.y + step[1] });
  else if (event.key === "+" || event.key === "=") zoomTo(1.5);
  else if (event.key === "-") zoomTo(1 / 1.5);
  else if (event.key === "0") showAll();
  else if (event.key === "Escape") choose(null);
  else return;
  event.preventDefault();
  event.stopPropagation();
  draw();
}

const find = root?.querySelector("[data-search]");
function search() {
  const words = find.value.trim().toLowerCase();
  if (!words) return;
  const hits = [...nodes.values()].filter((node) => node.name.toLowerCase().includes(words)).sort((a, b) => (b.name.toLowerCase() === words) - (a.name.toLowerCase() === words) || b.degree - a.degree);
  find.setCustomValidity(hits.length ? "" : "Nothing of that name is in this graph.");
  find.reportValidity();
  if (!hits.length) return;
  moved = true;
  const zoom = Math.max(view.zoom, 1.4);
  view = { zoom, x: -hits[0].x * zoom, y: -hits[0].y * zoom };
  choose(hits[0]);
}

function query() {
  const given = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...given]) if (!value) given.delete(name);
  return given;
}

async function load(extra = null) {
  const turn = (asked += 1);
  const count = root.querySelector("[data-count]");
  const wanted = query();
  if (extra) wanted.set("around", extra);
  const answer = await fetch(`${root.dataset.url}?${wanted}`);
  if (turn !== asked) return;
  if (!answer.ok) return (count.textContent = "The graph could not be loaded. Look at what you asked for.");
  const found = await answer.json();
  put(found, extra !== null);
  count.textContent = `${nodes.size.toLocaleString()} points, ${links.length.toLocaleString()} facts${found.total > links.length ? ` of ${found.total.toLocaleString()}` : ""}`;
  if (chosen) choose(nodes.get(chosen.id) ?? null);
}

// What stays keeps its place, so that the time can be turned and the eye follows.
function put(found, isMore) {
  const before = new Map(nodes);
  if (!isMore) nodes.clear();
  const listed = found.nodes.map(([id, kind, name, degree]) => {
    const node = nodes.get(id) ?? before.get(id) ?? { id };
    Object.assign(node, { kind, name, degree: isMore ? Math.max(degree, node.degree ?? 0) : degree });
    nodes.set(id, node);
    return node;
  });
  const fresh = found.edges.map(([source, target, label, statements]) => ({ source: listed[source], target: listed[target], label, statements }));
  const known = new Set(isMore ? links.map(keyOf) : []);
  links = isMore ? [...links, ...fresh.filter((link) => !known.has(keyOf(link)))] : fresh;
  document.getElementById("graph-names").replaceChildren(...[...nodes.values()].slice(0, NAMES).map((node) => Object.assign(document.createElement("option"), { value: node.name })));
  rank();
  layOut(before.size > 0);
}

const keyOf = (link) => `${link.source.id} ${link.label} ${link.target.id}`;

function layOut(isWarm) {
  const { forceSimulation, forceLink, forceManyBody, forceX, forceY } = window.d3;
  simulation ??= forceSimulation()
    .stop()
    .alphaDecay(0.035)
    .force("charge", forceManyBody().strength(-70).distanceMax(500).theta(1))
    .force("x", forceX().strength(0.05))
    .force("y", forceY().strength(0.05));
  simulation.nodes([...nodes.values()]);
  simulation.force("link", forceLink(links).distance(46).strength((link) => 0.9 / Math.min(link.source.degree, link.target.degree)));
  simulation.alpha(isWarm ? 0.4 : 1);
  delete root.dataset.settled;
  draw();
}

async function list() {
  const answer = await fetch(`${form.action.split("?")[0]}?${query()}`, { headers: { "HX-Request": "true" } });
  if (answer.ok) document.getElementById("graph-list").innerHTML = await answer.text();
}

function again() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    history.replaceState(null, "", `?${query()}`);
    load();
    list();
  }, WAIT_MS);
}

function turnTime() {
  const first = Date.parse(root.dataset.first), today = Date.parse(root.dataset.today);
  const day = new Date(first + Math.round(((today - first) * Number(slider.value)) / 1000 / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
  form.elements.as_of.value = slider.value === slider.max ? "" : day;
  slider.setAttribute("aria-valuetext", slider.value === slider.max ? "today" : day);
  again();
}

function setSlider() {
  const first = Date.parse(root.dataset.first), today = Date.parse(root.dataset.today), day = Date.parse(form.elements.as_of.value);
  slider.value = Number.isNaN(day) || today === first ? slider.max : String(Math.round((1000 * (day - first)) / (today - first)));
}

if (root) {
  root.hidden = false;
  form.querySelector("[data-time]").hidden = root.dataset.first >= root.dataset.today;
  readInk();
  setSlider();
  new ResizeObserver(fit).observe(canvas.parentElement);
  const retint = () => (readInk(), draw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", retint);
  new MutationObserver(retint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  root.addEventListener("click", (event) => {
    const zoom = event.target.closest("button")?.dataset.zoom;
    if (zoom === "0") (showAll(), draw());
    else if (zoom) zoomTo(Number(zoom));
  });
  side.addEventListener("click", (event) => {
    if (event.target.closest("[data-expand]") && chosen) load(chosen.id);
  });
  find.addEventListener("change", search);
  find.addEventListener("input", () => find.setCustomValidity(""));
  find.addEventListener("keydown", (event) => event.key === "Enter" && search());
  slider.addEventListener("input", turnTime);
  form.addEventListener("change", (event) => {
    if (event.target === slider) return;
    setSlider();
    again();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    again();
  });
  listen();
  fit();
  load();
}
