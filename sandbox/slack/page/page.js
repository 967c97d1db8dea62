// The sandbox's web page. It shows the workspace as one person sees it, and acts as that person.
// Both work through the control API: a long poll of /sandbox/changes ends after each change, then
// the page reads everything again and renders the parts that differ.
// Text reaches the document as text nodes only, never as markup.

const get = (id) => document.getElementById(id);
const state = { person: null, people: [], place: { kind: "channel", name: "access-requests" } };
const drafts = {}; // by view ID: unsent input, in the form of state.values
const viewErrors = {}; // by view ID: errors of Slack or the app, by block ID
const shown = {}; // the rendered value of each part of the page, to render only changes

// ---------------------------------------------------------------- control API

async function getJson(path) {
  const response = await fetch(path);
  return response.json();
}

async function act(action) {
  const response = await fetch("/sandbox/act", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ as: state.person, ...action }),
  });
  return response.json();
}

async function actAndRefresh(action) {
  const outcome = await act(action);
  if (outcome.error && !outcome.errors) toast(outcome.error);
  await refresh();
  return outcome;
}

function toast(text) {
  const box = get("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { box.hidden = true; }, 6000);
}

// ---------------------------------------------------------------- elements

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function mention(text) {
  return make("span", { className: "live-mention" }, text);
}

function link(address, text) {
  if (!/^(https?|mailto):/.test(address)) return document.createTextNode(`<${address}>`);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, text);
}

// ---------------------------------------------------------------- text

const EMOJI = {
  white_check_mark: "✅", x: "❌", no_entry: "⛔", no_entry_sign: "🚫", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", warning: "⚠️", lock: "🔒", unlock: "🔓", key: "🔑", eyes: "👀",
  bell: "🔔", rotating_light: "🚨", information_source: "ℹ️", wave: "👋", tada: "🎉",
  large_green_circle: "🟢", large_yellow_circle: "🟡", red_circle: "🔴", clock1: "🕐",
};

function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

function unescape(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

function personName(id) {
  return state.people.find((one) => one.id === id)?.real_name ?? id;
}

function dateText(seconds, format, fallback) {
  const zone = state.people.find((one) => one.name === state.person)?.tz;
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return fallback;
  const put = (options) => new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options }).format(at);
  const forms = {
    date: { dateStyle: "long" }, date_short: { dateStyle: "medium" }, date_long: { dateStyle: "full" },
    date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
    time: { timeStyle: "short" }, time_secs: { timeStyle: "medium" },
  };
  return format.replace(/\{(\w+)\}/g, (whole, name) => {
    if (name === "ago") return `${Math.round((Date.now() / 1000 - seconds) / 60)} min ago`;
    const form = forms[name.replace(/_pretty$/, "")];
    return form ? put(form) : whole;
  });
}

// Render one entity of Slack's markup: the text between < and >.
function entity(inside) {
  const [target, label] = inside.split(/\|(.*)/s);
  if (target.startsWith("@")) return mention(`@${personName(target.slice(1))}`);
  if (target.startsWith("#")) return mention(`#${label ?? target.slice(1)}`);
  if (target.startsWith("!date^")) {
    const [, seconds, format, address] = target.split("^");
    const text = dateText(Number(seconds), format, label);
    return address ? link(address, text) : make("time", { title: label }, text);
  }
  if (target.startsWith("!")) return mention(`@${(label ?? target.slice(1)).replace(/^subteam\^/, "")}`);
  return link(unescape(target), unescape(label ?? target));
}

const MARKUP = new RegExp([
  "```(?<pre>[\\s\\S]+?)```", "`(?<code>[^`\\n]+)`", "<(?<entity>[^<>\\n]+)>",
  "(?<![\\w*])\\*(?<bold>[^*\\n]+)\\*(?![\\w*])", "(?<![\\w_])_(?<italic>[^_\\n]+)_(?![\\w_])",
  "(?<![\\w~])~(?<strike>[^~\\n]+)~(?![\\w~])", "^&gt; ?(?<quote>.*)$",
  "(?<broadcast>@(?:here|channel|everyone)\\b)",
].join("|"), "gm");

