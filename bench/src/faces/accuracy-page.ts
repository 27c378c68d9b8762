import { DEFAULT_PACK } from "@postern/face";
import { logPlot } from "../plot.ts";
import { type FaceStudy, ratesAt, type Share } from "./study.ts";

const THRESHOLDS = [0.35, 0.4, 0.42, 0.44, 0.46, 0.48, 0.5, 0.55, 0.6, 0.65];

/** What a study found, by threshold, as Markdown. */
export function accuracyTable(study: FaceStudy): string {
  const rows = THRESHOLDS.map((threshold) => ratesAt(study, threshold)).map(
    ({ threshold, falseMatch, falseNonMatch }) => `| ${threshold.toFixed(2)} | ${written(falseMatch)} | ${written(falseNonMatch)} |\n`,
  );
  return `| distance at most | different people taken for one | one person not recognised |\n|---|---|---|\n${rows.join("")}`;
}

/** How much, and how little, a study rests on. */
export function evidence({ peopleCount, pictureCount, refused, genuine, impostor }: FaceStudy): string {
  const reasons = Object.entries(refused).map(([reason, count]) => `${count} ${reason.replaceAll("_", " ")}`);
  const left = reasons.length === 0 ? "none was refused" : `refused, and not counted: ${reasons.join(", ")}`;
  return `${peopleCount} people in ${pictureCount} pictures (${left}): ${genuine.length.toLocaleString("en-US")} pairs of one person, ${impostor.length.toLocaleString("en-US")} of two.`;
}

/** The detection error trade-off: each point a threshold. */
export function detCurve(study: FaceStudy, name: string): string {
  const thresholds = Array.from({ length: 181 }, (_, index) => 0.2 + index * 0.004);
  // No pair decided wrongly says less than half a pair, and that is where it is drawn.
  const least = { x: 0.5 / study.impostor.length, y: 0.5 / study.genuine.length };
  const points = thresholds.map((threshold) => {
    const { falseMatch, falseNonMatch } = ratesAt(study, threshold);
    return [Math.max(falseMatch.rate, least.x), Math.max(falseNonMatch.rate, least.y)] as const;
  });
  const percent = (value: number): string => `${Number((value * 100).toPrecision(2))} %`;
  return logPlot({
    title: `${DEFAULT_PACK.packId} ${DEFAULT_PACK.version}: detection error trade-off`,
    x: { label: "different people taken for one", from: 1e-4, to: 1, format: percent },
    y: { label: "one person not recognised", from: 1e-3, to: 1, format: percent },
    series: [{ name, points }],
  });
}

/** The page of a study of the faces that come with the models. */
export function accuracyPage(study: FaceStudy): string {
  return `# How well faces are told apart

Printed by \`npm run bench -- --only faces --write\`. The model pack is \`${DEFAULT_PACK.packId}\` ${DEFAULT_PACK.version}.

**This is little evidence.** ${evidence(study)} The faces are those of six group photos that come with the models. Nobody knows their names: two
faces of one photo are certainly two people, and of two photos nothing is counted. The pairs of one person are a picture and the same picture spoiled (compressed, blurred,
darker, brighter, smaller, turned, mirrored, grey), which is easier than another day, another light and another haircut. Thousands of pairs of so few faces are far
from independent, so that the true error may lie well outside what the figures suggest. They say nothing about groups of people whom the six photos do not show, and nothing about
pictures held before the camera: life is not looked for.

${accuracyTable(study)}
In parentheses the upper end of a 95 % interval that takes the pairs as independent.

![Detection error trade-off](faces-det.svg)

Each point is a threshold; where no pair was decided wrongly it is drawn at half a pair.

A door takes its threshold from the pack's bound and the number of templates it holds (\`docs/guides/faces.md\`). The bound's small rates were not met here, and cannot
be: they follow the tail of a normal distribution, and are an assumption until somebody measures them.

## With your own people

A folder with a folder for each person, named as you like, and two photos or more in each:

\`\`\`
npm run bench -- --only faces --photos ./people
\`\`\`

It prints the same table for them. Nothing of the photos is kept or sent.
`;
}

function written({ rate, atMost }: Share): string {
  return `${percentOf(rate)} (≤ ${percentOf(atMost)})`;
}

function percentOf(rate: number): string {
  return rate === 0 ? "none" : `${Number((rate * 100).toPrecision(2))} %`;
}
