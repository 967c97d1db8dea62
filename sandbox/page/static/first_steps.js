// The first steps: type the example, point at the button, dismiss the steps, show them again.

import { toast } from "./act.js";
import { typeInto } from "./composer.js";
import { navigate } from "./navigation.js";
import { post } from "./post.js";

export function startFirstSteps() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-first-steps]");
    const step = event.target.closest("a[data-type], a[data-point-at]");
    if (button) post(`/page/first-steps/${button.dataset.firstSteps}`);
    else if (step) {
      event.preventDefault();
      follow(step);
    }
  }, { capture: true });
}

async function follow(step) {
  const { type, pointAt } = step.dataset;
  await navigate(step.getAttribute("href"));
  if (type) typeInto(document.querySelector('.pane[data-person="alice"]'), type);
  else point(pointAt);
}

/** Focus the newest button with an action ID, and highlight it until the focus moves. */
function point(actionId) {
  const button = [...document.querySelectorAll(`.pane[data-person="bob"] [data-action-id="${actionId}"]`)].at(-1);
  if (!button) {
    toast("There is no request to approve yet. First send the command as Alice.");
    return;
  }
  button.focus();
  button.classList.add("is-pointed-at");
  button.addEventListener("blur", () => button.classList.remove("is-pointed-at"), { once: true });
}