function mrkdwn(text, { verbatim = false } = {}) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(MARKUP)) {
    nodes.push(withEmoji(unescape(text.slice(end, match.index))));
    nodes.push(marked(match, verbatim));
    end = match.index + match[0].length;
  }
  nodes.push(withEmoji(unescape(text.slice(end))));
  return nodes;
}

function marked(match, verbatim) {
  const found = match.groups;
  if (found.pre !== undefined) return make("pre", {}, unescape(found.pre));
  if (found.code !== undefined) return make("code", {}, unescape(found.code));
  if (found.entity !== undefined) return entity(found.entity);
  if (found.bold !== undefined) return make("b", {}, ...mrkdwn(found.bold, { verbatim }));
  if (found.italic !== undefined) return make("i", {}, ...mrkdwn(found.italic, { verbatim }));
  if (found.strike !== undefined) return make("s", {}, ...mrkdwn(found.strike, { verbatim }));
  if (found.quote !== undefined) return make("blockquote", {}, ...mrkdwn(found.quote, { verbatim }));
  return verbatim ? found.broadcast : mention(found.broadcast);
}

function text(object) {
  if (object.type === "mrkdwn") return make("span", { className: "mrkdwn" }, ...mrkdwn(object.text, object));
  const literal = object.emoji === false ? object.text : withEmoji(object.text);
  return make("span", { className: "plain" }, literal);
}

// ---------------------------------------------------------------- rich text

const STYLES = { bold: "b", italic: "i", strike: "s", code: "code", underline: "u" };

function styled(node, style = {}) {
  return Object.entries(STYLES).reduce((inner, [name, tag]) => style[name] ? make(tag, {}, inner) : inner, node);
}

const LEAVES = {
  text: (leaf) => document.createTextNode(leaf.text),
  link: (leaf) => link(leaf.url, leaf.text ?? leaf.url),
  user: (leaf) => mention(`@${personName(leaf.user_id)}`),
  usergroup: (leaf) => mention(`@${leaf.usergroup_id}`),
  broadcast: (leaf) => mention(`@${leaf.range}`),
  channel: (leaf) => mention(`#${leaf.channel_id}`),
  emoji: (leaf) => document.createTextNode(EMOJI[leaf.name] ?? `:${leaf.name}:`),
  date: (leaf) => make("time", {}, dateText(leaf.timestamp, leaf.format, leaf.fallback)),
  color: (leaf) => document.createTextNode(leaf.value),
};

function leaves(elements) {
  return elements.map((leaf) => styled(LEAVES[leaf.type](leaf), leaf.style));
}

const RICH = {
  rich_text_section: (part) => make("div", { className: "plain" }, ...leaves(part.elements)),
  rich_text_preformatted: (part) => make("pre", {}, ...leaves(part.elements)),
  rich_text_quote: (part) => make("blockquote", { className: "plain" }, ...leaves(part.elements)),
  rich_text_list: (part) => make(part.style === "ordered" ? "ol" : "ul", {},
    ...part.elements.map((item) => make("li", {}, ...leaves(item.elements)))),
};

// ---------------------------------------------------------------- inputs
// A place is the surface of an element: its address for the control API, and the values entered so far.

function optionsOf(element, kind) {
  if (kind === "users") return state.people.map((one) => ({ value: one.id, label: one.real_name }));
  if (kind !== "static") return (shown.places ?? []).filter((one) => one.kind !== "im")
    .map((one) => ({ value: one.id, label: `#${one.name}` }));
  const all = [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((group) => group.options)];
  return all.map((one) => ({ value: one.value, label: one.text.text, option: one }));
}

const SLOTS = {
  plain_text_input: "value", email_text_input: "value", url_text_input: "value", number_input: "value",
  static_select: "selected_option", external_select: "selected_option", radio_buttons: "selected_option",
  multi_static_select: "selected_options", multi_external_select: "selected_options", checkboxes: "selected_options",
  users_select: "selected_user", multi_users_select: "selected_users",
  conversations_select: "selected_conversation", multi_conversations_select: "selected_conversations",
  channels_select: "selected_channel", multi_channels_select: "selected_channels",
  datepicker: "selected_date", timepicker: "selected_time", datetimepicker: "selected_date_time",
};

