/** A line of a plot, through points of positive numbers. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  /** How a tick is written. */
  readonly format: (value: number) => string;
}

export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 420, 80, 20, 44, 56];
const COLOURS = ["#1f6feb", "#bf4b00", "#1a7f37", "#8250df", "#57606a"];

/** An SVG with logarithmic axes, on a ground of its own so that it is read on light pages and dark ones. */
export function logPlot({ title, x, y, series }: Plot): string {
  const across = (value: number): number => LEFT + part(value, x) * (WIDTH - LEFT - RIGHT);
  const down = (value: number): number => HEIGHT - BOTTOM - part(value, y) * (HEIGHT - TOP - BOTTOM);
  const ticksAcross = decades(x).map((value) => {
    const at = across(value).toFixed(1);
    return `<path d="M${at} ${TOP}V${HEIGHT - BOTTOM}" stroke="#ddd"/><text x="${at}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${x.format(value)}</text>`;
  });
  const ticksDown = decades(y).map((value) => {
    const at = down(value).toFixed(1);
    return `<path d="M${LEFT} ${at}H${WIDTH - RIGHT}" stroke="#ddd"/><text x="${LEFT - 8}" y="${Number(at) + 4}" text-anchor="end">${y.format(value)}</text>`;
  });
  const lines = series.map(({ name, points }, index) => {
    const colour = COLOURS[index % COLOURS.length] ?? "#000";
    const path = points.map(([atX, atY], step) => `${step === 0 ? "M" : "L"}${across(atX).toFixed(1)} ${down(atY).toFixed(1)}`).join("");
    const legend = `<text x="${WIDTH - RIGHT - 8}" y="${TOP + 18 + index * 16}" text-anchor="end" fill="${colour}">${name}</text>`;
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${legend}`;
  });
  const labels = [
    `<text x="${WIDTH / 2}" y="24" text-anchor="middle" font-size="15">${title}</text>`,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 14}" text-anchor="middle">${x.label}</text>`,
    `<text transform="translate(18 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${y.label}</text>`,
  ];
  const frame = `<rect x="${LEFT}" y="${TOP}" width="${WIDTH - LEFT - RIGHT}" height="${HEIGHT - TOP - BOTTOM}" fill="none" stroke="#888"/>`;
  const body = [...ticksAcross, ...ticksDown, frame, ...lines, ...labels].join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>${title}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${body}
</svg>
`;
}

function part(value: number, { from, to }: Axis): number {
  const held = Math.min(to, Math.max(from, value));
  return Math.log(held / from) / Math.log(to / from);
}

function decades({ from, to }: Axis): number[] {
  const first = Math.ceil(Math.log10(from) - 1e-9);
  const last = Math.floor(Math.log10(to) + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}
