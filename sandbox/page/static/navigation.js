// Links within the page change the address and the content without a reload.

import { act, toast } from "./act.js";
import { refresh } from "./document.js";

const HOME = "app-home";
const composerOf = (pane) => pane?.querySelector(".thread .composer-field")
  ?? pane?.querySelector(".conversation .composer-field");

/** Show another address of the page. */
export async function navigate(address) {
  const before = channels();
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
  try {
    await refresh();
  } catch {
    toast("The sandbox isn't responding. The page shows the new place as soon as it is back.");
  }
  openHomes(before);
}

export function startNavigation() {
  document.addEventListener("click", followLink);
  document.addEventListener("change", choosePerson);
  window.addEventListener("popstate", () => navigate(location.pathname + location.search));
  openHomes([]);
  focusComposer(document.querySelector(".pane"));
}

function followLink(event) {
  const link = event.target.closest("a[href], [data-tab]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const address = link.dataset.tab === undefined ? link.getAttribute("href") : tabAddress(link.dataset.tab);
  if (!address.startsWith("/?")) return;
  event.preventDefault();
  const pane = link.closest(".pane");
  const isThread = link.matches(".thread-link");
  navigate(address).then(() => {
    if (pane && (isThread || link.closest(".sidebar, .thread-head"))) focusComposer(currentPane(pane));
  });
}

/** Return the page's address with a tab of the Teleport panel in front. */
export function tabAddress(tab) {
  const query = new URLSearchParams(location.search);
  query.set("panel", "teleport");
  query.set("tab", tab);
  query.set("front", "panel");
  return `/?${query}`;
}

function choosePerson(event) {
  if (event.target.matches("select.person")) navigate(event.target.value);
}

/** Return the pane in the document that has the number of a pane that may be replaced. */
function currentPane(pane) {
  return document.querySelector(`.pane[data-pane="${pane.dataset.pane}"]`);
}

function focusComposer(pane) {
  if (pane?.checkVisibility()) composerOf(pane)?.focus({ preventScroll: true });
}

const channels = () => [...document.querySelectorAll(".pane")].map(({ dataset }) => `${dataset.person} ${dataset.channel}`);

/** Open App Home in the panes that show it now and didn't before, as Slack does for the app. */
function openHomes(before) {
  for (const pane of document.querySelectorAll(`.pane[data-channel="${HOME}"]`)) {
    if (!before.includes(`${pane.dataset.person} ${HOME}`)) act(pane, { do: "home" });
  }
}
