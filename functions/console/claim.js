// The claim page. The link's fragment, #<request>.<token>, says which key is meant and that its holder may have it. It goes to
// the desk in the body of a call, and only when the button is pressed: whoever merely opens links, such as a mail scanner, takes
// nothing.

const at = (id) => document.getElementById(id);
const base = location.pathname.replace(/\/console\/claim\/*$/, "");
const form = /^#([0-9a-f]{24})\.([\w-]{20,200})$/;
const patience = 40_000; // ms; API Gateway's is 30 s

// What this tab remembers over a reload. Where storage is forbidden, it remembers as long as the page is open.
const memory = {};
function remember(name, text) {
  memory[name] = text;
  try {
    sessionStorage.setItem(`keydesk.${name}`, text);
    return true;
  } catch {
    return false;
  }
}
function recall(name) {
  try {
    return memory[name] ?? sessionStorage.getItem(`keydesk.${name}`);
  } catch {
    return memory[name] ?? null;
  }
}

// proof is this tab's own: who has shown it once is shown the key again, for ten minutes, and nobody else is.
function proof() {
  const known = recall("proof");
  if (known) return known;
  const fresh = Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  remember("proof", fresh);
  return fresh;
}

let link = null;
let asking = false;

// begin reads the link, and takes it out of the address bar and the history as soon as it is kept elsewhere.
function begin() {
  link = form.exec(location.hash || recall("link") || "");
  if (location.hash && link && remember("link", location.hash)) history.replaceState(null, "", location.pathname + location.search);
  forget();
  say(at("trouble"), "");
  if (link) show("ready");
  else refuse(words.wrong);
}

// call asks the desk for the key, or tells it that the key is saved. Null: no answer came.
async function call(more) {
  try {
    const answer = await fetch(`${base}/api/portal/requests/${link[1]}/claim`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token: link[2], proof: proof(), ...more }),
      cache: "no-store", credentials: "omit", redirect: "error", signal: AbortSignal.timeout(patience),
    });
    return { ok: answer.ok, status: answer.status, body: await answer.json() };
  } catch {
    return null;
  }
}

// press makes one call, however often the button is pressed meanwhile, and gives its answer to whoever still waits for it.
async function press(button, note, more, then) {
  if (asking) return;
  asking = true;
  const asked = link;
  button.setAttribute("aria-disabled", "true");
  say(note, "");
  say(at("said"), "One moment.");
  const answer = await call(more);
  say(at("said"), "");
  button.removeAttribute("aria-disabled");
  asking = false;
  if (link === asked) then(answer);
}

function claimed(answer) {
  if (answer?.ok) {
    showKey(answer.body);
  } else if (!answer || answer.status === 429 || answer.status >= 500) {
    const what = !answer ? "No answer came." : answer.status === 429 ? "The desk is busy." : "The desk is in trouble.";
    say(at("trouble"), `${what} Your key is not lost: stay in this tab and press again. That works for ten minutes, even if the key was on its way already.`);
  } else {
    refuse(refusalOf(answer));
  }
}

function saved(answer) {
  if (!answer?.ok) {
    say(at("unsaved"), "That did not reach the desk. Press again; or close this tab, for the desk removes the key by itself before long.");
    return;
  }
  for (const name of ["link", "proof"]) {
    delete memory[name];
    try { sessionStorage.removeItem(`keydesk.${name}`); } catch { /* it was never there */ }
  }
  forget();
  show("done");
}

// kinds of key: what its parts are called, and how a call brings it. $JWT stands for what only the developer can make.
const kinds = {
  authToken: { parts: [["Key", "RawKey"]], how: "A first call with your key:", curl: (g) => ["-H", `Authorization: ${g.RawKey}`] },
  basic: { parts: [["User name", "RawKey"], ["Password", "Password"]], how: "A first call with both:", curl: (g) => ["-u", `${g.RawKey}:${g.Password}`] },
  oauth: {
    parts: [["Client id", "client_id"], ["Client secret", "secret"], ["Redirect URI", "redirect_uri"]], how: "A first call with id and secret:",
    curl: (g) => ["-u", `${g.client_id}:${g.secret}`],
  },
  jwt: {
    parts: [["Key id", "RawKey"]],
    how: "Name the key id as kid in the header of the tokens that you sign with your own key pair, and give them an exp. With such a token in JWT:",
    curl: () => ["-H", "Authorization: Bearer $JWT"],
  },
  mutualTLS: {
    parts: [["Fingerprint of the certificate", "RawKey"]], how: "A first call with your new certificate and its private key:",
    curl: () => ["--cert", "client.pem"],
  },
};

