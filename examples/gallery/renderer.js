// Drawing with WebGL2: surfaces over the sphere and straight lines, in parallel projection.

/** The places of the inputs of both surface programs. */
const INPUTS = ["direction", "field"];

/** Of a surface of radius |Y|: its normal is u |Y| less the slope of |Y| along the sphere. */
const RADIAL_VERTEX = `#version 300 es
in vec3 direction;
in vec4 field;
uniform mat3 view, model, normals;
uniform vec3 centre;
uniform vec2 stretch, pan;
uniform float peak, depth;
out vec3 normal;
out float value;
void main() {
  value = field.x / peak;
  float size = abs(value);
  vec3 slope = sign(value) * field.yzw / peak;
  vec3 position = view * (model * (size * direction) + centre);
  normal = view * (normals * (size * direction - slope));
  gl_Position = vec4(position.xy * stretch + pan, -position.z * depth, 1.0);
}`;

const RADIAL_FRAGMENT = `#version 300 es
precision highp float;
in vec3 normal;
in float value;
uniform vec3 positive, negative;
out vec4 colour;
const vec3 LIGHT = vec3(-0.36, 0.48, 0.8);
const vec3 BETWEEN = vec3(-0.19, 0.253, 0.949);
void main() {
  vec3 n = normalize(normal);
  n = n.z < 0.0 ? -n : n;
  float lit = 0.58 + 0.5 * max(dot(n, LIGHT), 0.0);
  float gleam = 0.18 * pow(max(dot(n, BETWEEN), 0.0), 40.0);
  colour = vec4((value < 0.0 ? negative : positive) * lit + gleam, 1.0);
}`;

/** Of a sphere coloured by Y, with its zeros as lines. */
const SPHERE_VERTEX = `#version 300 es
in vec3 direction;
in vec4 field;
uniform mat3 view, model, normals;
uniform vec3 centre;
uniform vec2 stretch, pan;
uniform float peak, depth;
out vec3 normal, place, slope;
out float value;
void main() {
  value = field.x / peak;
  slope = field.yzw / peak;
  place = direction;
  vec3 position = view * (model * direction + centre);
  normal = view * (normals * direction);
  gl_Position = vec4(position.xy * stretch + pan, -position.z * depth, 1.0);
}`;

const SPHERE_FRAGMENT = `#version 300 es
precision highp float;
in vec3 normal, place, slope;
in float value;
uniform vec3 positive, negative, neutral, ink;
out vec4 colour;
const vec3 LIGHT = vec3(-0.36, 0.48, 0.8);
void main() {
  // Slopes are tangential, so this is zero at the corners of a triangle; between them it is what
  // the straight line misses of a parabola.
  float y = value + 0.5 * dot(slope, place);
  vec3 base = mix(neutral, y < 0.0 ? negative : positive, sqrt(min(abs(y), 1.0)));
  // A line where y crosses zero, none where it does not change.
  float change = fwidth(y);
  if (change > 1e-6) base = mix(ink, base, smoothstep(0.3, 1.3, abs(y) / change));
  float lit = 0.78 + 0.25 * max(dot(normalize(normal), LIGHT), 0.0);
  colour = vec4(base * lit, 1.0);
}`;

const LINE_VERTEX = `#version 300 es
in vec3 position;
uniform mat3 view;
uniform vec2 stretch, pan;
uniform float depth;
void main() {
  vec3 p = view * position;
  gl_Position = vec4(p.xy * stretch + pan, -p.z * depth, 1.0);
}`;

const LINE_FRAGMENT = `#version 300 es
precision mediump float;
uniform vec3 ink;
out vec4 colour;
void main() { colour = vec4(ink, 1.0); }`;

/** A program with the places of its inputs. */
function compile(gl, vertex, fragment) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  INPUTS.forEach((name, place) => gl.bindAttribLocation(program, place, name));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`the shaders do not link: ${gl.getProgramInfoLog(program)}`);
  }
  const count = gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS);
  const uniforms = {};
  for (let i = 0; i < count; i++) {
    const { name } = gl.getActiveUniform(program, i);
    uniforms[name] = gl.getUniformLocation(program, name);
  }
  return { program, uniforms };
}

/** A matrix of rows as the columns that WebGL reads. */
function columns(matrix) {
  return transpose(matrix).flat();
}

