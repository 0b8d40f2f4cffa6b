// What the drawings answer to controls, mouse and keys, view by view.

import { changes, drag, slide } from "./browser.mjs";

export async function checkOne(report, page, lmax) {
  await page.click("#tab-one");
  const formula = () => page.textContent(".formula");
  if (lmax > 0) {
    const before = await formula();
    const changed = await changes(page, () => slide(page, "Degree l", lmax));
    report.check("one: the degree changes drawing and formula", changed && (await formula()) !== before);
    report.check("one: the order changes the drawing", await changes(page, () => slide(page, "Order m", -lmax)));
    const keys = async () => {
      await page.getByLabel("Order m", { exact: true }).focus();
      await page.keyboard.press("ArrowRight");
    };
    report.check("one: a slider follows the keyboard", await changes(page, keys));
  }
  await slide(page, "Order m", 0);
  report.check("one: the shape changes the drawing", await changes(page, () => page.getByRole("radio", { name: "colour" }).check()));
  await page.getByRole("radio", { name: "radius" }).check();
  report.check("one: the mouse turns", await changes(page, () => drag(page, [300, 300], [380, 340])));
  report.check("one: the wheel zooms", await changes(page, () => page.mouse.wheel(0, -200)));
  await page.focus("#surface");
  report.check("one: arrow keys turn", await changes(page, () => page.keyboard.press("ArrowLeft")));
  report.check("one: + zooms", await changes(page, () => page.keyboard.press("+")));
  await page.click("summary");
  report.check("one: the program is shown", (await page.textContent("pre")).startsWith(`function y_${lmax}(`));
}

export async function checkTriangle(report, page, lmax) {
  await page.click("#tab-triangle");
  if (lmax > 0) {
    await page.focus("#surface");
    report.check("triangle: arrow keys choose", await changes(page, () => page.keyboard.press("ArrowRight")));
  }
  report.check("triangle: the mouse turns all", await changes(page, () => drag(page, [300, 300], [380, 340])));
  await page.keyboard.press("Enter");
  report.check("triangle: Enter opens one", await page.isVisible("#tab-one[aria-selected=true]"));
  await page.click("#tab-triangle");
  await page.evaluate(() => gallery.draw());
  // The lowest row is the highest degree; the middle of it is order 0.
  const box = await page.locator("#surface").boundingBox();
  const cell = Math.min(box.width / (2 * lmax + 1.5), (box.height - 24) / (lmax + 1.25));
  const y = (box.height - 24 + cell * (lmax + 1)) / 2 - cell / 2;
  await page.mouse.click(box.x + box.width / 2, box.y + y);
  const chosen = await page.evaluate(() => [gallery.app.l, gallery.app.m, gallery.app.current.id].join());
  report.check(`triangle: a click opens the harmonic under it: ${chosen}`, chosen === `${lmax},0,one`);
}

export async function checkMixture(report, page, lmax) {
  await page.click("#tab-mixture");
  const degree = Math.min(2, lmax);
  const name = `Y(${degree},${degree === 0 ? 0 : 1})`;
  if (lmax > 0) {
    report.check("mixture: a slider changes the drawing", await changes(page, () => slide(page, name, -0.7)));
    const random = () => page.getByRole("button", { name: "Random" }).click();
    report.check("mixture: Random changes the drawing", await changes(page, random));
  }
  const zero = () => page.getByRole("button", { name: "Zero" }).click();
  report.check("mixture: Zero clears the drawing", await changes(page, zero));
  report.check("mixture: the sum is written", (await page.textContent("#terms")) === "f = 0");
  report.check("mixture: a slider brings it back", await changes(page, () => slide(page, `Y(${degree},0)`, 0.5)));
}

export async function checkRotation(report, page, lmax) {
  await page.click("#tab-turn");
  let worst = 0;
  for (let l = 0; l <= lmax; l++) {
    await slide(page, "Degree l", l);
    const difference = Number(await page.getAttribute("#difference", "data-difference"));
    const largest = Math.sqrt((2 * l + 1) / (4 * Math.PI));
    worst = Math.max(worst, difference / (12 * (l + 2) * Number.EPSILON * largest));
  }
  report.check(`rotation: Y(R r) = D(R) Y(r), the worst ${worst.toFixed(2)} of 12 (l + 2) ε`, worst <= 1);
  if (lmax > 0) {
    report.check("rotation: an angle changes the drawing", await changes(page, () => slide(page, "Angle β", 100)));
    const angle = () => page.getByLabel("Angle β", { exact: true }).inputValue();
    const before = await angle();
    const dragged = await changes(page, () => drag(page, [250, 300], [250, 380]));
    report.check("rotation: dragging turns R", dragged && (await angle()) !== before);
    await page.getByRole("radio", { name: "the view" }).check();
    report.check("rotation: dragging turns the view", await changes(page, () => drag(page, [250, 300], [290, 340])));
  }
}

export async function checkEmbedding(report, page, lmax) {
  await page.click("#tab-atoms");
  const lengths = () => page.textContent("#lengths tbody");
  const before = await lengths();
  report.check("embedding: a mirror image changes the drawing", await changes(page, () => page.getByLabel("Mirror image").check()));
  report.check("embedding: it keeps the lengths", (await lengths()) === before);
  const molecule = () => page.getByLabel("Piece").selectOption({ label: "Methane, at the carbon" });
  report.check("embedding: another piece changes the drawing", await changes(page, molecule));
  if (lmax > 1) {
    const [, first, second] = (await lengths()).match(/l = 1(\d\.\d+)l = 2(\d\.\d+)/) ?? [];
    report.check(`embedding: methane has no l = 1 nor 2: ${first}, ${second}`, Number(first) < 1e-3 && Number(second) < 1e-3);
    report.check("embedding: the degree changes the drawing", await changes(page, () => slide(page, "Degrees to", 1)));
  }
  const node = () => page.getByLabel("Node").selectOption("1");
  report.check("embedding: another node changes the drawing", await changes(page, node));
}
