/** Lines of one answer: some 250 kB, read and written in a few milliseconds. */
export const LINES_COUNT_DEFAULT = 1_000;
