// <ea-box>: the question box. It grows with its text; Enter sends, Shift+Enter begins a line, "/" comes here.
// Without scripts it is a plain form.

class Box extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector("textarea");
    this.form = this.querySelector("form");
    this.area.addEventListener("input", () => this.fit());
    this.area.addEventListener("keydown", (event) => this.onKey(event));
    document.addEventListener("keydown", (event) => this.onShortcut(event));
    this.fit();
  }

  fit() {
    this.area.style.blockSize = "auto";
    this.area.style.blockSize = `${this.area.scrollHeight}px`;
  }

  onKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (this.area.value.trim()) this.form.requestSubmit(this.querySelector("button.main"));
  }

  onShortcut(event) {
    const writing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || writing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.area.focus();
  }
}

customElements.define("ea-box", Box);