function enter(place, block, element, value) {
  const form = (place.entries[block.block_id] ??= {});
  form[element.action_id] = { type: element.type, [SLOTS[element.type]]: value };
}

function current(place, block, element) {
  const entered = place.entries[block.block_id]?.[element.action_id];
  return entered?.[SLOTS[element.type]] ?? null;
}

function ids(value) {
  return (Array.isArray(value) ? value : value === null ? [] : [value]).map((one) => one.value ?? one);
}

function textInput(place, block, element) {
  const kinds = { email_text_input: "email", url_text_input: "url", number_input: "number" };
  const field = element.multiline ? make("textarea") : make("input", { type: kinds[element.type] ?? "text" });
  Object.assign(field, { value: current(place, block, element) ?? "", placeholder: element.placeholder?.text ?? "" });
  if (element.max_length) field.maxLength = element.max_length;
  field.addEventListener("input", () => enter(place, block, element, field.value || null));
  return field;
}

function pickerInput(place, block, element) {
  const kinds = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" };
  const field = make("input", { type: kinds[element.type] });
  const moment = element.type === "datetimepicker";
  const value = current(place, block, element);
  field.value = value === null ? "" : moment ? new Date(value * 1000).toISOString().slice(0, 16) : value;
  field.addEventListener("change", () => {
    const picked = moment ? Date.parse(`${field.value}Z`) / 1000 : field.value;
    enter(place, block, element, field.value ? picked : null);
    used(place, block, element, picked);
  });
  return field;
}

function menu(place, block, element, kind) {
  const field = make("select", {}, make("option", { value: "" }, element.placeholder?.text ?? "Choose…"));
  const options = optionsOf(element, kind);
  field.append(...options.map((one) => make("option", { value: one.value }, one.label)));
  field.value = ids(current(place, block, element))[0] ?? "";
  field.addEventListener("change", () => {
    const picked = options.find((one) => one.value === field.value);
    enter(place, block, element, picked ? picked.option ?? picked.value : null);
    used(place, block, element, picked?.value);
  });
  return field;
}

function boxes(place, block, element, kind, { many }) {
  const chosen = new Set(ids(current(place, block, element)));
  const options = optionsOf(element, kind);
  const name = `${place.id}-${block.block_id}-${element.action_id}`;
  return make("div", {}, ...options.map((one) => {
    const box = make("input", { type: many ? "checkbox" : "radio", name, checked: chosen.has(one.value) });
    box.addEventListener("change", () => {
      if (!many) chosen.clear();
      box.checked ? chosen.add(one.value) : chosen.delete(one.value);
      const picked = options.filter((other) => chosen.has(other.value)).map((other) => other.option ?? other.value);
      enter(place, block, element, many ? picked : picked[0] ?? null);
      used(place, block, element, many ? [...chosen] : one.value);
    });
    return make("label", {}, box, " ", one.label, make("br"));
  }));
}

// Render a select whose options come from the app during typing.
function external(place, block, element, { many }) {
  const list = make("div", { className: "suggestions" });
  const picked = make("div");
  const field = make("input", { type: "search", placeholder: element.placeholder?.text ?? "Type to search" });
  const chosen = () => [current(place, block, element) ?? []].flat();
  const show = () => picked.replaceChildren(...chosen().map((one) => make("span", { className: "chosen" }, one.text.text)));
  const choose = (option) => {
    enter(place, block, element, many ? [...chosen(), option] : option);
    list.replaceChildren();
    field.value = "";
    show();
    used(place, block, element, many ? ids(chosen()) : option.value);
  };
  field.addEventListener("input", async () => {
    const typed = field.value;
    if (typed.length < (element.min_query_length ?? 3)) return list.replaceChildren();
    const outcome = await act({ do: "suggest", ...place.where, action_id: element.action_id, text: typed });
    if (field.value !== typed) return undefined;
    const groups = outcome.payload?.option_groups ?? [];
    const options = outcome.payload?.options ?? groups.flatMap((group) => group.options);
    const nothing = outcome.error ?? "No results";
    return list.replaceChildren(...(options.length ? options.map((option) =>
      make("button", { type: "button", onclick: () => choose(option) }, option.text.text)) : [nothing]));
  });
  show();
  return make("div", {}, picked, field, list);
}

