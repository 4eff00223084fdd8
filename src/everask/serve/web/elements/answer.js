// <ea-answer events="/asks/ID/events">: an answer while it is made. Quotes come first, then each sentence
// after its check; the server sends pieces of the page, so nothing is rendered here. A reader that is cut
// off goes on where it was: the browser sends Last-Event-ID by itself.

class Answer extends HTMLElement {
  connectedCallback() {
    const address = this.getAttribute("events");
    if (!address) return;
    this.setAttribute("aria-busy", "true");
    this.part("stage").hidden = false;
    this.stream = new EventSource(address);
    const on = (name, act) => this.stream.addEventListener(name, (event) => act(event.data));
    on("rewritten", (html) => this.showUnderstood(html));
    on("stage", (text) => this.showStage(text));
    on("progress", (text) => this.say(text));
    on("quotes", (html) => this.showQuotes(html));
    on("claim", (html) => this.addClaim(html));
    on("answer", (html) => this.finish(html));
    on("failure", (html) => this.finish(html));
    on("restarted", (text) => this.clear(text));
    this.stream.addEventListener("error", () => this.onError());
  }

  disconnectedCallback() {
    this.stream?.close();
  }

  part(name) {
    return this.querySelector(`[data-part="${name}"]`);
  }

  showUnderstood(html) {
    const line = this.part("understood");
    line.replaceChildren(piece(html));
    line.hidden = false;
  }

  // A stage that begins anew means that the sentences so far were thrown away.
  showStage(text) {
    this.part("claims")?.replaceChildren();
    this.say(text);
  }

  say(text) {
    this.part("stage").querySelector("span").textContent = text;
  }

  showQuotes(html) {
    const found = this.part("found");
    if (!found) return;
    this.part("quotes").replaceChildren(piece(html));
    found.hidden = !found.querySelector("li");
  }

  addClaim(html) {
    const content = piece(html);
    const claim = content.querySelector(".claim");
    this.part("claims")?.append(content);
    this.speak(claim);
  }

  // A sentence is spoken once, whole, by a region of its own; the page itself may then be changed freely.
  speak(claim) {
    const words = claim.querySelector(".sentence, blockquote");
    const line = document.createElement("span");
    line.lang = words.lang;
    line.textContent = `${words.textContent} `;
    this.part("spoken").append(line);
  }

  finish(html) {
    this.stream.close();
    const content = piece(html);
    const silent = content.querySelector(".silent");
    if (silent) this.part("spoken").textContent = silent.querySelector("h2").textContent;
    this.part("body").replaceChildren(content);
    this.part("stage").hidden = true;
    this.removeAttribute("aria-busy");
    this.dispatchEvent(new CustomEvent("ea-answered", { bubbles: true }));
  }

  clear(text) {
    this.part("spoken").replaceChildren();
    this.showStage(text);
  }

  onError() {
    const gone = this.stream.readyState === EventSource.CLOSED;
    this.say(gone ? this.dataset.lost : this.dataset.again);
    if (gone) this.removeAttribute("aria-busy");
  }
}

function piece(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

customElements.define("ea-answer", Answer);
