import { chainFaults } from "../../checkers/chain-checker.ts";
import { PlaceHistory } from "../../checkers/place-history.ts";
import type { Accuse } from "../../checkers/violation.ts";
import type { Evidence } from "../evidence/evidence.ts";
import { judgeChanges } from "./change-checker.ts";
import { judgeLogs } from "./judge-logs.ts";
import { judgePassages } from "./judge-passages.ts";
import { judgePeople } from "./people-checker.ts";
import { judgeReplicas } from "./replica-checker.ts";

/** Holds all that is left of a run to every promise. Returns how many passages were judged. */
export function judge(evidence: Evidence, accuse: Accuse): number {
  const { journal, doors, database } = evidence;
  const history = new PlaceHistory();
  for (const { key, ...version } of database.history) history.say(key, { ...version, epoch: database.epoch });
  judgeLogs(doors, database, accuse);
  for (const fault of chainFaults(database)) accuse("chain", fault);
  judgeChanges(journal.changes, database, accuse);
  judgePeople(database, accuse);
  judgeReplicas(doors, database, history, accuse);
  return judgePassages(evidence, history, accuse);
}
