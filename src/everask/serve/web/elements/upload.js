// <ea-upload>: files by drag and drop anywhere on the page, or by the button; one after the other, each with
// its progress and what became of it. Without scripts the form uploads them all at once.

class Upload extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.input = this.querySelector("input[type=file]");
    this.list = this.querySelector(".progress");
    this.queue = [];
    this.form.classList.add("alive");
    this.input.addEventListener("change", () => this.add(this.input.files));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("dragover", (event) => this.onDrag(event));
    document.addEventListener("dragleave", (event) => event.relatedTarget || this.lift(false));
    document.addEventListener("drop", (event) => this.onDrop(event));
  }

  onDrag(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.lift(true);
  }

  onDrop(event) {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    this.lift(false);
    this.add(event.dataTransfer.files);
  }

  lift(over) {
    this.form.classList.toggle("over", over);
  }

  add(files) {
    for (const file of files) this.queue.push({ file, row: this.makeRow(file) });
    this.input.value = "";
    if (!this.working) this.work();
  }

  makeRow(file) {
    const row = document.createElement("li");
    const name = document.createElement("bdi");
    name.textContent = file.name;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    const note = document.createElement("span");
    note.className = "note";
    note.textContent = this.dataset.waiting;
    row.append(name, bar, note);
    this.list.append(row);
    return row;
  }

  async work() {
    this.working = true;
    while (this.queue.length) {
      const { file, row } = this.queue.shift();
      await this.send(file, row);
    }
    this.working = false;
    await this.refresh();
  }

  // XMLHttpRequest, because fetch does not tell how much was sent.
  send(file, row) {
    const note = row.querySelector(".note");
    const bar = row.querySelector("progress");
    const body = new FormData();
    body.append("files", file);
    const request = new XMLHttpRequest();
    request.open("POST", "/api/documents");
    request.responseType = "json";
    note.textContent = this.dataset.sending;
    request.upload.addEventListener("progress", (event) => {
      bar.value = event.loaded / Math.max(1, event.total);
      if (event.loaded === event.total) {
        bar.removeAttribute("value");
        note.textContent = this.dataset.reading;
      }
    });
    return new Promise((resolve) => {
      request.addEventListener("loadend", () => {
        if (request.status === 429) {
          note.textContent = this.dataset.waiting;
          const seconds = Number(request.getResponseHeader("retry-after")) || 5;
          setTimeout(() => resolve(this.send(file, row)), 1000 * seconds);
          return;
        }
        const outcome = describe(request, this.dataset);
        row.classList.add(outcome.ok ? "done" : "failed");
        note.textContent = outcome.text;
        bar.remove();
        resolve();
      });
      request.send(body);
    });
  }

  async refresh() {
    const library = document.getElementById("library");
    if (!library) return;
    const response = await fetch(window.location.pathname, { headers: { accept: "text/html" } }).catch(() => null);
    if (!response?.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("library");
    if (fresh) library.replaceChildren(...fresh.childNodes);
  }
}

function describe(request, words) {
  const reply = request.response;
  if (request.status === 0) return { ok: false, text: words.lost };
  if (request.status >= 400) {
    const error = reply?.error ?? { message: words.refused, hint: "" };
    return { ok: false, text: `${error.message} ${error.hint}`.trim() };
  }
  if (reply.failed.length) return { ok: false, text: reply.failed[0].message };
  return { ok: true, text: reply.documents > 1 ? words.several.replace("#", reply.documents) : words.added };
}

customElements.define("ea-upload", Upload);
