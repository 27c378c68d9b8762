import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { factorProgress, meetsDoorMinimum } from "../src/factor-progress.ts";
import type { Chain, Factor } from "../src/index.ts";

/** `"CARD>PIN CARD>FACE"`: alternatives, each in its order. */
function chainsOf(text: string): Chain[] {
  return text === "" ? [] : text.split(" ").map(chainOf);
}

function chainOf(text: string): Chain {
  return text === "" ? [] : (text.split(">") as Factor[]);
}

function progressText(auth: string, door: string, proven: string): string {
  const progress = factorProgress({ proven: chainOf(proven), authChains: chainsOf(auth), doorChains: chainsOf(door) });
  return progress.kind === "wanted" ? progress.factors.join("|") : progress.kind;
}

const CASES: readonly {
  readonly guarantee: string;
  readonly auth: string;
  readonly door: string;
  readonly steps: Readonly<Record<string, string>>;
}[] = [
  {
    guarantee: "a factor that is a chain of the auth is enough",
    auth: "CARD FACE",
    door: "",
    steps: { "": "CARD|FACE", CARD: "proven", FACE: "proven", FINGERPRINT: "not_allowed" },
  },
  {
    guarantee: "a chain is presented in its order",
    auth: "CARD>PIN",
    door: "",
    steps: { CARD: "PIN", "CARD>PIN": "proven", PIN: "not_allowed", "PIN>CARD": "not_allowed", "CARD>FACE": "not_allowed" },
  },
  {
    guarantee: "chains that begin alike offer each of their next factors once",
    auth: "CARD>PIN CARD>FACE CARD>PIN>FINGERPRINT",
    door: "",
    steps: { CARD: "PIN|FACE", "CARD>PIN": "proven", "CARD>FACE": "proven" },
  },
  {
    guarantee: "more than enough is enough",
    auth: "CARD",
    door: "",
    steps: { "CARD>PIN": "proven" },
  },
  {
    guarantee: "the door's minimum asks for what the auth's chain lacks",
    auth: "CARD CODE>PIN",
    door: "CARD>PIN",
    steps: { CARD: "PIN", "CARD>PIN": "proven", CODE: "PIN", "CODE>PIN": "CARD", "CODE>PIN>CARD": "proven" },
  },
  {
    guarantee: "the auth's longer chain is asked for in full at a door that wants less",
    auth: "CARD>PIN>FACE",
    door: "CARD",
    steps: { CARD: "PIN", "CARD>PIN": "FACE", "CARD>PIN>FACE": "proven" },
  },
  {
    guarantee: "whoever lacks a factor of the door's minimum is refused at once and not asked for it",
    auth: "CARD",
    door: "CARD>PIN",
    steps: { CARD: "not_allowed", "CARD>PIN": "not_allowed" },
  },
  {
    guarantee: "a door with alternatives takes the one that the auth can meet",
    auth: "CARD",
    door: "CARD>FACE CARD",
    steps: { CARD: "proven" },
  },
  {
    guarantee: "factors of the door's minimum may come in the order in which the person begins",
    auth: "CARD FACE",
    door: "CARD>FACE",
    steps: { CARD: "FACE", "CARD>FACE": "proven", FACE: "CARD", "FACE>CARD": "proven" },
  },
  {
    guarantee: "CODE alone never opens, neither by itself nor with the door's consent",
    auth: "CODE",
    door: "",
    steps: { "": "not_allowed", CODE: "not_allowed" },
  },
  {
    guarantee: "CODE alone never opens at a door that asks for no more",
    auth: "CODE",
    door: "CODE",
    steps: { CODE: "not_allowed" },
  },
  {
    guarantee: "CODE opens with what follows it",
    auth: "CODE>PIN",
    door: "",
    steps: { "": "CODE", CODE: "PIN", "CODE>PIN": "proven", PIN: "not_allowed" },
  },
  {
    guarantee: "a door that wants a user id and a PIN takes a card and a PIN",
    auth: "CARD CODE>PIN",
    door: "CODE>PIN",
    steps: { CARD: "PIN", "CARD>PIN": "proven", "CODE>PIN": "proven" },
  },
  {
    guarantee: "a door that wants a user id alone adds nothing",
    auth: "CARD",
    door: "CODE",
    steps: { CARD: "proven", CODE: "not_allowed" },
  },
  {
    guarantee: "an auth without chains opens nothing",
    auth: "",
    door: "",
    steps: { "": "not_allowed", CARD: "not_allowed" },
  },
];

for (const { guarantee, auth, door, steps } of CASES) {
  test(guarantee, () => {
    for (const [proven, expected] of Object.entries(steps)) assert.equal(progressText(auth, door, proven), expected, `after "${proven}"`);
  });
}

test("an empty chain of the auth opens nothing", () => {
  assert.deepEqual(factorProgress({ proven: [], authChains: [[]], doorChains: [] }), { kind: "not_allowed" });
  assert.deepEqual(factorProgress({ proven: ["CARD"], authChains: [[]], doorChains: [] }), { kind: "not_allowed" });
});

