/** Everything agrees within this time after the last fault: a keepalive that runs out, the longest pause of a link, a comparison, on a machine that is busy. */
export const CONVERGED_MS_MAX = 120_000;

/**
 * How long all must agree without a break. A line that swallowed everything breaks its connection only now that it is mended, and until that is noticed what was said before it stands;
 * a door that opened at last shuts five seconds later, and says so.
 */
export const CALM_MS = 12_000;

/** How often the doors are asked how far they are while they converge. */
export const LOOK_MS = 500;

/** Until the first server, and later all doors, are up: a start migrates a database, and the machine may be busy with other things. */
export const UP_MS_MAX = 120_000;

/** One try of one call. Longer than the server takes to give up on a database that is away, so that most calls are answered. */
export const CALL_MS_MAX = 12_000;

/** A door that is stopped for a while answers late and not never: what ends a presentation is an answer or the end of the process. */
export const PRESENT_MS_MAX = 120_000;

/** Before a process that ended is started again, as a supervisor would. */
export const RESTART_MS = 300;

/** How long a process may take to end when it is asked to, before it is killed. */
export const END_MS_MAX = 20_000;

/** Bytes that one direction of a line holds back before it stops reading: beyond it the sender feels it, as on a slow network. */
export const LINE_BYTES_MAX = 256 * 1024;

/** The longest run: what was asked and answered is kept in memory until it is judged, some hundred bytes each. */
export const MINUTES_MAX = 60;

/** Controllers at most: each is a process of some sixty megabytes. */
export const CONTROLLERS_MAX = 16;

/** How often a door's own time may lie beside ours: it counts from the last frame, which the line may have delayed, and a stopped process stamps late. */
export const CLOCK_BESIDE_MS_MAX = 30_000;

/** Broken promises that are told; a thousand of the same kind tell no more. */
export const VIOLATIONS_TOLD_MAX = 20;
