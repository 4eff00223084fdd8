// <ea-document>: a document's page. An address that ends in #start-end alone is shown with that quote marked:
// the server marks it when it is told so in the query. A picture that cannot be drawn makes way for the text.

class DocumentText extends HTMLElement {
  connectedCallback() {
    this.showMark();
    window.addEventListener("hashchange", () => this.showMark());
    for (const image of this.querySelectorAll("image")) {
      image.addEventListener("error", () => this.dropPicture(image));
    }
  }

  showMark() {
    const mark = window.location.hash.slice(1);
    if (!/^\d+-\d+$/.test(mark)) return;
    const target = document.getElementById(mark);
    if (target) {
      target.scrollIntoView({ block: "center" });
    } else if (new URLSearchParams(window.location.search).get("mark") !== mark) {
      window.location.replace(`${window.location.pathname}?mark=${mark}#${mark}`);
    }
  }

  dropPicture(image) {
    image.closest("figure").remove();
    this.className = "text-only";
    this.showMark();
  }
}

customElements.define("ea-document", DocumentText);
