// Modals: the top view of each person is open and has the focus until it closes.

import { act, paneOf } from "./act.js";
import { entriesOf, restore } from "./fields.js";

const openers = new WeakMap(); // by modal: the element that had the focus before, and the pane
const left = new WeakMap(); // by modal: its focused element while another view covers it
const covered = new WeakSet(); // modals that the page closed because another view covers them

const modalsOf = (pane) => [...pane.querySelectorAll("dialog.modal")];

// ---------------------------------------------------------------- stack

/** Open the top view of each pane. */
function openTopViews() {
  for (const pane of document.querySelectorAll("[data-person]")) {
    const modals = modalsOf(pane);
    const top = modals.at(-1);
    modals.slice(0, -1).forEach(cover);
    if (top && !top.open && !("closing" in top.dataset)) open(top);
  }
}

function cover(modal) {
  if (!modal.open) return;
  left.set(modal, document.activeElement);
  covered.add(modal);
  modal.close();
}

function open(modal) {
  if (!openers.has(modal))
    openers.set(modal, { element: document.activeElement, pane: paneOf(modal) });
  covered.delete(modal);
  modal.showModal();
  const first =
    modal.querySelector("[autofocus], [data-control]") ??
    modal.querySelector("[type=submit], .modal-footer button");
  (left.get(modal)?.isConnected ? left.get(modal) : first).focus();
}

/** Return the focus to where it was before a modal that an update has removed while it was open. */
function returnFocus(modal) {
  if (!modal.open || !openers.has(modal) || document.querySelector("dialog.modal[open]")) return;
  const { element, pane } = openers.get(modal);
  const successor = element.isConnected
    ? element
    : element.id && document.getElementById(element.id);
  (successor || pane.querySelector(".composer-field"))?.focus();
}

// ---------------------------------------------------------------- close and submit

async function close(modal, clear) {
  modal.dataset.closing = "";
  modal.close();
  const outcome = await act(paneOf(modal), { do: "close", view_id: modal.dataset.viewId, clear });
  if (outcome.error) delete modal.dataset.closing;
  openTopViews();
}

async function submit(form) {
  if (form.ariaBusy === "true") return;
  const modal = form.closest("dialog");
  const action = { do: "submit", view_id: modal.dataset.viewId, values: entriesOf(modal) };
  setBusy(form, true);
  const outcome = await act(paneOf(modal), action, { quiet: true });
  setBusy(form, false);
  clearErrors(modal);
  if (outcome.errors) showFieldErrors(modal, outcome.errors);
  else if (outcome.error) showFormError(modal, outcome.error);
}

function setBusy(form, busy) {
  form.ariaBusy = busy ? "true" : null;
  const button = form.querySelector("[type=submit]");
  if (button) button.ariaDisabled = busy ? "true" : null;
}

// ---------------------------------------------------------------- errors

function clearErrors(modal) {
  for (const error of modal.querySelectorAll(".field-error, .form-error")) {
    error.hidden = true;
    error.textContent = "";
  }
  for (const control of modal.querySelectorAll("[aria-invalid]")) control.ariaInvalid = null;
}

function showFormError(modal, text) {
  const error = modal.querySelector(".form-error");
  error.textContent = text;
  error.hidden = false;
  error.focus();
}

/** Show errors beside their inputs, and focus the first one. */
function showFieldErrors(modal, errors) {
  const invalid = [...modal.querySelectorAll("[data-input]")].filter(
    ({ dataset }) => dataset.input in errors,
  );
  for (const input of invalid) {
    const error = input.querySelector(".field-error");
    error.textContent = errors[input.dataset.input];
    error.hidden = false;
    const control = input.querySelector("[data-control]");
    (control.type === "radio" ? input : control).ariaInvalid = "true";
  }
  invalid[0]?.querySelector("[data-control]").focus();
}

/** Show how many characters are left when the limit is near. */
function count(field) {
  const rest =
    Number(field.dataset.maxLength) - [...field.querySelector("[data-control]").value].length;
  const counter = field.querySelector(".counter");
  counter.hidden = rest > 50;
  counter.classList.toggle("over", rest < 0);
  counter.textContent = rest < 0 ? `${-rest} characters too many` : `${rest} characters left`;
}

// ---------------------------------------------------------------- updates of the page

/** Keep the input of fields that an update has replaced. */
function keepInput(records) {
  const fieldsIn = (nodes) =>
    [...nodes]
      .filter((node) => node.nodeType === Node.ELEMENT_NODE)
      .flatMap((node) => [...node.querySelectorAll("[data-field]")]);
  const gone = new Map(
    records
      .flatMap((record) => fieldsIn(record.removedNodes))
      .map((field) => [field.dataset.field, field]),
  );
  for (const field of records.flatMap((record) => fieldsIn(record.addedNodes))) {
    const former = gone.get(field.dataset.field);
    if (former && former !== field && former.dataset.type === field.dataset.type)
      restore(former, field);
  }
}

function onUpdate(records) {
  for (const { type, target } of records) {
    // A new version of a view is a response, which ends all errors.
    if (type === "attributes" && target.matches("dialog.modal")) clearErrors(target);
  }
  keepInput(records.filter((record) => record.type === "childList"));
  openTopViews();
  for (const node of records.flatMap((record) => [...record.removedNodes])) {
    if (node.nodeName === "DIALOG" && !node.isConnected) returnFocus(node);
  }
}

new MutationObserver(onUpdate).observe(document.body, {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ["data-version"],
});
openTopViews();

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".modal-form")) return;
  event.preventDefault();
  submit(event.target);
});
// Before the keys of pickers, which use Enter for their lists.
document.addEventListener(
  "keydown",
  (event) => {
    const form = event.target.closest?.(".modal-form");
    if (!form || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    form.requestSubmit();
  },
  true,
);
document.addEventListener("click", (event) => {
  const button = event.target.closest('[data-do="close"]');
  if (button) close(button.closest("dialog"), "clear" in button.dataset);
});
// Without this, an update between Escape and the browser's close event would open it again.
document.addEventListener(
  "cancel",
  (event) => {
    if (!event.target.matches("dialog.modal")) return;
    event.preventDefault();
    close(event.target, false);
  },
  true,
);
// Escape can also close the dialog without a cancel event.
document.addEventListener(
  "close",
  ({ target }) => {
    if (
      target.matches("dialog.modal") &&
      target.isConnected &&
      !target.open &&
      !covered.has(target) &&
      !("closing" in target.dataset)
    )
      close(target, false);
  },
  true,
);
document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-max-length]");
  if (field) count(field);
});
