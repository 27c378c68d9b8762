import type { RecordedEvent } from "@postern/contract";
import type { ChainRow, CommandRow, Tables } from "./memory-tables.ts";
import { numbersOfArray, type StatementTwin, servedBy } from "./roster-statements.ts";
import { numberOf, numberOrNull, type StatementValues, textOrNull } from "./statement-values.ts";

/** The statements of the gateway and the ledger. */
export const LINK_STATEMENTS: Readonly<Record<string, StatementTwin>> = {
  "gateway-find-controllers": (tables, values) => {
    const serials = new Set(values.texts(0));
    return [...tables.controllers.values()]
      .filter(({ serial }) => serials.has(serial))
      .map(({ serial, controllerId, placeId, publicKey, connectedInstance }) => ({
        serial,
        controllerId,
        placeId,
        publicKey: JSON.parse(publicKey),
        connectedInstance,
      }));
  },
  "gateway-read-holders": (tables, values) => {
    const serials = new Set(values.texts(0));
    return [...tables.controllers.values()]
      .filter(({ serial }) => serials.has(serial))
      .map(({ serial, publicKey, session, connectedInstance }) => ({
        serial,
        publicKey: JSON.parse(publicKey),
        session,
        connectedInstance,
      }));
  },
  "gateway-end-overdue-commands": (tables, values, write) => {
    const endMs = { waiting: values.number(0), sent: values.number(1) };
    write(() => {
      for (const one of tables.commands.values()) {
        if (one.state === "waiting" && one.notAfterMs < endMs.waiting) tables.commands.set(one.commandId, { ...one, state: "too_late" });
        if (one.state === "sent" && one.notAfterMs < endMs.sent) tables.commands.set(one.commandId, { ...one, state: "failed" });
      }
    });
    return [];
  },
  "gateway-end-forgotten-commands": (tables, values, write) => {
    const sent = commandsOf(tables, values.numbers(0));
    const owners = values.numbers(1);
    const known = new Set(values.numbers(2).map((commandId, index) => `${owners[index] ?? 0}:${commandId}`));
    write(() => {
      for (const one of sent)
        if (one.state === "sent" && !known.has(`${one.controllerId}:${one.commandId}`))
          tables.commands.set(one.commandId, { ...one, state: "failed" });
    });
    return [];
  },
  "gateway-take-commands": (tables, values, write) => {
    const nowMs = values.number(1);
    const isDue = ({ state, actAtMs, notAfterMs }: CommandRow): boolean => state === "waiting" && actAtMs <= nowMs && notAfterMs >= nowMs;
    const due = commandsOf(tables, values.numbers(0)).filter(isDue);
    write(() => {
      for (const one of due) tables.commands.set(one.commandId, { ...one, state: "sent" });
    });
    return due.map(({ commandId, controllerId, doorId, notAfterMs }) => ({
      command_id: commandId,
      command: "ONCE_OPEN",
      door_id: doorId,
      device_id: null,
      not_after: notAfterMs,
      controller_id: controllerId,
    }));
  },
  "gateway-end-command": (tables, values, write) => {
    write(() => {
      const one = tables.commands.get(values.number(0));
      if (one !== undefined && one.controllerId === values.number(1) && WAITS.has(one.state))
        tables.commands.set(one.commandId, { ...one, state: values.text(2) });
    });
    return [];
  },
  "gateway-open-sessions": (tables, values, write) => {
    const keys = values.texts(2);
    return values
      .texts(1)
      .flatMap((serial, index) => openSession(tables, { serial, key: keys[index] ?? "", instance: values.number(0) }, write));
  },
  "gateway-close-sessions": (tables, values, write) => {
    const sessions = values.numbers(1);
    write(() => {
      for (const [index, controllerId] of values.numbers(0).entries()) {
        const row = tables.controllers.get(controllerId);
        if (row === undefined || row.session !== sessions[index]) continue;
        row.connectedInstance = null;
        row.offeredTo = tables.revision;
      }
    });
    return [];
  },
  "gateway-write-confirmations": (tables, values, write) => {
    write(() => writeConfirmations(tables, values));
    return [];
  },
  // When somebody was heard is told to people alone.
  "gateway-write-contacts": () => [],
  "gateway-other-instances": (tables, values) => {
    const others = [...tables.controllers.values()].map(({ connectedInstance }) => connectedInstance);
    return [...new Set(others)].filter((one) => one !== null && one !== values.number(0)).map((instance) => ({ instance }));
  },
  "gateway-forget-instance": (tables, values, write) => {
    write(() => {
      for (const row of tables.controllers.values()) {
        if (row.connectedInstance !== values.number(0)) continue;
        row.connectedInstance = null;
        row.offeredTo = tables.revision;
      }
    });
    return [];
  },
  "ledger-lock-heads": ({ placeId, nextSequence, chain }) => [
    {
      place_id: placeId,
      next_sequence: nextSequence,
      chain: chain?.hash ?? null,
      chain_from: chain?.from ?? null,
      chain_period: chain?.period ?? null,
      block_first: chain?.blockFirst ?? null,
    },
  ],
  "ledger-load-controllers": loadControllers,
  "ledger-insert-events": (tables, values, write) => {
    write(() => tables.events.push(...eventsOf(values)));
    return [];
  },
  "ledger-write-blocks": (tables, values, write) => {
    const [periods, firsts, lasts, hashes] = [values.numbers(1), values.numbers(2), values.numbers(3), values.texts(4)];
    write(() => {
      for (const [index, period] of periods.entries())
        tables.blocks.push({ period, first: firsts[index] ?? 0, last: lasts[index] ?? 0, hash: hashes[index] ?? "" });
    });
    return [];
  },
  "ledger-move-heads": (tables, values, write) => {
    write(() => {
      tables.nextSequence = values.numbers(1)[0] ?? tables.nextSequence;
      tables.chain = chainOf(values);
    });
    return [];
  },
  // When a bolt moved is told of a command, and decides nothing.
  "ledger-note-bolts-on": () => [],
  "ledger-note-bolts-off": () => [],
  "ledger-write-marks": (tables, values, write) => {
    write(() => {
      const [generations, through] = [values.numbers(2), values.numbers(3)];
      for (const [index, controllerId] of values.numbers(1).entries())
        tables.marks.set(`${controllerId}:${generations[index] ?? 0}`, through[index] ?? 0);
    });
    return [];
  },
  "ledger-read-marks": (tables, values) => {
    const generations = values.numbers(2);
    return values.numbers(1).flatMap((controllerId, index) => {
      const generation = generations[index] ?? 0;
      const through = tables.marks.get(`${controllerId}:${generation}`);
      return through === undefined ? [] : [{ controller_id: controllerId, generation, last_local_log_id: through }];
    });
  },
};

