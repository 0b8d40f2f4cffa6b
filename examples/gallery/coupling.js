// The view of the coupling of two degrees to a third: the product of two features, or the entries of
// the tensor that it is made of.

function couplingView() {
  const kinds = { product: featureProduct(), entries: tensorEntries() };
  const degrees = [1, 1, 2];
  // The entries need no WebGL.
  let shown = app.renderer ? "product" : "entries";
  let selectors, body;

  /** Brings the degrees into what is shown and couples, and offers those that do. */
  function fit() {
    const { highest } = kinds[shown];
    const fitSlot = (slot, low, high) => {
      degrees[slot] = Math.max(low, Math.min(high, degrees[slot]));
      const options = Array.from({ length: high - low + 1 }, (_, i) => [low + i, String(low + i)]);
      selectors[slot].fill(options, degrees[slot]);
    };
    fitSlot(0, 0, highest);
    fitSlot(1, 0, highest);
    fitSlot(2, Math.abs(degrees[0] - degrees[1]), Math.min(highest, degrees[0] + degrees[1]));
    kinds[shown].load([...degrees]);
  }

  function show(kind) {
    shown = kind;
    body.replaceChildren(...kinds[shown].open());
    showCanvas(view);
    fit();
  }

  const view = {
    id: "coupling",
    title: "Coupling",
    get grid() {
      return kinds[shown].grid;
    },
    get zooms() {
      return !kinds[shown].grid;
    },
    get hint() {
      return kinds[shown].hint;
    },
    open(panel) {
      const names = ["Degree l₁", "Degree l₂", "Degree l₃"];
      selectors = names.map((name, slot) =>
        selector(name, [], "", (l) => {
          degrees[slot] = Number(l);
          fit();
        }),
      );
      body = element("div");
      const options = [["product", "product"], ["entries", "entries"]];
      panel.append(
        element("p", {}, "The tensor C(l₁,l₂→l₃) couples two degrees to a third: z[m₃] = Σ C[m₁,m₂,m₃] x[m₁] y[m₂]."),
        choices("Show", options, shown, show),
        ...selectors.map((choice) => choice.node),
        body,
      );
      show(shown);
    },
    draw: () => kinds[shown].draw(),
    hover: (x, y) => kinds[shown].point?.(x, y),
    click: (x, y) => kinds[shown].point?.(x, y),
    // Cells are not turned.
    drag: () => kinds[shown].grid,
    key: (event) => kinds[shown].key?.(event) ?? false,
    label: () => kinds[shown].label(),
  };
  return view;
}
