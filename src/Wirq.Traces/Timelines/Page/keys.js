// Pointer, wheel and keys.
const byId = id => document.getElementById(id);

function nextIn(lane, step) {
  const items = byLane[lane]?.items ?? [];
  if (items.length === 0) return null;
  const now = state.selected;
  const index = now && laneOf(now) === lane ? items.findIndex(item => item.type === now.type && item.index === now.index) : -1;
  if (index >= 0) return items[Math.min(items.length - 1, Math.max(0, index + step))];
  const at = now ? now.at : nearest((state.from + state.to) / 2);
  return items.reduce((best, item) => Math.abs(item.at - at) < Math.abs(best.at - at) ? item : best);
}

function nextLane(step) {
  const index = rows.findIndex(row => row.lane === state.lane);
  for (let i = index + step; i >= 0 && i < rows.length; i += step) {
    const item = nextIn(rows[i].lane, 0);
    if (item) return item;
  }
  return state.selected;
}

function nextOwed(step) {
  if (owed.length === 0) return;
  const now = state.selected?.type === "owed" ? state.selected.index : step > 0 ? -1 : owed.length;
  const index = (now + step + owed.length) % owed.length;
  show({ type: "owed", index, at: owed[index].at, end: last });
}

function switchAxis() {
  const from = nearest(state.from), to = nearest(state.to);
  state.byTime = !state.byTime;
  byId("axis").setAttribute("aria-pressed", state.byTime);
  move(coordinate(from), Math.max(coordinate(to), coordinate(from) + 1));
  if (state.selected && (coordinate(state.selected.at) < state.from || coordinate(state.selected.at) > state.to)) centre(coordinate(state.selected.at));
  redraw();
}

function switchArrows() {
  state.arrows = !state.arrows;
  byId("arrows").setAttribute("aria-pressed", state.arrows);
  redraw();
}

function switchTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches, root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : dark;
  root.dataset.theme = isDark ? "light" : "dark";
  recolour();
}

function recolour() {
  readColours();
  drawLegend();
  redraw();
}

const keys = {
  "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1 / 0.6), "−": () => zoom(1 / 0.6), "0": all,
  n: () => nextOwed(1), p: () => nextOwed(-1), t: switchAxis, a: switchArrows, c: switchTheme,
  "/": () => search.focus(), "?": () => byId("keys").showModal(),
  Escape: () => { state.selected = null; describe(); redraw(); },
};
const keysOfView = {
  ArrowLeft: e => e.shiftKey ? pan(-0.25) : show(nextIn(state.lane, -1)), ArrowRight: e => e.shiftKey ? pan(0.25) : show(nextIn(state.lane, 1)),
  ArrowUp: () => show(nextLane(-1)), ArrowDown: () => show(nextLane(1)),
  Home: () => { goTo(0); }, End: () => { goTo(last); },
};

document.addEventListener("keydown", e => {
  if (e.ctrlKey || e.metaKey || e.altKey || byId("keys").open) return;
  if (e.target === search) {
    if (e.key === "Escape") { search.value = ""; filter(); view.focus(); }
    if (e.key === "Enter" && state.hits.length) {
      const now = state.hits.findIndex(hit => state.selected && hit.type === state.selected.type && hit.index === state.selected.index);
      show(state.hits[(now + (e.shiftKey ? state.hits.length - 1 : 1)) % state.hits.length]);
    }
    return;
  }
  const action = keys[e.key] || (e.target === view || e.target === document.body ? keysOfView[e.key] : null);
  if (!action) return;
  e.preventDefault();
  action(e);
});

view.addEventListener("wheel", e => {
  const around = Math.min(1, Math.max(0, (e.clientX - plot.getBoundingClientRect().left) / width));
  if (e.ctrlKey) { e.preventDefault(); zoom(Math.exp(e.deltaY * 0.004), around); }
  else if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) { e.preventDefault(); pan((e.deltaX || e.deltaY) / width); }
}, { passive: false });
view.addEventListener("scroll", redraw, { passive: true });

let drag = null;
canvas.addEventListener("pointerdown", e => { drag = { x: e.clientX, from: state.from, to: state.to, moved: false }; canvas.setPointerCapture(e.pointerId); });
canvas.addEventListener("pointermove", e => {
  if (!drag) return;
  const by = (e.clientX - drag.x) / width * (drag.to - drag.from);
  if (Math.abs(e.clientX - drag.x) > 4) drag.moved = true;
  if (!drag.moved) return;
  canvas.classList.add("drag");
  move(drag.from - by, drag.to - by);
  redraw();
});
canvas.addEventListener("pointerup", e => {
  const was = drag;
  drag = null;
  canvas.classList.remove("drag");
  if (was && !was.moved) pick(e);
});

