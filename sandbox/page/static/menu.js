// Overflow menus: a button that opens a menu of actions.

import { hidePopup, showPopup } from "./popup.js";

const itemsOf = (menu) => [...menu.querySelectorAll(".menu-item")];

function open(button) {
  const menu = button.parentElement.querySelector(".menu");
  showPopup(menu, button);
  button.ariaExpanded = "true";
  itemsOf(menu)[0].focus();
}

function close(menu) {
  hidePopup(menu);
  menu.parentElement.querySelector(".overflow-button").ariaExpanded = "false";
}

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

function onKey(event, menu) {
  const items = itemsOf(menu);
  const step = STEPS[event.key];
  if (step) {
    event.preventDefault();
    items[(items.indexOf(event.target) + step + items.length) % items.length].focus();
  } else if (event.key === "Escape") {
    event.preventDefault(); // else it also closes the modal
    menu.parentElement.querySelector(".overflow-button").focus();
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".overflow-button");
  if (button) open(button);
  if (event.target.closest(".menu-item"))
    event.target.closest(".overflow").querySelector("button").focus();
});
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest(".menu");
  if (menu) onKey(event, menu);
});
document.addEventListener("focusout", (event) => {
  const menu = event.target.closest(".menu");
  if (menu && !menu.contains(event.relatedTarget)) close(menu);
});
