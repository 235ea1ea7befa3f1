// The canvas. Each kind has a place in its lane, a pattern and a colour, so that none is told by its colour alone.
const view = document.getElementById("view"), canvas = document.getElementById("canvas"), plot = document.getElementById("plot");
const labels = document.getElementById("labels"), sheet = document.getElementById("sheet"), flags = document.getElementById("flags");
const overview = document.getElementById("overview");
const AxisHeight = 24, Band = 13, Pad = 5, HeadingHeight = 20, LeastRow = 24, MostArrows = 500;
const state = { from: 0, to: Math.max(1, last), byTime: false, arrows: true, selected: null, lane: 0, query: "", hits: [], shown: null };

const coordinate = mark => state.byTime ? marks.x[mark] : mark;
const extent = () => { const a = coordinate(0), b = coordinate(last), pad = Math.max(1, b - a) * 0.015; return [a - pad, b + pad]; };
let width = 0, height = 0, colours = {}, rows = [];

const isSolid = kind => kind === Asserted || kind === InService;
const colourOf = kind => colours[["asserted", "remote", "requested", "service", "masked", "withheld", "braked", "unknown"][kind]];

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["paper", "ink", "soft", "line", "band", "accent", "asserted", "remote", "requested", "service", "masked", "withheld", "braked", "unknown", "owed", "select", "instant", "arrow"])
    colours[name] = style.getPropertyValue(`--${name}`).trim();
  patterns.clear();
}

const patterns = new Map();
function patternOf(kind) {
  if (patterns.has(kind)) return patterns.get(kind);
  const tile = document.createElement("canvas"), size = kind === Masked ? 7 : 6;
  tile.width = tile.height = size;
  const pen = tile.getContext("2d");
  pen.strokeStyle = pen.fillStyle = colourOf(kind);
  pen.lineWidth = kind === Masked ? 0.8 : 1.6;
  const stroke = (...points) => { pen.beginPath(); pen.moveTo(points[0], points[1]); pen.lineTo(points[2], points[3]); pen.stroke(); };
  if (kind === RemoteIrr || kind === Masked) { stroke(-1, size + 1, size + 1, -1); stroke(-1, 1, 1, -1); stroke(size - 1, size + 1, size + 1, size - 1); }
  if (kind === Requested) { pen.beginPath(); pen.arc(size / 2, size / 2, 1.2, 0, 7); pen.fill(); }
  if (kind === Withheld) stroke(0, size / 2, size, size / 2);
  if (kind === Braked) { stroke(0, size / 2, size, size / 2); stroke(size / 2, 0, size / 2, size); }
  const pattern = pen.createPattern(tile, "repeat");
  patterns.set(kind, pattern);
  return pattern;
}

function paintSpan(pen, kind, x, y, w, h) {
  const colour = colourOf(kind);
  if (kind === NotKnown) {
    pen.fillStyle = colour;
    pen.font = "600 10px ui-monospace, 'DejaVu Sans Mono', monospace";
    pen.textBaseline = "middle";
    for (let at = Math.ceil((Math.max(0, x) + 2) / 16) * 16; at + 6 < Math.min(x + w, width || x + w); at += 16) pen.fillText("?", at, y + h / 2);
    return;
  }
  if (kind === Masked) { pen.fillStyle = patternOf(kind); pen.fillRect(x, y, w, h); return; }
  pen.fillStyle = colours.paper;
  pen.fillRect(x, y, w, h);
  pen.fillStyle = isSolid(kind) ? colour : patternOf(kind);
  pen.fillRect(x, y, w, h);
  if (kind === InService && w > 6) {
    // A dark edge at its begin: a CPU took it here.
    pen.fillStyle = colours.paper;
    pen.fillRect(x + 3, y + 2, 1.5, h - 4);
  }
  if (w > 3) { pen.strokeStyle = colour; pen.lineWidth = 1; pen.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1); }
}

const xOf = mark => (coordinate(mark) - state.from) / (state.to - state.from) * width;

// Where each lane is, headings above the first of a part.
function place() {
  rows = [];
  let y = AxisHeight, heading = "";
  labels.textContent = "";
  lanes.forEach((lane, i) => {
    if (state.shown && !state.shown.has(i)) return;
    if (lane.h !== heading) {
      heading = lane.h;
      add("heading", heading, y, HeadingHeight);
      y += HeadingHeight;
    }
    const h = Math.max(LeastRow, byLane[i].kinds.length * Band + 2 * Pad);
    const label = add("label", lane.n, y, h);
    label.dataset.lane = i;
    label.title = lane.n;
    if (byLane[i].marks.some(m => owed[m].rank < 2)) label.classList.add("owed");
    rows.push({ lane: i, y, h, label });
    y += h;
  });
  sheet.style.height = `${Math.max(y + 8, 60)}px`;

  function add(kind, text, top, h) {
    const one = document.createElement("div"), inner = document.createElement("span");
    one.className = kind;
    inner.textContent = text;
    one.append(inner);
    one.style.top = `${top}px`;
    one.style.height = `${h}px`;
    labels.append(one);
    return one;
  }
}

const rowOf = lane => rows.find(row => row.lane === lane);

