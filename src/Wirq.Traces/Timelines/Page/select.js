// What is selected, what the panel says of it, and how to get from one thing to another.
const details = document.getElementById("details"), search = document.getElementById("search"), found = document.getElementById("found");

// Arrows that arrive at a thing or leave it, with the thing at the other end.
function linksOf(item) {
  const lane = laneOf(item), links = [];
  if (item.type === "owed" || lane < 0) return links;
  const first = item.at, end = item.end, isMask = item.type === "span" && isBehind(spans[item.index][1]);
  if (isMask) return links;
  for (let i = 0; i < arrows.length && links.length < 40; i++) {
    const [kind, from, left, to, arrived] = arrows[i];
    if (to === lane && arrived >= first && arrived <= end && Math.abs(arrived - first) <= Math.abs(arrived - end) && belongs(item, kind, true))
      links.push({ arrow: i, cause: true, lane: from, mark: left, kind });
    else if (from === lane && left >= first && left <= end && belongs(item, kind, false))
      links.push({ arrow: i, cause: false, lane: to, mark: arrived, kind });
  }
  return links;
}

// An arrow at a lane is about one of its states: an EOI about Remote IRR, a delivery about the request.
function belongs(item, kind, arrives) {
  if (item.type === "instant") return true;
  const [Raise, Drive, Deliver, Give, End] = [0, 1, 2, 3, 4], state = spans[item.index][1];
  if (kind === End) return state === (arrives ? RemoteIrr : InService);
  if (kind === Deliver) return state === (arrives ? Requested : Asserted);
  if (kind === Give) return state === InService;
  if (kind === Raise || kind === Drive) return state === Asserted;
  return state === Asserted || state === RemoteIrr || state === InService;
}

function say(...parts) {
  const p = document.createElement("p");
  p.append(...parts);
  return p;
}

function jump(text, action) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", action);
  return button;
}

const gap = text => document.createTextNode(text);

function describe() {
  details.textContent = "";
  const item = state.selected;
  if (!item) {
    details.append(say(`${lanes.length} lanes, ${spans.length} states, ${instants.length} instants and ${arrows.length} arrows, `
      + `from ${placeOf(0)} to ${placeOf(last)}. Select something by a click, or by the arrow keys; ? lists the keys.`));
    return;
  }
  const head = say(), lane = laneOf(item);
  head.className = "what";
  head.append(item.type === "owed" ? nameOf(item) : `${lanes[lane].n}: ${nameOf(item)}`);
  details.append(head);
  if (item.type === "owed") return describeOwed(owed[item.index]);
  if (item.type === "span") {
    const lasts = spans[item.index][3] < 0;
    details.append(say(`From ${placeOf(item.at)} ${lasts ? "on; it lasts at the end" : `to ${placeOf(item.end)}`}: ${lengthOf(item.at, item.end)}.`));
  } else {
    details.append(say(`${placeOf(item.at)}: ${instants[item.index][3]}.`));
  }
  const links = linksOf(item);
  for (const cause of [true, false]) {
    const some = links.filter(link => link.cause === cause);
    if (some.length === 0) continue;
    const line = say(gap(cause ? "Caused by" : "Leads to"));
    line.className = "links";
    for (const link of some.slice(0, 8))
      line.append(jump(`${lanes[link.lane].n}, ${placeOf(link.mark)}`, () => show(itemAt(link.lane, link.mark))));
    if (some.length > 8) line.append(gap(`and ${some.length - 8} more`));
    details.append(line);
  }
  for (const index of byLane[lane].marks)
    details.append(say(jump(`${words.ranks[owed[index].rank]}: ${owed[index].title}`, () => show({ type: "owed", index, at: owed[index].at, end: last }))));
}

function describeOwed(one) {
  const text = say(one.text);
  text.className = "sentence";
  details.append(text);
  if (one.gate)
    details.append(say(`Gate: ${one.gate}${one.since >= 0 ? `, closed since ${placeOf(one.since)}` : ""}.`));
  const line = say(gap("Where it shows"));
  line.className = "links";
  for (const [what, mark] of one.evidence) line.append(jump(`${what} ${placeOf(mark)}`, () => goTo(mark)));
  if (one.evidence.length) details.append(line);
}

// Selects a thing and brings it into sight.
function show(item) {
  if (!item) return;
  state.selected = item;
  // First, because the panel takes its room from the lanes.
  describe();
  const lane = laneOf(item);
  if (lane >= 0) {
    state.lane = lane;
    if (state.shown && !state.shown.has(lane)) { search.value = ""; filter(); }
    const row = rowOf(lane);
    if (row && (row.y < view.scrollTop + AxisHeight + 4 || row.y + row.h > view.scrollTop + view.clientHeight))
      view.scrollTop = Math.max(0, row.y - view.clientHeight / 2);
  }
  const at = coordinate(item.at);
  if (at < state.from || at > state.to) centre(at);
  redraw();
}

function goTo(mark) {
  centre(coordinate(mark));
  redraw();
}

function centre(at) {
  const half = (state.to - state.from) / 2;
  move(at - half, at + half);
}

function move(from, to) {
  const [first, end] = extent(), least = state.byTime ? 40 : 4;
  let size = Math.min(Math.max(to - from, least), end - first);
  const middle = (from + to) / 2;
  from = Math.min(Math.max(first, middle - size / 2), end - size);
  [state.from, state.to] = [from, from + size];
}

function zoom(factor, around = 0.5) {
  const size = state.to - state.from, at = state.from + size * around;
  move(at - size * factor * around, at + size * factor * (1 - around));
  redraw();
}

function pan(part) {
  const by = (state.to - state.from) * part;
  move(state.from + by, state.to + by);
  redraw();
}

function all() {
  move(...extent());
  redraw();
}

function filter() {
  const query = search.value.trim().toLowerCase();
  state.query = query;
  state.hits = [];
  state.shown = null;
  if (query) {
    state.shown = new Set();
    lanes.forEach((lane, i) => {
      const named = lane.n.toLowerCase().includes(query) || lane.h.toLowerCase().includes(query);
      const items = byLane[i].items.filter(item => nameOf(item).toLowerCase().includes(query)
        || item.type === "instant" && instants[item.index][3].toLowerCase().includes(query));
      if (named || items.length || byLane[i].marks.some(m => owed[m].text.toLowerCase().includes(query))) state.shown.add(i);
      state.hits.push(...(items.length ? items : named ? byLane[i].items : []));
    });
    state.hits.sort((a, b) => a.at - b.at);
  }
  found.textContent = query ? `${state.shown.size} of ${lanes.length} lanes, ${state.hits.length} things` : "";
  place();
  redraw();
}
