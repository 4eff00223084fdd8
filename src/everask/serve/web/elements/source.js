// <ea-source>: an answer or a list of hits, and beside it the pane that shows a source with its quote marked.
// Links with data-source open there; without scripts, or with a modifier key, they lead to the document.

class Source extends HTMLElement {
  connectedCallback() {
    this.pane = this.querySelector('[data-part="pane"]');
    this.addEventListener("click", (event) => this.onClick(event));
    this.addEventListener("keydown", (event) => this.onKey(event));
    this.addEventListener("ea-answered", () => this.openFirst());
    document.addEventListener("selectionchange", () => this.onSelect());
    this.openFirst();
  }

  get isWide() {
    return window.matchMedia("(min-width: 64rem)").matches;
  }

  // On a wide screen the first source stands beside the answer from the start, without taking the focus.
  openFirst() {
    const first = this.querySelector(".body .cite, .body .source, .hits .title");
    if (first && this.isWide && !this.querySelector("ea-answer[aria-busy]")) this.open(first, false);
  }

  onClick(event) {
    if (event.target.closest('[data-part="close"]')) return this.close();
    if (event.target.closest('[data-part="correct"] button')) return this.correct();
    const link = event.target.closest("a[data-source]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.dispatchEvent(new CustomEvent("ea-opened", { detail: link }));
    this.open(link, true);
  }

  onKey(event) {
    if (event.key === "Escape" && !this.pane.hidden) this.close();
  }

  async open(link, takeFocus) {
    this.opener = link;
    const wanted = link.dataset.source;
    this.wanted = wanted;
    const response = await fetch(wanted, { headers: { accept: "text/html" } }).catch(() => null);
    if (this.wanted !== wanted) return;
    if (!response?.ok) {
      if (takeFocus) window.location.assign(link.href);
      return;
    }
    const template = document.createElement("template");
    template.innerHTML = await response.text();
    this.show(template.content, link, takeFocus);
  }

  show(content, link, takeFocus) {
    this.pane.replaceChildren(content);
    this.pane.hidden = false;
    this.classList.add("open");
    for (const one of this.querySelectorAll("[data-source].current")) one.classList.remove("current");
    for (const one of this.querySelectorAll(`[data-source="${link.dataset.source}"]`)) one.classList.add("current");
    for (const image of this.pane.querySelectorAll("image")) {
      image.addEventListener("error", () => image.closest("figure").remove());
    }
    this.scrollToMark();
    if (takeFocus) this.pane.focus({ preventScroll: true });
  }

  // Scrolls the pane alone: the answer stays where the reader is.
  scrollToMark() {
    const body = this.pane.querySelector(".pane-body");
    const target = body.querySelector("rect.box-mark") ?? body.querySelector("mark");
    if (!target) return;
    const lead = target.getBoundingClientRect().top - body.getBoundingClientRect().top;
    body.scrollTop += lead - body.clientHeight / 3;
  }

  // Words that are selected in the source may be kept as the right ones.
  onSelect() {
    const selection = document.getSelection();
    const foot = this.pane.querySelector('[data-part="correct"]');
    if (!foot || !this.querySelector("ea-sentences")) return;
    const inside = selection.anchorNode && this.pane.querySelector(".text")?.contains(selection.anchorNode);
    const words = inside ? selection.toString().trim() : "";
    if (words) this.words = words;
    foot.hidden = words.length < 2;
  }

  correct() {
    const id = this.pane.querySelector("[data-document]").dataset.document;
    const detail = { document: id, words: this.words, link: this.opener };
    this.dispatchEvent(new CustomEvent("ea-corrected", { detail }));
    document.getSelection().removeAllRanges();
  }

  close() {
    this.pane.hidden = true;
    this.classList.remove("open");
    for (const one of this.querySelectorAll(".current")) one.classList.remove("current");
    if (this.opener?.isConnected) this.opener.focus();
  }
}

customElements.define("ea-source", Source);