function bandOf(row, kind) {
  const kinds = byLane[row.lane].kinds, n = Math.max(1, kinds.length);
  if (isBehind(kind)) return [row.y + 1, row.h - 2];
  const i = Math.max(0, kinds.indexOf(kind)), h = n === 1 ? Math.min(Band, row.h - 2 * Pad) : Band;
  return [row.y + (row.h - n * h) / 2 + i * h + 0.5, h - 2];
}

let asked = false;
function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; draw(); });
}

function sizeTo(target, w, h) {
  const ratio = window.devicePixelRatio || 1;
  if (target.width !== Math.round(w * ratio) || target.height !== Math.round(h * ratio)) {
    target.width = Math.round(w * ratio);
    target.height = Math.round(h * ratio);
    target.style.height = `${h}px`;
  }
  const pen = target.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, w, h);
  return pen;
}

function draw() {
  width = plot.clientWidth;
  height = view.clientHeight;
  const pen = sizeTo(canvas, width, height), top = view.scrollTop;
  pen.save();
  pen.translate(0, -top);
  const visible = rows.filter(row => row.y + row.h > top + AxisHeight && row.y < top + height);
  for (const row of visible) drawRow(pen, row);
  drawOwed(pen, visible);
  drawArrows(pen, top);
  drawSelected(pen);
  pen.restore();
  drawAxis(pen);
  placeFlags(top);
  drawOverview();
  for (const row of rows) row.label.classList.toggle("current", row.lane === state.lane && state.selected !== null);
}

function firstVisible(list, endOf) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (coordinate(endOf(list[middle])) < state.from) low = middle + 1; else high = middle;
  }
  return low;
}

function drawRow(pen, row) {
  const lane = byLane[row.lane];
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1;
  pen.beginPath(); pen.moveTo(0, row.y + row.h - 0.5); pen.lineTo(width, row.y + row.h - 0.5); pen.stroke();
  for (const kind of [NotKnown, Masked, ...lane.kinds]) {
    const list = lane.spans.get(kind);
    if (!list) continue;
    const [y, h] = bandOf(row, kind), endOf = i => spans[i][3] < 0 ? last : spans[i][3];
    let filled = -1;
    for (let k = firstVisible(list, endOf); k < list.length; k++) {
      const s = spans[list[k]], x0 = Math.max(-4, xOf(s[2]));
      if (x0 > width) break;
      const x1 = Math.min(width + 4, s[3] < 0 ? Math.max(xOf(last), width + 4) : xOf(s[3])), w = Math.max(2, x1 - x0);
      // What is closer than a pixel is drawn once.
      if (x0 + w <= filled) continue;
      filled = x0 + w;
      paintSpan(pen, kind, x0, y, w, h);
      const text = s[4] >= 0 ? hex(s[4]) : "";
      if (text && w > 44) write(pen, text, x0 + 7, y, h, isSolid(kind) ? colours.paper : colours.ink, !isSolid(kind));
    }
  }
  const [y, h] = [row.y + 2, row.h - 4];
  for (let k = firstVisible(lane.instants, i => instants[i][2]); k < lane.instants.length; k++) {
    const one = instants[lane.instants[k]], x = xOf(one[2]);
    if (x > width) break;
    drawInstant(pen, one[1], x, y, h);
  }
}

function write(pen, text, x, y, h, colour, plain) {
  pen.font = "600 10px ui-monospace, 'DejaVu Sans Mono', monospace";
  pen.textBaseline = "middle";
  if (plain) { pen.fillStyle = colours.paper; pen.fillRect(x - 2, y + 1, pen.measureText(text).width + 4, h - 2); }
  pen.fillStyle = colour;
  pen.fillText(text, x, y + h / 2 + 0.5);
}

