// Report the conversations that the user has seen, for the unread markers.

import { post } from "./post.js";

export function reportSeen() {
  for (const event of ["patched", "visibilitychange"]) document.addEventListener(event, report);
  window.addEventListener("resize", report);
  report();
}

function report() {
  if (document.visibilityState !== "visible") return;
  for (const pane of document.querySelectorAll(".pane[data-unread]")) {
    if (pane.checkVisibility()) {
      const names = [pane.dataset.person, pane.dataset.channel].map(encodeURIComponent);
      post(`/page/read/${names.join("/")}`);
    }
  }
}
