const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text for XML and HTML; what neither may hold is left out. */
export function escapeMarkup(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, (each) => ("\t\n\r".includes(each) ? each : ""))
    .replaceAll(/[&<>"']/g, (each) => ENTITIES[each] ?? each);
}
