// <ea-pile>: the line that says how the pile is. While passages wait for their vectors it is kept up to date.

const SECONDS = 2;

class Pile extends HTMLElement {
  connectedCallback() {
    if (this.querySelector(".pending")) this.later();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  later() {
    this.timer = setTimeout(() => this.look(), SECONDS * 1000);
  }

  async look() {
    const response = await fetch("/api/status").catch(() => null);
    if (!response?.ok) return this.later();
    const { pending, rough } = await response.json();
    const line = this.querySelector(".pending");
    if (!line) return;
    if (!pending) {
      line.textContent = line.dataset.none;
      return;
    }
    const [words, number] = pending > rough ? [line.dataset.many, pending - rough] : [line.dataset.few, pending];
    line.textContent = words.replace("#", number.toLocaleString(document.documentElement.lang));
    this.later();
  }
}

customElements.define("ea-pile", Pile);
