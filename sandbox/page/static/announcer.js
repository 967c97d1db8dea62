// Screen readers announce new messages, and nothing else of an update.

const LONGEST = 300;

/** Announce the messages that each update adds to an open conversation. */
export function announceNewMessages() {
  let known = new Map();
  const look = () => {
    const now = listed();
    const added = [...now].flatMap(([place, articles]) => {
      const before = known.get(place);
      return before ? articles.filter((article) => !before.includes(article)) : [];
    });
    known = now;
    if (added.length) announce(added);
  };
  look();
  document.addEventListener("patched", look);
}

/** Return the articles of each visible list of messages. */
function listed() {
  const lists = [...document.querySelectorAll(".messages[data-follow]")].filter((list) => list.checkVisibility());
  return new Map(lists.map((list) => [placeOf(list), [...list.querySelectorAll(".message")].map(identity)]));
}

function placeOf(list) {
  const { pane, person, channel } = list.closest(".pane").dataset;
  return `${pane} ${person} ${channel} ${list.closest(".thread")?.dataset.key ?? ""}`;
}

const identity = (article) => article.dataset.ts;

function announce(timestamps) {
  const articles = timestamps.map((ts) => document.querySelector(`.message[data-ts="${CSS.escape(ts)}"]`));
  document.getElementById("announcer").textContent = [...new Set(articles)].map(spoken).join(" ");
}

function spoken(article) {
  const [author, body] = [".author", ".message-body"].map((part) => article.querySelector(part).innerText);
  return `${author}: ${body.replace(/\s+/g, " ").slice(0, LONGEST)}`;
}
