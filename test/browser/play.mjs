// useStream in a real browser, on a page of another origin than the server's: SERVER and KEY are arguments.
// Prints one JSON line for each claim. Exit code 3: no browser starts here.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";
import { build } from "vite";

const [server, key] = process.argv.slice(2);
const here = import.meta.dirname;
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** The packed one's own arguments are left out: one process for all, and no rules about origins. */
async function openBrowser() {
  const { default: packed } = await import("@sparticuz/chromium");
  const executablePath = process.env.CHROME_PATH || (await packed.executablePath());
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
}

async function servePage() {
  await build({ configFile: join(here, "vite.config.mjs") });
  const pages = createServer((request, response) => {
    const path = new URL(request.url, "http://page").pathname;
    const file = join(here, "dist", path === "/" ? "index.html" : path);
    if (!file.startsWith(join(here, "dist")) || !existsSync(file)) return response.writeHead(404).end();
    response
      .writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" })
      .end(readFileSync(file));
  });
  await new Promise((resolve) => pages.listen(0, "127.0.0.1", resolve));
  // An open server answers pages of its own site only: there the page differs by its port alone.
  return { origin: `http://${key ? "localhost" : "127.0.0.1"}:${pages.address().port}`, stop: () => pages.close() };
}

const browser = await openBrowser().catch((error) => {
  console.error(`no browser: ${error.message.split("\n")[0]}`);
  process.exit(3);
});
const pages = await servePage();

/** A page of its own storage. */
async function open(graph) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const address = new URL(pages.origin);
  address.search = new URLSearchParams({ server, ...(key && { key }), graph }).toString();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(address.href);
  const text = (id) => page.locator(`#${id}`).textContent();
  const messages = () =>
    page.locator("#messages li").evaluateAll((all) => all.map((each) => [each.dataset.type, each.textContent]));
  const until = async (look, what) => {
    const startedAt = Date.now();
    for (;;) {
      const found = await look();
      if (found) return found;
      assert.ok(
        Date.now() - startedAt < 15_000,
        `${what}: ${JSON.stringify(await messages())} ${await text("failure")} ${faults.join("; ")}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const idle = () => until(async () => (await text("loading")) === "false", "the end");
  const click = (id) => page.locator(`#${id}`).click();
  return { page, text, messages, until, idle, click, close: () => context.close() };
}

const REPLY = "Hello Ada, this is a reply of some tokens.";
const CLAIMS = {
  async "submit, messages, CORS"(chat) {
    await chat.click("submit");
    const lengths = new Set();
    await chat.until(async () => {
      const said = (await chat.messages())[1]?.[1] ?? "";
      if (said !== "") lengths.add(said.length);
      return said === REPLY;
    }, "the reply");
    assert.ok(lengths.size > 1, "the reply came at once");
    await chat.idle();
    assert.deepEqual(await chat.messages(), [
      ["human", "Hi"],
      ["ai", REPLY],
    ]);
  },
  async "interrupt, resume"(chat) {
    await chat.click("submit");
    await chat.until(async () => (await chat.text("interrupt")).includes("Go on?"), "the question");
    await chat.idle();
    await chat.click("resume");
    await chat.until(async () => (await chat.messages()).at(-1)?.[1] === "You said yes.", "the answer");
    await chat.until(async () => (await chat.text("interrupt")) === "", "no question");
  },
  async reconnectOnMount(chat) {
    await chat.click("submit");
    await chat.until(async () => ((await chat.messages())[1]?.[1] ?? "").length > 100, "some tokens");
    await chat.page.reload();
    await chat.until(async () => ((await chat.messages())[1]?.[1] ?? "").length > 0, "tokens after the reload");
    await chat.until(async () => ((await chat.messages())[1]?.[1] ?? "").endsWith("the end"), "the whole");
    await chat.idle();
    assert.deepEqual(await chat.messages(), [
      ["human", "Hi"],
      ["ai", `${"word ".repeat(200)}the end`],
    ]);
  },
  async "history and branches"(chat) {
    await chat.click("submit");
    await chat.until(async () => (await chat.messages())[1]?.[1] === REPLY, "the reply");
    await chat.idle();
    await chat.until(async () => Number(await chat.text("history")) > 0, "a history");
    await chat.click("fork");
    await chat.until(async () => (await chat.messages())[0]?.[1] === "another", "the other branch");
    await chat.idle();
    await chat.until(async () => (await chat.text("branches")) === "2", "two branches");
  },
  async stop(chat) {
    await chat.click("submit");
    await chat.until(async () => ((await chat.messages())[1]?.[1] ?? "").length > 50, "some tokens");
    await chat.click("stop");
    await chat.idle();
    const threadId = await chat.page.evaluate(() => sessionStorage.getItem("thread"));
    await chat.until(async () => {
      const runs = await fetch(`${server}/threads/${threadId}/runs`, { headers: key ? { "x-api-key": key } : {} });
      return (await runs.json())[0]?.status === "interrupted";
    }, "the run's cancel");
  },
  async error(chat) {
    await chat.click("submit");
    await chat.until(async () => (await chat.text("failure")) !== "", "the failure");
  },
};
const GRAPHS = {
  "submit, messages, CORS": "c-speak",
  "interrupt, resume": "c-talk-ask",
  reconnectOnMount: "c-words",
  "history and branches": "c-chat",
  stop: "c-words",
  error: "c-talk-fail",
};

for (const [name, claim] of Object.entries(CLAIMS)) {
  const startedAt = performance.now();
  const chat = await open(GRAPHS[name]);
  const fault = await claim(chat).then(
    () => undefined,
    (error) => error.message,
  );
  await chat.close();
  console.log(JSON.stringify({ name, milliseconds: Math.round(performance.now() - startedAt), fault }));
}
await browser.close();
pages.stop();
process.exit(0);
