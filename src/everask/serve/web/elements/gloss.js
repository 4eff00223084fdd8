// <ea-gloss>: a quote in the reader's language, asked for when it is opened. Without scripts its form does it.

class Gloss extends HTMLElement {
  connectedCallback() {
    const details = this.querySelector("details");
    details?.addEventListener("toggle", () => details.open && this.ask());
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
  }

  async ask() {
    const form = this.querySelector("form");
    if (!form || this.asking) return;
    this.asking = true;
    const button = form.querySelector("button");
    const words = button.textContent;
    button.textContent = `${form.dataset.works} …`;
    const body = new URLSearchParams(new FormData(form));
    body.set("part", "true");
    const reply = await fetch(form.action, { method: "POST", body }).catch(() => null);
    this.asking = false;
    if (reply?.ok) {
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const made = page.querySelector(".glossed");
      made.setAttribute("role", "status");
      form.replaceWith(made);
    } else {
      button.textContent = reply ? form.dataset.failed : words;
    }
  }
}

customElements.define("ea-gloss", Gloss);
