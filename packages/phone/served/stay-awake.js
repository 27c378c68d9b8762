// Made from packages/phone/page/stay-awake.ts by `npm run gen`.
/** Keeps the screen on while the page is seen, where the browser can. */
export function stayAwake()       {
  const ask = ()       => {
    if (document.visibilityState === "visible") void navigator.wakeLock?.request("screen").catch(() => undefined);
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}
