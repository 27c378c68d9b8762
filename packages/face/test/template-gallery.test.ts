import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@postern/core";
import { TemplateGallery } from "../src/index.ts";

const DIMENSIONS = 16;
const random = seededRandom(7);
const vector = (): Float32Array => Float32Array.from({ length: DIMENSIONS }, () => random.int(1_000) / 1_000);

/** The plainest way there is, in double precision. */
function reference(held: ReadonlyMap<number, readonly Float32Array[]>, probe: Float32Array): { ownerId: number; second: number } {
  const byOwner = [...held].flatMap(([ownerId, templates]) => {
    const distances = templates.map((template) => template.reduce((sum, value, at) => sum + (value - (probe[at] ?? 0)) ** 2, 0));
    return distances.length === 0 ? [] : [{ ownerId, distance: Math.min(...distances) }];
  });
  byOwner.sort((left, right) => left.distance - right.distance);
  return { ownerId: byOwner[0]?.ownerId ?? Number.NaN, second: byOwner[1]?.distance ?? Number.POSITIVE_INFINITY };
}

test("whatever is put and taken away, the nearest and the second-best person are those of a plain loop", () => {
  const gallery = new TemplateGallery(DIMENSIONS);
  const held = new Map<number, readonly Float32Array[]>();
  for (let step = 0; step < 3_000; step += 1) {
    const ownerId = 1 + random.int(200);
    const templates = Array.from({ length: random.int(3) }, vector);
    gallery.put(ownerId, templates);
    held.set(ownerId, templates);
    if (step % 10 !== 0) continue;
    const probe = vector();
    const [found, wanted] = [gallery.nearest(probe), reference(held, probe)];
    assert.equal(found?.ownerId ?? Number.NaN, wanted.ownerId, `step ${step}`);
    if (found !== null && Number.isFinite(wanted.second)) assert.ok(Math.abs(found.second - wanted.second) < 1e-5, `step ${step}`);
  }
  const count = [...held.values()].reduce((sum, templates) => sum + templates.length, 0);
  assert.equal(gallery.templateCount, count);
});

test("an empty gallery, a probe of another length and a probe that is no number are near nobody", () => {
  const gallery = new TemplateGallery(DIMENSIONS);
  assert.equal(gallery.nearest(vector()), null);
  gallery.put(1, [vector()]);
  assert.equal(gallery.nearest(new Float32Array(DIMENSIONS - 4)), null);
  assert.equal(gallery.nearest(new Float32Array(DIMENSIONS).fill(Number.NaN)), null);
  assert.equal(gallery.nearest(vector())?.second, Number.POSITIVE_INFINITY);
});

test("no pair is decided by rounding: two people a hair apart are ranked as in double precision, in rows of any length", () => {
  for (const dimensions of [4, 20, 128]) {
    const at = (value: number): Float32Array => Float32Array.from({ length: dimensions }, () => value);
    for (let step = 0; step < 300; step += 1) {
      // Far from the probe, single precision cannot tell these apart.
      const templates = Array.from({ length: 6 }, () => at(0.7).map((value) => value + random.int(3) * 2 ** -23));
      const gallery = new TemplateGallery(dimensions);
      for (const [index, template] of templates.entries()) gallery.put(index + 1, [template]);
      const probe = at(-0.3).map((value) => value + random.int(1_000) / 1e7);
      const exact = templates.map((template) => template.reduce((sum, value, index) => sum + (value - (probe[index] ?? 0)) ** 2, 0));
      const [first, second] = exact.toSorted((left, right) => left - right);
      const found = gallery.nearest(probe);
      assert.deepEqual([found?.distance, found?.second], [first, second]);
      assert.equal(exact[(found?.ownerId ?? 0) - 1], first);
    }
  }
});

test("those within a distance are exactly those of a plain loop, each owner once, the nearest first", () => {
  const gallery = new TemplateGallery(DIMENSIONS);
  const held = new Map<number, readonly Float32Array[]>();
  for (let ownerId = 1; ownerId <= 300; ownerId += 1) {
    const templates = Array.from({ length: 1 + random.int(2) }, vector);
    gallery.put(ownerId, templates);
    held.set(ownerId, templates);
  }
  for (let step = 0; step < 100; step += 1) {
    const probe = vector();
    const plain = [...held].map(([ownerId, templates]) => {
      const distances = templates.map((template) => template.reduce((sum, value, at) => sum + (value - (probe[at] ?? 0)) ** 2, 0));
      return { ownerId, distance: Math.min(...distances) };
    });
    const near = plain.filter(({ distance }) => distance <= 1.5).toSorted((left, right) => left.distance - right.distance);
    assert.deepEqual(
      gallery.within(probe, 1.5, 1_000).map(({ ownerId }) => ownerId),
      near.map(({ ownerId }) => ownerId),
    );
    assert.equal(gallery.within(probe, 1.5, 2).length, Math.min(2, near.length));
  }
});
