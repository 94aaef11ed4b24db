// The page opened from disk while an engine elsewhere answers on ports 8080 and 8081 of this machine,
// as `kubectl port-forward` makes it: it is live, its numbers are the API's, nothing is on the console.
//
//   npm install && node forwarded.mjs
//
// CHROMIUM names the browser, /usr/bin/chromium if it does not.

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const file = pathToFileURL(join(here, "../../visualization/static/index.html")).href;
const launch = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: launch });

async function until(what, check) {
  for (const begun = Date.now(); ; ) {
    if (await check()) return;
    assert.ok(Date.now() - begun < 30000, `not within 30 s: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

try {
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (said) => { if (["error", "warning"].includes(said.type())) complaints.push(said.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(file);
  const text = (id) => page.locator(`#${id}`).textContent();
  await until("live", async () => (await text("link")) === "live");
  await until("ready", async () => (await text("ready")) === "ready");
  await until("position as the API has it", async () => {
    const [{ quantity }] = (await (await fetch("http://127.0.0.1:8081/api/positions")).json()).data;
    return (await page.locator("#positions td").nth(1).textContent()) === quantity;
  });
  const books = new Set();
  await until("ten different books", async () => books.add(await page.locator("#ladder tbody").textContent()).size >= 10);
  assert.deepEqual(complaints, []);
  console.log("the page from disk is live over forwarded ports");
} finally {
  await browser.close();
}
