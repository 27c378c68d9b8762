import { casesOf, type Section } from "../case.ts";
import { at, expectEqual, expectRefused, expectShape, expectSuccess, expectThat, textAt } from "../expect.ts";
import { DeviceImage } from "../shapes.ts";

/** What a device shows. */
export const display: Section = {
  id: "display",
  title: "Device display",
  cases: [
    ...casesOf("CLUe §1.8", "documented", {
      "an image of each type is kept for a device": async ({ clue, world }) => {
        const { entryDeviceId } = await world.operableDoor();
        const fileData = world.emptyPicture();
        for (const type of ["DEFAULT", "SUCCESS", "FAILURE", "UNLOCKED", "LOCKED"]) {
          const body = { fileName: "conformance.png", fileData };
          const data = expectSuccess(await clue.call({ method: "PUT", path: `/v1/devices/${entryDeviceId}/images/${type}`, body }));
          expectShape("data", data, DeviceImage);
          expectEqual("type", at(data, "type"), type);
        }
      },
      "an image of a type that CLUe does not have is refused": async ({ clue, world }) => {
        const { entryDeviceId } = await world.operableDoor();
        const body = { fileName: "a.png", fileData: world.emptyPicture() };
        expectRefused(await clue.call({ method: "PUT", path: `/v1/devices/${entryDeviceId}/images/HOLIDAY`, body }), [
          "e1005",
          "e1007",
          "e1008",
        ]);
      },
      "a notice for the home screen is kept, and echoed": async ({ clue, world }) => {
        const { entryDeviceId } = await world.operableDoor();
        const body = { type: "HOME_NOTIFICATION", message: "Conformance", useFlag: true };
        const data = expectSuccess(await clue.call({ method: "PUT", path: `/v1/devices/${entryDeviceId}/messages`, body }));
        for (const [name, value] of Object.entries(body)) expectEqual(name, at(data, name), value);
        await clue.call({ method: "PUT", path: `/v1/devices/${entryDeviceId}/messages`, body: { ...body, useFlag: false } });
      },
    }),
    ...casesOf("CLUe §7", "ours", {
      "the address of an image shows it to whoever holds the key": async ({ clue, world }) => {
        const { entryDeviceId } = await world.operableDoor();
        const body = { fileName: "conformance.png", fileData: world.emptyPicture() };
        const data = expectSuccess(await clue.call({ method: "PUT", path: `/v1/devices/${entryDeviceId}/images/DEFAULT`, body }));
        const { pathname, search } = new URL(textAt(data, "imageUrl"));
        const answer = await clue.call({ method: "GET", path: `${pathname}${search}` });
        expectEqual("the status is 200", answer.status, 200);
        const type = answer.headers.get("content-type") ?? "";
        expectThat("it is a picture", type.startsWith("image/"), type);
      },
    }),
  ],
};
