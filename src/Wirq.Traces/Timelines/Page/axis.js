// The axis above the lanes, the overview of the whole, and the flags of what is owed.
function drawAxis(pen) {
  pen.fillStyle = colours.band;
  pen.fillRect(0, 0, width, AxisHeight);
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1;
  pen.beginPath(); pen.moveTo(0, AxisHeight - 0.5); pen.lineTo(width, AxisHeight - 0.5); pen.stroke();
  pen.font = "11px ui-monospace, 'DejaVu Sans Mono', monospace";
  pen.textBaseline = "middle";
  pen.fillStyle = colours.soft;
  const apart = data.style === "stamped" ? 205 : 150, ticks = Math.max(1, Math.floor(width / apart));
  let right = -1;
  for (let i = 0; i <= ticks; i++) {
    const mark = nearest(state.from + (state.to - state.from) * i / ticks), x = xOf(mark), text = placeOf(mark);
    if (x < 0 || x > width) continue;
    const size = pen.measureText(text).width, left = Math.min(Math.max(2, x + 4), width - size - 2);
    if (left <= right) continue;
    pen.beginPath(); pen.moveTo(x, AxisHeight - 7); pen.lineTo(x, AxisHeight); pen.stroke();
    pen.fillText(text, left, AxisHeight / 2 - 1);
    right = left + size + 14;
  }
}

// The place that is drawn nearest to a coordinate.
function nearest(at) {
  let low = 0, high = last;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (coordinate(middle) < at) low = middle + 1; else high = middle;
  }
  return low > 0 && at - coordinate(low - 1) < coordinate(low) - at ? low - 1 : low;
}

function drawOverview() {
  const w = overview.clientWidth, h = 34, pen = sizeTo(overview, w, h), [from, to] = extent();
  const x = mark => (coordinate(mark) - from) / (to - from) * w;
  const counts = new Float64Array(Math.ceil(w / 3) + 1);
  for (let i = 0; i <= last; i++) counts[Math.floor(x(i) / 3)]++;
  const most = Math.max(1, ...counts);
  pen.fillStyle = colours.masked;
  counts.forEach((count, i) => { if (count) { const size = 3 + (h - 12) * Math.sqrt(count / most); pen.fillRect(i * 3, h - size, 2, size); } });
  pen.fillStyle = colours.owed;
  for (const one of owed) {
    if (one.rank > 1) continue;
    const at = x(one.at);
    pen.beginPath(); pen.moveTo(at - 5, 0); pen.lineTo(at + 5, 0); pen.lineTo(at, 9); pen.closePath(); pen.fill();
    pen.fillRect(at - 0.5, 0, 1, h);
  }
  const x0 = (state.from - from) / (to - from) * w, x1 = (state.to - from) / (to - from) * w;
  pen.fillStyle = colours.paper;
  pen.globalAlpha = 0.6;
  pen.fillRect(0, 0, Math.max(0, x0), h);
  pen.fillRect(x1, 0, w - x1, h);
  pen.globalAlpha = 1;
  pen.strokeStyle = colours.accent;
  pen.lineWidth = 2;
  pen.strokeRect(Math.max(1, x0), 1, Math.max(4, Math.min(w - 1, x1) - Math.max(1, x0)), h - 2);
}

const flagOf = owed.map((one, index) => {
  const flag = document.createElement("button");
  flag.type = "button";
  flag.className = `flag ${words.rankClasses[one.rank]}`;
  const text = document.createElement("span");
  text.textContent = `${one.rank < 2 ? "▲ " : one.rank === 2 ? "? " : ""}${words.ranks[one.rank]}${one.gate ? `: ${one.gate}` : ""}`;
  flag.append(text);
  flag.title = one.text;
  flag.setAttribute("aria-label", `${words.ranks[one.rank]}: ${one.title}${one.gate ? `, ${one.gate}` : ""}`);
  flag.addEventListener("click", () => show({ type: "owed", index, at: one.at, end: last }));
  flags.append(flag);
  return flag;
});

// Each flag stands at its lane, where the interrupt is owed from; at the edge if that is out of sight.
function placeFlags(top) {
  const taken = new Map();
  owed.forEach((one, index) => {
    const flag = flagOf[index], row = one.lane >= 0 && rowOf(one.lane);
    flag.hidden = !row || row.y < top + AxisHeight - 4 || row.y > top + height;
    flag.classList.toggle("current", state.selected?.type === "owed" && state.selected.index === index);
    if (flag.hidden) return;
    const x = xOf(one.at);
    flag.classList.toggle("before", x < 0);
    flag.classList.toggle("after", x > width);
    const size = flag.offsetWidth;
    // To the left of its place, so that it covers nothing of what came of it; else to the right.
    const left = x - size >= 0 ? x - size : Math.min(Math.max(0, x), width - size);
    flag.classList.toggle("left", x - size >= 0);
    const above = taken.get(one.lane) || 0;
    taken.set(one.lane, above + 1);
    flag.style.left = `${Math.min(left, width - size)}px`;
    flag.style.top = `${row.y + 2 + above * 18}px`;
  });
}
