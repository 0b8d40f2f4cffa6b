// The page: its views, colours, and what pointer and keys do.

/** x to the right, z up, seen from slightly above. */
const FIRST_VIEW = multiply(about(0, radians(-68)), about(2, radians(-120)));

const app = {
  canvas: document.getElementById("surface"),
  grid: document.getElementById("grid"),
  renderer: null,
  palette: {},
  view: FIRST_VIEW,
  zoom: 1,
  shape: "radial",
  l: Math.min(3, LMAX),
  m: Math.min(1, LMAX),
  current: null,
  views: [],
};

// Colours

/** A colour of the style sheet as three numbers from 0 to 1. */
function colour(name) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  return [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16) / 255);
}

function css(rgb) {
  return `rgb(${rgb.map((x) => Math.round(255 * x)).join(" ")})`;
}

/** The colour of a number between -1 and 1: by sign, stronger for larger ones. */
function cellColour(value) {
  const strength = value === 0 ? 0 : 0.25 + 0.75 * Math.sqrt(Math.min(1, Math.abs(value)));
  const full = value < 0 ? app.palette.negative : app.palette.positive;
  return css(app.palette.neutral.map((x, i) => x + (full[i] - x) * strength));
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const other = theme === "dark" ? "light" : "dark";
  const button = document.getElementById("theme");
  button.textContent = other === "dark" ? "Dark" : "Light";
  button.setAttribute("aria-label", `Change to ${other} colours`);
  const names = ["ground", "ink", "faint", "line", "accent", "positive", "negative", "neutral"];
  for (const name of names) app.palette[name] = colour(name);
  app.current?.recolour?.();
  redraw();
}

// Frames

/** The part of the canvas around a point, with `scale` pixels for a unit of length. */
function frameAt(x, y, scale) {
  const { clientWidth: width, clientHeight: height } = app.canvas;
  return {
    stretch: [(2 * scale) / width, (2 * scale) / height],
    pan: [(2 * x) / width - 1, 1 - (2 * y) / height],
    x,
    y,
    scale,
  };
}

function wholeFrame() {
  const { clientWidth: width, clientHeight: height } = app.canvas;
  return frameAt(width / 2, height / 2, Math.min(width, height) * 0.4 * app.zoom);
}

/** Places of one size for drawings: side by side, or one above the other where that leaves more room. */
function placesFor(count) {
  const width = app.canvas.clientWidth;
  const height = app.canvas.clientHeight - document.getElementById("hint").offsetHeight;
  const beside = width > height;
  const size = beside ? Math.min(width / count, height) : Math.min(width, height / count);
  return Array.from({ length: count }, (_, i) => {
    const share = (i + 0.5) / count;
    const [x, y] = beside ? [width * share, height / 2] : [width / 2, height * share];
    return { x, y, size, beside, frame: frameAt(x, y, size * 0.36 * app.zoom) };
  });
}

/** A title above a drawing, or beside the label of its z axis where another drawing is above. */
function placeTitle(text, { x, y, size, beside }) {
  placeLabel(text, beside ? x : x - size * 0.3, Math.max(y - size * 0.46 - 8, 14));
}

/** The three axes with their names. */
function drawAxes(frame) {
  const ends = IDENTITY.map((axis) => axis.map((x) => 1.15 * x));
  const lines = ends.flatMap((end) => [end.map((x) => -x), end]);
  app.renderer.drawLines(lines, frame, app.view, app.palette.faint);
  ends.forEach((end, index) => labelPoint("xyz"[index], end.map((x) => 1.06 * x), frame));
}

/** A label at a point of a drawing. */
function labelPoint(text, point, frame) {
  const [right, up] = apply(app.view, point);
  placeLabel(text, frame.x + right * frame.scale, frame.y - up * frame.scale);
}

function placeLabel(text, x, y) {
  const label = element("span", {}, text);
  label.style.left = `${x}px`;
  label.style.top = `${y}px`;
  document.getElementById("labels").append(label);
}

let pending = 0;
let settling = 0;

/** Asks for one frame, and where drawing is slow for a finer one when all is still. */
function redraw() {
  pending ||= requestAnimationFrame(() => draw(false));
  clearTimeout(settling);
  if (app.renderer?.software) settling = setTimeout(() => draw(true), 300);
}

function draw(still) {
  if (!still) pending = 0;
  const { current, renderer } = app;
  if (!current) return;
  document.getElementById("labels").replaceChildren();
  const canvas = current.grid ? app.grid : app.canvas;
  if (renderer && !current.grid) renderer.clear(app.palette, still);
  if (renderer || current.grid) current.draw();
  canvas.setAttribute("aria-label", `${current.label()}. ${current.hint}`);
}