function used(place, block, element, value) {
  if (block.type === "input" && !block.dispatch_action) return;
  click(place, element, value);
}

async function click(place, element, value) {
  if (element.confirm && !await confirmed(element.confirm)) return;
  if (element.url) window.open(element.url, "_blank", "noopener");
  const values = place.isView ? { values: place.entries } : {};
  await actAndRefresh({ do: "click", ...place.where, action_id: element.action_id, value, ...values });
}

function confirmed(dialog) {
  const box = get("confirm");
  return new Promise((decide) => {
    const end = (choice) => { box.close(); decide(choice); };
    box.oncancel = () => decide(false);
    box.replaceChildren(
      make("header", {}, text(dialog.title)),
      make("div", { className: "body" }, text(dialog.text)),
      make("footer", {},
        make("button", { onclick: () => end(false) }, text(dialog.deny)),
        make("button", { className: dialog.style ?? "primary", onclick: () => end(true) }, text(dialog.confirm))),
    );
    box.showModal();
  });
}

function button(place, _block, element) {
  return make("button", {
    type: "button", className: element.style ?? "", title: element.accessibility_label ?? "",
    onclick: () => click(place, element, element.value),
  }, text(element.text));
}

function overflow(place, _block, element) {
  const field = make("select", {}, make("option", { value: "" }, "⋯"));
  field.append(...element.options.map((one) => make("option", { value: one.value }, one.text.text)));
  field.addEventListener("change", () => field.value && click(place, element, field.value));
  return field;
}

const ELEMENTS = {
  button, overflow,
  plain_text_input: textInput, email_text_input: textInput, url_text_input: textInput, number_input: textInput,
  datepicker: pickerInput, timepicker: pickerInput, datetimepicker: pickerInput,
  static_select: (...where) => menu(...where, "static"),
  users_select: (...where) => menu(...where, "users"),
  conversations_select: (...where) => menu(...where, "channels"),
  channels_select: (...where) => menu(...where, "channels"),
  radio_buttons: (...where) => boxes(...where, "static", { many: false }),
  checkboxes: (...where) => boxes(...where, "static", { many: true }),
  multi_static_select: (...where) => boxes(...where, "static", { many: true }),
  multi_users_select: (...where) => boxes(...where, "users", { many: true }),
  multi_conversations_select: (...where) => boxes(...where, "channels", { many: true }),
  multi_channels_select: (...where) => boxes(...where, "channels", { many: true }),
  external_select: (...where) => external(...where, { many: false }),
  multi_external_select: (...where) => external(...where, { many: true }),
  image: (_place, _block, element) => make("em", {}, `[image: ${element.alt_text}]`),
};

function renderElement(place, block, element) {
  const render = ELEMENTS[element.type];
  return render ? render(place, block, element) : make("em", {}, `[${element.type}]`);
}

// ---------------------------------------------------------------- blocks

const BLOCKS = {
  section: (place, block) => make("div", { className: "section" },
    block.fields
      ? make("div", {}, block.text ? text(block.text) : null,
        make("div", { className: "fields" }, ...block.fields.map(text)))
      : text(block.text),
    block.accessory ? renderElement(place, block, block.accessory) : null),
  divider: () => make("hr"),
  header: (_place, block) => make("div", { className: "header" }, text(block.text)),
  alert: (_place, block) => make("div", { className: "alert" }, text(block.text)),
  markdown: (_place, block) => make("div", { className: "plain" }, block.text),
  image: (_place, block) => make("em", {}, `[image: ${block.alt_text}]`),
  context: (place, block) => make("div", { className: "context" }, ...block.elements.map((part) =>
    part.type === "image" ? renderElement(place, block, part) : text(part))),
  actions: (place, block) => make("div", { className: "actions" },
    ...block.elements.map((element) => renderElement(place, block, element))),
  rich_text: (_place, block) => make("div", {}, ...block.elements.map((part) => RICH[part.type](part))),
  table: (_place, block) => make("table", {}, ...block.rows.map((row) => make("tr", {},
    ...row.map((cell) => make("td", {}, ...(cell.type === "raw_text" ? [cell.text]
      : cell.elements.map((part) => RICH[part.type](part)))))))),
  input: (place, block) => {
    const grouped = ["radio_buttons", "checkboxes"].includes(block.element.type) || block.element.type.startsWith("multi_");
    const error = place.errors?.[block.block_id];
    return make(grouped ? "div" : "label", {},
      make("span", { className: "field-name" }, text(block.label), block.optional ? " (optional)" : ""),
      renderElement(place, block, block.element),
      block.hint ? make("div", { className: "hint" }, text(block.hint)) : null,
      error ? make("div", { className: "error", role: "alert" }, error) : null);
  },
};

