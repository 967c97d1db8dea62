// Use of buttons, menus and inputs: the app gets an action.

import { act, paneOf, placeOf } from "./act.js";
import { confirmed } from "./confirm.js";
import { actionValueOf, entriesOf, restore } from "./fields.js";
import "./menu.js";

const confirmedCopies = new WeakMap(); // by field with a confirm dialog: a copy with its last value

/** Use an element, and resolve to false if the person declines its confirm dialog. */
async function use(control, actionId, value) {
  if (control.ariaBusy === "true") return true;
  const pane = paneOf(control);
  const view = control.closest("[data-view-id]");
  const place = placeOf(control);
  if (!(await confirmed(control))) return false;
  const { url } = control.dataset;
  if (url) window.open(url, "_blank", "noopener");
  const values = view ? { values: entriesOf(view) } : {};
  control.ariaBusy = "true";
  await act(pane, { do: "click", ...place, action_id: actionId, value, ...values });
  control.ariaBusy = null;
  return true;
}

async function useField(field) {
  const value = actionValueOf(field);
  // Slack's apps learn about a cleared menu from the submission.
  if (value === null && "ofOptions" in field.dataset) return;
  const isDone = await use(field, field.dataset.actionId, value);
  if (isDone) confirmedCopies.delete(field);
  else restore(confirmedCopies.get(field), field);
}

function keepCopy(field) {
  const isAsked = field?.querySelector("template");
  if (isAsked && !confirmedCopies.has(field)) confirmedCopies.set(field, field.cloneNode(true));
}

function onField(event, name) {
  const field = event.target.closest?.("[data-field]");
  if (!field || !field.dataset.dispatch.split(" ").includes(name)) return;
  if (name === "enter") event.preventDefault();
  useField(field);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest('[data-do="click"]');
  if (button) use(button, button.dataset.actionId, button.dataset.value);
});
document.addEventListener("focusin", (event) => keepCopy(event.target.closest("[data-field]")));
document.addEventListener("change", (event) => {
  if (!event.target.matches(".picker-input")) onField(event, "change");
});
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-control]")) onField(event, "input");
});
document.addEventListener("keydown", (event) => {
  const isLine = event.target.matches("input[data-control]");
  if (event.key === "Enter" && isLine && !event.isComposing) onField(event, "enter");
});