function showKey(granted) {
  const kind = kinds[granted.auth_type] ?? kinds.authToken;
  at("parts").replaceChildren(...kind.parts.flatMap(([name, member]) => {
    const term = document.createElement("dt");
    const text = document.createElement("dd");
    term.textContent = name;
    text.className = "part";
    fill(text, granted[member], name);
    return [term, text];
  }));
  const [option, value] = kind.curl(granted);
  say(at("how"), kind.how);
  fill(at("try"), `curl ${option} ${quoted(value)} ${quoted(`${location.origin}${base}/hello`)}`, "Command");
  say(at("unsaved"), "");
  at("older").hidden = !granted.grace_ends;
  if (granted.grace_ends) sayTime(at("grace"), granted.grace_ends, { dateStyle: "long", timeStyle: "short" });
  sayTime(at("until"), granted.again_until, { timeStyle: "short" });
  show("key");
}

// quoted is a text as a shell takes it; $JWT stays a variable.
function quoted(text) {
  return `"${text.replace(/["`\\]|\$(?!JWT$)/g, "\\$&")}"`;
}

// fill puts a text that can be copied, and a button that does it, into a box.
function fill(box, text, name) {
  const code = document.createElement("code");
  const button = document.createElement("button");
  code.textContent = text;
  button.type = "button";
  const label = (word) => {
    say(button, word);
    button.setAttribute("aria-label", `${word}: ${name}`);
  };
  label("Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      say(at("said"), `${name} copied.`);
      label("Copied");
    } catch { // the browser does not let us; the person can
      getSelection().selectAllChildren(code);
      say(at("said"), `${name} selected; copy it with your keyboard.`);
      label("Selected");
    }
  });
  box.replaceChildren(code, button);
}

const words = {
  wrong: { title: "This link is not whole", why: "Open it from your e-mail once more, or copy all of it: part of it may have been cut off. If you have saved the key already, there is nothing more to get here." },
  given: (whom) => ({
    title: "Your key was given to others for you",
    why: `${whom} was given the key, to pass it on to you. It is shown once.`,
    remedy: "If you have not got it, ask there: they can give you a new one.",
  }),
  claimed: {
    title: "Already claimed",
    remedy: "If that was not you, tell whoever runs the API at once: the key can be revoked. If it was you, and you never saw the key, they can give you a new one.",
  },
};

// refusalOf says a refusal in the words of a person who waits for a key.
function refusalOf({ status, body }) {
  const meta = body?.Meta ?? {};
  if (status === 404 || status === 400) return words.wrong;
  if (meta.claimed_at && meta.claimed_by !== "the developer") return words.given(meta.claimed_by);
  if (meta.claimed_at) return { ...words.claimed, claimedAt: meta.claimed_at };
  return { title: "There is no key to show", why: body?.Message ?? "", remedy: meta.remedy };
}

function refuse({ title, why, claimedAt, remedy }) {
  forget();
  say(at("refused"), title);
  say(at("why"), why ?? "");
  if (claimedAt) {
    const time = document.createElement("time");
    sayTime(time, claimedAt, { dateStyle: "long", timeStyle: "short" });
    at("why").replaceChildren("This key was claimed on ", time, ". It is shown once.");
  }
  say(at("remedy"), remedy ?? "");
  show("refusal");
}

// show has one section stand on the page. But for the first, its heading is focused, so that it is read out.
let shown = "";
function show(id) {
  for (const section of document.querySelectorAll("section")) section.hidden = section.id !== id;
  const heading = at(id).querySelector("h1");
  document.title = heading.textContent;
  if (shown) heading.focus();
  shown = id;
}

// forget takes the key off the page.
function forget() {
  at("parts").replaceChildren();
  at("try").replaceChildren();
}

function say(element, text) {
  element.textContent = text;
}

function sayTime(element, time, how) {
  element.dateTime = time;
  element.textContent = new Date(time).toLocaleString("en-GB", how);
}

at("show").addEventListener("click", () => press(at("show"), at("trouble"), {}, claimed));
at("saved").addEventListener("click", () => press(at("saved"), at("unsaved"), { saved: true }, saved));
addEventListener("hashchange", begin);
addEventListener("pagehide", () => { if (shown === "key") begin(); }); // browsers keep pages that one may go back to
begin();
