// Shortcuts: menus of the app's actions, in the message field and on messages.

import { act, paneOf, placeOf } from "./act.js";

document.addEventListener("click", (event) => {
  const item = event.target.closest("[data-shortcut]");
  if (!item) return;
  const place = item.closest("[data-ts]") ? placeOf(item) : {};
  act(paneOf(item), { do: "shortcut", callback_id: item.dataset.shortcut, ...place });
});
