// The newest state of the page from the server.

import { patch } from "./patch.js";

let running = null;
let isStale = false;

/** Show the page at the current address. Resolves after the document shows it. */
export function refresh() {
  isStale = true;
  running ??= run().finally(() => { running = null; });
  return running;
}

async function run() {
  while (isStale) {
    isStale = false;
    await load(location.pathname + location.search);
  }
}

async function load(address) {
  const response = await fetch(address, { headers: { accept: "text/html" } });
  if (!response.ok) throw new Error(`The sandbox answered with status ${response.status}.`);
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  if (address !== location.pathname + location.search) {
    isStale = true;
    return;
  }
  patch(document.body, fresh.body);
  document.title = fresh.title;
  document.dispatchEvent(new CustomEvent("patched"));
}
