// <ea-earlier>: what this reader asked before. While they type, the earlier questions that have these words
// are shown; without scripts the newest few are.

class Earlier extends HTMLElement {
  connectedCallback() {
    this.rows = [...this.querySelectorAll("li")];
    document.getElementById("question")?.addEventListener("input", (event) => this.show(event.target.value));
  }

  show(text) {
    const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    this.classList.toggle("chosen", words.length > 0);
    for (const row of this.rows) {
      const question = row.textContent.toLocaleLowerCase();
      row.classList.toggle("fits", words.every((word) => question.includes(word)));
    }
    this.hidden = words.length > 0 && !this.querySelector(".fits");
  }
}

customElements.define("ea-earlier", Earlier);
