import { isExact, type Painted, walkOf } from './paint.ts';
import type { Size, View } from './view.ts';

const vertexSource = `#version 300 es
void main() {
  // One triangle that covers the pane.
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

/** The same picture as paint.ts: blended where enlarged, averaged where made smaller, the film's own pixels at 1:1. */
const fragmentSource = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D codes;
uniform sampler2D levels;
uniform vec2 origin;
uniform vec2 across;
uniform vec2 down;
uniform ivec2 size;
uniform int samples;
uniform float height;
out vec4 color;

float levelAt(ivec2 at) {
  uint code = texelFetch(codes, clamp(at, ivec2(0), size - 1), 0).r;
  return texelFetch(levels, ivec2(int(code & 255u), int(code >> 8)), 0).r;
}

void main() {
  // The pane counts its lines from above.
  vec2 pixel = vec2(gl_FragCoord.x - 0.5, height - gl_FragCoord.y - 0.5);
  vec2 at = origin + pixel.x * across + pixel.y * down;
  if (any(lessThan(at, vec2(0.0))) || any(greaterThanEqual(at, vec2(size)))) {
    color = vec4(0.0, 0.0, 0.0, 1.0);
    return;
  }
  float level;
  if (samples == 0) {
    level = levelAt(ivec2(floor(at)));
  } else if (samples == 1) {
    vec2 near = floor(at - 0.5);
    vec2 part = at - 0.5 - near;
    ivec2 corner = ivec2(near);
    float upper = mix(levelAt(corner), levelAt(corner + ivec2(1, 0)), part.x);
    float lower = mix(levelAt(corner + ivec2(0, 1)), levelAt(corner + ivec2(1, 1)), part.x);
    level = mix(upper, lower, part.y);
  } else {
    float sum = 0.0;
    for (int y = 0; y < samples; y += 1)
      for (int x = 0; x < samples; x += 1) {
        vec2 offset = (vec2(x, y) + 0.5) / float(samples) - 0.5;
        sum += levelAt(ivec2(floor(at + offset.x * across + offset.y * down)));
      }
    level = sum / float(samples * samples);
  }
  color = vec4(vec3(level), 1.0);
}`;

const mostSamples = 8;
/** A grey level for each of 65,536 codes. */
const levelSide = 256;

/** Draws films with WebGL2: 16-bit codes as they are, the grayscale as a table beside them. */
export class GlPainter {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #codes: WebGLTexture;
  readonly #levels: WebGLTexture;
  readonly #places = new Map<string, WebGLUniformLocation | null>();
  #film: Painted | null = null;
  #shown: Uint8Array | null = null;

  private constructor(gl: WebGL2RenderingContext, program: WebGLProgram) {
    this.#gl = gl;
    this.#program = program;
    this.#codes = gl.createTexture();
    this.#levels = gl.createTexture();
    for (const name of ['codes', 'levels', 'origin', 'across', 'down', 'size', 'samples', 'height'])
      this.#places.set(name, gl.getUniformLocation(program, name));
  }

  /** null where there is no WebGL2. */
  static open(canvas: HTMLCanvasElement): GlPainter | null {
    const gl = canvas.getContext('webgl2', {
      alpha: false,
      antialias: false,
      depth: false,
      preserveDrawingBuffer: true,
    });
    if (gl === null) return null;
    const program = link(gl);
    return program === null ? null : new GlPainter(gl, program);
  }

  /** Whether the system draws in software, which paint.ts does faster. */
  static isSoftware(canvas: HTMLCanvasElement): boolean {
    const gl = canvas.getContext('webgl2');
    const info = gl?.getExtension('WEBGL_debug_renderer_info');
    if (!gl || !info) return true;
    return /swiftshader|llvmpipe|software|basic render/i.test(
      String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)),
    );
  }

  /** Whether a film's sides are within what the processor takes. */
  takes({ rows, columns }: Painted): boolean {
    const largest = this.#gl.getParameter(this.#gl.MAX_TEXTURE_SIZE) as number;
    return rows <= largest && columns <= largest;
  }

  draw(film: Painted, levels: Uint8Array, view: View, pane: Size): void {
    const gl = this.#gl;
    if (film !== this.#film) this.#upload(film);
    if (levels !== this.#shown) this.#uploadLevels(levels);
    gl.viewport(0, 0, pane.width, pane.height);
    gl.useProgram(this.#program);
    const walk = walkOf(view, pane);
    const { u0, v0, across, down } = walk;
    const most = Math.max(walk.stepU, walk.stepV);
    const at = (name: string) => this.#places.get(name) ?? null;
    gl.uniform1i(at('codes'), 0);
    gl.uniform1i(at('levels'), 1);
    gl.uniform2f(at('origin'), u0, v0);
    gl.uniform2f(at('across'), across.u, across.v);
    gl.uniform2f(at('down'), down.u, down.v);
    gl.uniform2i(at('size'), film.columns, film.rows);
    gl.uniform1i(
      at('samples'),
      isExact(walk) ? 0 : most <= 1 ? 1 : Math.min(2 * Math.ceil(most), mostSamples),
    );
    gl.uniform1f(at('height'), pane.height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  dispose(): void {
    this.#gl.deleteTexture(this.#codes);
    this.#gl.deleteTexture(this.#levels);
    this.#gl.deleteProgram(this.#program);
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  #upload(film: Painted): void {
    const gl = this.#gl;
    this.#bind(0, this.#codes);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 2);
    const { columns, rows, codes } = film;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R16UI, columns, rows, 0, gl.RED_INTEGER, gl.UNSIGNED_SHORT, codes);
    this.#film = film;
  }

  #uploadLevels(levels: Uint8Array): void {
    const gl = this.#gl;
    const table = new Uint8Array(levelSide * levelSide);
    table.set(levels);
    this.#bind(1, this.#levels);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, levelSide, levelSide, 0, gl.RED, gl.UNSIGNED_BYTE, table);
    this.#shown = levels;
  }

  #bind(unit: number, texture: WebGLTexture): void {
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
      gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T])
      gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram | null {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertexSource],
    [gl.FRAGMENT_SHADER, fragmentSource],
  ] as const) {
    const shader = gl.createShader(kind);
    if (shader === null) return null;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) === true ? program : null;
}
