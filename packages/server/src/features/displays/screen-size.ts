/** What a device's pictures are fitted into. */
export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

/** CLUe §1.8, by the beginning of the model's name or type. */
const SCREENS: readonly (readonly [RegExp, ScreenSize])[] = [
  [/^(BS3|BioStation ?3)/i, { width: 1280, height: 720 }],
  [/^(XS2|X-?Station ?2)/i, { width: 480, height: 800 }],
  [/^(BLN2|N2|BioLite ?N2)/i, { width: 160, height: 128 }],
];

/** Of models that CLUe says nothing of: as large as the largest that it does, either way up. */
const UNKNOWN: ScreenSize = { width: 1280, height: 1280 };

export function screenSizeOf({ modelName, deviceType }: { readonly modelName: string; readonly deviceType: string }): ScreenSize {
  const found = SCREENS.find(([pattern]) => pattern.test(modelName) || pattern.test(deviceType));
  return found === undefined ? UNKNOWN : found[1];
}
