// <ea-measuring>: how far a measuring is; the page is read again when it ends.

const SECONDS = 2;

class Measuring extends HTMLElement {
  connectedCallback() {
    this.timer = setInterval(() => this.look(), SECONDS * 1000);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  async look() {
    const reply = await fetch("/api/quality", { headers: { accept: "application/json" } }).catch(() => null);
    if (!reply?.ok) return;
    const state = await reply.json();
    if (!state.running) {
      clearInterval(this.timer);
      location.reload();
      return;
    }
    const bar = this.querySelector("progress");
    bar.max = state.total || 1;
    bar.value = state.done;
    this.querySelector("[data-part=count]").textContent = `${state.done} / ${state.total}`;
  }
}

customElements.define("ea-measuring", Measuring);
