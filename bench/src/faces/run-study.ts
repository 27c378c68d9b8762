import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FaceModels, loadFaceModels, preparePack } from "@postern/face";
import { temporaryFolder } from "../temporary-folder.ts";
import { accuracyPage, accuracyTable, detCurve, evidence } from "./accuracy-page.ts";
import { samplesOfFolder, shippedSamples } from "./samples.ts";
import { studyFaces } from "./study.ts";

const PAGE = fileURLToPath(new URL("../../../docs/reference/faces.md", import.meta.url));
const CURVE = fileURLToPath(new URL("../../../docs/reference/faces-det.svg", import.meta.url));

/** Studies the faces that come with the models, and writes what was found into the documentation. */
export async function writeStudy(): Promise<void> {
  const study = await withModels(async (models) => studyFaces(await shippedSamples(models), models));
  await writeFile(PAGE, accuracyPage(study));
  await writeFile(CURVE, detCurve(study, `${study.peopleCount} faces of six photos`));
}

/** Studies one's own photos. Returns what was found, to be printed. */
export async function studyFolder(folder: string): Promise<string> {
  const study = await withModels(async (models) => studyFaces(await samplesOfFolder(folder), models));
  return `${evidence(study)}\n\n${accuracyTable(study)}\nIn parentheses the upper end of a 95 % interval that takes the pairs as independent.\n`;
}

async function withModels<Result>(work: (models: FaceModels) => Promise<Result>): Promise<Result> {
  await using folder = await temporaryFolder("bench-faces");
  return work(await loadFaceModels(await preparePack(join(folder.path, "models"))));
}
