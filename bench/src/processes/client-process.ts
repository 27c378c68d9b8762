import { pause, systemTimers } from "@postern/core";
import { machineMs } from "../machine-time.ts";
import { serve } from "../serve.ts";
import { importRows, type RowsSent } from "./import-rows.ts";
import { type ApiAddress, PeopleClient } from "./people-client.ts";

/** An integrator's client, in a process of its own: what it costs stays apart from the server. */
interface Calls {
  readonly address: ApiAddress;
  /** From the begin of one call to the begin of the next; 0: without pause. */
  readonly paceMs: number;
}

/** What came of calls made one after another, in their order. */
export interface CallsMade {
  readonly authIds: readonly number[];
  readonly latenciesMs: readonly number[];
  /** When each was answered, on the machine's clock. */
  readonly answeredAtMs: readonly number[];
  readonly elapsedMs: number;
  /** What the client itself burnt. */
  readonly cpuMs: number;
}

const clientHandlers = {
  enrol: ({ address, paceMs, first, count }: Calls & { first: number; count: number }): Promise<CallsMade> =>
    makeCalls(
      address,
      paceMs,
      Array.from({ length: count }, (_, index) => (client: PeopleClient) => client.enrol(first + index)),
    ),
  /** With photos, as base64, in turn. */
  enrolFaces: ({
    address,
    paceMs,
    first,
    count,
    photos,
  }: Calls & { first: number; count: number; photos: readonly string[] }): Promise<CallsMade> =>
    makeCalls(
      address,
      paceMs,
      Array.from(
        { length: count },
        (_, index) => (client: PeopleClient) => client.enrolFace(first + index, photos[index % photos.length] ?? ""),
      ),
    ),
  importRows: ({ address, first, count }: { address: ApiAddress; first: number; count: number }): Promise<RowsSent> =>
    importRows(address, first, count),
  revoke: ({ address, paceMs, authIds }: Calls & { authIds: readonly number[] }): Promise<CallsMade> =>
    makeCalls(
      address,
      paceMs,
      authIds.map((authId) => (client: PeopleClient) => client.revoke(authId).then(() => authId)),
    ),
};
export type ClientHandlers = typeof clientHandlers;

async function makeCalls(
  address: ApiAddress,
  paceMs: number,
  calls: readonly ((client: PeopleClient) => Promise<number>)[],
): Promise<CallsMade> {
  const client = new PeopleClient(address);
  const [authIds, latenciesMs, answeredAtMs]: [number[], number[], number[]] = [[], [], []];
  const [startMs, cpu] = [machineMs(), process.cpuUsage()];
  for (const [index, call] of calls.entries()) {
    const waitMs = startMs + index * paceMs - machineMs();
    if (waitMs > 0) await pause(systemTimers, "pace", waitMs);
    const calledMs = machineMs();
    authIds.push(await call(client));
    answeredAtMs.push(machineMs());
    latenciesMs.push(machineMs() - calledMs);
  }
  const used = process.cpuUsage(cpu);
  client.close();
  return { authIds, latenciesMs, answeredAtMs, elapsedMs: machineMs() - startMs, cpuMs: (used.user + used.system) / 1_000 };
}

serve(clientHandlers, async () => undefined);
