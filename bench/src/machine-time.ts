/** Milliseconds on a clock that all processes of one machine share and that never goes back. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