// Shapes of instants, so that none is told by its colour.
function drawInstant(pen, kind, x, y, h) {
  const middle = y + h / 2;
  const path = (close, ...points) => {
    pen.beginPath();
    for (let i = 0; i < points.length; i += 2) pen.lineTo(x + points[i], middle + points[i + 1]);
    if (close) pen.closePath();
  };
  const hollow = () => { pen.fillStyle = colours.paper; pen.fill(); pen.stroke(); };
  pen.strokeStyle = pen.fillStyle = colours.instant;
  pen.lineWidth = 1.6;
  switch (words.instants[kind]) {
    case "sent": path(true, -4, -5, 5, 0, -4, 5); pen.fill(); break;
    case "signalled": path(true, -4, -5, 5, 0, -4, 5); hollow(); break;
    case "merged": path(true, -4, -4, 4, -4, 4, 4, -4, 4); hollow(); break;
    case "entry written": path(true, 0, -5, 5, 0, 0, 5, -5, 0); hollow(); break;
    case "waits for the EOI": path(true, -4, -5, 4, -5, -4, 5, 4, 5); hollow(); break;
    case "taken": pen.beginPath(); pen.arc(x, middle, 4, 0, 7); pen.fill(); break;
    case "ended": path(false, -4, 0, -1, 4, 5, -5); pen.stroke(); break;
    case "records are missing": pen.strokeStyle = colours.owed; pen.lineWidth = 2; pen.setLineDash([3, 2]); path(false, 0, -h / 2, 0, h / 2); pen.stroke(); pen.setLineDash([]); break;
    case "of this VM or of another": path(true, 0, -4, 4, 0, 0, 4, -4, 0); pen.setLineDash([2, 2]); hollow(); pen.setLineDash([]); break;
    case "not known what became of it": write(pen, "?", x - 3, middle - 6, 12, colours.instant, true); break;
    case "acknowledged": pen.beginPath(); pen.arc(x, middle, 4, 0, 7); hollow(); break;
    case "reset": pen.lineWidth = 2.5; path(false, -2.5, -h / 2, -2.5, h / 2); pen.stroke(); path(false, 2.5, -h / 2, 2.5, h / 2); pen.stroke(); break;
    case "log and chips differ": pen.strokeStyle = colours.owed; pen.lineWidth = 2; path(false, -3, -h / 2, 3, -h / 6, -3, h / 6, 3, h / 2); pen.stroke(); break;
    case "refused": pen.strokeStyle = colours.owed; pen.lineWidth = 2.2; pen.beginPath(); pen.arc(x, middle, 5, 0, 7); hollow(); path(false, -3.5, 3.5, 3.5, -3.5); pen.stroke(); break;
    default: pen.strokeStyle = colours.owed; pen.lineWidth = 2.4; path(false, -4, -4, 4, 4); pen.stroke(); path(false, 4, -4, -4, 4); pen.stroke();
  }
}

function drawOwed(pen, visible) {
  for (const row of visible) {
    for (const index of byLane[row.lane].marks) {
      const one = owed[index], x = Math.max(-6, xOf(one.at));
      if (x > width) continue;
      const firm = one.rank < 2;
      pen.strokeStyle = firm ? colours.owed : colours.soft;
      pen.lineWidth = firm ? 2 : 1;
      pen.setLineDash(firm ? [7, 3] : [2, 3]);
      pen.strokeRect(x, row.y + 1.5, width + 10 - x, row.h - 3);
      pen.setLineDash([]);
      if (one.since >= 0 && firm) {
        const gate = xOf(one.since);
        pen.fillStyle = colours.owed;
        pen.fillRect(gate - 1.5, row.y + 1, 3, row.h - 2);
        pen.beginPath(); pen.moveTo(gate - 5, row.y); pen.lineTo(gate + 5, row.y); pen.lineTo(gate, row.y + 6); pen.closePath(); pen.fill();
      }
    }
  }
}

function drawArrows(pen, top) {
  const chosen = state.selected ? new Set(linksOf(state.selected).map(link => link.arrow)) : new Set();
  const seen = [];
  for (let i = 0; i < arrows.length && seen.length <= MostArrows; i++) {
    const a = arrows[i], x0 = xOf(a[2]), x1 = xOf(a[4]);
    if (x1 < -20 || x0 > width + 20) continue;
    if (state.arrows || chosen.has(i)) seen.push(i);
  }
  // Too many would hide what they are about.
  const shown = seen.length > MostArrows ? [...chosen] : seen;
  for (const i of shown) {
    const a = arrows[i], from = rowOf(a[1]), to = rowOf(a[3]);
    if (!from || !to) continue;
    const y0 = from.y + from.h / 2, y1 = to.y + (to.y > from.y ? 3 : to.h - 3), down = y1 > y0;
    if (Math.max(y0, y1) < top || Math.min(y0, y1) > top + height) continue;
    const strong = chosen.has(i), x0 = xOf(a[2]), x1 = xOf(a[4]);
    pen.strokeStyle = pen.fillStyle = strong ? colours.select : colours.arrow;
    pen.globalAlpha = strong ? 1 : 0.6;
    pen.lineWidth = strong ? 2.4 : 1.1;
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.bezierCurveTo(x0, (y0 + y1) / 2, x1, (y0 + y1) / 2, x1, y1 - (down ? 5 : -5));
    pen.stroke();
    pen.beginPath(); pen.moveTo(x1, y1); pen.lineTo(x1 - 3.5, y1 - (down ? 7 : -7)); pen.lineTo(x1 + 3.5, y1 - (down ? 7 : -7)); pen.closePath(); pen.fill();
    pen.globalAlpha = 1;
  }
}

function drawSelected(pen) {
  const item = state.selected, row = item && rowOf(laneOf(item));
  if (!row) return;
  pen.strokeStyle = colours.select;
  pen.lineWidth = 2.5;
  if (item.type === "span") {
    const s = spans[item.index], [y, h] = bandOf(row, s[1]), x0 = Math.max(-5, xOf(s[2])), x1 = Math.min(width + 5, s[3] < 0 ? width + 5 : xOf(s[3]));
    pen.strokeRect(x0 - 1.5, y - 1.5, Math.max(2, x1 - x0) + 3, h + 3);
  } else {
    const x = xOf(item.at);
    pen.beginPath(); pen.moveTo(x, row.y); pen.lineTo(x, row.y + row.h); pen.stroke();
    pen.strokeRect(x - 8, row.y + 2, 16, row.h - 4);
  }
}
