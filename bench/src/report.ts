import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { findPostgresBinaries } from "@postern/server/internal";
import type { Figure } from "./figure.ts";
import { tableHead, tableRow } from "./table.ts";

/** The page with the figures of one whole run. */
export async function report(figures: readonly Figure[], loadBefore: number): Promise<string> {
  const machine = await describeMachine();
  const day = new Date().toISOString().slice(0, 10);
  return `# Performance

Printed by \`npm run bench -- --write\` on ${day}, everything in one run and on one machine:
${machine}.
Its load average when the run began was ${loadBefore.toFixed(2)}. A quiet machine begins near 0; other work on it makes every figure worse.

A figure alone says little: read it beside the limit or the peer of the same run. "Must reach" is what this design promises itself on two
cores with clients, controllers, server and database all on them.

${tableHead()}${figures.map(tableRow).join("")}
What the jobs do:

- **enrol**: one client in a process of its own, with one connection, enrols a person with a card, call after call. "One insert a commit" is a
  small row on one connection of the same database: the limit that the disk sets. While appending, controllers send the events through the link.
- **enrol, bulk**: the same in rows of NDJSON in one call, until its answer; then the same rows once more, which changes nothing; then single calls of
  another client, 50 ms apart, while other rows come.
- **answered → confirmed**: from the client's answer until the last of all controllers has sent a digest, computed from what it holds, that
  equals the server's. The controllers are true to the link and keep their replica in memory, in two processes.
- **revocation**: the same for an auth that is taken away while additions wait. It counts as taken over when every controller has confirmed the
  urgent cursor; digests agree once the additions are there too.
- **repair**: a replica of 100,000 people in which ten items are wrong greets, and is compared by buckets until its digest equals the server's; beside
  it the same replica filled from empty. Bytes are those of both directions of the link, time is until the server has confirmed.
- **10,000 connected**: true to the link, with stores in memory, from two processes and a hundred loopback addresses; resident memory of the server's process with all of
  them and before them, and mosquitto's with as many idle connections. Then the server is stopped and started on its data: all are back when each has greeted and its digest agrees.
- **append**: full frames of sixteen logs through the append, with everything that it judges and promises. Beside it one COPY of the same rows,
  as text prepared beforehand, into the same tables with their indexes; and one row a commit.
- **page with exact total**: CLUe's page call over HTTP, twenty events a page, on a place of 5,000,000 events in the week that is asked for, one of two hundred of them a day late; at the first, the
  middle and the last page in turns. Beside it COUNT and OFFSET in plain SQL on the same rows, half-way.
- **a ledger of so many events**: the same call while a ledger grows to 20,000,000 events, five million a week: on its last week, by time, by \`sort=id\` and of a type that is one event of
  50,000; on the whole ledger, without times; and the append beside COPY at that size. How they grow: ![pages](ledger-pages.svg) ![append](ledger-append.svg)
- **a month dropped**: the oldest month by retention, while frames are appended and events counted all the time.
- **door to commit**: frames of 256 events over MQTT, each controller with one unanswered, until \`stored\`; counted in the ledger.
- **commit → live stream, webhook**: from the commit until the event is in the hands of a client that streams, and of a server that is sent it, both in a process
  of their own; the first fifth of the run is left out.
- **a door asks**: a controller true to the link asks the customer's own server, question after question, until the answer is back at the door; beside it the same request to the same server without
  Postern. Then the doors of ten customers ask at the same moment, ten times, before and while one customer's server answers nobody.
- **decide**: a card's key looked up among 100,000 auths, and the decision.
- **photo to template**: a photo of a person, as bytes, through the pool of worker threads; beside it the time that the same photo spends inside the networks alone.
  Enrolments with a photo go one after another while a second client enrols cards, whose p99 is given with and without them.
- **one probe**: a template against a gallery of random ones, beside a plain read of as many bytes; every pair is also decided by a plain
  double-precision loop. How well people are told apart has [a page of its own](faces.md).
- **asked to open → RELAY_ON**: from a call of v2 until a client that waits for the door's events has its RELAY_ON in hands, one opening after the other, on a server
  as users start it, whose virtual controller speaks to it over MQTT.
- **start**: from the command until \`/healthz\` answers 200, with people and events of a former run; a fresh clone is installed first, with what
  npm's cache holds.

\`npm run bench -- --only enrol,append\` runs some of them; \`--json\` prints plain numbers.
`;
}

async function describeMachine(): Promise<string> {
  const all = cpus();
  const { postgres } = await findPostgresBinaries();
  const version = spawnSync(postgres, ["-V"])
    .stdout.toString()
    .trim()
    .replace(/^postgres \(PostgreSQL\) /, "");
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${all.length} cores (${all[0]?.model.trim() ?? "unknown"}), ${memory} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}, PostgreSQL ${version}`;
}
