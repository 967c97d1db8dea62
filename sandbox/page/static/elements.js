// Use of buttons, menus and inputs: the app gets an action.

import { act, paneOf, placeOf } from "./act.js";
import { confirmed } from "./confirm.js";
import { actionValueOf, entriesOf } from "./fields.js";
import "./menu.js";

async function use(control, actionId, value) {
  if (control.ariaBusy === "true") return;
  const pane = paneOf(control);
  const view = control.closest("[data-view-id]");
  const place = placeOf(control);
  if (!(await confirmed(control))) return;
  const { url } = control.dataset;
  if (url) window.open(url, "_blank", "noopener");
  const values = view ? { values: entriesOf(view) } : {};
  control.ariaBusy = "true";
  await act(pane, { do: "click", ...place, action_id: actionId, value, ...values });
  control.ariaBusy = null;
}

function useField(field) {
  const value = actionValueOf(field);
  // Slack's apps learn about a cleared menu from the submission.
  if (value === null && "ofOptions" in field.dataset) return;
  use(field, field.dataset.actionId, value);
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
