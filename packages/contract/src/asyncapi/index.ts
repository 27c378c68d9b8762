export { asyncDocument } from "./async-document.ts";
