// What the page draws, and the words for it. Labels come from logs and scenarios: they are only ever set as text.
const data = JSON.parse(document.getElementById("data").textContent);
const { marks, lanes, spans, instants, arrows, owed, words } = data;
const Asserted = 0, RemoteIrr = 1, Requested = 2, InService = 3, Masked = 4, Withheld = 5, Braked = 6, NotKnown = 7;
// What is painted over the whole height of a lane, behind the rest.
const isBehind = kind => kind === Masked || kind === NotKnown;
const last = marks.e.length - 1;

const byLane = lanes.map(() => ({ spans: new Map(), instants: [], items: [], kinds: [], marks: [] }));
spans.forEach((s, i) => {
  const lane = byLane[s[0]];
  if (!lane.spans.has(s[1])) lane.spans.set(s[1], []);
  lane.spans.get(s[1]).push(i);
  lane.items.push({ type: "span", index: i, at: s[2], end: s[3] < 0 ? last : s[3] });
});
instants.forEach((s, i) => {
  byLane[s[0]].instants.push(i);
  byLane[s[0]].items.push({ type: "instant", index: i, at: s[2], end: s[2] });
});
owed.forEach((o, i) => { if (o.lane >= 0) byLane[o.lane].marks.push(i); });
for (const lane of byLane) {
  for (const list of lane.spans.values()) list.sort((a, b) => spans[a][2] - spans[b][2]);
  lane.items.sort((a, b) => a.at - b.at || a.end - b.end);
  lane.kinds = [Asserted, Requested, InService, RemoteIrr, Withheld, Braked].filter(kind => lane.spans.has(kind));
}

function spanOfTime(ns) {
  const units = [["s", 1e9], ["ms", 1e6], ["us", 1e3]];
  for (const [unit, size] of units)
    if (ns >= size) return `${+(ns / size).toFixed(3)}${unit}`;
  return `${ns}ns`;
}

function timeOf(mark) {
  if (data.style === "none") return "";
  if (data.style === "virtual") return spanOfTime(marks.t[mark]);
  const us = (BigInt(data.first) + BigInt(marks.t[mark])) / 1000n;
  return `${us / 1000000n}.${String(us % 1000000n).padStart(6, "0")}`;
}

function placeOf(mark) {
  if (marks.e[mark] === 0) return "the beginning";
  const place = data.ofLog ? `L${marks.l[mark]}` : `event ${marks.e[mark]}`;
  const time = timeOf(mark);
  return time ? `${place} (${time})` : place;
}

function lengthOf(from, to) {
  const events = to - from;
  const time = data.style === "none" ? "" : spanOfTime(marks.t[to] - marks.t[from]);
  return time || `${events} of the places drawn`;
}

const hex = vector => `0x${vector.toString(16).padStart(2, "0")}`;

function nameOf(item) {
  if (item.type === "owed") return `${words.ranks[owed[item.index].rank]}: ${owed[item.index].title}`;
  if (item.type === "instant") return words.instants[instants[item.index][1]];
  const s = spans[item.index];
  return s[4] < 0 ? words.spans[s[1]] : `${words.spans[s[1]]} ${hex(s[4])}`;
}

const laneOf = item => item.type === "owed" ? owed[item.index].lane : (item.type === "span" ? spans : instants)[item.index][0];

// The thing of a lane at a place: one that begins or ends there, else one that lasts there.
function itemAt(lane, mark) {
  const items = byLane[lane].items;
  return items.find(item => item.at === mark && item.type === "span") || items.find(item => item.at === mark)
    || items.find(item => item.end === mark) || items.find(item => item.at <= mark && mark <= item.end && !isBehind(spans[item.index]?.[1]));
}
