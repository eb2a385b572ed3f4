"use strict";
// Stands between textual-serve's client and its line: finds the same console again after the line broke, and says why
// one is over. Loaded before the client, which takes its WebSocket from here.

(() => {
  const ENDED = 4000;
  const PAUSES = [250, 500, 1000, 2000, 4000];
  const TITLE = /\x1b\]2;([^\x07]*)\x07/g;
  const Plain = window.WebSocket;

  // The tab's own name for its console; it proves nothing.
  function tab() {
    let name = sessionStorage.getItem("kagami-tab");
    if (!name) {
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      name = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
      sessionStorage.setItem("kagami-tab", name);
    }
    return name;
  }

  class Line extends EventTarget {
    constructor(url) {
      super();
      this.address = new URL(url, location.href);
      this.address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      this.address.searchParams.set("tab", tab());
      this.tries = 0;
      this.opened = false;
      this.size = null;
      this.connect();
    }

    connect() {
      const socket = (this.socket = new Plain(this.address));
      socket.binaryType = "arraybuffer";
      socket.onopen = () => this.open();
      socket.onmessage = (event) => this.message(event.data);
      socket.onclose = (event) => (event.code === ENDED ? end(event.reason) : this.lost());
    }

    open() {
      this.tries = 0;
      document.body.classList.remove("-lost");
      if (!this.opened) {
        this.dispatchEvent(new Event("open"));
        type();
      } else if (this.size) this.send(this.size);
      this.opened = true;
    }

    message(data) {
      if (typeof data !== "string") entitle(data);
      this.dispatchEvent(new MessageEvent("message", { data }));
    }

    async lost() {
      if (this.opened) document.body.classList.add("-lost");
      const wait = PAUSES[Math.min(this.tries++, PAUSES.length - 1)];
      await new Promise((done) => setTimeout(done, wait));
      try {
        if (!(await login.known()) && !(await login.renew())) return end("logout");
      } catch {
        return this.lost(); // nothing answers yet
      }
      this.connect();
    }

    send(text) {
      if (text.startsWith('["resize"')) {
        const { width, height } = JSON.parse(text)[1];
        this.size = text;
        this.address.searchParams.set("width", width);
        this.address.searchParams.set("height", height);
      }
      if (this.socket.readyState === Plain.OPEN) this.socket.send(text);
    }
  }

  // Keys go to the terminal without a click.
  function type() {
    const keyboard = document.querySelector(".xterm-helper-textarea");
    if (keyboard && !document.body.classList.contains("-ended")) keyboard.focus();
  }
  window.addEventListener("focus", type);

  // What the console says of itself, as terminals have it in their title.
  function entitle(data) {
    for (const [, title] of new TextDecoder().decode(data).matchAll(TITLE)) document.title = title;
  }

  function end(why) {
    if (why !== "stopping") sessionStorage.removeItem("kagami-tab");
    if (why === "left" || why === "logout") return location.replace("/login");
    const dialog = document.getElementById("closed");
    dialog.querySelector("p").textContent = dialog.dataset[why] || dialog.dataset.broken;
    dialog.querySelector("button").onclick = () => location.reload();
    document.body.classList.remove("-lost");
    document.body.classList.add("-ended");
    dialog.querySelector("button").focus();
  }

  // The terminal may write to the clipboard, when somebody copies; nothing may read it.
  function write(text) {
    const area = document.createElement("textarea");
    const before = document.activeElement;
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy"); // all that there is on plain HTTP from another machine
    area.remove();
    if (before) before.focus();
    return Promise.resolve();
  }
  const own = navigator.clipboard;
  const clipboard = { readText: () => Promise.resolve(""), writeText: own ? (text) => own.writeText(text) : write };
  Object.defineProperty(navigator, "clipboard", { value: clipboard, configurable: true });

  window.WebSocket = Line;
})();
