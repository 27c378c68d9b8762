/** Where in a create request a door's id stands; what was read has the ids in ascending order, and a refusal has to point at what was sent. */
export function doorField(body: unknown, doorId: number): string {
  const doorIds = memberOf(memberOf(body, "auth"), "doorIds");
  const index = Array.isArray(doorIds) ? doorIds.findIndex((each) => Number(each) === doorId) : -1;
  return index < 0 ? "auth.doorIds" : `auth.doorIds[${index}]`;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
