// Live updates: a long poll ends after each change, and the page shows the new state.

import { refresh } from "./document.js";

const RETRY_MS = 1000;
const SETTLE_MS = 40; // changes often come in groups
const notice = () => document.getElementById("notice");
const pause = (ms) => new Promise((wake) => { setTimeout(wake, ms); });

/** Keep the page up to date until the window closes. */
export async function followChanges() {
  document.addEventListener("refresh", () => { refresh().catch(() => {}); });
  for (;;) {
    try {
      await nextChange();
      await pause(SETTLE_MS);
      await refresh();
    } catch {
      await reconnect();
    }
  }
}

async function nextChange() {
  for (;;) {
    const { mark } = document.body.dataset;
    const response = await fetch(`/sandbox/changes?since=${mark}`);
    if (!response.ok) throw new Error("no changes");
    if ((await response.json()).mark !== document.body.dataset.mark) return;
  }
}

/** Wait until the sandbox responds again, and tell the user about both. */
async function reconnect() {
  const { session } = document.body.dataset;
  show("The sandbox isn't responding. This page connects again as soon as it is back.");
  for (;;) {
    await pause(RETRY_MS);
    try {
      await refresh();
      break;
    } catch {
      // still away
    }
  }
  if (document.body.dataset.session === session) hide();
  else show("The sandbox was restarted, so the workspace is empty again.", "Got it");
}

function show(text, dismissal = null) {
  const box = notice();
  box.replaceChildren(text);
  if (dismissal) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = dismissal;
    button.addEventListener("click", hide);
    box.append(" ", button);
  }
  box.hidden = false;
}

function hide() {
  notice().hidden = true;
}
