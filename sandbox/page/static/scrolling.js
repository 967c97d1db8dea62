// Lists of messages stay at their end, unless the user has scrolled up and sent nothing since.

const NEAR = 80;
const LISTS = ".messages[data-follow]";
const scrolledUp = new WeakSet();

/** Show the newest message of each list, also after updates and changes of the layout. */
export function scrollToNewest() {
  document.addEventListener("scroll", ({ target }) => {
    if (target.matches?.(LISTS)) remember(target);
  }, { capture: true, passive: true });
  document.addEventListener("sent", ({ target }) => {
    scrolledUp.delete(target.closest(".conversation, .thread").querySelector(LISTS));
    toEnds();
  });
  document.addEventListener("patched", toEnds);
  window.addEventListener("resize", toEnds);
  toEnds();
}

function remember(list) {
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
  if (isAtEnd) scrolledUp.delete(list);
  else scrolledUp.add(list);
}

function toEnds() {
  for (const list of document.querySelectorAll(LISTS)) {
    if (!scrolledUp.has(list)) list.scrollTop = list.scrollHeight;
  }
}
