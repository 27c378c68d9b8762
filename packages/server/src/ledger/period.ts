/** The month number of receipt, counted from January 1970: what the ledger's tables are partitioned by. */
export function periodOf(receivedAtMs: number): number {
  const date = new Date(receivedAtMs);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}
