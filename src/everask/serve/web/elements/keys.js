// <ea-keys>: j and k go from sentence to sentence (or hit to hit), o opens the source, y copies, ? shows the
// keys. Keys that a reader types into a field are the field's.

const STOPS = ".body .claim, .silent .quotes > li, .hits > li";

class Keys extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    const act = { j: () => this.go(1), k: () => this.go(-1), o: () => this.open(), y: () => this.copy(), "?": () => this.help() }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  get current() {
    return document.activeElement?.closest(STOPS) ?? this.last;
  }

  go(step) {
    const stops = [...document.querySelectorAll(STOPS)];
    const at = stops.indexOf(this.current);
    const next = stops[at < 0 ? 0 : Math.max(0, Math.min(stops.length - 1, at + step))];
    if (!next) return;
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest", behavior: "auto" });
    this.last = next;
  }

  open() {
    this.current?.querySelector("a[data-source]")?.click();
  }

  copy() {
    this.current?.querySelector('[data-part="copy"]')?.click();
  }

  help() {
    this.dialog.showModal();
  }
}

customElements.define("ea-keys", Keys);
