// Changes of the page's own state on the server.

/** Post without a body. A lost request doesn't matter: the next update shows the old state. */
export async function post(path) {
  try {
    await fetch(path, { method: "POST" });
  } catch {
    // The notice about the lost connection is enough.
  }
}
