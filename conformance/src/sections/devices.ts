import { casesOf, type Section } from "../case.ts";
import { eventually } from "../eventually.ts";
import { at, expectEqual, expectRefused, expectShape, expectSuccess, expectThat, listAt, Skipped, textAt } from "../expect.ts";
import { EVENT_MS_MAX, FACE_TASK_MS_MAX } from "../limits.ts";
import { FaceMatchable, FaceTask, ScanRequested, ScanResult } from "../shapes.ts";

/** What is asked of a device: a scan, or whom a face looks like. */
export const devices: Section = {
  id: "devices",
  title: "Devices: scans and faces",
  cases: [
    ...casesOf("CLUe §1.6", "documented", {
      "a scan of a card is asked for, and its token tells how it stands": async ({ clue, world }) => {
        const { entryDeviceId: deviceId } = await world.operableDoor();
        const asked = expectSuccess(await clue.post("/v1/credential-scans/request", { deviceId, credentialType: "CARD" }));
        expectShape("data", asked, ScanRequested);
        expectEqual("credentialType", at(asked, "credentialType"), "CARD");
        expectShape("data", expectSuccess(await clue.get(`/v1/credential-scans/${textAt(asked, "token")}/result`)), ScanResult);
      },
      "a scan of a finger tells the score that it needs": async ({ clue, world }) => {
        const { entryDeviceId: deviceId } = await world.operableDoor();
        const asked = expectSuccess(await clue.post("/v1/credential-scans/request", { deviceId, credentialType: "FINGERPRINT" }));
        expectEqual("fingerprintScoreThreshold", at(asked, "fingerprintScoreThreshold"), 50);
      },
      "a newer scan at a device ends the older one": async ({ clue, world }) => {
        const { entryDeviceId: deviceId } = await world.operableDoor();
        const body = { deviceId, credentialType: "CARD" };
        const first = textAt(expectSuccess(await clue.post("/v1/credential-scans/request", body)), "token");
        expectSuccess(await clue.post("/v1/credential-scans/request", body));
        const ended = await eventually("the older scan fails", {
          msMax: EVENT_MS_MAX,
          look: async () => expectSuccess(await clue.get(`/v1/credential-scans/${first}/result`)),
          isSo: (seen) => at(seen, "status") === "FAILED",
        });
        expectThat("it says why", ["PAST_REQUEST", "CANCELLED"].includes(textAt(ended, "failReason")), ended);
      },
      "a credential type that cannot be scanned is refused": async ({ clue, world }) => {
        const { entryDeviceId: deviceId } = await world.operableDoor();
        expectRefused(await clue.post("/v1/credential-scans/request", { deviceId, credentialType: "FACE" }), "e1005", "credentialType");
      },
      "a token that was never given is refused as e1007": async ({ clue }) => {
        expectRefused(await clue.get(`/v1/credential-scans/${"0".repeat(32)}/result`), "e1007");
      },
      "a token that was never given enrols nobody": async ({ world }) => {
        const body = world.person({ credentials: { name: "Nobody" }, auth: { registrationTokens: ["0".repeat(32)] } });
        expectRefused(await world.create(body), ["e1005", "e1006", "e1007"]);
      },
    }),
    ...casesOf("CLUe §1.7", "documented", {
      "devices that can match faces are listed": async ({ clue, world }) => {
        const answer = await clue.get("/v1/devices/face-matchable", { placeId: await world.placeId() });
        expectSuccess(answer);
        for (const device of listAt(answer.body, "data")) expectShape("device", device, FaceMatchable);
      },
      "a face is matched by a task that ends within five seconds": async ({ clue, world }) => {
        const answer = await clue.get("/v1/devices/face-matchable", { placeId: await world.placeId() });
        const [device] = listAt(answer.body, "data");
        if (device === undefined) throw new Skipped("no device can match faces now");
        const base64Image = world.photo();
        const task = textAt(
          expectSuccess(await clue.post(`/v1/devices/${String(at(device, "deviceId"))}/match-face`, { base64Image })),
          "taskUuid",
        );
        const ended = await eventually("the task ends", {
          msMax: FACE_TASK_MS_MAX,
          look: async () => {
            const data = expectSuccess(await clue.get(`/v1/msa/tasks/match-faces/${task}`));
            expectShape("data", data, FaceTask);
            return data;
          },
          isSo: (seen) => at(seen, "status") === "COMPLETED",
        });
        expectThat("duplicates are a list", Array.isArray(at(ended, "duplicatedAuthIds")), ended);
      },
    }),
  ],
};
