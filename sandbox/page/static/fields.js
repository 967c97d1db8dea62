// Values of inputs and menus, in the form of Slack's `state.values`.

import { restoreSelection, selectionOf } from "./picker.js";

const controlOf = (field) => field.querySelector("[data-control]");
const boxesOf = (field) => [...field.querySelectorAll("input")];
const typed = (field) => controlOf(field).value || null;

const READERS = {
  text_input: typed,
  calendar: typed,
  datetime: (field) => typed(field) && secondsOf(typed(field), field.dataset.zone),
  rich: (field) => typed(field) && richText(typed(field)),
  choices: (field) =>
    boxesOf(field)
      .filter((box) => box.checked)
      .map(({ value }) => ({ value })),
  picker: selectionOf,
};

/** Return the value of one field: text, an ID, an option, or a list of them. */
export function valueOf(field) {
  const value = READERS[field.dataset.kind](field);
  if (!Array.isArray(value)) return value;
  const items = "ofOptions" in field.dataset ? value : value.map((option) => option.value);
  return "many" in field.dataset ? items : (items[0] ?? null);
}

/** Return the value of one field for an action, in which options are their plain values. */
export function actionValueOf(field) {
  const value = valueOf(field);
  if (Array.isArray(value)) return value.map((item) => item.value ?? item);
  return "ofOptions" in field.dataset ? (value?.value ?? null) : value;
}

/** Return all values below an element. */
export function entriesOf(root) {
  const entries = {};
  for (const field of root.querySelectorAll("[data-field]")) {
    const { blockId, actionId, type, slot } = field.dataset;
    (entries[blockId] ??= {})[actionId] = { type, [slot]: valueOf(field) };
  }
  return entries;
}

/** Copy a person's input to the field's successor. An input keeps it if its IDs stay the same. */
export function restore(field, successor) {
  if (field.dataset.kind === "picker") {
    restoreSelection(field, successor);
  } else if (field.dataset.kind === "choices") {
    const checked = new Set(
      boxesOf(field)
        .filter((box) => box.checked)
        .map((box) => box.value),
    );
    for (const box of boxesOf(successor)) box.checked = checked.has(box.value);
  } else {
    controlOf(successor).value = controlOf(field).value;
  }
}

function richText(text) {
  const section = { type: "rich_text_section", elements: [{ type: "text", text }] };
  return { type: "rich_text", elements: [section] };
}

/** Return the seconds since 1970 of a local time such as 2026-11-27T09:30 in a zone. */
function secondsOf(local, zone) {
  const wanted = Date.parse(`${local}Z`);
  let guess = wanted;
  // The second step corrects a guess on the other side of a change to or from summer time.
  for (let step = 0; step < 2; step += 1) guess += wanted - shownAt(guess, zone);
  return guess / 1000;
}

function shownAt(milliseconds, zone) {
  const form = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  return Date.parse(`${form.format(milliseconds).replace(" ", "T")}Z`);
}
