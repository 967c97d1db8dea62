// The list of slash commands above a message field, as a combobox with a list box.

const listOf = (form) => form.querySelector(".completions");
const optionsOf = (form) => [...listOf(form).querySelectorAll("[role=option]")];
const visibleOptions = (form) => optionsOf(form).filter((option) => !option.hidden);
const activeOption = (form) => listOf(form).querySelector("[aria-selected=true]");

/** Show the commands that begin with the typed text, or the usage of a complete command. */
export function showCompletions(form) {
  if (!listOf(form)) return;
  const typed = form.elements.text.value;
  const isName = /^\/\S*$/.test(typed);
  for (const option of optionsOf(form)) option.hidden = !isName || !option.dataset.command.startsWith(typed);
  const shown = visibleOptions(form);
  const isComplete = shown.length === 1 && shown[0].dataset.command === typed;
  setOpen(form, shown.length > 0 && !isComplete);
  showUsage(form, typed);
}

export function closeCompletions(form) {
  if (listOf(form)) setOpen(form, false);
}

/** Move in the open list, accept an option, or close the list. */
export function handleCompletionKey(event, form) {
  if (!listOf(form) || event.isComposing) return;
  if (listOf(form).hidden) {
    if (event.key === "ArrowDown") showCompletions(form);
    return;
  }
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (steps[event.key]) move(form, steps[event.key]);
  else if (event.key === "Escape") setOpen(form, false);
  else if (event.key === "Tab" && !event.shiftKey) acceptOption(form, activeOption(form));
  else if (event.key === "Enter" && activeOption(form).dataset.command !== form.elements.text.value) {
    acceptOption(form, activeOption(form));
  } else return;
  event.preventDefault();
}

/** Write the option's command into the field. */
export function acceptOption(form, option) {
  form.elements.text.value = `${option.dataset.command} `;
  form.elements.text.dispatchEvent(new Event("input", { bubbles: true }));
  form.elements.text.focus();
}

function setOpen(form, isOpen) {
  listOf(form).hidden = !isOpen;
  form.elements.text.setAttribute("aria-expanded", String(isOpen));
  select(form, isOpen ? visibleOptions(form)[0] : null);
}

function move(form, step) {
  const shown = visibleOptions(form);
  const next = shown.indexOf(activeOption(form)) + step;
  select(form, shown.at(next % shown.length));
}

function select(form, option) {
  for (const one of optionsOf(form)) one.setAttribute("aria-selected", String(one === option));
  const field = form.elements.text;
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function showUsage(form, typed) {
  const name = typed.split(/\s/)[0];
  const option = optionsOf(form).find((one) => one.dataset.command === name);
  const usage = form.querySelector(".usage");
  usage.hidden = !option?.dataset.usage;
  usage.textContent = usage.hidden ? "" : `${name} ${option.dataset.usage}`;
}
