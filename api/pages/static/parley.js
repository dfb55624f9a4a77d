// @ts-check
"use strict";

/**
 * A line says how many newer reports came in; nothing moves until it is followed.
 * @param {HTMLElement} line  its `data-live` is the address of the stream, `data-newer` one that tells in words how many
 *   reports came in after the page was made and how many change it; a link within leads to the newer page
 */
function tell(line) {
  const stream = new EventSource(line.dataset.live ?? "");
  const said = line.querySelector("[data-said]");
  let last = "", waiting = 0, pause = 500;
  const show = async () => {
    waiting = 0;
    pause = 10_000;
    if (line.dataset.newer && said) {
      const answer = await fetch(line.dataset.newer + "&at=" + last).catch(() => null);
      if (answer?.ok) said.textContent = (await answer.json()).said;
    }
    line.hidden = false;
  };
  stream.onmessage = (message) => {
    last = message.lastEventId.split("-")[0] ?? "";
    waiting ||= setTimeout(show, pause);
  };
  addEventListener("pagehide", () => stream.close());
}

/**
 * What is typed into a form stays on this machine until it is recorded or deleted.
 * @param {HTMLFormElement} form  its `data-draft` names the draft; the element of that id offers to delete it
 */
function keep(form) {
  const key = "parley draft " + form.dataset.draft;
  const note = document.getElementById("draft");
  const typed = () =>
    [...new FormData(form)].filter(([name, value]) => name !== "id" && typeof value === "string" && value !== "");
  const kept = localStorage.getItem(key);
  if (kept && form.dataset.fresh !== undefined) {
    for (const [name, value] of JSON.parse(kept)) {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement)
        field.value = value;
    }
    if (note) note.hidden = false;
  }
  form.addEventListener("input", () => {
    localStorage.setItem(key, JSON.stringify(typed()));
    if (note) note.hidden = false;
  });
  note?.querySelector("button")?.addEventListener("click", () => {
    localStorage.removeItem(key);
    form.reset();
    note.hidden = true;
  });
}

/**
 * Offers what somebody may mean who types a name where an id is needed.
 * @param {HTMLElement} field  its `data-suggest` is the address that tells; into one of several lines an own field adds
 */
function suggest(field) {
  let input = field;
  const list = document.createElement("datalist");
  if (field instanceof HTMLTextAreaElement) {
    const adds = document.createElement("input");
    adds.placeholder = field.dataset.add ?? "";
    adds.setAttribute("aria-label", adds.placeholder);
    adds.addEventListener("change", () => {
      if (![...list.options].some((option) => option.value === adds.value)) return;
      field.value = (field.value.trim() + "\n" + adds.value).trim();
      adds.value = "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    field.after(adds);
    input = adds;
  }
  if (!(input instanceof HTMLInputElement)) return;
  list.id = "suggest " + field.id;
  input.after(list);
  input.setAttribute("list", list.id);
  input.autocomplete = "off";
  let waiting = 0, last = "";
  const ask = async () => {
    const typed = input instanceof HTMLInputElement ? input.value.trim() : "";
    if (!typed || typed === last || [...list.options].some((option) => option.value === typed)) return;
    last = typed;
    const answer = await fetch(field.dataset.suggest + "&q=" + encodeURIComponent(typed)).catch(() => null);
    if (!answer?.ok || typed !== last) return;
    list.replaceChildren(...(await answer.json()).map((/** @type {[string, string]} */ [value, label]) => {
      const option = document.createElement("option");
      option.value = value;
      option.label = label;
      return option;
    }));
  };
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 150);
  });
}

/**
 * Shows below a form, after each field that was changed, how its dates read and what recording it would change.
 * @param {HTMLFormElement} form
 */
function ahead(form) {
  let asked = 0;
  form.addEventListener("change", async () => {
    const number = ++asked;
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
    body.set("do", "look");
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer || number !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of form.querySelectorAll(".reading")) old.remove();
    for (const reading of page.querySelectorAll("#record .reading"))
      document.getElementById(reading.id.replace(/-reading$/, ""))?.after(reading);
    document.getElementById("looked")?.remove();
    const looked = page.getElementById("looked");
    if (looked) form.append(looked);
  });
}

/**
 * Moves a slider to the steps that its list names, and says which one it is at.
 * @param {HTMLOutputElement} said
 */
function step(said) {
  const range = said.parentElement?.querySelector("input[type=range]");
  if (!(range instanceof HTMLInputElement) || !range.list) return;
  const steps = [...range.list.querySelectorAll("option")];
  range.addEventListener("input", () => {
    const at = Number(range.value);
    const near = steps.reduce((a, b) => (Math.abs(Number(b.value) - at) < Math.abs(Number(a.value) - at) ? b : a));
    range.value = near.value;
    said.textContent = near.label;
  });
}

/**
 * Leads to what became known since this browser last looked at the inbox.
 * @param {HTMLElement} line  its `data-inbox` is the position of the log that is shown now
 */
function inbox(line) {
  const key = "parley inbox", last = localStorage.getItem(key);
  const link = line.querySelector("a");
  if (last && link && last !== line.dataset.inbox) {
    const address = new URL(link.href);
    address.searchParams.set("since", last);
    link.href = address.href;
    line.hidden = false;
  }
  localStorage.setItem(key, line.dataset.inbox ?? "");
}

for (const line of document.querySelectorAll("[data-inbox]")) if (line instanceof HTMLElement) inbox(line);
for (const line of document.querySelectorAll("[data-live]")) if (line instanceof HTMLElement) tell(line);
for (const form of document.querySelectorAll("[data-draft]")) if (form instanceof HTMLFormElement) keep(form);
for (const form of document.querySelectorAll("[data-look]")) if (form instanceof HTMLFormElement) ahead(form);
for (const field of document.querySelectorAll("[data-suggest]")) if (field instanceof HTMLElement) suggest(field);
for (const said of document.querySelectorAll("[data-steps]")) if (said instanceof HTMLOutputElement) step(said);
for (const done of document.querySelectorAll("[data-recorded]"))
  if (done instanceof HTMLElement) localStorage.removeItem("parley draft " + done.dataset.recorded);
