// Opens the pages of the gallery in a real browser and checks what they compute, draw and answer.
//
//   node gallery.mjs FOLDER LMAX...
//
// reads FOLDER/gallery-LMAX.html and FOLDER/reference-LMAX.json, leaves screenshots in FOLDER and
// ends with a line `N passed, N failed`.

import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { Report } from "./report.mjs";
import { changes, openPage, pixels, slide, startBrowser } from "./browser.mjs";
import { checkEmbedding, checkMixture, checkOne, checkProduct, checkRotation, checkTriangle } from "./drawings.mjs";
import { checkCoupling, checkProducts, checkPullBack, checkReference, checkTensors, checkWigner } from "./values.mjs";

const SIZE_LIMIT = 2_000_000;
const FRAME_GOAL = 16;
const VIEWS = ["one", "triangle", "mixture", "turn", "coupling", "atoms"];

const [folder, ...degrees] = process.argv.slice(2);
const report = new Report();
const browser = await startBrowser();
for (const lmax of degrees.map(Number)) await checkGallery(lmax);
await browser.close();
report.end();

async function checkGallery(lmax) {
  const file = resolve(folder, `gallery-${lmax}.html`);
  const url = pathToFileURL(file).href;
  const reference = JSON.parse(readFileSync(resolve(folder, `reference-${lmax}.json`), "utf8"));
  const shot = (name) => resolve(folder, `${lmax}-${name}.png`);
  report.group(`LMAX ${lmax}`);
  const size = statSync(file).size;
  report.check(`the page has ${size} bytes, under ${SIZE_LIMIT}`, size < SIZE_LIMIT);
  await checkDesktop(url, lmax, reference, shot);
  await checkAppearance(url, shot);
  await checkPhone(url, shot);
  await checkWithoutWebGL(url);
}

async function checkDesktop(url, lmax, reference, shot) {
  const { page, faults, close } = await openPage(browser, url, { width: 1200, height: 760 });
  await checkReference(report, page, reference);
  await checkWigner(report, page, reference);
  await checkTensors(report, page, reference);
  await checkProducts(report, page, reference);
  await checkPullBack(report, page, reference);
  for (const id of VIEWS) {
    await page.click(`#tab-${id}`);
    const { colours } = await pixels(page);
    report.check(`${id}: the drawing is not blank (${colours} colours)`, colours > 8);
    await settle(page);
    await page.screenshot({ path: shot(id) });
  }
  await shootEntries(page, shot);
  await checkOne(report, page, lmax);
  await checkTriangle(report, page, lmax);
  await checkMixture(report, page, lmax);
  await checkRotation(report, page, lmax);
  await checkProduct(report, page, lmax);
  await checkCoupling(report, page, lmax);
  await checkEmbedding(report, page, lmax);
  await checkLabels(page);
  await measureFrames(page, lmax);
  report.check(`no error in the console and no request: ${faults.join("; ") || "none"}`, faults.length === 0);
  await close();
}

/** The other drawing of the coupling. */
async function shootEntries(page, shot) {
  await page.click("#tab-coupling");
  await page.getByRole("radio", { name: "entries" }).check();
  await settle(page);
  await page.screenshot({ path: shot("entries") });
}

/** Every control has a name, and the drawings say what they show. */
async function checkLabels(page) {
  for (const id of VIEWS) {
    await page.click(`#tab-${id}`);
    const unnamed = await page.evaluate(() => {
      gallery.draw();
      const named = (node) => node.labels?.length || node.textContent || node.getAttribute("aria-label");
      const controls = [...document.querySelectorAll("input, select, button, canvas:not([hidden])")];
      return controls.filter((node) => !named(node)).map((node) => node.outerHTML);
    });
    report.check(`${id}: every control has a label ${unnamed}`, unnamed.length === 0);
  }
}

