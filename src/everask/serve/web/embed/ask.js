// <ea-ask>: an ask box for any site, over the documents of the Everask server that this module comes from.
//
//   <script type="module" src="https://ask.example.org/embed/ask.js"></script>
//   <ea-ask><a href="https://ask.example.org/">Ask the documents</a></ea-ask>
//
// The site's origin must stand in that server's `embed.sites`. Nothing but this server is asked, and no cookie
// goes along. The element takes its language from the page, its colours and type from where it stands; what
// stands inside it is shown where it cannot run. Text is only ever put in as text.

const HOME = new URL("./", import.meta.url);
const MOST_NEAREST = 3;
const STYLE = `
:host { display: block; color: inherit; font: inherit; line-height: 1.5; }
:host([hidden]) { display: none; }
* { box-sizing: border-box; font: inherit; color: inherit; }
form { display: flex; flex-wrap: wrap; gap: .5em; align-items: end; }
label { flex: 1 1 14em; display: grid; gap: .25em; }
input, button, summary { padding: .5em .75em; border: 1px solid color-mix(in srgb, currentColor 60%, transparent);
  border-radius: .4em; background: transparent; }
input { inline-size: 100%; }
button { cursor: pointer; font-weight: 600; }
:focus-visible, li:focus { outline: .2em solid currentColor; outline-offset: .15em; }
.cite { padding: 0 .4em; margin-inline-start: .25em; font-size: .85em; font-weight: 600; min-inline-size: 1.8em;
  min-block-size: 1.8em; }
.support { font-size: .85em; margin-inline-start: .4em; opacity: .8; white-space: nowrap; }
h2 { font-size: 1em; font-weight: 700; margin: 1em 0 .5em; }
p { margin: .75em 0; overflow-wrap: anywhere; }
ol { margin: 0; padding-inline-start: 2em; }
li { margin-block-end: .75em; }
blockquote { margin: 0; padding-inline-start: .75em; white-space: pre-line; overflow-wrap: anywhere;
  border-inline-start: .2em solid color-mix(in srgb, currentColor 40%, transparent); }
.note { padding: .5em .75em; border: 1px solid color-mix(in srgb, currentColor 40%, transparent);
  border-radius: .4em; }
.place { font-size: .85em; margin: .25em 0 0; opacity: .8; }
.hidden { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
`;
const style = new CSSStyleSheet();
style.replaceSync(STYLE);

class Ask extends HTMLElement {
  async connectedCallback() {
    if (this.shadowRoot) return;
    const said = this.closest("[lang]")?.lang || navigator.language;
    const reply = await fetch(new URL(`words/${encodeURIComponent(said.split("-")[0].toLowerCase())}`, HOME), {
      credentials: "omit",
    });
    if (!reply.ok || this.shadowRoot) return;
    this.words = await reply.json();
    this.build();
  }

  disconnectedCallback() {
    this.work?.abort();
  }

