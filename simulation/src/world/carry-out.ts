import { join } from "node:path";
import type { Act, PeopleAct } from "../scenario/act.ts";
import { authIdOf, cardOf } from "./people.ts";
import type { DiskPast } from "./watcher.ts";
import type { MachineSlot, World } from "./world.ts";

/** About as long as the first pause of a machine that lost its connection. */
const CLONE_STARTS_MS_MAX = 400;

/** Longer than a controller keeps what is stored. */
const MONTH_MS = 31 * 86_400_000;

/** How long somebody takes for the next factor, at most. */
const FINGER_MS_MAX = 15_000;

/** How soon somebody holds the card up again, at most. */
const AGAIN_MS_MAX = 5_000;

type Carried = { readonly [Kind in Act["kind"]]: (world: World, act: Extract<Act, { kind: Kind }>) => void };

const CARRIED: Carried = {
  present,
  open_once: openOnce,
  enrol: ask,
  enrol_many: ask,
  move_to_door: ask,
  suspend: ask,
  move_card: ask,
  revoke: ask,
  set_mode: ask,
  set_office_hours: ask,
  weather: ({ network, scheduler }, { weather, forMs }) => {
    network.weather = weather;
    scheduler.after(forMs, () => network.clearUp(weather));
  },
  cut_off: (world, { machine, forMs }) => {
    const { name } = slotOf(world, machine).machine;
    world.network.cutOff.add(name);
    world.scheduler.after(forMs, () => world.network.rejoin(name));
  },
  cut_all: ({ network }) => network.cutAll(),
  echo: ({ network, scheduler }, { inThousand, lateMsMax, forMs }) => {
    const echo = { inThousand, lateMsMax };
    network.echo = echo;
    scheduler.after(forMs, () => {
      if (network.echo === echo) network.echo = null;
    });
  },
  hints_off: (world, { forMs }) => {
    world.hintsSinceMs = Math.max(world.hintsSinceMs, world.scheduler.nowMs + forMs);
  },
  taken_for_dead: (world, { server, forMs }) => {
    const running = world.servers[server % world.servers.length]?.running;
    if (running == null) return;
    world.takenForDead.add(running.instanceId);
    world.watcher.doubted.add(running.instanceId);
    world.scheduler.after(forMs, () => void world.takenForDead.delete(running.instanceId));
  },
  kill_controller: killController,
  kill_in_trim: killInTrim,
  kill_server: killServer,
  database_away: ({ host, scheduler }, { forMs }) => {
    host.isAway = true;
    host.answersSinceMs = Number.POSITIVE_INFINITY;
    scheduler.after(forMs, () => host.recover(scheduler.nowMs));
  },
  database_slow: ({ host, scheduler }, { statementMsMax, forMs }) => {
    host.slowDown(statementMsMax);
    scheduler.after(forMs, () => host.recover(scheduler.nowMs));
  },
  lose_commit_answer: ({ host }, { afterCommits }) => {
    host.lostAnswerIn = afterCommits;
  },
  lose_appends: (world, { count, isAtGreeting, restartMs }) => {
    world.host.loseAppends(count, isAtGreeting, () => world.scheduler.after(restartMs, () => world.restartServers()));
  },
  disk_full: (world, { machine, forMs }) => {
    const { gate } = slotOf(world, machine).machine;
    gate.isFull = true;
    world.scheduler.after(forMs, () => {
      gate.isFull = false;
    });
  },
  jump_door_clock: (world, { machine, byMs }) => slotOf(world, machine).machine.clock.jump(byMs),
  jump_server_clock: ({ serverClock, scheduler }, { byMs, forMs }) => {
    serverClock.jump(byMs);
    scheduler.after(forMs, () => serverClock.setRight());
  },
  keep_disk: (world, { machine }) => {
    const slot = slotOf(world, machine);
    const folder = join(world.folder, `${slot.machine.name}-kept`);
    slot.machine.files.copyTo(folder);
    slot.kept = { folder, past: world.watcher.pastOf(slot.machine) };
  },
  restore_disk: (world, { machine, downMs }) => {
    const slot = slotOf(world, machine);
    if (slot.kept !== null) exchangeDisk(world, slot, { ...slot.kept, downMs });
  },
  new_disk: (world, { machine, downMs }) => exchangeDisk(world, slotOf(world, machine), { folder: null, past: NO_PAST, downMs }),
  keep_database: (world) => {
    world.host.keep();
  },
  restore_database: (world, { downMs }) => {
    world.restoreDatabase(world.scheduler.nowMs + downMs);
  },
  closed_for_a_month: (world, { downMs }) => world.close(MONTH_MS, downMs),
  spoil_item: spoilItem,
  clone,
  replace_key: replaceKey,
};

/** Does what the scenario says, now. */
export function carryOut(world: World, act: Act): void {
  world.watcher.note(JSON.stringify(act));
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: each kind stands beside what is done about it.
  const carried = CARRIED[act.kind] as (world: World, act: Act) => void;
  carried(world, act);
}

function ask(world: World, act: PeopleAct): void {
  const server = world.anyServer(world.random);
  if (server !== null) world.people.ask(server, act);
}

function killServer(world: World, { server, afterStatements, downMs }: Act & { kind: "kill_server" }): void {
  const slot = world.servers[server % world.servers.length];
  const life = slot?.running?.life;
  if (slot === undefined || life === undefined || life.isOver) return;
  world.host.armed = { life, countBefore: afterStatements };
  life.atEnd(() => {
    slot.upAtMs = world.scheduler.nowMs + downMs;
    world.watcher.note("a server dies");
  });
}

