// @ts-check
"use strict";

/**
 * A line says when newer reports came in; nothing moves until it is followed.
 * @param {HTMLElement} line  its `data-live` is the address of the stream, a link within leads to the newer page
 */
function tell(line) {
  const stream = new EventSource(line.dataset.live ?? "");
  let newer = 0;
  stream.onmessage = () => {
    newer += 1;
    const count = line.querySelector("[data-count]");
    if (count) count.textContent = String(newer);
    line.hidden = false;
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

for (const line of document.querySelectorAll("[data-live]")) if (line instanceof HTMLElement) tell(line);
for (const form of document.querySelectorAll("[data-draft]")) if (form instanceof HTMLFormElement) keep(form);
for (const done of document.querySelectorAll("[data-recorded]"))
  if (done instanceof HTMLElement) localStorage.removeItem("parley draft " + done.dataset.recorded);
