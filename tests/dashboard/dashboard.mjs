// The dashboard of an engine that runs, in headless Chromium, from disk and from `/`: its values
// are the API's, nothing is said on the console, halt and resume work, what is old is marked as
// old, and it comes back by itself. Screenshots go to `shots`, which git ignores: look at them.
//
//   npm install && node dashboard.mjs ../../target/release/pinnaclemm
//
// CHROMIUM names the browser, /usr/bin/chromium if it does not.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const program = resolve(process.argv[2] || join(here, "../../target/release/pinnaclemm"));
const page_file = join(here, "../../visualization/static/index.html");
const shots = join(here, "shots");
const home = mkdtempSync(join(tmpdir(), "pinnaclemm-dashboard-"));
const token = "a-token-of-tests-0123456789";
mkdirSync(shots, { recursive: true });
writeFileSync(join(home, "token"), token, { mode: 0o600 });

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
async function until(what, check, ms = 20000) {
  const begun = Date.now();
  for (;;) {
    const got = await check();
    if (got) return got;
    assert.ok(Date.now() - begun < ms, `not within ${ms} ms: ${what}`);
    await sleep(50);
  }
}

/** Starts an engine; its ports and how to end it. */
async function engine(ports = ["0", "0"]) {
  const args = ["--duration", "600s", "--data-dir", "data", "--log-dir", "logs", "--token-file", "token", "--api-port", ports[0], "--ws-port", ports[1]];
  const child = spawn(program, args, { cwd: home, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => { if (said.length < 1e6) said += text; });
  const line = await until("ports", () => said.split("\n").find((it) => it.includes('"event":"web"')));
  const { api, websocket } = JSON.parse(line);
  const ended = new Promise((done) => child.on("exit", done));
  return { api, ws: websocket, child, end: async (signal = "SIGTERM") => { child.kill(signal); await ended; } };
}
const read = async (at, path) => (await (await fetch(`http://${at.api}${path}`)).json()).data;

async function drive(browser, at, name, address) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 1100 }, colorScheme: "dark" });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(address);
  const text = (id) => page.locator(`#${id}`).textContent();
  await until("live", async () => (await text("link")) === "live");
  await until("ready", async () => (await text("ready")) === "ready");
  assert.match(await text("state"), /^ACTIVE/);
  await until("a fill", async () => (await page.locator("#fills tr").count()) > 0, 60000);

  // What is shown is what the API says; both move, so they are compared until they meet.
  await until("P&L as the API has it", async () => {
    const [shown, { total }] = [await page.locator("#pnl").getAttribute("data-exact"), await read(at, "/api/pnl")];
    return shown === total;
  }, 60000);
  await until("position as the API has it", async () => {
    const [{ quantity }] = await read(at, "/api/positions");
    return (await page.locator("#positions td").nth(1).textContent()) === quantity;
  });
  await until("book as the API has it", async () => {
    const [{ bids }] = await read(at, "/api/book");
    const rows = await page.locator("#ladder tbody tr").allTextContents();
    return rows.length === 21 && rows.some((row) => row.includes(bids[0].price));
  });
  await until("our quotes in the book", async () => (await page.locator("#ladder tr.mine").count()) >= 0);
  await sleep(3000);
  await page.screenshot({ path: join(shots, `${name}-dark.png`), fullPage: true });

  // Nothing is commanded without a reason, nor with a wrong token.
  await page.click('[data-act="halt"]');
  assert.equal(await text("result"), "Say why first.");
  await page.fill("#reason", "test of the dashboard");
  await page.fill("#token", "wrong-token-0123456789");
  const confirm = async (act) => { await page.click(`[data-act="${act}"]`); await page.click("#ask-yes"); };
  await confirm("halt");
  await until("401", async () => /401/.test(await text("result")));
  assert.equal((await read(at, "/api/risk/state")).is_halted, false);
  await page.fill("#token", token);
  await page.click('[data-act="halt"]');
  await page.screenshot({ path: join(shots, `${name}-ask.png`) });
  await page.click("#ask-no");
  assert.equal((await read(at, "/api/risk/state")).is_halted, false, "cancelled");
  await confirm("halt");
  await until("halted", async () => /^HALTED/.test(await text("state")));
  assert.match(await text("result"), /^halt: /);
  await until("not ready", async () => /halted:operator/.test(await text("reasons")));
  await page.screenshot({ path: join(shots, `${name}-halted.png`), fullPage: true });
  await confirm("resume");
  await until("active", async () => /^ACTIVE/.test(await text("state")));
  await until("ready again", async () => (await text("ready")) === "ready");

  // The breaker by hand, and the alerts that it raises.
  assert.equal(await text("breaker-state"), "CLOSED");
  await confirm("risk/circuit-breaker/trip");
  await until("open", async () => (await text("breaker-state")) === "OPEN");
  assert.match(await text("reasons"), /breaker_open:MANUAL/);
  await until("an alert", async () => /CIRCUIT BREAKER OPEN/.test(await text("alerts")));
  const open = async () => (await read(at, "/api/risk/alerts")).unacknowledged_count;
  const before = await open();
  await page.screenshot({ path: join(shots, `${name}-open.png`), fullPage: true });
  await page.locator("#alerts button").first().click();
  await until("acknowledged", async () => (await open()) === before - 1);
  await until("the alert as seen", async () => /acknowledged/.test(await page.locator("#alerts tr").first().textContent()));
  await confirm("risk/circuit-breaker/reset");
  await until("closed", async () => (await text("breaker-state")) === "CLOSED");
  await until("the value at risk as the API has it", async () => {
    const { samples } = await read(at, "/api/risk/var");
    return (await text("var-facts")).includes(`${samples} (`);
  });

  // A limit is tightened, within what the config has only, and given back; the bars follow.
  const limits = () => read(at, "/api/risk/limits");
  await page.click("#limit-set");
  assert.equal(await text("result"), "Give the new value first.");
  await page.selectOption("#limit-key", "max_order_size");
  await page.fill("#limit-value", "5");
  const agree = async (button) => { await page.click(button); await page.click("#ask-yes"); };
  await agree("#limit-set");
  await until("refused", async () => /409.*at most 0.1/.test(await text("result")));
  await page.fill("#limit-value", "0.05");
  await page.click("#limit-set");
  assert.match(await text("ask-what"), /max order size of all shall be 0.05/);
  await page.click("#ask-no");
  assert.equal((await limits()).max_order_size, 0.1, "cancelled");
  await agree("#limit-set");
  await until("tightened", async () => (await limits()).max_order_size === 0.05);
  await until("said", async () => /^risk\/limits: taken/.test(await text("result")));
  const row = page.locator("#limit-rows tr").filter({ hasText: "max order size" }).first();
  await until("the limit as the API has it", async () => /0\.05.*dashboard/.test(await row.textContent()));
  await agree("#limit-file");
  await until("given back", async () => (await limits()).max_order_size === 0.1);

  // The venue is asked about the orders, and what risk does by itself is shown.
  await until("orders", async () => (await read(at, "/api/orders")).open > 0);
  const count = (await read(at, "/api/risk/state")).reconcile.count;
  await confirm("reconcile");
  await until("reconciled", async () => (await read(at, "/api/risk/state")).reconcile.count === count + 1);
  await until("the answers", async () => / asked.* 0 to come/.test(await text("itself")));
  assert.match(await text("itself"), /Stop-lossoff/);
  await until("the position at the venue", async () => /as the venue.s when it was asked/.test(await text("itself")));
  assert.match(await text("fed-count"), /rules, 0 starved/);
  const fed = (await read(at, "/api/risk/state")).rules.length;
  assert.equal(await page.locator("#rules tr").count(), fed);

  // Only what reduces is quoted, until a resume.
  await confirm("reduce");
  await until("reducing", async () => /^REDUCING/.test(await text("state")));
  await confirm("resume");
  await until("active again", async () => /^ACTIVE/.test(await text("state")));

  await page.click("#theme");
  await sleep(1200);
  await page.screenshot({ path: join(shots, `${name}-light.png`), fullPage: true });
  await page.setViewportSize({ width: 420, height: 900 });
  await sleep(1200);
  await page.screenshot({ path: join(shots, `${name}-narrow.png`), fullPage: true });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the narrow page is ${overflow} pixels too wide`);
  await page.setViewportSize({ width: 1440, height: 1100 });

  // Everything that can be used has a name, and can be reached by keyboard.
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll("button, input, select, canvas, table")]
      .filter((it) => !(it.textContent.trim() || it.ariaLabel || it.labels?.length || it.caption))
      .map((it) => it.outerHTML));
  assert.deepEqual(nameless, []);
  // The browser itself says that two commands were refused: the complaints that are wanted.
  const unwanted = complaints.filter((it) => !/status of 40[19] /.test(it));
  assert.deepEqual(unwanted, []);
  return { page, context, text };
}

// What the words of the header look like: good, bad, or old; and what stands before them.
const pills = (page) => page.evaluate(() => {
  const shown = {};
  for (const id of ["state", "ready", "link"]) {
    const own = getComputedStyle(document.getElementById(id));
    const tones = { good: "--good", bad: "--bad", old: "--soft" };
    const probe = document.createElement("i");
    document.body.append(probe);
    const tone = Object.keys(tones).find((it) => {
      probe.style.color = `var(${tones[it]})`;
      return getComputedStyle(probe).color === own.color;
    });
    probe.remove();
    shown[id] = [tone === "old" && own.borderStyle !== "dashed" ? "solid" : tone, getComputedStyle(document.getElementById(id), "::before").content];
  }
  return shown;
});

const launch = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: launch });
let at = await engine();
try {
  const served = await drive(browser, at, "served", `http://${at.api}/?ws=${at.ws}`);
  await served.context.close();
  const disk = await drive(browser, at, "disk", `${pathToFileURL(page_file)}?api=${at.api}&ws=${at.ws}`);

  // The engine goes: what is shown is marked as old. It comes back: the page is live again.
  const ports = [at.api, at.ws].map((place) => place.split(":")[1]);
  await at.end("SIGKILL");
  await until("stale", () => disk.page.evaluate(() => document.body.classList.contains("stale")));
  assert.match(await disk.text("stale"), /STALE/);
  assert.deepEqual(await pills(disk.page), { state: ["old", '"was "'], ready: ["old", '"was "'], link: ["bad", "none"] });
  await disk.page.screenshot({ path: join(shots, "disk-stale.png"), fullPage: true });
  at = await engine(ports);
  await until("live again", async () => (await disk.text("link")) === "live");
  await until("ready again", async () => /^READY/i.test(await disk.text("ready")));
  assert.deepEqual(await pills(disk.page), { state: ["good", "none"], ready: ["good", "none"], link: ["good", "none"] });
  const sizes = await disk.page.evaluate(() => document.querySelectorAll("*").length);
  assert.ok(sizes < 4000, `${sizes} elements`);
  console.log(`dashboard: from / and from disk, ${readFileSync(page_file).length} bytes, ${sizes} elements; screenshots in ${shots}`);
} finally {
  await browser.close();
  await at.end().catch(() => {});
  rmSync(home, { recursive: true, force: true });
}
