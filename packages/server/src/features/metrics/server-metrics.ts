import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { AnsweredCall, HttpWatch } from "../../platform/http/http-server.ts";
import { APPEND_SECONDS, HTTP_SECONDS, VENDOR_GROUPS_COUNT_MAX, VENDOR_SECONDS } from "./limits.ts";
import type { Sample } from "./sample-store.ts";

/** What a process tells of itself when it is asked. */
export interface ProcessReadings {
  readonly connectedControllers: () => number;
  readonly facesWaiting: () => number;
  readonly followedPlaces: () => number;
  readonly openVendorBreakers: () => number;
  readonly vendorAsksInFlight: () => number;
  readonly databaseConnections: () => { readonly total: number; readonly idle: number; readonly waiting: number };
}

/**
 * The measurements of one server process, in the words of Prometheus. No label names a place, a person, a key or an address: each has a few values that
 * are known beforehand, so that neither size nor secrets grow with what comes in. Questions to customers' servers are told by place group, of which a bounded
 * number has a label of its own.
 */
export class ServerMetrics implements HttpWatch {
  readonly #registry = new Registry();
  readonly #httpSeconds: Histogram<"surface" | "method" | "route" | "status">;
  readonly #httpInFlight: Gauge;
  readonly #refused: Counter<"because">;
  readonly #appendEvents: Counter;
  readonly #appendFailures: Counter;
  readonly #appendSeconds: Histogram;
  readonly #appendWaiting: Gauge;
  readonly #sampled: Readonly<Record<keyof typeof SAMPLED, Gauge>>;
  readonly #controllers: Gauge<"state">;
  readonly #webhookPlaces: Gauge<"state">;
  readonly #followLag: Histogram;
  readonly #databaseUp: Gauge;
  readonly #vendorAsks: Counter<"group" | "outcome">;
  readonly #vendorSeconds: Histogram<"outcome">;
  readonly #vendorGroups = new Set<number>();

