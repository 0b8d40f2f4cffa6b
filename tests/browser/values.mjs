// What the page computes: harmonics, gradients and products against those of Rust, and the coupling
// tensors.

import { changes, choose } from "./browser.mjs";

/** Harmonics to 12 (l + 2) ε · max_m |Y_lm|, without and with gradients. */
export async function checkReference(report, page, reference) {
  for (const functions of ["HARMONICS", "HARMONICS_AND_GRADIENTS"]) {
    const { worst, compared } = await page.evaluate(compare, { functions, ...reference });
    report.check(
      `${functions}: ${compared} values agree with Rust's, the worst within ${worst} of the bound`,
      worst <= 1 && compared === reference.points.length * (reference.lmax + 1) ** 2,
    );
  }
}

/** Wigner matrices of one rotation to 12 (l + 2) ε. */
export async function checkWigner(report, page, { rotation, wigner }) {
  const worst = await page.evaluate(
    ([rotation, wigner]) => {
      const shares = wigner.flatMap((matrix, l) => {
        const found = gallery.wigner(l, rotation).flat();
        const bound = 12 * (l + 2) * Number.EPSILON;
        return matrix.flat().map((value, i) => Math.abs(found[i] - value) / bound);
      });
      return Math.max(...shares);
    },
    [rotation, wigner],
  );
  report.check(`Wigner matrices agree with Rust's, the worst within ${worst.toFixed(3)} of the bound`, worst <= 1);
}

/**
 * Products to 2 ε |scale| |x| |y|, of which the last two are the largest length that Σ C x y can have:
 * every function of the page is compared, with x and y of its own.
 */
export async function checkProducts(report, page, { products }) {
  const { shares, missing } = await page.evaluate((products) => {
    const shares = products.map(([degrees, scale, x, y, z]) => {
      const found = gallery.COUPLE[degrees.join(",")].couple(scale, x, y);
      const bound = 2 * Number.EPSILON * Math.abs(scale) * Math.hypot(...x) * Math.hypot(...y);
      return found.length === z.length ? Math.max(...z.map((value, i) => Math.abs(found[i] - value))) / bound : NaN;
    });
    const compared = new Set(products.map(([degrees]) => degrees.join(",")));
    return { shares, missing: Object.keys(gallery.COUPLE).filter((key) => !compared.has(key)) };
  }, products);
  const worst = Math.max(...shares);
  const what = `products: ${products.length} of Rust's, the worst within ${worst.toFixed(3)} of the bound`;
  report.check(what, worst <= 1 && missing.length === 0);
}

/**
 * Gradients of sums of harmonics to 2 ε |g| (Σ_lm |∇Y_lm|²)^½, where the root is known:
 * Σ_m |∇Y_lm|² = l (2l + 1)² r^(2l - 2) / 4π.
 */
export async function checkPullBack(report, page, { lmax, points, cotangents, gradients }) {
  const shares = await page.evaluate(
    ([lmax, points, cotangents, gradients]) =>
      points.map((point, i) => {
        const r = Math.hypot(...point);
        let square = 0;
        for (let l = 1; l <= lmax; l++) square += (l * (2 * l + 1) ** 2 * r ** (2 * l - 2)) / (4 * Math.PI);
        const bound = 2 * Number.EPSILON * Math.hypot(...cotangents[i]) * Math.sqrt(square);
        const found = gallery.pull_back(...point, cotangents[i]);
        const difference = Math.max(...gradients[i].map((value, axis) => Math.abs(found[axis] - value)));
        return bound === 0 && difference === 0 ? 0 : difference / bound;
      }),
    [lmax, points, cotangents, gradients],
  );
  const worst = Math.max(...shares);
  const what = `pull-back: ${shares.length} gradients agree with Rust's, the worst within ${worst.toFixed(3)} of the bound`;
  report.check(what, worst <= 1 && shares.length === points.length);
}

