"use strict";
// The login page: three states, of which the server names one; the browser's own login may make it unneeded.

const told = document.getElementById("told");

function say(text, busy = false) {
  told.textContent = text;
  told.classList.toggle("-busy", busy);
}

async function submit(form, act, wrong) {
  const values = Object.fromEntries(new FormData(form));
  if ("again" in values && values.again !== values.password) return say(told.dataset.differ);
  delete values.again;
  const button = form.querySelector("button");
  button.disabled = true;
  say(told.dataset.busy, true);
  try {
    const answer = await login.post(act, values);
    if (answer.ok) return enter();
    say(await refusal(answer, wrong));
  } catch {
    say(told.dataset.away);
  }
  button.disabled = false;
  form.querySelector("[type=password]").select();
}

function enter() {
  localStorage.setItem("kagami-login-kept", "yes"); // that there is one, nothing of it
  location.replace("/");
}

async function refusal(answer, wrong) {
  if (answer.status === 401) return wrong;
  if (answer.status === 429) return told.dataset.throttled.replace("{seconds}", answer.headers.get("Retry-After"));
  try {
    return (await answer.json()).error.message;
  } catch {
    return told.dataset.away;
  }
}

function show(id) {
  const part = document.getElementById(id);
  part.hidden = false;
  part.querySelector("input, a").focus();
}

function listen(id, act, wrong) {
  const form = document.getElementById(id);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, act, wrong);
  });
}

async function begin() {
  listen("login", "login", told.dataset.wrong);
  listen("setup", "setup", told.dataset.wrongCode);
  document.getElementById("logout").addEventListener("click", async () => {
    await login.post("logout", {});
    localStorage.removeItem("kagami-login-kept");
    location.replace("/login");
  });
  const state = document.body.dataset.state;
  if (state === "login" && localStorage.getItem("kagami-login-kept")) {
    localStorage.removeItem("kagami-login-kept");
    try {
      if (await login.renew()) return enter();
    } catch {
      say(told.dataset.away);
    }
  }
  show(state);
}

begin();
