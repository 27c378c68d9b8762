// Made from packages/phone/page/draw-code.ts by `npm run gen`.
import { encode } from "./uqr.js";

/** Light around a code, in its own squares: a reader wants four. The white card around it adds to them. */
const BORDER = 2;

/** One path for all dark squares: sharp at any size, and nothing for a reader to blur. */
export function drawCode(svg            , text        )       {
  const { size, data } = encode(text, { ecc: "M", border: BORDER, boostEcc: true });
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.querySelector("path")?.setAttribute("d", path);
}