test("an empty chain of the door asks for nothing more than the auth", () => {
  assert.deepEqual(factorProgress({ proven: ["CARD"], authChains: [["CARD"]], doorChains: [[]] }), { kind: "proven" });
});

test("what a stranger presents meets a door's minimum only when it is all of one alternative", () => {
  assert.equal(meetsDoorMinimum(["CARD"], []), true);
  assert.equal(meetsDoorMinimum(["CARD"], chainsOf("CARD")), true);
  assert.equal(meetsDoorMinimum(["CARD"], chainsOf("FACE CARD")), true);
  assert.equal(meetsDoorMinimum(["CARD"], chainsOf("CARD>PIN")), false);
  assert.equal(meetsDoorMinimum(["CARD"], chainsOf("FACE")), false);
});

const ALPHABET: readonly Factor[] = ["CARD", "CODE", "PIN", "FACE"];
const chain = fc.uniqueArray(fc.constantFrom(...ALPHABET), { minLength: 1, maxLength: 3 });
const chains = fc.array(chain, { maxLength: 3 });

/** Every order of every choice of factors, shortest first. */
function everySequence(): Chain[] {
  const sequences: Chain[] = [[]];
  for (const sequence of sequences) {
    for (const factor of ALPHABET) if (!sequence.includes(factor)) sequences.push([...sequence, factor]);
  }
  return sequences;
}

const SEQUENCES = everySequence();

/** The docstring's "passage", as a property of a sequence rather than a way to make one. */
function isPassage(sequence: Chain, authChain: Chain, doorChain: Chain, usable: ReadonlySet<Factor>): boolean {
  const rest = sequence.slice(authChain.length);
  const ranks = rest.map((factor) => doorChain.indexOf(factor));
  return (
    authChain.some((factor) => factor !== "CODE") &&
    authChain.every((factor, position) => sequence[position] === factor) &&
    doorChain.every((factor) => factor === "CODE" || sequence.includes(factor)) &&
    rest.every((factor) => factor !== "CODE" && usable.has(factor)) &&
    ranks.every((rank, position) => rank >= 0 && rank > (ranks[position - 1] ?? -1))
  );
}

function passagesByEnumeration(authChains: readonly Chain[], doorChains: readonly Chain[]): Chain[] {
  const usable = new Set(authChains.flat());
  const minima = doorChains.length === 0 ? [[]] : doorChains;
  return SEQUENCES.filter((sequence) => authChains.some((auth) => minima.some((door) => isPassage(sequence, auth, door, usable))));
}

function beginsWith(sequence: Chain, beginning: Chain): boolean {
  return `${sequence.join(">")}>`.startsWith(beginning.length === 0 ? "" : `${beginning.join(">")}>`);
}

test("progress is what enumerating every sequence of factors says", () => {
  fc.assert(
    fc.property(chains, chains, fc.constantFrom(...SEQUENCES), (authChains, doorChains, proven) => {
      const passages = passagesByEnumeration(authChains, doorChains);
      const progress = factorProgress({ proven, authChains, doorChains });
      const isEnough = passages.some((passage) => beginsWith(proven, passage));
      const wanted = new Set(passages.filter((passage) => beginsWith(passage, proven)).map((passage) => passage[proven.length]));
      assert.equal(progress.kind, isEnough ? "proven" : wanted.size > 0 ? "wanted" : "not_allowed");
      if (progress.kind === "wanted") assert.deepEqual(new Set(progress.factors), wanted);
    }),
    { numRuns: 1_000 },
  );
});

test("whatever opens at a door that asks for more also opens at one that asks for nothing", () => {
  fc.assert(
    fc.property(chains, chains, fc.constantFrom(...SEQUENCES), (authChains, doorChains, proven) => {
      if (factorProgress({ proven, authChains, doorChains }).kind !== "proven") return;
      assert.equal(factorProgress({ proven, authChains, doorChains: [] }).kind, "proven");
    }),
  );
});

test("one factor more never takes back what was enough", () => {
  fc.assert(
    fc.property(chains, chains, fc.constantFrom(...SEQUENCES), fc.constantFrom(...ALPHABET), (authChains, doorChains, proven, another) => {
      if (factorProgress({ proven, authChains, doorChains }).kind !== "proven") return;
      assert.equal(factorProgress({ proven: [...proven, another], authChains, doorChains }).kind, "proven");
    }),
  );
});

test("whoever presents what is wanted, as long as something is, comes to an end of it", () => {
  fc.assert(
    fc.property(chains, chains, fc.nat(), (authChains, doorChains, choice) => {
      const proven: Factor[] = [];
      for (let step = 0; step < 10; step += 1) {
        const progress = factorProgress({ proven, authChains, doorChains });
        if (progress.kind !== "wanted") return assert.ok(step === 0 || progress.kind === "proven");
        proven.push(progress.factors[choice % progress.factors.length] as Factor);
      }
      assert.fail(`still wanted after ${proven.join(">")}`);
    }),
  );
});
