// Select menus as comboboxes: a text input with a list of options.
// The selection is a list of Slack's option objects in the attribute `data-selected`.

import { act, paneOf, placeOf } from "./act.js";
import { hidePopup, showPopup } from "./popup.js";

let opened = null; // the open list, its field, and the number of its newest query
let count = 0;

const inputOf = (field) => field.querySelector(".picker-input");
const isMany = (field) => "many" in field.dataset;
const isExternal = (field) => "minQuery" in field.dataset;

export function selectionOf(field) {
  return JSON.parse(field.dataset.selected);
}

/** Copy the selection to the field's successor, as far as that still has the options. */
export function restoreSelection(field, successor) {
  const offered = new Set(localGroups(successor, "").flatMap(valuesOf));
  const isOffered = (option) => isExternal(successor) || offered.has(option.value);
  showSelection(successor, selectionOf(field).filter(isOffered));
}

const valuesOf = (group) => group.options.map((option) => option.value);

function make(tag, properties, ...children) {
  const { role, ...others } = properties;
  const node = Object.assign(document.createElement(tag), others);
  if (role) node.setAttribute("role", role);
  node.append(...children);
  return node;
}

// ---------------------------------------------------------------- selection

function select(field, options) {
  showSelection(field, options);
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function showSelection(field, options) {
  field.dataset.selected = JSON.stringify(options);
  const clear = field.querySelector(".picker-clear");
  if (clear) clear.hidden = options.length === 0;
  inputOf(field).value = isMany(field) ? "" : (options[0]?.text.text ?? "");
  const chips = field.querySelector(".chips");
  chips.hidden = !isMany(field) || options.length === 0;
  chips.replaceChildren(...(isMany(field) ? options.map(chip) : []));
}

function chip(option) {
  const label = option.text.text;
  const button = make("button", { type: "button", className: "chip-remove" }, "✕");
  button.dataset.value = option.value;
  button.ariaLabel = `Remove ${label}`;
  return make("li", { className: "chip" }, make("span", {}, label), button);
}

function toggle(field, option) {
  const selection = selectionOf(field);
  const others = selection.filter((one) => one.value !== option.value);
  if (!isMany(field)) select(field, [option]);
  else select(field, others.length < selection.length ? others : [...selection, option]);
}

function isFull(field) {
  return (
    isMany(field) && field.dataset.max && selectionOf(field).length >= Number(field.dataset.max)
  );
}

// ---------------------------------------------------------------- options

async function groupsFor(field, query) {
  if (!isExternal(field)) return { groups: localGroups(field, query) };
  const least = Number(field.dataset.minQuery);
  if (query.length < least) {
    return { note: least === 1 ? "Type to search" : `Type at least ${least} characters to search` };
  }
  const action = {
    do: "suggest",
    ...placeOf(field),
    action_id: field.dataset.actionId,
    text: query,
  };
  const { error, payload } = await act(paneOf(field), action, { quiet: true });
  if (error) return { note: `The options couldn't be loaded: ${error}` };
  const groups = payload?.option_groups?.map(({ label, options }) => ({
    label: label.text,
    options,
  }));
  return { groups: groups ?? [{ label: "", options: payload?.options ?? [] }] };
}

function localGroups(field, query) {
  const wanted = query.trim().toLowerCase();
  const matches = (option) => option.text.text.toLowerCase().includes(wanted);
  return JSON.parse(field.dataset.groups)
    .map(({ label, options }) => ({ label, options: options.filter(matches) }))
    .filter((group) => group.options.length > 0);
}

// ---------------------------------------------------------------- list

/** Open the list with the options for a query, or update the open list. */
async function show(field, query) {
  if (opened?.field !== field) openList(field);
  const own = opened;
  const number = (own.number += 1);
  own.list.ariaBusy = "true";
  const { groups = [], note } = await groupsFor(field, query);
  if (opened !== own || own.number !== number) return;
  own.list.ariaBusy = null;
  fill(own, groups, note);
  showPopup(own.list, field);
}

function openList(field) {
  close();
  count += 1;
  const list = make("div", { role: "listbox", id: `options-${count}`, className: "popup listbox" });
  list.popover = "manual";
  list.ariaLabel = "Options";
  if (isMany(field)) list.ariaMultiSelectable = "true";
  opened = { field, list, number: 0 };
  field.append(list);
  list.append(noteRow("Loading…"));
  showPopup(list, field);
  inputOf(field).ariaExpanded = "true";
  inputOf(field).setAttribute("aria-controls", list.id);
}

function close() {
  if (!opened) return;
  const { field, list } = opened;
  opened = null;
  hidePopup(list);
  list.remove();
  inputOf(field).ariaExpanded = "false";
  inputOf(field).removeAttribute("aria-controls");
  inputOf(field).removeAttribute("aria-activedescendant");
}

function fill({ field, list }, groups, note) {
  const chosen = new Set(selectionOf(field).map((option) => option.value));
  const full = isFull(field);
  const rows = groups.flatMap((group, index) =>
    groupRows(list.id, index, group, (option) =>
      optionRow(list, option, chosen.has(option.value), full),
    ),
  );
  const text =
    note ??
    (full ? `You can choose at most ${field.dataset.max}.` : rows.length ? "" : "No matches");
  list.replaceChildren(...(text ? [noteRow(text)] : []), ...rows);
  list.querySelectorAll("[role=option]").forEach((row, index) => {
    row.id = `${list.id}-${index}`;
  });
  activate(choices()[0]);
}

function groupRows(listId, index, group, row) {
  const rows = group.options.map(row);
  if (!group.label) return rows;
  const label = make(
    "div",
    { className: "group-label", role: "presentation", id: `${listId}-group-${index}` },
    group.label,
  );
  const box = make("div", { role: "group" }, label, ...rows);
  box.setAttribute("aria-labelledby", label.id);
  return [box];
}

function optionRow(list, option, isChosen, isListFull) {
  const row = make(
    "div",
    { className: "option", role: "option" },
    make("span", {}, option.text.text),
  );
  if (option.description) {
    row.append(make("span", { className: "option-description" }, option.description.text));
  }
  row.ariaSelected = String(isChosen);
  if (isListFull && !isChosen) row.ariaDisabled = "true";
  row.option = option;
  return row;
}

function noteRow(text) {
  const row = make("div", { className: "option-note", role: "option" }, text);
  row.ariaDisabled = "true";
  row.ariaSelected = "false";
  return row;
}

const choices = () => [...opened.list.querySelectorAll("[role=option]:not([aria-disabled])")];
const active = () => opened.list.querySelector(".active");

function activate(row) {
  active()?.classList.remove("active");
  const input = inputOf(opened.field);
  if (!row) return input.removeAttribute("aria-activedescendant");
  row.classList.add("active");
  row.scrollIntoView({ block: "nearest" });
  return input.setAttribute("aria-activedescendant", row.id);
}

function move(step) {
  const rows = choices();
  const at = rows.indexOf(active());
  activate(rows[(at + step + rows.length) % rows.length]);
}

function choose(row) {
  const { field } = opened;
  toggle(field, row.option);
  if (isMany(field)) show(field, "");
  else close();
}

// ---------------------------------------------------------------- events

const KEYS = {
  ArrowDown: (field) => (opened ? move(1) : show(field, "")),
  ArrowUp: (field) => (opened ? move(-1) : show(field, "")),
  Enter: (field) => (!opened ? show(field, "") : active() && choose(active())),
};

function onKey(event, field) {
  const input = inputOf(field);
  if (event.key in KEYS) {
    event.preventDefault();
    KEYS[event.key](field);
  } else if (event.key === "Escape" && opened) {
    event.preventDefault(); // else it also closes the modal
    close();
    showSelection(field, selectionOf(field));
  } else if (event.key === "Backspace" && isMany(field) && !input.value) {
    select(field, selectionOf(field).slice(0, -1));
    if (opened) show(field, "");
  }
}

function onClick(event, field) {
  const { target } = event;
  const row = target.closest("[role=option]");
  if (row) {
    if (row.ariaDisabled !== "true") choose(row);
    return;
  }
  const remove = target.closest(".chip-remove");
  if (remove)
    select(
      field,
      selectionOf(field).filter((one) => one.value !== remove.dataset.value),
    );
  if (target.closest(".picker-clear")) select(field, []);
  inputOf(field).focus();
  if (!remove) show(field, "");
}

function listen(type, handle) {
  document.addEventListener(type, (event) => {
    const field = event.target.closest?.(".picker");
    if (field) handle(event, field);
  });
}

listen("click", onClick);
listen("keydown", (event, field) => {
  if (event.target.matches(".picker-input")) onKey(event, field);
});
listen("input", (event, field) => show(field, event.target.value));
// The focus stays in the input while the mouse is on the list.
listen("mousedown", (event) => {
  if (event.target.closest(".listbox")) event.preventDefault();
});
listen("focusout", (event, field) => {
  if (!event.target.matches(".picker-input") || field.contains(event.relatedTarget)) return;
  close();
  showSelection(field, selectionOf(field));
});
