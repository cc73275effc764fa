// Keeps the page up to date without a reload: polls every second, replaces only the parts that changed.
"use strict";

const live = document.getElementById("live");
let tag = live?.dataset.tag;
let shown = {};
let sending = false;

function keyOf(details, index) {
  return details.dataset.key || `${details.querySelector("summary")?.textContent ?? ""}|${index}`;
}

// A reader's open and closed <details> stay as they are when the part around them is replaced.
function replace(element, html) {
  const open = new Map([...element.querySelectorAll("details")].map((d, i) => [keyOf(d, i), d.open]));
  element.innerHTML = html;
  element.querySelectorAll("details").forEach((d, i) => {
    if (open.has(keyOf(d, i))) d.open = open.get(keyOf(d, i));
  });
}

// As the browser itself would write it, so that the first version can be compared with later ones.
function normal(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.innerHTML;
}

function updateTimes() {
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const time of document.querySelectorAll("time")) {
    const then = new Date(time.dateTime);
    const seconds = Math.round((then - Date.now()) / 1000);
    const [unit, size] =
      seconds > -60 ? ["second", 1] : seconds > -3600 ? ["minute", 60] : seconds > -86400 ? ["hour", 3600] : ["day", 86400];
    const label = seconds > -10 ? "now" : relative.format(Math.round(seconds / size), unit);
    if (time.textContent !== label) time.textContent = label;
    time.title = then.toLocaleString();
  }
}

async function refresh() {
  if (!live || sending) return;
  try {
    const answer = await fetch(live.dataset.source, { cache: "no-store", headers: tag ? { "if-none-match": tag } : {} });
    document.body.classList.remove("offline");
    if (answer.status !== 200 || sending) return;
    const parts = await answer.json();
    tag = answer.headers.get("etag");
    for (const [id, html] of Object.entries(parts)) {
      const markup = normal(html);
      if (shown[id] === markup) continue;
      replace(document.getElementById(id), html);
      shown[id] = markup;
    }
    updateTimes();
  } catch {
    document.body.classList.add("offline");
  }
}

document.addEventListener("change", async (event) => {
  const box = event.target;
  if (!box.matches("input.task[data-comment]")) return;
  sending = true;
  try {
    const answer = await fetch(`/_page/comments/${box.dataset.comment}/task`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-requested-with": "page" },
      body: JSON.stringify({ line: Number(box.dataset.line), checked: box.checked }),
    });
    if (!answer.ok) shown = {};
  } finally {
    sending = false;
    tag = null;
    await refresh();
  }
});

async function always() {
  await refresh();
  setTimeout(always, 1000);
}

for (const part of live?.querySelectorAll("[data-part]") ?? []) shown[part.id] = part.innerHTML;
updateTimes();
setInterval(updateTimes, 5000);
always();
