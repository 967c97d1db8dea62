// Lists that open beside a control, above everything else on the page.

const GAP = 4;
const COMFORTABLE = 220;
const TALLEST = 320;

let open = null; // the popup and its anchor

/** Show the popup below the anchor, or above it if there is more room. */
export function showPopup(popup, anchor) {
  if (!popup.matches(":popover-open")) popup.showPopover();
  open = { popup, anchor };
  place();
}

export function hidePopup(popup) {
  if (popup.isConnected && popup.matches(":popover-open")) popup.hidePopover();
  if (open?.popup === popup) open = null;
}

function place() {
  if (!open?.popup.isConnected) return;
  const { popup, anchor } = open;
  const box = anchor.getBoundingClientRect();
  const below = window.innerHeight - box.bottom;
  const above = below < COMFORTABLE && box.top > below;
  const width = Math.max(box.width, popup.offsetWidth);
  Object.assign(popup.style, {
    minWidth: `${box.width}px`,
    maxHeight: `${Math.min(TALLEST, (above ? box.top : below) - 2 * GAP)}px`,
    left: `${Math.max(GAP, Math.min(box.left, window.innerWidth - width - GAP))}px`,
    top: above ? "auto" : `${box.bottom + GAP}px`,
    bottom: above ? `${window.innerHeight - box.top + GAP}px` : "auto",
  });
}

document.addEventListener(
  "scroll",
  (event) => {
    if (event.target !== open?.popup) place();
  },
  true,
);
window.addEventListener("resize", place);
