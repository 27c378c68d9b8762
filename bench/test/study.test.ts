import assert from "node:assert/strict";
import { test } from "node:test";
import { detCurve } from "../src/faces/accuracy-page.ts";
import { ratesAt } from "../src/faces/study.ts";

const STUDY = { peopleCount: 2, pictureCount: 4, refused: {}, genuine: [0.2, 0.5], impostor: [0.4, 0.6, 0.7, 0.8] };

test("a pair exactly as far apart as the threshold is taken for one person, as at the door", () => {
  assert.equal(ratesAt(STUDY, 0.4).falseMatch.rate, 0.25);
  assert.equal(ratesAt(STUDY, 0.5).falseNonMatch.rate, 0);
});

test("where no pair was decided wrongly, the interval says that few pairs prove little", () => {
  const { rate, atMost } = ratesAt(STUDY, 0.3).falseMatch;
  assert.equal(rate, 0);
  assert.ok(atMost > 0.4, `${atMost}`);
});

test("a threshold without errors is on the curve, at half a pair, and not left out", () => {
  const perfect = { ...STUDY, genuine: [0.2, 0.25], impostor: [0.7, 0.8] };
  assert.match(detCurve(perfect, "two faces"), /<path d="M[\d.]+ [\d.]+L[^"]+" fill="none"/);
});
