"use strict";
// The login of this browser, as its pages share it.

const login = {
  // Whether the cookie still opens the console.
  async known() {
    const answer = await fetch("/", { method: "HEAD", redirect: "manual", cache: "no-store" });
    return answer.ok;
  },

  // Logs in again with the long-lived cookie; whether that went well. Each such cookie counts once, so only one page
  // at a time may do this.
  async renew() {
    return alone(async () => {
      if (await login.known()) return true;
      return (await login.post("refresh", {})).ok;
    });
  },

  post(act, values) {
    const headers = { "Content-Type": "application/json", "X-Kagami": "1" };
    return fetch(`/api/v1/auth/${act}`, { method: "POST", headers, body: JSON.stringify(values) });
  },
};

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function alone(work) {
  if (navigator.locks) return navigator.locks.request("kagami-login", work);
  // Browsers have no locks on plain HTTP from another machine: there a ticket stands for one, for 5 s at most.
  const place = "kagami-login";
  for (;;) {
    const since = Number((localStorage.getItem(place) || "0").split(" ")[0]);
    if (Date.now() - since > 5000) {
      const ticket = `${Date.now()} ${Math.random()}`;
      localStorage.setItem(place, ticket);
      await pause(50 + 100 * Math.random());
      if (localStorage.getItem(place) === ticket) break;
    }
    await pause(100);
  }
  try {
    return await work();
  } finally {
    localStorage.removeItem(place);
  }
}
