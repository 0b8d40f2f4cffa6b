// Labelled controls and small pieces of text.

/** An element with attributes and children; `on…` attributes are listeners. */
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") node.toggleAttribute(name, value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

let controls = 0;

/** A label with a control beside it. */
function row(label, control, ...rest) {
  control.id ||= `control-${++controls}`;
  return element("div", { class: "row" }, element("label", { for: control.id }, label), control, ...rest);
}

/** A slider that shows its value. */
function slider(label, { min, max, step = 1, value, show = signed }, onInput) {
  const input = element("input", { type: "range", min, max, step });
  const output = element("output");
  const refresh = () => {
    output.textContent = show(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
    input.disabled = Number(input.min) >= Number(input.max);
  };
  input.addEventListener("input", () => {
    refresh();
    onInput(Number(input.value));
  });
  const set = (next, range) => {
    if (range) [input.min, input.max] = range;
    input.value = next;
    refresh();
  };
  const node = row(label, input, output);
  output.htmlFor = input.id;
  set(value);
  return { node, input, set };
}

/** A list to choose from: pairs of a value and its text. */
function selector(label, options, value, onChange) {
  const input = element("select", { onchange: () => onChange(input.value) });
  const fill = (pairs, chosen) => {
    input.replaceChildren(...pairs.map(([key, text]) => element("option", { value: key }, text)));
    input.value = chosen;
  };
  fill(options, value);
  return { node: row(label, input), input, fill };
}

/** Options of which all are seen. */
function choices(label, options, value, onChange) {
  const name = `choice-${++controls}`;
  const option = ([key, text]) => {
    const input = element("input", { type: "radio", name, value: key, onchange: () => onChange(key) });
    input.checked = key === value;
    return element("label", {}, input, text);
  };
  const group = element("div", { class: "choices", role: "radiogroup", "aria-label": label });
  group.append(...options.map(option));
  return element("div", { class: "row" }, element("span", {}, label), group);
}

function button(text, onClick) {
  return element("button", { type: "button", onclick: onClick }, text);
}

/** A number with the minus sign of mathematics. */
function signed(value) {
  return String(value).replace("-", "−");
}

/** A number with so many decimals; what rounds to zero has no sign. */
function decimals(value, digits) {
  return signed((Number(value.toFixed(digits)) + 0).toFixed(digits));
}

/** A number with few digits, such as 3.1e−16. */
function brief(value) {
  return signed(value === 0 ? 0 : value.toPrecision(2));
}

/** MathML in an element of its own. */
function formula(content) {
  const node = element("div", { class: "formula" });
  node.innerHTML = `<math display="block">${content}</math>`;
  return node;
}

/** Which colour is which sign. */
function legend() {
  const swatch = (sign) => element("i", { class: sign });
  return element("p", { class: "legend note" }, swatch("positive"), "positive", swatch("negative"), "negative");
}

/** The choice between radius and colour. */
function shapeChoice() {
  const options = [["radial", "radius"], ["sphere", "colour"]];
  return choices("Shape", options, app.shape, (shape) => {
    app.shape = shape;
    redraw();
  });
}
