// Synchronize the document with a newly rendered one.
//
// Siblings are matched by data-key. An element with an equal data-version stays as it is, so its
// focus, selection, scroll position and typed text survive. An element with another version is
// replaced, unless both have keyed descendants: then its attributes and children are synchronized.

const KEYED = "[data-key]";
const keyOf = (node) => node.dataset?.key;

/** Make the element `old` equal to `fresh`, and keep the focus. */
export function patch(old, fresh) {
  const focused = document.activeElement;
  const places = placesOf(focused);
  synchronize(old, fresh);
  if (focused && !focused.isConnected) refocus(focused, places);
}

function synchronize(old, fresh) {
  if (old.dataset.version !== undefined && old.dataset.version === fresh.dataset.version) return;
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName || isReplaced(old, fresh)) {
    old.replaceWith(fresh);
    return;
  }
  copyAttributes(old, fresh);
  synchronizeChildren(old, fresh);
}

function isReplaced(old, fresh) {
  const versioned = old.dataset.version !== undefined;
  return versioned && !(old.querySelector(KEYED) && fresh.querySelector(KEYED));
}

function copyAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    // Only the browser opens dialogs.
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function synchronizeChildren(old, fresh) {
  const byKey = new Map([...old.children].filter(keyOf).map((child) => [keyOf(child), child]));
  const freshKeys = new Set([...fresh.children].map(keyOf));
  let next = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    next = skipGone(next, freshKeys);
    const match = keyOf(child) === undefined ? sameKind(next, child) : byKey.get(keyOf(child));
    if (!match) {
      old.insertBefore(child, next);
    } else if (match === next) {
      next = next.nextSibling;
      update(match, child);
    } else {
      old.insertBefore(match, next);
      update(match, child);
    }
  }
  while (next) next = remove(next);
}

/** Remove keyed elements that no longer exist, and return the first other node from `node` on. */
function skipGone(node, freshKeys) {
  let next = node;
  while (next && keyOf(next) !== undefined && !freshKeys.has(keyOf(next))) next = remove(next);
  return next;
}

function sameKind(node, child) {
  return node && keyOf(node) === undefined && node.nodeName === child.nodeName ? node : undefined;
}

function update(old, fresh) {
  if (old.nodeType === Node.ELEMENT_NODE) synchronize(old, fresh);
  else if (old.data !== fresh.data) old.data = fresh.data;
}

function remove(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

// ---------------------------------------------------------------- focus

function placesOf(element) {
  const places = [];
  for (let at = element?.closest(KEYED); at; at = at.parentElement?.closest(KEYED)) {
    places.push([...ancestorKeys(at)].reverse().map((key) => `[data-key="${CSS.escape(key)}"]`).join(" "));
  }
  return places;
}

function* ancestorKeys(element) {
  for (let at = element; at; at = at.parentElement?.closest(KEYED)) yield keyOf(at);
}

/** Focus the successor of a removed element: the same ID or name, else what surrounded it. */
function refocus(gone, places) {
  const successor = (gone.id && document.getElementById(gone.id)) || byName(gone, places)
    || places.map((place) => document.querySelector(place)).find(Boolean);
  if (!successor) return;
  if (successor.tabIndex < 0) successor.tabIndex = -1;
  successor.focus({ preventScroll: true });
}

function byName(gone, places) {
  if (!gone.name) return null;
  const name = `[name="${CSS.escape(gone.name)}"]`;
  return places.map((place) => document.querySelector(`${place} ${name}`)).find(Boolean);
}
