// Lists of messages stay at their end if they were there.

const NEAR = 80;
const lists = () => document.querySelectorAll(".messages[data-follow]");
const isAtEnd = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
const toEnd = (list) => { list.scrollTop = list.scrollHeight; };

/** Show the newest message of each list, also after updates and changes of the layout. */
export function scrollToNewest() {
  let moved = new Set();
  document.addEventListener("patching", () => {
    moved = new Set([...lists()].filter((list) => !isAtEnd(list)));
  });
  document.addEventListener("patched", () => {
    for (const list of lists()) if (!moved.has(list)) toEnd(list);
  });
  window.addEventListener("resize", () => lists().forEach(toEnd));
  lists().forEach(toEnd);
}