/** Whether this browser draws without a graphics card, so that each triangle counts. */
function drawsInSoftware() {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return false;
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const name = gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

class Renderer {
  constructor(canvas) {
    this.software = drawsInSoftware();
    const gl = canvas.getContext("webgl2", { antialias: !this.software });
    if (!gl) throw new Error("This browser offers no WebGL2, which the surfaces are drawn with.");
    this.gl = gl;
    this.canvas = canvas;
    this.radial = compile(gl, RADIAL_VERTEX, RADIAL_FRAGMENT);
    this.sphere = compile(gl, SPHERE_VERTEX, SPHERE_FRAGMENT);
    this.flat = compile(gl, LINE_VERTEX, LINE_FRAGMENT);
    this.shared = new Map();
    this.lines = gl.createBuffer();
    gl.enable(gl.DEPTH_TEST);
    // Every surface is closed and seen from outside.
    gl.enable(gl.CULL_FACE);
  }

  /**
   * Fits the canvas to its place on the page, at no more than two pixels for one. In software that
   * is one while things move and two when they are still.
   */
  resize(still) {
    const ratio = this.software ? (still ? 2 : 1) : Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    if (this.canvas.width !== w) this.canvas.width = w;
    if (this.canvas.height !== h) this.canvas.height = h;
  }

  clear(palette, still) {
    const { gl } = this;
    this.resize(still);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(...palette.ground, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  }

  /** A surface over a mesh, without values yet. */
  surface(mesh) {
    const { gl } = this;
    const { directions, indices } = this.meshBuffers(mesh);
    const surface = { mesh, peak: 1, array: gl.createVertexArray(), buffer: gl.createBuffer() };
    gl.bindVertexArray(surface.array);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices);
    this.attribute("direction", directions, 3);
    gl.bindBuffer(gl.ARRAY_BUFFER, surface.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, 4 * WIDTH * mesh.count, gl.DYNAMIC_DRAW);
    this.attribute("field", surface.buffer, WIDTH);
    gl.bindVertexArray(null);
    return surface;
  }

  /** Gives a surface its values; its largest is drawn as radius one. */
  update(surface, field, largest = peak(field)) {
    const { gl } = this;
    surface.peak = largest || 1;
    gl.bindBuffer(gl.ARRAY_BUFFER, surface.buffer);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, new Float32Array(field));
  }

  meshBuffers(mesh) {
    if (!this.shared.has(mesh)) {
      const { gl } = this;
      const [directions, indices] = [gl.createBuffer(), gl.createBuffer()];
      gl.bindVertexArray(null);
      gl.bindBuffer(gl.ARRAY_BUFFER, directions);
      gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(mesh.directions), gl.STATIC_DRAW);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.indices, gl.STATIC_DRAW);
      this.shared.set(mesh, { directions, indices });
    }
    return this.shared.get(mesh);
  }

  attribute(name, buffer, size) {
    const { gl } = this;
    const place = INPUTS.indexOf(name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0);
  }

  /** Begins surfaces of one shape, `radial` or `sphere`: what they share. */
  beginSurfaces(shape, palette, view, depth = 0.2) {
    const { gl, [shape]: { program, uniforms } } = this;
    this.uniforms = uniforms;
    gl.useProgram(program);
    gl.uniformMatrix3fv(uniforms.view, false, columns(view));
    gl.uniform1f(uniforms.depth, depth);
    for (const name of ["positive", "negative", "neutral", "ink"]) {
      if (uniforms[name]) gl.uniform3fv(uniforms[name], palette[name]);
    }
  }

  /**
   * Draws a surface. `frame` says where on the canvas: the middle and the scale, as fractions of
   * the canvas. `axes` are the columns that the sphere's x, y, z are taken to.
   */
  drawSurface(surface, frame, { centre = [0, 0, 0], axes = IDENTITY, colour } = {}) {
    const { gl, uniforms } = this;
    if (colour) gl.uniform3fv(uniforms.positive, colour);
    gl.uniformMatrix3fv(uniforms.model, false, columns(axes));
    gl.uniformMatrix3fv(uniforms.normals, false, columns(cofactors(axes)));
    gl.uniform3fv(uniforms.centre, centre);
    gl.uniform2fv(uniforms.stretch, frame.stretch);
    gl.uniform2fv(uniforms.pan, frame.pan);
    gl.uniform1f(uniforms.peak, surface.peak);
    gl.bindVertexArray(surface.array);
    gl.drawElements(gl.TRIANGLES, surface.mesh.indices.length, gl.UNSIGNED_SHORT, 0);
    gl.bindVertexArray(null);
  }

  /** Draws lines between pairs of points. */
  drawLines(points, frame, view, ink, depth = 0.2) {
    const { gl, flat: { program, uniforms } } = this;
    const place = gl.getAttribLocation(program, "position");
    gl.useProgram(program);
    gl.uniformMatrix3fv(uniforms.view, false, columns(view));
    gl.uniform1f(uniforms.depth, depth);
    gl.uniform3fv(uniforms.ink, ink);
    gl.uniform2fv(uniforms.stretch, frame.stretch);
    gl.uniform2fv(uniforms.pan, frame.pan);
    gl.bindVertexArray(null);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.lines);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(points.flat()), gl.STREAM_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 0, 0);
    gl.drawArrays(gl.LINES, 0, points.length);
    gl.disableVertexAttribArray(place);
  }
}

/** The matrix that normals are taken by where positions are taken by `a`. */
function cofactors(a) {
  const [x, y, z] = transpose(a);
  return transpose([cross(y, z), cross(z, x), cross(x, y)]);
}
