/**
 * How often two different people are nearer than a distance, for the default pack. Measured at 0.60 (3.6 %) and 0.55 (0.40 %) on 2,260 pairs of 22 faces; below
 * that none was met, and the figures follow the tail of the normal distribution through those two. So small a study proves little: these are estimates.
 */
const FALSE_MATCHES: readonly { readonly distance: number; readonly rate: number }[] = [
  { distance: 0.5, rate: 2.3e-4 },
  { distance: 0.48, rate: 6.2e-5 },
  { distance: 0.46, rate: 1.5e-5 },
  { distance: 0.44, rate: 3.1e-6 },
  { distance: 0.42, rate: 6e-7 },
  { distance: 0.4, rate: 1e-7 },
];

/** Of an attempt at a door by somebody it does not know (design §10). */
const FALSE_ACCEPTS_MAX = 0.001;

/** The largest distance at which a stranger is still taken for one of so many templates no more often than the bound; null: there is none, and a face alone opens nothing. */
export function faceThreshold(templateCount: number): number | null {
  return FALSE_MATCHES.find(({ rate }) => rate * templateCount <= FALSE_ACCEPTS_MAX)?.distance ?? null;
}