  constructor(version: string) {
    const registers = [this.#registry];
    this.#httpSeconds = new Histogram({
      ...{
        registers,
        name: "postern_http_request_duration_seconds",
        help: "From a request's headers to the end of its answer.",
        buckets: HTTP_SECONDS,
      },
      labelNames: ["surface", "method", "route", "status"],
    });
    this.#httpInFlight = new Gauge({ registers, name: "postern_http_requests_in_flight", help: "Requests that are not answered yet." });
    this.#refused = new Counter({
      ...{ registers, name: "postern_refused_calls_total", help: "Calls refused to keys that this server signed, by why." },
      labelNames: ["because"],
    });
    this.#appendEvents = new Counter({
      registers,
      name: "postern_append_events_total",
      help: "Events of controllers that were committed by this process.",
    });
    this.#appendFailures = new Counter({
      registers,
      name: "postern_append_failures_total",
      help: "Frames that could not be appended; the controller sends them again.",
    });
    this.#appendSeconds = new Histogram({
      ...{
        registers,
        name: "postern_append_duration_seconds",
        help: "From a controller's frame to the commit of its events.",
        buckets: APPEND_SECONDS,
      },
    });
    this.#appendWaiting = new Gauge({ registers, name: "postern_append_frames_waiting", help: "Frames that wait for their commit." });
    this.#controllers = new Gauge({
      ...{ registers, name: "postern_controllers", help: "Controllers of all places, by what they are now." },
      labelNames: ["state"],
    });
    this.#webhookPlaces = new Gauge({
      ...{ registers, name: "postern_webhook_places", help: "Places of all webhooks, by how their deliveries fare." },
      labelNames: ["state"],
    });
    this.#followLag = new Histogram({
      ...{ registers, name: "postern_following_lag_seconds", buckets: APPEND_SECONDS },
      help: "From an event's receipt until it was read for those who follow its place.",
    });
    this.#databaseUp = new Gauge({
      registers,
      name: "postern_database_up",
      help: "1: the last sample could be taken; 0: it could not, and sampled values are old.",
    });
    this.#vendorAsks = new Counter({
      ...{ registers, name: "postern_vendor_asks_total", help: "Questions of doors to customers' own servers, by what came of them." },
      labelNames: ["group", "outcome"],
    });
    this.#vendorSeconds = new Histogram({
      ...{ registers, name: "postern_vendor_ask_duration_seconds", buckets: VENDOR_SECONDS },
      help: "From a door's question to its answer, the customer's own server included.",
      labelNames: ["outcome"],
    });
    this.#sampled = sampledGauges(this.#registry);
    new Gauge({ registers, name: "postern_build_info", help: "The version that runs.", labelNames: ["version"] }).set({ version }, 1);
  }

  /** What Node.js and the operating system tell of this process. Once a process. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Asked for at each reading. */
  watchParts({ databaseConnections, ...counts }: ProcessReadings): void {
    const { connectedControllers, facesWaiting, followedPlaces, openVendorBreakers, vendorAsksInFlight } = counts;
    const registers = [this.#registry];
    const read = (name: string, help: string, value: () => number): void =>
      void new Gauge({
        ...{ registers, name, help },
        collect() {
          this.set(value());
        },
      });
    read("postern_gateway_controllers", "Controllers connected to this process.", connectedControllers);
    read("postern_faces_waiting", "Photos that wait to be examined.", facesWaiting);
    read("postern_followed_places", "Places whose ledgers somebody follows here, by a stream or by asking.", followedPlaces);
    read("postern_vendor_asks_in_flight", "Doors that wait for customers' own servers.", vendorAsksInFlight);
    read(
      "postern_vendor_breakers_open",
      "Customers' servers that doors do not ask for now, because they did not answer.",
      openVendorBreakers,
    );
    new Gauge({
      ...{ registers, name: "postern_database_connections", help: "Connections of this process by use, and callers that wait for one." },
      labelNames: ["state"],
      collect() {
        const { total, idle, waiting } = databaseConnections();
        this.set({ state: "used" }, total - idle);
        this.set({ state: "idle" }, idle);
        this.set({ state: "waited_for" }, waiting);
      },
    });
  }

  begun(): void {
    this.#httpInFlight.inc();
  }

  ended(): void {
    this.#httpInFlight.dec();
  }

  answered({ surface, method, route, status, seconds }: AnsweredCall): void {
    this.#httpSeconds.observe({ surface, method, route, status: `${Math.floor(status / 100)}xx` }, seconds);
  }

  refused(because: string): void {
    this.#refused.inc({ because });
  }

  /** Of the newest event that was read for followers. */
  followed(lagMs: number): void {
    this.#followLag.observe(Math.max(lagMs, 0) / 1_000);
  }

  /** `outcome`: confirmed, refused, or why there was silence. */
  askedVendor({
    placeGroupId,
    outcome,
    seconds,
  }: {
    readonly placeGroupId: number | null;
    readonly outcome: string;
    readonly seconds: number;
  }): void {
    this.#vendorAsks.inc({ group: this.#vendorGroup(placeGroupId), outcome });
    const isSilent = outcome !== "confirmed" && outcome !== "refused";
    this.#vendorSeconds.observe({ outcome: isSilent ? "silent" : outcome }, seconds);
  }

  /** The first so many have a label of their own. */
  #vendorGroup(placeGroupId: number | null): string {
    if (placeGroupId === null) return "none";
    if (this.#vendorGroups.size < VENDOR_GROUPS_COUNT_MAX) this.#vendorGroups.add(placeGroupId);
    return this.#vendorGroups.has(placeGroupId) ? String(placeGroupId) : "other";
  }

  /** Measures one append of a controller's frame. */
  async appending<Outcome>(eventCount: number, nowMs: () => number, append: () => Promise<Outcome>): Promise<Outcome> {
    const beganMs = nowMs();
    this.#appendWaiting.inc();
    try {
      const outcome = await append();
      this.#appendEvents.inc(eventCount);
      return outcome;
    } catch (failure) {
      this.#appendFailures.inc();
      throw failure;
    } finally {
      this.#appendWaiting.dec();
      this.#appendSeconds.observe((nowMs() - beganMs) / 1_000);
    }
  }

  /** null: the database could not be asked. */
  sampled(sample: (Sample & { readonly behindSeconds: number }) | null): void {
    this.#databaseUp.set(sample === null ? 0 : 1);
    if (sample === null) return;
    const { controllers, webhookPlaces, ...values } = sample;
    for (const [state, count] of Object.entries(webhookPlaces)) this.#webhookPlaces.set({ state }, count);
    for (const [state, count] of Object.entries(controllers)) this.#controllers.set({ state }, count);
    for (const [name, gauge] of Object.entries(this.#sampled)) gauge.set(Number(Reflect.get(values, name)));
  }

  /** In the text format of Prometheus. */
  read(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Of every measurement there is. */
  names(): readonly string[] {
    return this.#registry.getMetricsAsArray().map(({ name }) => name);
  }
}

/** What all processes of a database share, by member of the sample. */
const SAMPLED = {
  behindSeconds: ["postern_controllers_behind_seconds", "How long the connected controller that is behind for longest has been so."],
  awaySeconds: ["postern_controllers_away_seconds", "How long ago the controller that is away for longest was heard last."],
  clockOffsetSeconds: ["postern_controllers_clock_offset_seconds", "The largest offset of a connected controller's clock, either way."],
  ledgerPosition: [
    "postern_ledger_position",
    "Events in all ledgers together, those of the server too; its rate is the rate of appending.",
  ],
  unsummedEvents: ["postern_ledger_unsummed_events", "Events that the counts of quarter hours do not have yet."],
  webhookLagEvents: ["postern_webhook_lag_events", "Events that the webhook furthest behind has not delivered or looked at yet."],
  webhookFailingSeconds: [
    "postern_webhook_failing_seconds",
    "How long the webhook that fails for longest has done so, before it is parked.",
  ],
  commandsWaiting: ["postern_door_commands_waiting", "Commands that no door has carried out yet."],
  importsOpen: ["postern_imports_open", "Imports whose rows have not all come."],
  places: ["postern_places", "Places of all customers."],
  doors: ["postern_doors", "Doors of all places."],
} as const;

function sampledGauges(registry: Registry): Readonly<Record<keyof typeof SAMPLED, Gauge>> {
  const gauge = (member: keyof typeof SAMPLED): Gauge => {
    const [name, help] = SAMPLED[member];
    return new Gauge({ registers: [registry], name, help });
  };
  return {
    behindSeconds: gauge("behindSeconds"),
    awaySeconds: gauge("awaySeconds"),
    clockOffsetSeconds: gauge("clockOffsetSeconds"),
    ledgerPosition: gauge("ledgerPosition"),
    unsummedEvents: gauge("unsummedEvents"),
    webhookLagEvents: gauge("webhookLagEvents"),
    webhookFailingSeconds: gauge("webhookFailingSeconds"),
    commandsWaiting: gauge("commandsWaiting"),
    importsOpen: gauge("importsOpen"),
    places: gauge("places"),
    doors: gauge("doors"),
  };
}