/** In the page: the largest difference as a share of its bound. */
function compare({ functions, lmax, points, values }) {
  let [worst, compared] = [0, 0];
  const table = { HARMONICS: gallery.HARMONICS, HARMONICS_AND_GRADIENTS: gallery.HARMONICS_AND_GRADIENTS }[functions];
  if (gallery.LMAX !== lmax) throw new Error(`the page is for LMAX ${gallery.LMAX}`);
  points.forEach((point, i) => {
    for (let l = 0; l <= lmax; l++) {
      const result = table[l](...point);
      const found = Array.isArray(result) ? result : result.values;
      const expected = values[i].slice(l * l, (l + 1) * (l + 1));
      const bound = 12 * (l + 2) * Number.EPSILON * Math.max(...expected.map(Math.abs));
      expected.forEach((value, j) => {
        compared += 1;
        const difference = Math.abs(found[j] - value);
        // Written so that NaN counts as infinitely wrong.
        if (!(difference <= bound)) worst = Math.max(worst, difference / bound || Infinity);
        else if (bound > 0) worst = Math.max(worst, difference / bound);
      });
    }
  });
  return { worst, compared };
}

/** Every entry of every tensor is Rust's, at its place, within an ulp. */
export async function checkTensors(report, page, { coupling }) {
  const wrong = await page.evaluate((coupling) => {
    const { tensors, values } = gallery.COUPLING;
    const number = (v) => Math.sign(v) * values[Math.abs(v) - 1][1];
    const same = (flat, entries) =>
      flat.length === 4 * entries.length &&
      entries.every(([m1, m2, m3, value], i) => {
        const [n1, n2, n3, v] = flat.slice(4 * i, 4 * i + 4);
        const near = Math.abs(number(v) - value) <= Number.EPSILON;
        return n1 === m1 && n2 === m2 && n3 === m3 && near;
      });
    const tensorsOf = ([l1, l2, l3]) => tensors[[l1, l2, l3].join(",")] ?? [];
    return coupling.filter((row) => !same(tensorsOf(row), row[3])).map((row) => row.slice(0, 3).join(","));
  }, coupling);
  const what = `coupling: all entries of ${coupling.length} tensors are Rust's`;
  report.check(wrong.length ? `${what}, but not ${wrong.slice(0, 5).join("; ")}` : what, wrong.length === 0);
}

/** The tensors are orthonormal, known entries are exact, and pointer and keys find entries. */
export async function checkCoupling(report, page, lmax) {
  const deviation = await page.evaluate(largestDeviation);
  report.check(`coupling: Σ C² = 1 for every l1, l2, l3, m3, to ${deviation}`, deviation < 1e-13);
  await page.click("#tab-coupling");
  await page.getByRole("radio", { name: "entries" }).check();
  const text = () => page.textContent("#exact");
  if (lmax === 0) {
    report.check("coupling: C(0,0→0) = 1", (await text()).endsWith("=1"));
    return;
  }
  await choose(page, 1, 1, Math.min(2, lmax));
  const before = await text();
  const moved = await changes(page, () => page.mouse.move(300, 240));
  report.check("coupling: the pointer chooses an entry", moved && (await text()) !== before);
  await page.focus("#grid");
  for (const key of ["PageUp", "PageUp", "PageUp", "PageUp", "PageDown", "PageDown", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft"]) {
    await page.keyboard.press(key);
  }
  const shown = await page.innerHTML("#exact");
  const root = "<mo>−</mo><msqrt><mfrac><mn>1</mn><mn>6</mn></mfrac></msqrt>";
  report.check("coupling: C(1,1→2) at −1, −1, 0 is −√(1/6)", shown.includes(root));
  const exact = await page.evaluate(() => {
    const flat = gallery.COUPLING.tensors["1,2,1"] ?? [];
    const shown = (v) => (v < 0 ? "−" : "") + gallery.COUPLING.values[Math.abs(v) - 1][0];
    return flat.filter((_, i) => i % 4 === 3).map(shown);
  });
  const three = "<msqrt><mfrac><mn>3</mn><mn>10</mn></mfrac></msqrt>";
  const either = exact.some((value) => value.endsWith(three));
  report.check("coupling: C(1,2→1) has entries ±√(3/10)", either);
}

/** In the page. */
function largestDeviation() {
  let largest = 0;
  const { tensors, values } = gallery.COUPLING;
  for (const flat of Object.values(tensors)) {
    const sums = new Map();
    for (let i = 0; i < flat.length; i += 4) {
      const square = values[Math.abs(flat[i + 3]) - 1][1] ** 2;
      sums.set(flat[i + 2], (sums.get(flat[i + 2]) ?? 0) + square);
    }
    for (const sum of sums.values()) largest = Math.max(largest, Math.abs(sum - 1));
  }
  return largest;
}
