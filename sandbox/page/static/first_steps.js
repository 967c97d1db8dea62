// The first steps: type the example, dismiss the steps, show them again.

import { typeInto } from "./composer.js";
import { navigate } from "./navigation.js";
import { post } from "./post.js";

export function startFirstSteps() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-first-steps]");
    const step = event.target.closest("a[data-type]");
    if (button) post(`/page/first-steps/${button.dataset.firstSteps}`);
    else if (step) {
      event.preventDefault();
      typeExample(step);
    }
  }, { capture: true });
}

async function typeExample(step) {
  await navigate(step.getAttribute("href"));
  typeInto(document.querySelector('.pane[data-person="alice"]'), step.dataset.type);
}