// Views

function openView(id) {
  const view = app.views.find((candidate) => candidate.id === id) ?? app.views[0];
  app.current = view;
  app.zoom = 1;
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const selected = tab.id === `tab-${view.id}`;
    tab.setAttribute("aria-selected", selected);
    tab.tabIndex = selected ? 0 : -1;
    if (selected) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  const panel = document.getElementById("panel");
  panel.setAttribute("aria-labelledby", `tab-${view.id}`);
  panel.replaceChildren(element("h2", {}, view.title));
  showCanvas(view);
  view.open(panel);
  history.replaceState(null, "", `#${view.id}`);
  redraw();
}

/** Shows the canvas that a view draws on, and what can be done there. */
function showCanvas(view) {
  app.grid.hidden = !view.grid;
  app.canvas.hidden = Boolean(view.grid);
  document.getElementById("hint").textContent = view.hint;
  document.getElementById("message").hidden = Boolean(app.renderer || view.grid);
}

function makeTabs() {
  const tabs = app.views.map((view) =>
    element(
      "button",
      { type: "button", role: "tab", id: `tab-${view.id}`, "aria-controls": "panel", onclick: () => openView(view.id) },
      view.title,
    ),
  );
  const bar = document.getElementById("tabs");
  bar.append(...tabs);
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const next = tabs[(app.views.indexOf(app.current) + step + tabs.length) % tabs.length];
    next.click();
    next.focus();
  });
}

// Pointer and keys

/** Turns the view, or what the view of the moment turns instead, by angles about the screen. */
function turn(right, down) {
  const rotation = multiply(about(1, right), about(0, down));
  if (!app.current.drag?.(rotation)) app.view = orthonormal(multiply(rotation, app.view));
  redraw();
}

function zoom(factor) {
  app.zoom = Math.max(0.4, Math.min(6, app.zoom * factor));
  redraw();
}

/** One pointer turns, two zoom, and one that hardly moves is a click. */
function followPointers(canvas) {
  const pointers = new Map();
  let moved = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a[0] - b[0], a[1] - b[1]);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    moved = pointers.size > 1 ? Infinity : 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    const last = pointers.get(event.pointerId);
    app.current.hover?.(x, y);
    if (!last) return;
    const before = pointers.size === 2 ? spread() : 0;
    pointers.set(event.pointerId, [x, y]);
    moved += Math.hypot(x - last[0], y - last[1]);
    if (pointers.size === 2) zoom(spread() / Math.max(before, 1));
    else if (moved > 4) turn((x - last[0]) / 150, (y - last[1]) / 150);
  });
  const end = (event) => {
    if (event.type === "pointerup" && pointers.size === 1 && moved <= 4) {
      app.current.click?.(...place(event));
    }
    pointers.delete(event.pointerId);
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (app.current.zooms === false) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 600));
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", followKeys);
}

function followKeys(event) {
  const step = radians(5);
  const actions = {
    ArrowLeft: () => turn(-step, 0),
    ArrowRight: () => turn(step, 0),
    ArrowUp: () => turn(0, -step),
    ArrowDown: () => turn(0, step),
    "+": () => zoom(1.1),
    "=": () => zoom(1.1),
    "-": () => zoom(1 / 1.1),
    0: () => {
      app.view = FIRST_VIEW;
      app.zoom = 1;
      redraw();
    },
  };
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (app.current.key?.(event)) event.preventDefault();
  else if (actions[event.key]) {
    event.preventDefault();
    actions[event.key]();
  }
}

function start() {
  try {
    app.renderer = new Renderer(app.canvas);
  } catch (error) {
    document.getElementById("message").textContent = error.message;
  }
  app.views = [oneView(), triangleView(), mixtureView(), turnView(), couplingView(), atomsView()];
  // A lost context takes every surface with it; the page makes them anew.
  app.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  app.canvas.addEventListener("webglcontextrestored", () => location.reload());
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => setTheme(dark.matches ? "dark" : "light"));
  setTheme(dark.matches ? "dark" : "light");
  document.getElementById("theme").addEventListener("click", () => {
    setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  });
  makeTabs();
  followPointers(app.canvas);
  followPointers(app.grid);
  new ResizeObserver(redraw).observe(document.getElementById("stage"));
  window.addEventListener("hashchange", () => openView(location.hash.slice(1)));
  openView(location.hash.slice(1));
}

start();

// For the console, and for the test in a browser.
window.gallery = {
  app, draw, redraw, openView, wigner, fromEuler,
  LMAX, HARMONICS, HARMONICS_AND_GRADIENTS, COUPLING, COUPLE, pull_back,
};
