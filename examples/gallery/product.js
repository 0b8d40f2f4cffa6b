// The product of two features, z[m3] = Σ C x[m1] y[m2], by the generated function of their degrees.
// A feature of degree l is a function on the sphere, Σ_m x[m] Y_lm, and is drawn as such.

function featureProduct() {
  const mesh = sphere(36);
  const names = ["x", "y", "z"];
  const features = [[], []];
  let degrees = [0, 0, 0];
  let surfaces, parts;

  /** At first x has the order 0, and y also a part of order 1, so that few products vanish. */
  function first(slot, l) {
    const feature = new Array(2 * l + 1).fill(0);
    feature[l] = slot === 0 || l === 0 ? 1 : 0.5;
    if (slot === 1 && l > 0) feature[l + 1] = 0.8;
    return feature;
  }

  function load(next) {
    degrees = next;
    features.forEach((feature, slot) => {
      if (feature.length !== 2 * degrees[slot] + 1) features[slot] = first(slot, degrees[slot]);
    });
    showSliders();
    show();
  }

  /** A column of sliders for each feature. */
  function showSliders() {
    const one = (slot, index) => {
      const value = features[slot][index];
      const range = { min: -1, max: 1, step: 0.01, value, show: (x) => decimals(x, 2) };
      return slider(`${names[slot]}(${signed(index - degrees[slot])})`, range, (next) => {
        features[slot][index] = next;
        show();
      }).node;
    };
    const columns = features.map((feature, slot) => feature.map((_, index) => one(slot, index)));
    parts.sliders.replaceChildren(...columns.map((column) => element("div", {}, ...column)));
  }

  function randomize() {
    const random = () => Math.round(200 * Math.random() - 100) / 100;
    features.forEach((feature, slot) => (features[slot] = feature.map(random)));
    showSliders();
    show();
  }

  function show() {
    const { couple, operations } = COUPLE[degrees.join(",")];
    const z = couple(1, ...features);
    showBars(z);
    const [l1, l2, l3] = degrees;
    parts.summary.textContent = `The program of ${l1} × ${l2} → ${l3}: ${operations}`;
    parts.program.textContent = couple.toString();
    if (app.renderer) showSurfaces([...features, z]);
    redraw();
  }

  /** The numbers of z, as bars from the middle. */
  function showBars(z) {
    const [x, y, length] = [...features, z].map((feature) => Math.hypot(...feature));
    const line = (value, index) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, `z(${signed(index - degrees[2])})`),
        element("td", {}, decimals(value, 4)),
        element("td", {}, signedBar(value / (x * y || 1))),
      );
    parts.bars.replaceChildren(...z.map(line));
    parts.bars.dataset.product = JSON.stringify(z);
    parts.lengths.textContent = `|z| = ${length.toFixed(4)}, at most |x| |y| = ${(x * y).toFixed(4)}`;
  }

  /** All three at one scale, so that a small product is drawn small. */
  function showSurfaces(vectors) {
    surfaces ||= names.map(() => app.renderer.surface(mesh));
    const fields = vectors.map((feature, slot) => featureField(mesh, degrees[slot], feature));
    const largest = Math.max(...fields.map(peak));
    fields.forEach((field, slot) => app.renderer.update(surfaces[slot], field, largest));
  }

  return {
    highest: PRODUCT_LMAX,
    grid: false,
    hint: "Drag to turn, wheel or pinch to zoom; arrow keys, + and − do the same.",
    open() {
      parts = {
        sliders: element("div", { class: "columns" }),
        bars: element("tbody"),
        lengths: element("p", { class: "note" }),
        summary: element("summary"),
        program: element("pre", { tabindex: "0" }),
      };
      return [
        element("p", {}, "Features x and y, drawn as Σ x(m) Y(l₁,m) and Σ y(m) Y(l₂,m):"),
        parts.sliders,
        element("p", {}, button("Random", randomize)),
        element("table", { id: "product" }, element("caption", {}, "Their product z, of degree l₃"), parts.bars),
        parts.lengths,
        legend(),
        shapeChoice(),
        element("details", {}, parts.summary, parts.program),
        element("p", { class: "note" }, `All three are drawn at one scale. If x and y turn, z turns with them: 1 × 1 → 0 is the dot product of vectors, 1 × 1 → 1 their cross product, but for a factor. Products are shown to degree ${PRODUCT_LMAX}.`),
      ];
    },
    load,
    draw() {
      placesFor(3).forEach((place, slot) => {
        app.renderer.beginSurfaces(app.shape, app.palette, app.view);
        app.renderer.drawSurface(surfaces[slot], place.frame);
        drawAxes(place.frame);
        placeTitle(`${names[slot]}, degree ${degrees[slot]}`, place);
      });
    },
    label: () =>
      `Two features x and y of degrees ${degrees[0]} and ${degrees[1]} and their product z of degree ${degrees[2]}`,
  };
}

/** A number from -1 to 1 as a bar to the left or right of the middle. */
function signedBar(value) {
  const bar = element("div", { class: value < 0 ? "bar negative" : "bar positive" });
  bar.style.width = `${50 * Math.abs(value)}%`;
  bar.style.marginLeft = `${50 + 50 * Math.min(value, 0)}%`;
  return element("div", { class: "signed" }, bar);
}
