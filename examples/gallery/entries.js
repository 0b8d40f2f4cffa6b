// The entries of a coupling tensor: which of C(l1,l2→l3) are not zero, and their exact values.

function tensorEntries() {
  let degrees = [0, 0, 0];
  let entries = new Map();
  let chosen = [0, 0, 0];
  let parts;

  const key = (orders) => orders.join(",");

  function load(next) {
    degrees = next;
    const flat = COUPLING.tensors[degrees.join(",")];
    entries = new Map();
    for (let i = 0; i < flat.length; i += 4) entries.set(key(flat.slice(i, i + 3)), flat[i + 3]);
    const first = [...entries.keys()][0];
    chosen = first.split(",").map(Number);
    const size = degrees.reduce((product, l) => product * (2 * l + 1), 1);
    const share = ((100 * entries.size) / size).toFixed(1);
    parts.count.textContent = `${entries.size} of ${size} entries are not zero (${share} %).`;
    describe();
  }

  function numberOf(entry) {
    return entry === undefined ? 0 : Math.sign(entry) * COUPLING.values[Math.abs(entry) - 1][1];
  }

  /** The exact value in MathML. */
  function exactly(entry) {
    if (entry === undefined) return "<mn>0</mn>";
    return (entry < 0 ? "<mo>−</mo>" : "") + COUPLING.values[Math.abs(entry) - 1][0];
  }

  function describe() {
    const entry = entries.get(key(chosen));
    const orders = chosen.map((m) => `<mn>${signed(m)}</mn>`);
    const name =
      `<msub><mi>C</mi><mrow>${orders[0]}<mo>,</mo>${orders[1]}<mo>→</mo>${orders[2]}</mrow></msub>`;
    parts.value.replaceChildren(formula(`${name}<mo>=</mo>${exactly(entry)}`));
    parts.decimal.textContent = entry === undefined ? "exactly zero" : `≈ ${signed(numberOf(entry).toFixed(15))}`;
    redraw();
  }

  /** One panel for each m3, of cells (m1, m2), as large as fits. */
  function layout() {
    const { clientWidth: width, clientHeight: height } = app.grid;
    const [rows, columns, panels] = degrees.map((l) => 2 * l + 1);
    let best = { cell: 0 };
    for (let across = 1; across <= panels; across++) {
      const down = Math.ceil(panels / across);
      const cell = Math.min((width - 16) / (across * (columns + 1)), (height - 40) / (down * (rows + 1.6)));
      if (cell > best.cell) best = { cell: Math.min(cell, 64), across };
    }
    return { ...best, rows, columns, panels, left: 12 };
  }

  function corner({ cell, across, rows, columns, left }, panel) {
    const [i, j] = [Math.floor(panel / across), panel % across];
    return [left + j * (columns + 1) * cell, 12 + i * (rows + 1.6) * cell + cell];
  }

  function drawPanel(context, grid, panel) {
    const [x, y] = corner(grid, panel);
    const { cell, rows, columns } = grid;
    const m3 = panel - degrees[2];
    context.fillStyle = css(app.palette.faint);
    context.font = `${Math.max(9, Math.min(15, cell * 0.8))}px system-ui, sans-serif`;
    const label = `m₃ = ${signed(m3)}`;
    const fits = context.measureText(label).width < (columns + 0.8) * cell;
    context.fillText(fits ? label : signed(m3), x, y - cell * 0.25);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const entry = entries.get(key([i - degrees[0], j - degrees[1], m3]));
        context.fillStyle = cellColour(numberOf(entry));
        context.fillRect(x + j * cell, y + i * cell, cell * 0.94, cell * 0.94);
      }
    }
  }

  function drawChosen(context, grid) {
    const [x, y] = corner(grid, chosen[2] + degrees[2]);
    const { cell } = grid;
    const [i, j] = [chosen[0] + degrees[0], chosen[1] + degrees[1]];
    context.strokeStyle = css(app.palette.ink);
    context.lineWidth = 2;
    context.strokeRect(x + j * cell - 1, y + i * cell - 1, cell * 0.94 + 2, cell * 0.94 + 2);
  }

  /** The orders of the cell at a point of the canvas, if there is one. */
  function cellAt(x, y) {
    const grid = layout();
    for (let panel = 0; panel < grid.panels; panel++) {
      const [left, top] = corner(grid, panel);
      const [i, j] = [Math.floor((y - top) / grid.cell), Math.floor((x - left) / grid.cell)];
      if (i >= 0 && i < grid.rows && j >= 0 && j < grid.columns) {
        return [i - degrees[0], j - degrees[1], panel - degrees[2]];
      }
    }
    return null;
  }

  function point(x, y) {
    const cell = cellAt(x, y);
    if (!cell || key(cell) === key(chosen)) return;
    chosen = cell;
    describe();
  }

  const moves = {
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
    ArrowLeft: [1, -1],
    ArrowRight: [1, 1],
    PageUp: [2, -1],
    PageDown: [2, 1],
  };

  return {
    highest: COUPLING_LMAX,
    grid: true,
    hint: "Point at or tap a cell; or arrow keys for m₁ and m₂, Page Up and Page Down for m₃.",
    open() {
      parts = {
        count: element("p", { class: "note" }),
        value: element("div", { id: "exact", "aria-live": "polite" }),
        decimal: element("p", { class: "note" }),
      };
      return [
        element("p", {}, "Rows are m₁, columns m₂, one panel for each m₃, orders from −l to l; degrees go to 8 at most."),
        parts.count,
        parts.value,
        parts.decimal,
        legend(),
      ];
    },
    load,
    draw() {
      const canvas = app.grid;
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      canvas.width = canvas.clientWidth * ratio;
      canvas.height = canvas.clientHeight * ratio;
      const context = canvas.getContext("2d");
      context.scale(ratio, ratio);
      const grid = layout();
      for (let panel = 0; panel < grid.panels; panel++) drawPanel(context, grid, panel);
      drawChosen(context, grid);
    },
    point,
    key(event) {
      const move = moves[event.key];
      if (!move) return false;
      const [slot, step] = move;
      const l = degrees[slot];
      chosen[slot] = Math.max(-l, Math.min(l, chosen[slot] + step));
      describe();
      return true;
    },
    label: () =>
      `The entries of C(${degrees[0]},${degrees[1]}→${degrees[2]}); chosen are the orders ${chosen.map(signed).join(", ")}`,
  };
}
