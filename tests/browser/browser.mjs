// The browser, its pages, and what is seen on the drawing.

import { chromium } from "playwright-core";

/** WebGL is drawn in software, so that the test runs where no graphics card is. */
const ARGUMENTS = [
  "--no-sandbox",
  "--no-first-run",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
];

export function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

/** A page in a fresh profile, and the list of faults that it fills. */
export async function openPage(browser, url, { width, height, dark, phone, webgl = true }) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    ...(phone ? { isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {}),
  });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // Reading pixels back, which only this test does, is slow and says so.
    const slow = message.text().includes("GPU stall due to ReadPixels");
    if (["error", "warning"].includes(message.type()) && !slow) faults.push(message.text());
  });
  page.on("request", (request) => {
    if (request.url() !== url.split("#")[0] && !request.url().startsWith("data:")) faults.push(request.url());
  });
  if (!webgl) await page.addInitScript(withoutWebGL);
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}

function withoutWebGL() {
  const original = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind.startsWith("webgl") ? null : original.call(this, kind, ...rest);
  };
}

/** Draws, and sums up the visible canvas: its number of colours and a fingerprint. */
export function pixels(page) {
  return page.evaluate(() => {
    gallery.draw();
    const canvas = document.querySelector("#stage canvas:not([hidden])");
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const context = copy.getContext("2d");
    context.drawImage(canvas, 0, 0);
    const data = new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer);
    let fingerprint = 0;
    for (const pixel of data) fingerprint = (Math.imul(fingerprint, 31) + pixel) | 0;
    return { colours: new Set(data).size, fingerprint };
  });
}

/** Whether an action changes the drawing. */
export async function changes(page, action) {
  const before = await pixels(page);
  await action();
  const after = await pixels(page);
  return before.fingerprint !== after.fingerprint;
}

/** Sets a slider as a user's input does. */
export async function slide(page, label, value) {
  await page.getByLabel(label, { exact: true }).evaluate((input, next) => {
    input.value = next;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, String(value));
}

/** Chooses the degrees of a coupling. */
export async function choose(page, ...degrees) {
  for (const [slot, l] of degrees.entries()) {
    await page.getByLabel(`Degree l${"₁₂₃"[slot]}`).selectOption(String(l));
  }
}

/** Drags the mouse over the drawing. */
export async function drag(page, from, to) {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
  await page.mouse.move(...to);
  await page.mouse.up();
}
