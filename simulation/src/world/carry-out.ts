import { join } from "node:path";
import { copyTables } from "../database/memory-tables.ts";
import type { Act } from "../scenario/act.ts";
import { authIdOf, cardOf } from "./people.ts";
import type { MachineSlot, World } from "./world.ts";

/** How long somebody takes for the next factor, at most. */
const FINGER_MS_MAX = 15_000;

/** Does what the scenario says, now. */
export function carryOut(world: World, act: Act): void {
  world.watcher.note(JSON.stringify(act));
  const { scheduler, host, network } = world;
  const { nowMs } = scheduler;
  switch (act.kind) {
    case "present":
      return present(world, act);
    case "open_once":
      return openOnce(world, act);
    case "enrol":
    case "enrol_many":
    case "move_to_door":
    case "suspend":
    case "move_card":
    case "revoke":
    case "set_mode":
    case "set_office_hours": {
      const server = world.anyServer();
      if (server !== null) world.people.ask(server, act);
      return;
    }
    case "weather":
      network.weather = act.weather;
      scheduler.after(act.forMs, () => network.clearUp(act.weather));
      return;
    case "cut_off": {
      const { name } = slotOf(world, act.machine).machine;
      network.cutOff.add(name);
      scheduler.after(act.forMs, () => network.rejoin(name));
      return;
    }
    case "cut_all":
      return network.cutAll();
    case "kill_controller":
      return killController(world, act);
    case "kill_server": {
      const slot = world.servers[act.server % world.servers.length];
      if (slot?.running == null) return;
      const { life } = slot.running;
      host.armed = { life, countBefore: act.afterStatements };
      life.atEnd(() => {
        slot.upAtMs = scheduler.nowMs + act.downMs;
        world.watcher.note("a server dies");
      });
      return;
    }
    case "database_away":
      host.isAway = true;
      scheduler.after(act.forMs, () => {
        host.isAway = false;
      });
      return;
    case "lose_commit_answer":
      host.lostAnswerIn = act.afterCommits;
      return;
    case "disk_full": {
      const { gate } = slotOf(world, act.machine).machine;
      gate.isFull = true;
      scheduler.after(act.forMs, () => {
        gate.isFull = false;
      });
      return;
    }
    case "jump_door_clock":
      return slotOf(world, act.machine).machine.clock.jump(act.byMs);
    case "jump_server_clock":
      world.serverClock.jump(act.byMs);
      scheduler.after(act.forMs, () => world.serverClock.setRight());
      return;
    case "keep_disk": {
      const slot = slotOf(world, act.machine);
      const folder = join(world.folder, `${slot.machine.name}-kept`);
      slot.machine.files.copyTo(folder);
      slot.kept = { folder, heardMs: world.watcher.heardMs(slot.machine) };
      return;
    }
    case "restore_disk": {
      const slot = slotOf(world, act.machine);
      if (slot.kept !== null) exchangeDisk(world, slot, { ...slot.kept, downMs: act.downMs });
      return;
    }
    case "new_disk":
      return exchangeDisk(world, slotOf(world, act.machine), { folder: null, heardMs: Number.NEGATIVE_INFINITY, downMs: act.downMs });
    case "keep_database":
      world.keptTables = copyTables(host.tables);
      return;
    case "restore_database":
      if (world.keptTables !== null) world.restoreTables(world.keptTables, nowMs + act.downMs);
      return;
    case "spoil_item":
      return spoilItem(world, act);
    case "clone":
      return clone(world, act);
    case "replace_key":
      return replaceKey(world, act);
  }
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
  const command = { commandId, controllerId, doorId, actAtMs: nowMs, notAfterMs: nowMs + lastsMs, state: "waiting" };
  tables.commands.set(commandId, command);
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

interface Exchange {
  readonly folder: string | null;
  readonly heardMs: number;
  readonly downMs: number;
}

function exchangeDisk(world: World, slot: MachineSlot, { folder, heardMs, downMs }: Exchange): void {
  slot.machine.kill();
  slot.machine.files.replaceWith(folder);
  slot.upAtMs = Math.max(slot.upAtMs, world.scheduler.nowMs + downMs);
  world.watcher.diskExchanged(slot.machine, heardMs);
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

function clone(world: World, { machine: index, forMs }: Act & { kind: "clone" }): void {
  const slot = slotOf(world, index);
  const twin = world.addClone(slot, `${slot.machine.name}-clone${world.machines.length}`);
  const folder = join(world.folder, `${twin.machine.name}-from`);
  slot.machine.files.copyTo(folder);
  twin.machine.files.replaceWith(folder);
  world.watcher.diskExchanged(twin.machine, world.watcher.heardMs(slot.machine));
  world.scheduler.after(forMs, () => world.switchOff(twin));
}

/** The controller is claimed anew: the server knows the new key at once, the machine only later. */
function replaceKey(world: World, { machine: index, afterMs }: Act & { kind: "replace_key" }): void {
  const { machine } = slotOf(world, index);
  const row = world.host.tables.controllers.get(machine.layout.controllerId);
  const publicKey = JSON.stringify({ key: world.random.int(1_000_000) });
  if (row !== undefined) row.publicKey = publicKey;
  world.hintAll("controllers");
  world.scheduler.after(afterMs, () => {
    const known = world.host.tables.controllers.get(machine.layout.controllerId);
    if (known !== undefined) known.publicKey = publicKey;
    machine.publicKey = publicKey;
  });
}
