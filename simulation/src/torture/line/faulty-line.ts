import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { assertNever, type Clock, type Timer, type Timers } from "@postern/core";
import type { Direction, LineFault } from "../plan/act.ts";
import { Flow, type FlowRules } from "./flow.ts";

export interface LineParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** The port on loopback that a new connection goes on to; null: nobody is there. */
  readonly target: () => number | null;
}

/** What goes through, until it is told otherwise. */
const CLEAR: FlowRules = { delayMs: 0, bytesPerSecond: null, isSwallowing: false };

interface Wire {
  readonly near: Socket;
  readonly far: Socket;
  readonly flows: Readonly<Record<Direction, Flow>>;
}

/** A TCP proxy on loopback that does to what passes whatever a network may do. */
export class FaultyLine {
  readonly #parts: LineParts;
  readonly #server: Server;
  readonly #wires = new Set<Wire>();
  readonly #rules: Record<Direction, FlowRules> = { up: CLEAR, down: CLEAR };
  readonly #ends = new Set<Timer>();
  #isHeld = false;
  #isRefusing = false;

  private constructor(parts: LineParts, server: Server) {
    this.#parts = parts;
    this.#server = server;
    server.on("connection", (near) => this.#connected(near));
  }

  static async open(parts: LineParts): Promise<FaultyLine> {
    const server = createServer({ noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FaultyLine(parts, server);
  }

  get port(): number {
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: a TCP server that listens has such an address.
    return (this.#server.address() as AddressInfo).port;
  }

  apply(fault: LineFault): void {
    switch (fault.kind) {
      case "delay":
        this.#rule(["up", "down"], { delayMs: fault.delayMs }, fault.forMs);
        break;
      case "throttle":
        this.#rule(["up", "down"], { bytesPerSecond: fault.bytesPerSecond }, fault.forMs);
        break;
      case "swallow":
        this.#rule(fault.directions, { isSwallowing: true }, fault.forMs);
        break;
      case "cut":
        for (const { flows } of this.#wires) flows[fault.direction].cutAfter(fault.afterBytes);
        break;
      case "hold":
        this.#hold(true);
        this.#later(fault.forMs, () => this.#hold(false));
        break;
      case "refuse":
        this.#isRefusing = true;
        this.#later(fault.forMs, () => {
          this.#isRefusing = false;
        });
        break;
      case "reset":
        for (const wire of this.#wires) tear(wire);
        break;
      default:
        assertNever(fault);
    }
  }

  /** As good as new. Connections of which something was swallowed end: no network gives back half a packet. */
  heal(): void {
    for (const end of this.#ends) end.cancel();
    this.#ends.clear();
    this.#isRefusing = false;
    this.#hold(false);
    this.#setRules(["up", "down"], CLEAR);
    for (const { flows } of this.#wires) for (const flow of [flows.up, flows.down]) flow.cutAfter(null);
  }

  async close(): Promise<void> {
    this.heal();
    for (const wire of this.#wires) tear(wire);
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #rule(directions: readonly Direction[], rules: Partial<FlowRules>, forMs: number): void {
    this.#setRules(directions, rules);
    const names = Object.keys(rules);
    const before = Object.fromEntries(Object.entries(CLEAR).filter(([name]) => names.includes(name)));
    this.#later(forMs, () => this.#setRules(directions, before));
  }

  #setRules(directions: readonly Direction[], rules: Partial<FlowRules>): void {
    for (const direction of directions) this.#rules[direction] = { ...this.#rules[direction], ...rules };
    for (const wire of this.#wires) {
      if (directions.some((direction) => !this.#rules[direction].isSwallowing && wire.flows[direction].hasSwallowed)) tear(wire);
    }
  }

  #hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    for (const { flows } of this.#wires) for (const flow of [flows.up, flows.down]) flow.hold(isHeld);
  }

  #later(forMs: number, act: () => void): void {
    const timer = this.#parts.timers.after("a fault ends", forMs, () => {
      this.#ends.delete(timer);
      act();
    });
    this.#ends.add(timer);
  }

  #connected(near: Socket): void {
    near.on("error", () => undefined);
    const port = this.#isRefusing ? null : this.#parts.target();
    if (port === null) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: "127.0.0.1", port, noDelay: true });
    far.on("error", () => undefined);
    const cut = (): void => tear(wire);
    const flow = (from: Socket, to: Socket, direction: Direction): Flow =>
      new Flow({ from, to, rules: () => this.#rules[direction], cut, ...this.#parts });
    const wire: Wire = { near, far, flows: { up: flow(near, far, "up"), down: flow(far, near, "down") } };
    this.#wires.add(wire);
    if (this.#isHeld) for (const each of [wire.flows.up, wire.flows.down]) each.hold(true);
    const closed = (): void => {
      if (near.closed && far.closed) this.#wires.delete(wire);
    };
    near.once("close", closed);
    far.once("close", closed);
  }
}

function tear({ near, far, flows }: Wire): void {
  flows.up.end();
  flows.down.end();
  near.resetAndDestroy();
  far.resetAndDestroy();
}