function renderBlocks(place, blocks) {
  return blocks.map((block) => {
    const render = BLOCKS[block.type];
    const rendered = render ? render(place, block) : make("em", {}, `[${block.type}]`);
    return make("div", { className: "block" }, rendered);
  });
}

// ---------------------------------------------------------------- places

function changed(part, value) {
  const written = JSON.stringify(value);
  if (shown[`${part} as text`] === written) return false;
  shown[`${part} as text`] = written;
  return true;
}

function renderMessage(message) {
  const reply = message.thread_ts && message.thread_ts !== message.ts;
  const place = {
    id: message.ts, where: { channel: state.place.name, ts: message.ts }, entries: {}, isView: false,
  };
  const at = new Date(Number(message.ts) * 1000).toLocaleTimeString();
  const body = message.blocks.length ? renderBlocks(place, message.blocks)
    : [make("div", { className: "mrkdwn" }, ...mrkdwn(message.text))];
  return make("article", { className: `message${reply ? " reply" : ""}${message.ephemeral ? " ephemeral" : ""}` },
    make("span", { className: "who" }, personName(message.user),
      make("span", { className: "note" }, message.ephemeral ? `${at} · only visible to you` : at)),
    ...body,
    ...(message.attachments ?? []).map((one) => renderAttachment(place, one)));
}

function renderAttachment(place, attachment) {
  const { pretext, title, text, fallback, blocks } = attachment;
  const written = [pretext, title, text].filter((part) => typeof part === "string");
  const parts = blocks ? renderBlocks(place, blocks)
    : (written.length ? written : [fallback]).map((part) => make("div", { className: "mrkdwn" }, ...mrkdwn(part)));
  return make("blockquote", {}, ...parts);
}

function threaded(messages) {
  const root = (message) => message.thread_ts ?? message.ts;
  return [...messages].sort((one, other) => root(one).localeCompare(root(other)) || one.ts.localeCompare(other.ts));
}

