// <ea-measuring data-source="/api/quality">: how far a measuring or a training is; the page is read again when
// it ends; or, where it waits for one, when it begins or when that takes too long.

const SECONDS = 2;
const WAITS = 10;

class Measuring extends HTMLElement {
  connectedCallback() {
    this.timer = setInterval(() => this.look(), SECONDS * 1000);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  async look() {
    const source = this.dataset.source ?? "/api/quality";
    const reply = await fetch(source, { headers: { accept: "application/json" } }).catch(() => null);
    if (!reply?.ok) return;
    const state = await reply.json();
    this.looks = (this.looks ?? 0) + 1;
    if ("waits" in this.dataset && !state.running && this.looks < WAITS) return;
    if (!state.running || "waits" in this.dataset) {
      clearInterval(this.timer);
      location.replace(location.pathname);
      return;
    }
    const bar = this.querySelector("progress");
    if (!state.total) return bar.removeAttribute("value");
    bar.max = state.total;
    bar.value = state.done;
    this.querySelector("[data-part=count]").textContent = `${state.done} / ${state.total}`;
  }
}

customElements.define("ea-measuring", Measuring);
