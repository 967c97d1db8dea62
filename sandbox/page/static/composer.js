// Message fields: send with Enter, keep drafts, complete slash commands.

import { act } from "./act.js";
import { acceptOption, closeCompletions, handleCompletionKey, showCompletions } from "./completions.js";

const draftKey = (form) => `draft ${form.dataset.key}`;

export function startComposers() {
  document.addEventListener("submit", send);
  document.addEventListener("input", changed);
  document.addEventListener("keydown", (event) => {
    const form = composerAt(event.target);
    if (form) handleCompletionKey(event, form);
  });
  document.addEventListener("focusout", (event) => {
    const form = composerAt(event.target);
    if (form) closeCompletions(form);
  });
  // A press on an option must not take the focus from the field.
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest(".completions")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const option = event.target.closest(".completions [role=option]");
    if (option) acceptOption(option.closest("form"), option);
  });
  document.addEventListener("patched", restoreDrafts);
  restoreDrafts();
}

/** Write a text into the message field of a pane and focus it. */
export function typeInto(pane, text) {
  const form = pane?.querySelector(".conversation form.composer");
  if (!form) return;
  form.elements.text.value = text;
  keepDraft(form);
  showCompletions(form);
  form.elements.text.focus();
}

const composerAt = (target) => (target.matches?.(".composer-field") ? target.form : null);

function changed(event) {
  const form = composerAt(event.target);
  if (!form) return;
  keepDraft(form);
  showCompletions(form);
}

async function send(event) {
  const form = event.target;
  if (!form.matches("form.composer")) return;
  event.preventDefault();
  const field = form.elements.text;
  const text = field.value.trim();
  if (!text || form.dataset.sending) return;
  closeCompletions(form);
  form.dataset.sending = "true";
  const outcome = await act(form.closest(".pane"), action(form, text));
  delete form.dataset.sending;
  if (!outcome.error) form.dispatchEvent(new CustomEvent("sent", { bubbles: true }));
  if (outcome.error || field.value.trim() !== text) return;
  field.value = "";
  keepDraft(form);
  showCompletions(form);
}

function action(form, text) {
  const { channel } = form.closest(".pane").dataset;
  const thread = form.dataset.thread ? { thread_ts: form.dataset.thread } : {};
  return { do: text.startsWith("/") ? "command" : "message", channel, text, ...thread };
}

// ---------------------------------------------------------------- drafts

function keepDraft(form) {
  const { value } = form.elements.text;
  if (value) sessionStorage.setItem(draftKey(form), value);
  else sessionStorage.removeItem(draftKey(form));
}

function restoreDrafts() {
  for (const form of document.querySelectorAll("form.composer")) {
    if (form.dataset.restored) continue;
    form.dataset.restored = "true";
    const draft = sessionStorage.getItem(draftKey(form));
    if (draft) form.elements.text.value = draft;
  }
}