async function renderChannel() {
  const { messages } = await getJson(`/sandbox/channels/${encodeURIComponent(state.place.name)}?as=${state.person}`);
  if (!changed("messages", [state.person, state.place, messages])) return;
  const box = get("messages");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  box.replaceChildren(...threaded(messages).map(renderMessage));
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function renderHome(home) {
  if (!changed("messages", [state.person, state.place, home?.hash])) return;
  const place = home && viewPlace(home);
  get("messages").replaceChildren(...(home ? renderBlocks(place, home.blocks) : ["The app hasn't published a Home tab."]));
}

function viewPlace(view) {
  const typed = drafts[view.id] ?? {};
  const kept = (block) => ([action, value]) => [action, typed[block]?.[action] ?? value];
  drafts[view.id] = Object.fromEntries(Object.entries(view.state.values).map(([block, actions]) =>
    [block, Object.fromEntries(Object.entries(actions).map(kept(block)))]));
  return {
    id: view.id, where: { view_id: view.id }, entries: drafts[view.id], isView: true, errors: viewErrors[view.id],
  };
}

function renderModal(modals) {
  const box = get("modal");
  const view = modals.at(-1);
  if (!changed("modal", view ? [view.id, view.hash, viewErrors[view.id]] : null)) return;
  if (!view) return box.close();
  const close = () => actAndRefresh({ do: "close", view_id: view.id });
  box.oncancel = (event) => { event.preventDefault(); close(); };
  box.replaceChildren(make("form", { onsubmit: (event) => { event.preventDefault(); submit(view); }, noValidate: true },
    make("header", {}, text(view.title), make("button", { type: "button", ariaLabel: "Close", onclick: close }, "✕")),
    make("div", { className: "body" }, ...renderBlocks(viewPlace(view), view.blocks)),
    make("footer", {},
      make("button", { type: "button", onclick: close }, view.close ? text(view.close) : "Cancel"),
      view.submit ? make("button", { className: "primary" }, text(view.submit)) : null)));
  if (!box.open) box.showModal();
  return undefined;
}

async function submit(view) {
  const outcome = await act({ do: "submit", view_id: view.id, values: drafts[view.id] });
  viewErrors[view.id] = outcome.errors;
  if (outcome.error && !outcome.errors) toast(outcome.error);
  await refresh();
}

function go(place) {
  state.place = place;
  if (place.kind === "home") actAndRefresh({ do: "home" });
  return refresh();
}

function renderCommands(commands) {
  if (!changed("list of commands", commands)) return;
  get("commands").replaceChildren(...commands.map((one) =>
    make("option", { value: one.name }, `${one.usage_hint} ${one.description}`)));
}

function renderPlaces(channels, hasHome) {
  const places = [
    ...(hasHome ? [{ kind: "home", name: "Home" }] : []),
    ...channels.filter((one) => one.kind !== "im").map((one) => ({ kind: "channel", name: one.name, label: `# ${one.name}` })),
    ...channels.filter((one) => one.kind === "im").map((one) => ({ kind: "channel", name: one.name, label: "Teleport ChatOps" })),
  ];
  shown.places = channels;
  if (!changed("list of places", [places, state.place, state.person])) return;
  get("places").replaceChildren(...places.map((place) => {
    const item = make("button", { onclick: () => go(place) }, place.label ?? place.name);
    if (place.name === state.place.name) item.setAttribute("aria-current", "page");
    return make("li", {}, item);
  }));
  get("title").textContent = places.find((place) => place.name === state.place.name)?.label ?? state.place.name;
  get("composer").hidden = state.place.kind === "home";
}

// ---------------------------------------------------------------- the whole page

async function refresh() {
  const [views, { channels }, status, app] = await Promise.all([
    getJson(`/sandbox/people/${state.person}/views`),
    getJson(`/sandbox/channels?as=${state.person}`),
    getJson("/sandbox/status"),
    getJson("/sandbox/app"),
  ]);
  get("status").textContent = status.sockets ? `The app is connected (${status.sockets})` : "The app isn't connected";
  renderCommands(app.commands);
  renderPlaces(channels, app.home || !app.commands.length);
  renderModal(views.modals);
  if (state.place.kind === "home") renderHome(views.home);
  else await renderChannel();
}

async function follow(mark) {
  const next = await getJson(`/sandbox/changes?since=${mark}`);
  await refresh();
  return next.mark;
}

function accountType(person) {
  return person.standing === "stranger" ? "external" : person.standing;
}

async function start() {
  state.people = (await getJson("/sandbox/people")).people;
  const actors = state.people.filter((one) => !["bot", "deactivated"].includes(one.standing));
  const names = actors.map((one) => make("option", { value: one.name }, `${one.real_name} (${accountType(one)})`));
  get("person").replaceChildren(...names);
  state.person = actors[0].name;
  get("person").addEventListener("change", () => {
    state.person = get("person").value;
    if (state.place.name.startsWith("@")) state.place = { kind: "channel", name: `@${state.person}` };
    refresh();
  });
  get("composer").addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = get("typed").value;
    get("typed").value = "";
    await actAndRefresh({ do: "command", channel: state.place.name, text: typed });
  });
  for (let mark = ""; ;) {
    try {
      mark = await follow(mark);
    } catch (error) {
      get("status").textContent = `The sandbox isn't responding: ${error.message}`;
      await new Promise((wake) => { setTimeout(wake, 1000); });
    }
  }
}

start();
