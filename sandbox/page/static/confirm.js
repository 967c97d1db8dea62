// Confirm dialogs of buttons, menus and pickers.

let count = 0;

/** Ask for a confirmation if the element has a dialog. Resolve to whether the person confirms. */
export function confirmed(control) {
  const template = control.closest(".element, [data-field]")?.querySelector("template");
  return template ? ask(template, control) : Promise.resolve(true);
}

function ask(template, control) {
  const message = control.closest("[data-ts]");
  const dialog = template.content.firstElementChild.cloneNode(true);
  name(dialog);
  // Updates of the page change its body. An open dialog outlives the message that opened it.
  document.documentElement.append(dialog);
  return new Promise((decide) => {
    dialog.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) dialog.close(button.value);
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (document.activeElement === document.body) message?.focus();
      decide(dialog.returnValue === "confirm");
    });
    dialog.showModal();
  });
}

/** Connect the dialog with its title and text for screen readers. */
function name(dialog) {
  count += 1;
  for (const [part, attribute] of [
    ["title", "aria-labelledby"],
    ["text", "aria-describedby"],
  ]) {
    const id = `confirm-${count}-${part}`;
    dialog.querySelector(`.confirm-${part}`).id = id;
    dialog.setAttribute(attribute, id);
  }
}
