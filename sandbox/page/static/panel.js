// The Teleport panel: keys of the tabs, links to requests, and copying and running of commands.

import { toast } from "./act.js";
import { navigate, tabAddress } from "./navigation.js";

const ACTIONS = { run, copy, "close-output": closeOutput };
const REQUEST_PATH = /^\/web\/requests\/([0-9a-f-]{36})$/;
const panel = () => document.querySelector(".tp");
const COPIED_MS = 2000;
let shownTarget = "";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-teleport]");
  if (button) ACTIONS[button.dataset.teleport]?.(button);
});
document.addEventListener("click", openRequest, { capture: true });
document.addEventListener("keydown", moveBetweenTabs);
document.addEventListener("patched", showTarget);
showTarget();

// ---------------------------------------------------------------- tabs and requests

/** Arrow keys, Home and End select a tab, as in other tab lists. */
function moveBetweenTabs(event) {
  const tab = event.target.closest?.(".tp-tabs [role=tab]");
  if (!tab) return;
  const tabs = [...tab.parentElement.querySelectorAll("[role=tab]")];
  const at = tabs.indexOf(tab);
  const targets = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 };
  if (!(event.key in targets)) return;
  event.preventDefault();
  const next = tabs.at(targets[event.key] % tabs.length);
  next.focus();
  next.click();
}

/** Open a link to Teleport's page of a request in the panel. */
function openRequest(event) {
  const link = event.target.closest("a[href]");
  const found = link && requestOf(new URL(link.href));
  if (!found) return;
  event.preventDefault();
  event.stopPropagation();
  shownTarget = "";
  navigate(tabAddress(`requests/${found}`));
}

/** Return the ID of the request that a URL of Teleport's web UI names. */
function requestOf({ protocol, pathname }) {
  return protocol === "https:" ? REQUEST_PATH.exec(pathname)?.[1] : undefined;
}

/** Scroll to the request that the address points to, once. */
function showTarget() {
  const target = document.querySelector(".tp [data-target]");
  if (!target || target.id === shownTarget) return;
  shownTarget = target.id;
  target.scrollIntoView({ block: "nearest" });
  target.focus({ preventScroll: true });
}

// ---------------------------------------------------------------- commands

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.text);
  } catch {
    toast("The browser doesn't allow copying here. Select the command instead.");
    return;
  }
  button.textContent = "Copied";
  document.getElementById("announcer").textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, COPIED_MS);
}

async function run(button) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  const { tool, as, words, text } = button.dataset;
  try {
    const response = await fetch("/page/teleport/run", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tool, as, words: JSON.parse(words) }),
    });
    const result = await response.json();
    if (response.ok) print(as, text, result);
    else toast(result.error);
  } catch {
    toast("The sandbox isn't responding.");
  } finally {
    button.removeAttribute("aria-disabled");
  }
  document.dispatchEvent(new CustomEvent("refresh"));
}

/** Add a finished command to the output, and show its beginning. */
function print(user, text, { output, exit_code: code }) {
  const terminal = panel().querySelector(".tp-terminal");
  const log = terminal.querySelector("pre");
  const entry = document.createElement("span");
  const end = code ? `✗ Failed with exit code ${code}\n` : "";
  if (code) entry.className = "tp-failed";
  entry.textContent = `${user || "administrator"}$ ${text}\n${output}${output.endsWith("\n") ? "" : "\n"}${end}\n`;
  log.append(entry);
  terminal.hidden = false;
  log.scrollTop = entry.offsetTop - log.offsetTop;
}

function closeOutput() {
  const terminal = panel().querySelector(".tp-terminal");
  terminal.hidden = true;
  terminal.querySelector("pre").replaceChildren();
  document.getElementById("tp-content").focus();
}
