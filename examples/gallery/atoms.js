// The view of an embedding: the harmonics of the directions to a node's neighbours, summed, and the
// function on the sphere that these coefficients describe.

function atomsView() {
  const mesh = sphere(40);
  let piece = PIECES[0];
  let node = 0;
  let highest = Math.min(4, LMAX);
  let mirrored = false;
  let surface, parts;

  function positions() {
    const all = piece.atoms.map(([, x, y, z]) => [mirrored ? -x : x, y, z]);
    const middle = [0, 1, 2].map((i) => all.reduce((sum, p) => sum + p[i], 0) / all.length);
    return all.map((p) => p.map((x, i) => x - middle[i]));
  }

  const offset = (a, b) => b.map((x, i) => x - a[i]);
  const length = (a) => Math.hypot(...a);

  /** Pairs of atoms within reach. */
  function bonds(places) {
    const pairs = [];
    for (let i = 0; i < places.length; i++) {
      for (let j = 0; j < i; j++) {
        if (length(offset(places[i], places[j])) <= piece.reach) pairs.push([i, j]);
      }
    }
    return pairs;
  }

  /** The directions from the node to its neighbours. */
  function neighbours(places) {
    const near = bonds(places).flatMap(([i, j]) => (i === node ? [j] : j === node ? [i] : []));
    return near.map((j) => {
      const r = offset(places[node], places[j]);
      return r.map((x) => x / length(r));
    });
  }

  /** A_lm = Σ_j Y_lm(r_j / |r_j|), by degree. */
  function embedding(directions) {
    return Array.from({ length: highest + 1 }, (_, l) => {
      const sum = new Float64Array(2 * l + 1);
      for (const u of directions) HARMONICS[l](...u).forEach((value, i) => (sum[i] += value));
      return sum;
    });
  }

  function show() {
    const places = positions();
    const degrees = embedding(neighbours(places));
    const field = new Float64Array(WIDTH * mesh.count);
    degrees.forEach((sum, l) => {
      addField(field, 1, featureField(mesh, l, sum));
    });
    showLengths(degrees);
    if (app.renderer) {
      surface ||= app.renderer.surface(mesh);
      app.renderer.update(surface, field);
    }
    redraw();
  }

  function showLengths(degrees) {
    const lengths = degrees.map((sum) => Math.hypot(...sum));
    const largest = Math.max(...lengths, 1e-300);
    const line = (value, l) => {
      const bar = element("div", { class: "bar" });
      bar.style.width = `${(100 * value) / largest}%`;
      return element(
        "tr",
        {},
        element("th", { scope: "row" }, `l = ${l}`),
        element("td", {}, value.toFixed(4)),
        element("td", {}, bar),
      );
    };
    parts.lengths.replaceChildren(...lengths.map(line));
  }

  function nodes() {
    return piece.atoms.map(([kind], index) => [index, `${index + 1}: ${kind}`]);
  }

  function choosePiece(index) {
    piece = PIECES[index];
    node = 0;
    parts.node.fill(nodes(), node);
    show();
  }

  /** Canvas pixels for a unit of length. */
  function scale(places) {
    const { clientWidth: width, clientHeight: height } = app.canvas;
    const extent = Math.max(...places.map(length)) + 0.9;
    return (Math.min(width, height) / 2 / extent) * app.zoom;
  }

  function frame(places) {
    const { clientWidth: width, clientHeight: height } = app.canvas;
    return frameAt(width / 2, height / 2, scale(places));
  }

  function drawAtoms(places, at) {
    const { palette } = app;
    const grey = (shade) => palette.ink.map((x, i) => x * (1 - shade) + palette.ground[i] * shade);
    for (const [i, j] of bonds(places)) drawRod(places[i], places[j], 0.07, at, grey(0.55));
    places.forEach((centre, index) => {
      if (index === node) return;
      const { radius, shade } = KINDS[piece.atoms[index][0]];
      drawBall(centre, radius, at, grey(shade));
    });
  }

  return {
    id: "atoms",
    title: "Embedding",
    hint: "Click an atom to embed its neighbourhood. Drag to turn.",
    open(panel) {
      const pieces = PIECES.map(({ name }, index) => [index, name]);
      const range = { min: 0, max: LMAX, value: highest };
      const mirror = element("input", { type: "checkbox", onchange: () => {
        mirrored = mirror.checked;
        show();
      } });
      mirror.checked = mirrored;
      parts = {
        piece: selector("Piece", pieces, PIECES.indexOf(piece), choosePiece),
        node: selector("Node", nodes(), node, (index) => {
          node = Number(index);
          show();
        }),
        degree: slider("Degrees to", range, (l) => {
          highest = l;
          show();
        }),
        lengths: element("tbody"),
      };
      panel.append(
        parts.piece.node,
        parts.node.node,
        parts.degree.node,
        row("Mirror image", mirror),
        legend(),
        element("p", {}, "At the node: f(u) = Σ A(l,m) Y(l,m)(u), where A sums the harmonics of the directions to the bonded neighbours. Higher degrees point more sharply."),
        element("table", { id: "lengths" }, element("caption", {}, "Lengths |A| by degree"), parts.lengths),
        element("p", { class: "note" }, "The lengths of A are the same for a mirror image: to tell the two chiral pieces apart a network must couple degrees and pass messages between nodes, not only compare lengths at one."),
      );
      show();
    },
    draw() {
      const places = positions();
      const at = frame(places);
      app.renderer.beginSurfaces("radial", app.palette, app.view, 0.1);
      const axes = IDENTITY.map((row) => row.map((x) => x * 0.8));
      app.renderer.drawSurface(surface, at, { centre: places[node], axes });
      drawAtoms(places, at);
    },
    click(x, y) {
      const places = positions();
      const { clientWidth: width, clientHeight: height } = app.canvas;
      const size = scale(places);
      const distances = places.map((place) => {
        const [right, up] = apply(app.view, place);
        return Math.hypot(width / 2 + right * size - x, height / 2 - up * size - y);
      });
      const nearest = distances.indexOf(Math.min(...distances));
      if (distances[nearest] > 0.4 * size) return;
      node = nearest;
      parts.node.fill(nodes(), node);
      show();
    },
    label: () => `${piece.name}${mirrored ? ", mirrored" : ""}: the embedding at atom ${node + 1}`,
  };
}
