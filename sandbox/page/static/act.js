// Acting as a person: each action is one request to the control API.

/**
 * Act as the person of a pane, and resolve to the outcome. An error of Slack or the app becomes a
 * toast, except with `quiet`.
 */
export async function act(pane, body, { quiet = false } = {}) {
  const outcome = await post({ as: pane.dataset.person, ...body });
  if (outcome.error && !quiet) toast(outcome.error);
  return outcome;
}

/** Show a text for a few seconds. */
export function toast(text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text } }));
}

export function paneOf(element) {
  return element.closest("[data-person]");
}

/** Return the view or message of an element, in the control API's form. */
export function placeOf(element) {
  const view = element.closest("[data-view-id]");
  if (view) return { view_id: view.dataset.viewId };
  return {
    channel: element.closest("[data-channel]").dataset.channel,
    ts: element.closest("[data-ts]").dataset.ts,
  };
}

async function post(body) {
  try {
    const response = await fetch("/sandbox/act", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return await response.json();
  } catch {
    return { error: "The sandbox isn't responding. Please check that it is still running." };
  }
}