function pick(e) {
  const box = canvas.getBoundingClientRect(), x = e.clientX - box.left, y = e.clientY - box.top + view.scrollTop;
  const row = rows.find(one => y >= one.y && y < one.y + one.h);
  if (!row) return;
  let best = null, least = 9;
  for (const item of byLane[row.lane].items) {
    const x0 = xOf(item.at), x1 = Math.max(x0, item.type === "span" && spans[item.index][3] < 0 ? width : xOf(item.end));
    if (x1 < x - 9 || x0 > x + 9) continue;
    const [top, h] = item.type === "span" ? bandOf(row, spans[item.index][1]) : [row.y, row.h];
    const off = Math.max(x0 - x, x - x1, 0) + Math.max(top - y, y - top - h, 0) + (item.type === "span" ? (isBehind(spans[item.index][1]) ? 4 : 1) : Math.abs(x - x0) > 6 ? 9 : 0);
    if (off < least) [best, least] = [item, off];
  }
  state.lane = row.lane;
  if (best) show(best);
  else { state.selected = null; describe(); redraw(); }
}

labels.addEventListener("click", e => {
  const label = e.target.closest(".label");
  if (!label) return;
  state.lane = +label.dataset.lane;
  show(nextIn(state.lane, 0));
});

let sliding = false;
const slide = e => { const [from, to] = extent(); centre(from + (to - from) * (e.offsetX / overview.clientWidth)); redraw(); };
overview.addEventListener("pointerdown", e => { sliding = true; overview.setPointerCapture(e.pointerId); slide(e); });
overview.addEventListener("pointermove", e => { if (sliding) slide(e); });
overview.addEventListener("pointerup", () => { sliding = false; });

function drawLegend() {
  const legend = byId("legend");
  legend.textContent = "";
  for (const kind of [Asserted, Requested, InService, RemoteIrr, Masked, Withheld, Braked, NotKnown]) {
    if (!spans.some(s => s[1] === kind)) continue;
    add(words.legend[kind], pen => paintSpan(pen, kind, 0, 1, 34, 12));
  }
  for (const kind of new Set(instants.map(one => one[1]))) add(words.instants[kind], pen => drawInstant(pen, kind, 17, 0, 14));
  if (owed.some(one => one.rank < 2)) {
    add("owed; the gate closed at the bar", pen => {
      pen.strokeStyle = pen.fillStyle = colours.owed;
      pen.lineWidth = 2;
      pen.setLineDash([7, 3]);
      pen.strokeRect(10, 1.5, 40, 11);
      pen.setLineDash([]);
      pen.fillRect(4, 0, 3, 14);
    });
  }

  function add(text, paint) {
    const one = document.createElement("span"), swatch = document.createElement("canvas");
    swatch.setAttribute("aria-hidden", "true");
    one.append(swatch, text);
    legend.append(one);
    paint(sizeTo(swatch, 34, 14));
  }
}

search.addEventListener("input", filter);
byId("in").addEventListener("click", () => zoom(0.6));
byId("out").addEventListener("click", () => zoom(1 / 0.6));
byId("fit").addEventListener("click", all);
byId("axis").addEventListener("click", switchAxis);
byId("arrows").addEventListener("click", switchArrows);
byId("theme").addEventListener("click", switchTheme);
byId("help").addEventListener("click", () => byId("keys").showModal());
for (const go of document.querySelectorAll("#answers .go"))
  go.addEventListener("click", () => { const index = +go.dataset.owed; show({ type: "owed", index, at: owed[index].at, end: last }); view.focus(); });
for (const go of document.querySelectorAll("#answers [data-mark]"))
  go.addEventListener("click", () => goTo(+go.dataset.mark));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
new ResizeObserver(redraw).observe(view);

readColours();
place();
drawLegend();
describe();
// All of it if it can be read; else the end, which is what one asks about, from where the first interrupt is owed.
const readable = 260;
if (last <= readable) move(...extent());
else {
  const firm = owed.filter(one => one.rank < 2).map(one => one.at), at = firm.length ? Math.min(...firm) : last;
  move(Math.max(0, at - readable * 0.6), Math.max(0, at - readable * 0.6) + readable);
}
redraw();