function slotOf(world: World, machine: number): MachineSlot {
  const originals = world.machines.filter((slot) => !slot.isClone);
  const slot = originals[machine % originals.length];
  if (slot === undefined) throw new TypeError("a world has machines");
  return slot;
}

function present(world: World, { machine: index, door: which, person }: Act & { kind: "present" }): void {
  // A clone stands at doors of its own: whoever has the card tries there too.
  const slot = world.machines[index % world.machines.length];
  const doors = slot?.machine.layout.doors ?? [];
  const door = doors[which % Math.max(1, doors.length)];
  if (slot === undefined || door === undefined) return;
  slot.machine.present(door.doorId, cardOf(person));
  // Whoever has to wait, or was refused, holds the card up again.
  if (world.vendor !== null) world.scheduler.after(world.random.int(AGAIN_MS_MAX), () => slot.machine.present(door.doorId, cardOf(person)));
  const item = world.host.tables.items.get(`auth:${authIdOf(person)}`)?.item;
  if (!JSON.stringify(item ?? null).includes("FINGERPRINT")) return;
  world.scheduler.after(world.random.int(FINGER_MS_MAX), () => slot.machine.presentFinger(door.doorId, authIdOf(person)));
}

function openOnce(world: World, { door, lastsMs }: Act & { kind: "open_once" }): void {
  const { tables } = world.host;
  const doorId = world.people.doorId(door);
  const controllerId = tables.doors.find((one) => one.doorId === doorId)?.controllerId ?? 0;
  const commandId = 9_000 + tables.commands.size + world.epochCount * 100_000;
  const nowMs = world.serverClock.nowMs();
  world.host.addCommand({ commandId, controllerId, doorId, actAtMs: nowMs, notAfterMs: nowMs + lastsMs, state: "waiting" });
  world.hintAll("commands");
}

function killController(world: World, act: Act & { kind: "kill_controller" }): void {
  const slot = slotOf(world, act.machine);
  const { machine } = slot;
  const { life } = machine;
  if (life === null || life.isOver) return;
  machine.gate.armed = { countBefore: act.afterWrites, phase: act.phase, isPowerCut: act.isPowerCut };
  life.atEnd(() => {
    slot.upAtMs = world.scheduler.nowMs + act.downMs;
    if (act.losesTime) machine.clock.loseTime();
    world.watcher.note(`${machine.name} dies`);
  });
}

function killInTrim(world: World, act: Act & { kind: "kill_in_trim" }): void {
  const slot = slotOf(world, act.machine);
  const { machine } = slot;
  const { life } = machine;
  if (life === null || life.isOver) return;
  machine.gate.armed = { countBefore: 0, phase: act.phase, isPowerCut: act.isPowerCut, only: `${act.which} trim` };
  life.atEnd(() => {
    slot.upAtMs = world.scheduler.nowMs + act.downMs;
    world.watcher.note(`${machine.name} dies`);
  });
}

interface Exchange {
  readonly folder: string | null;
  readonly past: DiskPast;
  readonly downMs: number;
}

const NO_PAST: DiskPast = { heardMs: Number.NEGATIVE_INFINITY, spoiled: new Set() };

function exchangeDisk(world: World, slot: MachineSlot, { folder, past, downMs }: Exchange): void {
  slot.machine.kill();
  slot.machine.files.replaceWith(folder);
  slot.upAtMs = Math.max(slot.upAtMs, world.scheduler.nowMs + downMs);
  world.watcher.diskExchanged(slot.machine, past);
}

/** One right changes on the disk without anybody writing it, as a bit that flips, and the machine starts from that disk. */
function spoilItem(world: World, { machine: index, pick }: Act & { kind: "spoil_item" }): void {
  const { machine } = slotOf(world, index);
  machine.kill();
  const held = world.watcher.held(machine);
  const keys = [...held.keys()].filter((key) => key.startsWith("auth:") && !held.spoiled.has(key));
  const key = keys[pick % Math.max(1, keys.length)];
  if (key === undefined) return;
  machine.files.spoil(key);
  held.spoiled.add(key);
}

function clone(world: World, { machine: index, forMs, isCut = false }: Act & { kind: "clone" }): void {
  const slot = slotOf(world, index);
  const twin = world.addClone(slot, `${slot.machine.name}-clone${world.machines.length}`);
  const folder = join(world.folder, `${twin.machine.name}-from`);
  slot.machine.files.copyTo(folder);
  twin.machine.files.replaceWith(folder);
  world.watcher.diskExchanged(twin.machine, world.watcher.pastOf(slot.machine));
  world.scheduler.after(forMs, () => world.switchOff(twin));
  if (!isCut) return;
  world.network.cutOne(slot.machine.name);
  world.scheduler.after(world.random.int(CLONE_STARTS_MS_MAX), () => twin.machine.start());
}

/** The controller is claimed anew: the server knows the new key at once, the machine only later. */
function replaceKey(world: World, { machine: index, afterMs }: Act & { kind: "replace_key" }): void {
  const { machine } = slotOf(world, index);
  const publicKey = JSON.stringify({ key: world.random.int(1_000_000) });
  world.host.setKey(machine.layout.controllerId, publicKey);
  world.hintAll("controllers");
  world.scheduler.after(afterMs, () => {
    world.host.setKey(machine.layout.controllerId, publicKey);
    machine.publicKey = publicKey;
  });
}