  build() {
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    this.input = make("input", { type: "search", name: "text", maxLength: 4000, autocomplete: "off", required: true });
    this.input.placeholder = this.getAttribute("placeholder") ?? "";
    const label = make("label", {}, make("span", {}, this.getAttribute("label") ?? this.words.label), this.input);
    const form = make("form", {}, label, make("button", { type: "submit" }, this.words.ask));
    form.setAttribute("role", "search");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask(this.input.value.trim());
    });
    this.state = make("p", { className: "state" });
    this.state.setAttribute("role", "status");
    this.body = make("div", { className: "body" });
    this.claims = make("div", { className: "claims" });
    this.claims.setAttribute("aria-live", "polite");
    this.rest = make("div", { className: "rest" });
    this.body.append(this.claims, this.rest);
    const all = make("div", { lang: this.words.language, dir: this.words.direction }, form, this.state, this.body);
    root.append(all);
  }

  async ask(text) {
    if (!text) return;
    this.work?.abort();
    const work = (this.work = new AbortController());
    this.clear();
    this.rest.replaceChildren();
    this.body.setAttribute("aria-busy", "true");
    this.state.textContent = this.words.searching;
    try {
      const reply = await fetch(new URL("asks", HOME), {
        method: "POST",
        credentials: "omit",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify({ text }),
        signal: work.signal,
      });
      if (!reply.ok) throw await refusal(reply, this.words);
      await this.follow(reply);
    } catch (error) {
      if (work.signal.aborted) return;
      this.state.textContent = error instanceof Refused ? error.message : this.words.lost;
    }
    this.body.removeAttribute("aria-busy");
  }

  async follow(reply) {
    for await (const [name, data] of events(reply.body)) {
      if (name === "claim") this.claims.append(this.sentence(data));
      else if (name === "restarted" || name === "stage") this.clear();
      else if (name === "error") throw new Refused(data.error.message);
      else if (name === "answer") return this.finish(data);
    }
    throw new Refused(this.words.lost);
  }

  clear() {
    this.claims.replaceChildren();
    this.places = new Map();
  }

  finish(answer) {
    this.state.textContent = answer.abstained ? this.words.silent : "";
    this.clear();
    this.claims.replaceChildren(...answer.claims.map((one) => this.sentence(one)));
    this.rest.replaceChildren();
    if (answer.abstained && answer.why) this.rest.append(prose(answer.why, answer.language));
    for (const note of answer.notes) {
      const line = prose(note.text, answer.language);
      line.className = "note";
      line.append(...note.citations.map((one) => this.mark(one)));
      this.rest.append(line);
    }
    const nearest = answer.abstained ? answer.nearest.slice(0, MOST_NEAREST) : [];
    nearest.forEach((one) => this.number(one));
    if (this.places.size) {
      this.rest.append(make("h2", {}, answer.abstained ? this.words.nearest : this.words.sources), this.sources());
    }
    const link = make("a", { href: new URL(`asks/${answer.id}`, HOME).href, target: "_blank", rel: "noopener" });
    link.textContent = this.words.whole;
    this.rest.append(make("p", {}, link));
    this.dispatchEvent(new CustomEvent("ea-answered", { bubbles: true, composed: true }));
  }

  sentence(claim) {
    const line = prose(claim.text, claim.language);
    line.append(...claim.citations.map((one) => this.mark(one)));
    const support = make("span", { className: "support" }, `${Math.round(100 * claim.support)}% ${this.words.supported}`);
    support.dir = this.words.direction;
    support.lang = this.words.language;
    line.append(" ", support);
    return line;
  }

  number(place) {
    const key = `${place.document_id} ${place.start} ${place.end}`;
    if (!this.places.has(key)) this.places.set(key, { ...place, number: this.places.size + 1 });
    return this.places.get(key);
  }

  mark(place) {
    const { number, title, document: name } = this.number(place);
    const mark = make("button", { type: "button", className: "cite" }, `${number}`);
    const said = this.words.source.replace("{number}", number).replace("{title}", () => title || name);
    mark.setAttribute("aria-label", said);
    mark.addEventListener("click", () => this.shadowRoot.getElementById(`source-${number}`)?.focus());
    return mark;
  }

  sources() {
    const list = make("ol", {});
    for (const place of this.places.values()) {
      const quote = spoken(make("blockquote", { dir: "auto" }, place.quote), place.language);
      const page = place.page ? `, ${this.words.page.replace("{number}", place.page)}` : "";
      const where = make("p", { className: "place" }, make("bdi", {}, place.title || place.document), page);
      list.append(make("li", { id: `source-${place.number}`, tabIndex: -1 }, quote, where));
    }
    return list;
  }
}

class Refused extends Error {}

// What the server says to a question that it does not take.
async function refusal(reply, words) {
  const seconds = reply.headers.get("retry-after");
  if (reply.status === 429 && seconds) return new Refused(words.busy.replace("{seconds}", seconds));
  const said = await reply.json().catch(() => null);
  return new Refused(said?.error?.message ?? words.lost);
}

// Server-sent events of a reply, as they come: a name and what it carries.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const name = lines.find((one) => one.startsWith("event: "))?.slice(7);
      const data = lines.filter((one) => one.startsWith("data: ")).map((one) => one.slice(6));
      if (name) yield [name, JSON.parse(data.join("\n"))];
    }
  }
}

function make(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function prose(text, language) {
  return spoken(make("p", { dir: "auto" }, text), language);
}

// Which language a text is in, where that is known.
function spoken(element, language) {
  if (language && language !== "und") element.lang = language;
  return element;
}

customElements.define("ea-ask", Ask);
