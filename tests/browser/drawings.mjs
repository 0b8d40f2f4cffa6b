// What the drawings answer to controls, mouse and keys, view by view.

import { changes, choose, drag, slide } from "./browser.mjs";

export async function checkOne(report, page, lmax) {
  await page.click("#tab-one");
  const formula = () => page.textContent(".formula");
  if (lmax > 0) {
    await slide(page, "Degree l", 0);
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
    // Random may leave out all degrees that have a gradient.
    await slide(page, name, -0.7);
    await checkGradient(report, page);
  }
  const zero = () => page.getByRole("button", { name: "Zero" }).click();
  report.check("mixture: Zero clears the drawing", await changes(page, zero));
  report.check("mixture: the sum is written", (await page.textContent("#terms")) === "f = 0");
  report.check("mixture: a slider brings it back", await changes(page, () => slide(page, `Y(${degree},0)`, 0.5)));
}

/** The gradient that the mixture shows is that of the sum that it writes, and follows the direction. */
async function checkGradient(report, page) {
  for (const [label, value] of [["Polar angle", 70], ["Azimuth", 25]]) {
    report.check(`mixture: the ${label} moves the needle`, await changes(page, () => slide(page, label, value)));
  }
  const angles = () =>
    Promise.all(["Polar angle", "Azimuth"].map((label) => page.getByLabel(label).inputValue()));
  const before = await angles();
  const moved = await changes(page, () => page.mouse.click(380, 330));
  report.check("mixture: a click moves the needle", moved && (await angles()).join() !== before.join());
  const difference = await page.evaluate(gradientDifference, (await angles()).map(Number));
  report.check(`mixture: ∇f is Σ c ∇Y of the terms that are written, to ${difference}`, difference < 1e-13);
}

/** In the page: the difference of the gradient shown from the sum over harmonics, by its length. */
function gradientDifference(angles) {
  const [theta, phi] = angles.map((angle) => (angle * Math.PI) / 180);
  const u = [Math.sin(theta) * Math.cos(phi), Math.sin(theta) * Math.sin(phi), Math.cos(theta)];
  const text = document.getElementById("terms").textContent.replaceAll("−", "-").replaceAll("- ", "-");
  const expected = [0, 0, 0];
  for (const [, c, l, m] of text.matchAll(/(-?[\d.]+) Y\((\d+),(-?\d+)\)/g)) {
    const { gradient } = gallery.HARMONICS_AND_GRADIENTS[l](...u);
    gradient.forEach((along, axis) => (expected[axis] += Number(c) * along[Number(l) + Number(m)]));
  }
  const found = JSON.parse(document.getElementById("gradient").dataset.gradient);
  return Math.hypot(...found.map((g, axis) => g - expected[axis])) / Math.hypot(...expected);
}

/** The product that is shown is Σ C x y of the sliders, for all degrees, and is drawn anew with them. */
export async function checkProduct(report, page, lmax) {
  await page.click("#tab-coupling");
  await page.getByRole("radio", { name: "product" }).check();
  const shown = () => page.getAttribute("#product tbody", "data-product");
  const random = () => page.getByRole("button", { name: "Random" }).click();
  if (lmax > 0) {
    await choose(page, 1, 1, Math.min(2, lmax));
    const before = await shown();
    const changed = await changes(page, () => slide(page, "x(−1)", 0.7));
    report.check("product: a slider changes drawing and product", changed && (await shown()) !== before);
    report.check("product: Random changes the drawing", await changes(page, random));
    report.check("product: the mouse turns", await changes(page, () => drag(page, [300, 300], [380, 340])));
  }
  const triples = await page.evaluate(() => Object.keys(gallery.COUPLE));
  let worst = 0;
  for (const degrees of triples) {
    await choose(page, ...degrees.split(","));
    await random();
    worst = Math.max(worst, await page.evaluate(productDifference, degrees));
  }
  report.check(`product: Σ C x y of the sliders for ${triples.length} triples, to ${worst}`, worst < 1e-15);
  for (const m of orders(Number(triples.at(-1).split(",")[0]))) await slide(page, `x(${m})`, 0);
  const zero = JSON.parse(await shown()).every((value) => value === 0);
  report.check("product: it is zero where x is", zero);
  if (lmax > 3) {
    await page.getByRole("radio", { name: "entries" }).check();
    await choose(page, 4, 4, 4);
    await page.getByRole("radio", { name: "product" }).check();
    const degrees = await page.evaluate(() => [...document.querySelectorAll("#panel select")].map((node) => node.value));
    report.check(`product: degrees go back to 3: ${degrees}`, degrees.join() === "3,3,3");
  }
}

/** In the page: the largest difference of the product shown from the sum over the entries of C. */
function productDifference(degrees) {
  const [l1, l2, l3] = degrees.split(",").map(Number);
  const value = (name, m) => {
    const label = [...document.querySelectorAll("#panel label")].find(
      (node) => node.textContent === `${name}(${String(m).replace("-", "−")})`,
    );
    return Number(label.control.value);
  };
  const flat = gallery.COUPLING.tensors[degrees];
  const expected = new Array(2 * l3 + 1).fill(0);
  for (let i = 0; i < flat.length; i += 4) {
    const [m1, m2, m3, v] = flat.slice(i, i + 4);
    const c = Math.sign(v) * gallery.COUPLING.values[Math.abs(v) - 1][1];
    expected[m3 + l3] += c * value("x", m1) * value("y", m2);
  }
  const length = (name, l) => Math.hypot(...Array.from({ length: 2 * l + 1 }, (_, i) => value(name, i - l)));
  const found = JSON.parse(document.querySelector("#product tbody").dataset.product);
  return Math.max(...expected.map((z, i) => Math.abs(z - found[i]))) / (length("x", l1) * length("y", l2) || 1);
}

function orders(l) {
  return Array.from({ length: 2 * l + 1 }, (_, i) => String(i - l).replace("-", "−"));
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
  if (lmax > 1) {
    report.check("embedding: the degree changes the drawing", await changes(page, () => slide(page, "Degrees to", 1)));
    await slide(page, "Degrees to", 2);
  }
  const molecule = () => page.getByLabel("Piece").selectOption({ label: "Methane, at the carbon" });
  report.check("embedding: another piece changes the drawing", await changes(page, molecule));
  if (lmax > 1) {
    const [, first, second] = (await lengths()).match(/l = 1(\d\.\d+)l = 2(\d\.\d+)/) ?? [];
    report.check(`embedding: methane has no l = 1 nor 2: ${first}, ${second}`, Number(first) < 1e-3 && Number(second) < 1e-3);
  }
  const node = () => page.getByLabel("Node").selectOption("1");
  report.check("embedding: another node changes the drawing", await changes(page, node));
}
