// Short messages about failures, at the edge of the page.

import { sentenceFor } from "./error_texts.js";

const SHOWN_MS = 9000;

/** Show the text of each `toast` event. */
export function startToasts() {
  document.addEventListener("toast", (event) => show(sentenceFor(event.detail.text)));
}

function show(text) {
  const toast = document.createElement("div");
  toast.className = "toast";
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "close";
  close.setAttribute("aria-label", "Close this message");
  close.textContent = "✕";
  close.addEventListener("click", () => toast.remove());
  toast.append(words, close);
  document.getElementById("toasts").append(toast);
  fade(toast);
}

/** Remove the toast after a while, but not while it is in use. */
function fade(toast) {
  setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) fade(toast);
    else toast.remove();
  }, SHOWN_MS);
}