/** The time of a frame at the highest degree, drawn and finished, on 800 × 600 pixels. */
async function measureFrames(page, lmax) {
  for (const id of ["one", "triangle", "mixture", "turn", "atoms"]) {
    await page.click(`#tab-${id}`);
    const times = await page.evaluate(async (l) => {
      const { app, draw, openView } = gallery;
      const stage = document.getElementById("stage");
      stage.style.width = "800px";
      stage.style.height = "600px";
      [app.l, app.m] = [l, Math.floor(l / 2)];
      openView(app.current.id);
      const { gl } = app.renderer;
      const times = [];
      for (let i = 0; i < 40; i++) {
        await new Promise(requestAnimationFrame);
        const start = performance.now();
        draw();
        gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
        times.push(performance.now() - start);
      }
      stage.removeAttribute("style");
      return times.slice(5).sort((a, b) => a - b);
    }, lmax);
    const median = times[Math.floor(times.length / 2)];
    const verdict = median < FRAME_GOAL ? "under" : "NOT under";
    const range = `${times[0].toFixed(1)} to ${times.at(-1).toFixed(1)} ms`;
    report.note(`${id}: a frame at l = ${lmax} takes ${median.toFixed(1)} ms (${range}), ${verdict} ${FRAME_GOAL} ms`);
  }
}

/** Waits for the finer drawing that follows when all is still. */
async function settle(page) {
  await page.evaluate(() => gallery.redraw());
  await page.waitForTimeout(500);
}

/** Dark and light, by the system and by the button. */
async function checkAppearance(url, shot) {
  const { page, faults, close } = await openPage(browser, url, { width: 1200, height: 760, dark: true });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  for (const id of ["one", "coupling"]) {
    await page.click(`#tab-${id}`);
    await pixels(page);
    await settle(page);
    await page.screenshot({ path: shot(`${id}-dark`) });
  }
  await page.click("#tab-one");
  const changed = await changes(page, () => page.click("#theme"));
  report.check("the button changes the colours of page and drawing", changed && (await ground()) !== dark);
  report.check(`dark: no error ${faults}`, faults.length === 0);
  await close();
}

/** A small screen with touch. */
async function checkPhone(url, shot) {
  const { page, faults, close } = await openPage(browser, url, { width: 390, height: 780, phone: true });
  for (const id of VIEWS) {
    await page.click(`#tab-${id}`);
    await pixels(page);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    report.check(`${id}: nothing is wider than a phone`, overflow <= 0);
    await settle(page);
    await page.screenshot({ path: shot(`${id}-phone`), fullPage: true });
  }
  await page.click("#tab-one");
  report.check("a finger turns the drawing", await changes(page, () => swipe(page, [[[100, 250], [180, 300]]])));
  const pinch = [[[150, 250], [90, 250]], [[220, 250], [300, 250]]];
  report.check("two fingers zoom", await changes(page, () => swipe(page, pinch)));
  report.check(`phone: no error ${faults}`, faults.length === 0);
  await close();
}

/** Moves fingers, each from a point to a point. */
async function swipe(page, fingers) {
  const session = await page.context().newCDPSession(page);
  const touch = (type, share) =>
    session.send("Input.dispatchTouchEvent", {
      type,
      touchPoints:
        type === "touchEnd"
          ? []
          : fingers.map(([from, to], id) => ({
              id,
              x: from[0] + share * (to[0] - from[0]),
              y: from[1] + share * (to[1] - from[1]),
            })),
    });
  await touch("touchStart", 0);
  for (const share of [0.25, 0.5, 0.75, 1]) await touch("touchMove", share);
  await touch("touchEnd", 1);
}

/** A browser without WebGL2 is told so; the entries are still drawn and products computed. */
async function checkWithoutWebGL(url) {
  const { page, faults, close } = await openPage(browser, url, { width: 1200, height: 760, webgl: false });
  report.check("without WebGL2 the page says so", await page.isVisible("#message"));
  for (const id of VIEWS) await page.click(`#tab-${id}`);
  await page.click("#tab-coupling");
  report.check("without WebGL2 the coupling is drawn", (await pixels(page)).colours > 1);
  await page.getByRole("radio", { name: "product" }).check();
  const product = () => page.textContent("#product tbody");
  const before = await product();
  await slide(page, "x(0)", -0.25);
  report.check("without WebGL2 a product is computed", (await product()) !== before && (await page.isVisible("#message")));
  report.check(`without WebGL2: no error ${faults}`, faults.length === 0);
  await close();
}
