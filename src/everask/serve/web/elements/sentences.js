// <ea-sentences ask="ID">: what a reader does with an answer's sentences. The forms work without scripts;
// here they are sent in the background and the sentence is put back as the server shows it then. That a
// source was opened or a sentence copied is told to the server, and to nobody else.

class Sentences extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", (event) => this.onSubmit(event));
    this.addEventListener("click", (event) => this.onClick(event));
    const around = this.closest("ea-source") ?? this;
    around.addEventListener("ea-opened", (event) => this.onOpened(event.detail));
    around.addEventListener("ea-corrected", (event) => this.onCorrected(event.detail));
    this.addEventListener("ea-answered", () => this.tell({ kind: "shown" }));
  }

  onClick(event) {
    const part = event.target.closest("[data-part]")?.dataset.part;
    if (part === "copy") this.copy(event.target.closest(".claim"));
    if (part === "print") window.print();
    if (part === "help") document.querySelector("ea-keys")?.help();
  }

  async copy(claim) {
    const text = claim?.dataset.copy;
    if (!text) return;
    await write(text);
    say("copied");
    this.tell({ kind: "copied", claim: Number(claim.dataset.number) });
  }

  onOpened(link) {
    const mark = /\/documents\/([^/]+)\/source\?mark=(\d+)-(\d+)/.exec(link.dataset.source);
    if (!mark) return;
    const [, document, start, end] = mark;
    const number = link.closest(".claim")?.dataset.number;
    const place = { document, start: Number(start), end: Number(end) };
    this.tell({ kind: "opened", ...place, ...(number ? { claim: Number(number) } : {}) });
  }

  async onCorrected({ document: id, words, link }) {
    const claim = link?.closest(".claim");
    const number = claim ? { claim: Number(claim.dataset.number) } : {};
    const reply = await this.tell({ kind: "corrected", document: id, words, ...number });
    say(reply?.ok ? "kept" : "not");
    if (reply?.ok && claim) await this.refresh(claim.id, await fetch(window.location.pathname));
  }

  async onSubmit(event) {
    const claim = event.target.closest(".claim");
    if (!claim) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(event.target, event.submitter));
    const reply = await fetch(event.target.action, { method: "POST", body }).catch(() => null);
    if (!reply?.ok) return say("not");
    await this.refresh(claim.id, reply);
    say("kept");
  }

  async refresh(id, reply) {
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const fresh = page.getElementById(id)?.querySelector(".tools");
    const old = document.getElementById(id)?.querySelector(".tools");
    const at = old ? [...old.querySelectorAll("button, summary")].indexOf(document.activeElement) : -1;
    if (fresh && old) old.replaceWith(fresh);
    if (fresh && at >= 0) fresh.querySelectorAll("button, summary")[at]?.focus();
  }

  tell(act) {
    const body = JSON.stringify({ ask: this.getAttribute("ask"), ...act });
    const headers = { "content-type": "application/json" };
    return fetch("/api/events", { method: "POST", headers, body, keepalive: true }).catch(() => null);
  }
}

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).catch(() => null);
  // Without TLS a browser has no clipboard for scripts; the old way needs a selection.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function say(what) {
  const toast = document.querySelector(".toast");
  if (!toast) return;
  toast.textContent = toast.dataset[what];
  toast.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (toast.hidden = true), 2500);
}

customElements.define("ea-sentences", Sentences);
