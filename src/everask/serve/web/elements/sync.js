// <ea-sync>: what is being read in the places that are kept in sync, file by file; when something changed, the
// library is shown anew.

class Sync extends HTMLElement {
  connectedCallback() {
    this.line = this.querySelector(".sync");
    this.source = new EventSource("/library/events");
    this.source.addEventListener("look", (event) => this.show(JSON.parse(event.data)));
  }

  disconnectedCallback() {
    this.source.close();
  }

  show({ done, total, name, changes }) {
    const { progress } = this.dataset;
    this.line.hidden = !name;
    this.line.textContent = progress.replace("#1", done).replace("#2", total).replace("#3", () => name);
    if (String(changes) === this.dataset.changes) return;
    this.dataset.changes = changes;
    document.querySelector("ea-upload")?.refresh();
  }
}

customElements.define("ea-sync", Sync);