const WAITS: ReadonlySet<string> = new Set(["waiting", "sent"]);

function commandsOf(tables: Tables, controllerIds: readonly number[]): CommandRow[] {
  return [...tables.commands.values()].filter(({ controllerId }) => controllerIds.includes(controllerId));
}

interface Opening {
  readonly serial: string;
  readonly key: string;
  readonly instance: number;
}

function openSession(tables: Tables, { serial, key, instance }: Opening, write: (change: () => void) => void): readonly object[] {
  const row = [...tables.controllers.values()].find((one) => one.serial === serial && one.publicKey === key);
  if (row === undefined) return [];
  const { controllerId, placeId } = row;
  write(() => {
    row.session += 1;
    row.connectedInstance = instance;
    row.heldDoorIds = [...new Set([...row.heldDoorIds, ...servedBy(tables, controllerId)])];
  });
  const doors = tables.doors
    .filter((door) => door.controllerId === controllerId)
    .map(({ doorId, entryDeviceId }) => ({ doorId, entryDeviceId, exitDeviceId: null }));
  const { epoch, revision: head } = tables;
  return [{ serial, session: row.session, controllerId, placeId, epoch, head, tombstonesFrom: 0, doors }];
}

function writeConfirmations(tables: Tables, values: StatementValues): void {
  const [sessions, urgent] = [values.numbers(1), values.numbers(2)];
  for (const [index, controllerId] of values.numbers(0).entries()) {
    const row = tables.controllers.get(controllerId);
    if (row === undefined || row.session !== sessions[index]) continue;
    const before = row.confirmedRevision;
    row.urgentRevision = urgent[index] ?? 0;
    row.confirmedRevision = numberOrNull(values.list(5)[index]) ?? before;
    row.confirmedDigest = textOrNull(values.list(6)[index]) ?? row.confirmedDigest;
    if (values.list(5)[index] !== null) row.heldDoorIds = numbersOfArray(values.texts(12)[index] ?? "{}");
    const isOwed = tables.revocations.some(
      ({ revision, controllerIds }) => revision > before && revision <= row.confirmedRevision && controllerIds.includes(controllerId),
    );
    if (isOwed)
      tables.receipts.push({ controllerId, revisionBefore: before, revision: row.confirmedRevision, digest: row.confirmedDigest ?? "" });
  }
}

function loadControllers(tables: Tables, values: StatementValues): readonly object[] {
  const wanted = [...new Set(values.numbers(1))].sort((left, right) => left - right);
  const begun = new Set([...tables.marks.keys()].map((key) => Number(key.split(":")[0])));
  return values.numbers(0).flatMap((controllerId) => {
    const row = tables.controllers.get(controllerId);
    if (row === undefined) return [];
    const doors = tables.doors.filter((door) => door.controllerId === controllerId);
    const logged = wanted.flatMap((generation) => {
      const through = tables.marks.get(`${controllerId}:${generation}`);
      return through === undefined ? [] : [{ generation, through }];
    });
    return [
      {
        controller_id: controllerId,
        session_number: row.session,
        door_ids: doors.map(({ doorId }) => doorId),
        device_ids: doors.map(({ entryDeviceId }) => entryDeviceId),
        generations: logged.map(({ generation }) => generation),
        stored: logged.map(({ through }) => through),
        has_begun: begun.has(controllerId),
      },
    ];
  });
}

function chainOf(values: StatementValues): ChainRow | null {
  const [hash] = values.texts(2);
  const [from, period, blockFirst] = [values.numbers(3)[0], values.numbers(4)[0], values.numbers(5)[0]];
  return hash === undefined || from === undefined || period === undefined || blockFirst === undefined
    ? null
    : { hash, from, period, blockFirst };
}

function eventsOf(values: StatementValues): RecordedEvent[] {
  const [happened, received, devices, types] = [values.numbers(3), values.numbers(4), values.numbers(5), values.numbers(9)];
  const [doors, users, auths] = [values.list(6), values.list(7), values.list(8)];
  const [generations, numbers, details] = [values.numbers(10), values.numbers(11), values.list(12)];
  return values.numbers(2).map((sequence, index) => {
    const detail = textOrNull(details[index]);
    return {
      sequence,
      eventAt: happened[index] ?? 0,
      receivedAt: received[index] ?? 0,
      deviceId: devices[index] ?? 0,
      doorId: numberOrNull(doors[index]),
      userId: numberOrNull(users[index]),
      authId: numberOrNull(auths[index]),
      eventType: types[index] ?? 0,
      generation: numberOf(generations[index]),
      localLogId: numberOf(numbers[index]),
      detail: detail === null ? null : JSON.parse(detail),
    };
  });
}
