// Sentences for the codes with which Slack rejects an action.

const SENTENCES = {
  account_inactive: "This account is deactivated.",
  channel_not_found: "This person can't see the channel.",
  dispatch_failed: "The app isn't connected, so it didn't get the action.",
  is_archived: "The channel is archived.",
  message_not_found: "The message no longer exists.",
  no_text: "The message is empty.",
  not_in_channel: "Only members of the channel can do this.",
  operation_timeout: "The app didn't respond within three seconds.",
  thread_not_found: "The thread no longer exists.",
  view_not_found: "The form is no longer open.",
  view_not_in_front: "Another form covers this one.",
};

/** Return a sentence for an error of the control API. Texts of Slack stay as they are. */
export function sentenceFor(error) {
  const sentence = SENTENCES[error];
  return sentence ? `${sentence} Slack's error: ${error}` : error;
}
