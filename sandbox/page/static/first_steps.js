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

const TARGETS = {
  approve: {
    selector: '.pane[data-person="bob"] [data-action-id="approve"]',
    missing: "There is no request to approve. First send one as Alice.",
  },
  deny: {
    selector: '.pane[data-person="bob"] [data-action-id="deny"]',
    missing: "There is no request to deny. First send one as Alice.",
  },
  login: {
    selector: ".panel .tp-callout-next .tp-run",
    missing: "There is no approved request for a login. First click Approve as Bob.",
  },
  tsh: {
    selector: '.panel [aria-label="Commands of alice"] .tp-run',
    missing: "The panel shows the commands of the people beside it. Select Alice there.",
  },
};

async function follow(step) {
  const { type, pointAt } = step.dataset;
  await navigate(step.getAttribute("href"));
  if (type) typeInto(document.querySelector('.pane[data-person="alice"]'), type);
  else point(TARGETS[pointAt]);
}

/** Focus the newest of the buttons in Slack, or the first one in the panel, and highlight it. */
function point({ selector, missing }) {
  const buttons = [...document.querySelectorAll(selector)];
  const button = selector.startsWith(".panel") ? buttons[0] : buttons.at(-1);
  if (!button) {
    toast(missing);
    return;
  }
  button.focus();
  button.classList.add("is-pointed-at");
  button.addEventListener("blur", () => button.classList.remove("is-pointed-at"), { once: true });
}
