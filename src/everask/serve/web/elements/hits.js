// <ea-hits>: the results by keyboard: j and k go on and back, o opens the source beside them. What `marks` names
// are passages found by meaning alone, whose nearest sentences are marked once the page is there. That a source
// was opened for `question` is told to the server, and to nobody else.

class Hits extends HTMLElement {
  connectedCallback() {
    this.onKey = this.onKey.bind(this);
    document.addEventListener("keydown", this.onKey);
    const around = this.closest("ea-source") ?? this;
    around.addEventListener("ea-opened", (event) => this.tell(event.detail));
    if (this.getAttribute("marks")) this.mark(this.getAttribute("marks"));
  }

  async mark(address) {
    const reply = await fetch(address).catch(() => null);
    if (!reply?.ok) return;
    const template = document.createElement("template");
    template.innerHTML = await reply.text();
    for (const one of template.content.querySelectorAll("[data-passage]")) {
      const shown = this.querySelector(`.passage[data-passage="${one.dataset.passage}"]`);
      shown?.replaceChildren(...one.childNodes);
    }
  }

  tell(link) {
    const question = this.getAttribute("question");
    const mark = /\/documents\/([^/]+)\/source\?mark=(\d+)-(\d+)/.exec(link.dataset.source);
    if (!question || !mark || !this.contains(link)) return;
    const place = { document: mark[1], start: Number(mark[2]), end: Number(mark[3]) };
    // Where the first source stands open from the start nobody has to click on it.
    const detail = this.closest("ea-source")?.isWide ? "beside the first" : "";
    const body = JSON.stringify({ kind: "opened", question, detail, ...place });
    const headers = { "content-type": "application/json" };
    fetch("/api/events", { method: "POST", headers, body, keepalive: true }).catch(() => null);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.onKey);
  }

  onKey(event) {
    const writing = event.target.closest("input, textarea, select, [contenteditable]");
    if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") this.go(1);
    else if (event.key === "k") this.go(-1);
    else if (event.key === "o" && this.current) this.current.click();
    else return;
    event.preventDefault();
  }

  go(step) {
    const titles = [...this.querySelectorAll(".title")];
    const next = titles[titles.indexOf(this.current) + step] ?? (this.current ? null : titles[0]);
    if (!next) return;
    this.current = next;
    next.focus();
    next.closest("li").scrollIntoView({ block: "nearest" });
  }
}

customElements.define("ea-hits", Hits);
